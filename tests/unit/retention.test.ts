/** Which recovery points are kept, against a naive model, over long histories with clocks that jump. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { beyondHistory, toRetire, type Candidate } from '../../src/points/retention.ts';

const INTERVAL_SECONDS = 3_600;
const INTERVAL_MS = INTERVAL_SECONDS * 1_000;
const YEAR_MS = 365 * 24 * INTERVAL_MS;
const START_MS = Date.UTC(2026, 0, 1);

/** Points as they arrive, one by one; each arrival retires what it may. */
class Catalog {
  points: Candidate[] = [];
  readonly arrived: Candidate[] = [];
  readonly history: number;

  constructor(history: number) {
    this.history = history;
  }

  /** The id that was retired, or null. */
  arrive(instantMs: number, pinned = false): string | null {
    const point = { id: String(this.arrived.length), instantMs, pinned };
    this.arrived.push(point);
    this.points.push(point);
    const retired = toRetire(this.points, { history: this.history, intervalSeconds: INTERVAL_SECONDS });
    this.points = this.points.filter(({ id }) => id !== retired);
    return retired;
  }

  get ids(): string[] {
    return this.points.map(({ id }) => id);
  }
}

const slotOf = ({ instantMs }: Candidate): number => Math.floor(instantMs / INTERVAL_MS);

/** The naive model: of all that ever arrived, the first of each run of one slot; the last `history` of them, and the newest. */
function expectedIds(arrived: readonly Candidate[], history: number): string[] {
  const older = arrived.filter(({ pinned }) => !pinned).slice(0, -1);
  const firsts = older.filter((point, at) => at === 0 || slotOf(older[at - 1]!) !== slotOf(point));
  const newest = arrived.filter(({ pinned }) => !pinned).slice(-1);
  const pinned = arrived.filter((point) => point.pinned);
  return [...(history === 0 ? [] : firsts.slice(-history)), ...newest, ...pinned].map(({ id }) => Number(id)).sort((left, right) => left - right).map(String);
}

/** Time between two arrivals: mostly a cycle, sometimes an outage, now and then a clock that is set. */
const gap = fc.oneof(
  { weight: 20, arbitrary: fc.integer({ min: 30_000, max: 900_000 }) },
  { weight: 3, arbitrary: fc.integer({ min: INTERVAL_MS, max: 10 * INTERVAL_MS }) },
  { weight: 1, arbitrary: fc.integer({ min: -YEAR_MS, max: YEAR_MS }) },
);
const arrival = fc.record({ gapMs: gap, pinned: fc.integer({ min: 0, max: 19 }).map((die) => die === 0) });
const histories = fc.record({ history: fc.integer({ min: 0, max: 24 }), arrivals: fc.array(arrival, { minLength: 1, maxLength: 400 }) });

function replayed({ history, arrivals }: { history: number; arrivals: readonly { gapMs: number; pinned: boolean }[] }, onArrival: (catalog: Catalog, retired: string | null) => void): Catalog {
  const catalog = new Catalog(history);
  let nowMs = START_MS;
  for (const { gapMs, pinned } of arrivals) {
    nowMs += gapMs;
    onArrival(catalog, catalog.arrive(nowMs, pinned));
  }
  return catalog;
}

describe('retention', () => {
  test('keeps what the naive model keeps, whatever the clock did', () => {
    fc.assert(fc.property(histories, (story) => {
      const catalog = replayed(story, () => undefined);
      assert.deepEqual(catalog.ids, expectedIds(catalog.arrived, story.history));
    }), { numRuns: 300 });
  });

  test('keeps no more than the history and the newest, beside pinned points', () => {
    fc.assert(fc.property(histories, (story) => {
      replayed(story, ({ points, history }) => assert.ok(points.filter(({ pinned }) => !pinned).length <= history + 1));
    }));
  });

  test('retires neither the newest point nor a pinned one', () => {
    fc.assert(fc.property(histories, (story) => {
      replayed(story, ({ arrived }, retired) => {
        if (retired === null) return;
        assert.notEqual(retired, arrived.filter(({ pinned }) => !pinned).at(-1)!.id);
        assert.equal(arrived[Number(retired)]!.pinned, false);
      });
    }));
  });

  test('a clock that jumps once, by any amount, costs at most two points that would have been kept otherwise: the interval that it cuts, and one at the end', () => {
    const jumpMs = fc.oneof(fc.integer({ min: -10 * YEAR_MS, max: 10 * YEAR_MS }), fc.constantFrom(-INTERVAL_MS, INTERVAL_MS, -1, 1));
    const steady = fc.integer({ min: 30_000, max: 900_000 });
    fc.assert(fc.property(fc.integer({ min: 1, max: 24 }), steady, fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 20 }), jumpMs, (history, cycleMs, before, after, jump) => {
      const [jumped, even] = [new Catalog(history), new Catalog(history)];
      for (let at = 0; at < before; at++) for (const catalog of [jumped, even]) catalog.arrive(START_MS + at * cycleMs);
      const present = new Set(jumped.ids);
      for (let at = before; at < before + after; at++) {
        even.arrive(START_MS + at * cycleMs);
        jumped.arrive(START_MS + jump + at * cycleMs);
      }
      const lost = even.ids.filter((id) => present.has(id) && !jumped.ids.includes(id));
      assert.ok(lost.length <= 2, `lost ${lost.join(', ')}`);
    }));
  });

  test('a day of hourly points survives a clock that is set a year ahead, and one that is set a year back', () => {
    for (const jumpMs of [YEAR_MS, -YEAR_MS]) {
      const catalog = new Catalog(24);
      for (let minute = 0; minute < 25 * 60; minute += 5) catalog.arrive(START_MS + minute * 60_000);
      const before = catalog.ids;
      assert.equal(before.length, 25);
      for (let minute = 25 * 60; minute < 25 * 60 + 55; minute += 5) catalog.arrive(START_MS + jumpMs + minute * 60_000);
      assert.ok(before.filter((id) => catalog.ids.includes(id)).length >= 23, `${jumpMs}: ${catalog.ids.join(' ')}`);
    }
  });

  test('nothing is retired because time passed: an outage of a week leaves the points as they are', () => {
    const catalog = new Catalog(24);
    for (let hour = 0; hour < 24; hour++) catalog.arrive(START_MS + hour * INTERVAL_MS);
    assert.equal(catalog.arrive(START_MS + 8 * 24 * INTERVAL_MS), null);
    assert.equal(catalog.points.length, 25);
  });

  test('with a history of 0 only the newest is left after each arrival', () => {
    const catalog = new Catalog(0);
    for (let at = 0; at < 10; at++) {
      catalog.arrive(START_MS + at * INTERVAL_MS);
      assert.deepEqual(catalog.ids, [String(at)]);
    }
  });

  test('a history that was made shorter is reached as points arrive', () => {
    const catalog = new Catalog(24);
    for (let hour = 0; hour < 30; hour++) catalog.arrive(START_MS + hour * INTERVAL_MS);
    let { points } = catalog;
    for (let hour = 30; hour < 130; hour++) {
      points = [...points, { id: String(hour), instantMs: START_MS + hour * INTERVAL_MS, pinned: false }];
      const retired = toRetire(points, { history: 3, intervalSeconds: INTERVAL_SECONDS });
      points = points.filter(({ id }) => id !== retired);
      const beyond = beyondHistory(points, { history: 3 });
      points = points.filter(({ id }) => id !== beyond);
    }
    assert.equal(points.length, 4);
  });
});
