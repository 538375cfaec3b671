/**
 * What is said to people, kept apart from the words it is said in: an English text with {placeholders} and what stands for
 * them. Whoever reads it gets it in their language; the English text is the key to the other ones.
 */
import type { Language } from './language.ts';
import { lengthIn, numberIn, sizeIn } from './quantities.ts';

/** The English text → the same in another language, with the same placeholders. */
export type Catalogue = Readonly<Record<string, string>>;

/** What depends on the language in how it is written. `atMs` is since 1970. */
type Quantity = { readonly lengthMs: number } | { readonly sizeBytes: number } | { readonly atMs: number } | { readonly list: readonly string[] };

/** Strings are names and the like: they are the same in every language. */
export type Value = string | number | Quantity | Said | readonly Text[];
export type Values = Readonly<Record<string, Value>>;

export interface Said {
  readonly text: string;
  readonly values: Values;
  /** Where English has words of its own for it. */
  readonly english?: string;
}

/** A plain string has no placeholders; one that is in no catalogue is read as it is. Several texts are sentences, one after the other. */
export type Text = string | Said | readonly Text[];

/** Names of the placeholders in a text. */
export type Placeholder<T extends string> = T extends `${string}{${infer Name}}${infer Rest}` ? Name | Placeholder<Rest> : never;

/** The text must be written out where it is said: so it can be found, and translated. */
export const say = <T extends string>(text: T, ...[values = {} as Record<Placeholder<T>, Value>]: [Placeholder<T>] extends [never] ? [] : [values: Readonly<Record<Placeholder<T>, Value>>]): Said => ({ text, values });

/** A text that a table or a record keeps as it is; it is put into the reader's language where it is shown. */
export const phrase = <T extends string>(text: T): T => text;

/** Names, and words of other programs: the same in every language. */
export const verbatim = (words: string): Said => ({ text: '{words}', values: { words } });

/** A value that somebody gave, as it was given. */
export const asJson = (value: unknown): string => JSON.stringify(value) ?? 'undefined';

const PLACEHOLDER = /\{(\w+)\}/g;

/** Names of the placeholders in a text, in order. */
export const placeholdersIn = (text: string): string[] => [...text.matchAll(PLACEHOLDER)].map(([, name]) => name!);

/** The words with their placeholders filled in. Where an abbreviation ends a sentence its stop is that of the sentence too. */
export const filledIn = (words: string, valueOf: (name: string) => string | undefined): string =>
  words.replace(/\{(\w+)\}(\.(?=\s|$))?/g, (whole, name: string, stop = '') => {
    const value = valueOf(name);
    return value === undefined ? whole : value.endsWith('.') ? value : value + stop;
  });

function written(value: Value, language: Language, catalogue: Catalogue): string {
  if (typeof value === 'string') return value;
  // English is what programs read too: as it always was.
  if (typeof value === 'number') return language === 'en' ? String(value) : numberIn(language, value, Number.isInteger(value) ? 0 : 1);
  if ('text' in value || isSeveral(value)) return inWords(value, language, catalogue);
  if ('lengthMs' in value) return lengthIn(language, value.lengthMs);
  if ('sizeBytes' in value) return sizeIn(language, value.sizeBytes);
  if ('atMs' in value) return new Date(value.atMs).toISOString();
  return value.list.join(language === 'zh-Hant' ? '、' : ', ');
}

/** The text in that language, of which this is the catalogue; in English where the catalogue does not have it. */
export function inWords(text: Text, language: Language, catalogue: Catalogue): string {
  if (isSeveral(text)) return text.map((each) => inWords(each, language, catalogue)).join(language === 'zh-Hant' ? '' : ' ');
  const { text: key, values, english }: Said = typeof text === 'string' ? { text, values: {} } : text;
  if (language === 'en' && english !== undefined) return english;
  const words = Object.hasOwn(catalogue, key) ? catalogue[key]! : key;
  return filledIn(words, (name) => (Object.hasOwn(values, name) ? written(values[name]!, language, catalogue) : undefined));
}

const isSeveral = (text: Text | Value): text is readonly Text[] => Array.isArray(text);

export const inEnglish = (text: Text): string => (typeof text === 'string' ? text : inWords(text, 'en', {}));

/** As a record keeps a text, and as it is logged and sent: in English, and what it is made of where that is more. */
export interface Told {
  readonly message: string;
  readonly said?: Text;
}

export const told = (text: Text): Told => ({ message: inEnglish(text), ...(typeof text !== 'string' && { said: text }) });

/** What to do, as a record keeps it. */
export interface Hinted {
  readonly hint: string;
  readonly hintSaid?: Text;
}

export const hinted = (hint: Text): Hinted => ({ hint: inEnglish(hint), ...(typeof hint !== 'string' && { hintSaid: hint }) });

/** What was told, to be said again. */
export const saidOf = ({ message, said }: Told): Text => said ?? message;
export const hintOf = ({ hint, hintSaid }: Hinted): Text => hintSaid ?? hint;

const MAX_DEPTH = 8;

/** The text that another host sent, checked; undefined when it is none. */
export function textFrom(value: unknown, depth = 0): Text | undefined {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null || depth > MAX_DEPTH) return undefined;
  if (Array.isArray(value)) {
    const texts = value.map((each) => textFrom(each, depth + 1));
    return texts.some((each) => each === undefined) ? undefined : (texts as Text[]);
  }
  const { text, values, english } = value as Partial<Record<keyof Said, unknown>>;
  if (typeof text !== 'string' || typeof values !== 'object' || values === null || !Object.values(values).every((each) => isValue(each, depth + 1))) return undefined;
  return { text, values: values as Values, ...(typeof english === 'string' && { english }) };
}

function isValue(value: unknown, depth: number): boolean {
  if (typeof value === 'string' || typeof value === 'number') return true;
  if (typeof value !== 'object' || value === null) return false;
  const { lengthMs, sizeBytes, atMs, list } = value as Readonly<Record<string, unknown>>;
  if ([lengthMs, sizeBytes].some((each) => typeof each === 'number')) return true;
  if (typeof atMs === 'number') return Math.abs(atMs) <= 8.64e15;
  if (Array.isArray(list)) return list.every((each) => typeof each === 'string');
  return textFrom(value, depth) !== undefined;
}
