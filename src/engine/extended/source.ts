/**
 * The recovery point that is sent on: this host's newest one, read from its own layers while new points go on arriving.
 * It stays in the catalog, and the layers below it as they are, for as long as its attempt is open.
 */
import type { Attempt, Point, Relationship } from '../../machine/records.ts';
import type { Host } from '../host.ts';
import type { DiskView } from '../ports/diskview.ts';
import { onlyCarried } from '../primary/carriedview.ts';
import { machineOf, pointStacks } from '../spec.ts';

/** It holds points of the host before, and nothing runs on them: the newest one can be sent on. */
export const isSendable = (own: Relationship | undefined): boolean =>
  own !== undefined && own.side === 'replica' && [2, 3, 7, 8].includes(own.state) && own.failover === null && !own.failback && own.yielded === null;

/** The newest point; undefined when there is none, or when this host's disks are not a point's now. */
export function newestSource(host: Host, machineId: string): Point | undefined {
  if (!isSendable(host.state.relationshipOf(machineId))) return undefined;
  return host.state.points(machineId).findLast(({ kind }) => kind !== 'divergence');
}

/** With the disks that the point has. Nothing in the view is dirty by itself: what is carried travels. */
export async function openSource(host: Host, { machineId }: Relationship, { source }: Attempt, signal: AbortSignal): Promise<DiskView> {
  const stacks = pointStacks(machineOf(host, machineId), source!.pointId);
  return onlyCarried(await host.hypervisor.openStacks(stacks, signal));
}
