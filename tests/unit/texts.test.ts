/** Every text that people read is translated, with the same placeholders, and no catalogue holds more than that. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { PARTS, REPOSITORY, textsOf, type Part } from '../../scripts/texttable.ts';
import { placeholdersIn, type Catalogue } from '../../src/language/text.ts';
import { SAME_WORDS } from './samewords.ts';

const LANGUAGES = ['de', 'fr', 'it', 'zh-Hant'] as const;
const catalogue = (part: Part, language: string): Catalogue => JSON.parse(readFileSync(join(REPOSITORY, 'src/language/catalogues', part, `${language}.json`), 'utf8')) as Catalogue;
const sorted = (names: readonly string[]): string[] => [...new Set(names)].sort();

for (const part of PARTS) {
  const { keys, problems } = textsOf(part);
  describe(`texts of the ${part}`, () => {
    test('are written out where they are said, and none is hard-coded', () => assert.deepEqual(problems, []));

    for (const language of LANGUAGES) {
      const words = catalogue(part, language);
      test(`are all there in ${language}`, () => assert.deepEqual([...keys].filter(([key]) => !Object.hasOwn(words, key)).map(([key, where]) => `${where}: ${key}`), []));
      test(`are none but those in ${language}`, () => assert.deepEqual(Object.keys(words).filter((key) => !keys.has(key)), []));
      test(`have the same placeholders in ${language}`, () => assert.deepEqual(Object.entries(words).filter(([key, text]) => sorted(placeholdersIn(key)).join() !== sorted(placeholdersIn(text)).join()).map(([key]) => key), []));
      test(`are not English in ${language}, unless that is right`, () => assert.deepEqual(Object.entries(words).filter(([key, text]) => key === text && !SAME_WORDS[language].includes(key)).map(([key]) => key), []));
    }
  });
}

test('French marks stay on the line of their word', () => {
  const loose = PARTS.flatMap((part) => Object.values(catalogue(part, 'fr')).filter((words) => / [:;!?»]|« /.test(words)));
  assert.deepEqual(loose, []);
});

test('one text is translated in one way, whatever shows it', () => {
  for (const language of LANGUAGES) {
    const parts = PARTS.map((part) => catalogue(part, language));
    const differing = parts.flatMap((one, at) => parts.slice(at + 1).flatMap((other) => Object.keys(one).filter((key) => Object.hasOwn(other, key) && one[key] !== other[key])));
    assert.deepEqual(differing, []);
  }
});
