import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { CharsetError, decodeBytes, encodeText } from '../../src/xml/charset.ts';

const XML = '<?xml version="1.0"?><a>ä\u{1f600}</a>';

test('Every charset is read back as it was written', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.constantFrom<'utf-8' | 'utf-16le' | 'utf-16be'>('utf-8', 'utf-16le', 'utf-16be'), (value, charset) => {
      assert.deepEqual(decodeBytes(encodeText(value, charset), charset), { text: value, charset });
    }),
  );
});

test('A byte order mark wins over the label', () => {
  assert.deepEqual(decodeBytes(encodeText(XML, 'utf-16be'), 'utf-8'), { text: XML, charset: 'utf-16be' });
  assert.deepEqual(decodeBytes(new TextEncoder().encode(`\ufeff${XML}`), 'utf-16'), { text: XML, charset: 'utf-8' });
});

test('The order of unmarked UTF-16 is seen from its first character', () => {
  for (const charset of ['utf-16le', 'utf-16be'] as const) {
    assert.deepEqual(decodeBytes(encodeText(XML, charset).subarray(2), ' UTF-16 '), { text: XML, charset });
  }
});

test('Without a label the bytes are UTF-8', () => {
  assert.deepEqual(decodeBytes(Buffer.from(XML)), { text: XML, charset: 'utf-8' });
});

test('Bytes that are not what they say are refused', () => {
  assert.throws(() => decodeBytes(Uint8Array.of(0x3c, 0xff)), CharsetError);
  assert.throws(() => decodeBytes(Uint8Array.of(0x3c, 0, 0), 'utf-16le'), CharsetError);
  assert.throws(() => decodeBytes(Uint8Array.of(0x3c, 0, 0, 0xd8), 'utf-16'), CharsetError);
  assert.throws(() => decodeBytes(Buffer.from(XML), 'ebcdic'), /ebcdic.* not supported/);
});
