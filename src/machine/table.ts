/**
 * One table of a definition file, read field by field. Every complaint is a fault definition-invalid that names the
 * field, its value and what is allowed; a key that nobody reads is refused, with the known key that it resembles.
 */
import { Fault } from '../errors/fault.ts';
import { phrase, say, type Text, type Value } from '../language/text.ts';

export type Values = Readonly<Record<string, unknown>>;

export interface Pattern {
  readonly matches: RegExp;
  /** Said to people: completes "must be …". */
  readonly meaning: Text;
}

export interface IntegerRange {
  readonly min: number;
  readonly max: number;
}

const isTable = (value: unknown): value is Values => typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);

const shown = (value: unknown): Value => (isTable(value) ? say('a table') : JSON.stringify(value));

/** A plain text as a value would be a name, the same in every language. */
const asValue = (text: Text): Value => (typeof text === 'string' ? { text, values: {} } : text);

export class TomlTable {
  readonly #values: Values;
  /** Where the table is, for messages: "" for the file itself, "disks[0]." for the first disk. */
  readonly #where: string;

  constructor(values: Values, where: string, known: readonly string[]) {
    this.#values = values;
    this.#where = where;
    for (const key of Object.keys(values)) if (!known.includes(key)) throw this.#unknown(key, known);
  }

  text(key: string, pattern: Pattern): string {
    const value = this.optionalText(key, pattern);
    if (value === undefined) throw this.missing(key, pattern.meaning);
    return value;
  }

  optionalText(key: string, pattern: Pattern): string | undefined {
    const value = this.#values[key];
    if (value === undefined) return undefined;
    if (typeof value !== 'string' || !pattern.matches.test(value)) throw this.invalid(key, pattern.meaning);
    return value;
  }

  choice<const T extends string>(key: string, allowed: readonly T[], otherwise: T): T {
    const value = this.#values[key] ?? otherwise;
    const found = allowed.find((candidate) => candidate === value);
    if (found === undefined) throw this.invalid(key, say('one of {values}', { values: { list: allowed.map((each) => JSON.stringify(each)) } }));
    return found;
  }

  integer(key: string, range: IntegerRange, otherwise?: number): number {
    const value = this.#values[key] ?? otherwise;
    const meaning = say('a whole number from {min} to {max}', { min: String(range.min), max: String(range.max) });
    if (value === undefined) throw this.missing(key, meaning);
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < range.min || value > range.max) throw this.invalid(key, meaning);
    return value;
  }

  flag(key: string, otherwise: boolean): boolean {
    const value = this.#values[key] ?? otherwise;
    if (typeof value !== 'boolean') throw this.invalid(key, phrase('true or false'));
    return value;
  }

  /** A number of bytes, or text such as "20 GiB". */
  optionalSize(key: string): number | undefined {
    const value = this.#values[key];
    if (value === undefined) return undefined;
    const bytes = typeof value === 'string' ? bytesOf(value) : value;
    if (typeof bytes !== 'number' || !Number.isSafeInteger(bytes) || bytes <= 0 || bytes % 512 !== 0) {
      throw this.invalid(key, phrase('a size such as "20 GiB" (KiB, MiB, GiB, TiB) or a number of bytes that is a multiple of 512'));
    }
    return bytes;
  }

  optionalTable(key: string, known: readonly string[]): TomlTable | undefined {
    const value = this.#values[key];
    if (value === undefined) return undefined;
    if (!isTable(value)) throw this.invalid(key, say('a table: write {head} on a line of its own, its fields below', { head: `[${key}]` }));
    return new TomlTable(value, `${this.#where}${key}.`, known);
  }

  tables(key: string, known: readonly string[]): readonly TomlTable[] {
    const value = this.#values[key] ?? [];
    if (!Array.isArray(value) || !value.every(isTable)) {
      throw this.invalid(key, say('a list of tables: write {head} on a line of its own, its fields below', { head: `[[${key}]]` }));
    }
    return value.map((each, index) => new TomlTable(each, `${this.#where}${key}[${index}].`, known));
  }

  has(key: string): boolean {
    return this.#values[key] !== undefined;
  }

  invalid(key: string, allowed: Text): Fault {
    return new Fault('definition-invalid', say('{field} is {value}, but must be {allowed}', { field: this.#named(key), value: shown(this.#values[key]), allowed: asValue(allowed) }));
  }

  missing(key: string, allowed: Text): Fault {
    return new Fault('definition-invalid', say('{field} is missing; it must be {allowed}', { field: this.#named(key), allowed: asValue(allowed) }));
  }

  #named(key: string): string {
    return `${this.#where}${key}`;
  }

  #unknown(key: string, known: readonly string[]): Fault {
    const nearest = nearestOf(key, known);
    const field = this.#named(key);
    return new Fault('definition-invalid', nearest ? say('{field} is not a field of a definition; did you mean {nearest}?', { field, nearest }) : say('{field} is not a field of a definition; known are {known}', { field, known: { list: known } }));
  }
}

const UNIT_BYTES: Readonly<Record<string, number>> = { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 };

function bytesOf(text: string): number | undefined {
  const match = /^(\d{1,15}) ?(B|KiB|MiB|GiB|TiB)$/.exec(text);
  return match ? Number(match[1]) * UNIT_BYTES[match[2]!]! : undefined;
}

/** The size in its largest whole unit, as `optionalSize` reads it. */
export function sizeText(bytes: number): string {
  const [unit, unitBytes] = Object.entries(UNIT_BYTES).findLast(([, each]) => bytes % each === 0)!;
  return `${bytes / unitBytes} ${unit}`;
}

/** The known key within three edits, letter case aside; undefined when none is near. */
function nearestOf(key: string, known: readonly string[]): string | undefined {
  const ranked = known.map((each) => ({ each, edits: editDistance(key.toLowerCase(), each.toLowerCase()) })).sort((a, b) => a.edits - b.edits);
  const best = ranked[0];
  return best && best.edits <= Math.min(3, best.each.length - 1) ? best.each : undefined;
}

/** Levenshtein's distance, one row at a time. */
function editDistance(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let i = 1; i <= left.length; i++) {
    const next = [i];
    for (let j = 1; j <= right.length; j++) {
      const replaced = row[j - 1]! + (left[i - 1] === right[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[right.length]!;
}
