/** Stories of a guest that failed over and gets recovery points where it runs: the real engine on simulated hosts. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Point } from '../../src/machine/records.ts';
import type { SimulatedHost } from '../../src/simulation/host.ts';
import { CYCLE_MS, Pair } from '../../src/simulation/pair.ts';

const MINUTE_MS = 60_000;

/** A is off, and B's guest runs on the point, the newest when none is chosen. */
async function failedOver(recoveryHistory = 3, choose: (points: readonly Point[]) => Point | undefined = (points) => points.at(-1)): Promise<Pair> {
  const pair = new Pair({ seed: 'branch' });
  await pair.enable({ recoveryHistory });
  await pair.done(pair.a, 'start');
  await pair.done(pair.a, 'initial');
  for (let round = 0; round < 3; round++) {
    pair.write(pair.a, 'a', round);
    await pair.pass(MINUTE_MS);
  }
  await pair.done(pair.a, 'stop', { force: true });
  await pair.done(pair.b, 'unplanned', { start: true, point: choose(pair.b.state.points(pair.machineId))!.id });
  return pair;
}

const pointsOn = (pair: Pair, host: SimulatedHost) => host.state.points(pair.machineId);
const madeHere = (pair: Pair) => {
  const ids = new Set(pair.b.state.machine(pair.machineId)!.stacks.flatMap(({ branch }) => branch?.layers ?? []).map(({ pointId }) => pointId));
  return pointsOn(pair, pair.b).filter(({ id }) => ids.has(id));
};

/** The guest writes, and a point is made of it. */
async function anotherPoint(pair: Pair): Promise<Point> {
  const before = madeHere(pair).at(-1)?.id;
  for (const [disk, cluster] of [['a', 3], ['a', 4], ['b', 1]] as const) pair.write(pair.b, disk, cluster);
  for (let waitedMs = 0; waitedMs < 2 * CYCLE_MS; waitedMs += 500) {
    await pair.pass(500);
    const newest = madeHere(pair).at(-1);
    if (newest && newest.id !== before) return newest;
  }
  throw new assert.AssertionError({ message: `no point was made: ${pair.standing()}` });
}

test('a guest that runs where it failed over to gets a point each interval, as many as the history says', async () => {
  const pair = await failedOver(2);
  const received = pointsOn(pair, pair.b).map(({ id }) => id);
  for (let round = 0; round < 12; round++) {
    const { kind, epochId, parentId } = await anotherPoint(pair);
    assert.deepEqual([kind, epochId], ['standard', pair.b.state.machine(pair.machineId)!.lineage.at(-1)!.id]);
    assert.ok(parentId !== null);
    assert.ok(madeHere(pair).length <= 3);
    assert.ok(received.every((id) => pointsOn(pair, pair.b).some((point) => point.id === id)), 'the received points are all there');
  }
  await pair.pass(MINUTE_MS);
  const { stacks } = pair.b.state.machine(pair.machineId)!;
  assert.ok(stacks.every(({ branch }) => branch!.layers.length <= 4), 'what was retired is merged');
  await pair.properties.check();
});

test('a guest that is off gets one point of what it wrote last, and no more', async () => {
  const pair = await failedOver();
  await anotherPoint(pair);
  const value = pair.write(pair.b, 'a', 5);
  await pair.done(pair.b, 'stop', { force: true });
  await pair.pass(3 * MINUTE_MS);
  const last = madeHere(pair).at(-1)!;
  assert.equal(pair.instants.get(last.id)!.get('a')![5], value);
  await pair.pass(5 * MINUTE_MS);
  assert.equal(madeHere(pair).at(-1)!.id, last.id);
});

test('a guest that never ran where it failed over to gets no point', async () => {
  const pair = await failedOver();
  await pair.done(pair.b, 'stop', { force: true });
  await pair.done(pair.b, 'revert');
  await pair.done(pair.b, 'unplanned', { start: false });
  await pair.pass(3 * MINUTE_MS);
  assert.deepEqual(madeHere(pair), []);
});

test('a revert drops what was made since the failover, and every received point is there again', async () => {
  const pair = await failedOver(8);
  const received = pointsOn(pair, pair.b);
  const made = [await anotherPoint(pair), await anotherPoint(pair)];
  pair.b.engine!.jobs.start('revert', pair.machineId, {});
  while (pair.relationshipOn(pair.b)!.state !== 3) await pair.pass(1);
  for (const { id } of received) assert.ok(pair.b.state.point(id), id);
  for (const { id } of made) assert.equal(pair.b.state.point(id), undefined);
  await pair.pass(MINUTE_MS / 2);
  const { stacks } = pair.b.state.machine(pair.machineId)!;
  const paths = new Set(stacks.flatMap(({ layers }) => layers).map(({ path }) => path));
  assert.ok(stacks.every(({ branch }) => branch === undefined));
  const receiving = pair.relationshipOn(pair.b)!.receiving?.layers.map(({ layer }) => layer.path) ?? [];
  assert.deepEqual(pair.b.files.under('/replicas').map(({ path }) => path).filter((path) => !paths.has(path) && !receiving.includes(path)), []);
  await pair.properties.check();
});

test('a commit keeps the chosen point and those made since, and what differs from all others still travels back', async () => {
  const pair = await failedOver(3, ([oldest]) => oldest);
  const chosenId = pair.relationshipOn(pair.b)!.failover!.pointId;
  await anotherPoint(pair);
  const made = await anotherPoint(pair);
  await pair.done(pair.b, 'commit');
  const left = pointsOn(pair, pair.b).map(({ id }) => id);
  assert.equal(left[0], chosenId);
  assert.equal(left.at(-1), made.id);
  assert.deepEqual(new Set(left.slice(1)), new Set(madeHere(pair).map(({ id }) => id)));
  await anotherPoint(pair);
  await pair.done(pair.b, 'reverse');
  await pair.agrees();
});

test('whenever daemon and QEMU die while a point is made, all that the guest wrote is known and travels back', async () => {
  for (let calls = 1; calls < 42; calls += 3) {
    const pair = await failedOver();
    await anotherPoint(pair);
    pair.write(pair.b, 'a', 6);
    pair.write(pair.b, 'b', 2, 0);
    await pair.pass(CYCLE_MS * 0.8);
    pair.b.life!.callsLeft = calls;
    await pair.pass(CYCLE_MS);
    if (pair.b.life) pair.b.life.callsLeft = Infinity;
    pair.write(pair.b, 'a', 7);
    if (calls % 2 === 1) pair.b.hypervisor.kill(pair.machineId);
    await pair.properties.check();
    if (!pair.b.life) pair.b.boot();
    await pair.pass(2 * CYCLE_MS);
    await pair.properties.check();
    await pair.done(pair.b, 'reverse');
    if (!pair.isRunning(pair.b)) await pair.done(pair.b, 'start');
    await pair.agrees();
  }
});

test('a full storage costs points and nothing else: the guest writes on, and points come again', async () => {
  const pair = await failedOver();
  const before = await anotherPoint(pair);
  pair.b.files.isFull = true;
  pair.write(pair.b, 'a', 8);
  await pair.pass(3 * CYCLE_MS);
  assert.equal(madeHere(pair).at(-1)!.id, before.id);
  assert.equal(pair.relationshipOn(pair.b)!.lastFault?.code, 'space-exhausted');
  assert.ok(pair.isRunning(pair.b));
  pair.b.files.isFull = false;
  await anotherPoint(pair);
  assert.equal(pair.relationshipOn(pair.b)!.lastFault, null);
  await pair.properties.check();
});

test('a point that was made here can be tested, and stays as long as the test does', async () => {
  const pair = await failedOver(1);
  const tested = await anotherPoint(pair);
  await pair.done(pair.b, 'test', { start: true, point: tested.id });
  for (let round = 0; round < 5; round++) await anotherPoint(pair);
  assert.ok(pair.b.state.point(tested.id));
  assert.ok(madeHere(pair).length <= 3);
  const refused = await pair.job(pair.b, 'revert');
  assert.match(refused.error?.message ?? '', /test failover/);
  await pair.done(pair.b, 'testEnd');
  await pair.properties.check();
});
