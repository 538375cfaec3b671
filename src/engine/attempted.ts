/** One try of a long-running work: what failed is recorded with its fault, and leads where the fault's row says. */
import { FAULTS, failureText, kept, type Fault, type FaultCode, faultOf } from '../errors/fault.ts';
import { Refused } from '../errors/refusal.ts';
import { retryDelayMs } from '../cycle/retry.ts';
import { countedFailure } from '../health/statistics.ts';
import type { LastFault, Relationship } from '../machine/records.ts';
import { cycleIntervalMs } from '../relationship/settings.ts';
import type { Host } from './host.ts';
import { giveUp } from './primary/attempt.ts';
import type { OnProgress } from './primary/cycle.ts';
import { counting } from './monitoring.ts';
import { triedKind } from './observation.ts';
import { report } from './report.ts';
import { relationshipNamed, transition, update } from './transition.ts';
import { say, told, phrase } from '../language/text.ts';
import { MINUTE_MS } from '../language/lengths.ts';

export interface Surroundings {
  readonly host: Host;
  readonly relationshipId: string;
  readonly onProgress: OnProgress;
  /** No layer of the machine is being merged. */
  stopMerging(): Promise<void>;
  /** Resolves after the time, or sooner when a cycle is wanted now. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

const REFUSED_HINT = phrase('The other host does not allow it now, and says why: understudy status there. It is tried again by itself.');

/** While new disks are copied these are waited out; after any other fault the disks that replicate already go on alone. */
const PASSING: readonly FaultCode[] = ['peer-unreachable', 'peer-busy', 'attempt-lost', 'disk-in-use', 'fleecing-exhausted', 'machine-busy'];

/** True when the work succeeded. What failed is recorded with its fault, and leads where the fault's row says. */
export async function attempted(around: Surroundings, work: () => Promise<void>, signal: AbortSignal): Promise<boolean> {
  const sideBefore = around.host.state.relationship(around.relationshipId)?.side;
  try {
    await work();
    return true;
  } catch (thrown) {
    signal.throwIfAborted();
    const fault = faultOf(thrown);
    if (!fault && !(thrown instanceof Refused)) throw thrown;
    const side = around.host.state.relationship(around.relationshipId)?.side;
    // A host that had to yield has said so; that is no failure of its work.
    if (side !== undefined && !(thrown instanceof Refused && side !== sideBefore)) await failed(around, fault, thrown as Error, signal);
    return false;
  }
}

async function failed({ host, relationshipId }: Surroundings, fault: Fault | undefined, thrown: Error, signal: AbortSignal): Promise<void> {
  const lastFault: LastFault = fault
    ? { ...kept(fault), atMs: host.clock.nowMs() }
    : { code: 'refused', ...told((thrown as Refused).said), hint: REFUSED_HINT, atMs: host.clock.nowMs() };
  const before = relationshipNamed(host, relationshipId);
  const codeBefore = before.lastFault?.code;
  host.observed?.({ kind: 'failed', relationshipId, side: before.side, cycle: triedKind(before), code: lastFault.code });
  const after = update(host, relationshipId, (before) => ({ lastFault, failures: before.failures + 1, ...counting(host, before, (statistics) => countedFailure(statistics, lastFault.code)) }));
  recordFailure(host, after, lastFault, after.failures === 1 || codeBefore !== lastFault.code);
  if (fault?.code === 'attempt-lost' && after.state !== 3) await giveUp(host, relationshipId, signal);
  if (after.side !== 'primary') return;
  const isFirstReverse = after.state === 2 && after.newestPointId !== null;
  if (([3, 15, 16].includes(after.state) || isFirstReverse) && fault?.row.retry === 'resynchronize') transition(host, relationshipId, 'requireResync');
  else if (after.state === 15 && fault && !PASSING.includes(fault.code)) transition(host, relationshipId, 'disksFailed');
  else if (after.state === 3 && fault && fault.row.retry !== 'backoff') transition(host, relationshipId, 'failHard');
}

/** What failed, once; that it is tried again, as often as that takes a minute or more. */
function recordFailure(host: Host, { machineId, side, failures, settings }: Relationship, lastFault: LastFault, isNews: boolean): void {
  const { code, hint } = lastFault;
  const failure = [failureText(lastFault)];
  const machine = host.state.machine(machineId)?.name ?? machineId;
  if (isNews) report(host, 'replicate-failed', machine, failure, hint);
  const isRecoverable = code === 'refused' || FAULTS[code as FaultCode].retry === 'backoff';
  const waitMs = retryDelayMs(failures, cycleIntervalMs(settings));
  if (side === 'primary' && isRecoverable && (isNews || waitMs >= MINUTE_MS)) report(host, 'will-retry', machine, failures === 1 ? say('1 try to replicate failed; the next is in {wait}, or when the other host is met again. {failure}', { wait: { lengthMs: waitMs }, failure }) : say('{failures} tries to replicate failed; the next is in {wait}, or when the other host is met again. {failure}', { failures, wait: { lengthMs: waitMs }, failure }), hint);
}
