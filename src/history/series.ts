/** A period in buckets of one length, for a chart. */
import { clipped, type Piece } from './piece.ts';
import { ceilTo, floorTo, unitAt } from './retention.ts';
import { added, NOTHING, slotOf, type Slot } from './slot.ts';
import { DAY_MS, HOUR_MS } from '../language/lengths.ts';

export const MAX_BUCKETS = 500;

/** What is kept of some time: a piece, or a longer time in one. */
export interface Stretch {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly slot: Slot;
}

/** Pieces one by one, and stretches of which nothing finer is kept. */
export interface Past {
  readonly pieces: readonly Piece[];
  readonly stretches: readonly Stretch[];
}

export interface Raster {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly bucketMs: number;
}

/**
 * The shortest buckets that the wanted number allows and what is kept can fill; then there are fewer. They begin on the hour or
 * on the day (UTC) when they are that long.
 */
export function rasterOf({ fromMs, untilMs, buckets }: { readonly fromMs: number; readonly untilMs: number; readonly buckets: number }, nowMs: number, intervalMs: number): Raster {
  const wantedMs = Math.max(1, Math.ceil((untilMs - fromMs) / buckets));
  const unitMs = Math.max(unitAt(fromMs, nowMs, intervalMs), wantedMs >= DAY_MS ? DAY_MS : wantedMs >= HOUR_MS ? HOUR_MS : 1);
  const first = floorTo(fromMs, unitMs);
  const shortestMs = ceilTo(wantedMs, unitMs);
  const bucketMs = Math.ceil((untilMs - first) / shortestMs) > buckets ? ceilTo((untilMs - first) / buckets, unitMs) : shortestMs;
  return { fromMs: first, untilMs: first + bucketMs * Math.ceil((untilMs - first) / bucketMs), bucketMs };
}

/** One slot a bucket. A stretch counts in the bucket that it ends in. */
export function bucketed({ fromMs, untilMs, bucketMs }: Raster, { pieces, stretches }: Past): Slot[] {
  const buckets = new Array<Slot>(Math.round((untilMs - fromMs) / bucketMs)).fill(NOTHING);
  const at = (endMs: number): number => Math.ceil((endMs - fromMs) / bucketMs) - 1;
  const add = (index: number, slot: Slot) => {
    if (buckets[index]) buckets[index] = added(buckets[index], slot);
  };
  for (const stretch of stretches) add(at(stretch.untilMs), stretch.slot);
  for (const piece of pieces) {
    const first = Math.max(0, at(piece.fromMs + 1));
    for (let index = first; index <= Math.min(buckets.length - 1, Math.max(first, at(piece.untilMs))); index++) {
      const part = clipped(piece, fromMs + index * bucketMs, fromMs + (index + 1) * bucketMs);
      if (part) add(index, slotOf(part));
    }
  }
  return buckets;
}

/** All of the period in one. */
export const totalOf = ({ pieces, stretches }: Past): Slot => [...stretches.map(({ slot }) => slot), ...pieces.map(slotOf)].reduce(added, NOTHING);
