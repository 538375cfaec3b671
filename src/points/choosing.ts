/** Which recovery point is meant: by its id, by a word, or the newest when nothing is said. */
import type { Point } from '../machine/records.ts';

/** Stands for the newest point at which the guest's file systems stood still. */
export const LAST_CONSISTENT = 'last-application-consistent';

/** Undefined when there is none. `points` are oldest first; a host that yielded and got nothing yet has only what it held itself. */
export function chosen(points: readonly Point[], wanted: string | null): Point | undefined {
  if (wanted === null) return points.findLast(({ kind }) => kind !== 'divergence') ?? points.at(-1);
  if (wanted === LAST_CONSISTENT) return points.findLast(({ kind }) => kind === 'application-consistent');
  return points.find(({ id }) => id === wanted);
}

/** What there is not, in words. */
export const missingText = (wanted: string | null): string => (wanted === null ? 'recovery point yet' : wanted === LAST_CONSISTENT ? 'application-consistent recovery point' : `recovery point ${wanted}`);
