/** Statistics begin anew with each monitoring interval; what the one before counted stays with the relationship and in the log. */
import { intervalEndMs, intervalStartMs } from '../cycle/window.ts';
import { average, ended, isDue, noStatistics, turned } from '../health/statistics.ts';
import type { EndedInterval, Relationship, Statistics } from '../machine/records.ts';
import type { Host } from './host.ts';
import { report } from './report.ts';
import { type Text, say } from '../language/text.ts';

const CLOCK_SLACK_MS = 60_000;

type Counts = Pick<Relationship, 'statistics' | 'previousStatistics'>;

/** With the change applied to what is counted in the present interval; when another has ended, it is the previous one now. */
export function counting(host: Host, before: Relationship, change: (statistics: Statistics) => Statistics): Counts {
  const { statistics, ...previous } = inInterval(host, before);
  return { statistics: change(statistics), ...previous };
}

/** The counts of the present interval. Source: Hyper-V-VMMS 29174, "statistics of the last interval". */
export function inInterval(host: Host, before: Relationship): Counts & { readonly statistics: Statistics } {
  const { statistics } = before;
  const nowMs = host.clock.nowMs();
  if (!statistics || isOfClockAhead(statistics, nowMs)) return { statistics: noStatistics(nowMs, isDue(before) ? nowMs : null) };
  const sinceMs = startedMs(host);
  if (statistics.sinceMs >= sinceMs) return { statistics };
  const previousStatistics = ended(statistics, before.settings, Math.min(sinceMs, Math.max(statistics.sinceMs, endOf(host, statistics.sinceMs))));
  const machine = host.state.machine(before.machineId)?.name ?? before.machineId;
  report(host, 'interval-ended', machine, summary(previousStatistics));
  return { statistics: noStatistics(sinceMs, isDue(before) ? sinceMs : null), previousStatistics };
}

/** Or counting has not begun. */
export const isIntervalOver = (host: Host, { statistics }: Relationship): boolean => statistics === undefined || isOfClockAhead(statistics, host.clock.nowMs()) || statistics.sinceMs < startedMs(host);

/** Counted from a moment that is to come: by a clock that was ahead, which makes cycles count as missed that never were due. */
const isOfClockAhead = ({ sinceMs }: Statistics, nowMs: number): boolean => sinceMs > nowMs + CLOCK_SLACK_MS;

function startedMs(host: Host): number {
  const { startSeconds, intervalSeconds } = host.monitoring();
  return intervalStartMs(startSeconds, intervalSeconds, host.clock.nowMs(), (atMs) => host.clock.minutesEast(atMs));
}

function endOf(host: Host, atMs: number): number {
  const { startSeconds, intervalSeconds } = host.monitoring();
  return intervalEndMs(startSeconds, intervalSeconds, atMs, (each) => host.clock.minutesEast(each));
}

/** The present interval has an end, unless it began after now by a clock that was put back. */
export const nextIntervalMs = (host: Host): number => endOf(host, host.clock.nowMs());

/** What a transition changes in the counts: they begin with the relationship, and cycles are due in some states only. */
export function acrossTransition(host: Host, before: Relationship, after: Relationship): Relationship {
  const nowMs = host.clock.nowMs();
  const isTestable = after.side === 'replica' && after.state === 3 && after.testableSinceMs === undefined;
  const testable = { ...after, ...(isTestable && { testableSinceMs: nowMs }), ...(before.state !== after.state && { stateSinceMs: nowMs }) };
  if (before.statistics && isDue(before) === isDue(after)) return testable;
  return { ...testable, ...counting(host, { ...after, state: before.state }, (statistics) => turned(statistics, after.settings, nowMs, isDue(after))) };
}

/** Counting begins anew, now. */
export const afterReset = (host: Host, relationship: Relationship): Counts => {
  const nowMs = host.clock.nowMs();
  return { statistics: noStatistics(nowMs, isDue(relationship) ? nowMs : null) };
};

function summary({ sinceMs, untilMs, cycles, bytes, latencyMs, missedCycles, networkFailures, otherFailures }: EndedInterval): Text {
  const latency = average(latencyMs, cycles);
  const counts = { from: { atMs: sinceMs }, to: { atMs: untilMs }, cycles, bytes, missed: missedCycles, failed: networkFailures + otherFailures, network: networkFailures };
  if (latency === null) return say('from {from} to {to} {cycles} cycles brought {bytes} bytes; {missed} were missed, {failed} failed ({network} for the network)', counts);
  return say('from {from} to {to} {cycles} cycles brought {bytes} bytes, {latency} ms each on average; {missed} were missed, {failed} failed ({network} for the network)', { ...counts, latency });
}
