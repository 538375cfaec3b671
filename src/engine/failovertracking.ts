/**
 * Until the first reverse cycle is acknowledged the failover's own layer stays separate, and what it holds is exactly what
 * the guest wrote there: when its bitmap is lost with QEMU, the layer says what has to travel.
 */
import type { Relationship } from '../machine/records.ts';
import type { Host } from './host.ts';
import { giveUp } from './primary/attempt.ts';
import { united } from './primary/growth.ts';
import { machineOf, specOf } from './spec.ts';
import { update } from './transition.ts';

const GIVE_UP_WITHIN_MS = 5_000;

/** The failover's bitmap is whole, or what it had recorded is carried and a new one records. The guest must be off or tracked. */
export async function coverLostTracking(host: Host, relationship: Relationship): Promise<Relationship> {
  const failover = relationship.failover!;
  const machine = machineOf(host, relationship.machineId);
  if ((await host.hypervisor.power(machine.id)) !== 'off') return relationship;
  const spec = specOf(host, machine, relationship);
  const report = await host.hypervisor.tracking(spec);
  if (!report.broken && report.points.includes(failover.trackId)) return relationship;
  const written = new Map(await Promise.all(failover.layers.map(async ({ disk, layer }) => {
    const { sizeBytes } = spec.stacks.find((stack) => stack.disk === disk)!;
    return [disk, await host.layers.allocated(layer, sizeBytes)] as const;
  })));
  // Of a failback: its changes are among what the layer says.
  if (relationship.failback?.at === 'away') await giveUp(host, relationship.id, host.clock.timeout(GIVE_UP_WITHIN_MS));
  const trackId = host.newId();
  const after = host.state.transaction(() => {
    host.state.putCarried(relationship.id, united(host.state.carried(relationship.id), written));
    return update(host, relationship.id, () => ({ failover: { ...failover, trackId } }));
  });
  await host.hypervisor.untrack(spec, failover.trackId);
  await host.hypervisor.track(spec, trackId);
  return after;
}
