/** Test, planned and unplanned failover, revert and commit: who may when, and what is named when one may not. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { transition, update } from '../../src/engine/transition.ts';
import { Fault } from '../../src/errors/fault.ts';
import { Refused } from '../../src/errors/refusal.ts';
import { newestOf } from '../../src/relationship/epoch.ts';
import { Pair } from '../../src/simulation/pair.ts';
import type { SimulatedHost } from '../../src/simulation/host.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

async function failed(pair: Pair, host: SimulatedHost, kind: string, why: RegExp, args: Readonly<Record<string, unknown>> = {}) {
  const job = await pair.job(host, kind, args);
  assert.equal(job.state, 'failed', kind);
  assert.match(job.error!.message, why);
  return job.error!;
}

async function replicating(seed: string): Promise<Pair> {
  const pair = new Pair({ seed });
  await pair.enable({ recoveryHistory: 3 });
  for (const kind of ['start', 'initial', 'cycle']) await pair.done(pair.a, kind);
  return pair;
}

const on = (pair: Pair, host: SimulatedHost) => pair.relationshipOn(host)!;
const heal = (pair: Pair): void => pair.network.heal();

/** Its first compared cluster has been asked for. */
async function resynchronizing(pair: Pair): Promise<void> {
  transition(pair.a.engine!.host, pair.relationshipId, 'requireResync');
  await pair.until(() => on(pair, pair.b).receiving?.kind === 'resync', 'a resynchronization is received');
}

test('a test failover changes no state, mints no epoch, and is remembered with its time though the daemon dies', async () => {
  const pair = await replicating('test');
  const lineage = pair.b.state.machine(pair.machineId)!.lineage;
  await pair.done(pair.b, 'test', { start: true });
  const testedMs = on(pair, pair.b).lastTestMs!;
  assert.ok(Math.abs(testedMs - pair.b.nowMs()) < MINUTE_MS);
  assert.deepEqual([on(pair, pair.b).state, pair.b.state.machine(pair.machineId)!.lineage], [3, lineage]);
  const points = pair.b.state.points(pair.machineId).length;
  await pair.done(pair.a, 'cycle');
  assert.ok(pair.b.state.points(pair.machineId).length >= points, 'replication goes on');
  pair.b.kill();
  await pair.pass(1_000);
  pair.b.boot();
  await failed(pair, pair.b, 'test', /there already: one at a time/);
  await pair.done(pair.b, 'testEnd');
  assert.deepEqual([on(pair, pair.b).lastTestMs, on(pair, pair.b).testCopy], [testedMs, null]);
});

test('no test failover is made before the first recovery point, on the primary, or while the disks are compared', async () => {
  const pair = new Pair({ seed: 'untestable' });
  await pair.enable();
  await failed(pair, pair.b, 'test', /needs a replica with recovery points \(vm: Initial replication in progress \(state 2, replica\)\)/);
  for (const kind of ['start', 'initial', 'cycle']) await pair.done(pair.a, kind);
  await failed(pair, pair.a, 'test', /needs a replica/);
  await resynchronizing(pair);
  await failed(pair, pair.b, 'test', /while the disks are compared/);
  await pair.until(() => on(pair, pair.a).state === 3, 'resynchronized');
  await pair.done(pair.b, 'test');
});

test('a test failover that cannot be made leaves nothing behind', async () => {
  const pair = await replicating('leaves-nothing');
  pair.b.files.isFull = true;
  await failed(pair, pair.b, 'test', /space/);
  pair.b.files.isFull = false;
  assert.deepEqual([on(pair, pair.b).testCopy, pair.b.state.machines().length], [null, 1]);
  await pair.done(pair.b, 'test');
});

test('a planned failover names what does not hold while the guest runs on: the replica\'s state, the way back, a paused guest', async () => {
  const pair = await replicating('prerequisites');
  transition(pair.b.engine!.host, pair.relationshipId, 'suspend');
  const { code } = await failed(pair, pair.a, 'planned', /B cannot take vm over; its side is in: Suspended \(state 7, replica\)/, { start: true });
  assert.equal(code, 'readiness-failed');
  transition(pair.b.engine!.host, pair.relationshipId, 'resume');
  await pair.done(pair.a, 'pause');
  await failed(pair, pair.a, 'planned', /is paused: it cannot shut down/, { start: true });
  await pair.done(pair.a, 'goOn');
  assert.ok(pair.isRunning(pair.a));
  pair.a.admits = () => ({ isAdmitted: false, why: 'no-entry' });
  await failed(pair, pair.a, 'planned', /A takes no replicas from B, so replication could not be reversed/, { start: true });
  await failed(pair, pair.a, 'planned', /could not be reversed/, { start: true, reverse: true, force: true });
  assert.ok(pair.isRunning(pair.a));
  await pair.done(pair.a, 'planned', { start: true, force: true });
  assert.equal(on(pair, pair.b).state, 5);
});

test('while replication fails no guest is shut down for a planned failover: a cycle has to succeed first', async () => {
  const pair = await replicating('unhealthy');
  update(pair.a.engine!.host, pair.relationshipId, () => ({ failures: 3, lastFault: { code: 'disk-io', message: 'x', hint: '', atMs: 0 } }));
  pair.network.up('B', async (from, method, params) => {
    if (method === 'seal') throw new Fault('disk-io', 'the replica cannot seal');
    return pair.b.engine!.handle(from, method, params);
  });
  pair.write(pair.a, 'a', 1);
  await failed(pair, pair.a, 'planned', /cannot seal/, { start: true });
  assert.deepEqual([pair.isRunning(pair.a), on(pair, pair.a).token, on(pair, pair.a).state], [true, null, 3]);
});

test('one failover at a time: an unplanned one is refused while a planned one is under way', async () => {
  const pair = await replicating('one-at-a-time');
  const { id } = pair.a.engine!.jobs.start('planned', pair.machineId, { start: true });
  await pair.until(() => on(pair, pair.b).token !== null && !pair.isRunning(pair.a), 'the guest is off');
  await failed(pair, pair.b, 'unplanned', /a planned failover of vm is under way on A: one at a time/, { start: true });
  await pair.until(() => pair.a.state.job(id)!.state === 'completed', 'the planned one ends well');
  assert.equal(on(pair, pair.b).failover!.planned, true);
});

test('a planned failover that comes while the replica seals a cycle slowly goes on from the point that this becomes', async (t) => {
  const pair = await replicating('slow-seal');
  const { layers, clock } = pair.b.engine!.host;
  const seal = layers.seal.bind(layers);
  let isSealing = false;
  t.mock.method(layers, 'seal', async (...args: Parameters<typeof seal>) => {
    if (!isSealing) {
      isSealing = true;
      await clock.sleep(5_000);
    }
    return seal(...args);
  });
  pair.write(pair.a, 'a', 1);
  pair.a.engine!.jobs.start('cycle', pair.machineId, {});
  await pair.until(() => isSealing, 'the replica seals');
  await pair.done(pair.a, 'planned', { start: true });
  assert.deepEqual([on(pair, pair.b).state, on(pair, pair.b).failover!.planned], [5, true]);
  await pair.properties.check();
  await pair.done(pair.b, 'reverse');
  await pair.agrees();
});

test('a prepared failover is cancelled on the primary; on the replica that is refused, and without the other host only by force', async () => {
  const pair = await replicating('cancel');
  await pair.done(pair.a, 'stop', { force: true });
  await pair.done(pair.a, 'preparePlanned');
  assert.equal(on(pair, pair.a).state, 4);
  await failed(pair, pair.b, 'cancelPlanned', /cancelled on its primary, A/);
  pair.cutOff();
  const { code } = await failed(pair, pair.a, 'cancelPlanned', /./);
  assert.equal(code, 'peer-unreachable');
  const before = newestOf(pair.a.state.machine(pair.machineId)!.lineage).number;
  await pair.done(pair.a, 'cancelPlanned', { force: true });
  assert.deepEqual([on(pair, pair.a).state, newestOf(pair.a.state.machine(pair.machineId)!.lineage).number], [3, before + 1]);
  heal(pair);
  await pair.done(pair.a, 'start');
  await pair.done(pair.a, 'cycle');
});

/** The pair in that state of the primary. */
const STATES: Readonly<Record<string, (pair: Pair) => Promise<void>>> = {
  'suspended on both hosts (7)': async (pair) => {
    for (const host of pair.hosts) transition(host.engine!.host, pair.relationshipId, 'suspend');
  },
  'critical on both hosts (8)': async (pair) => {
    for (const host of pair.hosts) transition(host.engine!.host, pair.relationshipId, 'failHard');
  },
  'waiting for a resynchronization (9)': async (pair) => {
    pair.cutOff();
    transition(pair.a.engine!.host, pair.relationshipId, 'requireResync');
  },
  'resynchronizing (10)': resynchronizing,
  'resynchronization suspended (11)': async (pair) => {
    await resynchronizing(pair);
    transition(pair.a.engine!.host, pair.relationshipId, 'suspendResync');
    await pair.pass(2_000);
    assert.equal(on(pair, pair.a).state, 11);
  },
};

for (const [state, bring] of Object.entries(STATES)) {
  test(`an unplanned failover is possible when the pair is ${state}: the newest sealed point boots as it was, and reversing is right`, async () => {
    const pair = await replicating(`from ${state}`);
    pair.write(pair.a, 'a', 1);
    await pair.done(pair.a, 'cycle');
    await bring(pair);
    const points = pair.b.state.points(pair.machineId).map(({ id }) => id);
    for (const cluster of [0, 1, 2]) pair.write(pair.a, 'a', cluster);
    pair.properties.mayRunTwice = true;
    await pair.done(pair.b, 'unplanned', { start: true, force: true });
    assert.deepEqual([on(pair, pair.b).state, on(pair, pair.b).receiving, on(pair, pair.b).failover!.pointId], [5, null, points.at(-1)]);
    assert.deepEqual(pair.b.state.points(pair.machineId).map(({ id }) => id), points, 'every sealed point is there');
    await pair.properties.check();
    heal(pair);
    await pair.until(() => on(pair, pair.a).side === 'replica', 'the old primary yields');
    pair.write(pair.b, 'b', 1);
    await pair.done(pair.b, 'reverse');
    await pair.done(pair.b, 'cycle');
    await pair.properties.check();
    pair.properties.newestPointIsTheDisks(pair.b);
  });
}

async function failedOver(seed: string, args: Readonly<Record<string, unknown>>): Promise<Pair> {
  const pair = await replicating(seed);
  pair.cutOff();
  pair.properties.mayRunTwice = true;
  await pair.done(pair.a, 'stop', { force: true });
  await pair.done(pair.b, 'unplanned', { start: true, force: true, ...args });
  return pair;
}

test('a revert turns a running guest off, and every received point is there again', async () => {
  const pair = await failedOver('revert', {});
  assert.ok(pair.isRunning(pair.b));
  const points = pair.b.state.points(pair.machineId).length;
  await pair.done(pair.b, 'revert');
  assert.deepEqual([on(pair, pair.b).state, pair.guestOn(pair.b), pair.b.state.points(pair.machineId).length], [3, undefined, points]);
});

test('a commit removes the other points, cannot be cancelled, and there is no way back after it', async () => {
  const pair = await failedOver('commit', {});
  const { id, cancellable } = pair.b.engine!.jobs.start('commit', pair.machineId, {});
  assert.equal(cancellable, false);
  assert.throws(() => pair.b.engine!.jobs.cancel(id), (thrown: unknown) => thrown instanceof Refused && /a commit cannot be cancelled/.test(thrown.message));
  await pair.until(() => on(pair, pair.b).state === 6, 'committed');
  await failed(pair, pair.b, 'revert', /"revert" is not possible/);
});

test('a reverse commits nothing while the other host cannot be reached: the other points and the way back stay', async () => {
  const pair = await failedOver('reverse-alone', {});
  const points = pair.b.state.points(pair.machineId).length;
  const { code } = await failed(pair, pair.b, 'reverse', /./);
  assert.deepEqual([code, on(pair, pair.b).state, pair.b.state.points(pair.machineId).length], ['peer-unreachable', 5, points]);
  heal(pair);
  await pair.done(pair.b, 'reverse');
  assert.deepEqual([on(pair, pair.b).side, on(pair, pair.b).state, on(pair, pair.a).side], ['primary', 3, 'replica']);
  await pair.properties.check();
});

const warnings = (pair: Pair) => pair.b.state.events(null, 200).filter(({ message }) => /commits itself/.test(message)).length;

test('a failover commits itself after its time, warned before, and none does without one', async () => {
  const never = await failedOver('never', {});
  await never.pass(HOUR_MS);
  assert.equal(on(never, never.b).state, 5);
  const pair = await failedOver('in-time', { commitAfterSeconds: 3_600 });
  await pair.pass(44 * MINUTE_MS);
  assert.deepEqual([on(pair, pair.b).state, warnings(pair)], [5, 0]);
  await pair.pass(2 * MINUTE_MS);
  assert.deepEqual([on(pair, pair.b).state, warnings(pair)], [5, 1]);
  await pair.pass(15 * MINUTE_MS);
  assert.deepEqual([on(pair, pair.b).state, warnings(pair)], [6, 1]);
});

test('the time of a commit goes on while no daemon runs, and the warning stands for its while all the same', async () => {
  const pair = await failedOver('restarts', { commitAfterSeconds: 3_600 });
  pair.b.kill();
  await pair.pass(2 * HOUR_MS);
  pair.b.boot();
  await pair.pass(MINUTE_MS);
  assert.deepEqual([on(pair, pair.b).state, warnings(pair)], [5, 1]);
  await pair.pass(16 * MINUTE_MS);
  assert.equal(on(pair, pair.b).state, 6);
});

test('a clock that jumps commits nothing at once, and one that is set back keeps the failover waiting', async () => {
  const pair = await failedOver('jump', { commitAfterSeconds: 7_200 });
  pair.b.skewMs = 24 * HOUR_MS;
  await pair.pass(10 * MINUTE_MS);
  assert.deepEqual([on(pair, pair.b).state, warnings(pair)], [5, 1]);
  pair.b.skewMs = 0;
  await pair.pass(20 * MINUTE_MS);
  assert.equal(on(pair, pair.b).state, 5);
  await pair.pass(100 * MINUTE_MS);
  assert.equal(on(pair, pair.b).state, 6);
});

test('a commit that a test failover stands in the way of is tried again once that has ended', async () => {
  const pair = await replicating('in-the-way');
  for (let count = 0; count < 3; count += 1) {
    await pair.pass(61_000);
    pair.guestWrites(pair.a);
    await pair.done(pair.a, 'cycle');
  }
  pair.cutOff();
  pair.properties.mayRunTwice = true;
  await pair.done(pair.a, 'stop', { force: true });
  const [oldest] = pair.b.state.points(pair.machineId);
  await pair.done(pair.b, 'test', { point: oldest!.id });
  await pair.done(pair.b, 'unplanned', { start: true, force: true, commitAfterSeconds: 60 });
  await pair.pass(5 * MINUTE_MS);
  assert.equal(on(pair, pair.b).state, 5);
  await pair.done(pair.b, 'testEnd');
  await pair.pass(2 * MINUTE_MS);
  assert.equal(on(pair, pair.b).state, 6);
});

test('who is second learns whose operation holds the machine, here and on the other host', async () => {
  const pair = await replicating('two operators');
  const first = pair.b.engine!.jobs.start('planned', pair.machineId, { reverse: false, start: true }, 'anna');
  await pair.until(() => pair.a.engine!.worker(pair.machineId).operation !== null, 'the primary works for it');
  const second = await failed(pair, pair.a, 'start', /another operation holds this machine: planned failover, started by anna on B/);
  assert.equal(second.code, 'machine-busy');
  await pair.until(() => pair.b.state.job(first.id)!.state !== 'running', 'the first has ended');
  assert.deepEqual([pair.b.state.job(first.id)!.state, pair.b.state.job(first.id)!.startedBy], ['completed', 'anna']);
});

/** Asked for on the replica's host, and under way on the primary's. */
async function plannedFromReplica(seed: string): Promise<{ pair: Pair; state: () => string; cancel: () => void }> {
  const pair = await replicating(seed);
  const { jobs } = pair.b.engine!;
  const { id } = jobs.start('planned', pair.machineId, { start: true });
  await pair.until(() => on(pair, pair.a).token !== null, 'the primary prepares');
  return { pair, state: () => jobs.named(id).state, cancel: () => jobs.cancel(id) };
}

test('a planned failover that is cancelled on the replica\'s host is cancelled on the primary\'s, where it goes on', async () => {
  const { pair, state, cancel } = await plannedFromReplica('cancelled from afar');
  cancel();
  await pair.until(() => state() !== 'running', 'the job ends');
  assert.equal(state(), 'cancelled');
  assert.match(pair.standing(), /A: primary 3 .*guest running; B: replica 3 .*guest off/);
  assert.deepEqual(pair.a.engine!.jobs.running(), []);
});

test('a planned failover that is done before the cancelling arrives counts as done on the host that asked for it', async () => {
  const { pair, state, cancel } = await plannedFromReplica('cancelled too late');
  await pair.until(() => pair.isRunning(pair.b), 'the guest runs on the replica\'s host');
  cancel();
  await pair.until(() => state() !== 'running', 'the job ends');
  assert.deepEqual([state(), on(pair, pair.b).failover!.planned], ['completed', true]);
});

test('a job that goes on where nobody can be asked to stop it is not called cancelled', async () => {
  const { pair, state, cancel } = await plannedFromReplica('cancelled in vain');
  pair.cutOff();
  cancel();
  await pair.until(() => state() !== 'running', 'the job ends');
  const { error } = pair.b.state.jobs().find(({ kind }) => kind === 'planned')!;
  assert.deepEqual([state(), error!.code], ['failed', 'peer-unreachable']);
  assert.match(error!.message, /^A, which does it, could not be told to stop: it may go on there/);
});

test('a host cancels no job of a machine that it has no part in', async () => {
  const pair = await replicating('cancelled by a stranger');
  const { id } = pair.a.engine!.jobs.start('planned', pair.machineId, { start: true });
  await assert.rejects(pair.time.until(pair.a.engine!.handle('C', 'jobCancel', { jobId: id }), MINUTE_MS, 'the stranger'), /there is no job/);
  await pair.until(() => pair.a.state.job(id)!.state === 'completed', 'it goes on');
});
