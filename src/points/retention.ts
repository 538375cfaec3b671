/**
 * Which recovery points to keep: the newest, and up to `history` older ones, one for each interval of time. Order is the
 * sequence's, never the clock's: a clock that jumps can change which point of an interval is kept, but not purge any.
 */

export interface Candidate {
  readonly id: string;
  readonly instantMs: number;
  readonly pinned: boolean;
}

/**
 * The point to retire now that the last of `points` has arrived, or null: at most one for each arrival.
 * `points` are oldest first; pinned ones are neither counted nor chosen.
 */
export function toRetire(points: readonly Candidate[], history: number, intervalSeconds: number): string | null {
  const kept = points.filter((point) => !point.pinned);
  const older = kept.slice(0, -1);
  const last = older.at(-1);
  if (!last) return null;
  const before = older.at(-2);
  const slot = (point: Candidate) => Math.floor(point.instantMs / (intervalSeconds * 1_000));
  if (history === 0 || (before && slot(before) === slot(last))) return last.id;
  return older.length > history ? older[0]!.id : null;
}

/** The oldest point beyond the history, when that was made shorter: one more goes with each arrival until it fits. */
export function beyondHistory(points: readonly Candidate[], history: number): string | null {
  const kept = points.filter((point) => !point.pinned);
  return kept.length - 1 > history ? kept[0]!.id : null;
}
