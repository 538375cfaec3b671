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
