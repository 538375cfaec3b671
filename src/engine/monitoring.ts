/** Statistics begin anew with each monitoring interval; what the one before counted stays in the log. */
import { intervalStartMs } from '../cycle/window.ts';
import type { Relationship, Statistics } from '../machine/records.ts';
import type { Host } from './host.ts';
import { noStatistics } from './statistics.ts';

/** What was counted in the present interval. Source: Hyper-V-VMMS 29174, "statistics of the last interval". */
export function inInterval(host: Host, { machineId, statistics }: Relationship): Statistics {
  const nowMs = host.clock.nowMs();
  const { startSeconds, intervalSeconds } = host.monitoring();
  const sinceMs = intervalStartMs(startSeconds, intervalSeconds, nowMs, (atMs) => host.clock.minutesEast(atMs));
  if (!statistics) return noStatistics(nowMs);
  if (statistics.sinceMs >= sinceMs) return statistics;
  host.state.addEvent({ atMs: nowMs, number: 29174, severity: 'information', machine: host.state.machine(machineId)?.name ?? null, message: summary(host.state.machine(machineId)?.name ?? machineId, statistics) });
  return noStatistics(sinceMs);
}

const summary = (machine: string, { sinceMs, cycles, bytes, missedCycles, networkFailures, otherFailures }: Statistics): string =>
  `${machine}: since ${new Date(sinceMs).toISOString()} ${cycles} cycles brought ${bytes} bytes; ${missedCycles} were missed, ${networkFailures + otherFailures} failed (${networkFailures} for the network)`;
