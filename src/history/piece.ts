/**
 * A piece of a relationship's time: from one recovery point's arrival, or change of standing, to the next. While the lag
 * counts it grows by one millisecond a millisecond, so a piece says it of every moment in it. Pieces follow each other
 * without gap or overlap, and none lies in two hours.
 */
import type { Relationship } from '../machine/records.ts';
import type { Side, State } from '../relationship/state.ts';
import { HOUR_MS } from '../language/lengths.ts';

/**
 * `due`: cycles are due. `behind`: there is a recovery point and the replica falls behind it, since nothing is due (suspended,
 * resynchronizing). `bare`: the guest has no recovery point on another host that a failover would take.
 */
export const COVERAGES = ['bare', 'behind', 'due'] as const;
export type Coverage = (typeof COVERAGES)[number];

/** What arrived. Numbers of the stored form: append only. */
export const CYCLE_KINDS = ['standard', 'application-consistent', 'planned', 'initial', 'resync', 'reverse', 'disks'] as const;
export type CycleKind = (typeof CYCLE_KINDS)[number];

export interface ArrivedCycle {
  readonly kind: CycleKind;
  readonly instantMs: number;
  /** From its beginning, or on a replica that was not told from its instant, to the recovery point. */
  readonly tookMs: number;
  readonly bytesChanged: number;
  readonly bytesShipped: number;
}

export interface Piece {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly coverage: Coverage;
  /** At its end, before what arrived then; null while nothing covers the guest. */
  readonly lagMs: number | null;
  /** Of the settings then. */
  readonly intervalMs: number;
  /** Intervals in it, and in the pieces of the same wait before it, that passed without a cycle of their own. */
  readonly missed: number;
  /** What ended it; null for a change of standing, and where an hour ended. */
  readonly cycle: ArrivedCycle | null;
}

/** The piece that has not ended yet: kept with the relationship. */
export interface OpenPiece {
  readonly sinceMs: number;
  readonly coverage: Coverage;
}

const BEHIND: Readonly<Record<Side, readonly State[]>> = { primary: [7, 8, 9, 10, 11, 15, 16], replica: [7, 8] };

export function coverageOf({ side, state, newestInstantMs }: Pick<Relationship, 'side' | 'state' | 'newestInstantMs'>): Coverage {
  if (newestInstantMs === null) return 'bare';
  if (state === 3) return 'due';
  return BEHIND[side].includes(state) ? 'behind' : 'bare';
}

/** One interval passes until the next instant, one more is there for what changed to arrive. */
export const objectiveMs = (intervalMs: number): number => 2 * intervalMs;

/** Of a piece's beginning. */
export const firstLagMs = ({ fromMs, untilMs, lagMs }: Piece): number => Math.max(0, (lagMs ?? 0) - (untilMs - fromMs));

/** The hour that a moment ends in: one on the hour belongs to the hour before. */
export const hourOf = (untilMs: number): number => Math.floor((untilMs - 1) / HOUR_MS) * HOUR_MS;

/** The part of it that lies in the period; null when none does. What ended the piece is in the part that has its end. */
export function clipped(piece: Piece, fromMs: number, untilMs: number): Piece | null {
  const from = Math.max(piece.fromMs, fromMs);
  const until = Math.min(piece.untilMs, untilMs);
  const isInstantaneous = piece.fromMs === piece.untilMs;
  if (isInstantaneous ? piece.untilMs <= fromMs || piece.untilMs > untilMs : from >= until) return null;
  if (until === piece.untilMs) return { ...piece, fromMs: from };
  return { ...piece, fromMs: from, untilMs: until, lagMs: piece.lagMs === null ? null : Math.max(0, piece.lagMs - (piece.untilMs - until)), missed: 0, cycle: null };
}

/** By the hours that it lies in, of those that end after `sinceMs`. */
export function byHours(piece: Piece, sinceMs: number): Piece[] {
  const parts: Piece[] = [];
  const first = Math.max(piece.fromMs, sinceMs);
  for (let fromMs = first; fromMs < piece.untilMs; fromMs = hourOf(fromMs + 1) + HOUR_MS) parts.push(clipped(piece, fromMs, hourOf(fromMs + 1) + HOUR_MS)!);
  return parts.length > 0 ? parts : [piece];
}
