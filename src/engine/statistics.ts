/** What is counted of a relationship's cycles, for those who watch whether replication keeps up. */
import { FAULTS } from '../errors/fault.ts';
import type { Statistics } from '../machine/records.ts';
import { cycleIntervalMs, type Settings } from '../relationship/settings.ts';

/** Nothing is counted yet. */
export const noStatistics = (sinceMs: number): Statistics => ({
  sinceMs, cycles: 0, bytes: 0, maxBytes: 0, latencyMs: 0, maxLatencyMs: 0, missedCycles: 0, networkFailures: 0, otherFailures: 0,
});

/** With one more cycle that became a recovery point. */
export function counted(before: Statistics, settings: Settings, cycle: { readonly bytes: number; readonly latencyMs: number }): Statistics {
  return {
    ...before,
    cycles: before.cycles + 1,
    bytes: before.bytes + cycle.bytes,
    maxBytes: Math.max(before.maxBytes, cycle.bytes),
    latencyMs: before.latencyMs + cycle.latencyMs,
    maxLatencyMs: Math.max(before.maxLatencyMs, cycle.latencyMs),
    missedCycles: before.missedCycles + Math.floor(cycle.latencyMs / cycleIntervalMs(settings)),
  };
}

/** With one more attempt that failed, by the code of its fault. */
export function countedFailure(before: Statistics, code: string): Statistics {
  const isNetwork = code.startsWith('peer-') && code in FAULTS;
  return {
    ...before,
    missedCycles: before.missedCycles + 1,
    networkFailures: before.networkFailures + (isNetwork ? 1 : 0),
    otherFailures: before.otherFailures + (isNetwork ? 0 : 1),
  };
}
