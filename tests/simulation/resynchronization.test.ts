/** Stories of resynchronizations: begun by hand, at a moment, in a window, by themselves; suspended, cancelled, and what they leave alone. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cancelResynchronization, startAt } from '../../src/engine/starts.ts';
import { transition, update } from '../../src/engine/transition.ts';
import { Fault } from '../../src/errors/fault.ts';
import type { SimulatedHost } from '../../src/simulation/host.ts';
import { Pair } from '../../src/simulation/pair.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

async function replicating(seed: string): Promise<Pair> {
  const pair = new Pair({ seed });
  await pair.enable({ recoveryHistory: 3 });
  await pair.done(pair.a, 'start');
  await pair.done(pair.a, 'initial');
  await pair.pass(MINUTE_MS);
  return pair;
}

/** The record of changes is lost: QEMU died, and its bitmaps with it. */
async function loseTracking(pair: Pair): Promise<void> {
  pair.a.hypervisor.losePower();
  await pair.done(pair.a, 'start');
  pair.write(pair.a, 'a', 2);
}

const engineOf = (host: SimulatedHost) => host.engine!.host;
const stateOf = (pair: Pair): number => pair.relationshipOn(pair.a)!.state;
const numbersOf = (pair: Pair): (number | null)[] => pair.a.state.events(0, 1_000).map(({ number }) => number);
const set = (pair: Pair, change: object): void => void update(engineOf(pair.a), pair.relationshipId, ({ settings }) => ({ settings: { ...settings, ...change } }));

async function isTheSame(pair: Pair): Promise<void> {
  assert.equal(stateOf(pair), 3);
  await pair.agrees();
}

test('a lost record of changes leads to a resynchronization by itself, which has its events and keeps the recovery points', async () => {
  const pair = await replicating('by itself');
  await pair.pass(5 * MINUTE_MS);
  const before = pair.b.state.points(pair.machineId).map(({ id }) => id);
  await loseTracking(pair);
  await pair.pass(MINUTE_MS);
  await isTheSame(pair);
  const numbers = numbersOf(pair);
  assert.ok(numbers.indexOf(29242) >= 0 && numbers.indexOf(29244) > numbers.indexOf(29242), String(numbers));
  const after = pair.b.state.points(pair.machineId).map(({ id }) => id);
  assert.ok(before.filter((id) => after.includes(id)).length >= before.length - 3, `${before.length} points before, ${after.length} after`);
});

test('a resynchronization that is scheduled begins at its moment and not before, though the daemon was started again meanwhile', async () => {
  const pair = await replicating('scheduled');
  transition(engineOf(pair.a), pair.relationshipId, 'suspend');
  startAt(engineOf(pair.a), pair.relationshipId, 'resynchronize', pair.a.nowMs() + HOUR_MS);
  await pair.pass(HOUR_MS / 2);
  pair.a.kill();
  pair.a.boot();
  await pair.pass(HOUR_MS / 2 - MINUTE_MS);
  assert.equal(stateOf(pair), 7);
  await pair.pass(3 * MINUTE_MS);
  assert.equal(pair.relationshipOn(pair.a)!.startsAtMs, null);
  assert.ok(numbersOf(pair).includes(29242));
  await isTheSame(pair);
});

test('a moment that passed while the daemon was down is made good as soon as it is up', async () => {
  const pair = await replicating('late');
  transition(engineOf(pair.a), pair.relationshipId, 'suspend');
  startAt(engineOf(pair.a), pair.relationshipId, 'resynchronize', pair.a.nowMs() + HOUR_MS);
  pair.a.kill();
  await pair.pass(2 * HOUR_MS);
  pair.a.boot();
  await pair.pass(2 * MINUTE_MS);
  assert.ok(numbersOf(pair).includes(29242));
  await isTheSame(pair);
});

test('a moment that is past, or more than seven days ahead, is no start', async () => {
  const pair = await replicating('moments');
  transition(engineOf(pair.a), pair.relationshipId, 'suspend');
  for (const aheadMs of [-1, 7 * DAY_MS + 1_000, NaN, Infinity]) {
    assert.throws(() => startAt(engineOf(pair.a), pair.relationshipId, 'resynchronize', pair.a.nowMs() + aheadMs), /seven days/, String(aheadMs));
  }
  startAt(engineOf(pair.a), pair.relationshipId, 'resynchronize', pair.a.nowMs() + 7 * DAY_MS - 1_000);
});

test('nothing is scheduled while the machine replicates, and a resume forgets what was scheduled', async () => {
  const pair = await replicating('forgotten');
  const at = () => pair.a.nowMs() + 10 * MINUTE_MS;
  assert.throws(() => startAt(engineOf(pair.a), pair.relationshipId, 'resynchronize', at()), /can be scheduled/);
  transition(engineOf(pair.a), pair.relationshipId, 'suspend');
  startAt(engineOf(pair.a), pair.relationshipId, 'resynchronize', at());
  transition(engineOf(pair.a), pair.relationshipId, 'resume');
  transition(engineOf(pair.a), pair.relationshipId, 'suspend');
  await pair.pass(HOUR_MS);
  assert.equal(stateOf(pair), 7);
});

test('a scheduled resynchronization that is cancelled does not begin', async () => {
  const pair = await replicating('cancelled before');
  transition(engineOf(pair.a), pair.relationshipId, 'suspend');
  startAt(engineOf(pair.a), pair.relationshipId, 'resynchronize', pair.a.nowMs() + 10 * MINUTE_MS);
  cancelResynchronization(engineOf(pair.a), pair.relationshipId);
  await pair.pass(HOUR_MS);
  assert.equal(stateOf(pair), 7);
});

test('in its window a resynchronization begins by itself, across midnight too, and not outside of it', async () => {
  const pair = await replicating('window');
  set(pair, { intervalSeconds: 900, additional: {}, declared: { autoResynchronize: true, resynchronizeFromSeconds: 23 * 3_600, resynchronizeUntilSeconds: 3_600 } });
  const untilHour = async (hour: number): Promise<void> => {
    const sinceMidnightMs = pair.a.nowMs() % DAY_MS;
    await pair.pass((hour * HOUR_MS - sinceMidnightMs + DAY_MS) % DAY_MS);
  };
  await untilHour(2);
  await loseTracking(pair);
  await pair.pass(MINUTE_MS);
  assert.equal(stateOf(pair), 9);
  await untilHour(22.9);
  assert.equal(stateOf(pair), 9);
  await pair.pass(10 * MINUTE_MS);
  await isTheSame(pair);
  await untilHour(0.5);
  await loseTracking(pair);
  await pair.pass(3 * MINUTE_MS);
  await isTheSame(pair);
});

test('with the manual setting it waits until somebody asks', async () => {
  const pair = await replicating('manual');
  set(pair, { additional: { ...pair.relationshipOn(pair.a)!.settings.additional, resynchronization: 'manual' } });
  await loseTracking(pair);
  await pair.pass(HOUR_MS);
  assert.equal(stateOf(pair), 9);
  await pair.done(pair.a, 'resynchronize');
  await isTheSame(pair);
});

/** State 10, with everything brought and nothing sealed. */
async function stuck(pair: Pair): Promise<void> {
  transition(engineOf(pair.a), pair.relationshipId, 'suspend');
  pair.network.up('B', async (from, method, params) => {
    if (method === 'seal') throw new Fault('disk-io', 'the replica cannot seal');
    return pair.b.engine!.handle(from, method, params);
  });
  for (const disk of ['a', 'b']) pair.write(pair.a, disk, 1);
  transition(engineOf(pair.a), pair.relationshipId, 'resynchronize');
  await pair.pass(30_000);
  assert.equal(stateOf(pair), 10);
}

const clear = (pair: Pair): void => {
  pair.network.up('B', (from, method, params) => pair.b.engine!.handle(from, method, params));
};

test('a resynchronization that is cancelled leaves nothing on the replica, does not begin by itself, and begins from the start when asked', async () => {
  const pair = await replicating('cancelled');
  await stuck(pair);
  const first = pair.relationshipOn(pair.a)!.attempt!.id;
  const job = pair.a.engine!.jobs.start('resynchronize', pair.machineId, {});
  await pair.pass(1_000);
  cancelResynchronization(engineOf(pair.a), pair.relationshipId);
  clear(pair);
  await pair.pass(HOUR_MS);
  assert.deepEqual([stateOf(pair), pair.relationshipOn(pair.a)!.attempt, pair.relationshipOn(pair.b)!.receiving], [9, null, null]);
  assert.deepEqual([pair.a.state.job(job.id)!.state, pair.a.state.job(job.id)!.error?.code], ['failed', 'cancelled']);
  pair.a.kill();
  pair.a.boot();
  await pair.pass(HOUR_MS);
  assert.equal(stateOf(pair), 9, 'nor after a restart');
  await pair.done(pair.a, 'resynchronize');
  assert.notEqual(pair.relationshipOn(pair.a)!.newestPointId, first);
  await isTheSame(pair);
});

test('a resynchronization that was suspended goes on with the same attempt, and while it is suspended nothing is sent', async () => {
  const pair = await replicating('suspended');
  await stuck(pair);
  const { id } = pair.relationshipOn(pair.a)!.attempt!;
  transition(engineOf(pair.a), pair.relationshipId, 'suspendResync');
  clear(pair);
  await pair.pass(HOUR_MS);
  assert.equal(stateOf(pair), 11);
  assert.equal(pair.relationshipOn(pair.a)!.attempt?.id, id);
  transition(engineOf(pair.a), pair.relationshipId, 'continueResync');
  await pair.pass(2 * MINUTE_MS);
  assert.ok(pair.a.state.events(0, 1_000).some(({ number }) => number === 29244));
  await isTheSame(pair);
});

test('however much changed, no resynchronization is required: the record of changes has one size', async () => {
  const pair = await replicating('everything');
  transition(engineOf(pair.a), pair.relationshipId, 'suspend');
  for (const [disk, clusters] of Object.entries(pair.disks)) for (let cluster = 0; cluster < clusters; cluster++) pair.write(pair.a, disk, cluster);
  await pair.pass(DAY_MS);
  transition(engineOf(pair.a), pair.relationshipId, 'resume');
  await pair.pass(MINUTE_MS);
  assert.ok(!numbersOf(pair).includes(29242));
  await isTheSame(pair);
});
