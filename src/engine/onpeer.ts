/** A job that is the other host's to do. */
import { Fault, faultOf } from '../errors/fault.ts';
import { say, textFrom } from '../language/text.ts';
import { Refused, refuse } from '../errors/refusal.ts';
import type { Job, Relationship } from '../machine/records.ts';
import { kindOf } from '../relationship/chain.ts';
import { call } from './calls.ts';
import type { Engine } from './engine.ts';
import type { Host } from './host.ts';
import { type JobContext, type JobResult, NotCalledOff } from './jobs.ts';

const POLL_MS = 300;
const BEGIN_WITHIN_MS = 10_000;
/** A planned failover that is cancelled starts its guest again. */
const CALL_OFF_WITHIN_MS = 90_000;

/** Where the job is done. */
interface Errand {
  readonly peerId: string;
  readonly jobId: string;
}

/**
 * Runs the job on the relationship's other host and follows it; it has ended here as it ended there, also when it was
 * cancelled here. What the last host of a chain asks for is about the relationship with it.
 */
export async function onPeer({ host }: Engine, job: JobContext, relationship: Relationship, kind: string, args: Readonly<Record<string, unknown>>): Promise<JobResult> {
  const { peerId, machineId, side } = relationship;
  const isLast = kindOf(relationship) === 'extended' && side === 'replica';
  const { extended: _extended, ...asked } = args as Record<string, string | boolean | number>;
  job.signal.throwIfAborted();
  // Asked to the end: a job that began there has to be known here, to be cancelled.
  const { jobId } = await call(host.peers, peerId, 'job', { machineId, kind, args: { ...asked, ...(job.startedBy !== null && { startedBy: job.startedBy }), begun: true, ...(isLast && { extended: true }) } }, host.clock.timeout(BEGIN_WITHIN_MS));
  const errand = { peerId, jobId };
  try {
    return outcome(await followed(host, errand, job, job.signal));
  } catch (thrown) {
    if (faultOf(thrown)?.code !== 'cancelled' || thrown !== job.signal.reason) throw thrown;
    return outcome(await calledOff(host, errand, job));
  }
}

/** The job there when it has ended. */
async function followed({ peers, clock }: Host, { peerId, jobId }: Errand, { progress }: JobContext, signal: AbortSignal): Promise<Job> {
  for (;;) {
    const theirs = (await call(peers, peerId, 'jobShow', { jobId }, signal)) as unknown as Job;
    if (theirs.state !== 'running') return theirs;
    progress(theirs.percent, textFrom(theirs.stepSaid) ?? theirs.step);
    await clock.sleep(POLL_MS, signal);
  }
}

/** The job there, which was cancelled, or was done before that. */
async function calledOff(host: Host, errand: Errand, job: JobContext): Promise<Job> {
  const signal = host.clock.timeout(CALL_OFF_WITHIN_MS);
  try {
    await call(host.peers, errand.peerId, 'jobCancel', { jobId: errand.jobId }, signal);
    return await followed(host, errand, job, signal);
  } catch (thrown) {
    if (!faultOf(thrown)) throw thrown;
    throw new NotCalledOff('peer-unreachable', say('{peer}, which does it, could not be told to stop: it may go on there. Look there: understudy jobs', { peer: host.peerName(errand.peerId) }), { cause: thrown });
  }
}

function outcome({ error, result }: Job): JobResult {
  if (error?.code === 'refused') throw new Refused(refuse(textFrom(error.said) ?? error.message, error.allowed));
  if (error) throw new Fault(error.code as 'disk-io', textFrom(error.said) ?? error.message);
  return result ?? {};
}
