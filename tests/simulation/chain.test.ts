/** Stories of a chain of three hosts: the real engine, one story for each rule of an extended relationship. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CLUSTER_BYTES } from '../../src/extents/extent.ts';
import { putSettings } from '../../src/engine/stepkinds.ts';
import { transition, update } from '../../src/engine/transition.ts';
import { contentOf } from '../../src/simulation/instant.ts';
import type { SimulatedHost } from '../../src/simulation/host.ts';
import { Chain } from '../../src/simulation/chain.ts';
import { ChainStory } from '../../src/simulation/chainstory.ts';
import { difference } from '../../src/simulation/properties.ts';
import { prefixOf } from '../../src/points/stack.ts';

const MINUTE_MS = 60_000;

/** A's guest runs, is replicated to B, and sent on to C. */
async function chained(seed: string, recoveryHistory = 3): Promise<Chain> {
  const chain = new Chain({ seed });
  await chain.enable({ recoveryHistory });
  await chain.done(chain.a, 'start');
  await chain.done(chain.a, 'initial');
  await chain.extend();
  await chain.done(chain.b, 'initial', { extended: true });
  return chain;
}

const write = (chain: Chain, host: SimulatedHost, times = 5): void => {
  for (let i = 0; i < times; i++) chain.guestWrites(host);
};

/** C has a point of now, and it reads as the disks of the host where the guest runs. */
async function reachesC(chain: Chain, from: SimulatedHost): Promise<void> {
  const sinceMs = from.nowMs();
  await chain.until(() => (chain.relationshipOn(chain.c)?.newestInstantMs ?? 0) > sinceMs, 'a point of now reaches C');
  const newestId = chain.relationshipOn(chain.c)!.newestPointId!;
  const stacks = chain.c.state.machine(chain.machineId)!.stacks.map((stack) => prefixOf(stack, newestId)!);
  assert.equal(difference(contentOf(chain.c.files, { stacks }), chain.diskContent(from)), undefined);
  await chain.properties.check();
}

test('what the guest writes reaches the third host by itself, and every point there reads as the disks did then', async () => {
  const chain = await chained('onward');
  for (let round = 0; round < 6; round++) {
    write(chain, chain.a);
    await reachesC(chain, chain.a);
  }
  assert.equal(chain.extended!.state, 3);
  await chain.until(() => chain.extended!.newestPointId === chain.relationshipOn(chain.c)!.newestPointId, 'the acknowledgement comes');
});

test('either of the two relationships is suspended by itself, and does not hold up the other', async () => {
  const chain = await chained('suspended');
  const own = chain.relationshipOn(chain.b)!.id;
  transition(chain.b.engine!.host, chain.extended!.id, 'suspend');
  const atC = chain.relationshipOn(chain.c)!.newestPointId;
  write(chain, chain.a);
  await reaches(chain, chain.a, chain.b);
  assert.equal(chain.relationshipOn(chain.c)!.newestPointId, atC, 'nothing is sent on');
  transition(chain.b.engine!.host, own, 'suspend');
  await chain.pass(MINUTE_MS);
  transition(chain.b.engine!.host, chain.extended!.id, 'resume');
  await chain.until(() => chain.relationshipOn(chain.c)!.newestInstantMs === chain.relationshipOn(chain.b)!.newestInstantMs, 'what had arrived is sent on while nothing arrives');
  assert.equal(chain.relationshipOn(chain.b)!.state, 7);
  transition(chain.b.engine!.host, own, 'resume');
  write(chain, chain.a);
  await reachesC(chain, chain.a);
});

test('when the primary\'s interval is made longer later, points are sent on no more often than that', async () => {
  const chain = await chained('longer');
  const lengthen = (host: SimulatedHost) => update(host.engine!.host, chain.relationshipOn(host)!.id, ({ settings }) => ({ settings: { ...settings, intervalSeconds: 900, additional: {} } }));
  lengthen(chain.a);
  lengthen(chain.b);
  await chain.pass(16 * MINUTE_MS);
  const { cycles } = chain.extended!.statistics!;
  for (let at = 0; at < 6; at++) {
    write(chain, chain.a);
    await chain.done(chain.a, 'cycle');
    await chain.pass(5 * MINUTE_MS);
  }
  const sent = chain.extended!.statistics!.cycles - cycles;
  assert.ok(sent >= 1 && sent <= 2, `${sent} points in half an hour`);
});

/** The third host has the point with which a part of disk b came to the second. */
async function sentOnHalfway(chain: Chain): Promise<void> {
  await chain.until(() => chain.relationshipOn(chain.b)!.partial?.disks.includes('b') === true, 'a part of the disk has come');
  chain.network.cut('A', 'B');
  const pointId = chain.relationshipOn(chain.b)!.newestPointId;
  await chain.until(() => chain.extended!.sentPointId === pointId, 'what the second host has is sent on');
  chain.network.heal();
}

test('a disk that is left out stops travelling to the third host too, and comes there whole when it is included again', async () => {
  const chain = await chained('disks');
  const { host } = chain.a.engine!;
  const disksOnC = () => chain.c.state.machine(chain.machineId)!.stacks.filter((stack) => prefixOf(stack, chain.relationshipOn(chain.c)!.newestPointId!)).map(({ disk }) => disk).sort().join();
  for (const disks of [['a'], ['a', 'b']]) {
    const changed = chain.a.engine!.worker(chain.machineId).exclusive('change settings', async (signal) => {
      await putSettings(host, chain.relationshipId, { ...chain.relationshipOn(chain.a)!.settings, disks }, signal);
      update(host, chain.relationshipId, ({ incoming }) => (incoming ? { incoming: { ...incoming, sliceBytes: CLUSTER_BYTES } } : {}));
    }, host.clock.timeout(MINUTE_MS));
    await chain.time.until(changed, MINUTE_MS, 'the change of the set');
    write(chain, chain.a, 20);
    if (disks.includes('b')) await sentOnHalfway(chain);
    await chain.until(() => {
      assert.equal(chain.extended!.state, 3);
      return disksOnC() === disks.join();
    }, `the third host has ${disks.join()}`);
  }
  write(chain, chain.a, 20);
  await reachesC(chain, chain.a);
});

test('while the third host cannot be reached its changes gather, and then all of them travel', async () => {
  const chain = await chained('away', 0);
  chain.network.cut('B', 'C');
  chain.network.cut('C', 'B');
  for (let round = 0; round < 5; round++) {
    write(chain, chain.a);
    await chain.pass(2 * MINUTE_MS);
  }
  chain.network.heal();
  await reachesC(chain, chain.a);
});

test('the host in the middle dies anywhere in a cycle, and goes on by itself', async () => {
  const chain = await chained('middle');
  for (let round = 0; round < 12; round++) {
    write(chain, chain.a, 8);
    await chain.pass(chain.random.int(1_000, 25_000));
    const host = chain.random.pick([chain.b, chain.b, chain.c]);
    if (chain.random.chance(0.5)) host.kill();
    else host.losePower();
    await chain.pass(2_000);
    host.boot();
  }
  await chain.pass(5 * MINUTE_MS);
  await reachesC(chain, chain.a);
});

const inState = (chain: Chain, host: SimulatedHost, side: string, state: number): Promise<void> =>
  chain.until(() => chain.relationshipOn(host)?.side === side && chain.relationshipOn(host)?.state === state, `${host.name} is ${side} in state ${state}`);

/** The replica has a point of now, and it reads as the primary's disks. */
async function reaches(chain: Chain, primary: SimulatedHost, replica: SimulatedHost): Promise<void> {
  const sinceMs = primary.nowMs();
  await chain.until(() => (chain.relationshipOn(replica)?.newestInstantMs ?? 0) > sinceMs, `a point of now reaches ${replica.name}`);
  const newestId = chain.relationshipOn(replica)!.newestPointId!;
  const stacks = replica.state.machine(chain.machineId)!.stacks.map((stack) => prefixOf(stack, newestId)!);
  assert.equal(difference(contentOf(replica.files, { stacks }), chain.diskContent(primary)), undefined);
  await chain.properties.check();
}

test('a failover on the third host is refused while the guest runs on the first, of which it hears through the second', async () => {
  const chain = await chained('refused');
  const { state, error } = await chain.job(chain.c, 'unplanned', { start: true });
  assert.equal(state, 'failed');
  assert.match(error!.message, /runs on A/);
  assert.equal(chain.relationshipOn(chain.c)!.state, 3);
});

test('a forced failover on the third host holds the guest on the first, and after a revert it goes on there and is sent on again', async () => {
  const chain = await chained('forced');
  chain.properties.mayRunTwice = true;
  await chain.done(chain.c, 'unplanned', { start: true, force: true });
  await inState(chain, chain.a, 'replica', 2);
  await chain.until(() => chain.guestOn(chain.a)?.power === 'paused', 'the guest on A is held');
  chain.properties.oneGuestAtMost();
  write(chain, chain.c);
  await chain.pass(2 * MINUTE_MS);
  assert.equal(chain.relationshipOn(chain.b)!.state, 3);
  await chain.done(chain.c, 'revert');
  await inState(chain, chain.a, 'primary', 3);
  await chain.until(() => chain.isRunning(chain.a), 'the guest on A goes on');
  write(chain, chain.a);
  await reachesC(chain, chain.a);
});

test('with the first two hosts gone the third runs the guest, and the second becomes its replica with only what differs', async () => {
  const chain = await chained('both-gone');
  write(chain, chain.a);
  await chain.pass(MINUTE_MS);
  chain.a.losePower();
  chain.b.losePower();
  await chain.done(chain.c, 'unplanned', { start: true });
  await chain.done(chain.c, 'commit');
  write(chain, chain.c);
  chain.b.boot();
  chain.a.boot();
  const started = await chain.job(chain.a, 'start');
  assert.equal(started.state, 'failed');
  assert.equal(started.error!.code, 'refused');
  await chain.done(chain.c, 'reverse');
  await inState(chain, chain.c, 'primary', 3);
  await inState(chain, chain.b, 'replica', 3);
  assert.equal(chain.extended, undefined);
  write(chain, chain.c);
  await reaches(chain, chain.c, chain.b);
  assert.equal((await chain.job(chain.a, 'start')).state, 'failed', 'the first host still knows that it may not');
});

for (const choice of ['to an older point', 'to the newest point']) {
  test(`after a committed failover in the middle, ${choice}, the middle becomes primary and the third host its replica, and only what differs travels`, async () => {
    const chain = await chained('middle-primary');
    for (let round = 0; round < 4; round++) {
      write(chain, chain.a);
      await chain.pass(MINUTE_MS);
    }
    chain.a.losePower();
    const points = chain.b.state.points(chain.machineId);
    await chain.done(chain.b, 'unplanned', { start: true, ...(choice === 'to an older point' && { point: points[0]!.id }) });
    write(chain, chain.b);
    assert.equal((await chain.job(chain.b, 'changeMode')).error?.code, 'refused', 'before the commit');
    await chain.done(chain.b, 'commit');
    await chain.pass(3 * MINUTE_MS);
    write(chain, chain.b);
    await chain.done(chain.b, 'changeMode');
    await inState(chain, chain.b, 'primary', 3);
    await inState(chain, chain.c, 'replica', 3);
    write(chain, chain.b);
    await reaches(chain, chain.b, chain.c);
    assert.equal(chain.relationshipOn(chain.c)!.kind ?? 'simple', 'simple');
    assert.equal(chain.b.state.relationships().length, 1);
    chain.a.boot();
    assert.equal((await chain.job(chain.a, 'start')).error?.code, 'refused');
    await chain.until(() => chain.relationshipOn(chain.a)!.side === 'replica', 'the first host yields');
  });
}

test('a reverse to the first host ends the sending on, which the third host is told, also when it comes back later', async () => {
  const chain = await chained('ends');
  chain.c.losePower();
  write(chain, chain.a);
  await chain.pass(MINUTE_MS);
  await chain.done(chain.a, 'planned', { start: true, reverse: true });
  await inState(chain, chain.b, 'primary', 3);
  assert.equal(chain.extended, undefined);
  assert.equal(chain.relationshipOn(chain.c)!.state, 3);
  chain.c.boot();
  await inState(chain, chain.c, 'replica', 8);
  assert.match(chain.relationshipOn(chain.c)!.lastFault!.message, /primary on B now/);
  assert.match((await chain.job(chain.c, 'unplanned', { start: true })).error!.message, /--force/);
  write(chain, chain.b);
  await reaches(chain, chain.b, chain.a);
  assert.equal(chain.b.state.outbox(chain.machineId, 'farewell').length, 0);
});

test('a planned failover to the third host loses nothing, and is taken back from the last host to the first', async () => {
  const chain = await chained('planned');
  write(chain, chain.a);
  const { id } = chain.c.engine!.jobs.start('planned', chain.machineId, { start: true });
  await chain.until(() => chain.c.state.job(id)!.state !== 'running', 'the planned failover ends');
  assert.equal(chain.c.state.job(id)!.state, 'completed', chain.c.state.job(id)!.error?.message);
  await chain.until(() => chain.isRunning(chain.c), 'the guest runs on C');
  assert.equal(difference(chain.diskContent(chain.c), chain.diskContent(chain.a)), undefined);
  assert.equal((await chain.job(chain.a, 'start')).error?.code, 'refused');
  await chain.done(chain.c, 'revert');
  const early = await chain.job(chain.a, 'cancelPlanned');
  assert.match(early.error!.message, /goes on to C/);
  await chain.done(chain.b, 'cancelPlanned', { extended: true });
  await chain.done(chain.a, 'cancelPlanned');
  await chain.done(chain.a, 'start');
  write(chain, chain.a);
  await reachesC(chain, chain.a);
});

test('after a planned failover to the third host and its reverse the second host is its replica', async () => {
  const chain = await chained('planned-reverse');
  write(chain, chain.a);
  await chain.done(chain.b, 'planned', { start: true, reverse: true, extended: true });
  await inState(chain, chain.c, 'primary', 3);
  await inState(chain, chain.b, 'replica', 3);
  write(chain, chain.c);
  await reaches(chain, chain.c, chain.b);
});

test('the third host keeps a history of its own, and a test failover there changes nothing on any host', async () => {
  const chain = await chained('history', 0);
  for (let round = 0; round < 5; round++) {
    write(chain, chain.a);
    await chain.pass(90_000);
  }
  assert.equal(chain.b.state.points(chain.machineId).length, 1);
  const points = chain.c.state.points(chain.machineId);
  assert.equal(points.length, 3);
  await chain.done(chain.c, 'test', { start: true, point: points[0]!.id });
  const states = () => [chain.relationshipOn(chain.a), chain.relationshipOn(chain.b), chain.extended, chain.relationshipOn(chain.c)].map((it) => it?.state);
  assert.deepEqual(states(), [3, 3, 3, 3]);
  write(chain, chain.a);
  await reachesC(chain, chain.a);
  await chain.done(chain.c, 'testEnd');
  assert.deepEqual(states(), [3, 3, 3, 3]);
});

test('a failover in the middle while a point is being sent on, and its revert, leave the third host right', async () => {
  const chain = await chained('mid-cycle');
  for (let round = 0; round < 8; round++) {
    write(chain, chain.a, 8);
    await chain.until(() => chain.extended?.attempt !== null, 'a point is being sent on');
    if (chain.random.chance(0.4)) chain.b.kill();
    if (!chain.b.life) chain.b.boot();
    chain.properties.mayRunTwice = true;
    const points = chain.b.state.points(chain.machineId);
    await chain.done(chain.b, 'unplanned', { start: true, force: true, point: chain.random.pick(points).id });
    write(chain, chain.b);
    await chain.pass(chain.random.int(1_000, 60_000));
    await chain.done(chain.b, 'revert');
    await inState(chain, chain.a, 'primary', 3);
    await chain.until(() => chain.isRunning(chain.a), 'the guest on A goes on');
    write(chain, chain.a);
    await reachesC(chain, chain.a);
  }
});

test('a lost map and a point of another history lead to a comparison by itself, and the points on the third host stay', async () => {
  const chain = await chained('compared');
  const kept = chain.c.state.points(chain.machineId).map(({ id }) => id);
  const { id } = chain.extended!;
  chain.b.state.putRelationship({ ...chain.b.state.relationship(id)!, newestPointId: 'unknown-to-c' });
  for (const name of await chain.b.directory.list(id)) await chain.b.directory.remove(`${id}/${name}`);
  write(chain, chain.a);
  await chain.until(() => [9, 10].includes(chain.extended!.state), 'the disks are compared');
  await chain.until(() => chain.extended!.state === 3, 'and it goes on');
  write(chain, chain.a);
  await reachesC(chain, chain.a);
  assert.ok(kept.some((pointId) => chain.c.state.point(pointId)), 'a point from before is there');
});

test('stories of three hosts from seeds, in which everything fails and people fail over anywhere, show no wrong point and no two guests, and end well', async () => {
  for (let seed = 0; seed < 12; seed++) await new ChainStory(`chain-${seed}`).run(60);
});
