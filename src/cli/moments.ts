/** Moments and times of day as people give them: "22:30" (the next time that this host's clock shows it), "2026-11-27 22:30", "+90m". */
import { InvalidArgumentError } from 'commander';
import type { DailyWindow } from '../cycle/window.ts';
import { t } from './language.ts';

const CLOCK = /^([01]?\d|2[0-3]):([0-5]\d)$/;
const WINDOW = /^([^-]+)-([^-]+)$/;
const DATE = /^\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:?\d\d)?$/;
const AHEAD = /^\+(\d{1,6})([smhd])$/;
const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds since 1970. */
export function moment(text: string, nowMs: number): number {
  const clock = CLOCK.exec(text);
  if (clock) return nextAt(Number(clock[1]), Number(clock[2]), nowMs);
  const ahead = AHEAD.exec(text);
  if (ahead) return nowMs + Number(ahead[1]) * UNIT_MS[ahead[2]!]!;
  const atMs = DATE.test(text) ? Date.parse(text.replace(' ', 'T')) : NaN;
  if (!Number.isFinite(atMs)) throw new InvalidArgumentError(t('It must be a time like 22:30, a moment like "2026-11-27 22:30", or a while from now like +90m (s, m, h, d).'));
  return atMs;
}

function nextAt(hours: number, minutes: number, nowMs: number): number {
  const at = new Date(nowMs);
  at.setHours(hours, minutes, 0, 0);
  if (at.getTime() <= nowMs) at.setDate(at.getDate() + 1);
  return at.getTime();
}

/** For an option. */
export const momentFromNow = (text: string): number => moment(text, Date.now());

/** A time of day like 09:00, in seconds after midnight. */
export function timeOfDay(text: string): number {
  const [, hours, minutes] = CLOCK.exec(text) ?? [];
  if (hours === undefined) throw new InvalidArgumentError(t('It must be a time of day like 09:00.'));
  return Number(hours) * 3_600 + Number(minutes) * 60;
}

/** Two of them like 18:30-06:00; it may reach across midnight. */
export function dailyWindow(text: string): DailyWindow {
  const [, from, until] = WINDOW.exec(text) ?? [];
  if (from === undefined || until === undefined) throw new InvalidArgumentError(t('It must be two times of day like 18:30-06:00.'));
  return { fromSeconds: timeOfDay(from), untilSeconds: timeOfDay(until) };
}
