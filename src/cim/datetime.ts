/**
 * Moments and intervals in the two spellings of the wire: CIM's 25 characters and WS-Management's xs:dateTime and
 * xs:duration. Any offset is read; UTC is written. Source: DSP0004, "Datetime type"; W3C XML Schema part 2.
 */
import { assert } from '../errors/bug.ts';
import type { CimInterval, CimTimestamp } from './instance.ts';

const MICROS_PER_SECOND = 1_000_000n;
const SECONDS_PER_MINUTE = 60n;
const SECONDS_PER_HOUR = 3_600n;
const SECONDS_PER_DAY = 86_400n;
const MS_PER_MINUTE = 60_000;
/** Eight digits of days are all that CIM's spelling holds. */
const MAX_INTERVAL_MICROS = 100_000_000n * SECONDS_PER_DAY * MICROS_PER_SECOND - 1n;
const MIN_EPOCH_MS = new Date(0).setUTCFullYear(0, 0, 1);
const MAX_EPOCH_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

export const timestamp = (epochMs: number, micros = 0): CimTimestamp => ({ kind: 'timestamp', epochMs, micros });

export const interval = (microseconds: bigint): CimInterval => ({ kind: 'interval', microseconds });

export const secondsInterval = (seconds: number): CimInterval => interval(BigInt(Math.round(seconds * 1_000_000)));

/** Digits of a fraction, as many as there are, to whole microseconds; a wildcard is no fraction. */
const microsOf = (digits: string | undefined): number => (digits === undefined || digits.startsWith('*') ? 0 : Number(digits.slice(0, 6).padEnd(6, '0')));

interface Fields {
  readonly date: readonly [year: number, month: number, day: number];
  readonly time: readonly [hours: number, minutes: number, seconds: number];
  readonly micros: number;
  readonly offsetMinutes: number;
}

/** Undefined for a day or time that does not exist. */
function timestampOfFields({ date: [year, month, day], time: [hours, minutes, seconds], micros, offsetMinutes }: Fields): CimTimestamp | undefined {
  if (hours > 23 || minutes > 59 || seconds > 59) return undefined;
  const at = new Date(0);
  at.setUTCFullYear(year, month - 1, day);
  if (at.getUTCMonth() !== month - 1 || at.getUTCDate() !== day) return undefined;
  at.setUTCHours(hours, minutes, seconds, Math.floor(micros / 1_000));
  const epochMs = at.getTime() - offsetMinutes * MS_PER_MINUTE;
  return epochMs < MIN_EPOCH_MS || epochMs > MAX_EPOCH_MS ? undefined : timestamp(epochMs, micros % 1_000);
}

function intervalOfFields(days: bigint, hours: bigint, minutes: bigint, seconds: bigint, micros: number): CimInterval | undefined {
  const whole = days * SECONDS_PER_DAY + hours * SECONDS_PER_HOUR + minutes * SECONDS_PER_MINUTE + seconds;
  const microseconds = whole * MICROS_PER_SECOND + BigInt(micros);
  return microseconds > MAX_INTERVAL_MICROS ? undefined : interval(microseconds);
}

type Groups = Readonly<Record<string, string | undefined>>;
const integer = (groups: Groups, name: string): number => Number(groups[name] ?? '0');
const bigInteger = (groups: Groups, name: string): bigint => BigInt(groups[name] ?? '0');

const TIMESTAMP = /^(?<year>\d{4})(?<month>\d\d)(?<day>\d\d)(?<hours>\d\d)(?<minutes>\d\d)(?<seconds>\d\d)\.(?<fraction>\d{1,6}\**|\*{6})(?<sign>[+-])(?<offset>\d{3})$/;
const INTERVAL = /^(?<days>\d{8})(?<hours>\d\d)(?<minutes>\d\d)(?<seconds>\d\d)\.(?<fraction>\d{1,6}\**|\*{6}):000$/;
const XS_DATETIME = /^(?<year>\d{4})-(?<month>\d\d)-(?<day>\d\d)T(?<hours>\d\d):(?<minutes>\d\d):(?<seconds>\d\d)(?:\.(?<fraction>\d{1,20}))?(?:Z|(?<sign>[+-])(?<offsetHours>\d\d):(?<offsetMinutes>\d\d))?$/;
const XS_DURATION = /^P(?:0+Y)?(?:0+M)?(?:(?<days>\d{1,9})D)?(?:T(?:(?<hours>\d{1,12})H)?(?:(?<minutes>\d{1,12})M)?(?:(?<seconds>\d{1,15})(?:\.(?<fraction>\d{1,20}))?S)?)?$/;

const timeOf = (groups: Groups) => [integer(groups, 'hours'), integer(groups, 'minutes'), integer(groups, 'seconds')] as const;
const dateOf = (groups: Groups) => [integer(groups, 'year'), integer(groups, 'month'), integer(groups, 'day')] as const;

function readTimestamp(groups: Groups): CimTimestamp | undefined {
  const minutes = integer(groups, 'offset') + 60 * integer(groups, 'offsetHours') + integer(groups, 'offsetMinutes');
  const micros = microsOf(groups['fraction']?.replaceAll('*', '0'));
  return timestampOfFields({ date: dateOf(groups), time: timeOf(groups), micros, offsetMinutes: groups['sign'] === '-' ? -minutes : minutes });
}

function readInterval(groups: Groups): CimInterval | undefined {
  const micros = microsOf(groups['fraction']?.replaceAll('*', '0'));
  return intervalOfFields(bigInteger(groups, 'days'), bigInteger(groups, 'hours'), bigInteger(groups, 'minutes'), bigInteger(groups, 'seconds'), micros);
}

function readClockInterval(groups: Groups): CimInterval | undefined {
  const [hours, minutes, seconds] = timeOf(groups);
  return hours > 23 || minutes > 59 || seconds > 59 ? undefined : readInterval(groups);
}

const isWholeDuration = (text: string): boolean => /\d[DHMSY]/.test(text) && !text.endsWith('T');

/**
 * A moment or an interval, in either spelling; undefined when the text is neither. Wildcards stand only for fractions of a
 * second. An xs:dateTime without an offset is UTC; years and months of a duration, whose length varies, are not read.
 */
export function readDatetime(text: string): CimTimestamp | CimInterval | undefined {
  const trimmed = text.trim();
  const moment = TIMESTAMP.exec(trimmed) ?? XS_DATETIME.exec(trimmed);
  if (moment?.groups !== undefined) return readTimestamp(moment.groups);
  const clock = INTERVAL.exec(trimmed);
  if (clock?.groups !== undefined) return readClockInterval(clock.groups);
  const duration = XS_DURATION.exec(trimmed);
  return duration?.groups !== undefined && isWholeDuration(trimmed) ? readInterval(duration.groups) : undefined;
}

const digits = (value: number | bigint, length: number): string => String(value).padStart(length, '0');

interface IntervalFields {
  readonly days: bigint;
  readonly hours: bigint;
  readonly minutes: bigint;
  readonly seconds: bigint;
  readonly micros: bigint;
}

function fieldsOfInterval({ microseconds }: CimInterval): IntervalFields {
  assert(microseconds >= 0n && microseconds <= MAX_INTERVAL_MICROS, `an interval of ${microseconds} microseconds`);
  const whole = microseconds / MICROS_PER_SECOND;
  return {
    days: whole / SECONDS_PER_DAY,
    hours: (whole % SECONDS_PER_DAY) / SECONDS_PER_HOUR,
    minutes: (whole % SECONDS_PER_HOUR) / SECONDS_PER_MINUTE,
    seconds: whole % SECONDS_PER_MINUTE,
    micros: microseconds % MICROS_PER_SECOND,
  };
}

/** `2024-01-02T03:04:05.678` and the microseconds, without the offset. */
function isoOf({ epochMs, micros }: CimTimestamp): string {
  assert(epochMs >= MIN_EPOCH_MS && epochMs <= MAX_EPOCH_MS, `a moment of ${epochMs} ms`);
  return new Date(epochMs).toISOString().slice(0, -1) + digits(micros, 3);
}

/** `20240102030405.678000+000` or `00000000183000.000000:000`. */
export function datetimeText(value: CimTimestamp | CimInterval): string {
  if (value.kind === 'timestamp') return `${isoOf(value).replace(/[-:T]/g, '')}+000`;
  const { days, hours, minutes, seconds, micros } = fieldsOfInterval(value);
  return `${digits(days, 8)}${digits(hours, 2)}${digits(minutes, 2)}${digits(seconds, 2)}.${digits(micros, 6)}:000`;
}

/** `2024-01-02T03:04:05.678000Z` or `P0DT18H30M0S`. */
export function xsDatetimeText(value: CimTimestamp | CimInterval): string {
  if (value.kind === 'timestamp') return `${isoOf(value)}Z`;
  const { days, hours, minutes, seconds, micros } = fieldsOfInterval(value);
  return `P${days}DT${hours}H${minutes}M${seconds}${micros === 0n ? '' : `.${digits(micros, 6)}`}S`;
}
