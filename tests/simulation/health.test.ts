/** Health, statistics, events and retries as the running engine brings them about, on clocks that are moved. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { transition, update } from '../../src/engine/transition.ts';
import { Fault, type FaultCode } from '../../src/errors/fault.ts';
import { CLUSTER_BYTES } from '../../src/extents/extent.ts';
import { judge } from '../../src/health/health.ts';
import { limitsOf } from '../../src/health/limits.ts';
import { missedCycles } from '../../src/health/statistics.ts';
import type { Relationship } from '../../src/machine/records.ts';
import type { SimulatedHost } from '../../src/simulation/host.ts';
import { Pair } from '../../src/simulation/pair.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const LOOK_MS = 30 * SECOND_MS;

/** A's guest runs and is replicated to B, every five minutes unless a shorter interval is named. */
async function replicating(cycleIntervalMs?: number): Promise<Pair> {
  const pair = new Pair({ seed: 'health' });
  await pair.enable();
  await pair.done(pair.a, 'start');
  await pair.done(pair.a, 'initial');
  if (cycleIntervalMs === undefined) {
    for (const host of pair.hosts) update(host.engine!.host, pair.relationshipId, ({ settings }) => ({ settings: { ...settings, intervalSeconds: 300, additional: { pointIntervalSeconds: 60 } } }));
  }
  await pair.pass(6 * MINUTE_MS);
  return pair;
}

const on = (pair: Pair, host: SimulatedHost): Relationship => pair.relationshipOn(host)!;
const statisticsOn = (pair: Pair, host: SimulatedHost) => on(pair, host).statistics!;
const judged = (pair: Pair, host: SimulatedHost) => judge({ relationship: on(pair, host), machine: host.state.machine(pair.machineId)!, peer: pair.other(host).name, nowMs: host.nowMs(), limits: limitsOf() });
const rules = (pair: Pair, host: SimulatedHost): string[] => judged(pair, host).issues.map(({ rule }) => rule);
const events = (host: SimulatedHost, number: number) => host.state.events(null, 10_000).filter((event) => event.number === number);

/** Every call of this method fails on that host, as a fault of this code. */
function failing(pair: Pair, host: SimulatedHost, failsOn: string, code: FaultCode): void {
  pair.network.up(host.name, async (from, method, params) => {
    if (method === failsOn) throw new Fault(code, 'it broke');
    return host.engine!.handle(from, method, params);
  });
}

const mended = (pair: Pair, host: SimulatedHost): void => pair.network.up(host.name, (from, method, params) => host.engine!.handle(from, method, params));

const until = (pair: Pair, holds: () => boolean, what: string, limitMs = HOUR_MS, everyMs = SECOND_MS): Promise<void> => pair.until(holds, what, limitMs, everyMs);

test('a cycle that fails for a cause that may pass is tried again after 1, 2, 4, 8 and 10 minutes, then every 30, and from 1 on again after a success', async () => {
  const pair = await replicating();
  failing(pair, pair.b, 'seal', 'disk-io');
  const failedMs: number[] = [];
  for (let failures = 1; failures <= 8; failures += 1) {
    await until(pair, () => on(pair, pair.a).failures === failures, `failure ${failures}`);
    failedMs.push(on(pair, pair.a).lastFault!.atMs);
  }
  const minutes = failedMs.slice(1).map((atMs, at) => Math.round((atMs - failedMs[at]!) / MINUTE_MS));
  assert.deepEqual(minutes, [1, 2, 4, 8, 10, 30, 30]);
  assert.deepEqual([on(pair, pair.a).state, judged(pair, pair.a).health, rules(pair, pair.a).includes('cannot-send')], [3, 'critical', true]);
  mended(pair, pair.b);
  await until(pair, () => on(pair, pair.a).failures === 0, 'it succeeds');
  failing(pair, pair.b, 'seal', 'disk-io');
  await until(pair, () => on(pair, pair.a).failures === 2, 'it fails twice');
  assert.deepEqual([events(pair.a, 32_022).length, events(pair.a, 32_086).length], [2, 0]);
});

test('a failure that waiting cannot cure is not tried again: the relationship is critical, and says what to do', async () => {
  const pair = await replicating();
  failing(pair, pair.b, 'seal', 'peer-protocol');
  await until(pair, () => on(pair, pair.a).state === 8, 'state 8');
  const [event] = events(pair.a, 32_086);
  assert.match(`${event!.message} ${event!.hint}`, /it broke.*same version/);
  const { failures } = on(pair, pair.a);
  await pair.pass(2 * HOUR_MS);
  assert.equal(on(pair, pair.a).failures, failures);
});

test('while the hosts cannot reach each other missed cycles make a warning, then it is critical; both hosts write once that they are out of sync, and it passes when they meet again', async () => {
  const pair = await replicating();
  await pair.pass(3 * HOUR_MS);
  assert.deepEqual([judged(pair, pair.a).health, judged(pair, pair.b).health, statisticsOn(pair, pair.a).missedCycles], ['ok', 'ok', 0]);
  pair.cutOff();
  await until(pair, () => judged(pair, pair.b).health === 'warning', 'the replica is late', HOUR_MS);
  await pair.pass(HOUR_MS + 5 * MINUTE_MS);
  assert.ok(rules(pair, pair.b).includes('out-of-sync') && rules(pair, pair.b).includes('missed-cycles'), rules(pair, pair.b).join());
  assert.equal(judged(pair, pair.a).health, 'critical', 'the primary cannot send');
  await pair.pass(3 * HOUR_MS);
  assert.ok(rules(pair, pair.b).includes('missed-critical'), rules(pair, pair.b).join());
  for (const host of pair.hosts) {
    const told = events(host, 33_414);
    assert.equal(told.length, 1, host.name);
    assert.ok(told[0]!.hint !== undefined && told[0]!.machine === 'vm' && told[0]!.severity === 'error');
    assert.ok(missedCycles(statisticsOn(pair, host), on(pair, host).settings, host.nowMs()) >= 45, 'all of four hours');
  }
  assert.ok(statisticsOn(pair, pair.a).networkFailures > 5);
  pair.network.heal();
  await until(pair, () => on(pair, pair.a).failures === 0, 'it replicates again');
  assert.ok(!rules(pair, pair.b).includes('out-of-sync'));
  assert.equal(on(pair, pair.b).lastFault, null);
});

test('what is suspended misses no cycle, on the primary it is a warning and on the replica critical', async () => {
  const pair = await replicating();
  const { host } = pair.a.engine!;
  const before = statisticsOn(pair, pair.a).missedCycles;
  transition(host, pair.relationshipId, 'suspend');
  await pair.pass(2 * HOUR_MS);
  assert.deepEqual([judged(pair, pair.a).health, rules(pair, pair.a)], ['warning', ['paused-on-primary']]);
  transition(host, pair.relationshipId, 'resume');
  await pair.pass(10 * MINUTE_MS);
  assert.equal(statisticsOn(pair, pair.a).missedCycles, before);
  transition(pair.b.engine!.host, pair.relationshipId, 'suspend');
  assert.deepEqual([judged(pair, pair.b).health, rules(pair, pair.b)], ['critical', ['paused-on-replica']]);
});

test('a monitoring interval ends although nothing is replicated: what it counted is kept and written down, and counting begins at the interval\'s beginning', async () => {
  const pair = await replicating();
  const before = statisticsOn(pair, pair.a);
  assert.ok(before.cycles > 0);
  transition(pair.a.engine!.host, pair.relationshipId, 'suspend');
  await pair.pass(13 * HOUR_MS);
  const { statistics, previousStatistics } = on(pair, pair.a);
  assert.deepEqual([previousStatistics?.cycles, previousStatistics?.sinceMs, previousStatistics?.untilMs], [before.cycles, before.sinceMs, statistics!.sinceMs]);
  assert.deepEqual([statistics!.cycles, statistics!.sinceMs % (12 * HOUR_MS)], [0, 0]);
  assert.ok(events(pair.a, 29_174).some(({ message }) => message.includes(`${before.cycles} cycles`)));
});

test('statistics begin when replication is enabled, and survive the daemon\'s death, a failover and a reverse', async () => {
  const pair = new Pair({ seed: 'survival' });
  await pair.enable();
  const { sinceMs, cycles: none } = statisticsOn(pair, pair.a);
  assert.equal(none, 0);
  await pair.done(pair.a, 'start');
  await pair.done(pair.a, 'initial');
  await pair.pass(5 * MINUTE_MS);
  const { cycles, latencyMs } = statisticsOn(pair, pair.a);
  assert.ok(cycles > 5 && latencyMs > 0);
  pair.a.kill();
  pair.b.kill();
  pair.a.boot();
  pair.b.boot();
  assert.ok(statisticsOn(pair, pair.a).cycles >= cycles && statisticsOn(pair, pair.a).sinceMs === sinceMs);
  const { cycles: received, sinceMs: receivedSinceMs } = statisticsOn(pair, pair.b);
  await pair.pass(MINUTE_MS);
  await pair.done(pair.a, 'planned', { timeoutSeconds: 10, start: true, reverse: true });
  assert.deepEqual([on(pair, pair.b).side, statisticsOn(pair, pair.b).sinceMs], ['primary', receivedSinceMs]);
  assert.ok(statisticsOn(pair, pair.b).cycles > received);
  assert.ok(statisticsOn(pair, pair.a).cycles >= cycles);
});

test('what is yet to be replicated is known of a running guest within half a minute, and of a first copy in whole', async () => {
  const pair = new Pair({ seed: 'pending' });
  await pair.enable();
  const disksBytes = pair.a.state.machine(pair.machineId)!.stacks.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  assert.equal(pair.a.engine!.pending.of(on(pair, pair.a))?.bytes, disksBytes);
  await pair.done(pair.a, 'start');
  await pair.done(pair.a, 'initial');
  await pair.pass(MINUTE_MS);
  transition(pair.a.engine!.host, pair.relationshipId, 'suspend');
  await pair.pass(LOOK_MS);
  assert.equal(pair.a.engine!.pending.of(on(pair, pair.a))?.bytes, 0);
  for (const cluster of [1, 2, 3]) pair.write(pair.a, 'a', cluster);
  await pair.pass(LOOK_MS + SECOND_MS);
  assert.equal(pair.a.engine!.pending.of(on(pair, pair.a))?.bytes, 3 * CLUSTER_BYTES);
  await pair.done(pair.a, 'stop', { force: true });
  await pair.pass(2 * MINUTE_MS);
  assert.equal(pair.a.engine!.pending.of(on(pair, pair.a))?.bytes, 3 * CLUSTER_BYTES, 'as last known');
  assert.equal(pair.b.engine!.pending.of(on(pair, pair.b))?.bytes, 0);
});

test('a replica that was not tested for a month is a reminder, written once, and no warning', async () => {
  const pair = await replicating();
  const isReminder = ({ message }: { message: string }) => /No test failover was made for 31 days/.test(message);
  update(pair.b.engine!.host, pair.relationshipId, () => ({ testableSinceMs: pair.b.nowMs() - 31 * DAY_MS }));
  await pair.pass(10 * MINUTE_MS);
  assert.deepEqual([judged(pair, pair.b).health, rules(pair, pair.b)], ['ok', ['test-due']]);
  assert.equal(pair.b.state.events(null, 10_000).filter(isReminder).length, 1);
  await pair.done(pair.b, 'test', { start: false });
  assert.deepEqual(rules(pair, pair.b), []);
});

test('every situation that has a number is in the log with it, with its machine, how bad it is, and what to do where there is something', async () => {
  const pair = await replicating();
  pair.b.files.isFull = true;
  pair.write(pair.a, 'a', 1);
  await until(pair, () => on(pair, pair.a).failures > 0, 'the replica is full');
  pair.b.files.isFull = false;
  failing(pair, pair.b, 'seal', 'disk-io');
  await until(pair, () => on(pair, pair.a).lastFault?.code === 'disk-io', 'another failure');
  mended(pair, pair.b);
  await until(pair, () => on(pair, pair.a).failures === 0, 'it replicates again');
  transition(pair.a.engine!.host, pair.relationshipId, 'requireResync');
  await until(pair, () => on(pair, pair.a).state === 3, 'resynchronized');
  assert.equal((await pair.job(pair.a, 'becomeReplica')).state, 'failed');
  const logged = (host: SimulatedHost, number: number, severity: string, hint: RegExp) => {
    const [event] = events(host, number);
    assert.ok(event, `${number} on ${host.name}`);
    assert.deepEqual([event.machine, event.severity], ['vm', severity], String(number));
    assert.match(event.hint ?? '', hint, String(number));
  };
  logged(pair.a, 32_022, 'error', /space/);
  logged(pair.a, 32_315, 'warning', /./);
  logged(pair.a, 33_680, 'error', /./);
  logged(pair.a, 29_242, 'information', /^$/);
  logged(pair.a, 29_244, 'information', /^$/);
  logged(pair.b, 32_056, 'error', /./);
  assert.ok(events(pair.a, 33_680).some(({ message }) => /become replica failed/.test(message)));
});

test('a replica whose storage is full says which of its works failed for it: making a point, or merging retired ones', async () => {
  const pair = await replicating();
  await pair.pass(30 * MINUTE_MS);
  /** Full from just before, or just after, the next point is made. */
  const fillAt = (when: 'before' | 'after') => pair.network.up('B', async (from, method, params) => {
    if (method === 'seal' && when === 'before') pair.b.files.isFull = true;
    const answer = await pair.b.engine!.handle(from, method, params);
    if (method === 'seal') pair.b.files.isFull = true;
    return answer;
  });
  fillAt('before');
  pair.write(pair.a, 'a', 1);
  await until(pair, () => events(pair.b, 32_032).length > 0, 'no point can be made');
  pair.b.files.isFull = false;
  fillAt('after');
  for (const cluster of [1, 2, 3]) pair.write(pair.a, 'a', cluster);
  await until(pair, () => {
    if (events(pair.b, 32_546).length === 0 && on(pair, pair.a).failures > 0) pair.b.files.isFull = false;
    return events(pair.b, 32_546).length > 0;
  }, 'layers cannot be merged', 4 * HOUR_MS);
  for (const number of [32_032, 32_546]) assert.match(events(pair.b, number)[0]!.hint ?? '', /storage|space/i);
  pair.b.files.isFull = false;
  mended(pair, pair.b);
  await until(pair, () => on(pair, pair.a).failures === 0, 'it replicates again');
});

test('a guest that may be frozen still, a minute after its freeze, makes the health critical until its agent confirms that it goes on', async () => {
  const pair = await replicating();
  const { standsStill } = pair.a.hypervisor;
  standsStill.set(pair.machineId, pair.a.nowMs());
  await pair.pass(LOOK_MS);
  assert.ok(!rules(pair, pair.a).includes('guest-stands-still'), 'a freeze takes a moment');
  await pair.pass(2 * LOOK_MS + SECOND_MS);
  assert.equal(judged(pair, pair.a).health, 'critical');
  assert.match(pair.a.state.events(null, 10).map(({ message }) => message).join('\n'), /file systems of .* may stand still/);
  standsStill.clear();
  await pair.pass(LOOK_MS + SECOND_MS);
  assert.ok(!rules(pair, pair.a).includes('guest-stands-still'));
});

test('a clock that was days ahead and is put right leaves no missed cycles behind: counting begins anew', async () => {
  const pair = await replicating();
  pair.b.skewMs = 30 * DAY_MS;
  await pair.pass(10 * MINUTE_MS);
  assert.ok(rules(pair, pair.b).includes('missed-critical'), 'while the clock is wrong');
  pair.b.skewMs = 0;
  await pair.pass(10 * MINUTE_MS);
  assert.ok(statisticsOn(pair, pair.b).sinceMs <= pair.b.nowMs());
  assert.deepEqual(rules(pair, pair.b), []);
});
