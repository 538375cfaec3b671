/** Limits of bandwidth by time of day, as the host's clock on the wall shows it. Of those that are open at a moment the lowest counts. */
import { Fault } from '../errors/fault.ts';
import { asJson, type Said, say, verbatim } from '../language/text.ts';
import { isWithin, type MinutesEast } from './window.ts';

export interface BandwidthRule {
  /** Times of day, "08:00"; a window that ends before it begins reaches across midnight. Without both: all day. */
  readonly from?: string;
  readonly until?: string;
  readonly mbitPerSecond: number;
}

const MAX_RULES = 24;
const MIN_MBIT = 0.1;
const MAX_MBIT = 1_000_000;
const BYTES_PER_MBIT = 125_000;
const TIME = /^([01]\d|2[0-3]):([0-5]\d)$/;

const bad = (value: unknown, allowed: Said): never => {
  throw new Fault('settings-invalid', say('a bandwidth limit cannot be {value}: allowed is {allowed}', { value: asJson(value), allowed }));
};

/** Fault settings-invalid unless these are rules. */
export function checkBandwidth(rules: unknown): void {
  if (!Array.isArray(rules)) return bad(rules, say('a list like {example}', { example: '[{"from": "08:00", "until": "18:00", "mbitPerSecond": 20}]' }));
  if (rules.length > MAX_RULES) bad(`a list of ${rules.length}`, say('a list of at most {max}', { max: MAX_RULES }));
  for (const rule of rules) checkRule(rule);
}

function checkRule(rule: unknown): void {
  if (typeof rule !== 'object' || rule === null) return bad(rule, say('an object like {example}', { example: '{"from": "08:00", "until": "18:00", "mbitPerSecond": 20}' }));
  const { from, until, mbitPerSecond, ...more } = rule as Record<string, unknown>;
  if (Object.keys(more).length > 0) bad(rule, verbatim('from, until, mbitPerSecond'));
  if (!(typeof mbitPerSecond === 'number' && mbitPerSecond >= MIN_MBIT && mbitPerSecond <= MAX_MBIT)) bad(mbitPerSecond, say('{min} to {max} Mbit/s', { min: String(MIN_MBIT), max: String(MAX_MBIT) }));
  if ((from === undefined) !== (until === undefined)) bad(rule, say('from and until together, or neither'));
  for (const time of [from, until]) if (time !== undefined && !(typeof time === 'string' && TIME.test(time))) bad(time, say('a time of day like "08:00"'));
}

const secondsOf = (time: string): number => Number(time.slice(0, 2)) * 3_600 + Number(time.slice(3)) * 60;

const isOpen = ({ from, until }: BandwidthRule, atMs: number, minutesEast: MinutesEast): boolean =>
  from === undefined || until === undefined || isWithin({ fromSeconds: secondsOf(from), untilSeconds: secondsOf(until) }, atMs, minutesEast);

/** What may leave in a second at that moment; null for as much as there is. */
export function bytesPerSecond(rules: readonly BandwidthRule[], atMs: number, minutesEast: MinutesEast): number | null {
  const open = rules.filter((rule) => isOpen(rule, atMs, minutesEast));
  return open.length === 0 ? null : BYTES_PER_MBIT * Math.min(...open.map(({ mbitPerSecond }) => mbitPerSecond));
}
