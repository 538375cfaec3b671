import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { dailyWindow, moment, timeOfDay } from '../../src/cli/moments.ts';

const NOW = new Date(2026, 10, 26, 12, 0, 30).getTime();
const local = (...parts: [number, number, number, number, number, number?]): number => new Date(...parts).getTime();

describe('a moment on the command line', () => {
  test('by the clock is the next time that it shows it', () => {
    assert.equal(moment('22:30', NOW), local(2026, 10, 26, 22, 30));
    assert.equal(moment('6:05', NOW), local(2026, 10, 27, 6, 5));
    assert.equal(moment('12:00', NOW), local(2026, 10, 27, 12, 0));
  });

  test('by the date is in the host\'s own time unless it says otherwise', () => {
    assert.equal(moment('2026-11-27 22:30', NOW), local(2026, 10, 27, 22, 30));
    assert.equal(moment('2026-11-27T22:30:15', NOW), local(2026, 10, 27, 22, 30, 15));
    assert.equal(moment('2026-11-27T22:30Z', NOW), Date.UTC(2026, 10, 27, 22, 30));
  });

  test('can be a while from now', () => {
    assert.deepEqual(['+30s', '+90m', '+2h', '+7d'].map((text) => moment(text, NOW) - NOW), [30_000, 5_400_000, 7_200_000, 604_800_000]);
  });

  test('is nothing else', () => {
    for (const text of ['', 'tomorrow', '24:00', '12:60', '90m', '+m', '2026-13-40 10:00', '1700000000000']) assert.throws(() => moment(text, NOW), /time like 22:30/, text);
  });
});

test('a window of the day is two times of day, and may reach across midnight', () => {
  assert.deepEqual(dailyWindow('18:30-06:00'), { fromSeconds: 66_600, untilSeconds: 21_600 });
  assert.deepEqual([timeOfDay('0:00'), timeOfDay('23:59')], [0, 86_340]);
  for (const text of ['', '18:30', '18:30-', '18:30-24:00', '18-6', '18:30-06:00-07:00']) assert.throws(() => dailyWindow(text), /It must be/, text);
});
