/**
 * Sending recovery points on to a third host. Each cycle sends the newest point that this host has; the next host seals it
 * exactly as it would seal one of a running guest. An attempt holds no instant: it is kept while the other host cannot be
 * reached, and goes on where it stopped, also after a restart.
 */
import { retryDelayMs } from '../../cycle/retry.ts';
import { Refused, refuse } from '../../errors/refusal.ts';
import type { Attempt, AttemptKind, Relationship } from '../../machine/records.ts';
import { isOnward } from '../../relationship/chain.ts';
import { newestOf } from '../../relationship/epoch.ts';
import { cycleIntervalMs } from '../../relationship/settings.ts';
import type { Event } from '../../relationship/table.ts';
import { attempted, type Surroundings } from '../attempted.ts';
import type { Standing } from '../calls.ts';
import { greet } from '../greeting.ts';
import type { Host } from '../host.ts';
import { changeAttempt, giveUp, openAttempt, seal, settle, transfer } from '../primary/attempt.ts';
import { machineOf, pointStacks } from '../spec.ts';
import { putOnBoth } from '../stepkinds.ts';
import { relationshipNamed, transition, update } from '../transition.ts';
import { carryAside, wholeDisks } from './carrying.ts';
import { newestSource, openSource } from './source.ts';
import { say } from '../../language/text.ts';

/** How soon it is looked again where there was nothing to send. */
const IDLE_MS = 10_000;

export interface Sending {
  readonly kind: AttemptKind;
  readonly done?: Event;
}

/** By the state: what an attempt is, and the event when it was acknowledged. */
const SENDING: Partial<Record<number, Sending>> = {
  2: { kind: 'initial', done: 'initialCompleted' },
  3: { kind: 'cycle' },
  10: { kind: 'resync', done: 'resynchronized' },
};

/** Runs until the standing is another. */
export async function sendOn(around: Surroundings, signal: AbortSignal): Promise<void> {
  const { host, relationshipId } = around;
  for (;;) {
    const startedMs = host.clock.monotonicMs();
    let hasSent = false;
    const ok = await attempted(around, async () => {
      const sending = SENDING[relationshipNamed(host, relationshipId).state];
      if (sending) hasSent = await sendNewest(around, sending, signal);
    }, signal);
    const relationship = host.state.relationship(relationshipId);
    if (!relationship || !isOnward(relationship) || SENDING[relationship.state] === undefined) return;
    const intervalMs = intervalOf(host, relationship);
    const restMs = Math.max(0, intervalMs - (host.clock.monotonicMs() - startedMs));
    await around.wait(ok ? Math.min(restMs, hasSent ? restMs : IDLE_MS) : retryDelayMs(relationship.failures, intervalMs), signal);
  }
}

/** Never below the primary's, also when that was made longer since. */
function intervalOf(host: Host, { machineId, settings }: Relationship): number {
  const own = host.state.relationshipOf(machineId);
  return Math.max(cycleIntervalMs(settings), own ? cycleIntervalMs(own.settings) : 0);
}

/** True when the next host has acknowledged a point that it did not have; false when there is none for it yet. */
export async function sendNewest(around: Surroundings, { kind, done }: Sending, signal: AbortSignal): Promise<boolean> {
  const { host, relationshipId } = around;
  const standing = await greet(host, relationshipId, signal);
  checkOwner(host, relationshipNamed(host, relationshipId));
  const before = relationshipNamed(host, relationshipId).attempt;
  const settled = await settledWith(host, relationshipId, kind, standing, signal);
  await followDisks(host, settled, signal);
  // The next host had made the point, and its acknowledgement was lost.
  const isSealed = before !== null && settled.newestPointId === before.id;
  const attempt = isSealed ? null : (settled.attempt ?? openSending(host, settled, kind));
  if (!isSealed && !attempt) return false;
  if (attempt) await host.traffic.transferring(relationshipNamed(host, relationshipId), kind !== 'cycle', signal, () => send(around, attempt, signal));
  if (done) transition(host, relationshipId, done);
  return true;
}

/** The next host failed over: it takes nothing. */
function checkOwner(host: Host, { machineId, peerId }: Relationship): void {
  const machine = machineOf(host, machineId);
  if (newestOf(machine.lineage).ownerHostId !== peerId) return;
  throw new Refused(refuse(say('{machine}: {peer} runs this machine in a newer epoch, so nothing is sent on there', { machine: machine.name, peer: host.peerName(peerId) }), []));
}

/** The disks are those that arrive here. A new one needs no state of its own: a point here that has it has all of it, and all of that is carried. */
async function followDisks(host: Host, relationship: Relationship, signal: AbortSignal): Promise<void> {
  const { machineId, settings, attempt } = relationship;
  const disks = host.state.relationshipOf(machineId)?.settings.disks ?? settings.disks;
  if (attempt !== null || disks.join() === settings.disks.join()) return;
  await putOnBoth(host, relationship, { ...settings, disks }, signal);
}

/** No attempt is open, or the one that is can go on. */
async function settledWith(host: Host, relationshipId: string, kind: AttemptKind, standing: Standing, signal: AbortSignal): Promise<Relationship> {
  const { attempt } = relationshipNamed(host, relationshipId);
  const isWhole = kind === 'initial' || kind === 'resync';
  if (attempt && standing.newestPointId !== attempt.id) {
    const isGone = attempt.source === undefined || host.state.point(attempt.source.pointId) === undefined;
    const isMisfit = isWhole && standing.newestPointId !== attempt.parentId;
    if (isGone || isMisfit || attempt.kind !== kind) await giveUp(host, relationshipId, signal);
  }
  if (kind === 'resync' && relationshipNamed(host, relationshipId).attempt === null) update(host, relationshipId, () => ({ newestPointId: standing.newestPointId }));
  return settle(host, relationshipNamed(host, relationshipId), standing, true);
}

/** An attempt at the newest point; null when there is none, or the next host has it. */
function openSending(host: Host, relationship: Relationship, kind: AttemptKind): Attempt | null {
  const { id, machineId, sentPointId } = relationship;
  const point = newestSource(host, machineId);
  if (!point) return null;
  const has = new Set(pointStacks(machineOf(host, machineId), point.id).map(({ disk }) => disk));
  const isSent = sentPointId === point.id && [...host.state.carried(id)].every(([disk, clusters]) => clusters.isEmpty || !has.has(disk));
  if (kind === 'cycle' && isSent) return null;
  return host.state.transaction(() => {
    if (kind === 'initial' || kind === 'resync') carryAside(host, machineId, wholeDisks(host, machineId));
    const compares = kind === 'resync';
    openAttempt(host, relationship, { kind, phase: compares ? 'pass' : 'delta', sinceId: null, comparedWith: compares ? relationship.newestPointId : null, source: { pointId: point.id } });
    return changeAttempt(host, id, { instantMs: point.instantMs });
  });
}

/** The next host has the attempt's point. What fails is tried again with the same attempt. */
async function send({ host, relationshipId, onProgress, stopMerging }: Surroundings, attempt: Attempt, signal: AbortSignal): Promise<void> {
  await stopMerging();
  const view = await openSource(host, relationshipNamed(host, relationshipId), attempt, signal);
  await transfer(host, relationshipNamed(host, relationshipId), { view, skipKnown: true, onProgress }, signal);
  const shipped = relationshipNamed(host, relationshipId);
  await seal(host, shipped, shipped.attempt!, host.state.attachmentsOf(attempt.source!.pointId), signal);
}
