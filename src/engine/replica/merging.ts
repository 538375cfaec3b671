/**
 * Merges the layers of retired points, one at a time: the catalog first (the point is gone already), then the lower file's
 * label, the merge, the lower file's label again, then the stack without the upper layer, then the file. A kill anywhere
 * leaves every remaining point as it was, in the catalog and in the labels; the next run does it again. A failover stops it.
 */
import { faultOf } from '../../errors/fault.ts';
import type { Machine, Relationship } from '../../machine/records.ts';
import { merged, nextMerge, prefixOf, type Merge } from '../../points/stack.ts';
import type { Host } from '../host.ts';
import { machineOf } from '../spec.ts';
import { mergedLabel, placeOf } from './labels.ts';

/** On a replica: also what has arrived before the media that it stands on. */
export const merges = ({ side, state, awaited }: Relationship): boolean => side === 'replica' && (state === 3 || (state === 2 && Boolean(awaited)));

/** No merge is due any more, or what is due is in use. */
export async function mergeRetired(host: Host, machineId: string, signal: AbortSignal): Promise<void> {
  for (;;) {
    signal.throwIfAborted();
    const relationship = host.state.relationshipOf(machineId);
    const machine = host.state.machine(machineId);
    if (!machine || !relationship || !merges(relationship)) return;
    // What this host's own guest wrote gets its label with the first point that arrives.
    if (relationship.yielded !== null) return;
    const merge = firstDue(host, machine, relationship);
    if (!merge) return;
    try {
      await mergeFiles(host, machine, merge, () => host.layers.merge(merge.lower, merge.upper, signal));
    } catch (thrown) {
      if (faultOf(thrown)?.code === 'disk-in-use') return;
      throw thrown;
    }
    await finish(host, machineId, merge);
  }
}

/** While it is merged into, the lower file is only a step to the upper's point; afterwards it has the upper's label. */
export async function mergeFiles(host: Host, machine: Machine, merge: Merge, work: () => Promise<void>): Promise<void> {
  const { layers } = host;
  const place = placeOf(host, machine, merge.disk, merge.lower);
  const [below, above] = [await layers.sidecar(place), await layers.sidecar(merge.upper)];
  if (below && above && below.pointId === above.pointId) return;
  if (below) await layers.relabel(place, { ...below, retired: true });
  await work();
  if (below) await layers.relabel(place, above && mergedLabel(below, above, merge));
}

function firstDue(host: Host, machine: Machine, relationship: Relationship): Merge | null {
  const inUse = layersInUse(host, machine, relationship);
  for (const stack of machine.stacks) {
    const merge = nextMerge(stack, inUse);
    if (merge) return merge;
  }
  return null;
}

/** Points that stay as they are for now: a test failover's copy stands on it; it is being sent on, or verified. */
export function pointsInUse({ state }: Host, { machineId, testCopy, verifyingId }: Pick<Relationship, 'machineId' | 'testCopy' | 'verifyingId'>): ReadonlySet<string> {
  const sent = state.extendedOf(machineId)?.attempt?.source;
  return new Set([testCopy?.pointId, sent?.pointId, verifyingId].filter((id) => id !== undefined && id !== null));
}

/** Layers of the points in use; all of them while the primary compares with what they hold. */
export function layersInUse(host: Host, machine: Machine, relationship: Relationship): ReadonlySet<string> {
  if (relationship.receiving?.comparedWith) return new Set(machine.stacks.flatMap(({ layers }) => layers.map(({ layerId }) => layerId)));
  const below = [...pointsInUse(host, relationship)].flatMap((pointId) => machine.stacks.flatMap((stack) => prefixOf(stack, pointId)?.layers ?? []));
  return new Set(below.map(({ layerId }) => layerId));
}

/** The merge is done: the upper layer is no part of the machine, then its file goes. */
export async function finish(host: Host, machineId: string, merge: Merge): Promise<void> {
  host.state.transaction(() => {
    const machine = machineOf(host, machineId);
    host.state.putMachine({ ...machine, stacks: machine.stacks.map((stack) => (stack.disk === merge.disk ? merged(stack, merge) : stack)) });
    host.state.addToOutbox(machineId, 'remove-layer', { layer: merge.upper });
  });
  await host.layers.remove(merge.upper);
  const done = host.state.outbox(machineId).find(({ effect, payload }) => effect === 'remove-layer' && (payload.layer as { layerId: string }).layerId === merge.upper.layerId);
  if (done) host.state.takeFromOutbox(done.id);
}
