/** Which relationship of a machine a client means, by the type at the end of InstanceID: 0 simple, 1 extended. */
import { say } from '../../language/text.ts';
import { badValue, Rejection, RETURNS } from './rejection.ts';
import type { Call } from './invocation.ts';
import { embeddedOf } from './embedded.ts';
import type { MachineSnapshot } from '../../service/inventory.ts';
import { kindOf, type Kind } from '../../relationship/chain.ts';
import { idIn, INSTANCE_IDS } from '../objectpaths.ts';
import { eachLink } from '../scope.ts';

const EXTENDED = /\\1$/;

/** Names the relationship for the use cases; the machine, where it has none. */
export const referenceTo = ({ machine, relationship }: MachineSnapshot): string => relationship?.id ?? machine.id;

/** The machine as it is seen by the relationship that the parameter names; by its own when that is null. */
export function linkOf(call: Call, snapshot: MachineSnapshot, name = 'ReplicationRelationship'): MachineSnapshot {
  const fields = embeddedOf(call, name, 'Msvm_ReplicationRelationship');
  const instanceId = fields?.text('InstanceID') ?? null;
  return instanceId === null ? snapshot : linkNamed(snapshot, name, instanceId);
}

function linkNamed(snapshot: MachineSnapshot, name: string, instanceId: string): MachineSnapshot {
  const { machine } = snapshot;
  const links = eachLink(snapshot);
  const expected = links.map(({ relationship }) => INSTANCE_IDS.Msvm_ReplicationRelationship(machine.id, relationship ? kindOf(relationship) : 'simple')).join(' or ');
  if (idIn(instanceId) !== machine.id) throw badValue(name, instanceId, expected);
  const kind: Kind = EXTENDED.test(instanceId) ? 'extended' : 'simple';
  const found = links.find(({ relationship }) => (relationship ? kindOf(relationship) : 'simple') === kind);
  if (!found) throw new Rejection(RETURNS.invalidState, say('{machine} has no {kind} relationship; it has {expected}.', { machine: machine.name, kind, expected }));
  return found;
}

/** Of settings: those by which the machine is sent on have a type at the end, too. */
export function settingsLinkOf(snapshot: MachineSnapshot, instanceId: string | null): MachineSnapshot {
  if (instanceId === null || !EXTENDED.test(instanceId) || idIn(instanceId) !== snapshot.machine.id) return snapshot;
  if (!snapshot.extended) throw new Rejection(RETURNS.invalidState, say('{machine} is not sent on from here: it has {settings}.', { machine: snapshot.machine.name, settings: INSTANCE_IDS.Msvm_ReplicationSettingData(snapshot.machine.id) }));
  return snapshot.extended;
}

/** Called on a replica: the relationship by which it is sent on. Source: Msvm_ReplicationService, StartReplication and Resynchronize. */
export const sendingLinkOf = (snapshot: MachineSnapshot): MachineSnapshot => (snapshot.relationship?.side === 'replica' ? (snapshot.extended ?? snapshot) : snapshot);
