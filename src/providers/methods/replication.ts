/** Methods of Msvm_ReplicationService that change one machine's relationship. */
import type { CimValue } from '../../cim/instance.ts';
import type { MethodOutcome } from '../../cim/manager.ts';
import { say } from '../../language/text.ts';
import type { MachineSnapshot } from '../../service/inventory.ts';
import { STEPS, type Step } from '../../service/steps.ts';
import { adapterChangeOf } from '../failovernetwork.ts';
import { idIn, machinePath } from '../objectpaths.ts';
import { embeddedOf, readerOf } from './embedded.ts';
import { done, started, type Call, type Method } from './invocation.ts';
import { machineOf, pointOf, startOf, textOf, valueOf } from './parameters.ts';
import { badValue } from './rejection.ts';
import { asksForCopy, offerCopy } from './initial.ts';
import { linkOf, referenceTo, sendingLinkOf, settingsLinkOf } from './relationship.ts';
import { checkRecoveryHost, recoveryHostOf, settingsChangeOf, type Subject } from './replicationsettings.ts';

const SETTINGS = 'ReplicationSettingData';

const subjectOf = async (call: Call, snapshot: MachineSnapshot): Promise<Subject> => ({ snapshot, host: await call.host.inventory.host(call.caller), read: readerOf });

/** A method that takes one step of the machine which it names. */
const stepping = (name: string, step: Step, link: (call: Call, machine: MachineSnapshot) => MachineSnapshot = (_, snapshot) => snapshot): Method => ({
  name,
  kind: STEPS[step].kind,
  run: async (call) => started(await call.host.management.step(call.caller, referenceTo(link(call, await machineOf(call))), step)),
});

/** The relationship that is named is the one that is to be the machine's own. */
function onwardLink(call: Call, snapshot: MachineSnapshot): MachineSnapshot {
  linkOf(call, snapshot);
  return snapshot;
}

/** As `stepping`, at once or at StartTime. */
async function resynchronize(call: Call): Promise<MethodOutcome> {
  const reference = referenceTo(sendingLinkOf(await machineOf(call)));
  const startsAtMs = startOf(call, 'StartTime');
  if (startsAtMs === null) return started(await call.host.management.step(call.caller, reference, 'resynchronize'));
  await call.host.management.startAt(call.caller, reference, 'resynchronize', startsAtMs);
  return done();
}

async function create(call: Call): Promise<MethodOutcome> {
  const snapshot = await machineOf(call);
  const fields = embeddedOf(call, SETTINGS, 'Msvm_ReplicationSettingData');
  if (!fields) throw badValue(SETTINGS, null, say('the text of a Msvm_ReplicationSettingData'));
  const subject = await subjectOf(call, snapshot);
  const change = settingsChangeOf(fields, subject);
  if (asksForCopy(fields, subject)) return offerCopy(call, fields, subject);
  const { id } = recoveryHostOf(fields, subject);
  return started(await call.host.management.create(call.caller, snapshot.machine.id, id, change));
}

async function modify(call: Call): Promise<MethodOutcome> {
  const snapshot = await machineOf(call);
  const fields = embeddedOf(call, SETTINGS, 'Msvm_ReplicationSettingData');
  if (!fields) throw badValue(SETTINGS, null, say('the text of a Msvm_ReplicationSettingData'));
  const link = settingsLinkOf(snapshot, fields.text('InstanceID'));
  const subject = await subjectOf(call, link);
  const change = settingsChangeOf(fields, subject);
  checkRecoveryHost(fields, subject, false);
  const job = await call.host.management.modify(call.caller, referenceTo(link), change);
  return job ? started(job) : done();
}

async function reverse(call: Call): Promise<MethodOutcome> {
  const snapshot = await machineOf(call);
  await call.host.management.checkStep(call.caller, snapshot.machine.id, 'reverse');
  const fields = embeddedOf(call, SETTINGS, 'Msvm_ReplicationSettingData');
  if (!fields) return started(await call.host.management.step(call.caller, snapshot.machine.id, 'reverse'));
  const subject = await subjectOf(call, snapshot);
  const settings = settingsChangeOf(fields, subject);
  checkRecoveryHost(fields, subject, true);
  return started(await call.host.management.step(call.caller, snapshot.machine.id, 'reverse', { settings }));
}

async function failOver(call: Call): Promise<MethodOutcome> {
  const snapshot = await machineOf(call);
  const point = await pointOf(call, 'SnapshotSettingData', snapshot);
  return started(await call.host.management.step(call.caller, snapshot.machine.id, 'failOver', { point: point?.id }));
}

async function testReplica(call: Call): Promise<MethodOutcome> {
  const snapshot = await machineOf(call);
  const point = await pointOf(call, 'SnapshotSettingData', snapshot);
  const { job, copyId } = await call.host.management.test(call.caller, snapshot.machine.id, { point: point?.id });
  return started(job, { ResultingSystem: machinePath(copyId) });
}

/** Called where the guest goes home to. The identifier is a point's GUID or InstanceID. */
async function failBack(call: Call): Promise<MethodOutcome> {
  const snapshot = await machineOf(call);
  const fields = embeddedOf(call, SETTINGS, 'Msvm_ReplicationSettingData');
  if (fields) settingsChangeOf(fields, await subjectOf(call, snapshot));
  const identifier = textOf(call, 'RecoveryPointIdentifier');
  const isGiven = identifier !== null && identifier.trim() !== '';
  const point = isGiven ? idIn(identifier) : undefined;
  if (isGiven && point === undefined) throw badValue('RecoveryPointIdentifier', identifier, say('the InstanceID or GUID of a recovery point'));
  return started(await call.host.operations.failbackStart(call.caller, snapshot.machine.id, point === undefined ? {} : { point }));
}

/** All of the adapters' settings are taken, or none. They are in force with the answer. */
async function setFailoverNetwork(call: Call): Promise<MethodOutcome> {
  const { machine } = await machineOf(call);
  const texts = valueOf(call, 'NetworkSettings') as readonly CimValue[] | null;
  if (texts === null || texts.length === 0) throw badValue('NetworkSettings', texts, say('texts of Msvm_FailoverNetworkAdapterSettingData'));
  const changes = texts.map((text) => adapterChangeOf(readerOf('NetworkSettings', 'Msvm_FailoverNetworkAdapterSettingData', text), machine));
  await call.host.management.changeAdapters(call.caller, machine.id, changes);
  return done();
}

export const RELATIONSHIP_METHODS: readonly Method[] = [
  { name: 'CreateReplicationRelationship', kind: 'enable', run: create },
  { name: 'ModifyReplicationSettings', kind: 'settings', run: modify },
  { name: 'ReverseReplicationRelationship', kind: STEPS.reverse.kind, run: reverse },
  { name: 'InitiateFailover', kind: STEPS.failOver.kind, run: failOver },
  { name: 'TestReplicaSystem', kind: 'test', run: testReplica },
  { name: 'InitiateFailback', kind: 'failbackHome', run: failBack },
  { name: 'Resynchronize', kind: STEPS.resynchronize.kind, run: resynchronize },
  stepping('CommitFailover', 'commit'),
  stepping('RevertFailover', 'revert'),
  stepping('RemoveReplicationRelationship', 'remove'),
  stepping('RemoveReplicationRelationshipEx', 'remove', (call, snapshot) => linkOf(call, snapshot)),
  stepping('ChangeReplicationModeToPrimary', 'changeMode', onwardLink),
  { name: 'SetFailoverNetworkAdapterSettings', kind: 'failoverNetwork', run: setFailoverNetwork },
];
