/** A cycle that somebody asks for: it begins now, and its point is waited for. */
import { Fault, failureText } from '../errors/fault.ts';
import { Refused, refuse } from '../errors/refusal.ts';
import type { LastCycle, Relationship } from '../machine/records.ts';
import { isOnward } from '../relationship/chain.ts';
import { stateWords, standingWords } from '../relationship/state.ts';
import { allowedVerbs } from '../relationship/step.ts';
import type { Engine } from './engine.ts';
import type { Host } from './host.ts';
import { newestSource } from './extended/source.ts';
import { flag } from './jobargs.ts';
import type { JobContext, JobResult } from './jobs.ts';
import { machineOf } from './spec.ts';
import { update } from './transition.ts';
import { saidOf, say } from '../language/text.ts';

const POLL_MS = 300;

export const figures = (cycle: LastCycle | null): JobResult =>
  cycle ? { bytesChanged: cycle.bytesChanged, bytesShipped: cycle.bytesShipped, seconds: cycle.durationMs / 1_000 } : {};

/** Ends with a point whose instant is from after the call; application-consistent when that was asked for and the guest could be held still. */
export async function cycleNow(engine: Engine, job: JobContext): Promise<JobResult> {
  const { host } = engine;
  const before = engine.relationshipFor(job);
  if (before.side !== 'primary' || before.state !== 3) throw new Refused(refuse(before.lastFault ? say('no cycles run now: {here}; {failure}', { here: standingWords(before), failure: [failureText(before.lastFault)] }) : say('no cycles run now: {here}', { here: standingWords(before) }), allowedVerbs(before)));
  const askedMs = host.clock.nowMs();
  const isConsistent = flag(job, 'applicationConsistent');
  if (isConsistent) await askForConsistency(host, before);
  const wanted = isOnward(before) ? newestSource(host, job.machineId)?.id : undefined;
  for (;;) {
    const now = engine.relationshipFor(job);
    const isThere = isOnward(before) ? now.sentPointId === wanted : now.newestPointId !== before.newestPointId && (now.newestInstantMs ?? 0) >= askedMs && now.isConsistencyAsked !== true;
    if (isThere) return { ...figures(now.lastCycle), ...(isConsistent && { kind: now.newestKind ?? 'standard' }) };
    if (now.failures > before.failures && now.lastFault) throw new Fault(now.lastFault.code === 'refused' ? 'peer-busy' : (now.lastFault.code as 'peer-busy'), saidOf(now.lastFault));
    if (now.state !== 3) throw new Refused(refuse(say('the cycle did not end in a recovery point: {state}', { state: stateWords(now.state) }), allowedVerbs(now)));
    job.progress(10, 'cycle');
    // After the look: a poke before it would begin a second cycle when the first has just ended.
    engine.workerOf(now).poke();
    await host.clock.sleep(POLL_MS, job.signal);
  }
}

async function askForConsistency(host: Host, relationship: Relationship): Promise<void> {
  const { id, machineId } = relationship;
  const { name } = machineOf(host, machineId);
  if (isOnward(relationship)) throw new Refused(refuse(say('{name}: an extended relationship sends on the points that arrive here; an application-consistent one is asked for on the primary', { name }), ['cycle']));
  const power = await host.hypervisor.power(machineId);
  if (power !== 'running') throw new Refused(refuse(say('The file systems of {name} can be held still only while it runs, which it does not', { name }), ['cycle', 'vm start']));
  update(host, id, () => ({ isConsistencyAsked: true }));
}
