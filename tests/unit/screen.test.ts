/** A serial console as plain text. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MAX_CONSOLE_BYTES, plainConsoleText } from '../../src/machine/screen.ts';

const plain = (text: string, isCut = false): string => plainConsoleText(new TextEncoder().encode(text), isCut);

describe('the text of a serial console', () => {
  test('has no colours, cursor movements, titles or anything else that is not seen', () => {
    assert.equal(plain('\u001bc\u001b[?7l\u001b[2J\u001b[0m\u001b[1;32mok\u001b[0m\u001b(B done\u0007\r\n\u001b]0;title\u0007login:\u0000 \b'), 'ok done\nlogin:');
    assert.equal(plain('\u001b]0;no end'), '');
    assert.equal(plain('a\u001b'), 'a');
    assert.equal(plain('\u202eevil\u202c \u0085\u009b31m'), 'evil 31m');
  });

  test('keeps tabs, other letters and empty lines between others', () => {
    assert.equal(plain('eth0\t192.0.2.1\r\n\r\nBüro 電腦\r\n\r\n'), 'eth0\t192.0.2.1\n\nBüro 電腦');
  });

  test('has each of the lines that were written over each other', () => {
    assert.equal(plain('10 %\r20 %\r\nready'), '10 %\n20 %\nready');
  });

  test('is the last 100 lines, without the part of a line where it was cut', () => {
    const lines = Array.from({ length: 150 }, (_, index) => `line ${index}`);
    assert.equal(plain(lines.join('\n')), lines.slice(50).join('\n'));
    assert.equal(plain('lf a line\nwhole\n', true), 'whole');
    assert.equal(plain('one line that is longer than what is read', true), 'one line that is longer than what is read');
  });

  test('takes no longer for a guest that means harm', () => {
    const startedMs = performance.now();
    for (const hostile of ['\u001b[', '\u001b]', '\u001b[1', '\u001b ', '\r']) plain(hostile.repeat(MAX_CONSOLE_BYTES / hostile.length));
    assert.ok(performance.now() - startedMs < 1_000);
  });
});
