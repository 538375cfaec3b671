/** Where the replica stands, asked so that what was given up here is no open question there. */
import { faultOf, isOutOfReach } from '../../errors/fault.ts';
import { Refused } from '../../errors/refusal.ts';
import { call, type Standing } from '../calls.ts';
import { greet } from '../greeting.ts';
import type { Host } from '../host.ts';
import { relationshipNamed } from '../transition.ts';

/**
 * As `greet` says it. What the replica may still be sealing of an attempt that was given up, or is not gone on with, has become
 * a point by then, or never will: it answers in turn, however slow its storage is. Until it does, what is in doubt stays so.
 */
export async function standingNow(host: Host, relationshipId: string, mayGoOn: boolean, signal: AbortSignal): Promise<Standing> {
  const { doubtful, attempt, peerId } = relationshipNamed(host, relationshipId);
  const uncertain = doubtful ?? (!mayGoOn && attempt?.digest ? attempt : null);
  if (uncertain) await call(host.peers, peerId, 'abandon', { relationshipId, attemptId: uncertain.id }, signal).catch(unlessUnanswered);
  return greet(host, relationshipId, signal);
}

/** Why it does not do what it is asked for is said better when it is greeted. */
function unlessUnanswered(thrown: unknown): void {
  const isTold = thrown instanceof Refused || (faultOf(thrown) !== undefined && !isOutOfReach(faultOf(thrown)!.code));
  if (!isTold) throw thrown;
}
