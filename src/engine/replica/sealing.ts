/**
 * A recovery point comes to be: data, sidecar and directory are on stable storage, then one catalog commit makes the
 * point; only then is it acknowledged. Failover and sealing are serialized by that transaction.
 */
import { Fault } from '../../errors/fault.ts';
import type { ClusterSet } from '../../extents/clusterset.ts';
import type { Machine, Point, Receiving, Relationship, Stack } from '../../machine/records.ts';
import { beyondHistory, toRetire } from '../../points/retention.ts';
import { withoutLabel, withoutLabels, withTop } from '../../points/stack.ts';
import { pointsKept } from '../../relationship/settings.ts';
import type { SealAttempt } from '../calls.ts';
import type { Host } from '../host.ts';
import { counted } from '../../health/statistics.ts';
import { counting } from '../monitoring.ts';
import { machineOf } from '../spec.ts';
import { highestSequence, relationshipNamed, transition } from '../transition.ts';
import { asNewest, pointKindOf } from '../primary/consistency.ts';
import { united } from '../primary/growth.ts';
import { carryOn } from '../extended/carrying.ts';
import { labelGround, receivedLabel } from './labels.ts';
import { pointsInUse } from './merging.ts';
import { labelSeed } from './seeding.ts';
import { checkReceives } from './receiving.ts';

/** The point is the newest here, durably. Repeats of an acknowledged request are acknowledged again. */
export async function sealPoint(host: Host, request: SealAttempt): Promise<{ sealedId: string }> {
  const relationship = relationshipNamed(host, request.relationshipId);
  if (relationship.newestPointId === request.attemptId) return { sealedId: request.attemptId };
  checkReceives(host, relationship, request);
  const { receiving } = relationship;
  if (receiving?.id !== request.attemptId) throw new Fault('attempt-lost', `${host.hostName} does not hold the cycle that is to become a recovery point`);
  const clusters = await verify(host, request, receiving);
  const point = await pointOf(host, relationship, receiving, request);
  await labelGround(host, relationship);
  await labelSeed(host, relationship);
  await host.layers.seal(receiving.layers.map(({ layer }) => layer), receivedLabel(machineOf(host, point.machineId), relationship, receiving, point, request.attachments));
  commit(host, request, point, clusters);
  return { sealedId: request.attemptId };
}

/** What arrived is what was sent: every record, and as many clusters of each kind. */
async function verify(host: Host, request: SealAttempt, receiving: Receiving): Promise<ReadonlyMap<string, ClusterSet>> {
  const journal = await host.fingerprints.journal(request.relationshipId, request.attemptId);
  const carried = await journal.clusterSets(receiving.layers);
  const isWhole = (await journal.digest()) === request.digest && carried.dataClusters === request.dataClusters && carried.zeroClusters === request.zeroClusters;
  if (!isWhole) throw new Fault('integrity', `the cycle that arrived on ${host.hostName} is not the one that was sent`);
  return carried.sets;
}

async function pointOf(host: Host, relationship: Relationship, receiving: Receiving, request: SealAttempt): Promise<Point> {
  let sizeBytes = 0;
  for (const { layer } of receiving.layers) sizeBytes += await host.layers.allocatedBytes(layer);
  const kind = pointKindOf({ kind: receiving.kind, isConsistent: request.isConsistent ?? false });
  return {
    id: receiving.id, machineId: relationship.machineId, parentId: receiving.parentId, epochId: receiving.epochId,
    // Also where the primary has counted less far: a point that arrives is the newest here.
    sequence: Math.max(receiving.sequence, highestSequence(host, relationship) + 1), kind, instantMs: request.instantMs, definition: request.definition, sizeBytes, digest: request.digest, name: null, pinned: false,
  };
}

/** The catalog's one transaction; it looks again, since a failover may have come first. */
function commit(host: Host, request: SealAttempt, point: Point, clusters: ReadonlyMap<string, ClusterSet>): void {
  host.state.transaction(() => {
    const before = relationshipNamed(host, request.relationshipId);
    checkReceives(host, before, request);
    const { receiving } = before;
    if (receiving?.id !== point.id || before.newestPointId !== request.parentId) throw new Fault('attempt-lost', `${host.hostName} does not hold the cycle any more`);
    const nowMs = host.clock.nowMs();
    const cycle = { bytes: point.sizeBytes, latencyMs: Math.max(0, nowMs - point.instantMs), endedMs: nowMs };
    const isHome = before.failback?.at === 'home';
    if (before.awaited) return sealAhead(host, before, point, cycle);
    transition(host, before.id, isHome ? 'failbackSealed' : 'pointSealed', {
      // What this host held before is what it is again when a failback is given up.
      change: () => ({ ...counting(host, before, (statistics) => counted(statistics, before.settings, cycle)), ...asNewest(point), receiving: null, lastFault: null, ...(before.failback?.at === 'home' ? { failback: { ...before.failback, begun: true } } : { yielded: null, divergenceId: null, seed: null }) }),
    });
    host.state.addPoint(point, request.attachments, clusters);
    carryOn(host, point.machineId, clusters);
    applyLater(host, before, point);
    const machine = machineOf(host, point.machineId);
    host.state.putMachine({ ...machine, definition: point.definition, stacks: stacked(machine, receiving, point.id) });
    if (!isHome) retire(host, before);
  });
}

/** The maps follow the point. */
function applyLater(host: Host, { id, receiving }: Relationship, point: Point): void {
  const disks = receiving!.layers.map(({ disk, sizeBytes }) => ({ disk, sizeBytes }));
  const attempt = { attemptId: point.id, parentId: point.parentId ?? receiving!.comparedWith ?? null, epochId: point.epochId, keyId: id, digest: point.digest, disks };
  host.state.addToOutbox(point.machineId, 'apply-journal', { relationshipId: id, attempt });
}

/**
 * While media are awaited there is nothing below what arrives: it is kept, merged into one layer a disk, and nobody is offered
 * it. Its own label has what the recovery point needs that the newest of it becomes with the media.
 */
function sealAhead(host: Host, before: Relationship, point: Point, cycle: Parameters<typeof counted>[2]): void {
  transition(host, before.id, 'aheadSealed', {
    change: () => ({ ...counting(host, before, (statistics) => counted(statistics, before.settings, cycle)), ...asNewest(point), receiving: null, lastFault: null }),
  });
  applyLater(host, before, point);
  const machine = machineOf(host, point.machineId);
  host.state.putMachine({ ...machine, stacks: stacked({ ...machine, stacks: machine.stacks.map(withoutLabels) }, before.receiving!, point.id) });
}

function stacked(machine: Machine, receiving: Receiving, pointId: string): Stack[] {
  return receiving.layers.map(({ disk, layer, sizeBytes }) => {
    const stack = machine.stacks.find((each) => each.disk === disk) ?? { disk, sizeBytes, layers: [] };
    return withTop(stack, { ...layer, pointId }, sizeBytes);
  });
}

/** At most one point goes for each that arrives; its clusters live on in its successor's, for the way back. */
export function retire(host: Host, relationship: Relationship): void {
  const { machineId } = relationship;
  const keeping = pointsKept(relationship.settings);
  // What is in use stays, and another goes in its place.
  const inUse = pointsInUse(host, relationship);
  const candidates = () => host.state.points(machineId).map((point) => ({ ...point, pinned: point.pinned || inUse.has(point.id) }));
  const remove = (pointId: string | null) => {
    if (pointId !== null) removeFromCatalog(host, machineId, pointId);
  };
  remove(toRetire(candidates(), keeping));
  remove(beyondHistory(candidates(), keeping));
}

/** The point is no more; its layers are merged when that can be. */
export function removeFromCatalog(host: Host, machineId: string, pointId: string): void {
  const points = host.state.points(machineId);
  const successor = points[points.findIndex(({ id }) => id === pointId) + 1];
  if (successor) host.state.putClusters(successor.id, united(host.state.clustersOf(successor.id), host.state.clustersOf(pointId)));
  host.state.removePoint(pointId);
  const machine = machineOf(host, machineId);
  host.state.putMachine({ ...machine, stacks: machine.stacks.map((stack) => withoutLabel(stack, pointId)) });
}
