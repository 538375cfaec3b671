/**
 * Which recovery points to keep: the newest, and up to `history` older ones, one for each interval of time. Order is the
 * sequence's, never the clock's: a clock that jumps can change which point of an interval is kept, but not purge any. Of one
 * interval an application-consistent point is kept rather than another.
 */
import type { PointKind } from '../machine/records.ts';

export interface Candidate {
  readonly id: string;
  readonly instantMs: number;
  readonly pinned: boolean;
  readonly kind?: PointKind;
}

export interface Keeping {
  /** Points beside the newest. */
  readonly history: number;
  /** Of the intervals of which one point is kept. */
  readonly intervalSeconds: number;
  /** The last application-consistent point stays while there is a history, however many others came after it. */
  readonly keepsLastConsistent?: boolean;
}

const isConsistent = ({ kind }: Candidate): boolean => kind === 'application-consistent';

/**
 * The point to retire now that the last of `points` has arrived, or null: at most one for each arrival.
 * `points` are oldest first; pinned ones are neither counted nor chosen.
 */
export function toRetire(points: readonly Candidate[], { history, intervalSeconds, ...keeping }: Keeping): string | null {
  const kept = points.filter((point) => !point.pinned);
  const older = kept.slice(0, -1);
  const last = older.at(-1);
  if (!last) return null;
  const before = older.at(-2);
  const slot = (point: Candidate) => Math.floor(point.instantMs / (intervalSeconds * 1_000));
  if (history === 0) return last.id;
  if (before && slot(before) === slot(last)) return isConsistent(last) ? before.id : last.id;
  return older.length > history ? oldest(kept, keeping) : null;
}

/** The oldest point beyond the history, when that was made shorter: one more goes with each arrival until it fits. */
export function beyondHistory(points: readonly Candidate[], { history, ...keeping }: Omit<Keeping, 'intervalSeconds'>): string | null {
  const kept = points.filter((point) => !point.pinned);
  if (kept.length - 1 <= history) return null;
  return history === 0 ? kept[0]!.id : oldest(kept, keeping);
}

/** The oldest that may go; there is one beside the last application-consistent point, since more are kept than the history allows. */
function oldest(kept: readonly Candidate[], { keepsLastConsistent = false }: Pick<Keeping, 'keepsLastConsistent'>): string {
  const stays = keepsLastConsistent ? kept.findLast(isConsistent)?.id : undefined;
  return kept.find(({ id }) => id !== stays)!.id;
}
