/** A relationship's history against a model that knows nothing but moments: it looks at every second by itself. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { byHours, clipped, firstLagMs, hourOf, objectiveMs, type Coverage, type Piece } from '../../src/history/piece.ts';
import { bucketed, rasterOf, totalOf } from '../../src/history/series.ts';
import { added, CLASS_RATIO, lagWithin, meanLagMs, NOTHING, slotOf, sumOf, type Slot } from '../../src/history/slot.ts';
import { slotOfStored, storedPiece, storedPieces, storedSlot } from '../../src/history/stored.ts';
import { openInMemory } from '../../src/state/database.ts';
import { SqliteHistory } from '../../src/state/history.ts';
import { DAY_MS, HOUR_MS } from '../../src/language/lengths.ts';

/** A day and an hour that begin nowhere in particular. */
const START_MS = Date.UTC(2026, 2, 3, 21, 17, 5);
const INTERVAL_MS = 30_000;
const STEP_MS = 1_000;

interface Wait {
  /** Steps until it ends. */
  readonly steps: number;
  readonly coverage: Coverage;
  /** It ends with a recovery point whose instant is so many steps before; null for none. */
  readonly arrives: number | null;
  readonly bytes: number;
}

const wait = (longest: number): fc.Arbitrary<Wait> =>
  fc.record({
    steps: fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 1, max: 120 }) }, { weight: 1, arbitrary: fc.integer({ min: 1, max: longest }) }),
    coverage: fc.constantFrom<Coverage>('due', 'due', 'due', 'behind', 'bare'),
    arrives: fc.option(fc.integer({ min: 0, max: 20 }), { nil: null, freq: 6 }),
    bytes: fc.nat(1_000_000),
  });
const waits = (longest: number) => fc.array(wait(longest), { minLength: 1, maxLength: 60 });

/** The pieces of these waits one after the other; the newest instant is the start's until one arrives. */
function piecesOf(all: readonly Wait[]): Piece[] {
  let [atMs, instantMs] = [START_MS, START_MS];
  return all.map(({ steps, coverage, arrives, bytes }) => {
    const [fromMs, untilMs] = [atMs, atMs + steps * STEP_MS];
    const lagMs = coverage === 'bare' ? null : untilMs - instantMs;
    const missed = coverage === 'due' ? Math.max(0, Math.floor((untilMs - fromMs) / INTERVAL_MS) - 1) : 0;
    const arrivedMs = arrives === null ? null : Math.max(instantMs, untilMs - arrives * STEP_MS);
    if (arrivedMs !== null) instantMs = arrivedMs;
    atMs = untilMs;
    return { fromMs, untilMs, coverage, lagMs, intervalMs: INTERVAL_MS, missed, cycle: arrivedMs === null ? null : { kind: 'standard', instantMs: arrivedMs, tookMs: untilMs - arrivedMs, bytesChanged: bytes, bytesShipped: Math.floor(bytes / 3) } };
  });
}

interface Naive {
  readonly lags: number[];
  readonly bare: number;
  readonly within: number;
  readonly worst: number | null;
  readonly cycles: number;
  readonly missed: number;
  readonly bytes: number;
}

/** Step by step over the period. */
function naive(pieces: readonly Piece[], fromMs: number, untilMs: number): Naive {
  const lags: number[] = [];
  let [bare, within] = [0, 0];
  for (let atMs = fromMs; atMs < untilMs; atMs += STEP_MS) {
    const piece = pieces.find((each) => each.fromMs <= atMs && atMs < each.untilMs);
    if (!piece) continue;
    if (piece.lagMs === null) bare += STEP_MS;
    else {
      const lagMs = piece.lagMs - (piece.untilMs - atMs) + STEP_MS / 2;
      lags.push(lagMs);
      if (lagMs < objectiveMs(INTERVAL_MS)) within += STEP_MS;
    }
  }
  const ended = pieces.filter((piece) => piece.untilMs > fromMs && piece.untilMs <= untilMs);
  const sum = (of: (piece: Piece) => number) => ended.reduce((total, piece) => total + of(piece), 0);
  return { lags, bare, within, worst: lags.length === 0 ? null : Math.max(...lags) + STEP_MS / 2, cycles: ended.filter(({ cycle }) => cycle).length, missed: sum(({ missed }) => missed), bytes: sum(({ cycle }) => cycle?.bytesChanged ?? 0) };
}

function agrees(slot: Slot, model: Naive): void {
  assert.equal(slot.coveredMs, model.lags.length * STEP_MS);
  assert.equal(slot.bareMs, model.bare);
  assert.equal(slot.withinMs, model.within);
  assert.equal(slot.maxLagMs, model.worst);
  assert.deepEqual([slot.cycles, slot.missed, slot.bytesChanged], [model.cycles, model.missed, model.bytes]);
  const mean = meanLagMs(slot);
  if (mean !== null) assert.ok(Math.abs(mean - model.lags.reduce((sum, lag) => sum + lag, 0) / model.lags.length) < 1, `mean ${mean}`);
}

/** Right to a class, and to the step that the model looks at. */
function ranksAgree(slot: Slot, { lags }: Naive): void {
  const sorted = lags.toSorted((left, right) => left - right);
  for (const share of [0.5, 0.95, 0.99, 1]) {
    const told = lagWithin(slot, share);
    if (sorted.length === 0) return assert.equal(told, null);
    const exact = sorted[Math.ceil(share * sorted.length) - 1]!;
    assert.ok(told! >= exact / CLASS_RATIO - 2 * STEP_MS && told! <= exact * CLASS_RATIO + 2 * STEP_MS, `${share}: told ${told}, is ${exact}`);
  }
}

const historyOf = (pieces: readonly Piece[]): SqliteHistory => {
  const history = new SqliteHistory(openInMemory());
  for (const piece of pieces) history.append('r', piece);
  return history;
};

describe('a piece of time', () => {
  test('cut anywhere is the same piece: its parts add up to the whole', () => {
    fc.assert(fc.property(waits(20_000), fc.integer({ min: 1, max: 4_000 }), (all, steps) => {
      for (const piece of piecesOf(all)) {
        const cutMs = piece.fromMs + steps * STEP_MS;
        const parts = [clipped(piece, piece.fromMs, cutMs), clipped(piece, cutMs, piece.untilMs)].flatMap((part) => part ?? []);
        const [whole, together] = [slotOf(piece), sumOf(parts.map(slotOf))];
        for (const key of Object.keys(whole) as (keyof Slot)[]) if (key !== 'lags' && key !== 'lagArea') assert.equal(together[key], whole[key], key);
        assert.ok(Math.abs(together.lagArea - whole.lagArea) <= 1e-6 * whole.lagArea + 1);
      }
    }));
  });

  test('is cut at hours: each part lies in one, and they follow each other', () => {
    fc.assert(fc.property(waits(30_000), (all) => {
      for (const piece of piecesOf(all)) {
        const parts = byHours(piece, 0);
        assert.deepEqual([parts[0]!.fromMs, parts.at(-1)!.untilMs], [piece.fromMs, piece.untilMs]);
        for (const [index, part] of parts.entries()) {
          assert.ok(part.fromMs >= hourOf(part.untilMs));
          if (index > 0) assert.deepEqual([part.fromMs, part.lagMs === null ? 0 : firstLagMs(part)], [parts[index - 1]!.untilMs, parts[index - 1]!.lagMs ?? 0]);
        }
      }
    }));
  });

  test('reads back as it was written', () => {
    fc.assert(fc.property(waits(30_000), (all) => {
      const pieces = piecesOf(all);
      assert.deepEqual(storedPieces(pieces.map((piece) => storedPiece(piece, START_MS)).join(''), START_MS), pieces);
      const total = sumOf(pieces.map(slotOf));
      const read = slotOfStored(storedSlot(total));
      assert.deepEqual({ ...read, lags: null, lagArea: 0 }, { ...total, lags: null, lagArea: 0 });
      for (const [index, ms] of Object.entries(total.lags)) assert.ok(Math.abs((read.lags[Number(index)] ?? 0) - ms) <= 0.5);
    }));
  });
});

describe('the history of a relationship', () => {
  test('over any period within the days that are kept finely says what looking at each second says', () => {
    fc.assert(fc.property(waits(9_000), fc.nat(), fc.nat(), (all, first, second) => {
      const pieces = piecesOf(all);
      const steps = (pieces.at(-1)!.untilMs - START_MS) / STEP_MS;
      const [fromMs, untilMs] = [first % steps, second % (steps + 1)].sort((left, right) => left - right).map((step) => START_MS + step * STEP_MS) as [number, number];
      const total = totalOf(historyOf(pieces).past('r', fromMs, untilMs, DAY_MS));
      const model = naive(pieces, fromMs, untilMs);
      agrees(total, model);
      ranksAgree(total, model);
    }), { numRuns: 40 });
  });

  test('in buckets says of each what looking at each second says', () => {
    fc.assert(fc.property(waits(5_000), fc.integer({ min: 1, max: 50 }), (all, buckets) => {
      const pieces = piecesOf(all);
      const endMs = pieces.at(-1)!.untilMs;
      const wanted = rasterOf({ fromMs: START_MS, untilMs: endMs, buckets }, endMs, INTERVAL_MS);
      // The model takes whole steps.
      const raster = { ...wanted, bucketMs: Math.ceil(wanted.bucketMs / STEP_MS) * STEP_MS };
      const count = Math.ceil((endMs - raster.fromMs) / raster.bucketMs);
      assert.ok(count <= buckets);
      const slots = bucketed({ ...raster, untilMs: raster.fromMs + count * raster.bucketMs }, historyOf(pieces).past('r', raster.fromMs, endMs, 1));
      for (const [index, slot] of slots.entries()) agrees(slot, naive(pieces, raster.fromMs + index * raster.bucketMs, raster.fromMs + (index + 1) * raster.bucketMs));
    }), { numRuns: 30 });
  });

  test('folded by hours and days loses nothing but the moments: sums, the worst and when it was stay for thirteen months', () => {
    const pieces = piecesOf(Array.from({ length: 900 }, (_, index): Wait => ({ steps: index % 97 === 0 ? 40_000 : 600 + (index % 7) * 100, coverage: index % 53 === 0 ? 'bare' : 'due', arrives: 10, bytes: index })));
    const lasts = pieces.at(-1)!.untilMs - START_MS;
    const late: Piece = { fromMs: START_MS + lasts, untilMs: START_MS + lasts + 100 * DAY_MS, coverage: 'bare', lagMs: null, intervalMs: INTERVAL_MS, missed: 0, cycle: null };
    const history = historyOf([...pieces, late]);
    const endMs = Math.ceil((START_MS + lasts) / DAY_MS) * DAY_MS;
    const [total, whole] = [totalOf(history.past('r', START_MS - HOUR_MS * 22, endMs, DAY_MS)), sumOf(pieces.map(slotOf))];
    for (const key of ['coveredMs', 'withinMs', 'maxLagMs', 'maxLagAtMs', 'outages', 'cycles', 'missed', 'bytesChanged', 'bytesShipped', 'tookMs', 'maxTookMs'] as const) assert.equal(total[key], whole[key], key);
    for (const share of [0.5, 0.95, 0.99]) assert.ok(Math.abs(lagWithin(total, share)! - lagWithin(whole, share)!) < 0.001 * lagWithin(whole, share)!);
    assert.equal(history.past('r', START_MS, endMs, 1).pieces.length, 0, 'nothing is kept finely for that long');
  });

  test('counts a wait that crosses the objective once, however it is cut', () => {
    const outage: Piece = { fromMs: START_MS, untilMs: START_MS + 5 * HOUR_MS, coverage: 'due', lagMs: 5 * HOUR_MS + 2_000, intervalMs: INTERVAL_MS, missed: 599, cycle: null };
    assert.equal(sumOf(byHours(outage, 0).map(slotOf)).outages, 1);
    assert.equal(added(slotOf({ ...outage, untilMs: START_MS + 58_000, lagMs: 60_000 }), NOTHING).outages, 0);
  });

  test('forgets what a wrong clock wrote ahead of time', () => {
    const piece = (fromMs: number, untilMs: number): Piece => ({ fromMs, untilMs, coverage: 'bare', lagMs: null, intervalMs: INTERVAL_MS, missed: 0, cycle: null });
    const history = historyOf([piece(START_MS, START_MS + 5 * HOUR_MS), piece(START_MS + 5 * HOUR_MS, START_MS + 9 * DAY_MS)]);
    const nowMs = START_MS + 5 * HOUR_MS;
    history.forgetAfter('r', nowMs);
    assert.equal(totalOf(history.past('r', START_MS, START_MS + 20 * DAY_MS, DAY_MS)).bareMs, hourOf(nowMs) - START_MS);
  });
});

describe('what is kept', () => {
  test('is bounded: thirteen months take less than a megabyte', () => {
    const db = openInMemory();
    const history = new SqliteHistory(db);
    const rows = () => (db.prepare('SELECT count(*) AS rows, sum(length(body)) AS characters FROM history').get() as { rows: number; characters: number });
    let atMs = START_MS;
    const run = (days: number, everyMs: number) => {
      for (const endMs = atMs + days * DAY_MS; atMs < endMs; atMs += everyMs) {
        history.append('r', { fromMs: atMs, untilMs: atMs + everyMs, coverage: 'due', lagMs: everyMs + 1_800, intervalMs: INTERVAL_MS, missed: 0, cycle: { kind: 'standard', instantMs: atMs + everyMs - 1_800, tookMs: 1_800, bytesChanged: 65_536, bytesShipped: 1_234 } });
      }
    };
    run(450, 7 * HOUR_MS);
    run(3, INTERVAL_MS);
    assert.ok(rows().rows < 1_500 && rows().characters < 900_000, JSON.stringify(rows()));
    const { fromMs } = history.past('r', 0, atMs, DAY_MS).stretches[0]!;
    assert.ok(atMs - fromMs > 395 * DAY_MS && atMs - fromMs < 402 * DAY_MS);
  });

  test('has an outage of a year in it after one write, and is bounded still', () => {
    const history = historyOf([{ fromMs: START_MS, untilMs: START_MS + 500 * DAY_MS, coverage: 'due', lagMs: 500 * DAY_MS, intervalMs: INTERVAL_MS, missed: 1_439_999, cycle: null }]);
    const nowMs = START_MS + 500 * DAY_MS;
    const fromMs = Math.floor(nowMs / DAY_MS - 300) * DAY_MS;
    const total = totalOf(history.past('r', fromMs, nowMs, DAY_MS));
    assert.deepEqual([total.coveredMs, total.maxLagMs, total.maxLagAtMs], [nowMs - fromMs, 500 * DAY_MS, nowMs]);
  });
});
