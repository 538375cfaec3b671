/**
 * One attempt at a recovery point, from its durable record to its end. An attempt ends acknowledged (its parent's bitmap
 * goes, its own records on) or failed (its bitmap is merged back); a crash in between is made good by `settle`, which
 * first hears what the replica sealed. Rules: attempt ids, reconnect, fuzzy passes.
 */
import { Fault, faultOf } from '../../errors/fault.ts';
import { assert } from '../../errors/bug.ts';
import { CLUSTER_BYTES } from '../../extents/extent.ts';
import { Fingerprinter } from '../../fingerprints/fingerprint.ts';
import type { ResumePoint } from '../../fingerprints/journal.ts';
import type { ArrivedCycle } from '../../history/piece.ts';
import { say } from '../../language/text.ts';
import type { Attachment } from '../../machine/definition.ts';
import type { Attempt, AttemptKind, LastResynchronization, Relationship, Slice } from '../../machine/records.ts';
import { newestOf } from '../../relationship/epoch.ts';
import { DEFAULT_FLEECING_BUDGET_MIB } from '../../relationship/settings.ts';
import { call, type BeginAttempt, type Standing } from '../calls.ts';
import type { Host } from '../host.ts';
import type { DiskView } from '../ports/diskview.ts';
import type { AttemptJournal } from '../ports/fingerprints.ts';
import type { LaunchSpec } from '../ports/hypervisor.ts';
import { carryRest } from '../extended/carrying.ts';
import { definitionOf, machineOf, replicatedSpec, specOf } from '../spec.ts';
import { counted } from '../../health/statistics.ts';
import { chronicled } from '../chronicle.ts';
import { counting } from '../monitoring.ts';
import { LimitedLane } from '../traffic/lane.ts';
import { relationshipNamed, update } from '../transition.ts';
import { arrived, recordedDisks } from './incoming.ts';
import { asNewest, cycleKindOf, isToBeConsistent, pointKindOf } from './consistency.ts';
import { comparedWithReplica } from './comparison.ts';
import { ship, type Known, type Progress, type Shipment } from './shipment.ts';

const MIB = 1024 * 1024;
/** The replica may die between its answer and its dialling. */
const LANE_WITHIN_MS = 20_000;
/** A replica whose storage hangs must not hold up whoever suspends replication here. */
const ABANDON_WITHIN_MS = 2_000;

/** With the disks that the newest recovery point has. */
export const specFor = (host: Host, relationship: Relationship): LaunchSpec => replicatedSpec(specHere(host, relationship), recordedDisks(relationship));

/** With all that are to replicate. */
export const wholeSpecFor = (host: Host, relationship: Relationship): LaunchSpec => replicatedSpec(specHere(host, relationship), relationship.settings.disks);

/** With the disks that the attempt is of. */
const specOfAttempt = (host: Host, relationship: Relationship, { kind }: Attempt): LaunchSpec =>
  hasPass(kind) ? wholeSpecFor(host, relationship) : specFor(host, relationship);

const specHere = (host: Host, relationship: Relationship): LaunchSpec => specOf(host, machineOf(host, relationship.machineId), relationship);

/** Reads the live disks first, all of them or the new ones. */
export const hasPass = (kind: AttemptKind): boolean => ['initial', 'resync', 'disks'].includes(kind);

export const epochOf = (host: Host, relationship: Relationship): string => newestOf(machineOf(host, relationship.machineId).lineage).id;

/** A new attempt, durable before anything of it happens. */
export function openAttempt(host: Host, relationship: Relationship, attempt: Pick<Attempt, 'kind' | 'phase' | 'sinceId' | 'comparedWith' | 'slices' | 'source'>): Attempt {
  assert(relationship.attempt === null, 'an attempt is open already');
  const opened: Attempt = {
    ...attempt,
    id: host.newId(),
    parentId: relationship.newestPointId,
    sequence: relationship.sequence + 1,
    epochId: epochOf(host, relationship),
    instantMs: 0,
    startedMs: host.clock.nowMs(),
    digest: null,
    shippedBytes: 0,
    changedBytes: 0,
    instantFromBytes: null,
    disks: [],
  };
  update(host, relationship.id, () => ({ attempt: opened }));
  return opened;
}

export function changeAttempt(host: Host, relationshipId: string, change: Partial<Attempt>): Attempt {
  const after = update(host, relationshipId, ({ attempt }) => {
    assert(attempt, 'no attempt is open');
    return { attempt: { ...attempt, ...change } };
  });
  return after.attempt!;
}

/** The instant of this attempt: made now, or still open from before a crash. */
export async function openInstant(host: Host, relationship: Relationship, attempt: Attempt, signal: AbortSignal) {
  const budgetMiB = relationship.settings.additional.fleecingBudgetMiB ?? DEFAULT_FLEECING_BUDGET_MIB;
  const request = { attemptId: attempt.id, sincePointId: attempt.sinceId, fleecingBudgetBytes: budgetMiB * MIB, isToBeConsistent: isToBeConsistent(host, relationship, attempt) };
  return host.hypervisor.openPointInTime(specOfAttempt(host, relationship, attempt), request, signal);
}

export interface Transfer {
  readonly view: DiskView;
  /** Leave out what the replica has, by the maps: never in an attempt that had a pass or a return set. */
  readonly skipKnown: boolean;
  readonly onProgress: (progress: Progress) => void;
}

/** Everything that the view calls dirty, and what is carried, was handled by the replica. Resumes where this attempt stopped. Closes the view. */
export async function transfer(host: Host, relationship: Relationship, job: Transfer, signal: AbortSignal): Promise<void> {
  try {
    await shipOver(host, relationship, job, signal);
  } finally {
    await job.view.close();
  }
}

async function shipOver(host: Host, relationship: Relationship, { view, skipKnown, onProgress }: Transfer, signal: AbortSignal): Promise<void> {
  const { peerId, id: relationshipId } = relationship;
  const attempt = changeAttempt(host, relationshipId, { disks: view.disks });
  const begin = {
    relationshipId, epochId: attempt.epochId, attemptId: attempt.id, parentId: attempt.parentId, kind: attempt.kind, sequence: attempt.sequence, disks: view.disks, ...(attempt.slices ? partsOf(attempt.slices) : { fromStart: await carriedWhole(host, relationship, attempt, view, skipKnown) }),
    failbackId: relationship.failback?.id ?? null, comparedWith: attempt.phase === 'pass' ? attempt.comparedWith : null,
  };
  const { durableBytes, isSealed } = await call(host.peers, peerId, 'begin', begin, signal);
  if (isSealed && attempt.digest !== null) return;
  const journal = await host.fingerprints.journal(relationshipId, attempt.id);
  const from = await goingOn(host, relationship, attempt, journal, Math.min(durableBytes, journal.sizeBytes));
  await journal.truncateTo(from.bytes);
  const lane = new LimitedLane(await openLane(host, relationship, attempt, from.bytes, signal), host.traffic.allowance(relationshipId, attempt.phase === 'pass', signal));
  const startedMs = host.clock.monotonicMs();
  let tookMs: number | undefined;
  try {
    await ship({
      view, journal, lane, from, signal, onProgress,
      carried: carriedBy(host, relationship),
      maps: skipKnown ? await knownBy(host, relationship, attempt, view, signal) : new Map<string, Known>(),
      scan: attempt.phase === 'pass' ? scanOf(host, relationship, view) : null,
      fingerprinter: new Fingerprinter(Buffer.from(relationship.key, 'base64')),
      compression: relationship.settings.compression ? { with: host.compression, level: relationship.settings.additional.compressionLevel ?? 1 } : null,
    });
    tookMs = host.clock.monotonicMs() - startedMs;
    await journal.sync();
    await lane.finish(signal);
  } finally {
    countWork(host, relationshipId, attempt.id, lane.bytesSent, tookMs ?? host.clock.monotonicMs() - startedMs);
    lane.destroy();
  }
}

/** A pass reads whole disks. */
function scanOf({ scanner }: Host, { key }: Relationship, view: DiskView): Shipment['scan'] {
  if (!scanner || !view.disks.every(({ disk }) => view.served?.(disk))) return null;
  return (disk, window, among, signal) => scanner.fingerprints(view.served!(disk)!, { window, among, key: Buffer.from(key, 'base64') }, signal);
}

function partsOf(slices: readonly Slice[]): Pick<BeginAttempt, 'fromStart' | 'partial'> {
  const named = (isOne: (slice: Slice) => boolean) => slices.filter(isOne).map(({ disk }) => disk);
  return { fromStart: named(({ firstCluster }) => firstCluster === 0), partial: named(({ isLast }) => !isLast) };
}

/** Disks that travel whole although nobody compares: all of their clusters are carried, and no map leaves any out. */
async function carriedWhole(host: Host, relationship: Relationship, { phase, parentId }: Attempt, { disks }: DiskView, skipKnown: boolean): Promise<readonly string[]> {
  const carried = carriedBy(host, relationship);
  const whole: string[] = [];
  for (const { disk, sizeBytes } of disks) {
    if (phase === 'pass' || !carried.get(disk)?.isFull) continue;
    const map = skipKnown && parentId !== null ? await host.fingerprints.map(relationship.id, disk, sizeBytes, keyId(relationship)) : undefined;
    if (!map?.usableFor(parentId!, keyId(relationship))) whole.push(disk);
  }
  return whole;
}

/** During a failback all that is carried stays on record, for when it is given up; it travels once. */
const carriedBy = (host: Host, { id, failback }: Relationship): ReturnType<Host['state']['carried']> =>
  failback?.at === 'away' && failback.rounds > 0 ? new Map() : host.state.carried(id);

/** Also of a lane that broke: what travelled has travelled. */
function countWork(host: Host, relationshipId: string, attemptId: string, bytes: number, tookMs: number): void {
  const attempt = host.state.relationship(relationshipId)?.attempt;
  if (attempt?.id !== attemptId) return;
  changeAttempt(host, relationshipId, { shippedBytes: attempt.shippedBytes + bytes, ...(attempt.phase === 'pass' && { passMs: (attempt.passMs ?? 0) + tookMs }) });
}

/** Where shipping goes on: a new instant begins at the first disk, after all that the pass has brought. */
export async function goingOn(host: Host, relationship: Relationship, attempt: Attempt, journal: AttemptJournal, durableBytes: number): Promise<ResumePoint> {
  const mark = await journal.lastMarkAtOrBefore(durableBytes);
  if (attempt.phase === 'pass') return mark;
  const beganAt = attempt.instantFromBytes ?? changeAttempt(host, relationship.id, { instantFromBytes: mark.bytes }).instantFromBytes!;
  if (durableBytes < Math.max(beganAt, attempt.passBytes ?? 0)) throw new Fault('attempt-lost', say('{machine}: the replica no longer holds what the cycle had brought there', { machine: machineOf(host, relationship.machineId).name }));
  return mark.bytes > beganAt ? mark : { bytes: beganAt, disk: 0, cluster: 0 };
}

/** The replica dials the lane; both journals are cut to where shipping goes on. */
async function openLane(host: Host, { id: relationshipId, peerId }: Relationship, attempt: Attempt, journalBytes: number, signal: AbortSignal) {
  const token = host.newId();
  const waiting = new AbortController();
  const accepted = host.peers.acceptLane(peerId, token, AbortSignal.any([signal, waiting.signal, host.clock.timeout(LANE_WITHIN_MS)]));
  accepted.catch(() => undefined);
  try {
    await call(host.peers, peerId, 'lane', { relationshipId, attemptId: attempt.id, token, journalBytes }, signal);
    return await accepted;
  } catch (thrown) {
    waiting.abort(thrown);
    throw thrown;
  }
}

export const keyId = (relationship: Relationship): string => relationship.id;

/** By the maps that speak of the parent. A pass asks the replica for what they do not know. */
async function knownBy(host: Host, relationship: Relationship, attempt: Attempt, view: DiskView, signal: AbortSignal): Promise<ReadonlyMap<string, Known>> {
  const known = new Map<string, Known>();
  const pointId = attempt.comparedWith ?? attempt.parentId;
  for (const { disk, sizeBytes } of view.disks) {
    if (pointId === null) break;
    const map = await host.fingerprints.map(relationship.id, disk, sizeBytes, keyId(relationship));
    if (attempt.phase === 'pass') known.set(disk, await comparedWithReplica(host, relationship, attempt, { disk, sizeBytes, pointId, map }, signal));
    else if (map.usableFor(pointId, keyId(relationship))) known.set(disk, map);
  }
  return known;
}

/** The replica made the point: seal request, durable acknowledgement here, then the tidying up. */
export async function seal(host: Host, relationship: Relationship, attempt: Attempt, attachments: readonly Attachment[], signal: AbortSignal): Promise<void> {
  const journal = await host.fingerprints.journal(relationship.id, attempt.id);
  const { dataClusters, zeroClusters } = await journal.clusterSets(attempt.disks);
  const digest = await journal.digest();
  const ready = changeAttempt(host, relationship.id, { digest, changedBytes: (dataClusters + zeroClusters) * CLUSTER_BYTES });
  const { sealedId } = await call(host.peers, relationship.peerId, 'seal', {
    relationshipId: relationship.id,
    epochId: attempt.epochId,
    attemptId: attempt.id,
    parentId: attempt.parentId,
    instantMs: attempt.instantMs,
    isConsistent: attempt.isConsistent ?? false,
    failbackId: relationship.failback?.id ?? null,
    definition: definitionOf(host, relationship),
    digest, dataClusters, zeroClusters, attachments,
    shippedBytes: ready.shippedBytes, tookMs: Math.max(0, host.clock.nowMs() - ready.startedMs),
  }, signal);
  assert(sealedId === attempt.id, 'the replica sealed another attempt');
  acknowledge(host, relationship.id, ready);
  await tidy(host, relationshipNamed(host, relationship.id));
}

/** The replica has the point: from here on it is the parent, whatever happens. */
export function acknowledge(host: Host, relationshipId: string, attempt: Attempt): void {
  const nowMs = host.clock.nowMs();
  update(host, relationshipId, (before) => ({
    // What this host's disks did meanwhile is known of the row's own attempt.
    attempt: { ...attempt, ...(before.attempt?.source && { source: before.attempt.source }), phase: 'sealed' },
    ...asNewest({ ...attempt, kind: pointKindOf(attempt) }),
    ...(attempt.source && { sentPointId: attempt.source.pointId }),
    failures: 0,
    lastFault: null,
    ...arrived(before, attempt, nowMs),
    ...(before.failback?.at === 'away' && { failback: { ...before.failback, rounds: before.failback.rounds + 1, bytesShipped: before.failback.bytesShipped + attempt.shippedBytes } }),
    ...(attempt.kind === 'resync' && { lastResynchronization: comparisonOf(attempt, nowMs) }),
    lastCycle: { pointId: attempt.id, finishedMs: nowMs, durationMs: nowMs - attempt.startedMs, bytesChanged: attempt.changedBytes, bytesShipped: attempt.shippedBytes },
    ...chronicled(host, before, cycleOf(attempt, nowMs)),
    ...counting(host, before, (statistics) => counted(statistics, before.settings, { bytes: attempt.shippedBytes, latencyMs: nowMs - attempt.startedMs, endedMs: nowMs })),
    totals: { bytesChanged: before.totals.bytesChanged + attempt.changedBytes, bytesShipped: before.totals.bytesShipped + attempt.shippedBytes },
  }));
  host.observed?.({ kind: 'completed', relationshipId, side: 'primary', cycle: attempt.kind, tookMs: nowMs - attempt.startedMs });
}

/** As the history has it. */
const cycleOf = (attempt: Attempt, nowMs: number): ArrivedCycle => ({
  kind: cycleKindOf(attempt.kind, pointKindOf(attempt)), instantMs: attempt.instantMs, tookMs: nowMs - attempt.startedMs, bytesChanged: attempt.changedBytes, bytesShipped: attempt.shippedBytes,
});

const comparisonOf = ({ id, startedMs, disks, passMs = 0, changedBytes, shippedBytes }: Attempt, nowMs: number): LastResynchronization => ({
  pointId: id,
  finishedMs: nowMs,
  durationMs: nowMs - startedMs,
  comparedBytes: disks.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
  comparedMs: passMs,
  bytesChanged: changedBytes,
  bytesShipped: shippedBytes,
});

/** After an acknowledgement or a failure: bitmaps, journal and maps follow, then no attempt is open. Repeats safely. */
export async function tidy(host: Host, relationship: Relationship): Promise<void> {
  const { attempt } = relationship;
  if (!attempt) return;
  const isSealed = attempt.phase === 'sealed';
  // A failback with a chosen point, and what is sent on, read that point, not an instant of the guest.
  const hasInstant = !attempt.source && (relationship.failback?.at !== 'away' || relationship.failback.pointId === null);
  if (hasInstant) await host.hypervisor.closePointInTime(specOfAttempt(host, relationship, attempt), { attemptId: attempt.id, sincePointId: attempt.sinceId }, isSealed ? 'acknowledged' : 'failed');
  if (isSealed) await host.fingerprints.applyJournal(relationship.id, journalOf(relationship, attempt));
  else if (attempt.id !== relationship.doubtful?.id) await host.fingerprints.removeJournal(relationship.id, attempt.id);
  host.state.transaction(() => {
    if (isSealed && attempt.source) carryRest(host, relationshipNamed(host, relationship.id));
    else if (isSealed && relationship.failback?.at !== 'away') host.state.clearCarried(relationship.id);
    update(host, relationship.id, (before) => ({ attempt: null, trackId: isSealed && hasInstant ? attempt.id : before.trackId }));
  });
  if (isSealed) await host.fingerprints.removeJournal(relationship.id, attempt.id);
}

/** An attempt is sealed only with a digest: without one its journal cannot be told to be whole. */
const journalOf = (relationship: Relationship, { id, parentId, comparedWith, epochId, digest, disks }: Attempt) => ({
  attemptId: id,
  // The maps speak of a seed as they do of a point.
  parentId: parentId ?? comparedWith,
  epochId,
  keyId: keyId(relationship),
  digest: digest ?? '',
  disks,
});

/**
 * No attempt is open, or the one that is can go on. The replica's word decides: it sealed the attempt → acknowledged;
 * it stands at the parent → goes on when `mayGoOn`, else its changes are merged back; anything else does not fit.
 */
export async function settle(host: Host, relationship: Relationship, standing: Standing, mayGoOn: boolean): Promise<Relationship> {
  const { attempt } = relationship;
  if (attempt && attempt.phase !== 'sealed' && attempt.phase !== 'failed') {
    if (standing.newestPointId === attempt.id) acknowledge(host, relationship.id, attempt);
    else if (standing.newestPointId !== attempt.parentId) throw misfit(host, relationship);
    else if (!mayGoOn || attempt.epochId !== epochOf(host, relationship)) changeAttempt(host, relationship.id, { phase: 'failed' });
    else return relationship;
  }
  await tidy(host, relationshipNamed(host, relationship.id));
  const settled = await resolveDoubt(host, relationshipNamed(host, relationship.id), standing);
  if (standing.newestPointId !== settled.newestPointId) throw misfit(host, settled);
  return settled;
}

/**
 * An attempt that was given up has become a point after all, or it never will. If it has, the bitmap holds what was changed
 * since that point, and more.
 */
async function resolveDoubt(host: Host, relationship: Relationship, standing: Standing): Promise<Relationship> {
  const { doubtful } = relationship;
  if (!doubtful) return relationship;
  const isSealed = standing.newestPointId === doubtful.id && relationship.newestPointId === doubtful.parentId;
  if (isSealed) await host.fingerprints.applyJournal(relationship.id, journalOf(relationship, doubtful));
  await host.fingerprints.removeJournal(relationship.id, doubtful.id);
  return update(host, relationship.id, () => ({ doubtful: null, ...(isSealed && { ...chronicled(host, relationship, cycleOf(doubtful, host.clock.nowMs())), ...asNewest({ ...doubtful, kind: pointKindOf(doubtful) }) }) }));
}

const misfit = (host: Host, relationship: Relationship): Fault =>
  new Fault('tracking-lost', say('{machine}: the replica\'s newest recovery point is not one that this host\'s record of changes starts from', { machine: machineOf(host, relationship.machineId).name }));

/** Fails the attempt without asking anybody: its changes are in the record again, its layers are dropped. */
export async function giveUp(host: Host, relationshipId: string, signal: AbortSignal): Promise<void> {
  const relationship = relationshipNamed(host, relationshipId);
  const { attempt } = relationship;
  if (!attempt) return;
  if (attempt.phase !== 'sealed') {
    update(host, relationshipId, (before) => ({ attempt: { ...attempt, phase: 'failed' }, doubtful: attempt.digest === null ? before.doubtful : attempt }));
  }
  await tidy(host, relationshipNamed(host, relationshipId));
  if (attempt.phase === 'sealed') return;
  const within = AbortSignal.any([signal, host.clock.timeout(ABANDON_WITHIN_MS)]);
  await call(host.peers, relationship.peerId, 'abandon', { relationshipId, attemptId: attempt.id }, within).catch(ignoreFault);
}

/** The attempt holds no instant any more. One that had a pass keeps what the pass shipped; any other is given up. */
export async function letGo(host: Host, relationship: Relationship, signal: AbortSignal): Promise<void> {
  const { attempt } = relationship;
  if (!attempt) return;
  // What is sent on stands still by itself.
  if (attempt.source && (attempt.phase === 'pass' || attempt.phase === 'delta')) return;
  if (!hasPass(attempt.kind) || attempt.phase === 'sealed' || attempt.phase === 'failed') return giveUp(host, relationship.id, signal);
  if (attempt.phase === 'delta') await dropInstant(host, relationship, attempt);
}

/** The attempt's instant is gone, its changes are in the record again; the next instant ships them from the first disk on. */
export async function dropInstant(host: Host, relationship: Relationship, attempt: Attempt): Promise<void> {
  // Only a change is written: writing wakes the worker, which may come here again.
  if ((relationshipNamed(host, relationship.id).attempt?.instantFromBytes ?? null) !== null) changeAttempt(host, relationship.id, { instantFromBytes: null });
  await host.hypervisor.closePointInTime(specOfAttempt(host, relationship, attempt), { attemptId: attempt.id, sincePointId: attempt.sinceId }, 'failed');
}

/** The replica drops what it holds of an attempt at the next begin, too. */
function ignoreFault(thrown: unknown): void {
  if (!faultOf(thrown)) throw thrown;
}
