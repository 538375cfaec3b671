/**
 * Until the first reverse cycle is acknowledged the failover's own layer stays separate, and what it holds is exactly what
 * the guest wrote there: when its bitmap is lost with QEMU, the layer says what has to travel.
 */
import type { Relationship } from '../machine/records.ts';
import { settleNext } from './branch/newpoint.ts';
import { carryAside } from './extended/carrying.ts';
import type { Host } from './host.ts';
import { giveUp } from './primary/attempt.ts';
import { united } from './primary/growth.ts';
import { machineOf, specOf } from './spec.ts';
import { relationshipNamed } from './transition.ts';

const GIVE_UP_WITHIN_MS = 5_000;

/** The failover's bitmap is whole, or what it had recorded is carried and it has begun anew. The guest must be off or tracked. */
export async function coverLostTracking(host: Host, before: Relationship): Promise<Relationship> {
  const relationship = await settleNext(host, before);
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
  host.state.transaction(() => {
    host.state.putCarried(relationship.id, united(host.state.carried(relationship.id), written));
    carryAside(host, relationship.machineId, written);
  });
  await host.hypervisor.untrack(spec, failover.trackId);
  await host.hypervisor.track(spec, failover.trackId);
  return relationshipNamed(host, relationship.id);
}
