/** Methods over CIM: the flow of a relationship, as a client drives it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { instancePath, machinePath } from '../../src/providers/objectpaths.ts';
import type { ObjectPath } from '../../src/cim/instance.ts';
import { CimBench, withValue } from './cimbench.ts';

test('a relationship is started, and state 3 on both hosts follows', async () => {
  const bench = await CimBench.enabled('start');
  const { job } = await bench.succeeds(bench.a, bench.call(bench.a, 'StartReplication', { InitialReplicationType: 1 }));
  assert.deepEqual([bench.state(bench.a), bench.state(bench.b), job['JobType']], [3, 3, 94]);
  await bench.fails(bench.a, bench.call(bench.a, 'StartReplication', { InitialReplicationType: 1 }), 32_775, /Allowed now: .*suspend/);
});

test('a failover proceeds while the primary runs, whose guest is held before the other may start', async () => {
  const bench = await CimBench.replicating('failover');
  const { a, b, pair } = bench;
  const points = b.simulated.state.points(pair.machineId);
  await bench.succeeds(b, bench.call(b, 'InitiateFailover', { SnapshotSettingData: instancePath('Msvm_VirtualSystemSettingData', points[0]!.id) }));
  assert.deepEqual([bench.state(b), bench.side(a), bench.state(a)], [5, 'replica', 2]);
  assert.equal(pair.guestOn(pair.a)?.power, 'paused');
  assert.equal(b.simulated.state.relationship(pair.relationshipId)!.failover!.pointId, points[0]!.id);
  assert.equal(pair.guestOn(pair.b), undefined, 'CIM does not boot guests');
  await bench.succeeds(b, bench.invoke(b, bench.machine, 'RequestStateChange', { RequestedState: 2 }));
  assert.ok(pair.isRunning(pair.b));
  await bench.succeeds(b, bench.call(b, 'RevertFailover'));
  assert.deepEqual([bench.state(b), bench.side(a), bench.state(a)], [3, 'primary', 3]);
});

test('after an unplanned failover a reverse needs the commit first, then leads to 1 on the new primary, and only the return set is shipped', async () => {
  const bench = await CimBench.replicating('reverse');
  const { a, b, pair } = bench;
  await bench.succeeds(b, bench.call(b, 'InitiateFailover'));
  await bench.fails(b, bench.call(b, 'ReverseReplicationRelationship'), 32_775, /committed before.*Allowed now: .*commit/);
  await bench.fails(b, bench.call(b, 'ReverseReplicationRelationship', { ReplicationSettingData: 'no settings' }), 32_775, /committed before/);
  await bench.succeeds(b, bench.call(b, 'CommitFailover'));
  assert.equal(bench.state(b), 6);
  await bench.fails(b, bench.call(b, 'RevertFailover'), 32_775, /Allowed now/);
  const settings = await bench.settingsText(b);
  await bench.fails(b, bench.call(b, 'ReverseReplicationRelationship', { ReplicationSettingData: withValue(settings, 'RecoveryConnectionPoint', 'nowhere') }), 32_777, /not paired/);
  await bench.succeeds(b, bench.call(b, 'ReverseReplicationRelationship', { ReplicationSettingData: settings }));
  assert.deepEqual([bench.side(b), bench.state(b), bench.side(a), bench.state(a)], ['primary', 1, 'replica', 2]);
  await bench.succeeds(b, bench.call(b, 'StartReplication', { InitialReplicationType: 1 }));
  assert.deepEqual([bench.state(b), bench.state(a)], [3, 3]);
  const { bytesChanged } = b.simulated.state.relationship(pair.relationshipId)!.lastCycle!;
  assert.ok(bytesChanged < 17 * 65_536, 'not everything travelled');
});

test('a guest that is held because the other host took over can be turned off and not started, and a failback ends it', async () => {
  const bench = await CimBench.replicating('held');
  const { a, b, pair } = bench;
  const power = (state: number) => bench.invoke(a, bench.machine, 'RequestStateChange', { RequestedState: state });
  await bench.succeeds(b, bench.call(b, 'InitiateFailover'));
  assert.equal(pair.guestOn(pair.a)?.power, 'paused');
  for (const state of [2, 4, 9, 11]) await bench.fails(a, power(state), 32_775, /runs this machine now/);
  await bench.succeeds(b, bench.invoke(b, bench.machine, 'RequestStateChange', { RequestedState: 2 }));
  await bench.succeeds(a, bench.call(a, 'InitiateFailback'));
  assert.deepEqual([bench.state(a), pair.guestOn(pair.a)], [14, undefined]);
  await bench.succeeds(a, bench.call(a, 'RevertFailover'));
  await bench.succeeds(b, bench.invoke(b, bench.machine, 'RequestStateChange', { RequestedState: 2 }));
  await bench.succeeds(b, bench.call(b, 'RevertFailover'));
  assert.deepEqual([bench.side(a), bench.state(a)], ['primary', 3]);

  await bench.succeeds(a, power(2));
  await bench.succeeds(b, bench.call(b, 'InitiateFailover'));
  await bench.succeeds(a, power(3));
  assert.equal(pair.guestOn(pair.a), undefined);
  await bench.fails(a, power(3), 32_775, /runs this machine now/);
});

test('a planned failover is prepared, cancelled, prepared again, failed over as planned and reversed directly to 3', async () => {
  const bench = await CimBench.replicating('planned');
  const { a, b, pair } = bench;
  const request = (state: number) => bench.invoke(a, bench.machine, 'RequestReplicationStateChange', { RequestedState: state });
  await bench.fails(a, request(4), 32_775, /while the guest is off/);
  await bench.succeeds(a, bench.invoke(a, bench.machine, 'RequestStateChange', { RequestedState: 4 }));
  await bench.succeeds(a, request(4));
  assert.deepEqual([bench.state(a), bench.state(b), pair.isRunning(pair.a)], [4, 3, false]);
  await bench.fails(a, bench.invoke(a, bench.machine, 'RequestStateChange', { RequestedState: 2 }), 32_775, /planned failover/);
  await bench.succeeds(a, request(3));
  assert.equal(bench.state(a), 3);
  await bench.succeeds(a, request(4));
  await bench.succeeds(b, bench.call(b, 'InitiateFailover'));
  const { FailedOverReplicationType } = await bench.get(b, machinePath(pair.machineId));
  assert.deepEqual([bench.state(b), bench.state(a), FailedOverReplicationType], [5, 4, 3]);
  await bench.succeeds(b, bench.call(b, 'ReverseReplicationRelationship'));
  assert.deepEqual([bench.side(b), bench.state(b), bench.side(a), bench.state(a)], ['primary', 3, 'replica', 3]);
});

test('a planned failover that names the planned point is a planned one too', async () => {
  const bench = await CimBench.replicating('planned-point');
  const { a, b, pair } = bench;
  await bench.succeeds(a, bench.invoke(a, bench.machine, 'RequestStateChange', { RequestedState: 3 }));
  await bench.succeeds(a, bench.invoke(a, bench.machine, 'RequestReplicationStateChangeEx', { RequestedState: 4 }));
  const newest = b.simulated.state.points(pair.machineId).at(-1)!;
  await bench.succeeds(b, bench.call(b, 'InitiateFailover', { SnapshotSettingData: instancePath('Msvm_VirtualSystemSettingData', newest.id) }));
  assert.equal(b.simulated.state.relationship(pair.relationshipId)!.failover!.planned, true);
});

test('a test replica is named by the answer already, and only such a machine can be destroyed', async () => {
  const bench = await CimBench.replicating('test-replica');
  const { a, b } = bench;
  await bench.fails(a, bench.call(a, 'TestReplicaSystem'), 32_775, /replica/);
  const { out } = await bench.succeeds(b, bench.call(b, 'TestReplicaSystem'));
  const copy = out.get('ResultingSystem') as ObjectPath;
  const { ReplicationMode, ElementName, EnabledState } = await bench.get(b, copy);
  assert.deepEqual([ReplicationMode, ElementName, EnabledState], [3, 'vm - Test', 3]);
  const linked = await bench.within(b.manager.associators({ name: 'ada', role: 'administrator', from: 'test' }, bench.machine, { associationClass: 'Msvm_ReplicaSystemDependency' }), 'associators');
  assert.equal(linked.length, 1);
  await bench.fails(b, bench.call(b, 'TestReplicaSystem'), 32_775, /one at a time.*Allowed now: test-end/);
  await bench.fails(b, bench.call(b, 'RemoveReplicationRelationship'), 32_775, /test failover/);
  await bench.succeeds(b, bench.invoke(b, copy, 'RequestStateChange', { RequestedState: 2 }));
  const destroy = (system: ObjectPath) => bench.invoke(b, { ...b.service, className: 'Msvm_VirtualSystemManagementService', keys: new Map([['Name', 'vmms']]) }, 'DestroySystem', { AffectedSystem: system });
  await bench.fails(b, destroy(bench.machine), 5, /only such a copy/);
  await bench.succeeds(b, destroy(copy));
  assert.equal(b.simulated.state.relationship(bench.pair.relationshipId)!.testCopy, null);
  await bench.fails(b, destroy(copy), 4, /no virtual machine/);
});

test('initial replication is stopped, replication suspended and resumed, on either side', async () => {
  const bench = await CimBench.enabled('states');
  const { a, b, pair } = bench;
  const request = (state: number, at = a) => bench.invoke(at, bench.machine, 'RequestReplicationStateChange', { RequestedState: state });
  await bench.fails(a, request(1), 32_775, /Allowed now: .*start-replication/);
  pair.network.cut('A', 'B');
  const starting = await bench.call(a, 'StartReplication');
  assert.equal(starting.returnValue, 4_096);
  await bench.succeeds(a, request(1));
  assert.equal(bench.state(a), 1);
  pair.network.heal();
  await bench.succeeds(a, request(2));
  assert.equal(bench.state(a), 3);
  await bench.succeeds(a, request(7));
  assert.equal(bench.state(a), 7);
  await bench.fails(a, request(7), 32_775, /Allowed now: .*resume/);
  await bench.succeeds(a, request(3));
  assert.equal(bench.state(a), 3);
  await bench.succeeds(b, request(7, b));
  assert.equal(bench.state(b), 7);
  await bench.succeeds(b, request(3, b));
  await bench.fails(a, request(3), 32_775, /Allowed now/);
  await bench.fails(a, request(9), 32_775, /cancel-resynchronization.* is not possible/);
  await bench.fails(a, request(5), 32_773, /RequestedState cannot be 5: allowed is 1, 2, 3, 4, 7, 9/);
});

test('a resynchronization starts after a suspend, is suspended itself, and goes on', async () => {
  const bench = await CimBench.replicating('resync');
  const { a, pair } = bench;
  const request = (state: number) => bench.invoke(a, bench.machine, 'RequestReplicationStateChange', { RequestedState: state });
  await bench.fails(a, bench.call(a, 'Resynchronize'), 32_775, /Allowed now: .*suspend/);
  await bench.succeeds(a, request(7));
  pair.network.cut('A', 'B');
  assert.equal((await bench.call(a, 'Resynchronize')).returnValue, 4_096);
  await pair.pass(1_000);
  assert.equal(bench.state(a), 10);
  await bench.succeeds(a, request(7));
  assert.equal(bench.state(a), 11);
  pair.network.heal();
  await bench.succeeds(a, request(3));
  await pair.pass(60_000);
  assert.equal(bench.state(a), 3);
  const later = { kind: 'timestamp', epochMs: a.simulated.nowMs() + 3_600_000, micros: 0 } as const;
  await bench.fails(a, bench.call(a, 'Resynchronize', { StartTime: later }), 32_775, /no resynchronization can be scheduled/);
  await bench.fails(a, bench.call(a, 'Resynchronize', { StartTime: { ...later, epochMs: later.epochMs + 8 * 86_400_000 } }), 32_773, /seven days/);
});

test('a resynchronization is cancelled with state 9, and one with a StartTime begins then', async () => {
  const bench = await CimBench.replicating('resync at');
  const { a, pair } = bench;
  const request = (state: number) => bench.invoke(a, bench.machine, 'RequestReplicationStateChange', { RequestedState: state });
  await bench.succeeds(a, request(7));
  pair.network.cut('A', 'B');
  assert.equal((await bench.call(a, 'Resynchronize')).returnValue, 4_096);
  await pair.pass(1_000);
  await bench.succeeds(a, request(9));
  assert.equal(bench.state(a), 9);
  pair.network.heal();
  await pair.pass(600_000);
  assert.equal(bench.state(a), 9, 'a cancelled one does not begin by itself');
  const StartTime = { kind: 'timestamp', epochMs: a.simulated.nowMs() + 3_600_000, micros: 0 } as const;
  assert.equal((await bench.call(a, 'Resynchronize', { StartTime })).returnValue, 0);
  await pair.pass(3_500_000);
  assert.equal(bench.state(a), 9);
  await pair.pass(200_000);
  assert.equal(bench.state(a), 3);
});

test('the power of a guest is changed where it belongs, and the last request is told', async () => {
  const bench = await CimBench.replicating('power');
  const { a, b, pair } = bench;
  const request = (state: number, at = a) => bench.invoke(at, bench.machine, 'RequestStateChange', { RequestedState: state });
  await bench.fails(a, request(2), 32_775, /vm is running.*turnOff/);
  await bench.succeeds(a, request(9));
  assert.deepEqual([pair.guestOn(pair.a)?.power, (await bench.get(a, bench.machine))['EnabledState'], (await bench.get(a, bench.machine))['RequestedState']], ['paused', 9, 9]);
  await bench.succeeds(a, request(2));
  await bench.succeeds(a, request(32_768));
  await bench.succeeds(a, request(11));
  assert.ok(pair.isRunning(pair.a));
  await bench.succeeds(a, request(10));
  await bench.succeeds(a, request(4));
  assert.equal(pair.guestOn(pair.a), undefined);
  await bench.fails(a, request(3), 32_775, /vm is off/);
  await bench.succeeds(a, request(2));
  await bench.succeeds(a, request(3));
  for (const state of [2, 3, 9]) await bench.fails(b, request(state, b), 32_775, /replica/);
  for (const state of [1, 6, 32_773]) await bench.fails(a, request(state), 32_775, /RequestedState/);
  await bench.succeeds(a, request(2));
  await pair.job(pair.a, 'cycle');
  assert.equal(bench.state(a), 3, 'resets did not lose the record of changes');
});

test('a recovery point is removed, but not the newest, nor one that a test stands on', async () => {
  const bench = await CimBench.replicating('points');
  const { b, pair } = bench;
  const [first, second, third] = b.simulated.state.points(pair.machineId);
  const destroy = (id: string) => bench.invoke(b, { ...b.service, className: 'Msvm_VirtualSystemSnapshotService', keys: new Map([['Name', 'vssnapsvc']]) }, 'DestroySnapshot', { AffectedSnapshot: instancePath('Msvm_VirtualSystemSettingData', id) });
  const newest = b.simulated.state.points(pair.machineId).at(-1)!;
  await bench.fails(b, destroy(newest.id), 5, /it is the newest/);
  await bench.succeeds(b, bench.call(b, 'TestReplicaSystem', { SnapshotSettingData: instancePath('Msvm_VirtualSystemSettingData', first!.id) }));
  await bench.fails(b, destroy(first!.id), 5, /test failover stands on it/);
  assert.equal((await destroy(second!.id)).returnValue, 0);
  assert.deepEqual(b.simulated.state.points(pair.machineId).map(({ id }) => id).includes(second!.id), false);
  await bench.fails(b, destroy(second!.id), 4, /recovery point/);
  await pair.pass(60_000);
  await bench.succeeds(b, bench.call(b, 'InitiateFailover', { SnapshotSettingData: instancePath('Msvm_VirtualSystemSettingData', third!.id) }));
});

test('a failback is asked where the guest goes home to, ends in 14 and is committed: both hosts in 3 again', async () => {
  const bench = await CimBench.replicating('failback');
  const { a, b, pair } = bench;
  await bench.fails(a, bench.call(a, 'InitiateFailback'), 32_775, /./);
  await bench.succeeds(b, bench.call(b, 'InitiateFailover'));
  await bench.succeeds(b, bench.invoke(b, bench.machine, 'RequestStateChange', { RequestedState: 2 }));
  pair.guestWrites(pair.b);
  await bench.fails(b, bench.call(b, 'InitiateFailback'), 32_775, /./);
  await pair.job(pair.a, 'stop', { force: true });
  await bench.fails(a, bench.call(a, 'InitiateFailback', { RecoveryPointIdentifier: 'yesterday' }), 32_773, /RecoveryPointIdentifier/);
  const { job } = await bench.succeeds(a, bench.call(a, 'InitiateFailback', { ReplicationSettingData: await bench.settingsText(a) }));
  assert.deepEqual([bench.state(a), job['JobType']], [14, 124]);
  await bench.succeeds(a, bench.invoke(a, bench.machine, 'RequestStateChange', { RequestedState: 2 }));
  assert.ok(pair.isRunning(pair.a) && !pair.isRunning(pair.b));
  await bench.succeeds(a, bench.call(a, 'CommitFailover'));
  assert.deepEqual([bench.side(a), bench.state(a), bench.side(b), bench.state(b)], ['primary', 3, 'replica', 3]);
});

test('a failback is reverted in 14, and the other host runs on', async () => {
  const bench = await CimBench.replicating('failback-revert');
  const { a, b, pair } = bench;
  await bench.succeeds(b, bench.call(b, 'InitiateFailover'));
  await pair.job(pair.a, 'stop', { force: true });
  await bench.succeeds(a, bench.call(a, 'InitiateFailback'));
  await bench.succeeds(a, bench.call(a, 'RevertFailover'));
  assert.deepEqual([bench.state(a), bench.state(b), bench.side(b)], [2, 5, 'replica']);
  await bench.succeeds(b, bench.invoke(b, bench.machine, 'RequestStateChange', { RequestedState: 2 }));
});

test('a failback that is under way is ended by its job, and the other host is untouched', async () => {
  const bench = await CimBench.replicating('failback-cancel');
  const { a, b, pair } = bench;
  await bench.succeeds(b, bench.call(b, 'InitiateFailover'));
  await bench.succeeds(b, bench.invoke(b, bench.machine, 'RequestStateChange', { RequestedState: 2 }));
  await pair.job(pair.a, 'stop', { force: true });
  pair.guestOn(pair.b)!.isDeaf = true;
  const asked = await bench.call(a, 'InitiateFailback');
  for (let waits = 0; bench.state(a) !== 13 && waits < 100; waits += 1) await pair.pass(50);
  assert.equal(bench.state(a), 13);
  await bench.fails(a, bench.call(a, 'CommitFailover'), 32_774, /another operation holds vm/);
  assert.equal((await bench.invoke(a, asked.out.get('Job') as ObjectPath, 'RequestStateChange', { RequestedState: 4 })).returnValue, 4_096);
  assert.equal((await bench.ended(a, asked))['JobState'], 8);
  assert.deepEqual([bench.state(a), bench.state(b), pair.isRunning(pair.b)], [2, 5, true]);
});
