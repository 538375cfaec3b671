/**
 * Object paths as text: `\\HOST\root\virtualization\v2:Class.Key="value"`, with or without host and namespace, with
 * either slash and either quote. Source: Microsoft Learn, "Describing the location of a WMI object"; DSP0004, "Model path".
 */
import { CimError } from './error.ts';
import type { CimValue, ObjectPath } from './instance.ts';
import { nameKey } from './name.ts';
import { quotedAt } from './quoted.ts';

export type KeyValue = string | number | bigint | boolean | ObjectPath;

const MAX_CHARACTERS = 32_768;
const MAX_KEYS = 32;
/** References in references; each level doubles the escapes. */
const MAX_DEPTH = 4;

const LOCATION = /^(?:[\\/]{2}(?<host>[^\\/"'=,]{1,255})(?=[\\/]))?(?:[\\/]?(?<namespace>[\w.-]{1,64}(?:[\\/]{1,2}[\w.-]{1,64}){0,16}):)?(?<class>[A-Za-z_]\w{0,255})/;
const KEY_NAME = /([A-Za-z_]\w{0,255})\s*=\s*/y;
const NUMBER = /[+-]?\d{1,20}(?![\w.])/y;
const BOOLEAN = /(?:true|false)(?!\w)/iy;
/** A key that one key of an association needs no name for: `Class="value"`. */
export const UNNAMED_KEY = '';

export const classPath = (namespace: string | null, className: string): ObjectPath => ({ kind: 'path', namespace, className, keys: new Map() });

export const instancePath = (namespace: string | null, className: string, keys: Readonly<Record<string, KeyValue>>): ObjectPath => ({
  kind: 'path',
  namespace,
  className,
  keys: new Map(Object.entries(keys)),
});

/** Reads keys from left to right. */
class KeyReader {
  readonly #text: string;
  #at: number;

  constructor(text: string, at: number) {
    this.#text = text;
    this.#at = at;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  fail(expected: string): never {
    throw new CimError('invalidParameter', `The object path has no ${expected} at character ${this.#at + 1}: ${excerpt(this.#text)}`);
  }

  skip(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at += 1;
    return true;
  }

  skipBlanks(): void {
    this.#match(/\s*/y);
  }

  name(): string {
    return this.#match(KEY_NAME)?.[1] ?? this.fail('key name with =');
  }

  value(): KeyValue {
    const quote = this.#text[this.#at];
    if (quote === '"' || quote === "'") return this.#quoted(quote);
    const truth = this.#match(BOOLEAN);
    if (truth !== undefined) return nameKey(truth[0]) === 'true';
    return numberOf(this.#match(NUMBER)?.[0] ?? this.fail('key value'));
  }

  #quoted(quote: string): string {
    const found = quotedAt(this.#text, this.#at);
    if (found === undefined) return this.fail(`closing ${quote}`);
    this.#at = found.end;
    return found.value;
  }

  #match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text) ?? undefined;
    if (found !== undefined) this.#at = pattern.lastIndex;
    return found;
  }
}

const excerpt = (text: string): string => JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}…` : text);

function numberOf(text: string): number | bigint {
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : BigInt(text);
}

function readKeys(reader: KeyReader): ReadonlyMap<string, KeyValue> {
  const keys = new Map<string, KeyValue>();
  const seen = new Set<string>();
  do {
    reader.skipBlanks();
    const name = reader.name();
    if (seen.has(nameKey(name))) reader.fail(`second key ${name}`);
    if (keys.size >= MAX_KEYS) reader.fail(`room for more than ${MAX_KEYS} keys`);
    seen.add(nameKey(name));
    keys.set(name, reader.value());
    reader.skipBlanks();
  } while (reader.skip(','));
  return keys;
}

function readUnnamedKey(reader: KeyReader): ReadonlyMap<string, KeyValue> {
  return reader.skip('@') ? new Map() : new Map([[UNNAMED_KEY, reader.value()]]);
}

/**
 * The path that the text says. References among its keys are still strings, which typing by the class turns into paths; a
 * value without a name has the name ''. The host is read and left out: every path is this host's. CimError invalidParameter.
 */
export function parsePath(text: string): ObjectPath {
  if (text.length > MAX_CHARACTERS) throw new CimError('invalidParameter', `An object path is longer than ${MAX_CHARACTERS} characters.`);
  const trimmed = text.trim();
  const location = LOCATION.exec(trimmed);
  if (location?.groups === undefined) throw new CimError('invalidParameter', `This is no object path: ${excerpt(trimmed)}`);
  const { namespace, class: className = '' } = location.groups;
  const path = classPath(namespace?.replace(/[\\/]+/g, '/') ?? null, className);
  const reader = new KeyReader(trimmed, location[0].length);
  if (reader.isAtEnd) return path;
  const keys = reader.skip('.') ? readKeys(reader) : reader.skip('=') ? readUnnamedKey(reader) : reader.fail('. or = after the class');
  if (!reader.isAtEnd) reader.fail('end');
  return { ...path, keys };
}

const escapedQuotes = (text: string): string => text.replace(/[\\"]/g, '\\$&');

function keyText(value: KeyValue, host: string | undefined): string {
  if (typeof value === 'boolean') return value ? 'TRUE' : 'FALSE';
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  return `"${escapedQuotes(typeof value === 'string' ? value : pathText(value, host))}"`;
}

/** With a host as WMI writes it, `\\HOST\root\virtualization\v2:Class.Key="value"`; without one as DSP0004 does, `root/virtualization/v2:Class.Key="value"`. */
export function pathText({ namespace, className, keys }: ObjectPath, host?: string): string {
  const place = namespace === null ? '' : host === undefined ? `${namespace}:` : `\\\\${host}\\${namespace.replaceAll('/', '\\')}:`;
  const list = [...keys].map(([name, value]) => (name === UNNAMED_KEY ? keyText(value, host) : `${name}=${keyText(value, host)}`)).join(',');
  if (list === '') return place + className;
  return `${place}${className}${keys.has(UNNAMED_KEY) ? '=' : '.'}${list}`;
}

function keyIdentityAt(value: KeyValue, depth: number): string {
  if (typeof value !== 'object') return nameKey(String(value));
  return depth >= MAX_DEPTH ? '' : JSON.stringify([nameKey(value.className), keysIdentityAt(value.keys, depth + 1)]);
}

function keysIdentityAt(keys: ReadonlyMap<string, KeyValue>, depth: number): string {
  const parts = [...keys].map(([name, value]) => [nameKey(name), keyIdentityAt(value, depth)]);
  return JSON.stringify(parts.sort(([left = ''], [right = '']) => (left < right ? -1 : 1)));
}

/** Equal for equal keys: without regard to the case of names and values and to the order. */
export const keysIdentity = (keys: ReadonlyMap<string, KeyValue>): string => keysIdentityAt(keys, 0);

/** Equal for paths of the same object, wherever it was said to be. */
export const pathIdentity = (path: ObjectPath): string => keyIdentityAt(path, 0);

export const isSameKey = (left: KeyValue, right: KeyValue): boolean => keyIdentityAt(left, 0) === keyIdentityAt(right, 0);

export const isSamePath = (left: ObjectPath, right: ObjectPath): boolean => pathIdentity(left) === pathIdentity(right);

export const isPath = (value: CimValue): value is ObjectPath => typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'path';
