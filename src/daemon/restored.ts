/** The first start after a restore of the state: what was not found again is said. */
import type { Host } from '../engine/host.ts';
import type { Context } from '../service/context.ts';
import { say, told, type Said } from '../language/text.ts';

/** After stock was taken. */
export function tellRestored({ engine: { host }, serviceSettings }: Pick<Context, 'engine' | 'serviceSettings'>): void {
  const { restored } = serviceSettings.get();
  if (!restored) return;
  const lost = restored.machines.filter(({ id }) => !host.state.machine(id));
  const day = { atMs: restored.backupMs };
  const tell = (severity: 'information' | 'warning', machine: string | null, message: Said) => host.state.addEvent({ atMs: host.clock.nowMs(), number: null, severity, machine, ...told(message) });
  tell('information', null, say('the state of this host was restored from the backup of {day}', { day }));
  for (const { name } of lost) tell('warning', name, say('{name} was a replica here when the backup was made, and no recovery point of it was found. Enable replication again on its primary', { name }));
  for (const { id } of restored.machines) holdAlone(host, id, restored.backupMs);
  serviceSettings.put({ restored: null });
}

/** A guest ran here when the state was lost, and no relationship says where it may run now: as any other such machine of a backup. */
function holdAlone({ state }: Host, machineId: string, restoredMs: number): void {
  const machine = state.machine(machineId);
  if (machine && !state.relationshipOf(machineId)) state.putMachine({ ...machine, restoredMs });
}
