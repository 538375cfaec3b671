/** Work that begins by itself at a moment that somebody chose. Source: Msvm_ReplicationService, parameter StartTime. */
import { Fault } from '../errors/fault.ts';
import { say } from '../language/text.ts';

const LATEST_AHEAD_MS = 7 * 24 * 3_600_000;

/** Fault parameter-invalid unless the moment is to come, within seven days. */
export function checkStart(startsAtMs: number, nowMs: number): void {
  if (Number.isFinite(startsAtMs) && startsAtMs > nowMs && startsAtMs <= nowMs + LATEST_AHEAD_MS) return;
  const given = Number.isFinite(startsAtMs) && Math.abs(startsAtMs) < 8.64e15 ? new Date(startsAtMs).toISOString() : String(startsAtMs);
  throw new Fault('parameter-invalid', say('the start cannot be {given}: allowed is a moment in the next seven days, until {time}', { given, time: { atMs: nowMs + LATEST_AHEAD_MS } }));
}
