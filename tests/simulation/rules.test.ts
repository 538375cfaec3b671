/** Stories that would lose data, show a wrong point or run two guests: the real engine on simulated hosts, one story for each rule. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SealAttempt } from '../../src/engine/calls.ts';
import type { Wire } from '../../src/engine/ports/peers.ts';
import { beginFailover } from '../../src/engine/failover.ts';
import { startMachine } from '../../src/engine/power.ts';
import { transition, update } from '../../src/engine/transition.ts';
import { Fault } from '../../src/errors/fault.ts';
import { mint, newestOf } from '../../src/relationship/epoch.ts';
import type { SimulatedHost } from '../../src/simulation/host.ts';
import { Pair } from '../../src/simulation/pair.ts';
import { Operator } from '../../src/simulation/operator.ts';

const MINUTE_MS = 60_000;

/** A's guest runs and is replicated to B. */
async function replicating(recoveryHistory = 3): Promise<Pair> {
  const pair = new Pair({ seed: 'rules' });
  await pair.enable({ recoveryHistory });
  await pair.done(pair.a, 'start');
  await pair.done(pair.a, 'initial');
  await pair.pass(MINUTE_MS / 2);
  return pair;
}

async function cycle(pair: Pair): Promise<void> {
  await pair.done(pair.primary!, 'cycle');
}


/** Whoever asks is told by the engine, after `first` had its say. */
function intercept(pair: Pair, host: SimulatedHost, first: (method: string, params: Wire) => void | Promise<void>): void {
  pair.network.up(host.name, async (from, method, params) => {
    await first(method, params);
    return host.engine!.handle(from, method, params);
  });
}

const restored = (pair: Pair, host: SimulatedHost): void => intercept(pair, host, () => undefined);
const lineageOn = (pair: Pair, host: SimulatedHost) => host.state.machine(pair.machineId)!.lineage;

test('an acknowledgement that was lost drops no change: the next attempt starts from what was sealed', async () => {
  const pair = await replicating();
  let lost = 0;
  pair.network.losesAnswer = (method) => method === 'seal' && lost++ < 1;
  const before = pair.relationshipOn(pair.a)!.newestPointId;
  pair.write(pair.a, 'a', 1);
  await pair.until(() => lost > 0, 'a seal was asked');
  pair.write(pair.a, 'a', 1);
  pair.write(pair.a, 'a', 2);
  await pair.until(() => pair.relationshipOn(pair.a)!.newestPointId !== before, 'the seal is acknowledged in the end');
  assert.equal(pair.relationshipOn(pair.a)!.lastFault, null);
  await pair.agrees();
});

test('a primary that died between seal and acknowledgement takes the point for sealed, without comparing', async () => {
  const pair = await replicating();
  pair.network.losesAnswer = (method) => method === 'seal' && pair.a.life !== null;
  pair.write(pair.a, 'a', 1);
  const before = pair.relationshipOn(pair.b)!.newestPointId;
  await pair.until(() => pair.relationshipOn(pair.b)!.newestPointId !== before, 'the replica sealed');
  const sealed = pair.relationshipOn(pair.b)!.newestPointId;
  pair.a.kill();
  pair.write(pair.a, 'a', 2);
  pair.network.losesAnswer = () => false;
  pair.a.boot();
  await pair.until(() => pair.relationshipOn(pair.a)!.newestPointId === sealed, 'the point is taken for sealed');
  assert.equal(pair.relationshipOn(pair.a)!.state, 3);
  await pair.agrees();
});

test('what an attempt that died had brought is not in the point that follows, though the guest changed it back', async () => {
  const pair = await replicating();
  await cycle(pair);
  const old = pair.diskContent(pair.a).get('a')![3]!;
  intercept(pair, pair.b, (method) => {
    if (method === 'seal' || method === 'abandon') throw new Fault('disk-io', 'the replica cannot seal');
  });
  pair.write(pair.a, 'a', 3);
  await pair.until(() => pair.relationshipOn(pair.a)!.failures > 0, 'the attempt failed');
  assert.ok(pair.relationshipOn(pair.b)!.receiving, 'the replica holds what the attempt brought');
  pair.write(pair.a, 'a', 3, old);
  restored(pair, pair.b);
  if (pair.relationshipOn(pair.a)!.state !== 3) transition(pair.a.engine!.host, pair.relationshipId, 'resume');
  await pair.pass(MINUTE_MS);
  await pair.agrees();
});

/** A cycle of A's is being received; then its guest writes once more and goes off, and the cycle's instant is gone with it. */
async function offInCycle(pair: Pair): Promise<void> {
  pair.write(pair.a, 'a', 1);
  pair.a.engine!.worker(pair.machineId).poke();
  await pair.until(() => pair.relationshipOn(pair.b)!.receiving?.kind === 'cycle', 'a cycle is received');
  pair.write(pair.a, 'a', 1);
  await pair.a.hypervisor.stop(pair.machineId);
}

test('a guest that goes off in a cycle is no failure: its last writes travel with another one at once', async () => {
  const pair = await replicating();
  const before = pair.relationshipOn(pair.a)!.newestPointId;
  await offInCycle(pair);
  await pair.until(() => pair.relationshipOn(pair.a)!.newestPointId !== before, 'another point', 5_000);
  assert.deepEqual([pair.relationshipOn(pair.a)!.failures, pair.relationshipOn(pair.a)!.lastFault], [0, null]);
  await pair.agrees();
});

test('a planned failover right after its guest went off in a cycle makes that one anew, and hands everything over', async () => {
  const pair = await replicating();
  // A cycle has to succeed before a guest is shut down for it.
  update(pair.a.engine!.host, pair.relationshipId, () => ({ lastFault: { code: 'disk-io', message: 'x', hint: '', atMs: 0 } }));
  await offInCycle(pair);
  await pair.done(pair.a, 'planned', { start: true });
  assert.equal(pair.relationshipOn(pair.b)!.state, 5);
  await pair.properties.check();
});

test('a guest that goes off in the last cycle of the first copy costs that one, not the copy', async () => {
  const pair = new Pair({ seed: 'rules', disks: { a: 100, b: 5 } });
  await pair.enable();
  await pair.done(pair.a, 'start');
  pair.a.engine!.jobs.start('initial', pair.machineId, {});
  const attempt = () => pair.relationshipOn(pair.a)!.attempt;
  await pair.until(() => pair.relationshipOn(pair.b)!.receiving !== null, 'the disks are copied');
  pair.write(pair.a, 'a', 99);
  await pair.until(() => attempt()!.instantFromBytes !== null, 'what changed meanwhile travels');
  const copied = attempt()!;
  assert.ok(copied.shippedBytes > 1024 * 1024, 'the pass has brought the disks');
  pair.write(pair.a, 'a', 99);
  await pair.a.hypervisor.stop(pair.machineId);
  await pair.until(() => pair.relationshipOn(pair.a)!.state === 3, 'the disks are there');
  const { newestPointId, failures, totals } = pair.relationshipOn(pair.a)!;
  assert.deepEqual([newestPointId, failures], [copied.id, 0]);
  assert.ok(totals.bytesShipped < 1.2 * copied.shippedBytes, `${totals.bytesShipped} bytes travelled`);
  await pair.agrees();
});

test('a replica that stands at a point which the primary does not know is compared, not given the changes since another', async () => {
  const pair = await replicating();
  for (const disk of ['a', 'b']) pair.write(pair.a, disk, 0);
  await cycle(pair);
  const points = pair.b.state.points(pair.machineId);
  update(pair.b.engine!.host, pair.relationshipId, () => ({ newestPointId: points[0]!.id }));
  pair.write(pair.a, 'a', 5);
  await pair.until(() => [9, 10].includes(pair.relationshipOn(pair.a)!.state), 'the primary compares');
});

test('a seal that a failover overtakes makes no point, whether it came before or is still at work', async () => {
  for (const isAtWork of [false, true]) {
    const pair = await replicating();
    let request: SealAttempt | undefined;
    intercept(pair, pair.b, async (method, params) => {
      if (method !== 'seal' || request) return;
      request = params as unknown as SealAttempt;
      if (isAtWork) pair.time.after(6, () => beginFailover(pair.b.engine!.host, pair.relationshipId, { pointId: null, planned: false }));
      else beginFailover(pair.b.engine!.host, pair.relationshipId, { pointId: null, planned: false });
    });
    pair.properties.mayRunTwice = true;
    pair.write(pair.a, 'a', 1);
    const before = pair.relationshipOn(pair.b)!.newestPointId;
    await pair.until(() => request !== undefined, 'a seal was asked');
    await pair.pass(500);
    assert.ok([12, 5].includes(pair.relationshipOn(pair.b)!.state));
    assert.equal(pair.relationshipOn(pair.b)!.newestPointId, before);
    assert.equal(pair.b.state.point(request!.attemptId), undefined);
  }
});

test('power lost anywhere while a point is made costs no acknowledged point, and the next points are right', async () => {
  for (let calls = 1; calls < 60; calls += 3) {
    const pair = await replicating();
    pair.write(pair.a, 'a', 1);
    pair.write(pair.a, 'b', 1, 0);
    pair.b.life!.callsLeft = calls;
    await pair.pass(MINUTE_MS / 2);
    if (!pair.b.life) {
      pair.b.losePower();
      pair.properties.pointsReadRight(pair.b);
      pair.b.boot();
    } else pair.b.life.callsLeft = Infinity;
    await pair.pass(3 * MINUTE_MS);
    await pair.agrees();
  }
});

test('a failover, a revert and a planned cancel mint an epoch each; a test failover mints none', async () => {
  const pair = await replicating();
  const number = () => newestOf(lineageOn(pair, pair.b)).number;
  assert.equal(number(), 1);
  await pair.done(pair.b, 'test', { start: true });
  assert.equal(number(), 1);
  await pair.done(pair.b, 'testEnd');
  await pair.done(pair.a, 'stop', { force: true });
  await pair.done(pair.b, 'unplanned', { start: true });
  assert.deepEqual([number(), newestOf(lineageOn(pair, pair.b)).ownerHostId], [2, 'B']);
  await pair.done(pair.b, 'revert');
  assert.deepEqual([number(), newestOf(lineageOn(pair, pair.b)).ownerHostId], [3, 'A']);
});

test('an epoch is minted in the very commit that begins a failover, before the guest can start', async () => {
  const pair = await replicating();
  pair.cutOff();
  pair.properties.mayRunTwice = true;
  pair.b.engine!.jobs.start('unplanned', pair.machineId, { start: true });
  await pair.until(() => pair.relationshipOn(pair.b)!.state === 12, 'the failover began');
  assert.equal(newestOf(lineageOn(pair, pair.b)).ownerHostId, 'B');
  assert.ok(!pair.isRunning(pair.b));
});

test('between preparing a planned failover and its cancellation the guest stays off here, and a token that was given back hands nothing over', async () => {
  const pair = await replicating();
  intercept(pair, pair.b, (method) => {
    if (method === 'failOverPlanned') throw new Fault('disk-io', 'not now');
  });
  const job = await pair.job(pair.a, 'planned', { start: true, timeoutSeconds: 10 });
  assert.equal(job.state, 'failed');
  assert.equal(pair.relationshipOn(pair.a)!.state, 4);
  const token = pair.relationshipOn(pair.a)!.token!;
  const { signal } = new AbortController();
  const refusedStart = assert.rejects(startMachine(pair.a.engine!.host, pair.machineId, signal), /stays off here/);
  await pair.pass(MINUTE_MS);
  await refusedStart;
  restored(pair, pair.b);
  new Operator(pair).do('cancelPlanned', pair.a);
  await pair.pass(MINUTE_MS);
  assert.equal(pair.relationshipOn(pair.a)!.state, 3);
  await assert.rejects(pair.time.until(pair.b.engine!.handle('A', 'failOverPlanned', { relationshipId: pair.relationshipId, token, start: true }), MINUTE_MS, 'the late request'), /was cancelled/);
  assert.equal(pair.relationshipOn(pair.b)!.failover, null);
});

/** A planned failover began, and its job ended before anything was prepared, as `end` made it. */
async function plannedEnds(end: (pair: Pair) => void): Promise<{ pair: Pair; state: string }> {
  const pair = await replicating();
  const { jobs } = pair.a.engine!;
  const { id } = jobs.start('planned', pair.machineId, { start: true, timeoutSeconds: 10 });
  await pair.until(() => pair.relationshipOn(pair.a)!.token !== null, 'the token is taken');
  end(pair);
  await pair.until(() => jobs.named(id).state !== 'running', 'the job ends');
  return { pair, state: jobs.named(id).state };
}

test('a planned failover that is cancelled before it is prepared leaves the guest running at home, free to be stopped and started', async () => {
  const { pair, state } = await plannedEnds(({ a }) => a.engine!.jobs.cancel(a.engine!.jobs.running()[0]!.id));
  assert.equal(state, 'cancelled');
  assert.match(pair.standing(), /A: primary 3 .*guest running; B: replica 3 .*guest off/);
  assert.equal(pair.relationshipOn(pair.a)!.token, null);
  await pair.done(pair.a, 'stop', { force: true });
  await pair.done(pair.a, 'start');
  await pair.agrees();
});

test('a planned failover that loses the other host while the guest shuts down starts the guest at home again', async () => {
  const { pair, state } = await plannedEnds((cut) => cut.cutOff());
  assert.equal(state, 'failed');
  assert.match(pair.standing(), /A: primary 3 .*guest running; B: replica 3 .*guest off/);
  assert.equal(pair.relationshipOn(pair.a)!.token, null);
  pair.network.heal();
  await pair.pass(2 * MINUTE_MS);
  await pair.agrees();
});

test('a planned failover is not cancelled while the host that holds its token cannot be asked', async () => {
  const pair = await replicating();
  intercept(pair, pair.b, (method) => {
    if (method === 'failOverPlanned') throw new Fault('disk-io', 'not now');
  });
  await pair.job(pair.a, 'planned', { start: true, timeoutSeconds: 10 });
  pair.cutOff();
  new Operator(pair).do('cancelPlanned', pair.a);
  await pair.pass(MINUTE_MS);
  assert.equal(pair.relationshipOn(pair.a)!.state, 4);
  assert.notEqual(pair.a.state.machine(pair.machineId)!.powerLock, null);
});

test('what has to travel back after a failover to the oldest point holds all that newer points differ in, retired ones too', async () => {
  const pair = await replicating(2);
  for (let round = 0; round < 12; round++) {
    pair.write(pair.a, 'a', round % 11);
    pair.write(pair.a, 'b', round % 4);
    await cycle(pair);
  }
  const points = pair.b.state.points(pair.machineId).filter(({ kind }) => kind !== 'divergence');
  assert.ok(points.length >= 2 && points.length < 12, `${points.length} points: some were retired`);
  pair.cutOff();
  pair.properties.mayRunTwice = true;
  const [oldest, newest] = [points[0]!.id, points.at(-1)!.id];
  await pair.done(pair.b, 'unplanned', { point: oldest, start: true });
  const carried = pair.b.state.carried(pair.relationshipId);
  let differing = 0;
  for (const [disk, values] of pair.instants.get(newest)!) {
    for (const [cluster, value] of values.entries()) {
      if (pair.instants.get(oldest)!.get(disk)![cluster] === value) continue;
      differing++;
      assert.ok(carried.get(disk)?.has(cluster), `disk ${disk}, cluster ${cluster}`);
    }
  }
  assert.ok(differing > 2, 'the points differ');
});

test('when QEMU dies before the first reverse, what the guest wrote since the failover still travels back', async () => {
  const pair = await replicating();
  await pair.done(pair.a, 'stop', { force: true });
  await pair.done(pair.b, 'unplanned', { start: true });
  pair.write(pair.b, 'a', 4);
  pair.write(pair.b, 'b', 2, 0);
  pair.b.hypervisor.kill(pair.machineId);
  await pair.done(pair.b, 'reverse');
  await pair.agrees();
});

test('a cluster that the old primary changed and the new one did not still travels back', async () => {
  const pair = await replicating();
  await cycle(pair);
  pair.cutOff();
  pair.properties.mayRunTwice = true;
  pair.write(pair.a, 'a', 6);
  pair.write(pair.a, 'b', 1);
  await pair.done(pair.b, 'unplanned', { start: true });
  pair.network.heal();
  pair.a.engine!.contact('B');
  await pair.pass(MINUTE_MS);
  await pair.done(pair.b, 'reverse');
  await pair.agrees();
});

test('a second failover is refused and does not end the guest that the first one started', async () => {
  const pair = await replicating();
  await pair.done(pair.a, 'stop', { force: true });
  await pair.done(pair.b, 'unplanned', { start: true });
  const session = pair.guestOn(pair.b)!.session;
  const second = await pair.job(pair.b, 'unplanned', { start: true });
  assert.equal(second.state, 'failed');
  assert.equal(pair.guestOn(pair.b)?.session, session, 'the guest runs on');
});

const isMerging = (pair: Pair): boolean => pair.b.files.under('/replicas').some(({ writer }) => writer?.startsWith('merge '));

async function untilMerging(pair: Pair): Promise<void> {
  for (let round = 0; round < 20 && !isMerging(pair); round++) {
    for (let cluster = 0; cluster < 10; cluster++) pair.write(pair.a, 'a', cluster);
    pair.a.engine!.worker(pair.machineId).poke();
    for (let waitedMs = 0; waitedMs < 5_000 && !isMerging(pair); waitedMs++) await pair.pass(1);
  }
  assert.ok(isMerging(pair), 'layers are being merged');
}

test('a failover ends a merge that is under way instead of waiting for it, and boots the right point', async () => {
  const pair = await replicating(0);
  pair.properties.mayRunTwice = true;
  await untilMerging(pair);
  await pair.done(pair.b, 'unplanned', { start: true, force: true });
  assert.ok(!isMerging(pair));
  pair.properties.pointsReadRight(pair.b);
});

test('a test failover that begins during a merge boots, and its layers stay', async () => {
  const pair = await replicating(0);
  await untilMerging(pair);
  await pair.done(pair.b, 'test', { start: true });
  await pair.pass(2 * MINUTE_MS);
  const { instanceId } = pair.relationshipOn(pair.b)!.testCopy!;
  const copy = pair.b.state.machine(instanceId)!;
  for (const { layers } of copy.stacks) for (const { path } of layers) assert.ok(pair.b.files.has(path), `${path} is there`);
});

test('a planned failover that is cancelled while the other host is to take over is taken back, and its guest runs at home again', async () => {
  const pair = await replicating();
  const asked: Wire[] = [];
  intercept(pair, pair.b, (method, params) => {
    if (method !== 'failOverPlanned') return undefined;
    asked.push(params);
    return new Promise(() => undefined);
  });
  const { id } = pair.a.engine!.jobs.start('planned', pair.machineId, { timeoutSeconds: 10, start: true });
  await pair.until(() => asked.length > 0, 'the other host is asked');
  pair.a.engine!.jobs.cancel(id);
  await pair.until(() => pair.a.state.job(id)!.state === 'cancelled', 'the job ends');
  assert.equal(pair.relationshipOn(pair.a)!.state, 3);
  assert.equal(pair.isRunning(pair.a), true);
  restored(pair, pair.b);
  await assert.rejects(pair.time.until(pair.b.engine!.handle('A', 'failOverPlanned', asked[0]!), MINUTE_MS, 'the late request'), /was cancelled/);
  await pair.agrees();
});

test('a token that is given back while the failover by it waits for its turn hands nothing over', async () => {
  const pair = await replicating();
  await pair.done(pair.a, 'preparePlanned', { timeoutSeconds: 10 });
  const { token } = pair.relationshipOn(pair.a)!;
  const taking = pair.b.engine!.handle('A', 'failOverPlanned', { relationshipId: pair.relationshipId, token, start: true });
  taking.catch(() => undefined);
  const lineage = mint(lineageOn(pair, pair.a), 'cancelled', 'A');
  await pair.time.until(pair.b.engine!.handle('A', 'cancelPlanned', { relationshipId: pair.relationshipId, token, lineage: lineage as unknown as Wire }), MINUTE_MS, 'the cancel');
  await assert.rejects(pair.time.until(taking, MINUTE_MS, 'the failover'), /was cancelled/);
  await pair.done(pair.a, 'cancelPlanned');
  await pair.done(pair.a, 'start');
  await pair.agrees();
});

test('a resynchronization that is set to a window waits for it, and statistics begin anew with their interval', async () => {
  const pair = await replicating();
  const { id, settings } = pair.relationshipOn(pair.a)!;
  const secondsOfDay = Math.floor(pair.a.nowMs() / 1_000) % 86_400;
  const declared = { autoResynchronize: true, resynchronizeFromSeconds: (secondsOfDay + 3_600) % 86_400, resynchronizeUntilSeconds: (secondsOfDay + 7_200) % 86_400 };
  update(pair.a.engine!.host, id, () => ({ settings: { ...settings, declared } }));
  transition(pair.a.engine!.host, id, 'requireResync');
  await pair.pass(50 * MINUTE_MS);
  assert.equal(pair.relationshipOn(pair.a)!.state, 9);
  await pair.until(() => pair.relationshipOn(pair.a)!.state === 3, 'resynchronized in the window', 60 * MINUTE_MS);
  const before = pair.relationshipOn(pair.a)!.statistics!;
  pair.a.skewMs += 12 * 60 * MINUTE_MS;
  await pair.pass(2 * MINUTE_MS);
  const after = pair.relationshipOn(pair.a)!.statistics!;
  assert.ok(after.sinceMs > before.sinceMs && after.sinceMs % (12 * 60 * MINUTE_MS) === 0, `${before.sinceMs} and ${after.sinceMs}`);
  assert.ok(pair.a.state.events(null, 1_000).some(({ number }) => number === 29174));
});
