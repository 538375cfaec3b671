/** docs/rules.md names only tests and files that exist, at least one of each for every rule, and hides no failing test. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';

const ROOT = join(import.meta.dirname, '../..');
const KNOWN_TO_FAIL = ' (known to fail)';
const RULES = 28;

interface NamedTest {
  readonly file: string;
  readonly title: string;
  readonly isKnownToFail: boolean;
}

interface Rule {
  readonly heading: string;
  readonly text: string;
  readonly tests: readonly NamedTest[];
  readonly sources: readonly string[];
}

const testLine = /^- `(tests\/[^`]+)`: (.+)$/gm;
/** The call of a test, a story of a conformance suite, or the like, up to the options. */
const testCall = /^\s*(?:test|it|story)\((['"`])((?:\\.|(?!\1).)*)\1,\s*(\{[^}]*\})?/gm;

const rules: readonly Rule[] = readFileSync(join(ROOT, 'docs/rules.md'), 'utf8').split(/^## /m).slice(1).map((text) => ({
  heading: text.slice(0, text.indexOf('\n')),
  text,
  tests: [...text.matchAll(testLine)].map(([, file, words]) => ({
    file: file!,
    title: words!.endsWith(KNOWN_TO_FAIL) ? words!.slice(0, -KNOWN_TO_FAIL.length) : words!,
    isKnownToFail: words!.endsWith(KNOWN_TO_FAIL),
  })),
  sources: [...(/^- Kept in: (.+)$/m.exec(text)?.[1] ?? '').matchAll(/`(src\/[^`]+)`/g)].map(([, path]) => path!),
}));

const titles = new Map<string, ReadonlyMap<string, boolean>>();

/** Titles of the file's tests, and whether each is marked as failing. */
function titlesIn(file: string): ReadonlyMap<string, boolean> {
  let found = titles.get(file);
  if (!found) {
    const text = existsSync(join(ROOT, file)) ? readFileSync(join(ROOT, file), 'utf8') : '';
    found = new Map([...text.matchAll(testCall)].map(([, , title, options]) => [title!.replaceAll(/\\(.)/g, '$1'), /\b(todo|skip)\b/.test(options ?? '')]));
    titles.set(file, found);
  }
  return found;
}

describe('docs/rules.md', () => {
  test('has every rule once, in order', () => {
    assert.deepEqual(rules.map(({ heading }) => Number.parseInt(heading, 10)), Array.from({ length: RULES }, (_, index) => index + 1));
  });

  test('says of every rule what it prevents, where it is kept and which test fails when it is broken', () => {
    for (const { heading, text, tests, sources } of rules) {
      assert.match(text, /^- Prevents: .+\.$/m, heading);
      assert.ok(sources.length > 0, `${heading}: no source`);
      assert.ok(tests.some(({ isKnownToFail }) => !isKnownToFail), `${heading}: no test that holds`);
    }
  });

  test('names only tests that exist, by their exact titles', () => {
    const missing = rules.flatMap(({ tests }) => tests).filter(({ file, title }) => !titlesIn(file).has(title));
    assert.deepEqual(missing.map(({ file, title }) => `${file}: ${title}`), []);
  });

  test('says of each test that is known to fail that it is, and of no other', () => {
    const wrong = rules.flatMap(({ tests }) => tests).filter(({ file, title, isKnownToFail }) => (titlesIn(file).get(title) ?? isKnownToFail) !== isKnownToFail);
    assert.deepEqual(wrong.map(({ title }) => title), []);
  });

  test('names only source files that exist', () => {
    assert.deepEqual(rules.flatMap(({ sources }) => sources).filter((path) => !existsSync(join(ROOT, path))), []);
  });
});
