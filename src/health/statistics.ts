/** What is counted of a relationship's cycles, for those who watch whether replication keeps up. */
import { FAULTS } from '../errors/fault.ts';
import type { EndedInterval, Relationship, Statistics } from '../machine/records.ts';
import { cycleIntervalMs, type Settings } from '../relationship/settings.ts';

/** Nothing is counted yet. `dueFromMs`: cycles are due from then on; null while none is. */
export const noStatistics = (sinceMs: number, dueFromMs: number | null = null): Statistics => ({
  sinceMs, cycles: 0, bytes: 0, maxBytes: 0, latencyMs: 0, maxLatencyMs: 0, missedCycles: 0, networkFailures: 0, otherFailures: 0, consistencyFailures: 0, dueFromMs,
});

/** Cycles are due in state 3 alone: what was suspended or is being compared misses none. */
export const isDue = ({ state }: Pick<Relationship, 'state'>): boolean => state === 3;

/** Whole intervals that have passed since the last cycle ended, but for the one in which the next is due. */
function overdueCycles({ dueFromMs }: Statistics, settings: Settings, nowMs: number): number {
  if (dueFromMs === undefined || dueFromMs === null) return 0;
  return Math.max(0, Math.floor((nowMs - dueFromMs) / cycleIntervalMs(settings)) - 1);
}

/** Missed so far, with those that are overdue. Source: Msvm_ReplicationStatistics.ReplicationMissCount. */
export const missedCycles = (statistics: Statistics, settings: Settings, nowMs: number): number => statistics.missedCycles + overdueCycles(statistics, settings, nowMs);

/** With one more cycle that became a recovery point at `endedMs`. One that comes while none is due, as a failback's do, makes none due. */
export function counted(before: Statistics, settings: Settings, cycle: { readonly bytes: number; readonly latencyMs: number; readonly endedMs: number }): Statistics {
  return {
    ...before,
    cycles: before.cycles + 1,
    bytes: before.bytes + cycle.bytes,
    maxBytes: Math.max(before.maxBytes, cycle.bytes),
    latencyMs: before.latencyMs + cycle.latencyMs,
    maxLatencyMs: Math.max(before.maxLatencyMs, cycle.latencyMs),
    missedCycles: missedCycles(before, settings, cycle.endedMs),
    dueFromMs: before.dueFromMs === null ? null : cycle.endedMs,
  };
}

/** With one more attempt that failed, by the code of its fault. What it missed shows when a cycle ends. */
export function countedFailure(before: Statistics, code: string): Statistics {
  const isNetwork = code.startsWith('peer-') && code in FAULTS;
  return {
    ...before,
    networkFailures: before.networkFailures + (isNetwork ? 1 : 0),
    otherFailures: before.otherFailures + (isNetwork ? 0 : 1),
  };
}

/** With one more application-consistent point that came out crash-consistent. Source: ApplicationConsistentSnapshotFailureCount. */
export const countedConsistencyFailure = (before: Statistics): Statistics => ({ ...before, consistencyFailures: (before.consistencyFailures ?? 0) + 1 });

/** From now on cycles are due, or are not any more: then what was missed until now is counted. */
export function turned(before: Statistics, settings: Settings, nowMs: number, due: boolean): Statistics {
  if (due) return { ...before, dueFromMs: before.dueFromMs ?? nowMs };
  return { ...before, missedCycles: missedCycles(before, settings, nowMs), dueFromMs: null };
}

/** What stays of an interval that has ended. */
export const ended = (statistics: Statistics, settings: Settings, untilMs: number): EndedInterval => ({ ...turned(statistics, settings, untilMs, false), untilMs });

/** Of an interval, per cycle; null before the first. */
export const average = (sum: number, cycles: number): number | null => (cycles === 0 ? null : Math.round(sum / cycles));

/** Share of the cycles that were due and did not come, in percent; 0 while none was due. */
export const missedPercent = (missed: number, cycles: number): number => (missed === 0 ? 0 : (100 * missed) / (missed + cycles));
