/** The kinds of jobs and their work. */
import { Fault, faultOf } from '../errors/fault.ts';
import { Refused, refuse } from '../errors/refusal.ts';
import type { InitialTransfer } from '../machine/initial.ts';
import type { Relationship } from '../machine/records.ts';
import { isOnward } from '../relationship/chain.ts';
import { stateWords, standingWords } from '../relationship/state.ts';
import { allowedVerbs, type Standing } from '../relationship/step.ts';
import { cycleNow, figures } from './cyclenow.ts';
import type { Engine } from './engine.ts';
import { becomeReplica } from './demotion.ts';
import { changeMode } from './extended/changemode.ts';
import { prepareOnward, takeBackOnward } from './extended/planned.ts';
import { commit, revert } from './failover.ts';
import { awaitEndAway, FAILBACK_JOB, failBackHome } from './failback/failback.ts';
import { beginInitial } from './initial.ts';
import { mediaKinds } from './mediakinds.ts';
import { commitHome, giveBack } from './failback/home.ts';
import { flag, shutdownMs, text, whole } from './jobargs.ts';
import { type JobContext, type JobResult, type JobWork, withTrouble, heldBy } from './jobs.ts';
import { ADDRESSING_JOB, setAddresses } from './network/addressing.ts';
import { onPeer } from './onpeer.ts';
import { unplannedFailover } from './operations.ts';
import { handOver, prepare, takeBackPrepared } from './planned.ts';
import { startMachine } from './power.ts';
import { verifyPoint } from './replica/verification.ts';
import { reverse } from './reverse.ts';
import { guestKinds, stepKinds } from './stepkinds.ts';
import { endTestCopy, makeTestCopy } from './testfailover.ts';
import { relationshipNamed, transition } from './transition.ts';
import { say, type Said, type Text } from '../language/text.ts';

const POLL_MS = 300;
/** Where an initial replication or a resynchronization leads that somebody stopped. */
const TAKEN_BACK: readonly number[] = [1, 9];
const TAKE_BACK_WITHIN_MS = 60_000;

export const jobKinds = (engine: Engine): Readonly<Record<string, JobWork>> => ({ ...powerKinds(engine), ...replicationKinds(engine), ...failoverKinds(engine), ...stepKinds(engine), ...mediaKinds(engine), ...guestKinds(engine) });

function failoverKinds(engine: Engine): Readonly<Record<string, JobWork>> {
  const { host } = engine;
  const seconds = (sinceMs: number) => (host.clock.monotonicMs() - sinceMs) / 1_000;
  const alone = <T>(job: JobContext, name: string, work: (signal: AbortSignal) => Promise<T>) => engine.worker(job.machineId).exclusive(heldBy(job, name), work, job.signal);

  return {
    test: async (job) => {
      const startedMs = host.clock.monotonicMs();
      const { id } = engine.relationshipOf(job.machineId);
      const copy = await alone(job, 'test failover', async () => {
        await engine.worker(job.machineId).stopMerging();
        return makeTestCopy(host, id, { pointId: text(job, 'point'), copyId: text(job, 'copyId'), network: text(job, 'network'), isolated: flag(job, 'isolated'), resumed: job.resumed, askedMs: job.askedMs });
      });
      if (flag(job, 'start')) await engine.worker(copy.id).exclusive(heldBy(job, 'start the guest'), (signal) => startMachine(host, copy.id, signal), job.signal);
      return { machine: copy.name, machineId: copy.id, seconds: seconds(startedMs) };
    },
    testEnd: async (job) => {
      const { id } = engine.relationshipOf(job.machineId);
      await engine.testScreens.atEnd(id);
      await alone(job, 'end test failover', () => endTestCopy(host, id));
      return {};
    },
    unplanned: async (job) => {
      const startedMs = host.clock.monotonicMs();
      job.progress(10, 'asking the primary');
      await unplannedFailover(engine, job.machineId, { pointId: text(job, 'point'), start: flag(job, 'start'), force: flag(job, 'force'), commitAfterSeconds: whole(job, 'commitAfterSeconds'), resumed: job.resumed, operation: heldBy(job, 'unplanned failover'), asking: { askedMs: job.askedMs } }, job.signal);
      return { seconds: seconds(startedMs) };
    },
    planned: (job) => plannedFailover(engine, job),
    commit: async (job) => {
      const { id } = engine.relationshipOf(job.machineId);
      await alone(job, 'commit failover', async (signal) => (relationshipNamed(host, id).state === 14 ? commitHome(host, id, signal) : commit(host, id)));
      return {};
    },
    revert: async (job) => {
      const { id, state, failback } = engine.relationshipOf(job.machineId);
      if (state === 14 || (state === 5 && !failback)) await host.hypervisor.stop(job.machineId);
      await alone(job, 'revert failover', () => (relationshipNamed(host, id).state === 14 ? giveBack(host, id) : revert(host, id)));
      if (failback?.at === 'home') await awaitEndAway(engine, engine.relationshipOf(job.machineId), failback.id, job.signal);
      return {};
    },
    reverse: (job) => reversed(engine, job),
    changeMode: async (job) => {
      await changeMode(engine, job.machineId, job.signal);
      return {};
    },
    becomeReplica: async (job) => {
      await alone(job, 'become replica', (signal) => becomeReplica(host, engine.relationshipOf(job.machineId).id, signal));
      return {};
    },
    failback: (job) => failback(engine, job),
    [ADDRESSING_JOB]: (job) => setAddresses(host, job),
    [FAILBACK_JOB]: (job) => failBackHome(engine, job, { pointId: text(job, 'point'), shutdownMs: shutdownMs(job) }),
  };
}

function powerKinds(engine: Engine): Readonly<Record<string, JobWork>> {
  const { host } = engine;
  return {
    start: async (job) => {
      await engine.worker(job.machineId).exclusive(heldBy(job, 'start the guest'), (signal) => startMachine(host, job.machineId, signal, { force: flag(job, 'force') }), job.signal);
      return {};
    },
    stop: async (job) => {
      job.progress(10, flag(job, 'force') ? 'ending the guest' : 'waiting for the guest to shut down');
      if (flag(job, 'force')) await host.hypervisor.stop(job.machineId);
      else await host.hypervisor.shutdown(job.machineId, shutdownMs(job), job.signal);
      host.changed('machine', job.machineId);
      return {};
    },
  };
}

function replicationKinds(engine: Engine): Readonly<Record<string, JobWork>> {
  const { host } = engine;
  return {
    initial: async (job) => {
      const { id, side, state } = engine.relationshipFor(job);
      if (side !== 'primary' || state !== 2) await beginInitial(host, id, text(job, 'transfer') as InitialTransfer | null, job.signal);
      return awaitPoint(engine, job, [2], say('initial replication'));
    },
    resynchronize: async (job) => {
      const { id, state } = engine.relationshipFor(job);
      if (state !== 10) transition(host, id, state === 11 ? 'continueResync' : 'resynchronize');
      return awaitPoint(engine, job, [10, 11], say('resynchronizing'));
    },
    cycle: (job) => cycleNow(engine, job),
    verify: (job) => verified(engine, job),
  };
}

/** Resolves when the relationship has left the states, with the figures of the point that did it. */
async function awaitPoint(engine: Engine, job: JobContext, states: readonly number[], step: Said): Promise<JobResult> {
  const before = engine.relationshipFor(job).totals;
  const startedMs = engine.host.clock.nowMs();
  for (;;) {
    const relationship = engine.relationshipFor(job);
    if (relationship.side === 'primary' && TAKEN_BACK.includes(relationship.state)) throw new Fault('cancelled', say('{step} was cancelled: {state}', { step, state: stateWords(relationship.state) }));
    if (!states.includes(relationship.state)) return states.includes(10) ? resynchronizedSince(startedMs, before, relationship) : shippedSince(before, relationship);
    const { progress } = engine.workerOf(relationship);
    job.progress(progress && progress.totalBytes > 0 ? (100 * progress.doneBytes) / progress.totalBytes : 0, stepWords(step, relationship, engine.host.traffic.waitingFor(relationship.id)));
    await engine.host.clock.sleep(POLL_MS, job.signal);
  }
}

/** The step, and what keeps it from going on. */
function stepWords(step: Said, relationship: Relationship, waiting: Text | null): Text {
  if (relationship.state === 11) return say('{step}; suspended', { step });
  return waiting === null ? withTrouble(step, relationship) : say('{step}; {waiting}', { step, waiting: [waiting] });
}

/** Of the resynchronization that ended since; a cycle may have followed at once. */
function resynchronizedSince(startedMs: number, before: Relationship['totals'], relationship: Relationship): JobResult {
  const last = relationship.lastResynchronization;
  if (!last || last.finishedMs < startedMs) return shippedSince(before, relationship);
  return { bytesChanged: last.bytesChanged, bytesShipped: last.bytesShipped, bytesCompared: last.comparedBytes, secondsComparing: last.comparedMs / 1_000, seconds: last.durationMs / 1_000 };
}

/** What travelled since then; a cycle that followed at once is counted too. */
const shippedSince = (before: Relationship['totals'], { totals, lastCycle }: Relationship): JobResult => ({
  bytesChanged: totals.bytesChanged - before.bytesChanged,
  bytesShipped: totals.bytesShipped - before.bytesShipped,
  seconds: (lastCycle?.durationMs ?? 0) / 1_000,
});

/** Of one point at a time; it holds nothing else up. */
async function verified(engine: Engine, job: JobContext): Promise<JobResult> {
  const { host } = engine;
  const { id, verifyingId } = engine.relationshipOf(job.machineId);
  if (verifyingId && !job.resumed) throw new Fault('machine-busy', say('another recovery point is being verified: {verifyingId}', { verifyingId }));
  const { clusters, uncheckedClusters } = await verifyPoint(host, id, text(job, 'point') ?? '', {
    onVerified: (doneBytes, totalBytes) => job.progress((100 * doneBytes) / Math.max(1, totalBytes), 'reading and comparing'),
    stopMerging: () => engine.worker(job.machineId).stopMerging(),
  }, job.signal);
  return { clusters, uncheckedClusters };
}

async function plannedFailover(engine: Engine, job: JobContext): Promise<JobResult> {
  const { host } = engine;
  const startedMs = host.clock.monotonicMs();
  const relationship = engine.relationshipFor(job);
  const { id, side } = relationship;
  if (side === 'replica' && !flag(job, 'begun')) return onPeer(engine, job, relationship, 'planned', job.args);
  if (side === 'primary') {
    job.progress(5, 'checking what must hold, then shutting the guest down');
    if (isOnward(relationship)) await prepareOnward(engine, job, relationship);
    else await engine.worker(job.machineId).exclusive(heldBy(job, 'planned failover'), (signal) => prepare(host, id, { shutdownTimeoutMs: shutdownMs(job), reverse: flag(job, 'reverse'), force: flag(job, 'force') }, ({ doneBytes, totalBytes }) => job.progress(20 + (40 * doneBytes) / Math.max(1, totalBytes), 'last cycle'), signal), job.signal);
    job.progress(60, 'starting on the other host');
    await handOverOrTakeBack(engine, job, relationship);
  }
  const seconds = (host.clock.monotonicMs() - startedMs) / 1_000;
  const shipped = figures(relationshipNamed(host, id).lastCycle);
  if (!flag(job, 'reverse')) return { ...shipped, seconds };
  job.progress(80, 'reversing');
  const { bytesShipped } = await onPeer(engine, job, relationship, 'reverse', {});
  return { ...shipped, reverseBytesShipped: bytesShipped ?? null, seconds };
}

async function handOverOrTakeBack(engine: Engine, job: JobContext, relationship: Relationship): Promise<void> {
  const { host } = engine;
  const { id: relationshipId } = relationship;
  try {
    await handOver(host, relationshipId, { start: flag(job, 'start'), commitAfterSeconds: whole(job, 'commitAfterSeconds'), asking: { askedMs: job.askedMs, isFailback: flag(job, 'home') } }, job.signal);
  } catch (thrown) {
    const isCancelled = job.signal.aborted && faultOf(job.signal.reason)?.code === 'cancelled';
    if (isCancelled && isOnward(relationship)) await takeBackOnward(engine, job, relationshipId, true);
    else if (isCancelled) await engine.worker(job.machineId).exclusive('cancel planned failover', (signal) => takeBackPrepared(host, relationshipId, signal), host.clock.timeout(TAKE_BACK_WITHIN_MS));
    throw thrown;
  }
}

/** The other host has asked this one, since the work is not there: neither host sends it round again. */
function refuseReturned(standing: Standing, job: JobContext, what: 'fail back' | 'reverse'): void {
  if (flag(job, 'begun')) throw new Refused(refuse(what === 'reverse' ? say('neither host can reverse now; here: {here}', { here: standingWords(standing) }) : say('neither host can fail back now; here: {here}', { here: standingWords(standing) }), allowedVerbs(standing)));
}

/** Ends with the first reverse cycle acknowledged. */
async function reversed(engine: Engine, job: JobContext): Promise<JobResult> {
  const { host } = engine;
  const before = engine.relationshipOf(job.machineId);
  // The old primary asks the new one, which is where the work is.
  if (before.side === 'replica' ? before.failover === null : before.state === 4) {
    refuseReturned(before, job, 'reverse');
    return onPeer(engine, job, before, 'reverse', {});
  }
  const { totals } = before;
  job.progress(5, 'asking the old primary to yield');
  await engine.worker(job.machineId).exclusive(heldBy(job, 'reverse replication'), (signal) => reverse(host, before.id, signal), job.signal);
  const now = engine.relationshipOf(job.machineId);
  if (now.state === 1) transition(host, now.id, 'startInitial');
  const asked = now.newestPointId;
  for (;;) {
    const relationship = engine.relationshipOf(job.machineId);
    if (relationship.side === 'primary' && relationship.state === 3 && relationship.lastCycle !== null) return shippedSince(totals, relationship);
    if (relationship.side !== 'primary' || ![1, 2, 3, 9, 10].includes(relationship.state)) throw new Refused(refuse(say('the reverse did not end in replication: {state}', { state: stateWords(relationship.state) }), allowedVerbs(relationship)));
    job.progress(40, asked === null ? 'reversing' : 'shipping the difference');
    await host.clock.sleep(POLL_MS, job.signal);
  }
}

/** Home: reversed first when that was not done, then a planned failover in the other direction, then reversed again. */
async function failback(engine: Engine, job: JobContext): Promise<JobResult> {
  const { host } = engine;
  const relationship = engine.relationshipOf(job.machineId);
  const isHere = relationship.side === 'primary' ? relationship.state !== 4 : relationship.failover !== null;
  if (!isHere) {
    refuseReturned(relationship, job, 'fail back');
    return onPeer(engine, job, relationship, 'failback', job.args);
  }
  const startedMs = host.clock.monotonicMs();
  const first = relationship.side === 'replica' ? await reversed(engine, job) : {};
  const second = await plannedFailover(engine, { ...job, args: { ...job.args, reverse: true, home: true } });
  return { ...first, ...second, seconds: (host.clock.monotonicMs() - startedMs) / 1_000 };
}
