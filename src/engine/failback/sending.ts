/**
 * The difference on its way home. The guest runs on while attempts carry it; a bitmap of the failback's own says what changed
 * since the last, so that the failover's bitmap goes on holding everything. Then the guest is shut down and the last cycle
 * carries the rest. With a chosen point, that point's layers are read instead, and there is no last cycle.
 */
import { retryDelayMs } from '../../cycle/retry.ts';
import { FAULTS, type FaultCode } from '../../errors/fault.ts';
import type { AwayFailback } from '../../machine/failback.ts';
import type { Relationship } from '../../machine/records.ts';
import { cycleIntervalMs } from '../../relationship/settings.ts';
import { attempted, type Surroundings } from '../attempted.ts';
import { coverLostTracking } from '../failovertracking.ts';
import { greet } from '../greeting.ts';
import type { Host } from '../host.ts';
import type { DiskView } from '../ports/diskview.ts';
import { changeAttempt, giveUp, openAttempt, seal, settle, specFor, tidy, transfer } from '../primary/attempt.ts';
import { runCycle, type OnProgress } from '../primary/cycle.ts';
import { coverGrowth, united } from '../primary/growth.ts';
import { onlyCarried } from '../primary/carriedview.ts';
import { machineOf, replicatedSpec } from '../spec.ts';
import { relationshipNamed, update } from '../transition.ts';
import { awayOf, changePhase, endAway, pointReader } from './away.ts';

/** A round that took longer is followed by another at once: the next one has less to do. */
export const QUICK_MS = 10_000;
/** While the guest is off for the failback, what fails is tried again soon and not for long. */
const OFF_RETRY_MS = 2_000;
const OFF_FAILURES = 60;
/** How long everything may wait over there for the other host to take over. */
const SHIPPED_FOR_MS = 5 * 60_000;
const RUNNING_FAILURES = 20;

/** Runs until the other host owns the machine, or the failback was given up and leaves no trace. */
export async function sendHome(around: Surroundings, signal: AbortSignal): Promise<void> {
  const { host, relationshipId } = around;
  let shippedMs: number | null = null;
  for (let failing = 0; ; ) {
    const away = awayOf(relationshipNamed(host, relationshipId));
    if (!away || away.phase === 'handedOver') return;
    if (away.phase === 'ending') return endAway(host, relationshipId, signal);
    const startedMs = host.clock.monotonicMs();
    failing = (await attempted(around, () => advance(around, away, signal), signal)) ? 0 : failing + 1;
    if (failing === 0) forgetTrouble(host, relationshipId);
    if (away.phase === 'shipped') shippedMs ??= startedMs;
    const isLate = shippedMs !== null && startedMs - shippedMs > SHIPPED_FOR_MS;
    const relationship = relationshipNamed(host, relationshipId);
    if (isLate || (failing > 0 && isHopeless(relationship, away, failing))) changePhase(host, relationshipId, 'ending');
    else await around.wait(pauseMs(relationship, away, failing, host.clock.monotonicMs() - startedMs), signal);
  }
}

function forgetTrouble(host: Host, relationshipId: string): void {
  if (relationshipNamed(host, relationshipId).failures > 0) update(host, relationshipId, () => ({ failures: 0, lastFault: null }));
}

async function advance(around: Surroundings, away: AwayFailback, signal: AbortSignal): Promise<void> {
  if (away.phase === 'sending') await sendRound(around, away, signal);
  else if (away.phase === 'finishing') await sendLast(around, away, signal);
  else await greet(around.host, around.relationshipId, signal);
}

/** What waiting does not cure, or has not cured. A refusal is the other host's to explain: it ends the failback when it is not in it. */
function isHopeless({ lastFault }: Relationship, { phase }: AwayFailback, failing: number): boolean {
  const retry = lastFault && lastFault.code in FAULTS ? FAULTS[lastFault.code as FaultCode].retry : 'backoff';
  if (retry === 'operator' || retry === 'never') return true;
  if (phase !== 'sending') return failing > OFF_FAILURES;
  return retry === 'resynchronize' && failing > RUNNING_FAILURES;
}

function pauseMs({ settings, failback }: Relationship, { phase, rounds }: AwayFailback, failing: number, tookMs: number): number {
  const intervalMs = cycleIntervalMs(settings);
  if (phase !== 'sending') return failing > 0 || phase === 'shipped' ? OFF_RETRY_MS : 0;
  if (failing > 0) return retryDelayMs(failing, intervalMs);
  const isFirst = rounds === 0 && failback?.at === 'away' && failback.pointId === null;
  return isFirst || tookMs > QUICK_MS ? 0 : Math.max(0, intervalMs - tookMs);
}

/** The other host acknowledged what differed when this began. */
async function sendRound({ host, relationshipId, onProgress }: Surroundings, away: AwayFailback, signal: AbortSignal): Promise<void> {
  if (away.pointId === null) {
    await ensureRecord(host, relationshipId, signal);
    await runCycle(host, relationshipId, 'reverse', onProgress, signal);
  } else if (away.rounds === 0) await sendPoint(host, relationshipId, onProgress, signal);
  else await greet(host, relationshipId, signal);
}

/** The guest is off, and the other host has all that is to go home. */
async function sendLast({ host, relationshipId, onProgress }: Surroundings, away: AwayFailback, signal: AbortSignal): Promise<void> {
  await host.hypervisor.shutdown(relationshipNamed(host, relationshipId).machineId, away.shutdownMs, signal);
  if (away.pointId === null) {
    await ensureRecord(host, relationshipId, signal);
    await runCycle(host, relationshipId, 'planned', onProgress, signal);
  }
  changePhase(host, relationshipId, 'shipped', ['finishing']);
}

/**
 * The failback's bitmap is whole and counts from the last acknowledged attempt. Where it is not, or a disk grew, a new one
 * begins, and all that the guest has written since the failover is carried once more; the maps leave out what is there.
 */
async function ensureRecord(host: Host, relationshipId: string, signal: AbortSignal): Promise<void> {
  const found = relationshipNamed(host, relationshipId);
  if (found.attempt && ['sealed', 'failed'].includes(found.attempt.phase)) await tidy(host, found);
  const before = relationshipNamed(host, relationshipId);
  const { broken, points } = await host.hypervisor.tracking(specFor(host, before));
  const isWhole = before.trackId !== null && !broken && points.includes(before.trackId);
  if (isWhole && !(await hasGrown(host, before))) return;
  await giveUp(host, relationshipId, signal);
  await coverGrowth(host, relationshipNamed(host, relationshipId));
  await freshRecord(host, await coverLostTracking(host, relationshipNamed(host, relationshipId)), signal);
}

async function hasGrown(host: Host, relationship: Relationship): Promise<boolean> {
  const { stacks } = machineOf(host, relationship.machineId);
  const sizes = await host.hypervisor.sizes(specFor(host, relationship));
  return sizes.some(({ disk, sizeBytes }) => sizeBytes !== stacks.find((stack) => stack.disk === disk)?.sizeBytes);
}

async function freshRecord(host: Host, relationship: Relationship, signal: AbortSignal): Promise<void> {
  const spec = specFor(host, relationship);
  const trackId = host.newId();
  await host.hypervisor.track(spec, trackId);
  const written = await host.hypervisor.changesSince(spec, relationship.failover!.trackId, signal);
  host.state.transaction(() => {
    host.state.putCarried(relationship.id, united(host.state.carried(relationship.id), written));
    update(host, relationship.id, ({ failback }) => ({ trackId, ...(failback?.at === 'away' && { failback: { ...failback, rounds: 0 } }) }));
  });
  if (relationship.trackId !== null) await host.hypervisor.untrack(spec, relationship.trackId);
}

/** The other host has exactly the chosen point. The guest here is not looked at. */
async function sendPoint(host: Host, relationshipId: string, onProgress: OnProgress, signal: AbortSignal): Promise<void> {
  const standing = await greet(host, relationshipId, signal);
  const settled = await settle(host, relationshipNamed(host, relationshipId), standing, true);
  const away = awayOf(settled);
  if (!away || away.phase !== 'sending' || away.rounds > 0) return;
  const point = host.state.point(away.pointId!)!;
  if (!settled.attempt) openAttempt(host, settled, { kind: 'reverse', phase: 'delta', sinceId: null, comparedWith: null });
  changeAttempt(host, relationshipId, { instantMs: point.instantMs });
  try {
    const view = onlyCarried(await openPoint(host, settled, away, signal));
    await transfer(host, relationshipNamed(host, relationshipId), { view, skipKnown: false, onProgress }, signal);
    const shipped = relationshipNamed(host, relationshipId);
    await seal(host, shipped, shipped.attempt!, host.state.attachmentsOf(point.id), signal);
  } catch (thrown) {
    if (!signal.aborted) await giveUp(host, relationshipId, signal);
    throw thrown;
  }
}

async function openPoint(host: Host, relationship: Relationship, away: AwayFailback, signal: AbortSignal): Promise<DiskView> {
  const reader = pointReader(machineOf(host, relationship.machineId), away);
  for (const { disk, layer } of away.layers) await host.layers.createActive(layer, reader.stacks.find((stack) => stack.disk === disk)!.sizeBytes, null);
  return host.hypervisor.openLive(replicatedSpec(reader, relationship.settings.disks), signal);
}
