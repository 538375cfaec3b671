/** The whole way of a machine over WS-Management: real daemons, a real guest, no command of ours but for looking. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { CimClient, machine, point } from './cimclient.ts';
import { Pair } from './pair.ts';
import { until } from './testhost.ts';

const ADDITIONAL = JSON.stringify({ cycleIntervalMs: 2_000, pointIntervalSeconds: 1 });
let pair: Pair;
let a: CimClient;
let b: CimClient;
let id: string;

before(async () => {
  pair = await Pair.open();
  [a, b] = await Promise.all([CimClient.of(pair.a, 'ada', 'administrator'), CimClient.of(pair.b, 'bea', 'administrator')]);
  await pair.define({ rate: 5 });
  id = (await pair.a.machine()).id;
});
after(() => pair.close());

const value = (name: string, text: string): string => `<PROPERTY NAME="${name}" TYPE="string"><VALUE>${text.replaceAll('&', '&amp;').replaceAll('"', '&quot;')}</VALUE></PROPERTY>`;
const settings = (...properties: readonly string[]): string => `<INSTANCE CLASSNAME="Msvm_ReplicationSettingData">${properties.join('')}</INSTANCE>`;
const stateAt = async (client: CimClient): Promise<[string | null, string | null]> => {
  const { ReplicationState, ReplicationMode } = await client.get('Msvm_ComputerSystem', machine(id).keys);
  return [ReplicationState ?? null, ReplicationMode ?? null];
};
const reaches = (client: CimClient, state: string, mode: string) =>
  until(`state ${state}`, async () => ((await stateAt(client)).join() === `${state},${mode}` ? true : undefined), 40_000, () => stateAt(client));
const request = (client: CimClient, state: number) => client.invoke(machine(id), 'RequestStateChange', { RequestedState: state });

test('a machine is started, enabled and replicated, and its job is polled', async () => {
  await a.done(request(a, 2));
  await (await pair.a.console()).next('wrote');
  const refused = await a.replication('CreateReplicationRelationship', id, { ReplicationSettingData: settings(value('RecoveryConnectionPoint', 'nowhere')) });
  assert.equal(refused.returnValue, 32_777);
  assert.match(String((await a.ended(refused))['ErrorDescription']), /host invite/);
  const wanted = settings(value('RecoveryConnectionPoint', 'host-b'), value('RecoveryHistory', '8'), value('AdditionalSettings', ADDITIONAL));
  await a.done(a.replication('CreateReplicationRelationship', id, { ReplicationSettingData: wanted }));
  assert.deepEqual([await stateAt(a), await stateAt(b)], [['1', '1'], ['2', '2']]);
  await a.done(a.replication('StartReplication', id, { InitialReplicationType: 1 }));
  assert.deepEqual([await stateAt(a), await stateAt(b)], [['3', '1'], ['3', '2']]);
});

test('a test replica has its own GUID and is destroyed, and nothing else can be', async () => {
  await pair.a.nextPoint();
  const outcome = await b.replication('TestReplicaSystem', id);
  const copy = outcome.system!['Name']!;
  await b.done(Promise.resolve(outcome));
  assert.equal((await b.get('Msvm_ComputerSystem', machine(copy).keys))['ReplicationMode'], '3');
  const destroy = (system: string) => b.invoke({ className: 'Msvm_VirtualSystemManagementService', keys: { Name: 'vmms' } }, 'DestroySystem', { AffectedSystem: machine(system) });
  assert.equal((await destroy(id)).returnValue, 5);
  await b.done(destroy(copy));
  assert.equal((await b.instances('Msvm_ComputerSystem')).some(({ Name }) => Name === copy), false);
});

/** A point that holds a known record of the guest, and newer ones that hold more. */
async function chosenPoint(): Promise<{ pointId: string; lastA: number }> {
  const guest = await pair.a.console();
  const { lastA } = await guest.quiet();
  await guest.run('sync');
  await pair.a.run('cycle', 'web1');
  const pointId = await pair.pointThatStays(pair.a.record().relationship!.sequence);
  const since = await guest.position();
  const { number } = await guest.write(5);
  await guest.wrote(number + 5, { since });
  await pair.a.nextPoint();
  return { pointId, lastA };
}

test('a failover holds the guest of the primary, and its revert lets it go on', async () => {
  await b.done(b.replication('InitiateFailover', id));
  assert.deepEqual([await stateAt(b), await stateAt(a)], [['5', '2'], ['2', '2']]);
  assert.equal((await a.get('Msvm_ComputerSystem', machine(id).keys))['EnabledState'], '9');
  assert.equal((await b.get('Msvm_ComputerSystem', machine(id).keys))['EnabledState'], '3');
  assert.equal((await request(a, 2)).returnValue, 32_775);
  await b.done(b.replication('RevertFailover', id));
  await reaches(a, '3', '1');
  assert.deepEqual(await stateAt(b), ['3', '2']);
  await until('the guest goes on', async () => ((await pair.a.machine()).power === 'running' ? true : undefined));
});

test('a failover to a chosen point is committed and reversed, and both hosts hold the same', async () => {
  const { pointId, lastA } = await chosenPoint();
  await b.done(b.replication('InitiateFailover', id, { SnapshotSettingData: point(pointId) }));
  await b.done(request(b, 2));
  const guest = await pair.b.console();
  assert.equal((await guest.verified()).lastA, lastA);
  await guest.next('wrote');
  assert.equal((await b.replication('ReverseReplicationRelationship', id)).returnValue, 32_775);
  await b.done(b.replication('CommitFailover', id));
  assert.deepEqual(await stateAt(b), ['6', '2']);
  const { PrimaryConnectionPoint } = await b.get('Msvm_ReplicationSettingData', { InstanceID: `Microsoft:${id.toUpperCase()}\\HVR` });
  await b.done(b.replication('ReverseReplicationRelationship', id, { ReplicationSettingData: settings(value('RecoveryConnectionPoint', PrimaryConnectionPoint!)) }));
  assert.deepEqual([await stateAt(b), await stateAt(a)], [['1', '1'], ['2', '2']]);
  await b.done(b.replication('StartReplication', id, { InitialReplicationType: 1 }));
  assert.deepEqual([await stateAt(b), await stateAt(a)], [['3', '1'], ['3', '2']]);
  await pair.areIdentical(pair.b, pair.a);
});

test('a planned failover the other way is prepared, taken over and reversed directly to 3', async () => {
  assert.equal((await b.invoke(machine(id), 'RequestReplicationStateChange', { RequestedState: 4 })).returnValue, 32_775, 'the guest runs');
  await b.done(request(b, 4));
  await b.done(b.invoke(machine(id), 'RequestReplicationStateChange', { RequestedState: 4 }));
  assert.deepEqual(await stateAt(b), ['4', '1']);
  await a.done(a.replication('InitiateFailover', id));
  await a.done(a.replication('ReverseReplicationRelationship', id));
  assert.deepEqual([await stateAt(a), await stateAt(b)], [['3', '1'], ['3', '2']]);
});
