/**
 * What the catalogues lack: `npm run texts` lists each missing text with a number; `npm run texts -- --take FILE` takes lines of
 * number, de, fr, it and zh-Hant, with tabs between them, into the catalogues. Stale texts are dropped then.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Catalogue } from '../src/language/text.ts';
import { PARTS, REPOSITORY, textsOf, type Part } from './texttable.ts';

const LANGUAGES = ['de', 'fr', 'it', 'zh-Hant'] as const;
type Translated = (typeof LANGUAGES)[number];
const { values } = parseArgs({ options: { take: { type: 'string', multiple: true }, list: { type: 'string' } } });

const pathOf = (part: Part, language: Translated): string => join(REPOSITORY, 'src/language/catalogues', part, `${language}.json`);
const read = (part: Part, language: Translated): Catalogue => JSON.parse(readFileSync(pathOf(part, language), 'utf8')) as Catalogue;

/** Key → its translations, of all parts together: the same text is the same everywhere. */
function known(): Map<string, Partial<Record<Translated, string>>> {
  const all = new Map<string, Partial<Record<Translated, string>>>();
  for (const part of PARTS) for (const language of LANGUAGES) for (const [key, words] of Object.entries(read(part, language))) all.set(key, { ...all.get(key), [language]: words });
  return all;
}

const wanted = new Map(PARTS.map((part) => [part, [...textsOf(part).keys.keys()].sort()]));
const translations = known();
const isWhole = (key: string): boolean => LANGUAGES.every((language) => translations.get(key)?.[language] !== undefined);
const missing = (): string[] => [...new Set([...wanted.values()].flat())].filter((key) => !isWhole(key)).sort();

function take(file: string, numbered: readonly string[]): void {
  for (const line of readFileSync(file, 'utf8').split('\n').filter((each) => each.trim() !== '')) {
    const [number, ...words] = line.split('\t');
    const key = numbered[Number(number) - 1];
    if (key === undefined || words.length !== LANGUAGES.length) throw new Error(`${file}: "${line.slice(0, 80)}" is not a number of the list and ${LANGUAGES.length} texts`);
    translations.set(key, Object.fromEntries(LANGUAGES.map((language, at) => [language, words[at]!])));
  }
}

/** French keeps such a mark on the line of the word that it belongs to. */
const withFrenchSpaces = (words: string): string => words.replaceAll(/ (?=[:;!?»])/g, '\u00a0').replaceAll('« ', '«\u00a0');
const written = (language: Translated, words: string): string => (language === 'fr' ? withFrenchSpaces(words) : words);

const numbered = missing();
for (const file of values.take ?? []) take(file, numbered);
if (values.take) {
  for (const part of PARTS) {
    for (const language of LANGUAGES) {
      const entries = wanted.get(part)!.flatMap((key) => (translations.get(key)?.[language] === undefined ? [] : [[key, written(language, translations.get(key)![language]!)]]));
      writeFileSync(pathOf(part, language), `${JSON.stringify(Object.fromEntries(entries), null, 2)}\n`);
    }
  }
}
const listed = missing().map((key, at) => `${at + 1}\t${key}\n`).join('');
// Opening /dev/stdout anew would empty a file that the output is appended to.
if (values.list === undefined) process.stdout.write(listed);
else writeFileSync(values.list, listed);
process.stderr.write(`${missing().length} of ${new Set([...wanted.values()].flat()).size} texts are missing\n`);
