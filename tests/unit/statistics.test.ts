import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { counted, countedFailure, noStatistics } from '../../src/engine/statistics.ts';
import { defaultSettings } from '../../src/relationship/settings.ts';

const NOW_MS = 1_700_000_000_000;
const INTERVAL_MS = 300_000;
const SETTINGS = defaultSettings(['a']);
const NONE = noStatistics(NOW_MS);

describe('statistics', () => {
  test('keep the largest and the sum of all', () => {
    const first = counted(NONE, SETTINGS, { bytes: 100, latencyMs: 2_000 });
    const second = counted(first, SETTINGS, { bytes: 40, latencyMs: 5_000 });
    assert.deepEqual(second, { ...NONE, cycles: 2, bytes: 140, maxBytes: 100, latencyMs: 7_000, maxLatencyMs: 5_000 });
  });

  test('count each whole interval that one cycle took as a missed one', () => {
    assert.equal(counted(NONE, SETTINGS, { bytes: 0, latencyMs: INTERVAL_MS - 1 }).missedCycles, 0);
    assert.equal(counted(NONE, SETTINGS, { bytes: 0, latencyMs: 2 * INTERVAL_MS + 1 }).missedCycles, 2);
  });

  test('tell failures of the network from all others; each costs a cycle', () => {
    const network = countedFailure(NONE, 'peer-unreachable');
    const both = countedFailure(network, 'disk-io');
    assert.deepEqual([both.networkFailures, both.otherFailures, both.missedCycles, both.cycles], [1, 1, 2, 0]);
  });
});
