/** Stories of a host that sends much: bandwidth by the clock, turns of transfers and of resynchronizations, and who need not wait. */
import { inEnglish } from '../../src/language/text.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { transition, update } from '../../src/engine/transition.ts';
import { CLUSTER_BYTES } from '../../src/extents/extent.ts';
import type { SimulatedHost } from '../../src/simulation/host.ts';
import { Pair } from '../../src/simulation/pair.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

async function replicating(seed: string, disks: Readonly<Record<string, number>> = { a: 12, b: 5 }, cycleIntervalMs = 20_000): Promise<Pair> {
  const pair = new Pair({ seed, disks });
  await pair.enable({ additional: { cycleIntervalMs } });
  await pair.done(pair.a, 'start');
  await pair.done(pair.a, 'initial');
  await pair.pass(MINUTE_MS);
  return pair;
}

const engineOf = (host: SimulatedHost) => host.engine!.host;
const stateOf = (pair: Pair): number => pair.relationshipOn(pair.a)!.state;
const durationMs = (pair: Pair): number => pair.relationshipOn(pair.a)!.lastCycle!.durationMs;

function writeAll(pair: Pair): number {
  let bytes = 0;
  for (const [disk, clusters] of Object.entries(pair.disks)) {
    for (let cluster = 0; cluster < clusters; cluster++) {
      pair.write(pair.a, disk, cluster);
      bytes += CLUSTER_BYTES;
    }
  }
  return bytes;
}

/** Somebody else has the turns; the answer gives them back. */
async function taken(pair: Pair, kind: 'transferring' | 'resynchronizing', count: number): Promise<() => void> {
  const held = Promise.withResolvers<undefined>();
  const relationship = pair.relationshipOn(pair.a)!;
  const { traffic } = engineOf(pair.a);
  const signal = new AbortController().signal;
  for (let i = 0; i < count; i++) {
    const other = { ...relationship, id: `other-${i}`, machineId: `other-${i}` };
    if (kind === 'transferring') void traffic.transferring(other, false, signal, () => held.promise);
    else void traffic.resynchronizing(other, signal, () => held.promise);
  }
  await pair.pass(10);
  return () => held.resolve(undefined);
}

test('a limit of the bandwidth holds for what is sent, by the time of day, and a change counts while it is sent', async () => {
  const pair = await replicating('bandwidth', { a: 80 }, 10 * HOUR_MS);
  const bytes = writeAll(pair);
  await pair.done(pair.a, 'cycle');
  assert.ok(durationMs(pair) < 5_000, `${durationMs(pair)} ms without a limit`);
  pair.a.traffic = { ...pair.a.traffic, bandwidth: [{ mbitPerSecond: 1 }] };
  const expectedMs = (bytes * 8) / 1_000;
  writeAll(pair);
  await pair.done(pair.a, 'cycle');
  assert.ok(durationMs(pair) > 0.9 * expectedMs && durationMs(pair) < 1.2 * expectedMs, `${durationMs(pair)} ms, expected ${expectedMs}`);
  writeAll(pair);
  const cycle = pair.done(pair.a, 'cycle');
  await pair.pass(5_000);
  pair.a.traffic = { ...pair.a.traffic, bandwidth: [] };
  await cycle;
  assert.ok(durationMs(pair) < 12_000, `${durationMs(pair)} ms when the limit went after five seconds`);
});

test('a window that opens, across midnight too, slows down what is under way, and a relationship\'s own limit counts besides', async () => {
  const pair = await replicating('windows', { a: 80 }, 10 * HOUR_MS);
  const hour = (ms: number): string => new Date(ms).toISOString().slice(11, 16);
  pair.a.traffic = { ...pair.a.traffic, bandwidth: [{ from: hour(pair.a.nowMs() + HOUR_MS), until: hour(pair.a.nowMs() - HOUR_MS), mbitPerSecond: 1 }] };
  writeAll(pair);
  await pair.done(pair.a, 'cycle');
  assert.ok(durationMs(pair) < 5_000, `${durationMs(pair)} ms outside of the window`);
  await pair.pass(2 * HOUR_MS);
  writeAll(pair);
  await pair.done(pair.a, 'cycle');
  assert.ok(durationMs(pair) > 30_000, `${durationMs(pair)} ms within it`);
  pair.a.traffic = { ...pair.a.traffic, bandwidth: [] };
  update(engineOf(pair.a), pair.relationshipId, ({ settings }) => ({ settings: { ...settings, additional: { ...settings.additional, bandwidth: [{ mbitPerSecond: 1 }] } } }));
  writeAll(pair);
  await pair.done(pair.a, 'cycle');
  assert.ok(durationMs(pair) > 30_000, `${durationMs(pair)} ms by its own limit`);
});

test('a cycle waits for its turn, says for what, and goes on by itself', async () => {
  const pair = await replicating('turns');
  pair.a.traffic = { ...pair.a.traffic, transfers: 2 };
  const giveBack = await taken(pair, 'transferring', 2);
  const before = pair.relationshipOn(pair.a)!.newestPointId;
  pair.write(pair.a, 'a', 1);
  await pair.pass(5 * MINUTE_MS);
  assert.equal(pair.relationshipOn(pair.a)!.newestPointId, before);
  assert.match(inEnglish(engineOf(pair.a).traffic.waitingFor(pair.relationshipId) ?? ''), /waits for its turn: .* at most 2 machines at once, now other-0, other-1/);
  assert.equal(pair.relationshipOn(pair.a)!.failures, 0, 'waiting is no failure');
  giveBack();
  await pair.pass(MINUTE_MS);
  assert.notEqual(pair.relationshipOn(pair.a)!.newestPointId, before);
  assert.equal(engineOf(pair.a).traffic.waitingFor(pair.relationshipId), null);
});

test('a raised maximum of transfers lets those begin that wait', async () => {
  const pair = await replicating('raised');
  pair.a.traffic = { ...pair.a.traffic, transfers: 1 };
  await taken(pair, 'transferring', 1);
  const before = pair.relationshipOn(pair.a)!.newestPointId;
  pair.write(pair.a, 'a', 1);
  await pair.pass(MINUTE_MS);
  assert.equal(pair.relationshipOn(pair.a)!.newestPointId, before);
  pair.a.traffic = { ...pair.a.traffic, transfers: 2 };
  engineOf(pair.a).traffic.changed();
  await pair.pass(MINUTE_MS);
  assert.notEqual(pair.relationshipOn(pair.a)!.newestPointId, before);
});

test('a planned failover stands in no line: its guest is off meanwhile', async () => {
  const pair = await replicating('planned');
  pair.a.traffic = { ...pair.a.traffic, transfers: 1 };
  await taken(pair, 'transferring', 1);
  const job = await pair.job(pair.a, 'planned');
  assert.equal(job.state, 'completed', job.error?.message);
});

test('a long copy lets a cycle go before it, and goes on after it', async () => {
  const pair = await replicating('slices', { a: 200 });
  pair.a.traffic = { ...pair.a.traffic, transfers: 1, bandwidth: [{ mbitPerSecond: 2 }] };
  transition(engineOf(pair.a), pair.relationshipId, 'suspend');
  writeAll(pair);
  transition(engineOf(pair.a), pair.relationshipId, 'resynchronize');
  await pair.pass(10_000);
  assert.equal(stateOf(pair), 10);
  const relationship = pair.relationshipOn(pair.a)!;
  let wentAtMs = -1;
  const askedMs = pair.time.nowMs;
  const other = engineOf(pair.a).traffic.transferring({ ...relationship, id: 'other', machineId: 'other' }, false, new AbortController().signal, async () => {
    wentAtMs = pair.time.nowMs - askedMs;
  });
  await pair.pass(10_000);
  assert.ok(wentAtMs >= 0 && wentAtMs < 8_000, `the other went after ${wentAtMs} ms`);
  await other;
  await pair.pass(2 * MINUTE_MS);
  assert.equal(stateOf(pair), 3);
  await pair.done(pair.a, 'cycle');
  await pair.properties.check();
  pair.properties.newestPointIsTheDisks(pair.a);
});

test('a resynchronization waits while as many as allowed are under way, and says so; suspending it leaves the line', async () => {
  const pair = await replicating('stampede');
  pair.a.traffic = { ...pair.a.traffic, resynchronizations: 1 };
  const giveBack = await taken(pair, 'resynchronizing', 1);
  transition(engineOf(pair.a), pair.relationshipId, 'suspend');
  transition(engineOf(pair.a), pair.relationshipId, 'resynchronize');
  await pair.pass(5 * MINUTE_MS);
  assert.equal(stateOf(pair), 10);
  assert.match(inEnglish(engineOf(pair.a).traffic.waitingFor(pair.relationshipId) ?? ''), /this host resynchronizes at most 1 machines at once, now other-0/);
  transition(engineOf(pair.a), pair.relationshipId, 'suspendResync');
  await pair.pass(1_000);
  assert.equal(engineOf(pair.a).traffic.waitingFor(pair.relationshipId), null);
  transition(engineOf(pair.a), pair.relationshipId, 'continueResync');
  await pair.pass(1_000);
  giveBack();
  await pair.pass(2 * MINUTE_MS);
  assert.equal(stateOf(pair), 3);
});
