/** Methods over CIM that are about the host: entries, service settings, other hosts, statistics; who may call, and what jobs tell. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CimInstance, ObjectPath } from '../../src/cim/instance.ts';
import { readEmbedded } from '../../src/cim/embedded.ts';
import { SCHEMA, VIRTUALIZATION } from '../../src/cim/schema/published.ts';
import { Fault } from '../../src/errors/fault.ts';
import { instancePath, machinePath, servicePath } from '../../src/providers/objectpaths.ts';
import { ADMINISTRATOR, CimBench, OPERATOR, VIEWER, withValue, type CimHost } from './cimbench.ts';
import { say } from '../../src/language/text.ts';

const entry = (host: string, more = '') => `<INSTANCE CLASSNAME="Msvm_ReplicationAuthorizationSettingData"><PROPERTY NAME="AllowedPrimaryHostSystem" TYPE="string"><VALUE>${host}</VALUE></PROPERTY>${more}</INSTANCE>`;
const property = (name: string, value: string) => `<PROPERTY NAME="${name}" TYPE="string"><VALUE>${value}</VALUE></PROPERTY>`;

async function alone(seed: string) {
  const bench = await CimBench.enabled(seed);
  return { bench, a: bench.a, b: bench.b, call: (method: string, parameters = {}, caller = ADMINISTRATOR) => bench.invoke(bench.a, bench.a.service, method, parameters, caller) };
}

const entriesOf = ({ context }: CimHost) => context.authorizations.list().map(({ host, storage, trustGroup }) => [host, storage, trustGroup]);

test('authorization entries are added, changed, given to a replica and removed', async () => {
  const { bench, a, b, call } = await alone('entries');
  const add = (text: string | null) => call('AddAuthorizationEntry', { AuthorizationEntry: text });
  assert.equal((await add(entry('*.example.com', property('ReplicaStorageLocation', '/srv/replicas') + property('TrustGroup', 'blue')))).returnValue, 0);
  assert.equal((await add(entry('B'))).returnValue, 0);
  assert.deepEqual(entriesOf(a).sort(), [['*.example.com', '/srv/replicas', 'blue'], ['B', '/replicas', 'DEFAULT']]);
  await bench.fails(a, add(entry('b')), 32_773, /entry for B already/);
  await bench.fails(a, add(entry('a.*.com')), 32_773, /\*\.domain/);
  await bench.fails(a, add(entry('C', property('ReplicaStorageLocation', 'relative'))), 32_773, /absolute path/);
  await bench.fails(a, add(null), 32_773, /AuthorizationEntry/);
  const id = a.context.authorizations.list().find(({ host }) => host === 'B')!.id;
  const text = await bench.text(a, instancePath('Msvm_ReplicationAuthorizationSettingData', id));
  assert.equal((await call('ModifyAuthorizationEntry', { AuthorizationEntry: withValue(text, 'TrustGroup', 'red') })).returnValue, 0);
  assert.deepEqual(a.context.authorizations.list().find(({ host }) => host === 'B')?.trustGroup, 'red');
  await bench.fails(a, call('ModifyAuthorizationEntry', { AuthorizationEntry: entry('C') }), 32_773, /no authorization entry/);
  await bench.fails(a, bench.call(a, 'SetAuthorizationEntry', { AuthorizationEntry: text }), 32_775, /no replica here/);
  assert.equal((await bench.invoke(b, b.service, 'AddAuthorizationEntry', { AuthorizationEntry: entry('A') })).returnValue, 0);
  assert.equal((await bench.call(b, 'SetAuthorizationEntry', { AuthorizationEntry: entry('A') })).returnValue, 0);
  assert.equal(b.simulated.state.relationshipOf(bench.pair.machineId)?.entryId, b.context.authorizations.list()[0]!.id);
  assert.equal((await call('RemoveAuthorizationEntry', { AllowedPrimaryHostSystem: 'B' })).returnValue, 0);
  await bench.fails(a, call('RemoveAuthorizationEntry', { AllowedPrimaryHostSystem: 'B' }), 32_773, /no authorization entry "B"/);
  assert.equal(entriesOf(a).length, 1);
});

test('service settings that are read and sent back succeed, and bad ones are named', async () => {
  const { bench, a, call } = await alone('service');
  const path = instancePath('Msvm_ReplicationServiceSettingData');
  const text = await bench.text(a, path);
  const modify = (settings: string) => call('ModifyServiceSettings', { SettingData: settings });
  assert.equal((await modify(text)).returnValue, 0);
  assert.equal((await modify(withValue(withValue(text, 'MonitoringInterval', '3600'), 'MonitoringStartTime', '00000000060000.000000:000'))).returnValue, 0);
  assert.deepEqual((await bench.get(a, path))['MonitoringInterval'], 3_600);
  await bench.fails(a, modify(withValue(text, 'MonitoringInterval', '60')), 32_773, /monitoring interval.*3600/);
  await bench.fails(a, modify(withValue(text, 'AllowedAuthenticationType', '3')), 32_770, /Kerberos.*use 2/);
  await bench.fails(a, modify(withValue(text, 'HttpPort', '80')), 32_773, /HttpPort.*nothing travels in clear/);
  assert.equal(a.listensOn, null);
  assert.equal((await modify(withValue(text, 'HttpsPort', '7500'))).returnValue, 0);
  assert.deepEqual([a.listensOn, a.context.serviceSettings.get().peerPort], [7_500, 7_500]);
  await bench.fails(a, modify(withValue(text, 'CertificateThumbPrint', '00')), 32_773, /no certificate 00.*server certificate add/);
  const installed = { thumbprint: 'CC'.repeat(20), fingerprint: 'CD', subject: 'CN=A', expiresMs: 0, certificatePem: '', isOwn: false };
  a.certificates.push({ ...installed, unfit: say('it expired at {time}', { time: { atMs: 0 } }) });
  await bench.fails(a, modify(withValue(text, 'CertificateThumbPrint', 'cc'.repeat(20))), 32_773, /cannot be used: it expired/);
  a.certificates.splice(1, 1, { ...installed, unfit: null });
  assert.equal((await modify(withValue(text, 'CertificateThumbPrint', 'cc '.repeat(20)))).returnValue, 0);
  assert.deepEqual([a.presented, a.context.serviceSettings.get().certificate], ['CC'.repeat(20), 'CC'.repeat(20)]);
  assert.equal((await modify(withValue(text, 'RecoveryServerEnabled', 'FALSE'))).returnValue, 0);
  assert.equal(a.context.serviceSettings.get().acceptsReplicas, false);
});

test('a change of the server that is refused in a part changes nothing else', async () => {
  const { bench, a } = await alone('refused part');
  const set = (change: object) => bench.within(a.host.operations.serverSet({ ...ADMINISTRATOR }, change), 'server set');
  const before = await bench.within(a.host.operations.serverShow({ ...ADMINISTRATOR }), 'server show');
  for (const bad of [{ certificate: 'FFFF' }, { peerPort: 0 }, { monitoringIntervalSeconds: 5 }, { storage: 'replicas' }]) await assert.rejects(set({ anyHost: true, replicaServer: false, ...bad }), Fault);
  await assert.rejects(set({ storage: '/elsewhere', replicaServer: false }), /cannot be set by itself/);
  assert.deepEqual(await bench.within(a.host.operations.serverShow({ ...ADMINISTRATOR }), 'server show'), before);
  assert.deepEqual([(await set({ anyHost: true, storage: '/elsewhere' })).storage, (await set({ anyHost: false })).anyHost], ['/elsewhere', false]);
});

test('the service is stopped and started: it takes replicas or not', async () => {
  const { bench, a, call } = await alone('startstop');
  const state = async () => { const { EnabledState, Started } = await bench.get(a, a.service); return [EnabledState, Started]; };
  assert.deepEqual(await state(), [2, true]);
  assert.equal((await call('StopService')).returnValue, 0);
  assert.deepEqual(await state(), [3, false]);
  assert.equal((await call('StartService')).returnValue, 0);
  assert.equal((await call('RequestStateChange', { RequestedState: 3 })).returnValue, 0);
  assert.equal((await call('RequestStateChange', { RequestedState: 2 })).returnValue, 0);
  assert.deepEqual(await state(), [2, true]);
  assert.equal((await call('RequestStateChange', { RequestedState: 10 })).returnValue, 1);
});

test('a connection is tested, to a paired host and no other', async () => {
  const { bench, a, call } = await alone('connection');
  const { job } = await bench.succeeds(a, call('TestReplicationConnection', { RecoveryConnectionPoint: '10.0.0.2', RecoveryServerPortNumber: 0, AuthenticationType: 2 }));
  assert.equal(job['JobType'], 115);
  await bench.fails(a, call('TestReplicationConnection', { RecoveryConnectionPoint: 'nowhere' }), 32_777, /host invite/);
  await bench.fails(a, call('TestReplicationConnection', { RecoveryConnectionPoint: 'B', AuthenticationType: 1 }), 32_770, /use 2/);
  await bench.fails(a, call('TestReplicationConnection', { RecoveryConnectionPoint: 'B', RecoveryServerPortNumber: 80 }), 32_773, /7443/);
  await bench.fails(a, call('TestReplicationConnection'), 32_773, /RecoveryConnectionPoint/);
  bench.pair.network.cut('A', 'B');
  const unreachable = await bench.ended(a, await call('TestReplicationConnection', { RecoveryConnectionPoint: 'B' }));
  assert.deepEqual([unreachable['JobState'], unreachable['ErrorCode']], [10, 32_777]);
});

test('the host\'s certificate is given', async () => {
  const { call } = await alone('certificates');
  const { returnValue, out } = await call('GetSystemCertificates', {}, VIEWER);
  assert.deepEqual([returnValue, out.get('EncodedCertificates')], [0, ['AAEC']]);
});

const instanceIn = (text: unknown): CimInstance => readEmbedded(SCHEMA, VIRTUALIZATION, String(text));

test('statistics are told to a viewer, with what is wrong, and reset by an administrator', async () => {
  const bench = await CimBench.replicating('statistics');
  const { a } = bench;
  const told = await bench.call(a, 'GetReplicationStatistics', {}, VIEWER);
  const [statistics] = told.out.get('ReplicationStatistics') as string[];
  assert.ok(Number(instanceIn(statistics).properties.get('ReplicationSuccessCount')) > 2);
  assert.equal((await bench.call(a, 'ResetReplicationStatistics')).returnValue, 0);
  const relationship = await bench.text(a, instancePath('Msvm_ReplicationRelationship', bench.pair.machineId));
  const after = await bench.call(a, 'GetReplicationStatisticsEx', { ReplicationRelationship: relationship });
  assert.equal(instanceIn((after.out.get('ReplicationStatistics') as string[])[0]).properties.get('ReplicationSuccessCount'), 0);
  await bench.succeeds(a, bench.invoke(a, bench.machine, 'RequestReplicationStateChange', { RequestedState: 7 }));
  const { out } = await bench.call(a, 'GetReplicationStatistics');
  assert.match(String(instanceIn((out.get('ReplicationHealthIssues') as string[])[0]).properties.get('Message')), /suspended/);
  await bench.fails(a, bench.call(a, 'GetReplicationStatistics', { ComputerSystem: machinePath(bench.addMachine()) }), 32_775, /not replicated/);
  await bench.fails(a, bench.call(a, 'ResetReplicationStatisticsEx', { ReplicationRelationship: relationship.replace('HVR\\0', 'HVR\\1') }), 32_775, /no extended relationship/);
});

test('what is wrong, and why a call fails, is told in the words of its reader', async () => {
  const bench = await CimBench.replicating('language');
  const { a } = bench;
  await bench.succeeds(a, bench.invoke(a, bench.machine, 'RequestReplicationStateChange', { RequestedState: 7 }));
  const messages = async (language: 'de' | 'zh-Hant'): Promise<string[]> => {
    const { out } = await bench.call(a, 'GetReplicationStatistics', {}, { ...VIEWER, language });
    return (out.get('ReplicationHealthIssues') as string[]).map((issue) => String(instanceIn(issue).properties.get('Message')));
  };
  assert.deepEqual([await messages('de'), await messages('zh-Hant')], [['Die Replikation ist angehalten.'], ['複寫已暫停。']]);
  const refused = await bench.call(a, 'GetReplicationStatistics', { ComputerSystem: machinePath(bench.addMachine()) }, VIEWER);
  const { instance } = await bench.within(a.manager.get({ ...VIEWER, language: 'de' }, refused.out.get('Job') as ObjectPath), 'get');
  assert.match(String(instance.properties.get('ErrorDescription')), /^other wird nicht repliziert\. .*Jetzt erlaubt: enable\.$/);
});

test('invoking is the administrator\'s: others are denied by number, and every call is in the audit trail', async () => {
  const bench = await CimBench.enabled('roles');
  const { a } = bench;
  for (const caller of [VIEWER, OPERATOR]) await bench.fails(a, bench.call(a, 'StartReplication', {}, caller), 32_769, /needs the role administrator/);
  assert.equal(bench.state(a), 1);
  await bench.succeeds(a, bench.call(a, 'StartReplication'));
  await bench.fails(a, bench.call(a, 'InitiateFailover', { SnapshotSettingData: instancePath('Msvm_VirtualSystemSettingData', bench.pair.machineId) }), 32_773, /SnapshotSettingData/);
  const trail = a.context.accounts.auditTrail(20).map(({ who, operation, subject, outcome }) => `${who} ${operation} ${subject === bench.pair.machineId ? 'vm' : subject} ${outcome}`);
  for (const line of ['vic Msvm_ReplicationService.StartReplication vm not allowed', 'olga Msvm_ReplicationService.StartReplication vm not allowed', 'ada Msvm_ReplicationService.StartReplication vm done', 'ada Msvm_ReplicationService.InitiateFailover vm parameter-invalid']) {
    assert.ok(trail.includes(line), `${line} in ${trail.join('; ')}`);
  }
});

test('a job tells its error, is ended when it runs and not when it has ended, and outlives the daemon', async () => {
  const bench = await CimBench.replicating('jobs');
  const { a, pair } = bench;
  const { out } = await bench.fails(a, bench.call(a, 'RevertFailover'), 32_775, /Allowed now/);
  const failed = out.get('Job') as ObjectPath;
  const errors = await bench.invoke(a, failed, 'GetErrorEx', {}, VIEWER);
  const error = instanceIn((errors.out.get('Errors') as string[])[0]);
  assert.deepEqual([error.className, error.properties.get('MessageID')], ['Msvm_Error', 'refused']);
  assert.match(String((await bench.invoke(a, failed, 'GetError')).out.get('Error')), /<INSTANCE CLASSNAME="Msvm_Error">/);
  const end = (job: ObjectPath, parameters: object) => bench.invoke(a, job, 'RequestStateChange', { ...parameters });
  assert.equal((await end(failed, { RequestedState: 4 })).returnValue, 4_097);

  pair.guestOn(pair.a)!.isDeaf = true;
  const stopping = await bench.invoke(a, bench.machine, 'RequestStateChange', { RequestedState: 4 });
  const running = stopping.out.get('Job') as ObjectPath;
  await pair.pass(2_000);
  await bench.fails(a, bench.invoke(a, bench.machine, 'RequestReplicationStateChange', { RequestedState: 7 }), 32_774, /another operation holds vm: shut the guest down/);
  assert.equal((await end(running, { RequestedState: 3 })).returnValue, 4_097);
  assert.equal((await end(running, { RequestedState: 9 })).returnValue, 5);
  assert.equal((await end(running, { RequestedState: 4, TimeoutPeriod: { kind: 'interval', microseconds: 1n } })).returnValue, 4_098);
  pair.a.kill();
  pair.a.boot();
  bench.revive();
  const revived = bench.a;
  assert.equal((await bench.get(revived, failed))['ErrorCode'], 32_775);
  assert.equal((await bench.get(revived, running))['JobState'], 4);
  assert.equal((await bench.invoke(revived, running, 'RequestStateChange', { RequestedState: 5 })).returnValue, 4_096);
  assert.equal((await bench.ended(revived, stopping))['JobState'], 8);
});

test('a machine that does not exist, a wrong class and a missing parameter have their own numbers', async () => {
  const { bench, a, call } = await alone('parameters');
  await bench.fails(a, call('StartReplication', { ComputerSystem: machinePath('00000000-0000-4000-8000-00000000dead') }), 32_779, /no virtual machine/);
  await bench.fails(a, call('StartReplication', { ComputerSystem: machinePath('A') }), 32_773, /the host itself/);
  await bench.fails(a, call('StartReplication', { ComputerSystem: servicePath('Msvm_ReplicationService', 'A') }), 32_776, /Msvm_ComputerSystem is expected/);
  await bench.fails(a, call('StartReplication'), 32_773, /ComputerSystem cannot be null/);
  await bench.fails(a, bench.call(a, 'StartReplication', { InitialReplicationType: 9 }), 32_773, /InitialReplicationType cannot be 9/);
  await bench.fails(a, bench.call(a, 'StartReplication', { InitialReplicationType: 2 }), 32_773, /InitialReplicationExportLocation/);
});

test('what a machine has nothing for is answered by its number: a seed without a copy, media that nobody awaits, a change of mode without a third host', async () => {
  const { bench, a, call } = await alone('later');
  await bench.fails(a, bench.call(a, 'StartReplication', { InitialReplicationType: 3 }), 32_773, /no copy of it to start from/);
  await bench.fails(a, bench.call(a, 'ImportInitialReplica', { InitialReplicationImportLocation: '/media' }), 32_775, /no media can be imported/);
  await bench.fails(a, bench.call(a, 'ImportInitialReplica'), 32_773, /InitialReplicationImportLocation/);
  await bench.fails(a, bench.call(a, 'ChangeReplicationModeToPrimary'), 32_775, /not possible here/);
  await bench.fails(a, call('ImportInitialReplica', { ComputerSystem: machinePath('00000000-0000-4000-8000-00000000dead') }), 32_779, /no virtual machine/);
});

test('a relationship is removed on either side, once', async () => {
  const bench = await CimBench.replicating('remove');
  const { a, b } = bench;
  await bench.succeeds(a, bench.call(a, 'RemoveReplicationRelationshipEx', { ReplicationRelationship: await bench.text(a, instancePath('Msvm_ReplicationRelationship', bench.pair.machineId)) }));
  assert.equal(bench.state(a), undefined);
  await bench.fails(a, bench.call(a, 'RemoveReplicationRelationship'), 32_775, /not replicated/);
  await bench.succeeds(b, bench.call(b, 'RemoveReplicationRelationship'));
  assert.equal((await bench.get(b, bench.machine))['ReplicationState'], 0);
});

test('a summary tells what was asked for, of all machines or of those that are named', async () => {
  const bench = await CimBench.replicating('summary');
  const { a, b, pair } = bench;
  const service = (at: CimHost) => servicePath('Msvm_VirtualSystemManagementService', at.simulated.name);
  const summaries = async (at: CimHost, parameters: object) => ((await bench.invoke(at, service(at), 'GetSummaryInformation', { ...parameters }, VIEWER)).out.get('SummaryInformation') as CimInstance[]).map(({ properties }) => Object.fromEntries(properties));
  const [one] = await summaries(a, { RequestedInformation: [0, 1, 4, 100, 103, 105, 114, 115] });
  assert.deepEqual([one!['Name'], one!['ElementName'], one!['NumberOfProcessors'], one!['EnabledState'], one!['MemoryUsage'], one!['UpTime'], one!['ReplicationMode'], one!['ReplicationState'], one!['OperationalStatus']], [pair.machineId.toUpperCase(), 'vm', 1, 2, 64n, 1_000n, 1, 3, null]);
  const [replica] = await summaries(b, { SettingData: [instancePath('Msvm_VirtualSystemSettingData', pair.machineId)], RequestedInformation: [107] });
  assert.ok((replica!['Snapshots'] as CimInstance[]).length > 1);
  const [point] = await summaries(b, { SettingData: [instancePath('Msvm_VirtualSystemSettingData', b.simulated.state.points(pair.machineId)[0]!.id)] });
  assert.notEqual(point!['CreationTime'], null);
  const { returnValue } = await bench.invoke(a, service(a), 'GetSummaryInformation', { RequestedInformation: [999] });
  assert.equal(returnValue, 32_773);
});
