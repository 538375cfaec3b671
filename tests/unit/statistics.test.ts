import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { average, counted, countedConsistencyFailure, countedFailure, ended, missedCycles, missedPercent, noStatistics, turned } from '../../src/health/statistics.ts';
import { defaultSettings } from '../../src/relationship/settings.ts';

const NOW_MS = 1_700_000_000_000;
const INTERVAL_MS = 300_000;
const SETTINGS = defaultSettings(['a']);
const NONE = noStatistics(NOW_MS, NOW_MS);
const cycle = (endedMs: number, bytes = 0, latencyMs = 1_000) => ({ bytes, latencyMs, endedMs });

describe('statistics', () => {
  test('keep the largest and the sum of all', () => {
    const first = counted(NONE, SETTINGS, cycle(NOW_MS + 2_000, 100, 2_000));
    const second = counted(first, SETTINGS, cycle(NOW_MS + INTERVAL_MS, 40, 5_000));
    assert.deepEqual(second, { ...NONE, cycles: 2, bytes: 140, maxBytes: 100, latencyMs: 7_000, maxLatencyMs: 5_000, dueFromMs: NOW_MS + INTERVAL_MS });
    assert.deepEqual([average(second.bytes, second.cycles), average(second.latencyMs, second.cycles), average(0, 0)], [70, 3_500, null]);
  });

  test('count an interval without a cycle of its own as a missed one, and none while cycles end in time', () => {
    assert.equal(counted(NONE, SETTINGS, cycle(NOW_MS + INTERVAL_MS)).missedCycles, 0);
    assert.equal(counted(NONE, SETTINGS, cycle(NOW_MS + 2 * INTERVAL_MS - 1)).missedCycles, 0);
    assert.equal(counted(NONE, SETTINGS, cycle(NOW_MS + 3 * INTERVAL_MS + 1)).missedCycles, 2);
  });

  test('show what is being missed before any cycle has ended', () => {
    assert.equal(missedCycles(NONE, SETTINGS, NOW_MS + 5 * INTERVAL_MS + 1), 4);
    assert.equal(missedCycles(NONE, SETTINGS, NOW_MS - 5 * INTERVAL_MS), 0, 'a clock that was put back');
    assert.equal(missedCycles(noStatistics(NOW_MS), SETTINGS, NOW_MS + 5 * INTERVAL_MS), 0, 'none is due');
  });

  test('miss nothing while replication is suspended', () => {
    const suspended = turned(NONE, SETTINGS, NOW_MS + 3 * INTERVAL_MS, false);
    assert.equal(suspended.missedCycles, 2);
    const resumed = turned(suspended, SETTINGS, NOW_MS + 50 * INTERVAL_MS, true);
    assert.equal(missedCycles(resumed, SETTINGS, NOW_MS + 51 * INTERVAL_MS), 2);
  });

  test('miss nothing while a guest that came home waits to be committed', () => {
    const away = turned(NONE, SETTINGS, NOW_MS, false);
    const home = counted(away, SETTINGS, cycle(NOW_MS + INTERVAL_MS));
    const committed = turned(home, SETTINGS, NOW_MS + 50 * INTERVAL_MS, true);
    assert.deepEqual([home.cycles, missedCycles(committed, SETTINGS, NOW_MS + 51 * INTERVAL_MS)], [1, 0]);
  });

  test('tell failures of the network from all others, and of application-consistent points', () => {
    const all = countedConsistencyFailure(countedFailure(countedFailure(NONE, 'peer-unreachable'), 'disk-io'));
    assert.deepEqual([all.networkFailures, all.otherFailures, all.consistencyFailures, all.cycles], [1, 1, 1, 0]);
  });

  test('of an interval that has ended hold what it missed until then', () => {
    const over = ended(NONE, SETTINGS, NOW_MS + 4 * INTERVAL_MS);
    assert.deepEqual([over.missedCycles, over.dueFromMs, over.untilMs], [3, null, NOW_MS + 4 * INTERVAL_MS]);
  });

  test('give the share of cycles that were missed of those that were due', () => {
    assert.deepEqual([missedPercent(0, 0), missedPercent(1, 4), missedPercent(3, 0)], [0, 20, 100]);
  });
});
