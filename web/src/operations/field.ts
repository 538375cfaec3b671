/** What an operation asks for: fields of a form as data, and how what was typed becomes values. Pure. */
import { t } from '../language.ts';
import { instant } from '../moments.ts';

export type Value = string | number | boolean | readonly string[] | { readonly [name: string]: unknown } | null;
/** By the name of the field; what was left empty is not there. */
export type Values = Readonly<Record<string, Value>>;

/** What stands in the form: text as it was typed, a tick, the names that are chosen. */
export type Typed = string | boolean | readonly string[];

interface Common {
  readonly name: string;
  readonly label: string;
  readonly hint?: string;
  /** The form begins with it. */
  readonly initial: Typed;
  /** Without it the operation cannot begin. */
  readonly isNeeded?: true;
  /** Shown among those that are seldom needed. */
  readonly isSeldom?: true;
  /** Only while the form's other values say so. */
  readonly isAsked?: (values: Values) => boolean;
}

export type Field = Common &
  (
    | { readonly kind: 'line'; readonly longest: number; readonly isFit?: (text: string) => string | null }
    | { readonly kind: 'text'; readonly longest: number }
    /** Known: one that exists, which a browser may fill in. `again`: the field before it whose secret is to be typed once more. */
    | { readonly kind: 'secret'; readonly longest: number; readonly isKnown?: true; readonly again?: string }
    | { readonly kind: 'pem'; readonly longest: number }
    | { readonly kind: 'whole'; readonly least: number; readonly most: number; readonly unit?: string }
    | { readonly kind: 'tick' }
    | { readonly kind: 'choice'; readonly choices: readonly Choice[] }
    | { readonly kind: 'several'; readonly choices: readonly Choice[] }
    | { readonly kind: 'lines'; readonly most: number }
    | { readonly kind: 'moment'; readonly fromMs: number; readonly untilMs: number }
    | { readonly kind: 'timeOfDay' }
    | { readonly kind: 'size' }
    | { readonly kind: 'while' }
    | { readonly kind: 'bandwidth' }
    | { readonly kind: 'pairs' }
  );

export interface Choice {
  readonly value: string;
  readonly label: string;
}

export type Parsed = { readonly value: Value | undefined } | { readonly problem: string };

const nothing: Parsed = { value: undefined };

/** What was typed, as a value, or why it cannot be. Empty is nothing, unless the field is needed. */
export function parsed(field: Field, typed: Typed): Parsed {
  if (typeof typed === 'boolean') return { value: typed };
  if (typeof typed !== 'string') return typed.length === 0 && field.isNeeded ? { problem: t('Choose at least one.') } : { value: typed };
  const text = field.kind === 'text' || field.kind === 'secret' ? typed : typed.trim();
  if (text === '') return field.isNeeded ? { problem: t('This is needed.') } : nothing;
  return readAs(field, text);
}

function readAs(field: Field, text: string): Parsed {
  switch (field.kind) {
    case 'line': return lineIn(field, text);
    case 'text':
    case 'secret':
    case 'pem': return text.length > field.longest ? tooLong(field.longest) : { value: text };
    case 'whole': return wholeIn(field, text);
    case 'lines': return linesIn(field, text);
    case 'moment': return momentIn(field, text);
    case 'timeOfDay': return timeIn(text);
    case 'size': return sizeIn(text);
    case 'while': return whileIn(text);
    case 'bandwidth': return bandwidthIn(text);
    case 'pairs': return pairsIn(text);
    default: return { value: text };
  }
}

const tooLong = (longest: number): Parsed => ({ problem: t('At most {count} characters.', { count: longest }) });

function lineIn({ longest, isFit }: Extract<Field, { kind: 'line' }>, text: string): Parsed {
  const problem = isFit?.(text) ?? null;
  if (text.length > longest) return tooLong(longest);
  return problem === null ? { value: text } : { problem };
}

function wholeIn({ least, most }: Extract<Field, { kind: 'whole' }>, text: string): Parsed {
  const value = Number(text);
  if (!/^-?\d+$/.test(text) || value < least || value > most) return { problem: t('A whole number from {least} to {most}.', { least, most }) };
  return { value };
}

function linesIn({ most }: Extract<Field, { kind: 'lines' }>, text: string): Parsed {
  const value = text.split(/[\n,]/).map((line) => line.trim()).filter((line) => line !== '');
  return value.length > most ? { problem: t('At most {count}.', { count: most }) } : { value };
}

/** As a browser's field for date and time writes it, in this browser's time zone. */
function momentIn({ fromMs, untilMs }: Extract<Field, { kind: 'moment' }>, text: string): Parsed {
  const atMs = Date.parse(text);
  if (Number.isNaN(atMs)) return { problem: t('A date and a time.') };
  return atMs < fromMs || atMs > untilMs ? { problem: t('A moment from now until {until}.', { until: instant(untilMs) }) } : { value: atMs };
}

function timeIn(text: string): Parsed {
  const [, hours, minutes] = /^([01]?\d|2[0-3]):([0-5]\d)$/.exec(text) ?? [];
  return hours === undefined ? { problem: t('A time of day such as 18:30.') } : { value: Number(hours) * 3_600 + Number(minutes) * 60 };
}

const UNIT_BYTES: Readonly<Record<string, number>> = { MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 };

function sizeIn(text: string): Parsed {
  const [, number, unit] = /^(\d{1,9}) ?(MiB|GiB|TiB)$/i.exec(text) ?? [];
  const bytes = number === undefined ? 0 : Number(number) * UNIT_BYTES[Object.keys(UNIT_BYTES).find((each) => each.toLowerCase() === unit!.toLowerCase())!]!;
  return Number.isSafeInteger(bytes) && bytes > 0 ? { value: bytes } : { problem: t('A size such as 20 GiB (MiB, GiB, TiB).') };
}

const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

function whileIn(text: string): Parsed {
  const [, number, unit] = /^(\d{1,7}) ?(s|m|h|d)$/.exec(text) ?? [];
  return number === undefined ? { problem: t('A time such as 90m, 2h or 1d.') } : { value: Number(number) * UNIT_SECONDS[unit!]! };
}

/** "100" all day, or "08:00-18:00=20", one a line. */
function bandwidthIn(text: string): Parsed {
  const rules: { from?: string; until?: string; mbitPerSecond: number }[] = [];
  for (const line of text.split(/[\n,]/).map((each) => each.trim()).filter((each) => each !== '')) {
    const [, from, until, rate] = /^(?:(\d\d?:\d\d)-(\d\d?:\d\d)=)?(\d+(?:\.\d+)?)$/.exec(line) ?? [];
    if (rate === undefined || Number(rate) <= 0) return { problem: t('Mbit/s a line, such as 100, or 08:00-18:00=20.') };
    rules.push({ ...(from !== undefined && until !== undefined && { from, until }), mbitPerSecond: Number(rate) });
  }
  return { value: rules as unknown as readonly string[] };
}

/** "here=there", one a line. */
function pairsIn(text: string): Parsed {
  const pairs = text.split(/[\n,]/).map((line) => line.trim()).filter((line) => line !== '').map((line) => line.split('='));
  if (pairs.some((pair) => pair.length !== 2 || pair.some((name) => name.trim() === ''))) return { problem: t('One a line: the bridge here, an equals sign, the bridge there.') };
  return { value: Object.fromEntries(pairs.map(([here, there]) => [here!.trim(), there!.trim()])) };
}

function sameAgain(field: Field, found: Parsed, values: Values): Parsed {
  if (field.kind !== 'secret' || field.again === undefined || 'problem' in found || found.value === values[field.again]) return found;
  return { problem: t('It is not the same as above.') };
}

/** All that the form says, and what is wrong with it, by name. A field that is not asked for says nothing. */
export function readForm(fields: readonly Field[], typed: Readonly<Record<string, Typed>>): { readonly values: Values; readonly problems: Readonly<Record<string, string>> } {
  const values: Record<string, Value> = {};
  const problems: Record<string, string> = {};
  for (const field of fields) {
    if (field.isAsked?.(values) === false) continue;
    const found = sameAgain(field, parsed(field, typed[field.name] ?? field.initial), values);
    if ('problem' in found) problems[field.name] = found.problem;
    else if (found.value !== undefined) values[field.name] = found.value;
  }
  return { values, problems };
}

export const textIn = (values: Values, name: string): string | undefined => (typeof values[name] === 'string' ? values[name] : undefined);
export const numberIn = (values: Values, name: string): number | undefined => (typeof values[name] === 'number' ? values[name] : undefined);
export const isTicked = (values: Values, name: string): boolean => values[name] === true;
export const namesIn = (values: Values, name: string): readonly string[] | undefined => (Array.isArray(values[name]) ? (values[name] as readonly string[]) : undefined);

/** Without what was not given. */
export const given = (fields: Readonly<Record<string, unknown>>): object => Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
