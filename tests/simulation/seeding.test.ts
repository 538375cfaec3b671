/** The first copy begins with one that is on the replica's host already: the real engine on simulated hosts. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { transition } from '../../src/engine/transition.ts';
import { withoutSeed } from '../../src/engine/replica/seeding.ts';
import { CLUSTER_BYTES } from '../../src/extents/extent.ts';
import { Pair } from '../../src/simulation/pair.ts';

const MINUTE_MS = 60_000;
const CLUSTERS = 60;

async function seeded(seed: string): Promise<Pair> {
  const pair = new Pair({ seed, disks: { a: CLUSTERS, b: 9 } });
  await pair.enable({ recoveryHistory: 2 }, true);
  await pair.done(pair.a, 'start');
  return pair;
}

const contentOfSeed = (pair: Pair): string => JSON.stringify(['a', 'b'].map((disk) => [...pair.b.files.find(`/old/${disk}`).clusters]));

test('of a copy that is there already only what differs travels, and the first point is right', async () => {
  const pair = await seeded('seed');
  await pair.done(pair.a, 'initial');
  const { bytesChanged } = pair.relationshipOn(pair.a)!.totals;
  assert.ok(bytesChanged > 0 && bytesChanged < (CLUSTERS * CLUSTER_BYTES) / 2, `${bytesChanged / CLUSTER_BYTES} clusters travelled`);
  assert.equal(pair.relationshipOn(pair.b)!.seed, null);
  await pair.pass(5 * MINUTE_MS);
  await pair.done(pair.a, 'cycle');
  await pair.properties.check();
  pair.properties.newestPointIsTheDisks(pair.a);
});

test('after it the maps know every cluster, so that a later comparison asks the replica for nothing', async () => {
  const pair = await seeded('maps');
  await pair.done(pair.a, 'initial');
  let asked = 0;
  pair.network.up('B', (from, method, params) => {
    if (method === 'compare') asked += 1;
    return pair.b.engine!.handle(from, method, params);
  });
  transition(pair.a.engine!.host, pair.relationshipId, 'suspend');
  await pair.done(pair.a, 'resynchronize');
  assert.equal(asked, 0);
});

test('a stop before the first point leaves the copy as it was, and it can be had back', async () => {
  const pair = await seeded('stop');
  const before = contentOfSeed(pair);
  const { id } = pair.a.engine!.jobs.start('initial', pair.machineId, {});
  while (pair.relationshipOn(pair.b)!.receiving === null) await pair.pass(1);
  transition(pair.a.engine!.host, pair.relationshipId, 'stopInitial');
  await pair.pass(MINUTE_MS);
  assert.notEqual(pair.a.state.job(id)!.state, 'running');
  assert.equal(pair.relationshipOn(pair.b)!.state, 2);
  assert.equal(contentOfSeed(pair), before);
  const machine = withoutSeed(pair.b.state.machine(pair.machineId)!, pair.relationshipOn(pair.b)!.seed!);
  assert.deepEqual([machine.name, machine.stacks.map(({ layers }) => layers[0]!.path)], ['old vm', ['/old/a', '/old/b']]);
  await pair.done(pair.a, 'initial');
  await pair.properties.check();
});

test('a daemon that dies anywhere in a seeded first copy goes on with it', async () => {
  for (let calls = 5; calls < 160; calls += 15) {
    const pair = await seeded(`death ${calls}`);
    const victim = calls % 2 === 0 ? pair.a : pair.b;
    transition(pair.a.engine!.host, pair.relationshipId, 'startInitial');
    victim.life!.callsLeft = calls;
    await pair.pass(2_000);
    if (!victim.life) {
      victim.losePower();
      victim.boot();
      if (victim === pair.a) await pair.done(pair.a, 'start');
    } else victim.life.callsLeft = Infinity;
    await pair.pass(10 * MINUTE_MS);
    assert.equal(pair.relationshipOn(pair.a)!.state, 3, pair.standing());
    await pair.properties.check();
    await pair.done(pair.a, 'cycle');
    pair.properties.newestPointIsTheDisks(pair.a);
  }
});

test('without a copy to start from, a seeded first copy says so and nothing is changed', async () => {
  const pair = new Pair({ seed: 'none' });
  await pair.enable();
  await pair.done(pair.a, 'start');
  pair.a.state.putRelationship({ ...pair.relationshipOn(pair.a)!, initial: { by: 'seed' } });
  transition(pair.a.engine!.host, pair.relationshipId, 'startInitial');
  await pair.pass(MINUTE_MS);
  assert.equal(pair.relationshipOn(pair.a)!.lastFault?.code, 'seed-unfit');
  assert.equal(pair.relationshipOn(pair.b)!.receiving, null);
});
