/** Times, lengths and sizes as people read them, in the page's language. */
import { language } from './language.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

type Unit = 'second' | 'minute' | 'hour' | 'day' | 'byte' | 'kilobyte' | 'megabyte' | 'gigabyte' | 'terabyte';

const LENGTHS: readonly (readonly [unitMs: number, unit: Unit])[] = [
  [DAY_MS, 'day'],
  [HOUR_MS, 'hour'],
  [MINUTE_MS, 'minute'],
  [SECOND_MS, 'second'],
];
const SIZES: readonly (readonly [bytes: number, unit: Unit])[] = [
  [2 ** 40, 'terabyte'],
  [2 ** 30, 'gigabyte'],
  [2 ** 20, 'megabyte'],
  [2 ** 10, 'kilobyte'],
  [1, 'byte'],
];

const formats = new Map<string, Intl.NumberFormat>();

/** Making a format is slow, using one is not. */
function numberFormat(unit: Unit, digits: number): Intl.NumberFormat {
  const key = `${unit} ${digits}`;
  const known = formats.get(key) ?? new Intl.NumberFormat(language(), { style: 'unit', unit, unitDisplay: 'short', maximumFractionDigits: digits });
  formats.set(key, known);
  return known;
}

/** In one unit, or in two where the second matters: "14 sec", "3 min 20 sec", "2 hr 5 min". */
export function length(ms: number): string {
  const at = LENGTHS.findIndex(([unitMs]) => ms >= unitMs);
  const [unitMs, unit] = LENGTHS[at === -1 ? LENGTHS.length - 1 : at]!;
  const whole = Math.floor(ms / unitMs);
  const first = numberFormat(unit, 0).format(whole);
  const next = at === -1 || whole >= 10 ? undefined : LENGTHS[at + 1];
  const rest = next ? Math.floor((ms - whole * unitMs) / next[0]) : 0;
  return next && rest > 0 ? `${first} ${numberFormat(next[1], 0).format(rest)}` : first;
}

export function size(bytes: number): string {
  const [unitBytes, unit] = SIZES.find(([each]) => bytes >= each) ?? SIZES.at(-1)!;
  const value = bytes / unitBytes;
  return numberFormat(unit, value < 10 ? 1 : 0).format(value);
}

let plain: Intl.NumberFormat | undefined;
export const number = (value: number): string => (plain ??= new Intl.NumberFormat(language())).format(value);

let clock: Intl.DateTimeFormat | undefined;
let date: Intl.DateTimeFormat | undefined;

/** Time of day, by this browser's time zone. */
export const timeOfDay = (atMs: number): string => (clock ??= new Intl.DateTimeFormat(language(), { timeStyle: 'medium' })).format(atMs);
/** Date and time. */
export const instant = (atMs: number): string => (date ??= new Intl.DateTimeFormat(language(), { dateStyle: 'medium', timeStyle: 'medium' })).format(atMs);

let minute: Intl.DateTimeFormat | undefined;
let day: Intl.DateTimeFormat | undefined;

/** Time of day to the minute, and day without the year: for an axis. */
export const minuteOfDay = (atMs: number): string => (minute ??= new Intl.DateTimeFormat(language(), { timeStyle: 'short' })).format(atMs);
export const dayOfYear = (atMs: number): string => (day ??= new Intl.DateTimeFormat(language(), { day: 'numeric', month: 'short' })).format(atMs);

let relative: Intl.RelativeTimeFormat | undefined;

/** How long ago, or in how long, roughly: "5 min. ago", "in 20 sec.". */
export function distance(atMs: number, nowMs: number): string {
  const apartMs = Math.abs(atMs - nowMs);
  const [unitMs, unit] = LENGTHS.find(([each]) => apartMs >= each) ?? LENGTHS.at(-1)!;
  const count = Math.floor(apartMs / unitMs);
  relative ??= new Intl.RelativeTimeFormat(language(), { style: 'short', numeric: 'always' });
  return relative.format(atMs < nowMs ? -count : count, unit as Intl.RelativeTimeFormatUnit);
}
