/** Health, statistics, events and the doctor of two real hosts with a real guest. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { DiagnosisView, HealthView } from '../../src/service/healthviews.ts';
import type { EventView } from '../../src/service/views.ts';
import { Pair } from './pair.ts';
import { until } from './testhost.ts';

let pair: Pair;
before(async () => {
  pair = await Pair.open();
  await pair.protect();
});
after(() => pair.close());

const CLUSTER_BYTES = 65_536;
const health = (...more: readonly string[]) => pair.a.run<HealthView>('health', 'web1', ...more);

test('the pane tells cycles, sizes, latency and the last synchronization of a guest that writes, on both hosts, and what it tells is saved', async () => {
  const shown = await until('three cycles', async () => {
    const it = await health();
    return it.present.cycles >= 3 ? it : undefined;
  });
  const { present, lastSynchronizedMs, primaryHost, replicaHost, runsOn } = shown;
  assert.deepEqual([primaryHost, replicaHost, runsOn, shown.side], ['host-a', 'host-b', 'host-a', 'primary']);
  assert.ok(present.averageBytes! > 0 && present.maxBytes >= present.averageBytes! && present.averageLatencyMs! > 0 && present.maxLatencyMs >= present.averageLatencyMs!);
  assert.ok(Date.now() - lastSynchronizedMs! < 60_000);
  const there = await pair.b.run<HealthView>('health', 'web1');
  assert.ok(there.present.cycles >= 3 && there.side === 'replica' && there.pendingBytes === 0);
  const file = join(pair.directory, 'health.csv');
  await pair.a.run('health', 'web1', '--csv', file);
  assert.match(readFileSync(file, 'utf8'), /^machine,.*\r\nweb1,simple,primary,Replicating,/);
});

test('while replication is suspended what the guest writes is pending, known from its bitmap; that is a warning, and it is gone after resuming', async () => {
  await pair.a.run('suspend', 'web1');
  const before = (await health('--refresh')).pendingBytes!;
  assert.equal((await (await pair.a.console()).run('dd if=/dev/urandom of=/disk/a/pending bs=1M count=8 && sync')).status, 0);
  const { pendingBytes, pendingKnownMs, disksBytes, health: judged, issues } = await health('--refresh');
  assert.ok(pendingBytes! >= before + 8 * 2 ** 20 && pendingBytes! <= disksBytes && pendingBytes! % CLUSTER_BYTES === 0, `${before} and ${pendingBytes}`);
  assert.ok(Date.now() - pendingKnownMs! < 10_000);
  assert.deepEqual([judged, issues[0]?.rule], ['warning', 'paused-on-primary']);
  const { code, stdout } = await pair.a.cli('--json', 'doctor');
  const { findings } = JSON.parse(stdout) as DiagnosisView;
  assert.equal(code, 50);
  assert.ok(findings.some(({ check, machine }) => check === 'paused' && machine === 'web1'));
  assert.ok(!findings.some(({ check }) => ['disk-format', 'clock-skew', 'versions-differ', 'io-threads', 'peer-unreachable'].includes(check)), JSON.stringify(findings));
  await pair.a.run('resume', 'web1');
  await pair.a.nextPoint();
  await until('nothing much is pending', async () => ((await health('--refresh')).pendingBytes! < 8 * 2 ** 20 ? true : undefined));
});

test('a reset begins to count anew, and what was counted survives the daemon\'s death', async () => {
  const { present } = await pair.a.run<HealthView>('health', 'reset', 'web1');
  assert.ok(present.cycles <= 1 && present.missedCycles <= 1);
  await pair.a.nextPoint();
  const { sinceMs, cycles } = (await health()).present;
  await pair.a.kill();
  await pair.a.start();
  const again = (await health()).present;
  assert.ok(again.sinceMs === sinceMs && again.cycles >= cycles, JSON.stringify(again));
});

test('when the other host is gone the doctor says so, cycles that fail are in the log with number and hint, and everything passes when it is back', async () => {
  // Between two cycles: one under way would wait a minute for the connection to come back.
  await pair.a.run('suspend', 'web1');
  await pair.b.kill();
  await pair.a.run('resume', 'web1');
  const gone = await until('the first failure is logged', async () => (await pair.a.run<EventView[]>('events', '--limit', '200')).find(({ number }) => number === 32_022));
  assert.deepEqual([gone.machine, gone.severity], ['web1', 'error']);
  assert.match(gone.hint!, /peer port/);
  const { code, stdout } = await pair.a.cli('--json', 'doctor');
  assert.equal(code, 51);
  assert.ok((JSON.parse(stdout) as DiagnosisView).findings.some(({ check, host }) => check === 'peer-unreachable' && host === 'host-b'));
  await pair.b.start();
  await pair.a.nextPoint();
  assert.ok((await health()).present.networkFailures > 0);
  await until('no failure is left', async () => ((await health()).lastFault === null ? true : undefined));
});
