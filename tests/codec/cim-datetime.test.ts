import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { datetimeText, interval, readDatetime, secondsInterval, timestamp, xsDatetimeText } from '../../src/cim/datetime.ts';

const MOMENT = timestamp(Date.UTC(2024, 0, 2, 3, 4, 5, 678), 901);
const HALF_PAST_SIX = secondsInterval(18.5 * 3_600);

test('Both spellings of a moment and of an interval are written in UTC and without wildcards', () => {
  assert.equal(datetimeText(MOMENT), '20240102030405.678901+000');
  assert.equal(xsDatetimeText(MOMENT), '2024-01-02T03:04:05.678901Z');
  assert.equal(datetimeText(HALF_PAST_SIX), '00000000183000.000000:000');
  assert.equal(xsDatetimeText(HALF_PAST_SIX), 'P0DT18H30M0S');
  assert.equal(xsDatetimeText(interval(86_400_000_001n)), 'P1DT0H0M0.000001S');
});

test('Any offset is read', () => {
  for (const text of ['20240102030405.678901+000', '20240102040405.678901+060', '20240101195905.678901-425', '2024-01-02T03:04:05.678901Z', ' 2024-01-02T08:34:05.6789019+05:30\n', '2024-01-02T03:04:05.678901']) {
    assert.deepEqual(readDatetime(text), MOMENT, text);
  }
});

test('Wildcards stand for fractions of a second only', () => {
  assert.deepEqual(readDatetime('20240102030405.******+000'), timestamp(Date.UTC(2024, 0, 2, 3, 4, 5)));
  assert.deepEqual(readDatetime('20240102030405.678***+000'), timestamp(Date.UTC(2024, 0, 2, 3, 4, 5, 678)));
  assert.deepEqual(readDatetime('00000000183000.******:000'), HALF_PAST_SIX);
  for (const text of ['20240102******.******+000', '20240102030405.000000+***', '**************.******:000']) assert.equal(readDatetime(text), undefined, text);
});

test('A duration is read as XML Schema writes it, except years and months', () => {
  const seconds: Record<string, number> = { PT60S: 60, 'PT60.000S': 60, PT1M30S: 90, P1D: 86_400, P0Y0M1DT1H: 90_000, 'PT0.5S': 0.5 };
  for (const [text, expected] of Object.entries(seconds)) assert.deepEqual(readDatetime(text), secondsInterval(expected), text);
  for (const text of ['P1Y', 'P1M', 'P', 'PT', 'P1DT', '-P1D', 'P100000000D', 'PT1S1M']) assert.equal(readDatetime(text), undefined, text);
});

test('A day or time that does not exist is refused', () => {
  for (const text of ['20230229000000.000000+000', '20241301000000.000000+000', '20240100000000.000000+000', '20240101240000.000000+000', '2024-02-30T00:00:00Z', '2024-01-01T00:60:00Z', '00000000246000.000000:000', '99991231235959.999999-001', '00000101000000.000000+001', '', 'now']) {
    assert.equal(readDatetime(text), undefined, text);
  }
});

test('Every moment and interval is read back from either spelling', () => {
  const moment = fc.record({ ms: fc.integer({ min: -62_167_219_200_000, max: Date.UTC(9999, 11, 31) }), micros: fc.integer({ min: 0, max: 999 }) }).map(({ ms, micros }) => timestamp(ms, micros));
  const value = fc.oneof(moment, fc.bigInt({ min: 0n, max: 8_639_999_999_999_999_999n }).map(interval));
  fc.assert(
    fc.property(value, (value) => {
      assert.deepEqual(readDatetime(datetimeText(value)), value);
      assert.deepEqual(readDatetime(xsDatetimeText(value)), value);
      assert.equal(datetimeText(value).length, 25);
    }),
  );
});

test('Whatever the text is, reading it does not throw', () => {
  const piece = fc.constantFrom('P', 'T', '1', '00', '2024', '-', ':', '.', '+', '000', 'Z', 'D', 'H', 'M', 'S', '*', ' ');
  fc.assert(fc.property(fc.array(piece, { maxLength: 14 }), (pieces) => void readDatetime(pieces.join(''))), { numRuns: 2_000 });
});
