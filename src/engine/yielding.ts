/** The old primary's answer to a reverse: it is a replica, its guest is off, and it says what its disks hold. */
import { Refused, refuse } from '../errors/refusal.ts';
import { CLUSTER_BYTES, clustersTouched, windows } from '../extents/extent.ts';
import { ClusterSet } from '../extents/clusterset.ts';
import { FINGERPRINT_BYTES, Fingerprinter, sameFingerprint } from '../fingerprints/fingerprint.ts';
import type { Relationship } from '../machine/records.ts';
import { kinship, newestOf, type Lineage } from '../relationship/epoch.ts';
import type { Basis } from './calls.ts';
import { demote, isInCustody, isPlainReplica, labelTops } from './demotion.ts';
import { meet } from './greeting.ts';
import { isOnward } from '../relationship/chain.ts';
import { yieldOnward } from './extended/yielding.ts';
import type { Host } from './host.ts';
import { rebaseMaps } from './maps.ts';
import { payloadOf, type DiskView } from './ports/diskview.ts';
import type { FingerprintMap } from './ports/fingerprints.ts';
import { keyId, specFor } from './primary/attempt.ts';
import { recordedDisks } from './primary/incoming.ts';
import { clusterCount } from '../extents/extent.ts';
import { machineOf } from './spec.ts';
import { highestSequence, relationshipNamed, transition, update } from './transition.ts';
import { say } from '../language/text.ts';

const READ_BYTES = 512 * 1024;

/** Repeats with the same answer until the first reverse cycle begins. */
export async function yieldTo(host: Host, relationshipId: string, theirs: Lineage, signal: AbortSignal): Promise<Basis> {
  const before = relationshipNamed(host, relationshipId);
  if (isOnward(before)) return yieldOnward(host, before, theirs, signal);
  if (before.side === 'primary' && before.state === 4 && descends(host, before, theirs)) await yieldPlanned(host, before, theirs);
  else await meet(host, before, theirs);
  const relationship = relationshipNamed(host, relationshipId);
  if (isPlainReplica(relationship) && relationship.newestPointId !== null && agrees(host, relationship, theirs)) return keepPoints(host, relationship);
  if (relationship.side !== 'replica' || relationship.yielded === null || relationship.failover !== null) {
    throw new Refused(refuse(say('{machine}: {host} does not yield: it owns the newer epoch', { machine: machineOf(host, relationship.machineId).name, host: host.hostName }), []));
  }
  await host.hypervisor.stop(relationship.machineId);
  const basis = await basisOf(host, relationship, signal);
  update(host, relationship.id, () => ({ newestPointId: basis.pointId, attempt: null }));
  return basis;
}

const descends = (host: Host, { machineId }: Relationship, theirs: Lineage): boolean =>
  newestOf(theirs).ownerHostId !== host.hostId && ['same', 'theirs-descends'].includes(kinship(machineOf(host, machineId).lineage, theirs));

/** Both are in one epoch, which the other host owns. */
const agrees = (host: Host, { machineId, peerId }: Relationship, theirs: Lineage): boolean =>
  newestOf(theirs).ownerHostId === peerId && kinship(machineOf(host, machineId).lineage, theirs) === 'same';

/**
 * The other host failed over to what it had kept while this one, ignorant of that, gave the machine back to it. This host is
 * its replica already. No point is known to both, so everything that the other host has travels.
 */
function keepPoints(host: Host, { id }: Relationship): Basis {
  const relationship = transition(host, id, 'yieldKept');
  return { pointId: relationship.newestPointId!, sequence: highestSequence(host, relationship), sincePointId: null, openAttemptId: null, changes: null };
}

/** Nothing was written since the planned point: the disks hold it. Where another program wrote them, they are what a demotion says. */
async function yieldPlanned(host: Host, relationship: Relationship, theirs: Lineage): Promise<void> {
  if (!(await isInCustody(host, relationship))) return demote(host, relationship, theirs);
  const machine = machineOf(host, relationship.machineId);
  const power = await host.hypervisor.power(machine.id);
  const pointId = relationship.newestPointId!;
  transition(host, relationship.id, 'yieldPlanned', {
    facts: { 'guest-off': power === 'off' },
    change: () => ({ token: null, yielded: { pointId, attemptId: null, basisId: pointId } }),
    also: () => {
      host.state.putMachine({ ...machine, lineage: theirs, powerLock: say('{peer} runs this machine now', { peer: host.peerName(relationship.peerId) }), stacks: labelTops(machine.stacks, recordedDisks(relationship), pointId) });
      host.state.addPoint({
        id: pointId, machineId: machine.id, parentId: null, epochId: newestOf(machine.lineage).id, sequence: relationship.sequence, kind: 'planned',
        instantMs: relationship.newestInstantMs ?? host.clock.nowMs(), definition: machine.definition, sizeBytes: 0, digest: '', name: null, pinned: false,
      }, [], new Map());
    },
  });
}

/** What this host's disks hold since it yielded. Its maps speak of that from now on. */
export async function basisOf(host: Host, relationship: Relationship, signal: AbortSignal): Promise<Basis> {
  const { pointId, attemptId, basisId } = relationship.yielded!;
  const { changes, isRecorded } = pointId === null ? UNKNOWN : await changesSince(host, relationship, pointId, signal);
  await rebaseMaps(host, relationship, pointId, basisId, changes);
  return {
    pointId: basisId,
    sequence: highestSequence(host, relationship),
    sincePointId: pointId,
    // What was found by comparing with the point says nothing of an attempt after it: a cluster may have changed twice.
    openAttemptId: isRecorded ? attemptId : null,
    changes: changes && [...changes].map(([disk, set]) => ({ disk, clusters: set.clusters, bits: set.bytes })),
  };
}

interface Changes {
  readonly changes: ReadonlyMap<string, ClusterSet> | null;
  /** From bitmaps, which also hold what was changed back. */
  readonly isRecorded: boolean;
}

const UNKNOWN: Changes = { changes: null, isRecorded: false };

/** From the bitmaps; when they are gone, by comparing our own disks with the map; null when that is gone too. */
async function changesSince(host: Host, relationship: Relationship, pointId: string, signal: AbortSignal): Promise<Changes> {
  const spec = specFor(host, relationship);
  const report = await host.hypervisor.tracking(spec);
  const trackId = relationship.trackId ?? pointId;
  if (!report.broken && report.points.includes(trackId)) {
    const carried = host.state.carried(relationship.id);
    const tracked = await host.hypervisor.changesSince(spec, trackId, signal);
    const changes = new Map([...tracked].map(([disk, set]) => {
      const all = set.clone();
      const held = carried.get(disk);
      if (held) all.addAll(held);
      return [disk, all];
    }));
    return { changes, isRecorded: true };
  }
  const view = await host.hypervisor.openLive(spec, signal);
  try {
    return { changes: await compareWithMaps(host, relationship, view, pointId, signal), isRecorded: false };
  } finally {
    await view.close();
  }
}

async function compareWithMaps(host: Host, relationship: Relationship, view: DiskView, pointId: string, signal: AbortSignal): Promise<ReadonlyMap<string, ClusterSet> | null> {
  const fingerprinter = new Fingerprinter(Buffer.from(relationship.key, 'base64'));
  const changes = new Map<string, ClusterSet>();
  for (const { disk, sizeBytes } of view.disks) {
    const map = await host.fingerprints.map(relationship.id, disk, sizeBytes, keyId(relationship));
    if (!map.usableFor(pointId, keyId(relationship))) return null;
    changes.set(disk, await differing(view, disk, sizeBytes, map, fingerprinter, signal));
  }
  return changes;
}

/** Clusters of the disk that are not what the map says. One 1 GiB window of the map is in memory. */
async function differing(view: DiskView, disk: string, sizeBytes: number, map: FingerprintMap, fingerprinter: Fingerprinter, signal: AbortSignal): Promise<ClusterSet> {
  const set = new ClusterSet(clusterCount(sizeBytes));
  const found = Buffer.alloc(FINGERPRINT_BYTES);
  for (const window of windows(sizeBytes, 16_384 * CLUSTER_BYTES)) {
    const { first, count } = clustersTouched(window);
    const known = await map.read(first, count);
    for (const extent of windows(window.offsetBytes + window.lengthBytes, READ_BYTES, window.offsetBytes)) {
      const chunk = await view.read(disk, extent, signal);
      const bytes = payloadOf(chunk);
      for (let at = 0; at < bytes.length; at += CLUSTER_BYTES) {
        const cluster = (extent.offsetBytes + at) / CLUSTER_BYTES;
        fingerprinter.write(bytes.subarray(at, at + CLUSTER_BYTES), found);
        if (!sameFingerprint(known, (cluster - first) * FINGERPRINT_BYTES, found, 0)) set.add(cluster);
      }
      chunk.release();
    }
  }
  return set;
}
