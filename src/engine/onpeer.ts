/** A job that is the other host's to do. */
import { Fault } from '../errors/fault.ts';
import { textFrom } from '../language/text.ts';
import { Refused, refuse } from '../errors/refusal.ts';
import type { Job, Relationship } from '../machine/records.ts';
import { kindOf } from '../relationship/chain.ts';
import { call } from './calls.ts';
import type { Engine } from './engine.ts';
import type { JobContext, JobResult } from './jobs.ts';

const POLL_MS = 300;

/** Runs the job on the relationship's other host and follows it. What the last host of a chain asks for is about the relationship with it. */
export async function onPeer({ host }: Engine, job: JobContext, relationship: Relationship, kind: string, args: Readonly<Record<string, unknown>>): Promise<JobResult> {
  const { peerId, machineId, side } = relationship;
  const isLast = kindOf(relationship) === 'extended' && side === 'replica';
  const { extended: _extended, ...asked } = args as Record<string, string | boolean | number>;
  const { jobId } = await call(host.peers, peerId, 'job', { machineId, kind, args: { ...asked, ...(job.startedBy !== null && { startedBy: job.startedBy }), begun: true, ...(isLast && { extended: true }) } }, job.signal);
  for (;;) {
    const theirs = (await call(host.peers, peerId, 'jobShow', { jobId }, job.signal)) as unknown as Job;
    if (theirs.state === 'completed') return theirs.result ?? {};
    if (theirs.error?.code === 'refused') throw new Refused(refuse(textFrom(theirs.error.said) ?? theirs.error.message, theirs.error.allowed));
    if (theirs.error) throw new Fault(theirs.error.code as 'disk-io', textFrom(theirs.error.said) ?? theirs.error.message);
    job.progress(theirs.percent, textFrom(theirs.stepSaid) ?? theirs.step);
    await host.clock.sleep(POLL_MS, job.signal);
  }
}
