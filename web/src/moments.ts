/** Times, lengths and sizes as people read them, in the page's language. */
import { durationIn, sizeIn } from '../../src/language/quantities.ts';
import { language, locale } from './language.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../src/language/lengths.ts';

type Unit = 'second' | 'minute' | 'hour' | 'day';

const LENGTHS: readonly (readonly [unitMs: number, unit: Unit])[] = [
  [DAY_MS, 'day'],
  [HOUR_MS, 'hour'],
  [MINUTE_MS, 'minute'],
  [SECOND_MS, 'second'],
];
export const length = (ms: number): string => durationIn(language(), ms);
export const size = (bytes: number): string => sizeIn(language(), bytes);

let plain: Intl.NumberFormat | undefined;
export const number = (value: number): string => (plain ??= new Intl.NumberFormat(locale())).format(value);

let clock: Intl.DateTimeFormat | undefined;
let date: Intl.DateTimeFormat | undefined;

/** Time of day, by this browser's time zone. */
export const timeOfDay = (atMs: number): string => (clock ??= new Intl.DateTimeFormat(locale(), { timeStyle: 'medium' })).format(atMs);
/** Date and time. */
export const instant = (atMs: number): string => (date ??= new Intl.DateTimeFormat(locale(), { dateStyle: 'medium', timeStyle: 'medium' })).format(atMs);

let minute: Intl.DateTimeFormat | undefined;
let day: Intl.DateTimeFormat | undefined;

/** Time of day to the minute, and day without the year: for an axis. */
export const minuteOfDay = (atMs: number): string => (minute ??= new Intl.DateTimeFormat(locale(), { timeStyle: 'short' })).format(atMs);
export const dayOfYear = (atMs: number): string => (day ??= new Intl.DateTimeFormat(locale(), { day: 'numeric', month: 'short' })).format(atMs);

let hour: Intl.DateTimeFormat | undefined;
/** Day and hour. */
export const hourOfYear = (atMs: number): string => (hour ??= new Intl.DateTimeFormat(locale(), { month: 'short', day: 'numeric', hour: '2-digit' })).format(atMs);

let relative: Intl.RelativeTimeFormat | undefined;

/** How long ago, or in how long, roughly: "5 min. ago", "in 20 sec.". */
export function distance(atMs: number, nowMs: number): string {
  const apartMs = Math.abs(atMs - nowMs);
  const [unitMs, unit] = LENGTHS.find(([each]) => apartMs >= each) ?? LENGTHS.at(-1)!;
  const count = Math.floor(apartMs / unitMs);
  relative ??= new Intl.RelativeTimeFormat(locale(), { style: 'short', numeric: 'always' });
  return relative.format(atMs < nowMs ? -count : count, unit as Intl.RelativeTimeFormatUnit);
}

/** How long ago it happened: never "in 0 seconds" because the page's clock moves once a second. */
export const ago = (atMs: number, nowMs: number): string => distance(Math.min(atMs, nowMs - 1), nowMs);
