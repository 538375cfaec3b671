/**
 * One cycle: an instant across all disks, what changed since the parent point, the replica's new point. Whatever fails,
 * the changes stay in the record and the next cycle carries them. While the connection is gone for a short time the
 * instant is kept and shipping goes on where it stopped; where it is lost, another one follows at once.
 */
import { faultOf, isOutOfReach } from '../../errors/fault.ts';
import type { Attempt, AttemptKind, Relationship } from '../../machine/records.ts';
import type { Host } from '../host.ts';
import type { PointInTime } from '../ports/hypervisor.ts';
import { relationshipNamed } from '../transition.ts';
import { changeAttempt, giveUp, openAttempt, openInstant, seal, settle, transfer } from './attempt.ts';
import { noteFreeze } from './consistency.ts';
import { coverGrowth } from './growth.ts';
import type { Progress } from './shipment.ts';
import { standingNow } from './standing.ts';

/** How long an instant is kept open for a connection that broke. */
const RESUME_WITHIN_MS = 60_000;
const RESUME_EVERY_MS = 1_000;

export type OnProgress = (progress: Progress) => void;

/** The replica acknowledged a new point. Refused and faults as they come; then the record of changes is whole again. */
export function runCycle(host: Host, relationshipId: string, kind: AttemptKind, onProgress: OnProgress, signal: AbortSignal): Promise<void> {
  return withInstant(() => tryCycle(host, relationshipId, kind, onProgress, signal), signal);
}

/** A guest that goes off, or is started, takes the instant with it: that is no failure. What the work left undone travels with another one. */
export async function withInstant(work: () => Promise<void>, signal: AbortSignal): Promise<void> {
  try {
    await work();
  } catch (thrown) {
    if (signal.aborted || faultOf(thrown)?.code !== 'attempt-lost') throw thrown;
    await work();
  }
}

async function tryCycle(host: Host, relationshipId: string, kind: AttemptKind, onProgress: OnProgress, signal: AbortSignal): Promise<void> {
  const mayGoOn = relationshipNamed(host, relationshipId).attempt?.kind === kind;
  const standing = await standingNow(host, relationshipId, mayGoOn, signal);
  const settled = await settle(host, relationshipNamed(host, relationshipId), standing, mayGoOn);
  await coverGrowth(host, settled);
  const attempt = settled.attempt ?? openAttempt(host, settled, { kind, phase: 'delta', sinceId: settled.trackId, comparedWith: null });
  try {
    await shipInstant(host, relationshipNamed(host, relationshipId), attempt, true, onProgress, signal);
  } catch (thrown) {
    // Aborted by the daemon's own end: the attempt stays as it is, and the next daemon goes on with it.
    if (!signal.aborted) await giveUp(host, relationshipId, signal);
    throw thrown;
  }
}

/** From the instant to the acknowledgement. */
export async function shipInstant(host: Host, relationship: Relationship, attempt: Attempt, skipKnown: boolean, onProgress: OnProgress, signal: AbortSignal): Promise<void> {
  const instant = await openInstant(host, relationship, attempt, signal);
  noteFreeze(host, relationshipNamed(host, relationship.id), instant);
  const timed = changeAttempt(host, relationship.id, { instantMs: instant.instantMs, isConsistent: instant.isConsistent });
  let open: PointInTime | null = instant;
  await resuming(host, relationship.id, signal, async () => {
    const view = open ?? (await openInstant(host, relationship, timed, signal));
    open = null;
    return transfer(host, relationship, { view, skipKnown, onProgress }, signal);
  });
  await resuming(host, relationship.id, signal, () => seal(host, relationshipNamed(host, relationship.id), relationshipNamed(host, relationship.id).attempt!, instant.attachments, signal));
}

const isPassing = (thrown: unknown): boolean => {
  const code = faultOf(thrown)?.code;
  return isOutOfReach(code) || code === 'peer-busy';
};

/** Repeats work that a broken connection ended, while it may come back soon. */
async function resuming<T>(host: Host, relationshipId: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  const startMs = host.clock.monotonicMs();
  for (;;) {
    try {
      return await work();
    } catch (thrown) {
      if (!isPassing(thrown) || host.clock.monotonicMs() - startMs > RESUME_WITHIN_MS) throw thrown;
      await host.traffic.pausing(relationshipId, () => host.clock.sleep(RESUME_EVERY_MS, signal));
    }
  }
}

