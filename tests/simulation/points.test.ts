/** Recovery points that are verified, and application-consistent ones: the real engine on simulated hosts. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CLUSTER_BYTES } from '../../src/extents/extent.ts';
import { removePoint } from '../../src/engine/replica/removal.ts';
import { Refused } from '../../src/errors/refusal.ts';
import type { Point } from '../../src/machine/records.ts';
import { prefixOf } from '../../src/points/stack.ts';
import { Pair } from '../../src/simulation/pair.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** Cycles of a quarter of an hour: hours pass quickly. */
const SELDOM = { intervalSeconds: 900, additional: { cycleIntervalMs: 899_000 } } as const;

async function replicating(settings: Parameters<Pair['enable']>[0] = {}, seed = 'points'): Promise<Pair> {
  const pair = new Pair({ seed });
  await pair.enable({ recoveryHistory: 4, ...settings });
  await pair.done(pair.a, 'start');
  await pair.done(pair.a, 'initial');
  await pair.pass(MINUTE_MS / 2);
  return pair;
}

const pointsOn = (pair: Pair, host = pair.b): readonly Point[] => host.state.points(pair.machineId);

/** Some of the guest's writes, and a cycle, a minute of the clock later. */
async function work(pair: Pair, cycles: number): Promise<void> {
  for (let at = 0; at < cycles; at++) {
    for (let writes = 0; writes < 5; writes++) pair.guestWrites(pair.a);
    await pair.pass(MINUTE_MS / 2);
    await pair.done(pair.a, 'cycle');
  }
}

/** The storage changes a cluster that the point shows: the top one that holds anything. */
function damage(pair: Pair, { id }: Point): { disk: string; cluster: number } {
  for (const stack of pair.b.state.machine(pair.machineId)!.stacks) {
    const file = prefixOf(stack, id)!.layers.map(({ path }) => pair.b.files.find(path)).findLast(({ clusters }) => clusters.size > 0);
    const [cluster] = file?.clusters.keys() ?? [];
    if (!file || cluster === undefined) continue;
    file.clusters.set(cluster, pair.newValue());
    return { disk: stack.disk, cluster };
  }
  throw new Error('the point holds nothing');
}

test('every recovery point that was kept is verified good, whatever came and went after it', async () => {
  const pair = await replicating();
  await work(pair, 14);
  const points = pointsOn(pair);
  assert.ok(points.length >= 4, `${points.length} points`);
  for (const { id } of points) {
    if (!pointsOn(pair).some((point) => point.id === id)) continue;
    const { result } = await pair.done(pair.b, 'verify', { point: id });
    assert.ok((result?.['clusters'] as number) > 0);
    assert.equal(result?.['uncheckedClusters'], 0, 'every cluster was recorded');
  }
});

test('of what points replaced no more is kept than there are points with an older one, also when always the oldest goes', async () => {
  const pair = await replicating({ recoveryHistory: 3, additional: { cycleIntervalMs: 600_000, pointIntervalSeconds: 1 } });
  await work(pair, 12);
  await pair.pass(MINUTE_MS);
  const kept = await pair.b.engine!.host.fingerprints.replacedIds(pair.relationshipId);
  const [, ...withOlder] = pointsOn(pair).map(({ id }) => id);
  assert.ok(withOlder.length >= 3, `${withOlder.length} points with an older one`);
  assert.deepEqual([...kept].sort(), withOlder.sort());
});

test('a cluster that changed on the replica\'s storage is found in the points that show it, and named with machine, point and disk', async () => {
  const pair = await replicating();
  await work(pair, 8);
  await pair.done(pair.a, 'suspend');
  const points = pointsOn(pair);
  const hit = points.at(-2)!;
  const { disk, cluster } = damage(pair, hit);
  const failed = await pair.job(pair.b, 'verify', { point: hit.id });
  assert.equal(failed.error?.code, 'point-damaged');
  for (const word of ['vm', hit.id, `Disk ${disk}`]) assert.ok(failed.error!.message.includes(word), failed.error!.message);
  assert.deepEqual(pair.b.state.point(hit.id)!.verification!.damage, [{ disk, clusters: 1, firstOffsetBytes: cluster * CLUSTER_BYTES }]);
  assert.ok(pair.b.state.events(null, 1_000).some(({ severity, message }) => severity === 'error' && message.includes(hit.id)), 'it is in the log');
});

test('points that stand on a damaged one are not shown as good', async () => {
  const pair = await replicating();
  await work(pair, 8);
  await pair.done(pair.a, 'suspend');
  const points = pointsOn(pair);
  const isMarked = (id: string): boolean => (pair.b.state.point(id)!.verification?.damage.length ?? 0) > 0;
  const damagedPoint = points.at(-2)!;
  damage(pair, damagedPoint);
  await pair.job(pair.b, 'verify', { point: damagedPoint.id });
  assert.deepEqual(points.map(({ id }) => isMarked(id)), points.map((_, index) => index >= points.length - 2));
  assert.deepEqual(pair.relationshipOn(pair.b)!.alarms, ['points-damaged']);
});

test('a recovery point that arrives on a damaged one is marked until it is verified good', async () => {
  const pair = await replicating();
  await work(pair, 3);
  const newest = pointsOn(pair).at(-1)!;
  pair.b.state.putPoint({ ...newest, verification: { atMs: pair.b.nowMs(), clusters: 17, uncheckedClusters: 0, damage: [{ disk: 'a', clusters: 1, firstOffsetBytes: 0 }] } });
  await work(pair, 2);
  await pair.done(pair.a, 'suspend');
  const arrived = pointsOn(pair).at(-1)!;
  assert.ok(arrived.sequence > newest.sequence && (arrived.verification?.damage.length ?? 0) > 0);
  await pair.done(pair.b, 'verify', { point: arrived.id });
  assert.equal(pair.b.state.point(arrived.id)!.verification!.damage.length, 0);
});

test('a damaged point is not failed over to by itself, and with --force it is', async () => {
  const pair = await replicating();
  await work(pair, 3);
  await pair.done(pair.a, 'suspend');
  const newest = pointsOn(pair).at(-1)!;
  pair.b.state.putPoint({ ...newest, verification: { atMs: pair.b.nowMs(), clusters: 17, uncheckedClusters: 0, damage: [{ disk: 'a', clusters: 1, firstOffsetBytes: 0 }] } });
  pair.a.kill();
  pair.properties.mayRunTwice = true;
  const refused = await pair.job(pair.b, 'unplanned', { start: false });
  assert.equal(refused.error?.code, 'refused');
  assert.match(refused.error!.message, /damaged/);
  const refusedStep = await pair.job(pair.b, 'failOver', { point: newest.id });
  assert.match(refusedStep.error!.message, /damaged/, 'a step, which asks nobody whether the guest runs, takes no damaged point either');
  await pair.done(pair.b, 'unplanned', { start: false, force: true });
});

test('a recovery point that is being verified is neither retired nor removed, and the verification can be cancelled', async () => {
  const pair = await replicating({ recoveryHistory: 1 });
  await work(pair, 3);
  const oldest = pointsOn(pair)[0]!;
  const { id } = pair.b.engine!.jobs.start('verify', pair.machineId, { point: oldest.id });
  for (let waited = 0; pair.relationshipOn(pair.b)!.verifyingId !== oldest.id; waited++) {
    assert.ok(waited < 1_000, 'the verification begins');
    await pair.pass(1);
  }
  assert.throws(() => removePoint(pair.b.engine!.host, pair.relationshipId, oldest.id), (thrown) => thrown instanceof Refused && /being verified/.test(thrown.message));
  pair.b.engine!.jobs.cancel(id);
  await pair.pass(1_000);
  assert.equal(pair.b.state.job(id)!.state, 'cancelled');
  assert.equal(pair.relationshipOn(pair.b)!.verifyingId ?? null, null);
});

test('a verification goes on after the daemon died in it, and tells the truth', async () => {
  const pair = await replicating();
  await work(pair, 6);
  const [oldest] = pointsOn(pair);
  const { id } = pair.b.engine!.jobs.start('verify', pair.machineId, { point: oldest!.id });
  await pair.pass(20);
  pair.b.kill();
  await pair.pass(1_000);
  pair.b.boot();
  for (let waited = 0; pair.b.state.job(id)!.state === 'running'; waited++) {
    assert.ok(waited < 600, 'the job ends');
    await pair.pass(500);
  }
  assert.equal(pair.b.state.job(id)!.state, 'completed', pair.b.state.job(id)!.error?.message);
});

test('a guest without an agent gets crash-consistent points, each failure is counted and said, and cycles go on', async () => {
  const pair = await replicating({ ...SELDOM, declared: { applicationConsistentHours: 1 } });
  await pair.pass(3 * HOUR_MS);
  const failures = pair.a.state.events(null, 1_000).filter(({ message }) => /crash-consistent/.test(message)).length;
  assert.ok(failures >= 3 && failures <= 8, `${failures} failures in three hours`);
  assert.ok((pair.relationshipOn(pair.a)!.statistics?.consistencyFailures ?? 0) > 0, 'they are counted');
  assert.ok(pointsOn(pair).every(({ kind }) => kind === 'standard'));
  await pair.properties.check();
});

test('application-consistent points come at the hours that the settings say, are told on both hosts, and the last one stays', async () => {
  const pair = await replicating({ ...SELDOM, recoveryHistory: 2, declared: { applicationConsistentHours: 4 } });
  pair.a.hypervisor.freezing = 'works';
  await pair.pass(9 * HOUR_MS);
  const { lastConsistentMs } = pair.relationshipOn(pair.a)!;
  assert.ok(lastConsistentMs !== undefined && pair.a.nowMs() - lastConsistentMs < 4 * HOUR_MS + 20 * MINUTE_MS);
  assert.equal(pair.relationshipOn(pair.b)!.lastConsistentMs, lastConsistentMs);
  const kept = pointsOn(pair).filter(({ kind }) => kind === 'application-consistent');
  assert.equal(kept.length, 1);
  assert.equal(kept[0]!.instantMs, lastConsistentMs);
  assert.ok(pair.a.hypervisor.frozenInstants.has(kept[0]!.id), 'the guest stood still at that instant');
  pair.properties.mayRunTwice = true;
  await pair.done(pair.b, 'unplanned', { point: 'last-application-consistent', start: false, force: true });
  assert.equal(pair.relationshipOn(pair.b)!.failover!.pointId, kept[0]!.id);
});

test('an application-consistent point can be asked for, and the answer says when it is not one', async () => {
  const pair = await replicating();
  assert.equal((await pair.done(pair.a, 'cycle', { applicationConsistent: true })).result?.['kind'], 'standard');
  pair.a.hypervisor.freezing = 'works';
  assert.equal((await pair.done(pair.a, 'cycle', { applicationConsistent: true })).result?.['kind'], 'application-consistent');
  assert.equal(pointsOn(pair).at(-1)!.kind, 'application-consistent');
  await pair.done(pair.a, 'stop', { force: true });
  assert.equal((await pair.job(pair.a, 'cycle', { applicationConsistent: true })).error?.code, 'refused');
});

test('settings that only one host heard of are the same on both with the next cycle', async () => {
  const pair = await replicating();
  const { settings } = pair.relationshipOn(pair.a)!;
  pair.a.state.putRelationship({ ...pair.relationshipOn(pair.a)!, settings: { ...settings, recoveryHistory: 7 } });
  await pair.done(pair.a, 'cycle');
  assert.equal(pair.relationshipOn(pair.b)!.settings.recoveryHistory, 7);
});
