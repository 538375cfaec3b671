/**
 * A failback as a job of the host that the guest goes home to: each step is decided anew from what both hosts have on record,
 * so that a daemon that died anywhere goes on from there. Cancelling it, or a fault, leaves both hosts as they were.
 */
import { failureText, Fault, type FaultCode, faultOf, FAULTS, isOutOfReach } from '../../errors/fault.ts';
import { Refused, refuse } from '../../errors/refusal.ts';
import type { Relationship } from '../../machine/records.ts';
import { allowedVerbs } from '../../relationship/step.ts';
import { call, type FailbackStanding } from '../calls.ts';
import type { Engine } from '../engine.ts';
import { type JobContext, type JobResult, thrownText, heldBy } from '../jobs.ts';
import { machineOf } from '../spec.ts';
import { relationshipNamed } from '../transition.ts';
import { awayOf, changePhase, endAway, takeBack } from './away.ts';
import { beginHome, enterFailback, giveBack, homeOf, takeOverHome } from './home.ts';
import { QUICK_MS } from './sending.ts';
import { say, type Said } from '../../language/text.ts';

export const FAILBACK_JOB = 'failbackHome';

const POLL_MS = 300;
/** A guest that writes faster than its changes travel goes home all the same: then the last cycle takes longer. */
const MAX_ROUNDS = 6;
const END_AWAY_WITHIN_MS = 15_000;
const GIVE_BACK_WITHIN_MS = 60_000;

export interface FailbackRequest {
  readonly pointId: string | null;
  readonly shutdownMs: number;
}

/** State 14 on this host; or everything is as it was, and the reason is thrown. */
export async function failBackHome(engine: Engine, job: JobContext, { pointId, shutdownMs }: FailbackRequest): Promise<JobResult> {
  const { host } = engine;
  const startedMs = host.clock.monotonicMs();
  const found = engine.relationshipOf(job.machineId);
  const home = job.resumed ? homeOf(found) : await alone(engine, job, (signal) => enterFailback(host, found.id, { pointId, askedMs: job.askedMs }, signal));
  if (!home) throw new Refused(refuse(say('{machine}: the failback had not begun, or was given up, when the daemon ended', { machine: machineOf(host, job.machineId).name }), allowedVerbs(found)));
  try {
    const bytesShipped = await drive(engine, job, found.id, home.id, shutdownMs);
    return { bytesShipped, seconds: (host.clock.monotonicMs() - startedMs) / 1_000 };
  } catch (thrown) {
    // The daemon's own end: the next daemon goes on.
    if (job.signal.aborted && !faultOf(job.signal.reason)) throw thrown;
    await giveBackSurely(engine, job.machineId, home.id);
    throw thrown;
  }
}

const alone = <T>(engine: Engine, job: JobContext, work: (signal: AbortSignal) => Promise<T>): Promise<T> => engine.worker(job.machineId).exclusive(heldBy(job, 'fail back'), work, job.signal);

/** A step waits for its turn. */
function step(engine: Engine, job: JobContext, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const { operation } = engine.worker(job.machineId);
  if (operation !== null) throw new Fault('peer-busy', say('another operation holds this machine: {operation}', { operation: [operation] }));
  return alone(engine, job, work);
}

async function drive(engine: Engine, job: JobContext, relationshipId: string, failbackId: string, shutdownMs: number): Promise<number> {
  const { host } = engine;
  for (let bytesShipped = 0; ; ) {
    const relationship = relationshipNamed(host, relationshipId);
    if (homeOf(relationship)?.id !== failbackId) throw new Refused(refuse(say('{machine}: the failback was cancelled', { machine: machineOf(host, job.machineId).name }), allowedVerbs(relationship)));
    if (relationship.state === 14) return bytesShipped;
    try {
      bytesShipped = (await advance(engine, job, relationship, failbackId, shutdownMs)) ?? bytesShipped;
    } catch (thrown) {
      const code = faultOf(thrown)?.code;
      if (!isOutOfReach(code) && code !== 'peer-busy') throw thrown;
      job.progress(5, say('waiting to go on: {failure}', { failure: [thrownText(thrown)] }));
    }
    await host.clock.sleep(POLL_MS, job.signal);
  }
}

/** One step. The bytes that were shipped so far, when the other host told. */
async function advance(engine: Engine, job: JobContext, relationship: Relationship, failbackId: string, shutdownMs: number): Promise<number | undefined> {
  const { host } = engine;
  const { id: relationshipId, peerId } = relationship;
  if (!homeOf(relationship)!.begun) {
    job.progress(5, 'telling what this host has');
    await step(engine, job, (signal) => beginHome(host, relationshipId, signal));
    return undefined;
  }
  const standing = await call(host.peers, peerId, 'failbackShow', { relationshipId, failbackId }, job.signal);
  if (standing.phase === 'none' || standing.phase === 'ending') throw endedThere(host.peerName(peerId), standing);
  tell(job, standing);
  // A chosen point travels once.
  const isClose = homeOf(relationship)!.pointId === null ? isCloseEnough(standing) : standing.rounds > 0;
  if (standing.phase === 'sending' && isClose) await call(host.peers, peerId, 'failbackFinish', { relationshipId, failbackId, shutdownMs }, job.signal);
  const isHere = standing.newestPointId === relationshipNamed(host, relationshipId).newestPointId;
  if (standing.phase === 'handedOver' || (standing.phase === 'shipped' && isHere)) await step(engine, job, (signal) => takeOverHome(host, relationshipId, signal));
  return standing.bytesShipped;
}

/** The other host has let go of the failback that was given back here; one that does not answer hears of it when they meet. */
export async function awaitEndAway({ host }: Engine, { id: relationshipId, peerId }: Relationship, failbackId: string, signal: AbortSignal): Promise<void> {
  const limit = AbortSignal.any([signal, host.clock.timeout(END_AWAY_WITHIN_MS)]);
  try {
    while ((await call(host.peers, peerId, 'failbackShow', { relationshipId, failbackId }, limit)).phase !== 'none') await host.clock.sleep(POLL_MS, limit);
  } catch (thrown) {
    signal.throwIfAborted();
    if (!limit.aborted && !faultOf(thrown) && !(thrown instanceof Refused)) throw thrown;
  }
}

const isCloseEnough = ({ rounds, lastDurationMs }: FailbackStanding): boolean => rounds > 0 && (lastDurationMs < QUICK_MS || rounds >= MAX_ROUNDS);

function tell(job: JobContext, { phase, rounds, percent, fault }: FailbackStanding): void {
  const step = (text: Said): Said => (fault ? say('{step}; waiting to try again: {failure}', { step: text, failure: [failureText(fault)] }) : text);
  if (phase === 'sending') job.progress(rounds === 0 ? 10 + (60 * percent) / 100 : 70, step(say('shipping the difference')));
  else job.progress(phase === 'finishing' ? 80 : 95, step(phase === 'finishing' ? say('shutting the guest down, last cycle') : say('taking the machine over')));
}

function endedThere(peer: string, { fault }: FailbackStanding): Error {
  // What may pass is no reason to go on asking: it has been given up over there.
  const isLasting = fault && fault.code in FAULTS && FAULTS[fault.code as FaultCode].retry !== 'backoff';
  if (isLasting) return new Fault(fault.code as FaultCode, say('{peer} gave the failback up: {reason}', { peer, reason: [failureText(fault)] }));
  return new Refused(refuse(fault ? say('{peer} gave the failback up: {failure}', { peer, failure: [failureText(fault)] }) : say('{peer} gave the failback up', { peer }), ['initiate-failback']));
}

const giveBackSurely = (engine: Engine, machineId: string, failbackId: string): Promise<void> =>
  whenFree(engine, machineId, () => giveBackIfHere(engine, machineId, failbackId), engine.host.clock.timeout(GIVE_BACK_WITHIN_MS));

/** Another operation may have the machine just now; a step of the failback itself ends soon. */
async function whenFree<T>(engine: Engine, machineId: string, work: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
  const worker = engine.worker(machineId);
  while (worker.operation !== null) await engine.host.clock.sleep(POLL_MS, signal);
  return worker.exclusive('giving the failback up', work, signal);
}

async function giveBackIfHere(engine: Engine, machineId: string, failbackId: string): Promise<void> {
  const { id, state, failback } = engine.relationshipOf(machineId);
  if (failback?.at !== 'home' || failback.id !== failbackId || state !== 13) return;
  await giveBack(engine.host, id);
  await engine.reception.end(id);
}

/** On either host: the failback is given up and leaves no trace here; the other host hears of it. */
export async function cancelFailback(engine: Engine, relationshipId: string, signal: AbortSignal): Promise<Relationship> {
  const { host } = engine;
  const relationship = relationshipNamed(host, relationshipId);
  if (homeOf(relationship)) {
    await giveBackIfHere(engine, relationship.machineId, relationship.failback!.id);
  } else {
    const { name } = machineOf(host, relationship.machineId);
    if (awayOf(relationship)?.phase === 'handedOver') throw new Refused(refuse(say('{name}: {peer} owns it already: revert or commit the failback there', { name, peer: host.peerName(relationship.peerId) }), []));
    changePhase(host, relationshipId, 'ending');
    await endAway(host, relationshipId, signal);
  }
  return relationshipNamed(host, relationshipId);
}

/**
 * This host has no part in a failback any more, so that its relationship can be removed; the other host need not answer.
 * What has come home already (state 14) stays; a host that handed the machine over has what it had then.
 */
export async function quitFailback(engine: Engine, relationship: Relationship, signal: AbortSignal): Promise<void> {
  const { host } = engine;
  const { id, machineId, state } = relationship;
  if (!relationship.failback || (homeOf(relationship) && state === 14)) return;
  if (awayOf(relationship)?.phase !== 'handedOver') return void (await endFailback(engine, relationship, signal));
  await whenFree(engine, machineId, async (during) => {
    takeBack(host, id);
    await endAway(host, id, during);
  }, signal);
}

/** As `cancelFailback`, asked by a person: the job that follows the failback ends with it. */
export function endFailback(engine: Engine, { id, machineId }: Relationship, signal: AbortSignal): Promise<Relationship> {
  for (const job of engine.host.state.jobs()) if (job.kind === FAILBACK_JOB && job.machineId === machineId && job.state === 'running') engine.jobs.cancel(job.id);
  return whenFree(engine, machineId, (during) => cancelFailback(engine, id, during), signal);
}
