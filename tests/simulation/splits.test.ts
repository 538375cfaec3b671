/** Two hosts that went on in ignorance of each other: there is a way out that costs no recovery point, whoever did what first. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Wire } from '../../src/engine/ports/peers.ts';
import { transition, update } from '../../src/engine/transition.ts';
import { judge, reasonsOf } from '../../src/health/health.ts';
import { limitsOf } from '../../src/health/limits.ts';
import { inEnglish } from '../../src/language/text.ts';
import { adviceOf } from '../../src/engine/roster/roster.ts';
import { newestOf } from '../../src/relationship/epoch.ts';
import type { SimulatedHost } from '../../src/simulation/host.ts';
import { Pair } from '../../src/simulation/pair.ts';

const MINUTE_MS = 60_000;

async function replicating(): Promise<Pair> {
  const pair = new Pair({ seed: 'splits' });
  await pair.enable({ recoveryHistory: 10, additional: { pointIntervalSeconds: 1 } });
  await pair.done(pair.a, 'start');
  await pair.done(pair.a, 'initial');
  await pair.pass(MINUTE_MS / 2);
  return pair;
}

const pointsOn = (pair: Pair, host: SimulatedHost): string[] => host.state.points(pair.machineId).map(({ id }) => id);
const standingOn = (pair: Pair, host: SimulatedHost) => pair.relationshipOn(host)!;

/** A was cut off while it wrote, B failed over, A yielded, and they are cut off again. */
async function yielded(): Promise<Pair> {
  const pair = await replicating();
  pair.properties.mayRunTwice = true;
  pair.cutOff();
  pair.write(pair.a, 'a', 1);
  await pair.done(pair.b, 'unplanned', { start: true, force: true });
  pair.write(pair.b, 'b', 2);
  pair.network.heal();
  await pair.until(() => standingOn(pair, pair.a).side === 'replica', 'A yields');
  await pair.properties.check();
  pair.cutOff();
  return pair;
}

test('a host that had yielded fails over on what it kept while the other gives the machine back to it: it can reverse, and no point is lost', async () => {
  for (const isSuspended of [false, true]) {
    const pair = await yielded();
    await pair.done(pair.a, 'unplanned', { start: true, force: true });
    pair.write(pair.a, 'a', 3);
    await pair.done(pair.b, 'revert');
    if (isSuspended) transition(pair.b.engine!.host, pair.relationshipId, 'suspend');
    const kept = pointsOn(pair, pair.b);
    pair.network.heal();
    await pair.done(pair.a, 'reverse');
    assert.equal(pair.primary, pair.a);
    for (const id of kept) assert.ok(pointsOn(pair, pair.b).includes(id), 'B keeps what it had received');
    await pair.agrees();
  }
});

test('of two hosts that both failed over and committed, the one that an operator chooses yields, and what its guest wrote is kept', async () => {
  const pair = await yielded();
  await pair.done(pair.a, 'unplanned', { start: true, force: true });
  await pair.done(pair.a, 'commit');
  pair.write(pair.a, 'a', 3);
  await pair.done(pair.b, 'revert');
  await pair.done(pair.b, 'unplanned', { start: true, force: true });
  await pair.done(pair.b, 'commit');
  pair.write(pair.b, 'a', 4);
  pair.network.heal();
  await pair.pass(MINUTE_MS);
  assert.deepEqual(pair.hosts.map((host) => standingOn(pair, host).lastFault?.code), ['split-brain', 'split-brain']);
  for (const host of pair.hosts) assert.match(inEnglish(adviceOf(standingOn(pair, host))), /On the other host: understudy become-replica/);
  await pair.done(pair.a, 'becomeReplica');
  assert.equal(standingOn(pair, pair.b).lastFault, null, 'the one that goes on is told so');
  const { divergenceId, state, lastFault } = standingOn(pair, pair.a);
  assert.equal(state, 2);
  assert.equal(lastFault, null);
  assert.ok(pointsOn(pair, pair.a).includes(divergenceId!), 'what its guest wrote is a named point');
  assert.equal(pair.isRunning(pair.a), false);
  await pair.done(pair.b, 'reverse');
  assert.equal(pair.primary, pair.b);
  await pair.agrees();
});

test('a host does not become the replica of one that owns no epoch of its own', async () => {
  const pair = await replicating();
  const job = await pair.job(pair.a, 'becomeReplica');
  assert.equal(job.error?.code, 'refused');
  assert.equal(standingOn(pair, pair.a).side, 'primary');
  assert.equal(newestOf(pair.b.state.machine(pair.machineId)!.lineage).ownerHostId, 'A');
  await pair.agrees();
});

test('a disk that another program wrote after the last cycle of a planned failover is not taken for the planned point', async () => {
  for (const back of ['reverse', 'failbackHome']) {
    const pair = await replicating();
    await pair.done(pair.a, 'planned', { timeoutSeconds: 10, start: true });
    const machine = pair.a.state.machine(pair.machineId)!;
    pair.a.hypervisor.changeImage({ instanceId: machine.id, definition: machine.definition, stacks: machine.stacks, isolated: false }, 'a', 5, pair.newValue());
    pair.write(pair.b, 'a', 1);
    await pair.done(back === 'reverse' ? pair.b : pair.a, back, { timeoutSeconds: 10 });
    await pair.properties.check();
    if (back === 'failbackHome') await pair.done(pair.a, 'commit');
    await pair.agrees();
  }
});

test('the token that a host failed over by is not given up, neither for a planned failover that it cannot make nor by a cancel', async () => {
  const pair = await replicating();
  await pair.done(pair.a, 'planned', { timeoutSeconds: 10, start: true });
  const { token } = standingOn(pair, pair.a);
  assert.equal((await pair.job(pair.b, 'preparePlanned', { timeoutSeconds: 10 })).error?.code, 'refused');
  assert.equal(standingOn(pair, pair.a).token, token);
  update(pair.a.engine!.host, pair.relationshipId, () => ({ token: null }));
  assert.equal((await pair.job(pair.a, 'cancelPlanned')).error?.code, 'refused', 'a lost token gives nothing back either');
  await pair.done(pair.b, 'reverse');
  await pair.agrees();
});

test('a host that yields reports that once, as no failure, and says that its guest is held and what to do', async () => {
  const pair = await yielded();
  assert.equal(standingOn(pair, pair.a).lastFault, null);
  const messages = pair.a.state.events(null, 100).map(({ message }) => message);
  for (const message of messages) assert.doesNotMatch(message, /vm: vm:|owns a newer epoch/);
  assert.match(inEnglish(adviceOf(standingOn(pair, pair.a))), /guest here is held/);
  const judgement = judge({ relationship: standingOn(pair, pair.a), machine: pair.a.state.machine(pair.machineId)!, peer: 'B', nowMs: pair.a.nowMs(), limits: limitsOf() });
  assert.equal(judgement.health, 'warning');
  assert.match(reasonsOf(judgement).map(inEnglish).join(), /B runs this machine now.*held/);
});

test('what failed while a host was the primary is no trouble of the replica that it becomes', async () => {
  const pair = await replicating();
  pair.cutOff();
  pair.write(pair.a, 'a', 1);
  await pair.until(() => standingOn(pair, pair.a).failures > 0, 'a cycle fails');
  pair.properties.mayRunTwice = true;
  await pair.done(pair.b, 'unplanned', { start: true, force: true });
  pair.network.heal();
  await pair.until(() => standingOn(pair, pair.a).side === 'replica', 'A yields');
  const { lastFault, failures } = standingOn(pair, pair.a);
  assert.deepEqual([lastFault, failures], [null, 0]);
});

test('a primary of an older version, which knows nothing of failbacks, is received from', async () => {
  const pair = await replicating();
  pair.network.up('B', (from, method, params) => {
    const { failbackId: _failbackId, ...older } = params as Record<string, Wire>;
    return pair.b.engine!.handle(from, method, older);
  });
  await pair.agrees();
});
