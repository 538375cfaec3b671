/** Numbers, lengths of time, sizes and instants, as they are read in each language. */
import type { Language } from './language.ts';

const MINUTE_S = 60;
const HOUR_S = 3_600;
const DAY_S = 86_400;

/** Formats cost more to make than to use. */
const formats = new Map<string, Intl.NumberFormat>();

function format(language: Language, fractionDigits: number): Intl.NumberFormat {
  const key = `${language} ${fractionDigits}`;
  const known = formats.get(key);
  if (known) return known;
  const made = new Intl.NumberFormat(language, { minimumFractionDigits: fractionDigits, maximumFractionDigits: fractionDigits });
  formats.set(key, made);
  return made;
}

export const numberIn = (language: Language, value: number, fractionDigits = 0): string => format(language, fractionDigits).format(value);

/** Marks of the units; those of sizes are the same everywhere. */
const TIME_UNITS: Readonly<Record<Language, { readonly s: string; readonly min: string; readonly h: string; readonly d: string }>> = {
  en: { s: ' s', min: ' min', h: ' h', d: ' d' },
  de: { s: ' s', min: ' min', h: ' h', d: ' T.' },
  fr: { s: ' s', min: ' min', h: ' h', d: ' j' },
  it: { s: ' s', min: ' min', h: ' h', d: ' g' },
  'zh-Hant': { s: ' 秒', min: ' 分', h: ' 小時', d: ' 天' },
};

const inTwo = (many: number, unit: string, rest: number, lesser: string): string => (rest === 0 ? `${many}${unit}` : `${many}${unit} ${rest}${lesser}`);

/** Two units at most: "0.8 s", "12 s", "3 min 5 s", "5 min", "2 h 4 min", "3 d 1 h". */
export function durationIn(language: Language, ms: number): string {
  const { s, min, h, d } = TIME_UNITS[language];
  const seconds = Math.max(0, ms) / 1_000;
  if (seconds < 9.95) return `${numberIn(language, seconds, 1)}${s}`;
  const whole = Math.round(seconds);
  if (whole < MINUTE_S) return `${whole}${s}`;
  if (whole < HOUR_S) return inTwo(Math.floor(whole / MINUTE_S), min, whole % MINUTE_S, s);
  if (whole < DAY_S) return inTwo(Math.floor(whole / HOUR_S), h, Math.floor((whole % HOUR_S) / MINUTE_S), min);
  return inTwo(Math.floor(whole / DAY_S), d, Math.floor((whole % DAY_S) / HOUR_S), h);
}

/** One unit, for a sentence: "90 s", "5 min", "3 h". */
export function lengthIn(language: Language, ms: number): string {
  const { s, min, h } = TIME_UNITS[language];
  const seconds = ms / 1_000;
  if (seconds < 2 * MINUTE_S) return `${Math.round(seconds)}${s}`;
  return seconds < 2 * HOUR_S ? `${Math.round(seconds / MINUTE_S)}${min}` : `${numberIn(language, Math.round(seconds / HOUR_S))}${h}`;
}

const SIZE_UNITS = ['KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/** "512 B", "1.5 MiB". */
export function sizeIn(language: Language, bytes: number): string {
  if (bytes < 1_024) return `${bytes} B`;
  let value = bytes / 1_024;
  let unit = 0;
  while (value >= 1_023.95 && unit < SIZE_UNITS.length - 1) {
    value /= 1_024;
    unit += 1;
  }
  return `${numberIn(language, value, 1)} ${SIZE_UNITS[unit]!}`;
}
