/** A query's words, with where they stand. */
import { CimError } from '../error.ts';
import { quotedAt } from '../quoted.ts';

export type Token =
  | { readonly kind: 'word'; readonly text: string; readonly at: number }
  | { readonly kind: 'string'; readonly text: string; readonly at: number }
  | { readonly kind: 'number'; readonly text: string; readonly at: number }
  | { readonly kind: 'symbol'; readonly text: string; readonly at: number }
  /** What is between braces: an object path. */
  | { readonly kind: 'path'; readonly text: string; readonly at: number }
  | { readonly kind: 'end'; readonly text: ''; readonly at: number };

const MAX_CHARACTERS = 16_384;
const BLANK = /\s*/y;
/** Dots lead into embedded instances; CQL writes the class with `::`. */
const WORD = /[A-Za-z_]\w*(?:(?:\.|::)[A-Za-z_]\w*)*/y;
const NUMBER = /0x[0-9a-fA-F]+|[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d{1,3})?/y;
const SYMBOL = /<=|>=|<>|!=|[=<>(),*;]/y;

export const invalidQuery = (message: string, at: number): CimError => new CimError('invalidQuery', `${message} at character ${at + 1} of the query.`);

class Tokenizer {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  next(): Token {
    this.#match(BLANK);
    const at = this.#at;
    if (at >= this.#text.length) return { kind: 'end', text: '', at };
    const first = this.#text[at]!;
    if (first === '"' || first === "'") return { kind: 'string', text: this.#quoted(), at };
    if (first === '{') return { kind: 'path', text: this.#braced(), at };
    return this.#plain('word', WORD, at) ?? this.#plain('number', NUMBER, at) ?? this.#plain('symbol', SYMBOL, at) ?? this.#fail('This is not understood', at);
  }

  #plain(kind: 'word' | 'number' | 'symbol', pattern: RegExp, at: number): Token | undefined {
    const text = this.#match(pattern);
    return text === undefined ? undefined : { kind, text, at };
  }

  #fail(message: string, at: number): never {
    throw invalidQuery(message, at);
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (found === null) return undefined;
    this.#at = pattern.lastIndex;
    return found[0];
  }

  #quoted(): string {
    const found = quotedAt(this.#text, this.#at);
    if (found === undefined) return this.#fail('A string is not closed', this.#at);
    this.#at = found.end;
    return found.value;
  }

  /** Braces in quotes are of the path. */
  #braced(): string {
    const start = this.#at;
    this.#at += 1;
    while (this.#at < this.#text.length) {
      const character = this.#text[this.#at]!;
      if (character === '"' || character === "'") {
        this.#quoted();
        continue;
      }
      this.#at += 1;
      if (character === '}') return this.#text.slice(start + 1, this.#at - 1);
    }
    return this.#fail('A path is not closed', start);
  }
}

/** Ends with the token `end`. CimError invalidQuery. */
export function tokensOf(text: string): readonly Token[] {
  if (text.length > MAX_CHARACTERS) throw new CimError('invalidQuery', `A query is longer than ${MAX_CHARACTERS} characters.`);
  const tokenizer = new Tokenizer(text);
  const tokens: Token[] = [];
  do tokens.push(tokenizer.next());
  while (tokens.at(-1)?.kind !== 'end');
  return tokens;
}
