/** How values read for people: lengths of time, sizes, instants. */
import { durationIn, numberIn, sizeIn } from '../language/quantities.ts';
import { language, t, translated } from './language.ts';

const HOUR_S = 3_600;
const MINUTE_S = 60;

export const duration = (ms: number): string => durationIn(language, ms);
export const size = (bytes: number): string => sizeIn(language, bytes);

const two = (value: number): string => String(value).padStart(2, '0');

const isoLike = (date: Date): string => `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;

/** Made when a moment is first shown: it costs more than the rest of the text. */
let written: Intl.DateTimeFormat | undefined;

/** Local time, in English "2026-11-21 07:42:58". */
export function instant(ms: number): string {
  if (language === 'en') return isoLike(new Date(ms));
  written ??= new Intl.DateTimeFormat(language, { year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });
  return written.format(ms);
}

/** A time of day, "09:00", from seconds after midnight. */
export const clock = (seconds: number): string => `${two(Math.floor(seconds / HOUR_S))}:${two(Math.floor((seconds % HOUR_S) / MINUTE_S))}`;

/** Steps of a connection's test, by what people call them. */
const STEPS: Readonly<Record<string, string>> = { tls: 'TLS', trust: 'key', hello: 'known there' };

/** The name of a job's figure as people write it, without the unit: "shipped" for bytesShipped. */
export const spaced = (name: string): string => translated(STEPS[name] ?? name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`).replace(/^(bytes|seconds) | (ms|seconds)$/g, '').replace(/^seconds$/, 'time'));

/** A figure of a job by its name, which has the unit. */
export function figure(name: string, value: number | string | boolean | null): string {
  if (value === null) return '-';
  if (typeof value === 'boolean') return yesNo(value);
  if (typeof value === 'string') return value;
  if (/bytes/i.test(name)) return size(value);
  if (/AtMs$/.test(name)) return instant(value);
  if (/Ms$/.test(name)) return duration(value);
  if (/seconds/i.test(name)) return duration(value * 1_000);
  return String(value);
}

/** Never more than it is. */
export const percent = (value: number): string => `${numberIn(language, Math.floor(value * 100) / 100, 2)} %`;
export const ago = (ms: number, nowMs = Date.now()): string => t('{time} ago', { time: duration(nowMs - ms) });
export const yesNo = (value: boolean): string => (value ? t('yes') : t('no'));
export const orDash = <T>(value: T | null | undefined, words: (value: T) => string): string => (value === null || value === undefined ? '-' : words(value));

const SPACE = /[\t\n\r\u2028\u2029]+/g;
/** Control characters, and those that change the direction of what follows. */
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g;
/** One line. What came from elsewhere must neither drive the terminal nor look like a line of ours. */
export const printable = (text: string): string => text.replace(SPACE, ' ').replace(CONTROL, '\u{fffd}');
