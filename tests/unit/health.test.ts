/** Every rule of the health: a case in which it holds, and one just short of it in which it does not. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { emptyRelationship } from '../../src/engine/answers.ts';
import { judge, reasonsOf } from '../../src/health/health.ts';
import { checkLimits, HEALTH_LIMITS, limitsOf, LIMIT_NAMES, type HealthLimits } from '../../src/health/limits.ts';
import { checkMonitoring, MONITORING_INTERVALS_SECONDS } from '../../src/health/monitoring.ts';
import { RULES } from '../../src/health/rules.ts';
import { noStatistics } from '../../src/health/statistics.ts';
import type { Relationship, Statistics } from '../../src/machine/records.ts';
import { defaultSettings } from '../../src/relationship/settings.ts';
import { Fault } from '../../src/errors/fault.ts';

const NOW_MS = 1_700_000_000_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

const plain: Relationship = { ...emptyRelationship, id: 'r', machineId: 'm', peerId: 'p', side: 'primary', state: 3, settings: defaultSettings(['a']), key: '', overrides: {}, newestPointId: 'n', newestInstantMs: NOW_MS - MINUTE_MS, statistics: noStatistics(NOW_MS - HOUR_MS, NOW_MS - MINUTE_MS) };
const replica: Partial<Relationship> = { side: 'replica' };
const fault = (code: string) => ({ code, message: 'it broke', hint: 'mend it', atMs: NOW_MS });
const counts = (change: Partial<Statistics>): Partial<Relationship> => ({ statistics: { ...plain.statistics!, ...change } });
const behind = (ms: number): Partial<Relationship> => ({ newestInstantMs: NOW_MS - ms });
const hourly = { settings: { ...plain.settings, intervalSeconds: 900 as const } };

const judged = (change: Partial<Relationship>, limits: Partial<HealthLimits> = {}) =>
  judge({ relationship: { ...plain, ...change }, machine: { name: 'web1', storage: '/replicas' }, peer: 'beta', nowMs: NOW_MS, limits: limitsOf(limits) });
const holding = (change: Partial<Relationship>, limits: Partial<HealthLimits> = {}): string[] => judged(change, limits).issues.map(({ rule }) => rule);

/** Rule → what makes it hold, what nearly does. */
const CASES: Readonly<Record<string, readonly [holds: Partial<Relationship>, not: Partial<Relationship>]>> = {
  'split-brain': [{ lastFault: fault('split-brain') }, { lastFault: fault('disk-io') }],
  'guest-stands-still': [{ standsStillSinceMs: NOW_MS - HOUR_MS }, { standsStillSinceMs: null }],
  'replication-failed': [{ state: 8 }, { state: 3 }],
  'resynchronization-required': [{ state: 9 }, { state: 10 }],
  resynchronizing: [{ state: 10 }, { state: 11 }],
  'resynchronization-suspended': [{ state: 11 }, { state: 7 }],
  'disks-failed': [{ state: 16 }, { state: 15 }],
  'paused-on-replica': [{ ...replica, state: 7 }, { state: 7 }],
  'cannot-send': [{ failures: 3, lastFault: fault('peer-unreachable') }, { failures: 2, lastFault: fault('peer-unreachable') }],
  'peer-removed': [{ ...replica, state: 3, peerRemovedMs: 1 }, { ...replica, state: 3 }],
  'points-damaged': [{ ...replica, alarms: ['points-damaged'] }, { ...replica, alarms: ['space-low'] }],
  'missed-critical': [counts({ cycles: 10, missedCycles: 10 }), counts({ cycles: 11, missedCycles: 10 })],
  stalled: [behind(DAY_MS + 1), behind(DAY_MS)],
  held: [{ ...replica, state: 2, yielded: { pointId: null, attemptId: null, basisId: 'b' } }, { ...replica, state: 2 }],
  'disks-undecided': [{ undecidedDisks: ['data'] }, { ...replica, undecidedDisks: ['data'] }],
  'initial-replication-pending': [{ state: 2, newestInstantMs: null }, { state: 3 }],
  'reverse-not-configured': [{ ...replica, state: 6 }, { ...replica, state: 3 }],
  'failover-begun': [{ state: 4 }, { ...replica, state: 5 }],
  'failback-begun': [{ ...replica, state: 14 }, { ...replica, state: 2 }],
  'paused-on-primary': [{ state: 7 }, { ...replica, state: 7 }],
  'missed-cycles': [counts({ cycles: 79, missedCycles: 20 }), counts({ cycles: 80, missedCycles: 20 })],
  'out-of-sync': [{ ...replica, ...behind(HOUR_MS + 1) }, { ...replica, ...behind(HOUR_MS) }],
  late: [behind(15 * MINUTE_MS + 1), behind(15 * MINUTE_MS)],
  latency: [counts({ cycles: 2, latencyMs: 2 * 300_001 }), counts({ cycles: 2, latencyMs: 2 * 300_000 })],
  'chain-long': [{ ...replica, alarms: ['chain-long'] }, { alarms: ['chain-long'] }],
  'space-low': [{ ...replica, alarms: ['space-low'] }, { ...replica, alarms: [] }],
  'last-failure': [{ failures: 1, lastFault: fault('disk-io') }, { failures: 3, lastFault: fault('disk-io') }],
  'consistency-failed': [counts({ consistencyFailures: 1 }), counts({ consistencyFailures: 0 })],
  'test-due': [{ ...replica, testableSinceMs: 0, lastTestMs: NOW_MS - 30 * DAY_MS - 1 }, { ...replica, testableSinceMs: 0, lastTestMs: NOW_MS - 30 * DAY_MS }],
};

describe('the health of a relationship', () => {
  test('has a case for each of its rules', () => {
    assert.deepEqual(Object.keys(CASES).sort(), RULES.map(({ id }) => id).sort());
  });

  for (const { id, severity } of RULES) {
    const [holds, not] = CASES[id]!;
    test(`is ${severity} by "${id}" when it holds, with what to do, and not just short of it`, () => {
      const issue = judged(holds).issues.find(({ rule }) => rule === id);
      assert.equal(issue?.severity, severity);
      assert.ok(issue.message.length > 10 && issue.hint.length > 5, issue.message);
      assert.ok(!holding(not).includes(id));
      if (severity !== 'advice') assert.equal(judged(holds).health, severity);
    });
  }

  test('is ok with 20 % of the cycles missed, an hour without one and five minutes of latency', () => {
    const change = { ...counts({ cycles: 80, missedCycles: 20, latencyMs: 80 * 300_000 }), ...hourly, ...behind(45 * MINUTE_MS) };
    assert.deepEqual([judged(change).health, judged(change).issues], ['ok', []]);
  });

  test('is none before replication and critical rather than a warning when both hold', () => {
    assert.equal(judged({ state: 0 }).health, 'none');
    const both = judged({ ...replica, state: 7, alarms: ['space-low'] });
    assert.equal(both.health, 'critical');
    assert.deepEqual([reasonsOf(both).length, both.issues[0]?.rule], [2, 'paused-on-replica']);
  });

  test('is not changed by advice', () => {
    const due = judged({ ...replica, lastTestMs: NOW_MS - 31 * DAY_MS });
    assert.deepEqual([due.health, due.issues.map(({ severity }) => severity), reasonsOf(due)], ['ok', ['advice'], []]);
  });

  test('follows the limits that are set', () => {
    assert.deepEqual(holding(counts({ cycles: 79, missedCycles: 20 }), { missedWarningPercent: 30 }), []);
    assert.deepEqual(holding({ failures: 1, lastFault: fault('disk-io') }, { failuresInARow: 1 }), ['cannot-send']);
  });

  test('of a machine whose one cycle was missed is not a warning yet', () => {
    assert.deepEqual(holding(counts({ cycles: 0, missedCycles: 1 })), []);
  });
});

const refuses = (work: () => void, message: RegExp) => assert.throws(work, (thrown: unknown) => thrown instanceof Fault && thrown.code === 'settings-invalid' && message.test(thrown.message));

describe('the limits of the health', () => {
  test('are the documented ones by default', () => {
    const { missedWarningPercent, silentMinutes, latencySeconds, testDays } = limitsOf();
    assert.deepEqual([missedWarningPercent, silentMinutes, latencySeconds, testDays], [20, 60, 300, 30]);
  });

  for (const name of LIMIT_NAMES) {
    test(`take no ${name} out of range, and say what is allowed`, () => {
      const { min, max } = HEALTH_LIMITS[name];
      checkLimits({ [name]: min });
      checkLimits({ [name]: max });
      for (const value of [min - 1, max + 1, min + 0.5]) refuses(() => checkLimits({ [name]: value }), new RegExp(`${name} cannot be .* from ${min} to ${max}`));
    });
  }

  test('take no limit that does not exist', () => {
    refuses(() => checkLimits({ speed: 1 } as Partial<HealthLimits>), /speed.*missedWarningPercent/);
  });
});

describe('the monitoring interval', () => {
  test('is 1, 2, 3, 4, 6, 8, 12 or 24 hours or 2 to 7 days, and begins at a time of day', () => {
    for (const monitoringIntervalSeconds of MONITORING_INTERVALS_SECONDS) checkMonitoring({ monitoringIntervalSeconds });
    for (const hours of [0, 0.5, 5, 7, 9, 10, 11, 13, 25, 36, 169, 192]) refuses(() => checkMonitoring({ monitoringIntervalSeconds: hours * 3_600 }), /1, 2, 3, 4, 6, 8, 12 or 24 hours/);
    for (const monitoringStartSeconds of [-1, 86_400, 0.5]) refuses(() => checkMonitoring({ monitoringStartSeconds }), /0 to 86399/);
  });
});
