/** /metrics: what a scrape says of a host, in both formats, accepted by promtool, and quick with a thousand relationships. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { before, describe, test } from 'node:test';
import { countersOf } from '../../src/daemon/metering.ts';
import { FAMILIES } from '../../src/metrics/families.ts';
import { Metrics } from '../../src/metrics/metrics.ts';
import { seedMachines } from '../../scripts/seeding.ts';
import { noStatistics } from '../../src/health/statistics.ts';
import { CimHost, PEER, PEER_ID } from './cimhost.ts';

const LIMIT_MS = 300;
const RELATIONSHIPS = 1_000;
const HOSTILE = 'we"b\\1\n# HELP evil <script>';

/** The value of each series, by its text. */
const seriesIn = (text: string): Map<string, number> =>
  new Map(text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]));

const rig = () => {
  const host = new CimHost();
  const counters = countersOf(host.feed, host.state);
  return { host, counters, metrics: () => new Metrics(host.context, counters).text('text'), openMetrics: () => new Metrics(host.context, counters).text('openmetrics') };
};

const of = (machine: string, kind = 'simple') => `machine="${machine}",peer="${PEER}",kind="${kind}"`;

/** A host on which there is something of everything. */
function busy() {
  const it = rig();
  const { host, counters } = it;
  const nowMs = Date.now();
  const web = host.addMachine('web1');
  const primary = host.addRelationship(web, {
    side: 'primary', state: 3, newestInstantMs: nowMs - 42_000, totals: { bytesChanged: 4_096, bytesShipped: 2_048 },
    lastCycle: { pointId: 'p', finishedMs: nowMs - 40_000, durationMs: 1_500, bytesChanged: 1_024, bytesShipped: 512 }, statistics: noStatistics(nowMs - 3_600_000, nowMs - 1_000),
  });
  const middle = host.addMachine('db1');
  host.addRelationship(middle, { side: 'replica', state: 3, newestInstantMs: nowMs - 10_000, lastTestMs: nowMs - 86_400_000, testableSinceMs: nowMs - 90_000_000 });
  host.addRelationship(middle, { side: 'primary', state: 10, kind: 'extended', newestInstantMs: nowMs - 100_000 });
  host.addPoint(middle, 1);
  host.addPoint(middle, 2, { verification: { atMs: nowMs, clusters: 9, uncheckedClusters: 0, damage: [{ disk: 'root', clusters: 1, firstOffsetBytes: 0 }] } });
  host.addRelationship(host.addMachine(HOSTILE), { side: 'primary', state: 8, lastFault: { code: 'disk-io', message: 'it broke', hint: 'mend it', atMs: nowMs }, failures: 1 });
  counters.observed({ kind: 'completed', relationshipId: primary.id, side: 'primary', cycle: 'cycle', tookMs: 1_500 });
  counters.observed({ kind: 'completed', relationshipId: primary.id, side: 'primary', cycle: 'cycle', tookMs: 700_000 });
  counters.observed({ kind: 'failed', relationshipId: primary.id, side: 'primary', cycle: 'resync', code: 'peer-unreachable' });
  host.feed.publish({ kind: 'job', id: host.addJob('testFailover', web.id).id });
  counters.requests.add(['GET', '/api/status', '200']);
  counters.notified({ kind: 'sent', target: { name: 'oncall', address: 'a@b' } });
  host.context.notifications.putTarget({ id: randomUUID(), name: 'oncall', kind: 'mail', minimum: 'warning', isEnabled: true, address: 'a@b', from: null });
  return { ...it, primary };
}

describe('a scrape', () => {
  test('says of each relationship what it is, how far behind, how it is and what was carried', async () => {
    const { metrics } = busy();
    const series = seriesIn(await metrics());
    const lag = series.get(`understudy_replica_lag_seconds{${of('web1')}}`)!;
    assert.ok(lag >= 42 && lag < 60, String(lag));
    const expected: [string, number][] = [
      [`understudy_replica_lag_objective_seconds{${of('web1')}}`, 600], [`understudy_relationship_last_cycle_duration_seconds{${of('web1')}}`, 1.5], [`understudy_relationship_shipped_bytes_total{${of('web1')}}`, 2_048],
      [`understudy_relationship_state{${of('web1')}}`, 3], [`understudy_relationship_state_info{${of('web1')},state="Replicating"}`, 1],
      [`understudy_relationship_cycles_total{${of('web1')},side="primary",cycle="cycle",outcome="completed"}`, 2], [`understudy_relationship_cycles_total{${of('web1')},side="primary",cycle="resync",outcome="failed"}`, 1],
      [`understudy_relationship_errors_total{${of('web1')},code="peer-unreachable"}`, 1],
      ['understudy_cycle_duration_seconds_bucket{cycle="cycle",le="1.0"}', 0], ['understudy_cycle_duration_seconds_bucket{cycle="cycle",le="2.5"}', 1], ['understudy_cycle_duration_seconds_bucket{cycle="cycle",le="+Inf"}', 2], ['understudy_cycle_duration_seconds_sum{cycle="cycle"}', 701.5],
      [`understudy_recovery_points{${of('db1')}}`, 2], [`understudy_recovery_points_damaged{${of('db1')}}`, 1],
      ['understudy_jobs_finished_total{job="testFailover",outcome="completed"}', 1], ['understudy_guests_running', 0], [`understudy_peer_connected{peer="${PEER}"}`, 0], [`understudy_peer_relationships{peer="${PEER}"}`, 4],
      ['understudy_api_requests_total{method="GET",route="/api/status",status="200"}', 1], ['understudy_notifications_sent_total{target="oncall"}', 1], ['understudy_notification_target_failing{target="oncall"}', 0],
    ];
    for (const [name, value] of expected) assert.equal(series.get(name), value, name);
    const health = [...series].filter(([name]) => name.startsWith('understudy_relationship_health{machine="we') && name.includes('we\\"b')).filter(([, value]) => value === 1);
    assert.deepEqual(health.map(([name]) => /health="(\w+)"/.exec(name)![1]), ['critical']);
  });

  test('tells the relationship by which a replica is sent on from the one by which it comes', async () => {
    const series = seriesIn(await busy().metrics());
    assert.equal(series.get(`understudy_relationship_state{${of('db1')}}`), 3);
    assert.equal(series.get(`understudy_relationship_state{${of('db1', 'extended')}}`), 10);
    assert.equal(series.get(`understudy_relationship_resynchronizing{${of('db1', 'extended')}}`), 1);
  });

  test('is accepted by promtool without a complaint, and has this process under the usual names', async () => {
    const text = await busy().metrics();
    const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' });
    // What prom-client names for the runtime is not ours to judge.
    const complaints = `${stdout}${stderr}`.split('\n').filter((line) => /understudy|parse/.test(line));
    assert.deepEqual(complaints, []);
    assert.ok(status === 0 || !/error/i.test(stderr), stderr);
    for (const name of ['process_start_time_seconds', 'process_resident_memory_bytes', 'nodejs_eventloop_lag_seconds']) assert.match(text, new RegExp(`^${name} `, 'm'));
  });

  test('in OpenMetrics has the same series, counters named as there, and an end', async () => {
    const { metrics, openMetrics } = busy();
    const [text, open] = [await metrics(), await openMetrics()];
    const ours = (all: string) => [...seriesIn(all).keys()].filter((name) => name.startsWith('understudy_')).sort();
    assert.deepEqual(ours(open), ours(text));
    assert.match(open, /^# TYPE understudy_relationship_errors counter$/m);
    assert.match(open, /\n# EOF\n$/);
  });

  test('has no line that a machine\'s name brought', async () => {
    const lines = (await busy().metrics()).split('\n');
    assert.ok(!lines.some((line) => line.startsWith('# HELP evil')));
    assert.ok(lines.some((line) => line.includes('machine="we\\"b\\\\1\\n# HELP evil <script>"')));
  });

  test('uses each metric of the table as the table says, and no other', async () => {
    const text = await busy().metrics();
    const used = new Set<string>();
    for (const [series] of seriesIn(text)) {
      if (!series.startsWith('understudy_')) continue;
      const [, name, labels = ''] = /^(\w+?)(?:\{(.*)\})?$/s.exec(series)!;
      const family = name!.replace(/_(bucket|sum|count)$/, (suffix) => (name!.startsWith('understudy_cycle_duration') ? '' : suffix));
      const found = FAMILIES[family as keyof typeof FAMILIES];
      assert.ok(found, family);
      used.add(family);
      const names = [...labels.matchAll(/(?:^|,)(\w+)="(?:[^"\\]|\\.)*"/g)].map(([, label]) => label!).filter((label) => label !== 'le');
      assert.deepEqual(names, [...found.labels], series);
    }
    const seldom = ['understudy_peer_last_contact_timestamp_seconds', 'understudy_storage_free_bytes', 'understudy_storage_size_bytes', 'understudy_sign_in_failures_total', 'understudy_notification_failures_total', 'understudy_notifications_lost_total'];
    assert.deepEqual(Object.keys(FAMILIES).filter((name) => !used.has(name) && !seldom.includes(name)), []);
  });
});

describe('what is counted', () => {
  test('only grows: neither a reset of the statistics nor a new monitoring interval takes missed cycles away', async () => {
    const { host, counters, metrics, primary } = busy();
    const missed = async (sinceMs: number, missedCycles: number) => {
      host.state.putRelationship({ ...primary, statistics: { ...noStatistics(sinceMs), missedCycles } });
      return seriesIn(await metrics()).get(`understudy_relationship_missed_cycles_total{${of('web1')}}`);
    };
    assert.equal(await missed(1_000, 5), 0, 'what was missed before the daemon started is not counted');
    assert.deepEqual([await missed(1_000, 7), await missed(1_000, 7), await missed(2_000, 0), await missed(2_000, 3)], [2, 2, 2, 5]);
    assert.ok([...counters.missed.all()].length > 0);
  });

  test('goes with the relationship, so that what is gone is not told for ever', async () => {
    const { host, metrics, primary } = busy();
    await metrics();
    host.state.removeRelationship(primary.id);
    assert.doesNotMatch(await metrics(), /peer-unreachable/);
  });
});

describe(`${RELATIONSHIPS} relationships`, () => {
  const { host, metrics } = rig();
  before(() => seedMachines(host.state, RELATIONSHIPS, PEER_ID, '/replicas'));

  test(`are told in less than ${LIMIT_MS} ms of the processor's time`, async () => {
    let bestMs = Infinity;
    for (let times = 0; times < 4; times += 1) {
      const start = process.cpuUsage();
      const text = await metrics();
      const { user, system } = process.cpuUsage(start);
      bestMs = Math.min(bestMs, (user + system) / 1_000);
      assert.ok(text.split('\n').filter((line) => line.startsWith('understudy_replica_lag_objective_seconds')).length >= RELATIONSHIPS);
    }
    console.log(`  a scrape of ${RELATIONSHIPS} relationships took ${bestMs.toFixed(0)} ms`);
    assert.ok(bestMs < LIMIT_MS, `${bestMs} ms`);
  });
});
