/** The report as CSV: what a spreadsheet makes of hostile names. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reportCsv } from '../../src/cli/report.ts';

const ROW = {
  id: 'r', kind: 'simple' as const, machineId: 'm', machine: 'web', side: 'primary' as const, peer: 'beta', endedAtMs: null, health: 'ok' as const, healthReasons: [], intervalMs: 30_000, objectiveMs: 60_000, knownMs: 9, protectedMs: 9, unprotectedMs: 0, withinObjectivePercent: 100,
  lag: { medianMs: 1, p95Ms: 2, p99Ms: 3, worstMs: 4, worstAtMs: 0 }, outages: 0, cycles: 1, missed: 0, resynchronizations: 0, bytesChanged: 1, bytesShipped: 1, durationMs: 1, maxDurationMs: 1, tests: { count: 0, lastAtMs: null, worstRecoveryMs: null }, failovers: [],
};

test('a hostile name in the CSV is text, quoted, and no formula; times are ISO 8601 and lines end as RFC 4180 says', () => {
  const csv = reportCsv({ host: 'alpha', madeAtMs: 0, fromMs: 0, untilMs: 1_000, relationships: [{ ...ROW, machine: '=cmd|"x",1' }, { ...ROW, machine: ' +1' }] });
  const lines = csv.split('\r\n');
  assert.equal(lines.length, 4);
  assert.match(lines[1]!, /^1970-01-01T00:00:00\.000Z,1970-01-01T00:00:01\.000Z,alpha,"'=cmd\|""x"",1",simple,/);
  assert.match(lines[2]!, /,' \+1,simple,/);
});
