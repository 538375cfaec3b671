/** Rule 19: how many layers a disk may have and how full a storage may be before somebody is told. */
import type { Alarm, Machine } from '../../machine/records.ts';
import type { Host } from '../host.ts';
import { machineOf } from '../spec.ts';
import { relationshipNamed, update } from '../transition.ts';

const MAX_LAYERS = 64;
const GIB = 1024 ** 3;
const MIN_FREE_FRACTION = 0.05;

export interface Fill {
  readonly layers: number;
  readonly freeBytes: number;
  readonly totalBytes: number;
}

export function alarmsOf({ layers, freeBytes, totalBytes }: Fill): Alarm[] {
  const isLow = freeBytes < Math.max(GIB, totalBytes * MIN_FREE_FRACTION);
  return [...(layers > MAX_LAYERS ? (['chain-long'] as const) : []), ...(isLow ? (['space-low'] as const) : [])];
}

/** What each alarm means for the replica, and what to do. */
export const alarmText = (alarm: Alarm, { storage }: Pick<Machine, 'storage'>): string =>
  ({
    'chain-long': `A disk of the replica has more than ${MAX_LAYERS} layers: merging does not keep up, and while it is failed over no further points are made here. Keep fewer recovery points, or end a test failover that holds them.`,
    'space-low': `Less than 5 % or 1 GiB of ${storage} is free: when it is full, no recovery point can be made. Free space there or keep fewer recovery points.`,
  })[alarm];

const longestChain = ({ stacks }: Machine): number => Math.max(0, ...stacks.map(({ layers, branch }) => layers.length + (branch?.layers.length ?? 0)));

export const isChainLong = (machine: Machine): boolean => longestChain(machine) > MAX_LAYERS;

/** The relationship's alarms are those of now; a new one is an event. */
export async function checkLimits(host: Host, relationshipId: string): Promise<void> {
  const { alarms: before = [], machineId } = relationshipNamed(host, relationshipId);
  const machine = machineOf(host, machineId);
  const alarms = alarmsOf({ layers: longestChain(machine), freeBytes: await host.layers.freeBytes(machine.storage), totalBytes: await host.layers.totalBytes(machine.storage) });
  if (alarms.join() === before.join()) return;
  update(host, relationshipId, () => ({ alarms }));
  for (const alarm of alarms) {
    if (before.includes(alarm)) continue;
    host.state.addEvent({ atMs: host.clock.nowMs(), number: null, severity: 'warning', machine: machine.name, message: `${machine.name}: ${alarmText(alarm, machine)}` });
  }
}
