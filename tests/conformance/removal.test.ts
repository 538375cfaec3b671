/** A relationship can be removed on either side in every state that it rests in, while the other host does not answer. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FAILBACK_JOB } from '../../src/engine/failback/failback.ts';
import { transition } from '../../src/engine/transition.ts';
import { Fault } from '../../src/errors/fault.ts';
import type { SimulatedHost } from '../../src/simulation/host.ts';
import { createManagement } from '../../src/service/management.ts';
import { ADMINISTRATOR, CimBench, type CimHost } from './cimbench.ts';

const MINUTE_MS = 60_000;

const cutOff = ({ pair }: CimBench): void => {
  pair.network.cut('A', 'B');
  pair.network.cut('B', 'A');
};

async function done(bench: CimBench, host: SimulatedHost, kind: string, args: Readonly<Record<string, unknown>> = {}): Promise<void> {
  const job = await bench.pair.job(host, kind, args);
  assert.equal(job.state, 'completed', `${kind}: ${job.error?.message}`);
}

const step = ({ pair }: CimBench, host: SimulatedHost, event: Parameters<typeof transition>[2]): unknown => transition(host.engine!.host, pair.relationshipId, event);

/** B failed over and A, whose guest was held, yielded. */
async function away(bench: CimBench): Promise<void> {
  const { pair } = bench;
  pair.properties.mayRunTwice = true;
  cutOff(bench);
  await done(bench, pair.b, 'unplanned', { start: true, force: true });
  pair.network.heal();
  await bench.pair.pass(MINUTE_MS);
}

async function comingHome(bench: CimBench, isComplete: boolean): Promise<void> {
  const { pair } = bench;
  await away(bench);
  if (isComplete) return done(bench, pair.a, FAILBACK_JOB, { timeoutSeconds: 10 });
  pair.network.losesAnswer = (method) => method === 'seal';
  pair.a.engine!.jobs.start(FAILBACK_JOB, pair.machineId, { timeoutSeconds: 10 });
  for (let waitedMs = 0; pair.relationshipOn(pair.b)!.failback?.at !== 'away'; waitedMs += 5) {
    assert.ok(waitedMs < MINUTE_MS);
    await pair.pass(5);
  }
}

interface Scene {
  readonly on: 'a' | 'b';
  readonly state: number;
  make(bench: CimBench): Promise<unknown>;
}

const SCENES: Readonly<Record<string, Scene>> = {
  'the primary, ready for the first copy': { on: 'a', state: 1, make: (bench) => Promise.resolve(step(bench, bench.pair.a, 'stopInitial')) },
  'the primary that replicates': { on: 'a', state: 3, make: () => Promise.resolve() },
  'the primary, prepared for a planned failover': {
    on: 'a', state: 4,
    make: async (bench) => {
      await done(bench, bench.pair.a, 'stop', { force: true });
      await done(bench, bench.pair.a, 'preparePlanned', { timeoutSeconds: 10 });
    },
  },
  'the primary that is suspended': { on: 'a', state: 7, make: async (bench) => step(bench, bench.pair.a, 'suspend') },
  'the primary that is critical': { on: 'a', state: 8, make: async (bench) => step(bench, bench.pair.a, 'failHard') },
  'the primary that has to be resynchronized': { on: 'a', state: 9, make: async (bench) => { cutOff(bench); step(bench, bench.pair.a, 'failHard'); step(bench, bench.pair.a, 'requireResync'); } },
  'the replica that waits for its first point': { on: 'b', state: 2, make: () => Promise.resolve() },
  'the replica that receives': { on: 'b', state: 3, make: () => Promise.resolve() },
  'the replica that is suspended': { on: 'b', state: 7, make: async (bench) => step(bench, bench.pair.b, 'suspend') },
  'the replica that is critical': { on: 'b', state: 8, make: async (bench) => step(bench, bench.pair.b, 'failHard') },
  'the replica that failed over': { on: 'b', state: 5, make: away },
  'the replica whose failover is committed': { on: 'b', state: 6, make: async (bench) => { await away(bench); await done(bench, bench.pair.b, 'commit'); } },
  'the host that yielded': { on: 'a', state: 2, make: away },
  'the host that the guest is coming home to': { on: 'a', state: 13, make: (bench) => comingHome(bench, false) },
  'the host that the guest came home to': { on: 'a', state: 14, make: (bench) => comingHome(bench, true) },
  'the host that the guest is leaving': { on: 'b', state: 5, make: (bench) => comingHome(bench, false) },
  'the host that handed the guest over': { on: 'b', state: 5, make: (bench) => comingHome(bench, true) },
};

/** The disks can be started on this host, and read as they did. */
async function isOrdinary(bench: CimBench, at: CimHost): Promise<void> {
  const { pair } = bench;
  const { simulated } = at;
  const machine = simulated.state.machine(pair.machineId)!;
  assert.deepEqual([bench.state(at), machine.powerLock, simulated.state.points(machine.id).length], [undefined, null, 0]);
  assert.equal(simulated.state.outbox(machine.id).length, 0);
  if (machine.stacks.length === 0) return;
  pair.properties.mayRunTwice = true;
  if (!pair.guestOn(simulated)) await done(bench, simulated, 'start');
  assert.ok(pair.guestOn(simulated));
}

for (const [name, { on, state, make }] of Object.entries(SCENES)) {
  test(`removed without the other host: ${name} (state ${state})`, async () => {
    const isEarly = [1, 2].includes(state) && !name.includes('yielded');
    const bench = isEarly ? await CimBench.enabled('removal') : await CimBench.replicating('removal');
    if (state === 1) await bench.pair.pass(0);
    else await make(bench);
    const at = bench[on];
    assert.equal(bench.state(at), state);
    cutOff(bench);
    await bench.succeeds(at, bench.call(at, 'RemoveReplicationRelationship'));
    await bench.pair.pass(MINUTE_MS);
    await isOrdinary(bench, at);
  });
}

test('a replica that was removed has the disks of its newest point and what this host overrides, and the primary hears of it', async () => {
  const bench = await CimBench.replicating('disks');
  const { a, b, pair } = bench;
  const relationship = pair.relationshipOn(pair.b)!;
  pair.b.state.putRelationship({ ...relationship, overrides: { memoryMiB: 96 } });
  await done(bench, pair.a, 'cycle');
  await bench.succeeds(b, bench.call(b, 'RemoveReplicationRelationship'));
  assert.equal(pair.b.state.machine(pair.machineId)!.definition.memoryMiB, 96);
  assert.notEqual(pair.relationshipOn(pair.a)!.peerRemovedMs, undefined);
  const { issues, health } = (await bench.within(a.host.inventory.machine({ name: 'ada', role: 'administrator', from: 'test' }, pair.machineId), 'machine'))!;
  assert.equal(health, 'critical');
  assert.match(issues.map(({ message }) => message).join(' '), /B removed its side/);
  await pair.pass(2 * MINUTE_MS);
  const { state, lastFault } = pair.relationshipOn(pair.a)!;
  assert.deepEqual([state, lastFault?.code], [8, 'replica-unknown']);
  assert.match(lastFault!.hint, /understudy disable/);
  await bench.succeeds(a, bench.call(a, 'RemoveReplicationRelationship'));
  await isOrdinary(bench, a);
});

test('a test failover is ended before its replica is removed', async () => {
  const bench = await CimBench.replicating('test');
  const { b, pair } = bench;
  await done(bench, pair.b, 'test', { start: false });
  await bench.fails(b, bench.call(b, 'RemoveReplicationRelationship'), 32_775, /test failover is there: end it first/);
  await done(bench, pair.b, 'testEnd');
  await bench.succeeds(b, bench.call(b, 'RemoveReplicationRelationship'));
});

test('a relationship is removed although its disks cannot be read any more, and what stays open is said', async () => {
  const bench = await CimBench.replicating('unreadable');
  const { a, pair } = bench;
  step(bench, pair.a, 'suspend');
  await pair.pass(1_000);
  const unreadable = () => Promise.reject(new Fault('disk-missing', 'the disk is gone'));
  Object.assign(pair.a.hypervisor, { tracking: unreadable, untrack: unreadable });
  const outcome = await bench.call(a, 'RemoveReplicationRelationship');
  await bench.ended(a, outcome);
  assert.equal(bench.state(a), undefined);
});

test('suspended and resumed on either side, everything that changed meanwhile travels, and the health says on which side', async () => {
  const bench = await CimBench.replicating('suspended');
  const { a, b, pair } = bench;
  const healthOn = async (at: CimHost) => (await bench.within(at.host.inventory.machine({ name: 'ada', role: 'administrator', from: 'test' }, pair.machineId), 'machine'))!.health;
  const ask = (at: CimHost, state: number) => bench.succeeds(at, bench.invoke(at, bench.machine, 'RequestReplicationStateChange', { RequestedState: state }));
  for (const [at, health] of [[a, 'warning'], [b, 'critical']] as const) {
    const points = pair.b.state.points(pair.machineId).at(-1)!.sequence;
    await ask(at, 7);
    assert.equal(bench.state(at), 7);
    for (let wrote = 0; wrote < 3; wrote += 1) {
      pair.guestWrites(pair.a);
      await pair.pass(MINUTE_MS);
    }
    assert.equal(await healthOn(at), health);
    assert.equal(pair.b.state.points(pair.machineId).at(-1)!.sequence, points, 'nothing is received meanwhile');
    await ask(at, 3);
    if (bench.state(a) === 8) await ask(a, 3);
    await done(bench, pair.a, 'cycle');
    await pair.properties.check();
    pair.properties.newestPointIsTheDisks(pair.a);
  }
});

/** A's side was removed alone; B keeps its replica with points. */
async function removedOnPrimary(seed: string): Promise<CimBench> {
  const bench = await CimBench.replicating(seed);
  cutOff(bench);
  await bench.succeeds(bench.a, bench.call(bench.a, 'RemoveReplicationRelationship'));
  bench.pair.network.heal();
  return bench;
}

const enableAgain = ({ a, pair }: CimBench) => createManagement(a.context).create(ADMINISTRATOR, pair.machineId, 'B', { intervalSeconds: 30, recoveryHistory: 4, compression: false });

async function jobEnds({ pair }: CimBench, id: string) {
  for (let waitedMs = 0; waitedMs < 10 * MINUTE_MS; waitedMs += 500) {
    const job = pair.a.state.job(id)!;
    if (job.state !== 'running') return job;
    await pair.pass(500);
  }
  return assert.fail('the job does not end');
}

test('enabled again from a primary that had removed its side alone, a replica goes on: its points stay and what differs travels', async () => {
  const bench = await removedOnPrimary('again');
  const { b, pair } = bench;
  const points = pair.b.state.points(pair.machineId).map(({ id }) => id);
  pair.write(pair.a, 'a', 1);
  const { id } = await bench.within(enableAgain(bench), 'create');
  assert.equal((await jobEnds(bench, id)).state, 'completed');
  assert.deepEqual([bench.state(bench.a), bench.state(b)], [1, 3]);
  await done(bench, pair.a, 'initial');
  assert.deepEqual([bench.state(bench.a), bench.state(b)], [3, 3]);
  const now = pair.b.state.points(pair.machineId).map((point) => point.id);
  assert.ok(points.filter((point) => now.includes(point)).length >= points.length - 1, 'the points are still there');
  await done(bench, pair.a, 'cycle');
  await pair.properties.check();
  pair.properties.newestPointIsTheDisks(pair.a);
});

test('another host of the same trust group goes on with a replica, one of another group does not', async () => {
  const bench = await removedOnPrimary('group');
  const { pair } = bench;
  pair.b.state.putRelationship({ ...pair.relationshipOn(pair.b)!, peerId: 'C' });
  const groups: Record<string, string> = { A: 'blue', C: 'red' };
  pair.b.admits = (peerId) => ({ isAdmitted: true, entry: { id: peerId, host: peerId, storage: '/replicas', trustGroup: groups[peerId]! } });
  const refused = await jobEnds(bench, (await bench.within(enableAgain(bench), 'create')).id);
  assert.match(refused.error!.message, /of another trust group than A.*understudy authorization set HOST --trust-group/);
  assert.equal(pair.relationshipOn(pair.b)!.peerId, 'C');
  groups['C'] = 'blue';
  assert.equal((await jobEnds(bench, (await bench.within(enableAgain(bench), 'create')).id)).state, 'completed');
  assert.equal(pair.relationshipOn(pair.b)!.peerId, 'A');
  await done(bench, pair.a, 'initial');
  await pair.properties.check();
  pair.properties.newestPointIsTheDisks(pair.a);
});

test('a host whose replica went on with another is told so, and not that it lacks an entry', async () => {
  const bench = await CimBench.replicating('gone-on');
  const { pair } = bench;
  pair.b.state.putRelationship({ ...pair.relationshipOn(pair.b)!, peerId: 'C' });
  await pair.pass(2 * MINUTE_MS);
  const { state, lastFault } = pair.relationshipOn(pair.a)!;
  assert.deepEqual([state, lastFault?.code], [8, 'replica-unknown']);
});
