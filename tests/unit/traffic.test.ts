/** Limits of what leaves a host: by time of day, in turns, and so many bytes in a second. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { bytesPerSecond, checkBandwidth } from '../../src/cycle/bandwidth.ts';
import type { Clock } from '../../src/engine/ports/clock.ts';
import { Bucket } from '../../src/engine/traffic/bucket.ts';
import { checkTraffic } from '../../src/engine/traffic/limits.ts';
import { Turns } from '../../src/engine/traffic/turns.ts';
import { bandwidthRule } from '../../src/cli/traffic.ts';

const utc = () => 0;
const at = (time: string): number => Date.parse(`2026-03-10T${time}:00Z`);
const signal = new AbortController().signal;
const MBIT = 125_000;

describe('a bandwidth by time of day', () => {
  const rules = [{ from: '08:00', until: '18:00', mbitPerSecond: 20 }, { from: '22:00', until: '06:00', mbitPerSecond: 500 }, { from: '12:00', until: '13:00', mbitPerSecond: 5 }];
  const limit = (time: string) => {
    const bytes = bytesPerSecond(rules, at(time), utc);
    return bytes === null ? null : bytes / MBIT;
  };

  test('is that of the window which is open, across midnight too, the lowest where windows overlap, and none where none is', () => {
    assert.deepEqual(['07:59', '08:00', '12:30', '13:00', '17:59', '18:00', '22:00', '00:00', '05:59', '06:00'].map(limit), [null, 20, 5, 20, 20, null, 500, 500, 500, null]);
  });

  test('without times holds all day, by the clock on the wall of the host', () => {
    assert.equal(bytesPerSecond([{ mbitPerSecond: 8 }], at('03:00'), utc), 8 * MBIT);
    assert.equal(bytesPerSecond(rules, at('06:30'), () => 120), 20 * MBIT);
  });

  test('is refused when it is no list of rules, and the message says what is allowed', () => {
    const good = { from: '08:00', until: '18:00', mbitPerSecond: 20 };
    checkBandwidth([good, { mbitPerSecond: 0.1 }]);
    for (const bad of [good, [null], [{ ...good, mbitPerSecond: 0 }], [{ ...good, mbitPerSecond: '20' }], [{ ...good, mbitPerSecond: NaN }], [{ from: '08:00', mbitPerSecond: 1 }], [{ ...good, until: '24:00' }], [{ ...good, from: '8:00' }], [{ ...good, days: 'all' }], Array.from({ length: 25 }, () => good)]) {
      assert.throws(() => checkBandwidth(bad), /bandwidth limit cannot be .*allowed is/, JSON.stringify(bad));
    }
  });

  test('is given on the command line as a window and Mbit/s, more than once', () => {
    assert.deepEqual(bandwidthRule('100', bandwidthRule('08:00-18:00=20.5')), [{ from: '08:00', until: '18:00', mbitPerSecond: 20.5 }, { mbitPerSecond: 100 }]);
    for (const text of ['', '8-18=20', '08:00-18:00', 'fast', '-5']) assert.throws(() => bandwidthRule(text), /It must be like/, text);
  });
});

test('as many transfers at once as are allowed, from 1 to 1,024', () => {
  checkTraffic({ transfers: 1, resynchronizations: 1_024, bandwidth: [] });
  for (const bad of [0, 1_025, 1.5, '3', null]) assert.throws(() => checkTraffic({ transfers: bad }), /from 1 to 1024/, String(bad));
});

describe('turns', () => {
  const settle = () => new Promise((resolve) => setImmediate(resolve));

  test('are as many as the limit says, and the earliest due goes next', async () => {
    const turns = new Turns(() => 2);
    const order: string[] = [];
    const take = async (name: string, dueMs: number) => {
      const giveBack = await turns.take(name, dueMs, signal);
      order.push(name);
      return giveBack;
    };
    const first = await take('first copy', 900);
    const second = await take('second copy', 900);
    const waiting = [take('late', 900), take('five minutes', 300), take('thirty seconds', 30), take('thirty seconds later', 30)];
    await settle();
    assert.deepEqual([turns.holders, turns.hasWaiting], [['first copy', 'second copy'], true]);
    first();
    first();
    await settle();
    assert.deepEqual(turns.holders, ['second copy', 'thirty seconds'], 'given back twice is given back once');
    second();
    for (const each of [2, 3, 1, 0]) (await waiting[each]!)();
    assert.deepEqual(order, ['first copy', 'second copy', 'thirty seconds', 'thirty seconds later', 'five minutes', 'late']);
    assert.deepEqual(turns.holders, []);
  });

  test('who gives up waiting leaves the line, and a raised limit lets more begin', async () => {
    let limit = 1;
    const turns = new Turns(() => limit);
    await turns.take('one', 0, signal);
    const leaving = new AbortController();
    const gone = turns.take('two', 0, leaving.signal);
    const third = turns.take('three', 0, signal);
    leaving.abort(new Error('enough'));
    await assert.rejects(gone, /enough/);
    limit = 2;
    turns.admit();
    await third;
    assert.deepEqual(turns.holders, ['one', 'three']);
  });
});

describe('a bucket', () => {
  /** Time passes only by sleeping. */
  class TestClock implements Pick<Clock, 'monotonicMs' | 'sleep'> {
    ms = 0;
    monotonicMs = () => this.ms;
    sleep = (ms: number) => {
      this.ms += ms;
      return Promise.resolve();
    };
  }

  test('lets pass what its rate allows over any while, and follows a rate that changes while somebody waits', async () => {
    const clock = new TestClock();
    let rate: number | null = 1_000;
    const bucket = new Bucket(clock as unknown as Clock, () => rate);
    for (let i = 0; i < 20; i++) await bucket.take(500, signal);
    assert.ok(clock.ms >= 9_000 && clock.ms <= 10_500, `${clock.ms} ms for 10,000 bytes`);
    await bucket.take(100_000, signal);
    const before = clock.ms;
    const waiting = bucket.take(1, signal);
    rate = 100_000;
    await waiting;
    assert.ok(clock.ms - before <= 1_500, `${clock.ms - before} ms`);
    rate = null;
    const free = clock.ms;
    for (let i = 0; i < 100; i++) await bucket.take(1_000_000, signal);
    assert.equal(clock.ms, free);
  });

  test('who gives up waiting takes nothing', async () => {
    const clock = new TestClock();
    const bucket = new Bucket(clock as unknown as Clock, () => 1_000);
    await bucket.take(1_000, signal);
    const leaving = new AbortController();
    leaving.abort(new Error('enough'));
    await assert.rejects(bucket.take(1_000_000, leaving.signal), /enough/);
    const before = clock.ms;
    await bucket.take(1, signal);
    assert.ok(clock.ms - before <= 1_000);
  });
});
