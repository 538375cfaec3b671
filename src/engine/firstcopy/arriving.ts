/**
 * The media's content becomes the bottom of the replica's stacks, under what has arrived since, in one transaction. The point
 * that they carry is a recovery point then; so is the newest that has arrived since, which until now could not be read.
 */
import { MAX_READ_CLUSTERS } from '../../fingerprints/map.ts';
import { CLUSTER_BYTES, clusterCount, clustersTouched, windows } from '../../extents/extent.ts';
import type { ClusterSet } from '../../extents/clusterset.ts';
import { Fault } from '../../errors/fault.ts';
import { say } from '../../language/text.ts';
import type { Attachment, MachineDefinition } from '../../machine/definition.ts';
import type { Point, PointKind, Relationship, Stack } from '../../machine/records.ts';
import type { Host } from '../host.ts';
import { keyId } from '../primary/attempt.ts';
import { united } from '../primary/growth.ts';
import { labelOf } from '../replica/labels.ts';
import { retire } from '../replica/sealing.ts';
import { machineOf } from '../spec.ts';
import { highestSequence, relationshipNamed, transition } from '../transition.ts';
import { mediaMapName } from './importing.ts';
import { unpacked, type Manifest } from './manifest.ts';

const TRIES = 20;
const AGAIN_MS = 100;

interface Ahead {
  readonly point: Point;
  readonly attachments: readonly Attachment[];
  readonly clusters: ReadonlyMap<string, ClusterSet>;
}

/** The replica is in state 3. */
export async function arrive(host: Host, relationshipId: string, manifest: Manifest): Promise<void> {
  const relationship = relationshipNamed(host, relationshipId);
  const machine = machineOf(host, relationship.machineId);
  const { layers } = relationship.importing!;
  const journal = await host.fingerprints.journal(relationshipId, manifest.pointId);
  const { sets } = await journal.clusterSets(manifest.disks);
  const point = await exportedPoint(host, relationship, manifest);
  const disks = layers.map(({ disk, layer, sizeBytes }) => ({ disk, layerId: layer.layerId, sizeBytes, standsOn: null, ground: [], elsewhere: null }));
  await host.layers.seal(layers.map(({ layer }) => layer), labelOf(relationship, machine, point, unpacked(manifest), disks));
  const hasAhead = await commitWithAhead(host, relationshipId, manifest, point, sets);
  if (hasAhead) await teachMaps(host, relationshipId, manifest);
  for (const { disk, sizeBytes } of manifest.disks) await (await host.fingerprints.map(relationshipId, mediaMapName(disk), sizeBytes, relationshipId)).reset();
}

async function exportedPoint(host: Host, { machineId, importing }: Relationship, { pointId, epochId, sequence, instantMs, definition, digest }: Manifest): Promise<Point> {
  let sizeBytes = 0;
  for (const { layer } of importing!.layers) sizeBytes += await host.layers.allocatedBytes(layer);
  return { id: pointId, machineId, parentId: null, epochId, sequence, kind: 'standard', instantMs, definition, sizeBytes, digest, name: null, pinned: false };
}

/** Changes may arrive meanwhile: what is newest is looked at again until it stands still for the transaction. */
async function commitWithAhead(host: Host, relationshipId: string, manifest: Manifest, point: Point, sets: ReadonlyMap<string, ClusterSet>): Promise<boolean> {
  for (let tried = 0; tried < TRIES; tried++) {
    const newestId = relationshipNamed(host, relationshipId).newestPointId;
    const hasAhead = newestId !== null && newestId !== manifest.pointId;
    const ahead = hasAhead ? await aheadOf(host, relationshipId, newestId) : null;
    if (hasAhead && !ahead) await host.clock.sleep(AGAIN_MS);
    else if (commit(host, relationshipId, manifest, { newestId, point, sets, ahead })) return hasAhead;
  }
  throw new Fault('peer-busy', say('{machine}: changes arrive faster than the media can be put under them', { machine: machineOf(host, relationshipNamed(host, relationshipId).machineId).name }));
}

/** The newest point that has arrived, by its layers' label; null while that is being changed. */
async function aheadOf(host: Host, relationshipId: string, newestId: string): Promise<Ahead | null> {
  const relationship = relationshipNamed(host, relationshipId);
  const { stacks, id } = machineOf(host, relationship.machineId);
  const label = await host.layers.sidecar(stacks[0]!.layers.at(-1)!);
  if (label?.pointId !== newestId || label.retired) return null;
  let clusters: ReadonlyMap<string, ClusterSet> = new Map();
  let sizeBytes = 0;
  for (const stack of stacks) {
    for (const layer of stack.layers) {
      clusters = united(clusters, new Map([[stack.disk, await host.layers.allocated(layer, stack.sizeBytes)]]));
      sizeBytes += await host.layers.allocatedBytes(layer);
    }
  }
  const { parentId, epochId, sequence, kind, instantMs, digest, attachments } = label;
  return { point: { id: newestId, machineId: id, parentId, epochId, sequence, kind: kind as PointKind, instantMs, definition: label.definition as MachineDefinition, sizeBytes, digest, name: null, pinned: false }, attachments, clusters };
}

interface Arrival {
  readonly newestId: string | null;
  readonly point: Point;
  readonly sets: ReadonlyMap<string, ClusterSet>;
  readonly ahead: Ahead | null;
}

/** False when something has arrived meanwhile. */
function commit(host: Host, relationshipId: string, manifest: Manifest, { newestId, point, sets, ahead }: Arrival): boolean {
  return host.state.transaction(() => {
    const before = relationshipNamed(host, relationshipId);
    if (before.newestPointId !== newestId) return false;
    const newest = ahead?.point ?? point;
    transition(host, relationshipId, 'importInitial', {
      change: () => ({ awaited: null, importing: null, newestPointId: newest.id, newestInstantMs: newest.instantMs, sequence: Math.max(highestSequence(host, before), newest.sequence), lastFault: null }),
    });
    host.state.addPoint(point, unpacked(manifest), sets);
    if (ahead) host.state.addPoint(ahead.point, ahead.attachments, ahead.clusters);
    else host.state.addToOutbox(point.machineId, 'apply-journal', { relationshipId, attempt: { attemptId: point.id, parentId: null, epochId: point.epochId, keyId: relationshipId, digest: point.digest, disks: manifest.disks.map(({ disk, sizeBytes }) => ({ disk, sizeBytes })) } });
    const machine = machineOf(host, point.machineId);
    host.state.putMachine({ ...machine, definition: newest.definition, stacks: onMedia(machine.stacks, before, point.id) });
    if (ahead) retire(host, relationshipNamed(host, relationshipId));
    return true;
  });
}

const onMedia = (stacks: readonly Stack[], { importing }: Relationship, pointId: string): Stack[] =>
  importing!.layers.map(({ disk, sizeBytes, layer }) => {
    const above = stacks.find((stack) => stack.disk === disk);
    return { disk, sizeBytes: above?.sizeBytes ?? sizeBytes, layers: [{ ...layer, pointId }, ...(above?.layers ?? [])] };
  });

/** The maps of the newest point know what has not changed since the media's. */
async function teachMaps(host: Host, relationshipId: string, { pointId, disks }: Manifest): Promise<void> {
  const relationship = relationshipNamed(host, relationshipId);
  for (const { disk, sizeBytes } of disks) {
    const media = await host.fingerprints.map(relationshipId, mediaMapName(disk), sizeBytes, keyId(relationship));
    const stack = machineOf(host, relationship.machineId).stacks.find((each) => each.disk === disk)!;
    const map = await host.fingerprints.map(relationshipId, disk, stack.sizeBytes, keyId(relationship));
    if (map.pointId === null) continue;
    // A short tail that has grown since is another cluster.
    const common = stack.sizeBytes === sizeBytes ? clusterCount(sizeBytes) : Math.floor(sizeBytes / CLUSTER_BYTES);
    for (const window of windows(common * CLUSTER_BYTES, MAX_READ_CLUSTERS * CLUSTER_BYTES)) {
      const { first, count } = clustersTouched(window);
      const { pointId: speaksOf } = map;
      if (speaksOf !== null) await map.learn(speaksOf, first, await media.read(first, count));
    }
  }
  await host.fingerprints.removeJournal(relationshipId, pointId);
}
