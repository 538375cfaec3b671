/** What is kept of the past: each relationship's time in pieces, folded as it ages, and its failovers. Within the transactions of the state. */
import type { Piece } from '../../history/piece.ts';
import type { Recovery } from '../../history/recovery.ts';
import type { Past } from '../../history/series.ts';
import type { Kind } from '../../relationship/chain.ts';
import type { Side } from '../../relationship/state.ts';

/** A relationship that is no more, as it was when it ended. */
export interface EndedRelationship {
  readonly id: string;
  readonly machineId: string;
  readonly machine: string;
  readonly kind: Kind;
  readonly side: Side;
  readonly peer: string;
  readonly intervalMs: number;
  readonly endedMs: number;
}

export interface History {
  /** The piece follows what is there; it may lie in several hours. What is old is folded, what is too old is gone. */
  append(relationshipId: string, piece: Piece): void;
  /** What lies in the period, or reaches into it and is not kept finer. Of what fits whole into it, nothing finer than `unitMs` is looked at. */
  past(relationshipId: string, fromMs: number, untilMs: number, unitMs: number): Past;
  /** A clock that was put back: what is after the moment is gone. */
  forgetAfter(relationshipId: string, untilMs: number): void;

  /** Begun, or as it is now. */
  putRecovery(relationshipId: string, recovery: Recovery): void;
  recovery(id: string): Recovery | undefined;
  /** Those that were asked for in the period, oldest first. */
  recoveries(relationshipId: string, fromMs: number, untilMs: number): readonly Recovery[];

  /** What is kept of it stays until it is too old. */
  putEnded(ended: EndedRelationship): void;
  /** Those that ended after the moment. */
  ended(sinceMs: number): readonly EndedRelationship[];
}
