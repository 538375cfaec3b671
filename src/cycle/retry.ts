/** When a failed cycle is tried again: 1, 2, 4, 8, 10 minutes, then every 30; never later than the cycle's own interval at first. */

const MINUTE_MS = 60_000;
const SCHEDULE_MS = [1, 2, 4, 8, 10].map((minutes) => minutes * MINUTE_MS);
const LAST_MS = 30 * MINUTE_MS;

export function retryDelayMs(failures: number, intervalMs: number): number {
  const scheduled = SCHEDULE_MS[failures - 1];
  return scheduled === undefined ? LAST_MS : Math.min(scheduled, intervalMs);
}
