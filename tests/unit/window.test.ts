import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { intervalEndMs, intervalStartMs, isWithin, type MinutesEast } from '../../src/cycle/window.ts';

/** The wall's clock in Berlin, by the runtime's own tables. */
const BERLIN = new Intl.DateTimeFormat('en-GB', { timeZone: 'Europe/Berlin', timeZoneName: 'longOffset' });
const berlin: MinutesEast = (atMs) => {
  const [, hours, minutes] = /GMT([+-]\d\d):(\d\d)/.exec(BERLIN.formatToParts(atMs).find(({ type }) => type === 'timeZoneName')!.value) ?? ['', '0', '0'];
  return 60 * Number(hours) + Number(minutes);
};
const HOUR_SECONDS = 3_600;
const at = (text: string): number => Date.parse(text);
const startOf = (text: string, startHour: number, hours: number): string => new Date(intervalStartMs(startHour * HOUR_SECONDS, hours * HOUR_SECONDS, at(text), berlin)).toISOString();

describe('a daily window', () => {
  const night = { fromSeconds: 18.5 * HOUR_SECONDS, untilSeconds: 6 * HOUR_SECONDS };

  test('reaches across midnight', () => {
    assert.deepEqual(['2026-01-10T17:29:59Z', '2026-01-10T17:30:00Z', '2026-01-10T23:30:00Z', '2026-01-11T04:59:59Z', '2026-01-11T05:00:00Z'].map((text) => isWithin(night, at(text), berlin)), [false, true, true, true, false]);
  });

  test('ends at six by the clock on the wall also on the days that the clocks are changed', () => {
    assert.deepEqual(['2026-03-29T03:59:59Z', '2026-03-29T04:00:00Z'].map((text) => isWithin(night, at(text), berlin)), [true, false], 'put forward');
    assert.deepEqual(['2026-10-25T04:59:59Z', '2026-10-25T05:00:00Z'].map((text) => isWithin(night, at(text), berlin)), [true, false], 'put back');
  });

  test('within one day is open from its beginning to before its end', () => {
    const noon = { fromSeconds: 12 * HOUR_SECONDS, untilSeconds: 13 * HOUR_SECONDS };
    assert.deepEqual(['2026-07-01T09:59:59Z', '2026-07-01T10:00:00Z', '2026-07-01T11:00:00Z'].map((text) => isWithin(noon, at(text), berlin)), [false, true, false]);
  });
});

describe('intervals', () => {
  test('follow each other from the time of day that is set', () => {
    assert.equal(startOf('2026-01-10T13:00:00Z', 6, 12), '2026-01-10T05:00:00.000Z');
    assert.equal(startOf('2026-01-10T17:30:00Z', 6, 12), '2026-01-10T17:00:00.000Z');
    assert.equal(startOf('2026-01-11T04:59:59Z', 6, 12), '2026-01-10T17:00:00.000Z');
  });

  test('that begin at six and last twelve hours: what is enabled at two in the afternoon is counted until six in the evening, then until six in the morning', () => {
    const ends = (text: string) => new Date(intervalEndMs(6 * HOUR_SECONDS, 12 * HOUR_SECONDS, at(text), berlin)).toISOString();
    assert.equal(ends('2026-01-10T13:00:00Z'), '2026-01-10T17:00:00.000Z');
    assert.equal(startOf('2026-01-10T17:00:00Z', 6, 12), '2026-01-10T17:00:00.000Z');
    assert.equal(ends('2026-01-10T17:00:00Z'), '2026-01-11T05:00:00.000Z');
    assert.equal(ends('2026-03-29T00:30:00Z'), '2026-03-29T04:00:00.000Z', 'an hour less when the clocks are put forward');
  });

  test('begin at the same time of day after the clocks were changed, so that one lasts an hour more or less', () => {
    assert.equal(startOf('2026-03-29T10:00:00Z', 9, 24), '2026-03-29T07:00:00.000Z');
    assert.equal(startOf('2026-03-29T06:59:59Z', 9, 24), '2026-03-28T08:00:00.000Z');
    assert.equal(startOf('2026-10-25T07:59:59Z', 9, 24), '2026-10-24T07:00:00.000Z');
    assert.equal(startOf('2026-10-25T08:00:00Z', 9, 24), '2026-10-25T08:00:00.000Z');
  });

  test('have begun by now, and the next begins later, at whatever moment', () => {
    const moments = fc.integer({ min: at('2026-01-01T00:00:00Z'), max: at('2027-12-31T00:00:00Z') });
    fc.assert(fc.property(moments, fc.integer({ min: 0, max: 86_399 }), fc.integer({ min: 1, max: 168 }), (atMs, startSeconds, hours) => {
      const began = intervalStartMs(startSeconds, hours * HOUR_SECONDS, atMs, berlin);
      assert.ok(began <= atMs && atMs - began <= (hours + 1) * HOUR_SECONDS * 1_000, `${atMs - began}`);
      assert.equal(intervalStartMs(startSeconds, hours * HOUR_SECONDS, began, berlin), began);
    }));
  });
});
