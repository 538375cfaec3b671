/** When a failed cycle is tried again. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { retryDelayMs } from '../../src/cycle/retry.ts';

const MINUTE_MS = 60_000;
const LONG_INTERVAL_MS = 15 * MINUTE_MS;
const LAST_MS = 30 * MINUTE_MS;

describe('a failed cycle', () => {
  test('is tried again after 1, 2, 4, 8 and 10 minutes, then every 30', () => {
    const delays = Array.from({ length: 8 }, (_, at) => retryDelayMs(at + 1, LONG_INTERVAL_MS) / MINUTE_MS);
    assert.deepEqual(delays, [1, 2, 4, 8, 10, 30, 30, 30]);
  });

  test('keeps to that whatever the interval, and tries at its own pace first when it is below all documented ones', () => {
    for (const intervalMs of [30_000, 5 * MINUTE_MS]) assert.deepEqual(Array.from({ length: 6 }, (_, at) => retryDelayMs(at + 1, intervalMs) / MINUTE_MS), [1, 2, 4, 8, 10, 30]);
    assert.deepEqual(Array.from({ length: 6 }, (_, at) => retryDelayMs(at + 1, 500)), [500, 500, 500, 500, 500, MINUTE_MS]);
  });

  test('is tried again within 30 minutes however often it failed, and never at once', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 1_000_000 }), fc.integer({ min: 200, max: LONG_INTERVAL_MS }), (failures, intervalMs) => {
      const delayMs = retryDelayMs(failures, intervalMs);
      assert.ok(delayMs >= Math.min(intervalMs, MINUTE_MS) && delayMs <= LAST_MS, String(delayMs));
    }));
  });

  test('never waits less the more often it failed', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 200, max: LONG_INTERVAL_MS }), (failures, intervalMs) => {
      assert.ok(retryDelayMs(failures, intervalMs) <= retryDelayMs(failures + 1, intervalMs));
    }));
  });
});
