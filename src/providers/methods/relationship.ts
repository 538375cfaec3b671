/** Which relationship of a machine a client means: it has one at most, and InstanceID ends in 0. */
import { badValue, Rejection, RETURNS } from './rejection.ts';
import type { Call } from './invocation.ts';
import { embeddedOf } from './embedded.ts';
import type { MachineSnapshot } from '../../service/inventory.ts';
import { idIn, INSTANCE_IDS } from '../objectpaths.ts';

const EXTENDED = /\\1$/;

/** Nothing when the parameter is null or the machine's relationship. */
export function checkRelationship(call: Call, { machine }: MachineSnapshot, name = 'ReplicationRelationship'): void {
  const fields = embeddedOf(call, name, 'Msvm_ReplicationRelationship');
  const instanceId = fields?.text('InstanceID') ?? null;
  if (instanceId === null) return;
  const expected = INSTANCE_IDS.Msvm_ReplicationRelationship(machine.id);
  if (idIn(instanceId) !== machine.id) throw badValue(name, instanceId, expected);
  if (EXTENDED.test(instanceId)) throw new Rejection(RETURNS.invalidState, `${machine.name} has no extended relationship; it has ${expected}.`);
}
