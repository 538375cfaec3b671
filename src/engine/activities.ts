/** The long-running work of each standing. Each runs until it is aborted or a transition makes it end. */
import { Fault, faultOf } from '../errors/fault.ts';
import { Refused } from '../errors/refusal.ts';
import { retryDelayMs } from '../cycle/retry.ts';
import { say } from '../language/text.ts';
import type { Relationship } from '../machine/records.ts';
import { beginningOf, beginsIn } from '../relationship/beginning.ts';
import { cycleIntervalMs } from '../relationship/settings.ts';
import type { Activity } from '../relationship/step.ts';
import { attempted, type Surroundings } from './attempted.ts';
import { keepMerging, takePoints } from './branch/branch.ts';
import { sendOn } from './extended/extended.ts';
import { sendHome } from './failback/sending.ts';
import { greet } from './greeting.ts';
import type { Host } from './host.ts';
import { exportWhole } from './firstcopy/exporting.ts';
import { whileTravelling } from './firstcopy/travelling.ts';
import { specFor } from './primary/attempt.ts';
import { runCycle } from './primary/cycle.ts';
import { advanceDisks } from './primary/diskupdate.ts';
import { runWhole } from './primary/pass.ts';
import { machineOf } from './spec.ts';
import { relationshipNamed, transition } from './transition.ts';

const ANNOUNCE_EVERY_MS = 10_000;
const LOOK_EVERY_MS = 60_000;

export const ACTIVITIES: Record<Exclude<Activity, 'none'>, (around: Surroundings, signal: AbortSignal) => Promise<void>> = {
  cycles,
  'initial-replication': firstCopy,
  resynchronization: (around, signal) => untilDone(around, () => resynchronize(around, signal), signal),
  'await-start': awaitStart,
  announce,
  'send-home': sendHome,
  'send-on': sendOn,
  'failed-over': failedOver,
  'disk-update': bringDisks,
};

/** What the state waits for begins when it is time. */
async function awaitStart({ host, relationshipId, wait }: Surroundings, signal: AbortSignal): Promise<void> {
  for (;;) {
    const relationship = relationshipNamed(host, relationshipId);
    const event = beginsIn(relationship.state);
    if (!event) return;
    const nowMs = host.clock.nowMs();
    const beginning = beginningOf(relationship, nowMs, (atMs) => host.clock.minutesEast(atMs));
    if (beginning.kind === 'now') return void transition(host, relationshipId, event);
    // Looked at again soon in any case: the clock on the wall may be set.
    await wait(beginning.kind === 'at' ? Math.min(beginning.atMs - nowMs, LOOK_EVERY_MS) : LOOK_EVERY_MS, signal);
  }
}

async function cycles(around: Surroundings, signal: AbortSignal): Promise<void> {
  const { host, relationshipId } = around;
  for (;;) {
    if (isIncomplete(relationshipNamed(host, relationshipId))) return void transition(host, relationshipId, 'updateDisks');
    const startedMs = host.clock.monotonicMs();
    const ok = await attempted(around, () => sending(around, 'short', () => runCycle(host, relationshipId, 'cycle', around.onProgress, signal), signal), signal);
    const relationship = host.state.relationship(relationshipId);
    if (relationship?.side !== 'primary' || ![3, 16].includes(relationship.state)) return;
    const intervalMs = cycleIntervalMs(relationship.settings);
    const tookMs = host.clock.monotonicMs() - startedMs;
    await around.wait(ok ? Math.max(0, intervalMs - tookMs) : retryDelayMs(relationship.failures, intervalMs), signal);
  }
}

/** However it came to replicate again: disks that have no recovery point yet are still to be copied. */
const isIncomplete = ({ state, incoming }: Relationship): boolean => state === 3 && (incoming ?? null) !== null;

/** A recovery point after the other, until one has all disks. */
function bringDisks(around: Surroundings, signal: AbortSignal): Promise<void> {
  const { host, relationshipId, onProgress } = around;
  return untilDone(around, async () => {
    while (!(await sending(around, 'long', () => advanceDisks(host, relationshipId, onProgress, signal), signal)));
    transition(host, relationshipId, 'disksUpdated');
  }, signal);
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

/** Over the network, or on media. */
async function firstCopy(around: Surroundings, signal: AbortSignal): Promise<void> {
  const { host, relationshipId, onProgress } = around;
  const by = () => relationshipNamed(host, relationshipId).initial;
  if (by()?.by !== 'media') return untilDone(around, () => sending(around, 'long', () => firstPoint(around, signal), signal), signal);
  if (!by()!.exported) await untilDone(around, () => exportWhole(host, relationshipId, onProgress, signal), signal);
  if (by()?.exported) await whileTravelling(around, signal);
}

/** The first point of a new relationship, or of one that was just reversed. */
async function firstPoint({ host, relationshipId, onProgress }: Surroundings, signal: AbortSignal): Promise<void> {
  const relationship = relationshipNamed(host, relationshipId);
  if (relationship.newestPointId === null || relationship.attempt?.kind === 'initial') await runWhole(host, relationshipId, 'initial', onProgress, signal);
  // The replica was there already: what it holds is compared.
  else if (relationship.trackId === null || relationship.attempt?.kind === 'resync') await runWhole(host, relationshipId, 'resync', onProgress, signal);
  else if (await isTracked(host, relationship)) await runCycle(host, relationshipId, 'reverse', onProgress, signal);
  else throw new Fault('tracking-lost', say('{machine}: what has to travel on the way back is not on record any more', { machine: machineOf(host, relationship.machineId).name }));
  transition(host, relationshipId, 'initialCompleted');
}

async function isTracked(host: Host, relationship: Relationship): Promise<boolean> {
  const { broken, points } = await host.hypervisor.tracking(specFor(host, relationship));
  return !broken && relationship.trackId !== null && points.includes(relationship.trackId);
}

/** As one of the transfers at once; what takes long stands behind every cycle that is due sooner. */
function sending<T>({ host, relationshipId }: Surroundings, length: 'short' | 'long', work: () => Promise<T>, signal: AbortSignal): Promise<T> {
  return host.traffic.transferring(relationshipNamed(host, relationshipId), length === 'long', signal, work);
}

async function resynchronize(around: Surroundings, signal: AbortSignal): Promise<void> {
  const { host, relationshipId, onProgress } = around;
  const compare = () => sending(around, 'long', () => runWhole(host, relationshipId, 'resync', onProgress, signal), signal);
  await host.traffic.resynchronizing(relationshipNamed(host, relationshipId), signal, compare);
  transition(host, relationshipId, relationshipNamed(host, relationshipId).initial?.exported ? 'resynchronizedAhead' : 'resynchronized');
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

/** Three kinds of work side by side: when one ends, so do the others. */
async function failedOver(around: Surroundings, signal: AbortSignal): Promise<void> {
  const ending = new AbortController();
  const during = AbortSignal.any([signal, ending.signal]);
  const { host } = around;
  const works = [announce({ ...around, wait: (ms, until) => host.clock.sleep(ms, until) }, during), takePoints(around, during), keepMerging(around, during)];
  const over = new DOMException('the machine is not failed over any more', 'AbortError');
  const outcomes = await Promise.allSettled(works.map((work) => work.finally(() => ending.abort(over))));
  for (const outcome of outcomes) if (outcome.status === 'rejected' && outcome.reason !== over) throw outcome.reason;
}
