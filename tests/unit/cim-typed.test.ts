import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { secondsInterval } from '../../src/cim/datetime.ts';
import { CimError } from '../../src/cim/error.ts';
import type { CimValue } from '../../src/cim/instance.ts';
import { instancePath } from '../../src/cim/path.ts';
import type { CimType, ValueDeclaration } from '../../src/cim/schema.ts';
import { typedValue } from '../../src/cim/typed.ts';

const declared = (type: CimType, more: Partial<ValueDeclaration> = {}): ValueDeclaration => ({ name: 'Value', type, ...more });
const mismatch = (declaration: ValueDeclaration, value: CimValue, message = /^Value: /): void =>
  void assert.throws(() => typedValue(declaration, value), (error: unknown) => error instanceof CimError && error.status === 'typeMismatch' && message.test(error.message), `${declaration.type} ${String(value)}`);

test('Text becomes a value of the declared type', () => {
  const cases: [CimType, string, CimValue][] = [
    ['boolean', 'TRUE', true],
    ['boolean', ' False ', false],
    ['boolean', '1', true],
    ['boolean', '0', false],
    ['uint8', '255', 255],
    ['sint8', '-128', -128],
    ['uint16', '+7', 7],
    ['uint16', ' 0x1F ', 31],
    ['uint64', '18446744073709551615', 18_446_744_073_709_551_615n],
    ['sint64', '-9223372036854775808', -9_223_372_036_854_775_808n],
    ['real32', '-1.5e3', -1500],
    ['string', ' kept ', ' kept '],
    ['datetime', 'PT60S', secondsInterval(60)],
    ['char16', 'A', 65],
    ['char16', '65', 65],
    ['reference', 'A.b="c"', instancePath(null, 'A', { b: 'c' })],
  ];
  for (const [type, text, expected] of cases) assert.deepEqual(typedValue(declared(type), text), expected, `${type} ${text}`);
});

test('A value that does not fit is named with its property', () => {
  const cases: [CimType, CimValue][] = [
    ['boolean', 'yes'],
    ['boolean', 'constructor'],
    ['boolean', 1],
    ['uint8', '256'],
    ['uint8', '-1'],
    ['uint16', ''],
    ['uint16', '1.5'],
    ['uint16', 1.5],
    ['uint16', true],
    ['uint64', '18446744073709551616'],
    ['real64', 'NaN'],
    ['datetime', 'soon'],
    ['datetime', 5],
    ['string', 5],
    ['string', secondsInterval(1)],
    ['reference', '="c"'],
    ['instance', 'text'],
  ];
  for (const [type, value] of cases) mismatch(declared(type), value);
  mismatch(declared('uint16'), '70000', /^Value: "70000" is no uint16\.$/);
  mismatch(declared('uint16'), 'x'.repeat(10_000), /^Value: "x{119}… is no uint16\.$/);
});

test('One value is an array of one, and an array of one is a value', () => {
  assert.deepEqual(typedValue(declared('uint16', { array: true }), '1'), [1]);
  assert.deepEqual(typedValue(declared('uint16', { array: true }), ['1', '2']), [1, 2]);
  assert.deepEqual(typedValue(declared('uint16', { array: true }), []), []);
  assert.equal(typedValue(declared('uint16'), ['1']), 1);
  mismatch(declared('uint16'), ['1', '2'], /2 values where one uint16/);
  mismatch(declared('uint16'), [], /0 values/);
  assert.equal(typedValue(declared('uint16', { array: true }), null), null);
});

test('A reference where a string is declared is its path as text', () => {
  assert.equal(typedValue(declared('string'), instancePath(null, 'A', { b: 'c' })), 'A.b="c"');
  mismatch(declared('string', { embeddedInstance: 'A' }), instancePath(null, 'A', { b: 'c' }));
});

test('Only a string that is declared to hold an instance may be one', () => {
  const instance = { kind: 'instance', className: 'A', properties: new Map<string, CimValue>() } as const;
  assert.equal(typedValue(declared('string', { embeddedInstance: 'A' }), instance), instance);
  assert.equal(typedValue(declared('instance'), instance), instance);
  mismatch(declared('string'), instance);
});

test('Every integer in range is itself, as text and as a number, and none out of range', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -0x1_0000_0000n, max: 0x1_ffff_ffffn }), (value) => {
      const isUint32 = value >= 0n && value <= 0xffff_ffffn;
      if (isUint32) assert.equal(typedValue(declared('uint32'), String(value)), Number(value));
      if (isUint32) assert.equal(typedValue(declared('uint32'), value), Number(value));
      if (!isUint32) mismatch(declared('uint32'), String(value));
      assert.equal(typedValue(declared('sint64'), Number(value)), value);
    }),
  );
});
