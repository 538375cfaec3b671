/** GetReplicationStatistics and its Ex: every property of Msvm_ReplicationStatistics, and each rule that holds as an Msvm_Error. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readEmbedded } from '../../src/cim/embedded.ts';
import type { CimTimestamp, CimValue } from '../../src/cim/instance.ts';
import { SCHEMA, VIRTUALIZATION } from '../../src/cim/schema/published.ts';
import { update } from '../../src/engine/transition.ts';
import { countedConsistencyFailure, countedFailure } from '../../src/health/statistics.ts';
import { machinePath } from '../../src/providers/objectpaths.ts';
import type { SimulatedHost } from '../../src/simulation/host.ts';
import { CimBench } from './cimbench.ts';

const MINUTE_MS = 60_000;

async function told(bench: CimBench, at: CimBench['a'], method = 'GetReplicationStatistics', parameters: Readonly<Record<string, CimValue>> = {}) {
  const { returnValue, out } = await bench.call(at, method, parameters);
  assert.equal(returnValue, 0);
  const instances = (name: string) => ((out.get(name) ?? []) as string[]).map((text) => Object.fromEntries(readEmbedded(SCHEMA, VIRTUALIZATION, text).properties));
  return { statistics: instances('ReplicationStatistics'), issues: instances('ReplicationHealthIssues') };
}

const msOf = (value: CimValue | undefined): number => (value as CimTimestamp).epochMs;
const recordOn = (bench: CimBench, host: SimulatedHost) => host.state.relationship(bench.pair.relationshipId)!;

test('every property has what was counted: totals, the largest, failures by kind, what is pending, and when', async () => {
  const bench = await CimBench.replicating('statistics fields');
  const { a, b, pair } = bench;
  update(pair.a.engine!.host, pair.relationshipId, ({ statistics }) => ({ statistics: countedConsistencyFailure(countedFailure(countedFailure(statistics!, 'peer-unreachable'), 'disk-io')) }));
  await pair.pass(MINUTE_MS);
  const { statistics: [values] } = await told(bench, a);
  const counted = recordOn(bench, pair.a).statistics!;
  assert.deepEqual(
    ['ReplicationSuccessCount', 'ReplicationSize', 'MaxReplicationSize', 'ReplicationLatency', 'MaxReplicationLatency', 'ReplicationMissCount', 'NetworkFailureCount', 'ReplicationFailureCount', 'ApplicationConsistentSnapshotFailureCount', 'ReplicationHealth'].map((name) => values![name]),
    [counted.cycles, BigInt(counted.bytes), BigInt(counted.maxBytes), Math.round(counted.latencyMs / 1_000), Math.round(counted.maxLatencyMs / 1_000), counted.missedCycles, 1, 1, 1, 1],
  );
  assert.ok(counted.cycles > 2);
  assert.equal(msOf(values!['StartStatisticTime']), Math.floor(counted.sinceMs));
  assert.ok(Math.abs(msOf(values!['EndStatisticTime']) - pair.a.nowMs()) < MINUTE_MS);
  assert.equal(typeof values!['PendingReplicationSize'], 'bigint');
  assert.equal(values!['LastTestFailoverTime'], null);
  update(pair.b.engine!.host, pair.relationshipId, () => ({ lastTestMs: 1_700_000_000_000 }));
  const { statistics: [onReplica] } = await told(bench, b);
  assert.deepEqual([msOf(onReplica!['LastTestFailoverTime']), onReplica!['PendingReplicationSize']], [1_700_000_000_000, 0n]);
});

test('each rule that holds is an Msvm_Error of its own, with its name, how bad it is, which relationship, and what to do', async () => {
  const bench = await CimBench.replicating('issues');
  const { a, pair } = bench;
  const lastFault = { code: 'disk-io', message: 'vm: the disk broke', hint: 'Look at the storage.', atMs: pair.a.nowMs() };
  pair.a.state.putRelationship({ ...recordOn(bench, pair.a), state: 9, failures: 1, lastFault });
  const { issues, statistics: [values] } = await told(bench, a);
  assert.deepEqual(issues.map((issue) => [issue['MessageID'], issue['PerceivedSeverity'], (issue['RecommendedActions'] as string[]).length]), [['resynchronization-required', 4, 1], ['last-failure', 3, 1]]);
  assert.match(String(issues[0]!['ErrorSource']), /HVR\\0$/);
  assert.deepEqual([values!['ReplicationHealth'], issues[1]!['RecommendedActions']], [3, ['Look at the storage.']]);
});

test('without a machine the statistics of all that are replicated are told, and advice is no issue', async () => {
  const bench = await CimBench.replicating('all statistics');
  const { b, pair } = bench;
  bench.addMachine();
  update(pair.b.engine!.host, pair.relationshipId, () => ({ testableSinceMs: 0 }));
  const { out } = await bench.invoke(b, b.service, 'GetReplicationStatisticsEx', {});
  assert.deepEqual([(out.get('ReplicationStatistics') as string[]).length, (out.get('ReplicationHealthIssues') as string[]).length], [1, 0]);
  const { statistics } = await told(bench, b, 'GetReplicationStatisticsEx', { ComputerSystem: machinePath(pair.machineId) });
  assert.equal(statistics[0]!['ReplicationHealth'], 1);
});
