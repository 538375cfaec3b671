/** Bitmaps over a machine's life: begun before the first instruction, reported, ended. */
import type { LaunchSpec, TrackingReport, TrackSince } from '../../engine/ports/hypervisor.ts';
import type { Qmp } from '../../qmp/qmp.ts';
import { addBitmap, bitmapsOf, isOnAny, isRecording, pointsOf, removeFromAll, trackingFault, trackingReport, transaction, usablePoints } from './bitmaps.ts';
import { assessClosed, noLongerTracked, nowTracked } from './custody.ts';
import type { Host } from './host.ts';
import { closedBitmaps } from './images.ts';

/** The guest does not run yet. True when the point's changes are known without a gap; else the replacement records. */
export async function beginTracking(host: Host, machine: LaunchSpec, qmp: Qmp, { pointId, replacementPointId, disks }: TrackSince): Promise<boolean> {
  const spec = { ...machine, stacks: machine.stacks.filter(({ disk }) => disks?.includes(disk) ?? true) };
  const bitmaps = await bitmapsOf(qmp, spec);
  const usable = usablePoints(bitmaps, host.custody(spec));
  if (usable.includes(pointId) && usable.some((point) => isRecording(bitmaps, point))) {
    host.amendCustody(spec, (custody) => nowTracked(custody, [pointId]));
    return true;
  }
  if (usable.includes(replacementPointId) && isRecording(bitmaps, replacementPointId)) return false;
  const useless = pointsOf(bitmaps).filter((point) => !usable.includes(point) || point === pointId || point === replacementPointId);
  await removeFromAll(qmp, spec, bitmaps, useless);
  await transaction(qmp, spec.stacks.map((stack) => addBitmap(stack, replacementPointId)));
  host.amendCustody(spec, (custody) => nowTracked({ ...custody, expected: usable.filter((point) => !useless.includes(point)), distrusted: [], why: '' }, [replacementPointId]));
  return false;
}

export function reportTracking(host: Host, spec: LaunchSpec, signal: AbortSignal): Promise<TrackingReport> {
  return host.turns.take(spec.instanceId, async () => {
    if ((await host.isRunning(spec.instanceId)) || host.offline.isOpen(spec.instanceId)) {
      const blocks = await host.blocks(spec, signal);
      try {
        return trackingReport(await bitmapsOf(blocks.qmp, spec), host.custody(spec));
      } finally {
        await blocks.release();
      }
    }
    await host.offline.close(spec.instanceId);
    const bitmaps = await closedBitmaps(spec);
    return trackingReport(bitmaps, await assessClosed(host.state(spec.instanceId), spec, () => Promise.resolve(pointsOf(bitmaps))));
  });
}

/** QEMU counts what its bitmaps hold; a cluster in two of them counts twice. */
export async function pendingBytes(host: Host, spec: LaunchSpec, pointIds: readonly string[]): Promise<number | null> {
  if (!(await host.isRunning(spec.instanceId))) return null;
  const bitmaps = await bitmapsOf(await host.monitors.get(spec.instanceId), spec);
  if (!pointIds.some((pointId) => isOnAny(bitmaps, pointId))) return null;
  return [...bitmaps.values()].flat().filter(({ pointId }) => pointIds.includes(pointId)).reduce((sum, { dirtyBytes }) => sum + dirtyBytes, 0);
}

/** Fault tracking-lost when the bitmap is there but cannot be relied on: beginning it anew would hide that. */
export function track(host: Host, spec: LaunchSpec, pointId: string, signal: AbortSignal): Promise<void> {
  return host.withBlocks(spec, signal, async ({ qmp }) => {
    const bitmaps = await bitmapsOf(qmp, spec);
    if (isOnAny(bitmaps, pointId)) {
      const fault = trackingFault(spec.definition.name, bitmaps, host.custody(spec), pointId);
      if (fault) throw fault;
    } else {
      await transaction(qmp, spec.stacks.map((stack) => addBitmap(stack, pointId)));
    }
    host.amendCustody(spec, (custody) => nowTracked(custody, [pointId]));
  });
}

export function untrack(host: Host, spec: LaunchSpec, pointId: string, signal: AbortSignal): Promise<void> {
  return host.withBlocks(spec, signal, async ({ qmp }) => {
    await removeFromAll(qmp, spec, await bitmapsOf(qmp, spec), [pointId]);
    host.amendCustody(spec, (custody) => noLongerTracked(custody, [pointId]));
  });
}

/** Nothing is opened when the images say that they have none. */
export async function untrackAll(host: Host, spec: LaunchSpec, signal: AbortSignal): Promise<void> {
  const isOpen = (await host.isRunning(spec.instanceId)) || host.offline.isOpen(spec.instanceId);
  if (!isOpen && pointsOf(await closedBitmaps(spec)).length === 0) return;
  await host.withBlocks(spec, signal, async ({ qmp }) => {
    const bitmaps = await bitmapsOf(qmp, spec);
    await removeFromAll(qmp, spec, bitmaps, pointsOf(bitmaps));
    host.amendCustody(spec, () => ({ expected: [], distrusted: [], why: '' }));
  });
}
