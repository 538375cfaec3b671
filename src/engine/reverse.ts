/**
 * Turning replication round after a failover. The set that travels is the union of three: what the old primary wrote
 * since the last point both know, what the points after the chosen one held, and what the new primary wrote since.
 */
import { ClusterSet } from '../extents/clusterset.ts';
import { clusterCount } from '../extents/extent.ts';
import type { Failover, Machine, Relationship } from '../machine/records.ts';
import { call, type Basis } from './calls.ts';
import { commit } from './failover.ts';
import { greet } from './greeting.ts';
import type { Host } from './host.ts';
import { united } from './primary/growth.ts';
import { disksOnceHere } from './primary/incoming.ts';
import { coverLostTracking } from './failovertracking.ts';
import { rebaseMaps } from './maps.ts';
import { machineOf, settledStacks } from './spec.ts';
import { relationshipNamed, transition } from './transition.ts';

/** This host is primary (state 3 after a planned failover, 1 after an unplanned one), the other is its replica. */
export async function reverse(host: Host, relationshipId: string, signal: AbortSignal): Promise<Relationship> {
  let relationship = relationshipNamed(host, relationshipId);
  if (relationship.side === 'primary') return relationship;
  const planned = relationship.failover?.planned ?? false;
  if (relationship.state === 5) {
    // A commit cannot be taken back: not while the other host, which has to yield for a reverse, cannot be met.
    await greet(host, relationshipId, signal);
    relationship = commit(host, relationshipId);
  }
  const event = planned ? 'reversePlanned' : 'reverseUnplanned';
  if (relationship.state !== 6 || relationship.failback) return transition(host, relationshipId, event);
  const { lineage } = machineOf(host, relationship.machineId);
  const basis = await call(host.peers, relationship.peerId, 'yield', { relationshipId, lineage }, signal);
  relationship = await coverLostTracking(host, relationship);
  const returnSet = returnSetOf(host, relationship, basis);
  // The maps speak of what the old primary's disks hold now: as before, but for the return set, which is unknown.
  await rebaseMaps(host, relationship, relationship.newestPointId, basis.pointId, returnSet);
  const { machineId, failover } = relationship;
  const settled = settledMachine(host, machineOf(host, machineId), failover!);
  const disks = disksOnceHere(relationship, settled.stacks.map(({ disk }) => disk), failover!.layers.map(({ disk }) => disk));
  return transition(host, relationshipId, event, {
    facts: { 'peer-yielded': true, 'failed-over-planned': planned, 'failed-over-unplanned': !planned },
    change: (before) => ({ failover: null, token: null, trackId: before.failover!.trackId, newestPointId: basis.pointId, sequence: Math.max(before.sequence, basis.sequence), attempt: null, lastCycle: null, yielded: null, divergenceId: null, partial: null, ...disks }),
    also: () => {
      host.state.putCarried(relationshipId, returnSet);
      takeOver(host, machineId, settled);
    },
    payload: () => ({ layers: [] }),
  });
}

export function settledMachine(host: Host, machine: Machine, failover: Failover): Pick<Machine, 'stacks' | 'definition'> {
  const definition = host.state.point(failover.pointId)?.definition ?? machine.definition;
  return { definition, stacks: settledStacks(machine, failover, definition) };
}

/** The machine runs on the chosen point's layers and the active ones above them; no recovery point is kept here. */
export function takeOver(host: Host, machineId: string, settled: Pick<Machine, 'stacks' | 'definition'>): void {
  host.state.putMachine({ ...machineOf(host, machineId), ...settled, powerLock: null });
  for (const { id } of host.state.points(machineId)) host.state.removePoint(id);
}

/** What differs between the two hosts' disks, but for what this host's bitmap says from the failover on. */
export function returnSetOf(host: Host, relationship: Relationship, basis: Basis): Map<string, ClusterSet> {
  const machine = machineOf(host, relationship.machineId);
  const isKnown = basis.changes !== null && (basis.sincePointId === relationship.newestPointId || basis.openAttemptId === relationship.newestPointId);
  const theirs = machine.stacks.map(({ disk, sizeBytes }) => {
    const changes = isKnown ? basis.changes!.find((each) => each.disk === disk) : undefined;
    return [disk, changes ? new ClusterSet(changes.clusters, new Uint8Array(changes.bits)) : ClusterSet.full(clusterCount(sizeBytes))] as const;
  });
  return united(host.state.carried(relationship.id), new Map(theirs));
}
