/**
 * WQL, and CQL as far as it is the same: what a query says. Whether its names exist is asked when it is run.
 * Source: Microsoft Learn, "WQL (SQL for WMI)"; DSP0202.
 */
import { parsePath } from '../path.ts';
import type { ObjectPath } from '../instance.ts';
import { isSameName, nameKey } from '../name.ts';
import { invalidQuery, tokensOf, type Token } from './tokens.ts';

export type Literal = string | number | bigint | boolean | null;

export type Operand = { readonly kind: 'literal'; readonly value: Literal } | { readonly kind: 'property'; readonly name: string; readonly at: number };

export type ComparisonOperator = '=' | '<>' | '<' | '>' | '<=' | '>=';

export type Condition =
  | { readonly kind: 'and' | 'or'; readonly terms: readonly Condition[] }
  | { readonly kind: 'not'; readonly term: Condition }
  | { readonly kind: 'compare'; readonly left: Operand; readonly operator: ComparisonOperator; readonly right: Operand }
  | { readonly kind: 'like'; readonly left: Operand; readonly pattern: string }
  | { readonly kind: 'null'; readonly left: Operand }
  | { readonly kind: 'isa'; readonly left: Operand; readonly className: string };

export interface SelectQuery {
  readonly kind: 'select';
  /** As the query spells them; null for `*`. */
  readonly properties: readonly { readonly name: string; readonly at: number }[] | null;
  readonly className: string;
  readonly where: Condition | null;
  /** `WITHIN`: how often an event query wants to be looked at. */
  readonly withinSeconds: number | null;
}

export interface TraversalQuery {
  readonly kind: 'associators' | 'references';
  readonly path: ObjectPath;
  readonly associationClass: string | undefined;
  readonly resultClass: string | undefined;
  readonly role: string | undefined;
  readonly resultRole: string | undefined;
}

export type Query = SelectQuery | TraversalQuery;

const MAX_DEPTH = 32;
const OPERATORS: Readonly<Record<string, ComparisonOperator>> = { '=': '=', '<>': '<>', '!=': '<>', '<': '<', '>': '>', '<=': '<=', '>=': '>=' };
const CONSTANTS: Readonly<Record<string, Literal>> = { true: true, false: false, null: null };
/** What may stand after WHERE of ASSOCIATORS OF and REFERENCES OF. */
const TRAVERSAL_WORDS = { assocclass: 'associationClass', resultclass: 'resultClass', role: 'role', resultrole: 'resultRole' } as const;
const REFERENCE_WORDS: ReadonlySet<string> = new Set(['resultclass', 'role']);

const isTraversalWord = (word: string): word is keyof typeof TRAVERSAL_WORDS => Object.hasOwn(TRAVERSAL_WORDS, word);

function numberOf(text: string): number | bigint {
  const value = Number(text);
  return Number.isSafeInteger(value) || !/^[+-]?(?:0x[0-9a-fA-F]+|\d+)$/.test(text) ? value : BigInt(text.replace(/^\+/, ''));
}

class Parser {
  readonly #tokens: readonly Token[];
  #next = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  query(): Query {
    const query = this.#is('select') ? this.#select() : this.#traversal();
    this.#takeSymbol(';');
    if (this.#token.kind !== 'end') this.#fail('Nothing more is expected');
    return query;
  }

  get #token(): Token {
    return this.#tokens[this.#next] ?? this.#tokens.at(-1)!;
  }

  #fail(message: string): never {
    throw invalidQuery(message, this.#token.at);
  }

  #is(word: string): boolean {
    return this.#token.kind === 'word' && isSameName(this.#token.text, word);
  }

  #take(word: string): boolean {
    const found = this.#is(word);
    if (found) this.#next += 1;
    return found;
  }

  #expect(word: string): void {
    if (!this.#take(word)) this.#fail(`${word.toUpperCase()} is expected`);
  }

  #takeSymbol(symbol: string): boolean {
    const found = this.#token.kind === 'symbol' && this.#token.text === symbol;
    if (found) this.#next += 1;
    return found;
  }

  #word(what: string): Token {
    const token = this.#token;
    if (token.kind !== 'word') this.#fail(`${what} is expected`);
    this.#next += 1;
    return token;
  }

  #select(): SelectQuery {
    this.#expect('select');
    const properties = this.#takeSymbol('*') ? null : this.#properties();
    this.#expect('from');
    const className = this.#word('A class').text;
    const withinSeconds = this.#take('within') ? Number(this.#number()) : null;
    const where = this.#take('where') ? this.#or(0) : null;
    return { kind: 'select', properties, className, where, withinSeconds };
  }

  #number(): string {
    const token = this.#token;
    if (token.kind !== 'number') this.#fail('A number is expected');
    this.#next += 1;
    return token.text;
  }

  #properties(): readonly { readonly name: string; readonly at: number }[] {
    const properties: { name: string; at: number }[] = [];
    do {
      const { text, at } = this.#word('A property or *');
      properties.push({ name: text, at });
    } while (this.#takeSymbol(','));
    return properties;
  }

  #or(depth: number): Condition {
    return this.#joined('or', () => this.#joined('and', () => this.#not(depth)));
  }

  #joined(kind: 'and' | 'or', term: () => Condition): Condition {
    const first = term();
    const terms = [first];
    while (this.#take(kind)) terms.push(term());
    return terms.length === 1 ? first : { kind, terms };
  }

  #not(depth: number): Condition {
    if (depth > MAX_DEPTH) this.#fail(`Conditions are nested deeper than ${MAX_DEPTH}`);
    if (this.#take('not')) return { kind: 'not', term: this.#not(depth + 1) };
    if (!this.#takeSymbol('(')) return this.#comparison();
    const condition = this.#or(depth + 1);
    if (!this.#takeSymbol(')')) this.#fail(') is expected');
    return condition;
  }

  #comparison(): Condition {
    const left = this.#operand();
    const negated = this.#take('not');
    if (this.#take('like')) return negatedIf(negated, { kind: 'like', left, pattern: this.#string() });
    if (negated) this.#fail('LIKE is expected');
    if (this.#take('is')) return this.#isNull(left);
    if (this.#take('isa')) return { kind: 'isa', left, className: this.#classOrString() };
    const operator = this.#token.kind === 'symbol' ? OPERATORS[this.#token.text] : undefined;
    if (operator === undefined) this.#fail('An operator is expected');
    this.#next += 1;
    return { kind: 'compare', left, operator, right: this.#operand() };
  }

  #isNull(left: Operand): Condition {
    const negated = this.#take('not');
    this.#expect('null');
    return negatedIf(negated, { kind: 'null', left });
  }

  #operand(): Operand {
    const { kind, text, at } = this.#token;
    if (kind !== 'word' && kind !== 'string' && kind !== 'number') this.#fail('A property or a value is expected');
    this.#next += 1;
    if (kind === 'string') return { kind: 'literal', value: text };
    if (kind === 'number') return { kind: 'literal', value: numberOf(text) };
    const constant = nameKey(text);
    return Object.hasOwn(CONSTANTS, constant) ? { kind: 'literal', value: CONSTANTS[constant] ?? null } : { kind: 'property', name: text, at };
  }

  #string(): string {
    const token = this.#token;
    if (token.kind !== 'string') this.#fail('A string is expected');
    this.#next += 1;
    return token.text;
  }

  #classOrString(): string {
    return this.#token.kind === 'string' ? this.#string() : this.#word('A class').text;
  }

  #traversal(): TraversalQuery {
    const kind = this.#take('associators') ? 'associators' : this.#take('references') ? 'references' : this.#fail('SELECT, ASSOCIATORS OF or REFERENCES OF is expected');
    this.#expect('of');
    const token = this.#token;
    if (token.kind !== 'path') this.#fail('An object path in braces is expected');
    this.#next += 1;
    const filter = this.#take('where') ? this.#traversalFilter(kind) : {};
    return { kind, path: parsePath(token.text), associationClass: filter.associationClass, resultClass: filter.resultClass, role: filter.role, resultRole: filter.resultRole };
  }

  #traversalFilter(kind: TraversalQuery['kind']): Partial<Record<(typeof TRAVERSAL_WORDS)[keyof typeof TRAVERSAL_WORDS], string>> {
    const filter: Partial<Record<(typeof TRAVERSAL_WORDS)[keyof typeof TRAVERSAL_WORDS], string>> = {};
    do {
      const word = this.#token.kind === 'word' ? nameKey(this.#token.text) : '';
      if (!isTraversalWord(word) || (kind === 'references' && !REFERENCE_WORDS.has(word))) this.#fail(`This filter of ${kind.toUpperCase()} OF is not understood`);
      this.#next += 1;
      if (!this.#takeSymbol('=')) this.#fail('= is expected');
      filter[TRAVERSAL_WORDS[word]] = this.#classOrString();
    } while (this.#token.kind === 'word');
    return filter;
  }
}

const negatedIf = (negated: boolean, term: Condition): Condition => (negated ? { kind: 'not', term } : term);

/** CimError invalidQuery, which says at which character; invalidParameter for a path that is none. */
export const parseQuery = (text: string): Query => new Parser(tokensOf(text)).query();
