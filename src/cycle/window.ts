/**
 * Times of day, as the host's clock on the wall shows them: a window is open from six to eight on the day that the clocks are
 * changed too. All other times are UTC.
 */

/** Minutes that the wall's clock is ahead of UTC at that moment. */
export type MinutesEast = (atMs: number) => number;

export interface DailyWindow {
  /** Seconds after midnight; a window that ends before it begins reaches across midnight. */
  readonly fromSeconds: number;
  readonly untilSeconds: number;
}

const DAY_SECONDS = 86_400;

const wallSeconds = (atMs: number, minutesEast: MinutesEast): number => Math.floor(atMs / 1_000) + 60 * minutesEast(atMs);

const remainder = (value: number, divisor: number): number => ((value % divisor) + divisor) % divisor;

/** The moment is in the window; one that begins and ends at the same time is open all day. */
export function isWithin({ fromSeconds, untilSeconds }: DailyWindow, atMs: number, minutesEast: MinutesEast): boolean {
  const time = remainder(wallSeconds(atMs, minutesEast), DAY_SECONDS);
  if (fromSeconds === untilSeconds) return true;
  return fromSeconds < untilSeconds ? time >= fromSeconds && time < untilSeconds : time >= fromSeconds || time < untilSeconds;
}

/**
 * When the present interval began: intervals follow each other from a time of day on, by the wall's clock. One in which the
 * clocks are put back lasts an hour longer.
 */
export function intervalStartMs(startSeconds: number, intervalSeconds: number, atMs: number, minutesEast: MinutesEast): number {
  const wall = wallSeconds(atMs, minutesEast);
  const began = wall - remainder(wall - startSeconds, intervalSeconds);
  return Math.min(atMs, momentOf(began, minutesEast));
}

/** When the interval ends that this moment is in. */
export function intervalEndMs(startSeconds: number, intervalSeconds: number, atMs: number, minutesEast: MinutesEast): number {
  const wall = wallSeconds(atMs, minutesEast);
  return momentOf(wall - remainder(wall - startSeconds, intervalSeconds) + intervalSeconds, minutesEast);
}

/** When the wall's clock shows this; the earlier moment when it shows it twice, the next one when it never does. */
function momentOf(wall: number, minutesEast: MinutesEast): number {
  const guesses = [-DAY_SECONDS, DAY_SECONDS].map((shift) => 1_000 * (wall - 60 * minutesEast(1_000 * (wall + shift))));
  const exact = guesses.filter((atMs) => wallSeconds(atMs, minutesEast) === wall);
  return exact.length > 0 ? Math.min(...exact) : Math.max(...guesses);
}
