/**
 * The command line's words: `t` takes the English sentence, which is the key, and values for its placeholders. The language is
 * that of the terminal; with --json everything is English. One catalogue at most is read, and none for English.
 */
import { readFileSync } from 'node:fs';
import { languageOfEnvironment, type Language } from '../language/language.ts';
import { inWords, type Catalogue, type Placeholder, type Text, type Value } from '../language/text.ts';
import { wordFor, type WordKind } from '../language/words.ts';

/** Programs read English. */
export const language: Language = process.argv.includes('--json') ? 'en' : languageOfEnvironment(process.env);

const catalogue: Catalogue = language === 'en' ? {} : (JSON.parse(readFileSync(new URL(`../language/catalogues/cli/${language}.json`, import.meta.url), 'utf8')) as Catalogue);

/** The sentence in the reader's language, its {placeholders} filled in. */
export const t = <T extends string>(text: T, ...[values = {} as Record<Placeholder<T>, Value>]: [Placeholder<T>] extends [never] ? [] : [values: Readonly<Record<Placeholder<T>, Value>>]): string =>
  inWords({ text, values }, language, catalogue);

/** What others said, in the reader's language. */
export const spoken = (text: Text): string => inWords(text, language, catalogue);

/** A text that a table holds; as it is when no catalogue has it. */
export const translated = (text: string): string => (Object.hasOwn(catalogue, text) ? catalogue[text]! : text);

/** Titles of columns. */
export const heads = (...titles: readonly string[]): string[] => titles.map(translated);

/** A code as people read it; in English the code itself, which is what the documents name, but for a job's. */
export const word = (kind: WordKind, code: string): string => (language === 'en' && kind !== 'job' ? code : translated(wordFor(kind, code)));
