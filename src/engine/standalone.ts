/** What a machine's disks are once it is not replicated any more. */
import type { Layer } from '../machine/definition.ts';
import type { Machine, Relationship, Stack } from '../machine/records.ts';
import { withoutLabels } from '../points/stack.ts';
import { isReceived } from './failover.ts';
import type { Host } from './host.ts';
import { activeStacks, otherStacks } from './spec.ts';

/** What runs here keeps running on the same layers; a replica is what its newest point is. Layers that came from the other host and that no disk needs are left over. */
export function standingAlone(host: Host, machine: Machine, relationship: Relationship): { readonly stacks: readonly Stack[]; readonly leftOver: readonly Layer[] } {
  const stacks = stacksAlone(host, machine, relationship);
  const kept = new Set(stacks.flatMap(({ layers }) => layers.map(({ layerId }) => layerId)));
  const received = relationship.side === 'replica' ? machine.stacks.filter((stack) => isReceived(host, machine, stack)) : [];
  return { stacks: stacks.map(withoutLabels), leftOver: received.flatMap(({ layers }) => layers).filter(({ layerId }) => !kept.has(layerId)) };
}

/** Disks that only older recovery points had are none of the machine's. */
function stacksAlone(host: Host, machine: Machine, { failover, side, newestPointId }: Relationship): readonly Stack[] {
  const isOwn = (stack: Stack): boolean => !isReceived(host, machine, stack);
  if (failover) {
    const active = activeStacks(machine, failover);
    return [...active, ...otherStacks(machine, active).filter(isOwn)];
  }
  if (side === 'primary' || newestPointId === null) return machine.stacks;
  return machine.stacks.filter((stack) => isOwn(stack) || stack.layers.at(-1)?.pointId === newestPointId);
}
