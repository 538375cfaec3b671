/**
 * When what failed is tried again: after 1, 2, 4, 8, 10 minutes, then every 30. Source: Hyper-V Replica, retries of recoverable
 * failures. Cycles closer together than any documented interval begin with as many tries at their own pace.
 */
import { MINUTE_MS } from '../language/lengths.ts';

const SCHEDULE_MS = [1, 2, 4, 8, 10].map((minutes) => minutes * MINUTE_MS);
const LAST_MS = 30 * MINUTE_MS;
const SHORTEST_INTERVAL_MS = 30_000;

export function retryDelayMs(failures: number, intervalMs: number): number {
  const isQuick = intervalMs < SHORTEST_INTERVAL_MS;
  if (isQuick && failures <= SCHEDULE_MS.length) return intervalMs;
  return SCHEDULE_MS[failures - 1 - (isQuick ? SCHEDULE_MS.length : 0)] ?? LAST_MS;
}
