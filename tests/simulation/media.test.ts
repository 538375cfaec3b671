/** The first copy on media that are carried by hand: the real engine on simulated hosts. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Refused } from '../../src/errors/refusal.ts';
import { transition } from '../../src/engine/transition.ts';
import { CLUSTER_BYTES } from '../../src/extents/extent.ts';
import type { SimulatedHost } from '../../src/simulation/host.ts';
import { Pair } from '../../src/simulation/pair.ts';

const MINUTE_MS = 60_000;
const MEDIA = { directory: '/media' };

async function fails(pair: Pair, host: SimulatedHost, kind: string, code: string, words: RegExp): Promise<void> {
  const { error, state, result } = await pair.job(host, kind, MEDIA);
  if (!error) throw new Error(`${state} ${JSON.stringify(result)} ${pair.standing()}`);
  assert.equal(error?.code, code, error?.message);
  assert.match(error!.message, words);
}

const stateOn = (pair: Pair, host: SimulatedHost): number => pair.relationshipOn(host)!.state;
const placeOf = (pair: Pair): string => pair.a.media.paths[0]!;

async function enabled(seed: string): Promise<Pair> {
  const pair = new Pair({ seed, disks: { a: 40, b: 9 } });
  pair.a.media.directories.add('/other');
  await pair.enable({ recoveryHistory: 2 });
  await pair.done(pair.a, 'start');
  return pair;
}

/** The media are whole; the guest writes on, and some changes have arrived on B. */
async function exported(seed: string): Promise<Pair> {
  const pair = await enabled(seed);
  await pair.done(pair.a, 'export', MEDIA);
  for (let i = 0; i < 3; i++) {
    for (let n = 0; n < 5; n++) pair.guestWrites(pair.a);
    await pair.pass(MINUTE_MS);
  }
  return pair;
}

async function isRight(pair: Pair): Promise<void> {
  await pair.pass(2 * MINUTE_MS);
  assert.deepEqual([stateOn(pair, pair.a), stateOn(pair, pair.b)], [3, 3], pair.standing());
  await pair.done(pair.a, 'cycle');
  await pair.properties.check();
  pair.properties.newestPointIsTheDisks(pair.a);
}

test('an exported first copy is one point in time, changes flow while it travels, and after the import both replicate', async () => {
  const pair = await exported('travel');
  assert.deepEqual([stateOn(pair, pair.a), stateOn(pair, pair.b)], [2, 2]);
  assert.ok(pair.relationshipOn(pair.a)!.totals.bytesChanged > 0);
  assert.equal(pair.b.state.points(pair.machineId).length, 0);
  await pair.a.media.carryTo(pair.b.media);
  await pair.done(pair.b, 'import', MEDIA);
  assert.equal(stateOn(pair, pair.b), 3);
  assert.ok(pair.b.state.points(pair.machineId).length > 0);
  pair.properties.pointsReadRight(pair.b);
  await isRight(pair);
});

test('while media travel the replica holds one merged layer a disk that is no recovery point', async () => {
  const pair = await exported('merged');
  await pair.pass(2 * MINUTE_MS);
  for (const { layers } of pair.b.state.machine(pair.machineId)!.stacks) assert.equal(layers.length, 1);
  const refused = await pair.job(pair.b, 'unplanned', { start: false, force: true });
  assert.equal(refused.state, 'failed');
  assert.equal(stateOn(pair, pair.b), 2);
});

test('media that arrive before the replica heard of them, and before any change, are imported all the same', async () => {
  const pair = await enabled('silent');
  pair.network.cut('A', 'B');
  pair.network.cut('B', 'A');
  await pair.done(pair.a, 'export', MEDIA);
  await pair.a.media.carryTo(pair.b.media);
  await pair.done(pair.b, 'import', MEDIA);
  assert.equal(pair.b.state.points(pair.machineId).length, 1);
  pair.network.heal();
  await pair.pass(MINUTE_MS);
  await isRight(pair);
});

test('an initial replication onto media can be stopped before it has finished, and not after', async () => {
  const pair = await enabled('stop');
  pair.a.files.isFull = true;
  const { id } = pair.a.engine!.jobs.start('export', pair.machineId, MEDIA);
  pair.a.files.isFull = false;
  while (stateOn(pair, pair.a) !== 2) await pair.pass(1);
  transition(pair.a.engine!.host, pair.relationshipId, 'stopInitial');
  await pair.pass(MINUTE_MS);
  assert.notEqual(pair.a.state.job(id)!.state, 'running');
  assert.equal(stateOn(pair, pair.a), 1);
  await pair.a.media.carryTo(pair.b.media);
  await fails(pair, pair.b, 'import', 'media-unfit', /no manifest/);
  await pair.done(pair.a, 'export', MEDIA);
  assert.throws(() => transition(pair.a.engine!.host, pair.relationshipId, 'stopInitial'), (thrown: unknown) => thrown instanceof Refused && /must not have finished/.test(thrown.message));
});

test('media of another virtual machine, of another relationship, altered or truncated ones, and an older export are told apart and change nothing', async () => {
  const pair = await exported('hostile');
  await fails(pair, pair.b, 'import', 'media-missing', /holds no export/);
  await pair.a.media.carryTo(pair.b.media);
  const place = placeOf(pair);
  const texts = pair.b.media.texts(place);
  const whole = texts.get('manifest.json')!;
  const altered = (change: (manifest: Record<string, unknown>) => void): string => {
    const manifest = JSON.parse(whole) as Record<string, unknown>;
    change(manifest);
    return JSON.stringify(manifest);
  };
  const tries: [text: string, code: string, words: RegExp][] = [
    ['', 'media-damaged', /cannot be read/],
    [whole.slice(0, 200), 'media-damaged', /cannot be read/],
    [altered((it) => void (it['format'] = 9)), 'media-unfit', /format 9/],
    [altered((it) => void (it['machineId'] = 'another')), 'media-unfit', /another virtual machine/],
    [altered((it) => void (it['relationshipId'] = 'another')), 'media-unfit', /another relationship/],
    [altered((it) => void (it['pointId'] = 'another')), 'media-damaged', /altered/],
  ];
  for (const [text, code, words] of tries) {
    texts.set('manifest.json', text);
    await fails(pair, pair.b, 'import', code, words);
  }
  texts.set('manifest.json', whole);
  const image = pair.b.files.find(`${place}/a`);
  const [cluster, value] = [...image.clusters].find(([, each]) => each !== 0)!;
  image.clusters.set(cluster, value + 1);
  await fails(pair, pair.b, 'import', 'media-damaged', /is not what was exported/);
  image.clusters.set(cluster, value);
  assert.equal(stateOn(pair, pair.b), 2);
  assert.equal(pair.b.state.points(pair.machineId).length, 0);
  await pair.done(pair.b, 'import', MEDIA);
  await isRight(pair);
});

test('an older export of the same relationship is refused', async () => {
  const pair = await exported('older');
  await pair.a.media.carryTo(pair.b.media);
  const { awaited } = pair.relationshipOn(pair.b)!;
  pair.b.state.putRelationship({ ...pair.relationshipOn(pair.b)!, awaited: { ...awaited!, pointId: 'a newer one' } });
  await fails(pair, pair.b, 'import', 'media-unfit', /another than the one/);
});

test('a directory that is missing, too full or holds a finished export is refused before anything begins', async () => {
  const pair = await enabled('directory');
  const missing = await pair.job(pair.a, 'export', { directory: '/nowhere' });
  assert.equal(missing.error?.code, 'media-missing');
  assert.equal(stateOn(pair, pair.a), 1);
  await pair.done(pair.a, 'export', MEDIA);
  await pair.a.media.carryTo(pair.a.media);
  const again = await pair.job(pair.a, 'export', { directory: '/other' });
  assert.equal(again.error?.code, 'refused');
});

test('a daemon or host that dies anywhere in an export or an import goes on with it', async () => {
  for (let calls = 5; calls < 200; calls += 17) {
    const pair = await enabled(`death ${calls}`);
    pair.a.engine!.jobs.start('export', pair.machineId, MEDIA);
    pair.a.life!.callsLeft = calls;
    await pair.pass(3_000);
    if (!pair.a.life) pair.a.boot();
    else pair.a.life.callsLeft = Infinity;
    for (let n = 0; n < 4; n++) pair.guestWrites(pair.a);
    await pair.pass(3 * MINUTE_MS);
    assert.ok(pair.relationshipOn(pair.a)!.initial?.exported, `exported after ${calls} calls: ${pair.standing()} ${pair.relationshipOn(pair.a)!.lastFault?.message}`);
    await pair.a.media.carryTo(pair.b.media);
    pair.b.engine!.jobs.start('import', pair.machineId, MEDIA);
    pair.b.life!.callsLeft = calls;
    await pair.pass(3_000);
    if (!pair.b.life) {
      pair.b.losePower();
      pair.b.boot();
    } else pair.b.life.callsLeft = Infinity;
    await pair.pass(5 * MINUTE_MS);
    if (stateOn(pair, pair.b) !== 3) await pair.done(pair.b, 'import', MEDIA);
    await isRight(pair);
  }
});

test('a record of changes that is lost while media travel is compared by the map, and the import still fits', async () => {
  const pair = await exported('lost');
  pair.a.hypervisor.kill(pair.machineId);
  await pair.done(pair.a, 'start');
  for (let n = 0; n < 5; n++) pair.guestWrites(pair.a);
  const before = pair.relationshipOn(pair.a)!.totals.bytesChanged;
  await pair.pass(5 * MINUTE_MS);
  assert.equal(stateOn(pair, pair.a), 2, pair.relationshipOn(pair.a)!.lastFault?.message);
  assert.ok(pair.relationshipOn(pair.a)!.totals.bytesChanged - before < 20 * CLUSTER_BYTES);
  await pair.a.media.carryTo(pair.b.media);
  await pair.done(pair.b, 'import', MEDIA);
  await isRight(pair);
});
