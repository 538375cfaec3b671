/** What must hold while the set of disks that replicate changes: the real engine on simulated hosts, one story for each rule. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { putSettings } from '../../src/engine/stepkinds.ts';
import { update } from '../../src/engine/transition.ts';
import { Refused } from '../../src/errors/refusal.ts';
import { CLUSTER_BYTES } from '../../src/extents/extent.ts';
import { Pair } from '../../src/simulation/pair.ts';

const MINUTE_MS = 60_000;

/** A's guest runs, and of its disks a and b only these replicate to B. */
async function replicating(disks: readonly string[]): Promise<Pair> {
  const pair = new Pair({ seed: 'disks' });
  await pair.enable({ recoveryHistory: 3, disks });
  await pair.done(pair.a, 'start');
  await pair.done(pair.a, 'initial');
  await pair.pass(MINUTE_MS);
  return pair;
}

/** The set is changed on A; a new disk travels in parts of so many clusters. */
async function change(pair: Pair, disks: readonly string[], clusters = 100): Promise<void> {
  const { host } = pair.a.engine!;
  const changing = pair.a.engine!.worker(pair.machineId).exclusive('change settings', async (signal) => {
    await putSettings(host, pair.relationshipId, { ...pair.relationshipOn(pair.a)!.settings, disks }, signal);
    update(host, pair.relationshipId, ({ incoming }) => (incoming ? { incoming: { ...incoming, sliceBytes: clusters * CLUSTER_BYTES } } : {}));
  }, host.clock.timeout(MINUTE_MS));
  await pair.time.until(changing, MINUTE_MS, 'the change of the set');
}

const stateOf = (pair: Pair): number => pair.relationshipOn(pair.a)!.state;
const disksOf = (pair: Pair, pointId: string): string[] =>
  pair.b.state.machine(pair.machineId)!.stacks.filter(({ layers }) => layers.some((layer) => layer.pointId === pointId)).map(({ disk }) => disk).sort();

test('while a new disk is copied the others get their recovery points, and no point has a part of it', async () => {
  const pair = await replicating(['a']);
  const before = pair.relationshipOn(pair.b)!.newestPointId;
  await change(pair, ['a', 'b'], 2);
  assert.equal(stateOf(pair), 15);
  const seen = new Map<string, string[]>();
  await pair.until(() => {
    const { newestPointId } = pair.relationshipOn(pair.b)!;
    if (newestPointId && newestPointId !== before) seen.set(newestPointId, disksOf(pair, newestPointId));
    pair.write(pair.a, 'b', 0);
    return stateOf(pair) === 3;
  }, 'the new set replicates');
  const sets = [...seen.values()].map((disks) => disks.join());
  assert.equal(sets.at(0), 'a');
  assert.equal(sets.at(-1), 'a,b');
  await pair.done(pair.a, 'cycle');
  pair.properties.newestPointIsTheDisks(pair.a);
  assert.deepEqual(disksOf(pair, pair.relationshipOn(pair.b)!.newestPointId!), ['a', 'b']);
});

test('a disk that cannot be copied leads to 16, where the others go on; a resume begins it again', async () => {
  const pair = await replicating(['a']);
  await change(pair, ['a', 'b'], 2);
  await pair.until(() => pair.relationshipOn(pair.b)!.receiving?.partial?.includes('b') === true, 'a part of the disk travels');
  pair.b.files.isFull = true;
  await pair.until(() => stateOf(pair) === 16, 'the update is critical');
  assert.equal(pair.relationshipOn(pair.a)!.lastFault?.code, 'space-exhausted');
  pair.b.files.isFull = false;
  const before = pair.relationshipOn(pair.a)!.newestPointId;
  await pair.until(() => pair.relationshipOn(pair.a)!.newestPointId !== before, 'the other disk gets its points');
  assert.equal(stateOf(pair), 16);
  assert.deepEqual(disksOf(pair, pair.relationshipOn(pair.b)!.newestPointId!), ['a']);
  await pair.done(pair.a, 'resume');
  await pair.until(() => stateOf(pair) === 3, 'the new set replicates');
  await pair.done(pair.a, 'cycle');
  pair.properties.newestPointIsTheDisks(pair.a);
});

test('a disk that is left out stays in older points, and its layers go with the last of them', async () => {
  const pair = await replicating(['a', 'b']);
  await pair.pass(3 * MINUTE_MS);
  const [{ id: older } = { id: '' }] = pair.b.state.points(pair.machineId);
  await change(pair, ['a']);
  await pair.until(() => stateOf(pair) === 3, 'the new set replicates');
  assert.deepEqual(disksOf(pair, older), ['a', 'b']);
  assert.ok(pair.b.state.point(older));
  for (let cycles = 0; cycles < 12; cycles++) {
    pair.write(pair.a, 'b', 1);
    await pair.pass(MINUTE_MS);
  }
  await pair.properties.check();
  assert.deepEqual(pair.b.state.machine(pair.machineId)!.stacks.map(({ disk }) => disk), ['a']);
  assert.deepEqual(pair.b.files.under(`/replicas/${pair.machineId}`).filter(({ path }) => path.includes('/b-')), []);
});

test('a failover while a disk is being included boots a point without it, and after the reverse that disk does not replicate', async () => {
  const pair = await replicating(['a']);
  await change(pair, ['a', 'b'], 1);
  await pair.until(() => pair.relationshipOn(pair.b)!.partial?.disks.includes('b') === true, 'a part of the disk has come');
  pair.properties.mayRunTwice = true;
  await pair.done(pair.b, 'unplanned', { start: true, force: true });
  assert.deepEqual(pair.guestOn(pair.b)!.spec.stacks.map(({ disk }) => disk), ['a']);
  await pair.until(() => pair.relationshipOn(pair.a)!.side === 'replica', 'the primary yields');
  await pair.done(pair.b, 'reverse');
  assert.deepEqual(pair.relationshipOn(pair.b)!.settings.disks, ['a']);
  assert.equal(pair.relationshipOn(pair.b)!.incoming ?? null, null);
  await pair.done(pair.b, 'cycle');
  pair.properties.newestPointIsTheDisks(pair.b);
  await pair.properties.check();
});

test('a disk that did not replicate when its guest went away and came home is included while the guest runs', async () => {
  const pair = await replicating(['a']);
  await pair.done(pair.a, 'planned', { start: true, reverse: true });
  await pair.done(pair.b, 'planned', { start: true, reverse: true });
  await pair.pass(MINUTE_MS);
  await change(pair, ['a', 'b']);
  await pair.until(() => stateOf(pair) === 3, 'the new set replicates');
  pair.write(pair.a, 'b', 0);
  await pair.done(pair.a, 'cycle');
  pair.properties.newestPointIsTheDisks(pair.a);
  assert.deepEqual(disksOf(pair, pair.relationshipOn(pair.b)!.newestPointId!), ['a', 'b']);
});

test('both daemons die again and again while a disk is included, and it replicates all the same', async () => {
  const pair = await replicating(['a']);
  await change(pair, ['a', 'b'], 1);
  for (let calls = 3; stateOf(pair) === 15 && calls < 200; calls += 7) {
    const host = calls % 2 === 0 ? pair.a : pair.b;
    if (host.life) host.life.callsLeft = calls;
    pair.write(pair.a, 'b', calls % 5);
    await pair.pass(20_000);
    if (!host.life) host.boot();
    host.life!.callsLeft = Infinity;
  }
  await pair.until(() => stateOf(pair) === 3, 'the new set replicates');
  await pair.done(pair.a, 'cycle');
  pair.properties.newestPointIsTheDisks(pair.a);
});

test('a guest that is started again keeps its record of changes, though a disk of it does not replicate', async () => {
  const pair = await replicating(['a']);
  for (let times = 0; times < 3; times++) {
    await pair.done(pair.a, 'stop', { timeoutSeconds: 10 });
    await pair.done(pair.a, 'start');
    pair.write(pair.a, 'a', times);
    await pair.done(pair.a, 'cycle');
    assert.equal(stateOf(pair), 3);
  }
});

test('one of the disks that replicate has to stay, and the set is not changed while replication is suspended', async () => {
  const pair = await replicating(['a']);
  await assert.rejects(change(pair, ['b']), (thrown: unknown) => thrown instanceof Refused && /has to stay \(a\)/.test(thrown.message));
  await pair.done(pair.a, 'suspend');
  await assert.rejects(change(pair, ['a', 'b']), (thrown: unknown) => thrown instanceof Refused && /Suspended/.test(thrown.message));
});
