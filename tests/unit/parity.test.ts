/** docs/design/parity.md has a row for each area, every row has a status and names its test, and a test that did not pass is noticed. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { notPassed, parityRows, STATUSES } from '../../scripts/parity.ts';

const ROOT = join(import.meta.dirname, '../..');
const AREAS = 13;
const rows = parityRows(readFileSync(join(ROOT, 'docs/design/parity.md'), 'utf8'));

test('the parity table has rows for every area', () => {
  const areas = [...new Set(rows.map(({ section }) => Number.parseInt(section, 10)))];
  assert.deepEqual(areas, Array.from({ length: AREAS }, (_, index) => index + 1));
});

test('every row of the parity table has a known status, and names a test in a file that exists unless it is out of scope', () => {
  for (const { section, feature, rule, ours, status, cell, tests } of rows) {
    const row = `${section}: ${feature}`;
    assert.ok((STATUSES as readonly string[]).includes(status), `${row}: status "${status}"`);
    for (const text of [feature, rule, ours]) assert.notEqual(text, '', `${row}: an empty cell`);
    assert.equal(tests.length > 0, status !== 'out of scope', `${row}: tests "${cell}"`);
    assert.equal(tests.length, cell === '' ? 0 : cell.split('<br>').length, `${row}: a test is not written as \`file: name\` in "${cell}"`);
    for (const { file } of tests) assert.ok(existsSync(join(ROOT, 'tests', file)), `${row}: there is no tests/${file}`);
  }
});

test('a test that a row names and that did not pass is told', () => {
  const table = ['## 1. Area', '', '| feature | rule | ours | status | test |', '|---|---|---|---|---|', '| a \\| b | r | o | same | `unit/a.test.ts: one`<br>`flow/b.test.ts: two` |', '| c | r | o | out of scope | |', ''].join('\n');
  const [row, unbuilt] = parityRows(table);
  assert.equal(row!.feature, 'a | b');
  assert.deepEqual(unbuilt!.tests, []);
  assert.deepEqual(notPassed([row!], new Set(['unit/a.test.ts: one'])), ['flow/b.test.ts: two']);
  assert.throws(() => parityRows(table.replace('| same ', '')), /4 cells/);
});
