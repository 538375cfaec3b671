/** Stories of a failback that is looked at before it is kept: the real engine on simulated hosts. A is home, B failed over. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FAILBACK_JOB } from '../../src/engine/failback/failback.ts';
import { activeStacks, pointStacks } from '../../src/engine/spec.ts';
import { newestOf } from '../../src/relationship/epoch.ts';
import type { SimulatedHost } from '../../src/simulation/host.ts';
import { contentOf } from '../../src/simulation/instant.ts';
import { Operator } from '../../src/simulation/operator.ts';
import { Pair } from '../../src/simulation/pair.ts';
import { difference, type Content } from '../../src/simulation/properties.ts';

const MINUTE_MS = 60_000;

const on = (pair: Pair, host: SimulatedHost) => pair.relationshipOn(host)!;
const standing = (pair: Pair, host: SimulatedHost): string => `${on(pair, host).side} ${on(pair, host).state}`;
const pointsOn = (pair: Pair, host: SimulatedHost): readonly string[] => host.state.points(pair.machineId).map(({ id }) => id);
const ownerOn = (pair: Pair, host: SimulatedHost): string => newestOf(host.state.machine(pair.machineId)!.lineage).ownerHostId;

/** What the machine's disks hold on this host, with what a failed-over guest wrote. */
function disksOn(pair: Pair, host: SimulatedHost): Content {
  const machine = host.state.machine(pair.machineId)!;
  const { failover } = on(pair, host);
  return contentOf(host.files, pair.guestOn(host)?.spec ?? (failover ? { stacks: activeStacks(machine, failover) } : machine));
}

const same = (found: Content, expected: Content): void => assert.equal(difference(found, expected), undefined);

/** A's guest is off; B failed over, its guest runs and has written; both hosts wrote what the other does not have. */
async function away(committed = false): Promise<Pair> {
  const pair = new Pair({ seed: 'failback' });
  await pair.enable({ recoveryHistory: 5 });
  await pair.done(pair.a, 'start');
  await pair.done(pair.a, 'initial');
  for (const cluster of [1, 2, 3]) {
    pair.write(pair.a, 'a', cluster);
    await pair.done(pair.a, 'cycle');
  }
  pair.write(pair.a, 'a', 4);
  await pair.done(pair.a, 'stop', { force: true });
  await pair.done(pair.b, 'unplanned', { start: true });
  if (committed) await pair.done(pair.b, 'commit');
  for (const [disk, cluster] of [['a', 3], ['a', 5], ['b', 1]] as const) pair.write(pair.b, disk, cluster);
  await pair.until(() => on(pair, pair.a).state === 2, 'A yields');
  return pair;
}

async function awayPlanned(): Promise<Pair> {
  const pair = new Pair({ seed: 'failback' });
  await pair.enable({ recoveryHistory: 5 });
  await pair.done(pair.a, 'start');
  await pair.done(pair.a, 'initial');
  await pair.done(pair.a, 'planned', { start: true, timeoutSeconds: 10 });
  pair.write(pair.b, 'a', 5);
  return pair;
}

const start = (pair: Pair, args: Readonly<Record<string, unknown>> = {}): string => pair.a.engine!.jobs.start(FAILBACK_JOB, pair.machineId, { timeoutSeconds: 10, ...args }).id;

/** The primary's disks and the replica's newest point are the same, after another cycle. */
async function isUntouched(pair: Pair, before: { points: readonly string[]; session: number | undefined }): Promise<void> {
  await pair.until(() => !on(pair, pair.b).failback, 'B has no part in the failback');
  assert.equal(standing(pair, pair.b), 'replica 5');
  assert.ok(before.points.every((id) => pointsOn(pair, pair.b).includes(id)), 'its points are there');
  await pair.until(() => pair.isRunning(pair.b), 'its guest runs');
  assert.equal(ownerOn(pair, pair.b), 'B');
}

const look = (pair: Pair) => ({ points: pointsOn(pair, pair.b), session: pair.guestOn(pair.b)?.session });

test('a failback brings everything home: the guest runs on until the last cycle, then it is off there and can be started here', async () => {
  const pair = await away();
  const job = start(pair);
  await pair.until(() => on(pair, pair.a).state === 13 && on(pair, pair.a).newestPointId !== on(pair, pair.a).failback!.id && pointsOn(pair, pair.a).length > 1, 'the first difference came home');
  assert.ok(pair.isRunning(pair.b), 'the guest runs on meanwhile');
  assert.equal(standing(pair, pair.b), 'replica 5');
  pair.write(pair.b, 'a', 7);
  await pair.until(() => pair.a.state.job(job)!.state !== 'running', 'the job ends');
  assert.equal(pair.a.state.job(job)!.error, null);
  assert.equal(standing(pair, pair.a), 'replica 14');
  assert.ok(!pair.guestOn(pair.b));
  assert.equal(ownerOn(pair, pair.a), 'A');
  same(disksOn(pair, pair.a), disksOn(pair, pair.b));
  const refused = await pair.job(pair.b, 'start');
  assert.equal(refused.error?.code, 'refused');
  await pair.done(pair.a, 'start');
});

test('a failback is refused on the host that failed over, and ends a guest that is held at home, whose disks are kept', async () => {
  const pair = await away();
  const refused = await pair.job(pair.b, FAILBACK_JOB);
  assert.match(refused.error!.message, /host that the guest goes home to/);
  const reversed = await away();
  await reversed.done(reversed.b, 'reverse');
  assert.match((await reversed.job(reversed.a, FAILBACK_JOB)).error!.message, /replication was reversed, so it comes home by a planned failover, .*understudy failback vm/);
  const forced = new Pair({ seed: 'held' });
  await forced.enable();
  await forced.done(forced.a, 'start');
  await forced.done(forced.a, 'initial');
  forced.properties.mayRunTwice = true;
  await forced.done(forced.b, 'unplanned', { start: true, force: true });
  await forced.until(() => on(forced, forced.a).state === 2, 'A yields');
  assert.equal(forced.guestOn(forced.a)?.power, 'paused');
  await forced.done(forced.a, FAILBACK_JOB, { timeoutSeconds: 10 });
  assert.equal(forced.guestOn(forced.a), undefined);
  assert.ok(forced.a.state.points(forced.machineId).some(({ kind }) => kind === 'divergence'));
});

test('after the commit the first cycle ships only what the guest wrote at home, and the points of the other host stay', async () => {
  const pair = await away();
  const [oldest] = pointsOn(pair, pair.b);
  await pair.done(pair.a, FAILBACK_JOB, { timeoutSeconds: 10 });
  await pair.done(pair.a, 'start');
  pair.write(pair.a, 'a', 9);
  await pair.done(pair.a, 'commit');
  assert.deepEqual([standing(pair, pair.a), standing(pair, pair.b)], ['primary 3', 'replica 3']);
  await pair.until(() => on(pair, pair.a).lastCycle !== null, 'the first cycle is acknowledged');
  assert.equal(on(pair, pair.a).lastCycle!.bytesChanged, 65_536);
  assert.equal(on(pair, pair.a).state, 3);
  assert.ok(pointsOn(pair, pair.b).includes(oldest!), 'an older point is still there');
  await pair.agrees();
});

test('a revert gives the machine back: the other host has all that it had, and a later reverse makes the disks identical', async () => {
  const pair = await away();
  const before = look(pair);
  await pair.done(pair.a, FAILBACK_JOB, { timeoutSeconds: 10 });
  const atHome = disksOn(pair, pair.b);
  await pair.done(pair.a, 'start');
  for (const cluster of [5, 6, 8]) pair.write(pair.a, 'a', cluster);
  await pair.done(pair.a, 'revert');
  assert.deepEqual([standing(pair, pair.a), ownerOn(pair, pair.a)], ['replica 2', 'B']);
  await pair.until(() => !on(pair, pair.b).failback, 'B has no part in the failback');
  assert.ok(before.points.every((id) => pointsOn(pair, pair.b).includes(id)));
  same(disksOn(pair, pair.b), atHome);
  await pair.done(pair.b, 'start');
  await pair.done(pair.b, 'reverse');
  await pair.agrees();
});

test('cancelled, a failback leaves no trace: the guest runs on over there, and a later reverse makes the disks identical', async () => {
  for (const passes of [1, 40, 120, 400, 1_200, 2_000]) {
    const pair = await away();
    const before = look(pair);
    const held = disksOn(pair, pair.a);
    const job = start(pair);
    await pair.until(() => on(pair, pair.a).state === 13, 'it has begun');
    await pair.pass(passes);
    if (pair.a.state.job(job)!.state !== 'running') continue;
    pair.a.engine!.jobs.cancel(job);
    await pair.until(() => pair.a.state.job(job)!.state !== 'running', 'the job ends');
    if (on(pair, pair.a).state === 14) continue;
    assert.equal(standing(pair, pair.a), 'replica 2');
    same(disksOn(pair, pair.a), held);
    await isUntouched(pair, before);
    pair.write(pair.b, 'b', 2);
    await pair.done(pair.b, 'reverse');
    await pair.agrees();
  }
});

test('after a planned failover that was not reversed the guest goes home too, and a cancel leaves it prepared', async () => {
  const pair = await awayPlanned();
  const job = start(pair);
  await pair.until(() => on(pair, pair.a).state === 13, 'it has begun');
  await pair.pass(300);
  new Operator(pair).do('cancelPlanned', pair.a);
  await pair.until(() => pair.a.state.job(job)!.state !== 'running' && on(pair, pair.a).state !== 13, 'it is given up');
  assert.equal(standing(pair, pair.a), 'primary 4');
  await pair.until(() => !on(pair, pair.b).failback, 'B has no part in it');
  await pair.done(pair.a, FAILBACK_JOB, { timeoutSeconds: 10 });
  await pair.done(pair.a, 'start');
  await pair.done(pair.a, 'commit');
  await pair.agrees();
});

test('with a point, home has exactly that point in the end, and what came after it stays over there as a named point', async () => {
  for (const pick of ['older', 'own'] as const) {
    const pair = await away();
    if (pick === 'own') await pair.until(() => pointsOn(pair, pair.b).length > 5, 'the failed-over guest has a point of its own');
    const points = pair.b.state.points(pair.machineId);
    const point = pick === 'own' ? points.at(-1)! : points[1]!;
    pair.write(pair.b, 'a', 8);
    await pair.done(pair.a, FAILBACK_JOB, { point: point.id, timeoutSeconds: 10 });
    same(disksOn(pair, pair.a), pair.instants.get(point.id) ?? assert.fail('the point is known'));
    const given = disksOn(pair, pair.b);
    assert.ok(!pair.guestOn(pair.b));
    await pair.done(pair.a, 'start');
    pair.write(pair.a, 'b', 3);
    await pair.done(pair.a, 'commit');
    const kept = pair.b.state.points(pair.machineId).find(({ kind }) => kind === 'divergence');
    assert.ok(kept?.pinned && kept.name, 'a named point');
    await pair.properties.check();
    same(contentOf(pair.b.files, { stacks: pointStacks(pair.b.state.machine(pair.machineId)!, kept.id) }), given);
    await pair.agrees();
  }
});

test('a host that took the machine back by force and gave it up again is the replica of a commit at home, with all its points', async () => {
  const pair = await away();
  pair.properties.mayRunTwice = true;
  await pair.done(pair.a, FAILBACK_JOB, { timeoutSeconds: 10 });
  pair.network.cut('A', 'B');
  pair.network.cut('B', 'A');
  await pair.done(pair.b, 'unplanned', { force: true });
  await pair.done(pair.b, 'revert');
  const kept = pointsOn(pair, pair.b);
  pair.network.heal();
  await pair.until(() => ownerOn(pair, pair.a) === 'A' && ownerOn(pair, pair.b) === 'A', 'they have met');
  await pair.done(pair.a, 'start');
  pair.write(pair.a, 'a', 2);
  await pair.done(pair.a, 'commit');
  assert.ok(pointsOn(pair, pair.b).includes(kept[0]!), 'what it had received is kept');
  await pair.agrees();
});

test('a chosen point that takes long to travel comes home, since it travels once', async () => {
  const pair = await away();
  const [, point] = pair.b.state.points(pair.machineId);
  pair.network.weather = { ...pair.network.weather, latencyMs: 2_500 };
  await pair.done(pair.a, FAILBACK_JOB, { point: point!.id, timeoutSeconds: 10 });
  assert.ok((on(pair, pair.b).lastCycle?.durationMs ?? 0) > 10_000, 'it took long');
  same(disksOn(pair, pair.a), pair.instants.get(point!.id) ?? assert.fail('the point is known'));
});

test('either daemon may die anywhere in a failback: it comes home, or everything is as it was', async () => {
  for (const name of ['a', 'b'] as const) {
    for (let calls = 1; calls < 150; calls += name === 'a' ? 9 : 12) {
      const pair = await away();
      const before = look(pair);
      const job = start(pair);
      pair[name].life!.callsLeft = calls;
      await pair.pass(20_000);
      if (!pair[name].life) pair[name].boot();
      else pair[name].life!.callsLeft = Infinity;
      await pair.until(() => pair.a.state.job(job)!.state !== 'running', 'the job ends');
      if (pair.a.state.job(job)!.state === 'completed') {
        assert.equal(standing(pair, pair.a), 'replica 14', `${name} ${calls}`);
        same(disksOn(pair, pair.a), disksOn(pair, pair.b));
      } else {
        assert.equal(standing(pair, pair.a), 'replica 2', `${name} ${calls}`);
        await isUntouched(pair, before);
      }
    }
  }
});

test('both daemons may die while it is looked at, and the commit still makes the disks identical', async () => {
  const pair = await away();
  await pair.done(pair.a, FAILBACK_JOB, { timeoutSeconds: 10 });
  await pair.done(pair.a, 'start');
  for (const host of pair.hosts) host.kill();
  pair.write(pair.a, 'a', 2);
  for (const host of pair.hosts) host.boot();
  await pair.pass(MINUTE_MS);
  assert.deepEqual([standing(pair, pair.a), standing(pair, pair.b)], ['replica 14', 'replica 5']);
  assert.ok(pair.isRunning(pair.a) && !pair.guestOn(pair.b));
  await pair.done(pair.a, 'commit');
  await pair.agrees();
});

test('a guest that does not shut down runs on, and the failback ends with that reason', async () => {
  const pair = await away();
  const before = look(pair);
  pair.guestOn(pair.b)!.isDeaf = true;
  const job = await pair.job(pair.a, FAILBACK_JOB, { timeoutSeconds: 10 });
  assert.deepEqual([job.state, job.error?.code], ['failed', 'guest-not-responding']);
  assert.equal(standing(pair, pair.a), 'replica 2');
  await isUntouched(pair, before);
  assert.equal(pair.guestOn(pair.b)!.session, before.session);
});

test('when home is gone after the guest went there, the other host takes the machine back by force, and home yields when it returns', async () => {
  const pair = await away();
  await pair.done(pair.a, FAILBACK_JOB, { timeoutSeconds: 10 });
  const refused = await pair.job(pair.b, 'unplanned', { start: true });
  assert.match(refused.error!.message, /went home/);
  pair.a.losePower();
  pair.properties.mayRunTwice = true;
  await pair.done(pair.b, 'unplanned', { start: true });
  assert.ok(pair.isRunning(pair.b));
  pair.write(pair.b, 'a', 6);
  pair.a.boot();
  await pair.until(() => on(pair, pair.a).state === 2, 'home yields');
  await pair.done(pair.b, 'reverse');
  await pair.agrees();
});

const recoveriesOn = (pair: Pair, host: SimulatedHost) => host.state.history.recoveries(pair.relationshipId, 0, host.nowMs());

test('the history has what each way over and home lost, and how long it took: by the point\'s instant and the clock', async () => {
  const pair = await away();
  const [over] = recoveriesOn(pair, pair.b);
  assert.ok(over);
  assert.deepEqual([over.kind, over.lostMs, over.pointInstantMs], ['unplanned', over.askedMs - over.pointInstantMs, pair.b.state.point(over.pointId)!.instantMs]);
  assert.ok(over.lostMs > 0 && over.startedMs! >= over.askedMs);
  assert.ok(over.recoveryMs! >= over.readyMs! && over.recoveryMs! <= over.startedMs! - over.askedMs, 'ready, then started: no more than passed on the clock');

  const askedMs = Math.floor(pair.a.nowMs());
  start(pair);
  await pair.until(() => on(pair, pair.a).state === 14, 'A has the machine');
  const homeMs = pair.a.nowMs();
  const [home] = recoveriesOn(pair, pair.a);
  assert.ok(home);
  assert.deepEqual([home.kind, home.askedMs, home.lostMs, home.pointId, home.recoveryMs], ['failback', askedMs, 0, on(pair, pair.a).failover!.pointId, null]);
  assert.ok(home.readyMs! > 0 && home.readyMs! <= homeMs - askedMs);
  await pair.pass(MINUTE_MS);
  await pair.done(pair.a, 'start');
  const [started] = recoveriesOn(pair, pair.a);
  assert.ok(started!.startedMs! - askedMs >= MINUTE_MS, 'it was started later');
  assert.ok(started!.recoveryMs! >= home.readyMs! && started!.recoveryMs! < home.readyMs! + MINUTE_MS, 'the time until somebody asked for the start does not count');

  await pair.pass(1_000);
  const [, left] = recoveriesOn(pair, pair.b);
  assert.ok(left, 'the host that the guest left knows of it too');
  assert.deepEqual([left.kind, left.lostMs, left.pointId, left.recoveryMs], ['failback', 0, home.pointId, started!.recoveryMs]);
  for (const [here, there] of [[home.askedMs, left.askedMs], [started!.startedMs!, left.startedMs!]] as const) assert.ok(Math.abs(here - there) < 1_000, `${here} there, ${there} here`);
  await pair.done(pair.a, 'commit');
  await pair.agrees();
  assert.deepEqual(pair.hosts.map((host) => recoveriesOn(pair, host).filter(({ kind }) => kind === 'failback').length), [1, 1], 'once on each');
});

test('a failback with a chosen point loses in both hosts\' history what was written after that point', async () => {
  const pair = await away();
  const { id: pointId, instantMs } = pair.b.state.points(pair.machineId)[1]!;
  await pair.pass(MINUTE_MS);
  await pair.done(pair.a, FAILBACK_JOB, { timeoutSeconds: 10, point: pointId });
  for (const host of pair.hosts) {
    const home = recoveriesOn(pair, host).find(({ kind }) => kind === 'failback');
    assert.ok(home, host.name);
    assert.deepEqual([home.pointInstantMs, home.lostMs, home.startedMs], [instantMs, home.askedMs - instantMs, null]);
    assert.ok(home.lostMs > MINUTE_MS);
  }
});

test('the history has a test failover with what a failover to its point would have lost, and no loss of the guest that runs on', async () => {
  const pair = new Pair({ seed: 'rehearsed' });
  await pair.enable({ recoveryHistory: 3 });
  for (const kind of ['start', 'initial', 'cycle']) await pair.done(pair.a, kind);
  const [older] = pair.b.state.points(pair.machineId);
  const askedMs = Math.floor(pair.b.nowMs());
  await pair.done(pair.b, 'test', { start: true, point: older!.id });
  const [tested, ...more] = recoveriesOn(pair, pair.b);
  assert.deepEqual(more, []);
  assert.deepEqual([tested!.kind, tested!.pointId, tested!.lostMs], ['test', older!.id, tested!.askedMs - older!.instantMs]);
  assert.ok(tested!.askedMs >= askedMs && tested!.readyMs! >= 0 && tested!.recoveryMs! >= tested!.readyMs!);
  assert.ok(tested!.startedMs! <= pair.b.nowMs());
  await pair.done(pair.b, 'testEnd');
  assert.deepEqual(recoveriesOn(pair, pair.b), [tested], 'its end changes nothing of it');
  assert.deepEqual(recoveriesOn(pair, pair.a), [], 'nothing happened to the primary');
});

test('a planned failover loses nothing in the history of both hosts', async () => {
  const pair = await awayPlanned();
  for (const host of pair.hosts) {
    const [only, ...more] = recoveriesOn(pair, host);
    assert.deepEqual([only!.kind, only!.lostMs, more], ['planned', 0, []]);
    assert.ok(only!.recoveryMs! >= 0 && only!.startedMs! >= only!.askedMs);
  }
});
