/** When an application-consistent point is due: so many hours after the last one, on this host's clock. */
import { HOUR_MS } from '../language/lengths.ts';

/** A guest that could not be held still is not asked again with every cycle: that costs it time. */
const AFTER_FAILURE_MS = 30 * 60_000;

export interface Consistency {
  readonly hours: number;
  readonly historyPoints: number;
  /** Instant of the last such point; null before the first. */
  readonly lastMs: number | null;
  /** When the guest could not be held still, after that. */
  readonly failedMs: number | null;
}

/** A clock that jumps back makes the next one due at once, never later than it would be. */
export function isConsistencyDue({ hours, historyPoints, lastMs, failedMs }: Consistency, nowMs: number): boolean {
  if (hours === 0 || historyPoints === 0) return false;
  return hasPassed(lastMs, hours * HOUR_MS, nowMs) && hasPassed(failedMs, Math.min(AFTER_FAILURE_MS, hours * HOUR_MS), nowMs);
}

function hasPassed(sinceMs: number | null, lengthMs: number, nowMs: number): boolean {
  const agoMs = sinceMs === null ? lengthMs : nowMs - sinceMs;
  return agoMs < 0 || agoMs >= lengthMs;
}
