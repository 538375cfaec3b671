/**
 * The recovery point that is sent on: this host's newest one, read from its own layers while new points go on arriving.
 * It stays in the catalog, and the layers below it as they are, for as long as its attempt is open.
 */
import type { Attempt, Machine, Point, Relationship, Source } from '../../machine/records.ts';
import type { Host } from '../host.ts';
import type { DiskView } from '../ports/diskview.ts';
import type { LaunchSpec } from '../ports/hypervisor.ts';
import { openPoint } from '../primary/pointview.ts';
import { machineOf, pointStacks, replicatedSpec } from '../spec.ts';

/** It holds points of the host before, and nothing runs on them: the newest one can be sent on. */
export const isSendable = (own: Relationship | undefined): boolean =>
  own !== undefined && own.side === 'replica' && [2, 3, 7, 8].includes(own.state) && own.failover === null && !own.failback && own.yielded === null;

/** The newest point; undefined when there is none, or when this host's disks are not a point's now. */
export function newestSource(host: Host, machineId: string): Point | undefined {
  if (!isSendable(host.state.relationshipOf(machineId))) return undefined;
  return host.state.points(machineId).findLast(({ kind }) => kind !== 'divergence');
}

export function sourceAt(host: Host, machine: Machine, point: Point): Source {
  const layers = pointStacks(machine, point.id).map(({ disk }) => ({ disk, layer: host.layers.layerAt(machine.storage, machine.id, disk, host.newId()) }));
  return { pointId: point.id, layers };
}

/** Nothing in the view is dirty by itself: what is carried travels. */
export async function openSource(host: Host, relationship: Relationship, attempt: Attempt, signal: AbortSignal): Promise<DiskView> {
  const machine = machineOf(host, relationship.machineId);
  const reader = readerOf(machine, attempt.id, attempt.source!);
  return openPoint(host, replicatedSpec(reader, relationship.settings.disks), attempt.source!.layers, signal);
}

const readerOf = (machine: Machine, attemptId: string, { pointId, layers }: Source): LaunchSpec => ({
  instanceId: attemptId,
  definition: { ...machine.definition, id: attemptId, name: `${machine.name} - sent on` },
  stacks: pointStacks(machine, pointId).map((stack) => ({ ...stack, layers: [...stack.layers, layers.find(({ disk }) => disk === stack.disk)!.layer] })),
  isolated: true,
});

/** What the point was read through is gone. */
export async function closeSource(host: Host, { id, source }: Pick<Attempt, 'id' | 'source'>): Promise<void> {
  if (!source) return;
  for (const { layer } of source.layers) await host.layers.remove(layer);
  await host.hypervisor.forget(id);
}
