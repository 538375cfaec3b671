/** The long-running work of each standing. Each runs until it is aborted or a transition makes it end. */
import { Fault, FAULTS, faultOf } from '../errors/fault.ts';
import { Refused } from '../errors/refusal.ts';
import { retryDelayMs } from '../cycle/retry.ts';
import type { LastFault, Relationship } from '../machine/records.ts';
import { cycleIntervalMs } from '../relationship/settings.ts';
import type { Activity } from '../relationship/step.ts';
import { greet } from './greeting.ts';
import type { Host } from './host.ts';
import { giveUp, specFor } from './primary/attempt.ts';
import { runCycle, type OnProgress } from './primary/cycle.ts';
import { runWhole } from './primary/pass.ts';
import { machineOf } from './spec.ts';
import { countedFailure } from './statistics.ts';
import { relationshipNamed, transition, update } from './transition.ts';

const ANNOUNCE_EVERY_MS = 10_000;

export interface Surroundings {
  readonly host: Host;
  readonly relationshipId: string;
  readonly onProgress: OnProgress;
  /** Resolves after the time, or sooner when a cycle is wanted now. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

export const ACTIVITIES: Record<Exclude<Activity, 'none'>, (around: Surroundings, signal: AbortSignal) => Promise<void>> = {
  cycles,
  'initial-replication': (around, signal) => untilDone(around, () => firstPoint(around, signal), signal),
  resynchronization: (around, signal) => untilDone(around, () => resynchronize(around, signal), signal),
  'recover-tracking': (around) => {
    transition(around.host, around.relationshipId, 'resynchronize');
    return Promise.resolve();
  },
  announce,
};

async function cycles(around: Surroundings, signal: AbortSignal): Promise<void> {
  const { host, relationshipId } = around;
  for (;;) {
    const startedMs = host.clock.monotonicMs();
    const ok = await attempted(around, () => runCycle(host, relationshipId, 'cycle', around.onProgress, signal), signal);
    const relationship = host.state.relationship(relationshipId);
    if (relationship?.side !== 'primary' || relationship.state !== 3) return;
    const intervalMs = cycleIntervalMs(relationship.settings);
    const tookMs = host.clock.monotonicMs() - startedMs;
    await around.wait(ok ? Math.max(0, intervalMs - tookMs) : retryDelayMs(relationship.failures, intervalMs), signal);
  }
}

/** Runs the work again, with growing pauses, until it has succeeded or the standing changed. */
async function untilDone(around: Surroundings, work: () => Promise<void>, signal: AbortSignal): Promise<void> {
  const { state } = relationshipNamed(around.host, around.relationshipId);
  for (;;) {
    if (await attempted(around, work, signal)) return;
    const relationship = around.host.state.relationship(around.relationshipId);
    if (relationship?.state !== state) return;
    await around.wait(retryDelayMs(relationship.failures, cycleIntervalMs(relationship.settings)), signal);
  }
}

/** The first point of a new relationship, or of one that was just reversed. */
async function firstPoint({ host, relationshipId, onProgress }: Surroundings, signal: AbortSignal): Promise<void> {
  const relationship = relationshipNamed(host, relationshipId);
  if (relationship.newestPointId === null || relationship.attempt?.kind === 'initial') await runWhole(host, relationshipId, 'initial', onProgress, signal);
  else if (await isTracked(host, relationship)) await runCycle(host, relationshipId, 'reverse', onProgress, signal);
  else throw new Fault('tracking-lost', `${machineOf(host, relationship.machineId).name}: what has to travel on the way back is not on record any more`);
  transition(host, relationshipId, 'initialCompleted');
}

async function isTracked(host: Host, relationship: Relationship): Promise<boolean> {
  const { broken, points } = await host.hypervisor.tracking(specFor(host, relationship));
  return !broken && relationship.trackId !== null && points.includes(relationship.trackId);
}

async function resynchronize({ host, relationshipId, onProgress }: Surroundings, signal: AbortSignal): Promise<void> {
  await runWhole(host, relationshipId, 'resync', onProgress, signal);
  transition(host, relationshipId, 'resynchronized');
}

async function announce({ host, relationshipId, wait }: Surroundings, signal: AbortSignal): Promise<void> {
  for (;;) {
    const before = relationshipNamed(host, relationshipId);
    // A replica that waits for its first point has nothing to say and nothing to hear.
    const isSilent = before.state === 2 && before.yielded === null;
    try {
      if (!isSilent) await greet(host, relationshipId, signal);
    } catch (thrown) {
      signal.throwIfAborted();
      if (!faultOf(thrown) && !(thrown instanceof Refused)) throw thrown;
    }
    if (host.state.relationship(relationshipId)?.side !== before.side) return;
    await wait(ANNOUNCE_EVERY_MS, signal);
  }
}

/** True when the work succeeded. What failed is recorded with its fault, and leads where the fault's row says. */
async function attempted(around: Surroundings, work: () => Promise<void>, signal: AbortSignal): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (thrown) {
    signal.throwIfAborted();
    const fault = faultOf(thrown);
    if (!fault && !(thrown instanceof Refused)) throw thrown;
    if (around.host.state.relationship(around.relationshipId)) await failed(around, fault, thrown as Error, signal);
    return false;
  }
}

async function failed({ host, relationshipId }: Surroundings, fault: Fault | undefined, thrown: Error, signal: AbortSignal): Promise<void> {
  const lastFault: LastFault = fault
    ? { code: fault.code, message: fault.message, hint: fault.hint, atMs: host.clock.nowMs() }
    : { code: 'refused', message: thrown.message, hint: FAULTS['peer-busy'].hint, atMs: host.clock.nowMs() };
  const after = update(host, relationshipId, (before) => ({ lastFault, failures: before.failures + 1, statistics: countedFailure(before, lastFault.code, lastFault.atMs) }));
  if (after.failures === 1 || fault?.row.retry !== 'backoff') report(host, after, lastFault);
  if (fault?.code === 'attempt-lost' && after.state !== 3) await giveUp(host, relationshipId, signal);
  if (after.side !== 'primary') return;
  const isFirstReverse = after.state === 2 && after.newestPointId !== null;
  if ((after.state === 3 || isFirstReverse) && fault?.row.retry === 'resynchronize') transition(host, relationshipId, 'requireResync');
  else if (after.state === 3 && fault && fault.row.retry !== 'backoff') transition(host, relationshipId, 'failHard');
}

/** Source: Hyper-V-VMMS 32315 "failed, will retry"; 32086 "suspended". */
function report(host: Host, relationship: Relationship, fault: LastFault): void {
  const machine = host.state.machine(relationship.machineId)?.name ?? relationship.machineId;
  host.state.addEvent({ atMs: fault.atMs, number: 32315, severity: 'warning', machine, message: `${machine}: ${fault.message}. ${fault.hint}` });
}
