/**
 * Initial replication and resynchronization: the bitmap first, then a pass over the live disks, then one instant with what
 * changed meanwhile; all one attempt. The pass holds no instant, keeps its place in the journal, and survives restarts.
 */
import { Fault } from '../../errors/fault.ts';
import { say } from '../../language/text.ts';
import type { Attempt, Relationship } from '../../machine/records.ts';
import type { Standing } from '../calls.ts';
import type { Host } from '../host.ts';
import type { DiskView } from '../ports/diskview.ts';
import { machineOf } from '../spec.ts';
import { relationshipNamed, update } from '../transition.ts';
import { changeAttempt, dropInstant, giveUp, openAttempt, settle, transfer, wholeSpecFor } from './attempt.ts';
import { shipInstant, withInstant, type OnProgress } from './cycle.ts';
import { coverGrowth } from './growth.ts';
import { standingNow } from './standing.ts';

/** The replica acknowledged a point that holds the whole disks. */
export async function runWhole(host: Host, relationshipId: string, kind: 'initial' | 'resync', onProgress: OnProgress, signal: AbortSignal): Promise<void> {
  const standing = await standingNow(host, relationshipId, true, signal);
  if (standing.newestPointId !== null) host.scanner?.prepare();
  const before = relationshipNamed(host, relationshipId).attempt;
  if (before && ![before.id, before.parentId].includes(standing.newestPointId)) await giveUp(host, relationshipId, signal);
  if (kind === 'resync' && standing.newestPointId !== before?.id) update(host, relationshipId, () => ({ newestPointId: standing.newestPointId }));
  const settled = await settle(host, relationshipNamed(host, relationshipId), standing, true);
  if (before && settled.newestPointId === before.id) return;
  await coverGrowth(host, settled);
  const fresh = relationshipNamed(host, relationshipId);
  const attempt = await opened(host, fresh, kind, kind === 'resync' ? fresh.newestPointId : seedOf(host, fresh, standing), signal);
  await shipPass(host, relationshipId, attempt, (view) => view, onProgress, signal);
  await shipInstantAfterPass(host, relationshipId, onProgress, signal);
}

/** The open attempt when its tracking is whole, else a new one whose bitmaps exist. */
export async function opened(host: Host, relationship: Relationship, kind: 'initial' | 'resync', comparedWith: string | null, signal: AbortSignal): Promise<Attempt> {
  if (relationship.attempt) {
    const report = await host.hypervisor.tracking(wholeSpecFor(host, relationship));
    if (relationship.attempt.kind === kind && !report.broken && report.points.includes(relationship.attempt.sinceId!)) return relationship.attempt;
    await giveUp(host, relationship.id, signal);
    await host.hypervisor.untrack(wholeSpecFor(host, relationship), relationship.attempt.sinceId!);
  }
  const fresh = relationshipNamed(host, relationship.id);
  const sinceId = await freshTracking(host, fresh);
  return openAttempt(host, fresh, { kind, phase: 'pass', sinceId, comparedWith });
}

/** What the replica's disks hold already, when the first copy is to be compared with that. */
function seedOf(host: Host, { machineId, peerId, initial }: Relationship, { seedId }: Standing): string | null {
  if (initial?.by !== 'seed') return null;
  if (!seedId) throw new Fault('seed-unfit', say('{machine}: {peer} has no copy of it to start from', { machine: machineOf(host, machineId).name, peer: host.peerName(peerId) }));
  return seedId;
}

/** All former bitmaps are gone; a new one records on every disk, and is the relationship's. */
async function freshTracking(host: Host, relationship: Relationship): Promise<string> {
  const spec = wholeSpecFor(host, relationship);
  const report = await host.hypervisor.tracking(spec);
  const trackId = host.newId();
  const former = new Set([...report.points, ...(relationship.trackId ? [relationship.trackId] : [])]);
  update(host, relationship.id, () => ({ trackId }));
  await host.hypervisor.track(spec, trackId);
  for (const pointId of former) await host.hypervisor.untrack(spec, pointId);
  return trackId;
}

/** The live disks, or what the view is made to show of them, are on the replica, smeared. */
export async function shipPass(host: Host, relationshipId: string, attempt: Attempt, shown: (view: DiskView) => DiskView, onProgress: OnProgress, signal: AbortSignal): Promise<void> {
  if (attempt.phase !== 'pass') return;
  const relationship = relationshipNamed(host, relationshipId);
  const view = await host.hypervisor.openLive(wholeSpecFor(host, relationship), signal);
  await transfer(host, relationship, { view: shown(view), skipKnown: attempt.comparedWith !== null, onProgress }, signal);
  const { sizeBytes } = await host.fingerprints.journal(relationshipId, attempt.id);
  changeAttempt(host, relationshipId, { phase: 'delta', passBytes: sizeBytes });
}

/** A failed instant costs only itself: what the pass shipped stays, and the bitmap holds all that changed since it began. */
export function shipInstantAfterPass(host: Host, relationshipId: string, onProgress: OnProgress, signal: AbortSignal): Promise<void> {
  return withInstant(async () => {
    const relationship = relationshipNamed(host, relationshipId);
    const attempt = relationship.attempt!;
    try {
      await shipInstant(host, relationship, attempt, false, onProgress, signal);
    } catch (thrown) {
      if (!signal.aborted) await dropInstant(host, relationship, attempt);
      throw thrown;
    }
  }, signal);
}
