/**
 * Writes a relationship's history as it happens, in the very transaction that changes the row: each recovery point that arrives and
 * each change of standing ends one piece of its time and begins the next. While nothing happens nothing is written: the open piece
 * grows by itself, also while no daemon runs.
 */
import { coverageOf, type ArrivedCycle, type OpenPiece, type Piece } from '../history/piece.ts';
import type { Relationship } from '../machine/records.ts';
import { kindOf } from '../relationship/chain.ts';
import { cycleIntervalMs } from '../relationship/settings.ts';
import type { Host } from './host.ts';
import { HOUR_MS } from '../language/lengths.ts';

type Kept = Pick<Relationship, 'openPiece'>;

/** Of a row that says nothing: since what it says of the last cycle, or of its state. */
function openPieceOf(relationship: Relationship, nowMs: number): OpenPiece {
  if (relationship.openPiece) return relationship.openPiece;
  const coverage = coverageOf(relationship);
  const sinceMs = coverage === 'bare' ? relationship.stateSinceMs : (relationship.lastCycle?.finishedMs ?? relationship.newestInstantMs);
  return { coverage, sinceMs: sinceMs ?? nowMs };
}

/** The open piece, as if it ended now. A clock that was put back stands still until it has caught up. */
export function pieceUntil(relationship: Relationship, nowMs: number, cycle: ArrivedCycle | null = null): Piece {
  const { coverage, sinceMs } = openPieceOf(relationship, nowMs);
  const untilMs = Math.max(nowMs, sinceMs);
  const intervalMs = cycleIntervalMs(relationship.settings);
  const lagMs = coverage === 'bare' || relationship.newestInstantMs === null ? null : Math.max(0, nowMs - relationship.newestInstantMs);
  const missed = coverage === 'due' ? Math.max(0, Math.floor((untilMs - sinceMs) / intervalMs) - 1) : 0;
  return { fromMs: sinceMs, untilMs, coverage, lagMs, intervalMs, missed, cycle };
}

/** A recovery point has arrived: the wait for it is in the history. Part of a transaction. */
export function chronicled(host: Host, before: Relationship, cycle: ArrivedCycle): Kept {
  const { untilMs } = close(host, before, cycle);
  return { openPiece: { coverage: coverageOf(before), sinceMs: untilMs } };
}

/** What a transition changes of it. Part of a transaction. */
export function acrossPieces(host: Host, before: Relationship, after: Relationship): Relationship {
  const coverage = coverageOf(after);
  const open = openPieceOf(after.openPiece ? after : before, host.clock.nowMs());
  if (open.coverage === coverage) return after.openPiece ? after : { ...after, openPiece: open };
  const { untilMs } = close(host, { ...before, openPiece: open }, null);
  return { ...after, openPiece: { coverage, sinceMs: untilMs } };
}

/** The relationship is about to be no more; what is known of it stays. Part of a transaction. */
export function endChronicle(host: Host, relationship: Relationship): void {
  const { untilMs } = close(host, relationship, null);
  const { id, machineId, side, peerId, settings } = relationship;
  host.state.history.putEnded({
    id, machineId, machine: host.state.machine(machineId)?.name ?? machineId, kind: kindOf(relationship), side, peer: host.peerName(peerId), intervalMs: cycleIntervalMs(settings), endedMs: untilMs,
  });
}

/** A clock that went back by more than an hour was wrong before: what it wrote meanwhile is forgotten. */
function close(host: Host, relationship: Relationship, cycle: ArrivedCycle | null): Piece {
  const nowMs = host.clock.nowMs();
  const { sinceMs, coverage } = openPieceOf(relationship, nowMs);
  const isWrong = sinceMs > nowMs + HOUR_MS;
  if (isWrong) host.state.history.forgetAfter(relationship.id, nowMs);
  const piece = pieceUntil(isWrong ? { ...relationship, openPiece: { coverage, sinceMs: nowMs } } : relationship, nowMs, cycle);
  if (cycle || piece.untilMs > piece.fromMs) host.state.history.append(relationship.id, piece);
  return piece;
}
