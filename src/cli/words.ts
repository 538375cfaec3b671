/** How values read for people: lengths of time, sizes, instants. */

const MINUTE_S = 60;
const HOUR_S = 3_600;
const DAY_S = 86_400;

/** "0.8 s", "12 s", "3 min 5 s", "2 h 4 min", "3 d 1 h". */
export function duration(ms: number): string {
  const seconds = Math.max(0, ms) / 1_000;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < MINUTE_S) return `${whole} s`;
  if (whole < HOUR_S) return `${Math.floor(whole / MINUTE_S)} min ${whole % MINUTE_S} s`;
  if (whole < DAY_S) return `${Math.floor(whole / HOUR_S)} h ${Math.floor((whole % HOUR_S) / MINUTE_S)} min`;
  return `${Math.floor(whole / DAY_S)} d ${Math.floor((whole % DAY_S) / HOUR_S)} h`;
}

const UNITS = ['KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/** "512 B", "1.5 MiB". */
export function size(bytes: number): string {
  if (bytes < 1_024) return `${bytes} B`;
  let value = bytes / 1_024;
  let unit = 0;
  while (value >= 1_023.95 && unit < UNITS.length - 1) {
    value /= 1_024;
    unit += 1;
  }
  return `${value.toFixed(1)} ${UNITS[unit]!}`;
}

const two = (value: number): string => String(value).padStart(2, '0');

/** Local time, "2026-11-21 07:42:58". */
export function instant(ms: number): string {
  const date = new Date(ms);
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** A time of day, "09:00", from seconds after midnight. */
export const clock = (seconds: number): string => `${two(Math.floor(seconds / HOUR_S))}:${two(Math.floor((seconds % HOUR_S) / MINUTE_S))}`;

/** The name of a job's figure as people write it, without the unit: "shipped" for bytesShipped. */
export const spaced = (name: string): string => name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`).replace(/^(bytes|seconds) | (ms|seconds)$/g, '').replace(/^seconds$/, 'time');

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
export const percent = (value: number): string => `${(Math.floor(value * 100) / 100).toFixed(2)} %`;
export const ago = (ms: number, nowMs = Date.now()): string => `${duration(nowMs - ms)} ago`;
export const yesNo = (value: boolean): string => (value ? 'yes' : 'no');
export const orDash = <T>(value: T | null | undefined, words: (value: T) => string): string => (value === null || value === undefined ? '-' : words(value));

const SPACE = /[\t\n\r\u2028\u2029]+/g;
/** Control characters, and those that change the direction of what follows. */
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g;
/** One line. What came from elsewhere must neither drive the terminal nor look like a line of ours. */
export const printable = (text: string): string => text.replace(SPACE, ' ').replace(CONTROL, '\u{fffd}');
