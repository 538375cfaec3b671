/**
 * How a branch stays short: its points are retired as received ones are, and the layers of retired points merged. The
 * chosen point, on which it stands, is no part of it. A running guest's layers are merged by its own QEMU.
 */
import { faultOf } from '../../errors/fault.ts';
import type { Machine, Point, Relationship } from '../../machine/records.ts';
import { beyondHistory, toRetire } from '../../points/retention.ts';
import { nextBranchMerge, type Merge } from '../../points/stack.ts';
import { pointsKept } from '../../relationship/settings.ts';
import type { Host } from '../host.ts';
import { finish, layersInUse, mergeFiles } from '../replica/merging.ts';
import { removeFromCatalog } from '../replica/sealing.ts';
import { machineOf, specOf } from '../spec.ts';

export const isFailedOver = ({ side, state, failover }: Relationship): boolean => side === 'replica' && [5, 6].includes(state) && failover !== null;

/** Points of what the failed-over guest wrote here, oldest first. */
export function branchPoints(host: Host, machineId: string): readonly Point[] {
  const ids = new Set(machineOf(host, machineId).stacks.flatMap(({ branch }) => branch?.layers ?? []).map(({ pointId }) => pointId));
  return host.state.points(machineId).filter(({ id }) => ids.has(id));
}

/** Part of the transaction that adds a point: at most one goes for it, or two while a history that was made shorter is being reached. */
export function thin(host: Host, { machineId, testCopy, settings }: Relationship): void {
  // What a test failover stands on stays, and another goes in its place.
  const candidates = () => branchPoints(host, machineId).map((point) => ({ ...point, pinned: point.pinned || point.id === testCopy?.pointId }));
  const remove = (pointId: string | null) => {
    if (pointId !== null) removeFromCatalog(host, machineId, pointId);
  };
  remove(toRetire(candidates(), pointsKept(settings)));
  remove(beyondHistory(candidates(), pointsKept(settings)));
}

/** No merge of the branch is due any more, or what is due is in use. */
export async function mergeBranch(host: Host, machineId: string, signal: AbortSignal): Promise<void> {
  for (;;) {
    signal.throwIfAborted();
    const relationship = host.state.relationshipOf(machineId);
    if (!relationship || !isFailedOver(relationship)) return;
    const machine = machineOf(host, machineId);
    const merge = firstDue(host, machine, relationship);
    if (!merge) return;
    try {
      await mergeOne(host, machine, relationship, merge, signal);
    } catch (thrown) {
      if (faultOf(thrown)?.code === 'disk-in-use') return;
      throw thrown;
    }
    await finish(host, machineId, merge);
  }
}

function firstDue(host: Host, machine: Machine, relationship: Relationship): Merge | null {
  const inUse = layersInUse(host, machine, relationship);
  for (const stack of machine.stacks) {
    const merge = nextBranchMerge(stack, inUse);
    if (merge) return merge;
  }
  return null;
}

/** A running QEMU lets go of the upper layer also when the files were merged before it started. */
async function mergeOne(host: Host, machine: Machine, relationship: Relationship, merge: Merge, signal: AbortSignal): Promise<void> {
  if ((await host.hypervisor.power(machine.id)) === 'off') {
    await mergeFiles(host, machine, merge, () => host.layers.merge(merge.lower, merge.upper, signal));
    return;
  }
  const spec = specOf(host, machine, relationship);
  await mergeFiles(host, machine, merge, () => host.hypervisor.mergeBelow(spec, merge, signal));
  await host.hypervisor.mergeBelow(spec, merge, signal);
}
