/**
 * A recovery point comes to be: data, sidecar and directory are on stable storage, then one catalog commit makes the
 * point; only then is it acknowledged. Failover and sealing are serialized by that transaction.
 */
import { Fault } from '../../errors/fault.ts';
import type { ClusterSet } from '../../extents/clusterset.ts';
import { CLUSTER_BYTES } from '../../extents/extent.ts';
import type { ArrivedCycle } from '../../history/piece.ts';
import { say } from '../../language/text.ts';
import type { Machine, Point, Receiving, Relationship, Stack } from '../../machine/records.ts';
import { beyondHistory, toRetire } from '../../points/retention.ts';
import { withoutLabel, withoutLabels, withoutSpare, withTop } from '../../points/stack.ts';
import { pointsKept } from '../../relationship/settings.ts';
import type { Layer } from '../../machine/definition.ts';
import type { SealAttempt } from '../calls.ts';
import { isReceived } from '../failover.ts';
import type { Host } from '../host.ts';
import { counted } from '../../health/statistics.ts';
import { chronicled } from '../chronicle.ts';
import { counting } from '../monitoring.ts';
import { machineOf } from '../spec.ts';
import { highestSequence, relationshipNamed, transition, update } from '../transition.ts';
import { asNewest, cycleKindOf, pointKindOf } from '../primary/consistency.ts';
import { united } from '../primary/growth.ts';
import { carryOn } from '../extended/carrying.ts';
import { labelGround, receivedLabels } from './labels.ts';
import { pointsInUse } from './merging.ts';
import { labelSeed } from './seeding.ts';
import { checkReceives } from './receiving.ts';

/** The point is the newest here, durably. Repeats of an acknowledged request are acknowledged again. */
export async function sealPoint(host: Host, request: SealAttempt): Promise<{ sealedId: string }> {
  const relationship = relationshipNamed(host, request.relationshipId);
  if (relationship.newestPointId === request.attemptId) return { sealedId: request.attemptId };
  checkReceives(host, relationship, request);
  const { receiving } = relationship;
  if (receiving?.id !== request.attemptId) throw new Fault('attempt-lost', say('{host} does not hold the cycle that is to become a recovery point', { host: host.hostName }));
  const clusters = await verify(host, request, receiving);
  const point = await pointOf(host, relationship, receiving, request);
  await labelGround(host, relationship);
  await labelSeed(host, relationship);
  const { label, step } = await receivedLabels(host, relationship, receiving, point, request.attachments);
  await host.layers.seal(layersOf(receiving, true), step);
  await host.layers.seal(layersOf(receiving, false), label);
  commit(host, request, point, clusters);
  host.observed?.({ kind: 'completed', relationshipId: relationship.id, side: 'replica', cycle: receiving.kind, tookMs: Math.max(0, host.clock.nowMs() - point.instantMs) });
  return { sealedId: request.attemptId };
}

const layersOf = ({ layers, partial = [] }: Receiving, isPartial: boolean): readonly Layer[] => layers.filter(({ disk }) => partial.includes(disk) === isPartial).map(({ layer }) => layer);

/** What arrived is what was sent: every record, and as many clusters of each kind. */
async function verify(host: Host, request: SealAttempt, receiving: Receiving): Promise<ReadonlyMap<string, ClusterSet>> {
  const journal = await host.fingerprints.journal(request.relationshipId, request.attemptId);
  const carried = await journal.clusterSets(receiving.layers);
  const isWhole = (await journal.digest()) === request.digest && carried.dataClusters === request.dataClusters && carried.zeroClusters === request.zeroClusters;
  if (!isWhole) throw new Fault('integrity', say('the cycle that arrived on {host} is not the one that was sent', { host: host.hostName }));
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
    if (receiving?.id !== point.id || before.newestPointId !== request.parentId) throw new Fault('attempt-lost', say('{host} does not hold the cycle any more', { host: host.hostName }));
    const nowMs = host.clock.nowMs();
    const cycle = { bytes: point.sizeBytes, latencyMs: Math.max(0, nowMs - point.instantMs), endedMs: nowMs };
    const arrived = cycleOf(request, receiving, point, cycle.latencyMs);
    const isHome = before.failback?.at === 'home';
    if (before.awaited) return sealAhead(host, before, point, cycle, arrived);
    transition(host, before.id, isHome ? 'failbackSealed' : 'pointSealed', {
      // What this host held before is what it is again when a failback is given up.
      change: () => ({ ...chronicled(host, before, arrived), ...counting(host, before, (statistics) => counted(statistics, before.settings, cycle)), ...asNewest(point), receiving: null, lastFault: null, ...takenOver(before, receiving, isHome), ...(before.failback?.at === 'home' ? { failback: { ...before.failback, begun: true } } : { yielded: null, divergenceId: null, seed: null }) }),
    });
    host.state.addPoint(markedAs(host, point), request.attachments, clusters);
    carryOn(host, point.machineId, clusters);
    applyLater(host, before, point);
    const machine = machineOf(host, point.machineId);
    host.state.putMachine({ ...machine, definition: point.definition, stacks: stacked(machine, receiving, point.id) });
    if (isHome) return;
    retire(host, before);
    dropSpare(host, before.id);
  });
}

/** As the history has it; a primary of an older version does not tell what the cycle took and shipped. */
const cycleOf = ({ dataClusters, zeroClusters, shippedBytes, tookMs }: SealAttempt, { kind }: Receiving, point: Point, latencyMs: number): ArrivedCycle => ({
  kind: cycleKindOf(kind, point.kind), instantMs: point.instantMs, tookMs: tookMs ?? latencyMs, bytesChanged: (dataClusters + zeroClusters) * CLUSTER_BYTES, bytesShipped: shippedBytes ?? point.sizeBytes,
});

/** A point stands on the layers of its parent: what was found damaged there counts for it too, until it is read itself. */
function markedAs(host: Host, point: Point): Point {
  const parent = point.parentId === null ? undefined : host.state.point(point.parentId);
  return parent?.verification && parent.verification.damage.length > 0 ? { ...point, verification: parent.verification } : point;
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
function sealAhead(host: Host, before: Relationship, point: Point, cycle: Parameters<typeof counted>[2], arrived: ArrivedCycle): void {
  transition(host, before.id, 'aheadSealed', {
    change: () => ({ ...chronicled(host, before, arrived), ...counting(host, before, (statistics) => counted(statistics, before.settings, cycle)), ...asNewest(point), receiving: null, lastFault: null }),
  });
  applyLater(host, before, point);
  const machine = machineOf(host, point.machineId);
  host.state.putMachine({ ...machine, stacks: stacked({ ...machine, stacks: machine.stacks.map(withoutLabels) }, before.receiving!, point.id) });
}

/** The set of disks is what travels; a failback that may be given up changes none of what this host had. */
function takenOver({ settings }: Relationship, { id, layers, partial = [] }: Receiving, isHome: boolean): Partial<Relationship> {
  const steps = { partial: partial.length > 0 ? { pointId: id, disks: partial } : null };
  return isHome ? steps : { ...steps, settings: { ...settings, disks: layers.map(({ disk }) => disk) }, incoming: null, undecidedDisks: [] };
}

/** Disks that did not travel stay as older points have them. */
function stacked({ stacks }: Machine, { layers, partial = [] }: Receiving, pointId: string): Stack[] {
  const fresh = layers.filter(({ disk }) => !stacks.some((stack) => stack.disk === disk)).map(({ disk, sizeBytes }): Stack => ({ disk, sizeBytes, layers: [] }));
  return [...stacks, ...fresh].map((stack) => {
    const received = layers.find(({ disk }) => disk === stack.disk);
    if (!received) return stack;
    const isStep = partial.includes(stack.disk);
    return withTop(stack, isStep ? received.layer : { ...received.layer, pointId }, received.sizeBytes);
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

/** Layers that came with a disk which does not travel any more go with the last recovery point that has them. Part of a transaction. */
export function dropSpare(host: Host, relationshipId: string): void {
  const { machineId, settings, partial } = relationshipNamed(host, relationshipId);
  const machine = machineOf(host, machineId);
  if (partial && !partial.disks.every((disk) => settings.disks.includes(disk))) update(host, relationshipId, () => ({ partial: null }));
  const stacks = machine.stacks.map((stack) => (settings.disks.includes(stack.disk) || !isReceived(host, machine, stack) ? stack : withoutSpare(stack)));
  const kept = new Set(stacks.flatMap(({ layers }) => layers.map(({ layerId }) => layerId)));
  const spare = machine.stacks.flatMap(({ layers }) => layers).filter(({ layerId }) => !kept.has(layerId));
  if (spare.length === 0) return;
  for (const layer of spare) host.state.addToOutbox(machineId, 'remove-layer', { layer });
  host.state.putMachine({ ...machine, stacks: stacks.filter(({ layers }) => layers.length > 0) });
}

/** The point is no more; its layers are merged when that can be. */
export function removeFromCatalog(host: Host, machineId: string, pointId: string): void {
  const points = host.state.points(machineId);
  const successor = points[points.findIndex(({ id }) => id === pointId) + 1];
  const relationship = host.state.relationshipOf(machineId);
  if (successor && relationship) host.state.addToOutbox(machineId, 'join-replaced', { relationshipId: relationship.id, pointId, successorId: successor.id });
  if (successor) host.state.putClusters(successor.id, united(host.state.clustersOf(successor.id), host.state.clustersOf(pointId)));
  host.state.removePoint(pointId);
  const machine = machineOf(host, machineId);
  host.state.putMachine({ ...machine, stacks: machine.stacks.map((stack) => withoutLabel(stack, pointId)) });
}
