/** Parameters of methods: what they name is looked up, what they say is read; what does not fit is a rejection. */
import type { CimInstance, CimTimestamp, CimValue, ObjectPath } from '../../cim/instance.ts';
import { isSameName } from '../../cim/name.ts';
import { checkStart } from '../../cycle/schedule.ts';
import { say } from '../../language/text.ts';
import type { Point } from '../../machine/records.ts';
import type { MachineSnapshot } from '../../service/inventory.ts';
import { idIn, keyText } from '../objectpaths.ts';
import type { Call } from './invocation.ts';
import { badValue, Rejection, RETURNS, wrongType } from './rejection.ts';

export const valueOf = ({ parameters }: Call, name: string): CimValue => parameters.get(name) ?? null;

export function textOf(call: Call, name: string): string | null {
  const value = valueOf(call, name);
  if (value !== null && typeof value !== 'string') throw wrongType(name, say('a string is expected.'));
  return value;
}

export function numberOf(call: Call, name: string): number | null {
  const value = valueOf(call, name);
  if (value !== null && typeof value !== 'number') throw wrongType(name, say('a number is expected.'));
  return value;
}

export function truthOf(call: Call, name: string): boolean | null {
  const value = valueOf(call, name);
  if (value !== null && typeof value !== 'boolean') throw wrongType(name, say('true or false is expected.'));
  return value;
}

const isPath = (value: CimValue): value is ObjectPath => typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'path';
export const isInstance = (value: CimValue): value is CimInstance => typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'instance';

/** The reference's path, when it is to an object of one of the classes; null when it is not given. */
function referenceTo(call: Call, name: string, classes: readonly string[]): ObjectPath | null {
  const value = valueOf(call, name);
  if (value === null) return null;
  if (!isPath(value)) throw wrongType(name, say('a reference to {className} is expected.', { className: classes[0]! }));
  if (!classes.some((each) => isSameName(each, value.className))) throw wrongType(name, say('a reference to {className} is expected, not to {given}.', { className: classes[0]!, given: value.className }));
  return value;
}

const SYSTEM_CLASSES = ['Msvm_ComputerSystem', 'CIM_ComputerSystem', 'CIM_System'];
const SETTING_CLASSES = ['Msvm_VirtualSystemSettingData', 'CIM_VirtualSystemSettingData'];

/** The virtual machine that the path names. */
export async function machineAt({ host, caller }: Call, name: string, path: ObjectPath): Promise<MachineSnapshot> {
  const key = keyText(path, 'Name') ?? '';
  const id = idIn(key);
  const found = id === undefined ? undefined : await host.inventory.machine(caller, id);
  if (found) return found;
  const { self } = await host.inventory.host(caller);
  if (isSameName(key, self.name)) throw badValue(name, key, say('a virtual machine; this is the host itself'));
  throw new Rejection(RETURNS.fileNotFound, say('{name}: there is no virtual machine {key} on {self}.', { name, key: key.slice(0, 100), self: self.name }), say('Name is the GUID of a Msvm_ComputerSystem of this host.'));
}

/** The virtual machine that the parameter names. */
export async function machineOf(call: Call, name = 'ComputerSystem'): Promise<MachineSnapshot> {
  const path = referenceTo(call, name, SYSTEM_CLASSES);
  if (path === null) throw badValue(name, null, say('a reference to a virtual machine'));
  return machineAt(call, name, path);
}

/** The recovery point that the parameter names; null when none is given. */
export async function pointOf(call: Call, name: string, machine: MachineSnapshot | null): Promise<Point | null> {
  const path = referenceTo(call, name, SETTING_CLASSES);
  if (path === null) return null;
  const key = keyText(path, 'InstanceID') ?? '';
  const id = idIn(key);
  const point = id === undefined ? undefined : await call.host.inventory.point(call.caller, id);
  if (!point || (machine && point.machineId !== machine.machine.id)) throw badValue(name, key, machine ? say('the settings of a recovery point of {machine}', { machine: machine.machine.name }) : say('the settings of a recovery point'));
  return point;
}

/** Clocks differ: who names the present moment means at once. */
const NOW_MS = 60_000;

/** The moment, in the next seven days, at which the work is to begin; null for at once. */
export function startOf(call: Call, name: string): number | null {
  const value = valueOf(call, name);
  if (value === null) return null;
  const { kind, epochMs } = value as CimTimestamp;
  if (kind !== 'timestamp') throw badValue(name, 'an interval', say('a moment'));
  const nowMs = call.host.nowMs();
  if (epochMs <= nowMs && epochMs > nowMs - NOW_MS) return null;
  checkStart(epochMs, nowMs);
  return epochMs;
}
