/** How finely the past is kept, and for how long: pieces for some days, then hours, then days, for thirteen months. */
import { DAY_MS, HOUR_MS } from '../language/lengths.ts';

const PIECES_AT_MOST_MS = 2 * DAY_MS;
const PIECES_AT_LEAST_MS = 2 * HOUR_MS;
const HOURS_KEPT_MS = 35 * DAY_MS;
export const KEPT_MS = 400 * DAY_MS;
/** As many as two days have at the shortest ordinary interval. */
const PIECES_AT_MOST = 5_760;

const floor = (ms: number, unitMs: number): number => Math.floor(ms / unitMs) * unitMs;

export interface Kept {
  readonly piecesFromMs: number;
  readonly hoursFromMs: number;
  readonly daysFromMs: number;
}

/** Whole hours and days. */
export const keptAt = (nowMs: number, intervalMs: number): Kept => ({
  piecesFromMs: floor(nowMs - Math.max(PIECES_AT_LEAST_MS, Math.min(PIECES_AT_MOST_MS, PIECES_AT_MOST * intervalMs)), HOUR_MS),
  hoursFromMs: floor(nowMs - HOURS_KEPT_MS, DAY_MS),
  daysFromMs: floor(nowMs - KEPT_MS, DAY_MS),
});

/** What a moment can be told from those after it by: to the millisecond, the hour or the day. */
export function unitAt(atMs: number, nowMs: number, intervalMs: number): number {
  const { piecesFromMs, hoursFromMs } = keptAt(nowMs, intervalMs);
  if (atMs >= piecesFromMs) return 1;
  return atMs >= hoursFromMs ? HOUR_MS : DAY_MS;
}

export const floorTo = floor;
export const ceilTo = (ms: number, unitMs: number): number => Math.ceil(ms / unitMs) * unitMs;
