/** Which recovery point is meant: by its id, by a word, or the newest when nothing is said. */
import type { Point } from '../machine/records.ts';
import { say, type Text } from '../language/text.ts';

/** Stands for the newest point at which the guest's file systems stood still. */
export const LAST_CONSISTENT = 'last-application-consistent';

/** Undefined when there is none. `points` are oldest first; a host that yielded and got nothing yet has only what it held itself. */
export function chosen(points: readonly Point[], wanted: string | null): Point | undefined {
  if (wanted === null) return points.findLast(({ kind }) => kind !== 'divergence') ?? points.at(-1);
  if (wanted === LAST_CONSISTENT) return points.findLast(({ kind }) => kind === 'application-consistent');
  return points.find(({ id }) => id === wanted);
}

/** The machine does not have the point that is wanted. */
export function missingText(machine: string, wanted: string | null): Text {
  if (wanted === null) return say('{machine} has no recovery point yet', { machine });
  if (wanted === LAST_CONSISTENT) return say('{machine} has no application-consistent recovery point', { machine });
  return say('{machine} has no recovery point {point}', { machine, point: wanted });
}
