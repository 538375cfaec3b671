/**
 * When a failed cycle is tried again: 1, 2, 4, 8, 10 minutes, then every 30; never later than the cycle's own interval at
 * first. Cycles closer together than the first step begin with as many tries at their own pace.
 */

const MINUTE_MS = 60_000;
const SCHEDULE_MS = [1, 2, 4, 8, 10].map((minutes) => minutes * MINUTE_MS);
const LAST_MS = 30 * MINUTE_MS;

export function retryDelayMs(failures: number, intervalMs: number): number {
  const isQuick = intervalMs < MINUTE_MS;
  if (isQuick && failures <= SCHEDULE_MS.length) return intervalMs;
  const scheduled = SCHEDULE_MS[failures - 1 - (isQuick ? SCHEDULE_MS.length : 0)];
  if (scheduled === undefined) return LAST_MS;
  return isQuick ? scheduled : Math.min(scheduled, intervalMs);
}
