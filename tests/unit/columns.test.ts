/** Tables that fit a terminal of any width. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import stringWidth from 'string-width';
import { inColumns, wrapped } from '../../src/cli/columns.ts';
import { printable } from '../../src/cli/words.ts';

const cells = (...texts: string[]) => texts.map((text) => ({ text }));
const HEAD = cells('MACHINE', 'MESSAGE');

describe('columns', () => {
  test('without a width each row is one line, under its heading', () => {
    assert.equal(inColumns(HEAD, [cells('web', 'a long text'), cells('database', '')], undefined), 'MACHINE   MESSAGE\nweb       a long text\ndatabase');
  });

  test('a text is wrapped in its own column, between words', () => {
    assert.equal(inColumns(HEAD, [cells('web', 'the last cycle was late')], 24), 'MACHINE  MESSAGE\nweb      the last cycle\n         was late');
  });

  test('where words would have to be broken, a row is a block of lines', () => {
    assert.equal(inColumns(HEAD, [cells('web', 'unreachable'), cells('db', 'ok')], 18), 'MACHINE  web\nMESSAGE  unreachab\n         le\n\nMACHINE  db\nMESSAGE  ok');
  });

  test('a character that is two columns wide is counted as two', () => {
    assert.equal(inColumns(HEAD, [cells('虛擬機', 'x')], undefined), 'MACHINE  MESSAGE\n虛擬機   x');
  });

  test('a colour is put around the text of a line and not around its padding', () => {
    const paint = (line: string) => `<${line}>`;
    assert.equal(inColumns(HEAD, [[{ text: 'web', paint }, { text: 'x' }]], undefined), 'MACHINE  MESSAGE\n<web>      x');
  });

  test('no line is wider than the terminal, and nothing of a text is lost', () => {
    const text = fc.array(fc.stringMatching(/^[a-z漢é]{1,50}$/), { minLength: 1, maxLength: 6 }).map((words) => words.join(' '));
    fc.assert(fc.property(fc.array(fc.tuple(text, text, text), { minLength: 1, maxLength: 5 }), fc.integer({ min: 12, max: 160 }), (rows, width) => {
      const shown = inColumns(cells('A', 'B', 'C'), rows.map((row) => cells(...row)), width);
      for (const line of shown.split('\n')) assert.ok(stringWidth(line) <= width, `${line.length} of ${width}: ${line}`);
      const letters = (it: string) => [...it.replace(/[ \nABC]/g, '')].sort().join('');
      assert.equal(letters(shown), letters(rows.flat().join('')));
    }));
  });

  test('wrapping ends, whatever the width', () => {
    assert.deepEqual(wrapped('漢漢', 1), ['漢', '漢']);
  });

  test('a name of ten thousand characters is cut on a terminal', () => {
    assert.ok(inColumns(HEAD, [cells('x'.repeat(10_000), 'y')], 80).length < 1_000);
  });
});

test('text from elsewhere cannot move the cursor, turn the direction, or begin a line', () => {
  assert.equal(printable('a\u001b[2Jb\u202ec\nweb: ok\td\u2066'), 'a\u{fffd}[2Jb\u{fffd}c web: ok d\u{fffd}');
});
