import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { counted, countedFailure, noStatistics } from '../../src/engine/statistics.ts';
import { emptyRelationship } from '../../src/engine/answers.ts';
import type { Relationship, Statistics } from '../../src/machine/records.ts';
import { defaultSettings } from '../../src/relationship/settings.ts';

const NOW_MS = 1_700_000_000_000;
const INTERVAL_MS = 300_000;

const relationship = (statistics?: Statistics): Relationship => ({
  ...emptyRelationship, id: 'r', machineId: 'm', peerId: 'p', side: 'primary', state: 3, key: '', overrides: {}, settings: defaultSettings(['a']), ...(statistics && { statistics }),
});

describe('statistics', () => {
  test('begin with the first cycle, and keep the largest and the sum of all', () => {
    const first = counted(relationship(), { bytes: 100, latencyMs: 2_000 }, NOW_MS);
    const second = counted(relationship(first), { bytes: 40, latencyMs: 5_000 }, NOW_MS + 1);
    assert.deepEqual(second, { ...noStatistics(NOW_MS), cycles: 2, bytes: 140, maxBytes: 100, latencyMs: 7_000, maxLatencyMs: 5_000 });
  });

  test('count each whole interval that one cycle took as a missed one', () => {
    assert.equal(counted(relationship(), { bytes: 0, latencyMs: INTERVAL_MS - 1 }, NOW_MS).missedCycles, 0);
    assert.equal(counted(relationship(), { bytes: 0, latencyMs: 2 * INTERVAL_MS + 1 }, NOW_MS).missedCycles, 2);
  });

  test('tell failures of the network from all others; each costs a cycle', () => {
    const network = countedFailure(relationship(), 'peer-unreachable', NOW_MS);
    const both = countedFailure(relationship(network), 'disk-io', NOW_MS);
    assert.deepEqual([both.networkFailures, both.otherFailures, both.missedCycles, both.cycles], [1, 1, 2, 0]);
  });
});
