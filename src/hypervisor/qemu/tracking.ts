/** Bitmaps over a machine's life: begun before the first instruction, reported, ended, and read as sets of clusters. */
import { ClusterSet } from '../../extents/clusterset.ts';
import { Fault } from '../../errors/fault.ts';
import { bitmapName } from '../../machine/bitmap.ts';
import type { LaunchSpec, TrackingReport } from '../../engine/ports/hypervisor.ts';
import type { Qmp } from '../../qmp/qmp.ts';
import {
  addBitmap, bitmapsOf, isOnAny, isRecording, isWhole, mergeBitmaps, pointsOf, removeBitmap, removeFromAll, trackingFault, trackingReport, transaction,
  usablePoints, type DiskBitmaps,
} from './bitmaps.ts';
import type { Blocks } from './blocks.ts';
import { assessClosed, noLongerTracked, nowTracked } from './custody.ts';
import { addExport, removeExport } from './exports.ts';
import type { Host } from './host.ts';
import { closedBitmaps } from './images.ts';
import { disksOf } from './instant.ts';
import { diskNode } from './nodes.ts';
import { dirtyClusters } from './view.ts';

export interface TrackSince {
  readonly pointId: string;
  readonly replacementPointId: string;
}

/** The guest does not run yet. True when the point's changes are known without a gap; else the replacement records. */
export async function beginTracking(host: Host, spec: LaunchSpec, qmp: Qmp, { pointId, replacementPointId }: TrackSince): Promise<boolean> {
  const bitmaps = await bitmapsOf(qmp, disksOf(spec));
  const usable = usablePoints(bitmaps, host.custody(spec));
  if (usable.includes(pointId) && usable.some((point) => isRecording(bitmaps, point))) {
    host.amendCustody(spec, (custody) => nowTracked(custody, [pointId]));
    return true;
  }
  if (usable.includes(replacementPointId) && isRecording(bitmaps, replacementPointId)) return false;
  const useless = pointsOf(bitmaps).filter((point) => !usable.includes(point) || point === pointId || point === replacementPointId);
  await removeFromAll(qmp, bitmaps, useless);
  await transaction(qmp, disksOf(spec).map((disk) => addBitmap(disk, replacementPointId)));
  host.amendCustody(spec, (custody) => nowTracked({ ...custody, expected: usable.filter((point) => !useless.includes(point)), distrusted: [], why: '' }, [replacementPointId]));
  return false;
}

export function reportTracking(host: Host, spec: LaunchSpec, signal: AbortSignal): Promise<TrackingReport> {
  return host.turns.take(spec.instanceId, async () => {
    if ((await host.isRunning(spec.instanceId)) || host.offline.isOpen(spec.instanceId)) {
      const blocks = await host.blocks(spec, signal);
      try {
        return trackingReport(await bitmapsOf(blocks.qmp, disksOf(spec)), host.custody(spec));
      } finally {
        await blocks.release();
      }
    }
    await host.offline.close(spec.instanceId);
    const bitmaps = await closedBitmaps(spec);
    return trackingReport(bitmaps, await assessClosed(host.state(spec.instanceId), spec, () => Promise.resolve(pointsOf(bitmaps))));
  });
}

/** Fault tracking-lost when the bitmap is there but cannot be relied on: beginning it anew would hide that. */
export function track(host: Host, spec: LaunchSpec, pointId: string, signal: AbortSignal): Promise<void> {
  return host.withBlocks(spec, signal, async ({ qmp }) => {
    const bitmaps = await bitmapsOf(qmp, disksOf(spec));
    if (isOnAny(bitmaps, pointId)) {
      const fault = trackingFault(spec.definition.name, bitmaps, host.custody(spec), pointId);
      if (fault) throw fault;
    } else {
      await transaction(qmp, disksOf(spec).map((disk) => addBitmap(disk, pointId)));
    }
    host.amendCustody(spec, (custody) => nowTracked(custody, [pointId]));
  });
}

export function untrack(host: Host, spec: LaunchSpec, pointId: string, signal: AbortSignal): Promise<void> {
  return host.withBlocks(spec, signal, async ({ qmp }) => {
    await removeFromAll(qmp, await bitmapsOf(qmp, disksOf(spec)), [pointId]);
    host.amendCustody(spec, (custody) => noLongerTracked(custody, [pointId]));
  });
}

/** Per disk; read in windows from a bitmap of our own that stands still, so the guest's bitmaps record on. */
export async function changesSince(host: Host, spec: LaunchSpec, pointId: string, signal: AbortSignal): Promise<ReadonlyMap<string, ClusterSet>> {
  const union = host.strays.fresh();
  const blocks = await host.turns.take(spec.instanceId, () => beginUnion(host, spec, pointId, union, signal));
  try {
    const changes = new Map<string, ClusterSet>();
    for (const disk of disksOf(spec)) changes.set(disk, await dirtyClusters(blocks.nbdSocketPath, exportOf(union, disk), union, signal));
    return changes;
  } finally {
    await host.turns.take(spec.instanceId, () => endUnion(blocks, spec, union));
  }
}

const exportOf = (union: string, disk: string): string => `${union}-${disk}`;

async function beginUnion(host: Host, spec: LaunchSpec, pointId: string, union: string, signal: AbortSignal): Promise<Blocks> {
  const blocks = await host.blocks(spec, signal);
  try {
    const bitmaps = await bitmapsOf(blocks.qmp, disksOf(spec));
    const fault = trackingFault(spec.definition.name, bitmaps, host.custody(spec), pointId);
    if (fault) throw fault;
    await addUnion(blocks.qmp, spec, union, pointsFrom(bitmaps, pointId));
    return blocks;
  } catch (thrown) {
    await blocks.release();
    throw thrown;
  }
}

/** A bitmap that records holds everything since its point; one that stands still needs those that were begun after it. */
function pointsFrom(bitmaps: DiskBitmaps, pointId: string): readonly string[] {
  if (isRecording(bitmaps, pointId)) return [pointId];
  const whole = pointsOf(bitmaps).filter((point) => isWhole(bitmaps, point));
  if (!whole.some((point) => isRecording(bitmaps, point))) throw new Fault('tracking-lost', `nothing records the changes after point ${pointId}`);
  return whole;
}

async function addUnion(qmp: Qmp, spec: LaunchSpec, union: string, points: readonly string[]): Promise<void> {
  const actions = disksOf(spec).flatMap((disk) => [
    { type: 'block-dirty-bitmap-add', data: { node: diskNode(disk), name: union, persistent: false, disabled: true, granularity: 65_536 } },
    mergeBitmaps(disk, union, points.map(bitmapName)),
  ]);
  await transaction(qmp, actions);
  for (const disk of disksOf(spec)) {
    await addExport(qmp, { id: exportOf(union, disk), nodeName: diskNode(disk), bitmaps: [{ node: diskNode(disk), name: union }] });
  }
}

async function endUnion(blocks: Blocks, spec: LaunchSpec, union: string): Promise<void> {
  try {
    for (const disk of disksOf(spec)) await removeExport(blocks.qmp, exportOf(union, disk));
    const removals = disksOf(spec).map((disk) => ({ ...removeBitmap(disk, union), data: { node: diskNode(disk), name: union } }));
    await transaction(blocks.qmp, removals);
  } catch (thrown) {
    // A QEMU that has ended took both with it; what a living one keeps is removed as a stray at the next connection.
    if (!(thrown instanceof Fault)) throw thrown;
  } finally {
    await blocks.release();
  }
}
