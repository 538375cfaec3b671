/** An instance as MOF, `instance of Class { Name = "x"; };`. Values are text still. Source: DSP0004, "MOF grammar". */
import { CimError } from './error.ts';
import type { CimInstance, CimScalar, CimValue } from './instance.ts';
import { setOnce } from './instancexml.ts';
import { isSameName } from './name.ts';

const MAX_DEPTH = 8;

const BLANK = /(?:\s+|\/\/[^\n]*|\/\*[^]*?\*\/)*/y;
const WORD = /[A-Za-z_]\w*/y;
const NUMBER = /[+-]?[0-9][\w.+-]*/y;
const STRING = /"((?:[^"\\\n]|\\[^])*)"/y;
const ESCAPES: Readonly<Record<string, string>> = { b: '\b', t: '\t', n: '\n', f: '\f', r: '\r' };

const unescaped = (text: string): string =>
  text.replace(/\\(?:[xX]([0-9a-fA-F]{1,4})|([^]))/g, (_all, code: string | undefined, character: string) => (code === undefined ? (ESCAPES[character] ?? character) : String.fromCharCode(Number.parseInt(code, 16))));

/** MOF's other number forms; decimal and hexadecimal stay as they are. */
function numberText(literal: string): string {
  const binary = /^([+-]?)([01]+)b$/i.exec(literal);
  return binary === null ? literal : `${binary[1] === '-' ? '-' : ''}${BigInt(`0b${binary[2]}`)}`;
}

class MofReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  document(): CimInstance {
    const instance = this.#instance(0);
    this.#skip(';');
    this.#blanks();
    if (this.#at < this.#text.length) this.#fail('the end');
    return instance;
  }

  #fail(expected: string): never {
    throw new CimError('invalidParameter', `MOF: ${expected} is expected at character ${this.#at + 1}, before ${JSON.stringify(this.#text.slice(this.#at, this.#at + 20))}.`);
  }

  #match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text) ?? undefined;
    if (found !== undefined) this.#at = pattern.lastIndex;
    return found;
  }

  #blanks(): void {
    this.#match(BLANK);
  }

  #skip(character: string): boolean {
    this.#blanks();
    if (this.#text[this.#at] !== character) return false;
    this.#at += 1;
    return true;
  }

  #expect(character: string): void {
    if (!this.#skip(character)) this.#fail(character);
  }

  #word(what: string): string {
    this.#blanks();
    return this.#match(WORD)?.[0] ?? this.#fail(what);
  }

  #keyword(keyword: string): void {
    if (!isSameName(this.#word(keyword), keyword)) this.#fail(keyword);
  }

  /** Qualifiers of an instance or of a property say nothing that counts here. */
  #qualifiers(): void {
    if (!this.#skip('[')) return;
    while (!this.#skip(']')) if (this.#match(STRING) === undefined && this.#match(/[^\]"]/y) === undefined) this.#fail(']');
  }

  #instance(depth: number): CimInstance {
    if (depth > MAX_DEPTH) this.#fail(`no more than ${MAX_DEPTH} instances in each other, so something else`);
    this.#qualifiers();
    this.#keyword('instance');
    this.#keyword('of');
    return this.#body(this.#word('a class'), depth);
  }

  #body(className: string, depth: number): CimInstance {
    const properties = new Map<string, CimValue>();
    this.#expect('{');
    while (!this.#skip('}')) {
      this.#qualifiers();
      const name = this.#word('a property');
      this.#expect('=');
      setOnce(properties, name, this.#value(depth));
      this.#expect(';');
    }
    return { kind: 'instance', className, properties };
  }

  #value(depth: number): CimValue {
    if (!this.#skip('{')) return this.#scalar(depth);
    const items: CimScalar[] = [];
    if (this.#skip('}')) return items;
    do {
      const item = this.#scalar(depth);
      items.push(item ?? this.#fail('a value that is not NULL'));
    } while (this.#skip(','));
    this.#expect('}');
    return items;
  }

  #scalar(depth: number): CimScalar | null {
    this.#blanks();
    const strings = this.#strings();
    if (strings !== undefined) return strings;
    const number = this.#match(NUMBER);
    if (number !== undefined) return numberText(number[0]);
    const start = this.#at;
    const word = this.#word('a value');
    if (isSameName(word, 'null')) return null;
    if (isSameName(word, 'true') || isSameName(word, 'false')) return word;
    this.#at = start;
    return this.#instance(depth + 1);
  }

  /** Literals that follow each other are one string. */
  #strings(): string | undefined {
    let joined: string | undefined;
    for (let found = this.#match(STRING); found !== undefined; found = this.#match(STRING)) {
      joined = (joined ?? '') + unescaped(found[1] ?? '');
      this.#blanks();
    }
    return joined;
  }
}

/** Class and properties of the one instance in the text. CimError invalidParameter, which says where. */
export const readMofInstance = (text: string): CimInstance => new MofReader(text).document();
