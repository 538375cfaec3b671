/** Rule 19 on the replica: whoever has to be told is told, once. */
import { ALARM_HINTS, alarmsOf, alarmText, MAX_LAYERS } from '../../health/alarms.ts';
import type { Machine, Point } from '../../machine/records.ts';
import type { Host } from '../host.ts';
import { report } from '../report.ts';
import { machineOf } from '../spec.ts';
import { relationshipNamed, update } from '../transition.ts';

const longestChain = ({ stacks }: Machine): number => Math.max(0, ...stacks.map(({ layers, branch }) => layers.length + (branch?.layers.length ?? 0)));

export const isChainLong = (machine: Machine): boolean => longestChain(machine) > MAX_LAYERS;

const isDamaged = ({ verification }: Point): boolean => (verification?.damage.length ?? 0) > 0;

/** The relationship's alarms are those of now; a new one is an event. */
export async function checkLimits(host: Host, relationshipId: string): Promise<void> {
  const { alarms: before = [], machineId } = relationshipNamed(host, relationshipId);
  const machine = machineOf(host, machineId);
  const alarms = alarmsOf({ layers: longestChain(machine), freeBytes: await host.layers.freeBytes(machine.storage), totalBytes: await host.layers.totalBytes(machine.storage), damagedPoints: host.state.points(machineId).filter(isDamaged).length });
  if (alarms.join() === before.join()) return;
  update(host, relationshipId, () => ({ alarms }));
  for (const alarm of alarms) {
    if (before.includes(alarm)) continue;
    report(host, 'health-changed', machine.name, alarmText(alarm, machine), ALARM_HINTS[alarm]);
  }
}
