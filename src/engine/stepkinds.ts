/**
 * Kinds of jobs that take one step each. The command line joins such steps into one command; the CIM API asks for them one
 * by one.
 */
import { faultOf } from '../errors/fault.ts';
import { Refused, refuse } from '../errors/refusal.ts';
import type { Event } from '../relationship/table.ts';
import type { State } from '../relationship/state.ts';
import { allowedVerbs } from '../relationship/step.ts';
import type { Relationship } from '../machine/records.ts';
import type { Settings } from '../relationship/settings.ts';
import { call } from './calls.ts';
import { isOnward } from '../relationship/chain.ts';
import type { Engine } from './engine.ts';
import { prepareOnward } from './extended/planned.ts';
import { greet } from './greeting.ts';
import type { Host } from './host.ts';
import { flag, shutdownMs, text } from './jobargs.ts';
import { heldBy, type JobContext, type JobWork } from './jobs.ts';
import { askPrimary, unplannedFailover } from './operations.ts';
import { cancelPrepared, prepare } from './planned.ts';
import { startMachine, startRefusal } from './power.ts';
import { report } from './report.ts';
import { checkDisks, updateDisks } from './primary/diskupdate.ts';
import { incomingWith, isSameSet } from './primary/incoming.ts';
import { reverse } from './reverse.ts';
import { machineOf } from './spec.ts';
import { cancelResynchronization } from './starts.ts';
import { relationshipNamed, transition, update } from './transition.ts';
import { say } from '../language/text.ts';

interface OneStep {
  readonly event: Event;
  readonly to: State;
  /** In these states it is this event; the first of a step is for all others. */
  readonly from?: readonly State[];
}

/** Steps that are one event of the table, and where it has led when it is done. */
const STEPS = {
  stopInitial: [{ event: 'stopInitial', to: 1 }, { event: 'unscheduleInitial', to: 1, from: [1] }],
  suspend: [{ event: 'suspend', to: 7 }, { event: 'suspendResync', to: 11, from: [10] }],
  resume: [{ event: 'resume', to: 3 }, { event: 'continueResync', to: 10, from: [11] }, { event: 'retryDisks', to: 15, from: [16] }],
} as const satisfies Record<string, readonly [OneStep, ...OneStep[]]>;

export function stepKinds(engine: Engine): Readonly<Record<string, JobWork>> {
  const { host } = engine;
  const alone = <T>(job: JobContext, name: string, work: (signal: AbortSignal) => Promise<T>) => engine.worker(job.machineId).exclusive(heldBy(job, name), work, job.signal);
  return {
    preparePlanned: async (job) => {
      const relationship = engine.relationshipFor(job);
      if (isOnward(relationship)) return prepareOnwardOff(engine, job, relationship);
      const { id } = relationship;
      job.progress(5, 'shutting the guest down');
      await alone(job, 'planned failover', (signal) => prepare(host, id, { shutdownTimeoutMs: shutdownMs(job), reverse: true, force: false }, ({ doneBytes, totalBytes }) => job.progress(20 + (70 * doneBytes) / Math.max(1, totalBytes), 'last cycle'), signal));
      return {};
    },
    cancelPlanned: async (job) => {
      const relationship = engine.relationshipFor(job);
      const { id, side, state } = relationship;
      if (job.resumed && side === 'primary' && state === 3) return {};
      await engine.workerOf(relationship).exclusive('cancel planned failover', (signal) => cancelPrepared(host, id, flag(job, 'force'), signal), job.signal);
      return {};
    },
    failOver: (job) => failOver(engine, job),
    reverseHere: (job) => alone(job, 'reverse replication', (signal) => reverseHere(engine, job, signal)),
    stopInitial: (job) => taken(engine, job, 'stopInitial'),
    suspend: (job) => taken(engine, job, 'suspend'),
    resume: (job) => taken(engine, job, 'resume'),
    cancelResync: async (job) => {
      const { id, state, heldBack } = engine.relationshipFor(job);
      if (job.resumed && state === 9 && heldBack) return {};
      await engine.workerOf(cancelResynchronization(host, id)).tended();
      return {};
    },
  };
}

/** Step by step nobody's guest is stopped: the one before has to be off. */
async function prepareOnwardOff(engine: Engine, job: JobContext, relationship: Relationship) {
  const own = engine.relationshipOf(job.machineId);
  const { power } = await greet(engine.host, own.id, job.signal);
  if (power !== 'off') throw new Refused(refuse(say('a planned failover is prepared while the guest is off: it runs on {peer} and has to be shut down there first', { peer: engine.host.peerName(own.peerId) }), ['shutDown', 'turnOff']));
  await prepareOnward(engine, job, relationship);
  return {};
}

async function taken(engine: Engine, job: JobContext, kind: keyof typeof STEPS) {
  const { id, state } = engine.relationshipFor(job);
  const steps: readonly [OneStep, ...OneStep[]] = STEPS[kind];
  if (job.resumed && steps.some(({ to }) => state === to)) return {};
  transition(engine.host, id, (steps.find(({ from }) => from?.includes(state)) ?? steps[0]).event);
  await engine.workerOf(engine.relationshipFor(job)).tended();
  return {};
}

/** State 5 here, off. A primary that can be reached has yielded, and holds its guest, before the job ends. */
async function failOver(engine: Engine, job: JobContext) {
  job.progress(10, 'asking the primary');
  await unplannedFailover(engine, job.machineId, { pointId: text(job, 'point'), start: false, force: true, damagedToo: false, resumed: job.resumed, operation: heldBy(job, 'unplanned failover'), asking: { askedMs: job.askedMs } }, job.signal);
  job.progress(90, 'telling the primary');
  await askPrimary(engine, engine.relationshipOf(job.machineId).id, job.signal);
  return {};
}

/** This host is primary, in state 3 after a planned failover and in 1 after another one, which has to be committed before. */
async function reverseHere(engine: Engine, job: JobContext, signal: AbortSignal) {
  const { host } = engine;
  const before = engine.relationshipOf(job.machineId);
  if (before.state === 5 && before.failover?.planned === false) throw new Refused(refuse('the failover was not a planned one: it has to be committed before replication can be reversed', allowedVerbs(before)));
  if (!(job.resumed && before.side === 'primary')) await reverse(host, before.id, signal);
  const settings = job.args['settings'] as Settings | undefined;
  if (settings) await putSettings(host, before.id, settings, signal);
  return {};
}

/** Both hosts go by the settings: the other one now, or when they meet next. Other disks need the other host; then the caller has the machine. */
export async function putSettings(host: Host, relationshipId: string, settings: Settings, signal: AbortSignal): Promise<void> {
  const relationship = relationshipNamed(host, relationshipId);
  if (isSameSet(settings.disks, relationship.settings.disks)) return putOnBoth(host, relationship, settings, signal);
  checkDisks(host, relationship, settings.disks);
  await call(host.peers, relationship.peerId, 'settings', { relationshipId, settings }, signal);
  if (relationship.state === 1) update(host, relationshipId, (before) => ({ settings, incoming: incomingWith(before, settings), undecidedDisks: [] }));
  else await updateDisks(host, relationshipId, settings, signal);
}

/** Nothing has to be done for the disks that they name. */
export async function putOnBoth(host: Host, { id, peerId, machineId }: Relationship, settings: Settings, signal: AbortSignal): Promise<void> {
  update(host, id, () => ({ settings }));
  try {
    await call(host.peers, peerId, 'settings', { relationshipId: id, settings }, signal);
  } catch (thrown) {
    if (faultOf(thrown)?.code !== 'peer-unreachable') throw thrown;
    report(host, 'settings-later', machineOf(host, machineId).name, say('{peer} cannot be reached now; it goes by the new settings from their next meeting on', { peer: host.peerName(peerId) }));
  }
}

export function guestKinds(engine: Engine): Readonly<Record<string, JobWork>> {
  const { host } = engine;
  const alone = async (job: JobContext, name: string, work: (signal: AbortSignal) => Promise<unknown>) => {
    await engine.worker(job.machineId).exclusive(heldBy(job, name), work, job.signal);
    host.changed('machine', job.machineId);
    return {};
  };
  return {
    turnOff: async (job) => {
      await host.hypervisor.stop(job.machineId);
      host.changed('machine', job.machineId);
      return {};
    },
    shutDown: async (job) => {
      job.progress(10, 'waiting for the guest to shut down');
      await host.hypervisor.shutdown(job.machineId, shutdownMs(job), job.signal);
      host.changed('machine', job.machineId);
      return {};
    },
    pause: (job) => alone(job, 'pause the guest', () => host.hypervisor.pause(job.machineId)),
    goOn: (job) => alone(job, 'resume the guest', async () => {
      const refusal = startRefusal(machineOf(host, job.machineId), host.state.relationshipOf(job.machineId));
      if (refusal !== null) throw new Refused(refuse(say('the guest may not go on here: {refusal}', { refusal: [refusal] })));
      await host.hypervisor.resume(job.machineId);
    }),
    reset: (job) => alone(job, 'reset the guest', async (signal) => {
      await host.hypervisor.stop(job.machineId);
      await startMachine(host, job.machineId, signal);
    }),
  };
}
