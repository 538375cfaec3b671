/** The monitoring interval: what it may be. Source: Set-VMReplicationServer, MonitoringInterval and MonitoringStartTime. */
import { Fault } from '../errors/fault.ts';
import { say } from '../language/text.ts';

const HOUR_SECONDS = 3_600;
const DAY_SECONDS = 24 * HOUR_SECONDS;
/** Hours that divide a day, then whole days up to a week. */
export const MONITORING_INTERVALS_SECONDS: readonly number[] = [...[1, 2, 3, 4, 6, 8, 12, 24].map((hours) => hours * HOUR_SECONDS), ...[2, 3, 4, 5, 6, 7].map((days) => days * DAY_SECONDS)];

/** Fault settings-invalid names the value and what is allowed. */
export function checkMonitoring({ monitoringIntervalSeconds: interval, monitoringStartSeconds: start }: { readonly monitoringIntervalSeconds?: number | undefined; readonly monitoringStartSeconds?: number | undefined }): void {
  if (interval !== undefined && !MONITORING_INTERVALS_SECONDS.includes(interval)) {
    throw new Fault('settings-invalid', say('the monitoring interval cannot be {interval} s: allowed are 1, 2, 3, 4, 6, 8, 12 or 24 hours (3600 to 86400 s), or 2 to 7 days', { interval }));
  }
  if (start !== undefined && !(Number.isInteger(start) && start >= 0 && start < DAY_SECONDS)) {
    throw new Fault('settings-invalid', say('the monitoring start cannot be {start} s: allowed is a whole number of seconds after midnight, from 0 to {max}', { start, max: DAY_SECONDS - 1 }));
  }
}
