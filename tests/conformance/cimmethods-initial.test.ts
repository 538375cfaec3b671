/** The first copy over CIM: what it begins with, and when. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CimBench } from './cimbench.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

test('StartReplication with a StartTime begins then, not before, also when the daemon was restarted meanwhile', async () => {
  const bench = await CimBench.enabled('at');
  const { pair } = bench;
  const StartTime = { kind: 'timestamp', epochMs: bench.a.simulated.nowMs() + HOUR_MS, micros: 0 } as const;
  assert.equal((await bench.call(bench.a, 'StartReplication', { InitialReplicationType: 1, StartTime })).returnValue, 0);
  await pair.pass(HOUR_MS / 2);
  assert.equal(bench.state(bench.a), 1);
  pair.a.kill();
  pair.a.boot();
  bench.revive();
  await pair.pass(HOUR_MS / 2 + 120_000);
  assert.equal(bench.state(bench.a), 3);
});

test('a start in the past, or further away than seven days, is rejected, and nothing is scheduled', async () => {
  const bench = await CimBench.enabled('far');
  const at = (epochMs: number) => bench.call(bench.a, 'StartReplication', { StartTime: { kind: 'timestamp', epochMs, micros: 0 } });
  const nowMs = bench.a.simulated.nowMs();
  for (const epochMs of [nowMs + 7 * DAY_MS + HOUR_MS, nowMs - HOUR_MS]) await bench.fails(bench.a, at(epochMs), 32_773, /seven days/);
  assert.equal(bench.pair.relationshipOn(bench.pair.a)!.startsAtMs ?? null, null);
});

test('a scheduled start is taken back by state 1 and then does not come', async () => {
  const bench = await CimBench.enabled('back');
  const StartTime = { kind: 'timestamp', epochMs: bench.a.simulated.nowMs() + HOUR_MS, micros: 0 } as const;
  assert.equal((await bench.call(bench.a, 'StartReplication', { StartTime })).returnValue, 0);
  await bench.succeeds(bench.a, bench.invoke(bench.a, bench.machine, 'RequestReplicationStateChange', { RequestedState: 1 }));
  await bench.pair.pass(2 * HOUR_MS);
  assert.equal(bench.state(bench.a), 1);
  await bench.fails(bench.a, bench.invoke(bench.a, bench.machine, 'RequestReplicationStateChange', { RequestedState: 1 }), 32_775, /under way or scheduled/);
});

test('StartReplication 2 exports, the state is 2 on both hosts until ImportInitialReplica makes it 3', async () => {
  const bench = await CimBench.enabled('media');
  const { a, b, pair } = bench;
  await pair.job(pair.a, 'start');
  await bench.succeeds(a, bench.call(a, 'StartReplication', { InitialReplicationType: 2, InitialReplicationExportLocation: '/media' }));
  assert.deepEqual([bench.state(a), bench.state(b)], [2, 2]);
  await bench.fails(a, bench.invoke(a, bench.machine, 'RequestReplicationStateChange', { RequestedState: 1 }), 32_775, /the export has finished/);
  await pair.a.media.carryTo(pair.b.media);
  await bench.succeeds(b, bench.call(b, 'ImportInitialReplica', { InitialReplicationImportLocation: '/media' }));
  assert.equal(bench.state(b), 3);
  await pair.pass(60_000);
  assert.equal(bench.state(a), 3);
});

test('an export to a directory that is not there, and an import of what is not awaited, fail and change nothing', async () => {
  const bench = await CimBench.enabled('nowhere');
  const { a, b } = bench;
  const exporting = await bench.call(a, 'StartReplication', { InitialReplicationType: 2, InitialReplicationExportLocation: '/nowhere' });
  assert.equal(exporting.returnValue, 4_096);
  await bench.pair.pass(2_000);
  assert.equal(bench.pair.a.state.jobs().find(({ kind }) => kind === 'export')?.error?.code, 'media-missing');
  await bench.fails(a, bench.call(a, 'ImportInitialReplica', { InitialReplicationImportLocation: '/media' }), 32_775, /no media can be imported/);
  assert.deepEqual([bench.state(a), bench.state(b)], [1, 2]);
});
