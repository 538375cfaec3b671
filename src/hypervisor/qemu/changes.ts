/**
 * What changed since a point, as sets of clusters. Bitmaps go on recording meanwhile: what is read is a bitmap of our own
 * that stands still, and, while an attempt is open, the parent's bitmap by way of the attempt's export.
 */
import type { ClusterSet } from '../../extents/clusterset.ts';
import { Fault } from '../../errors/fault.ts';
import { say } from '../../language/text.ts';
import { BITMAP_GRANULARITY_BYTES, bitmapName } from '../../machine/bitmap.ts';
import type { LaunchSpec } from '../../engine/ports/hypervisor.ts';
import { bitmapsOf, isRecording, isWhole, mergeBitmaps, pointsOf, trackingFault, transaction, type DiskBitmaps } from './bitmaps.ts';
import type { Blocks } from './blocks.ts';
import { addExport, exportIds, removeExport } from './exports.ts';
import type { Host } from './host.ts';
import { disksOf } from './instant.ts';
import { attemptExportPrefix, diskNode } from './nodes.ts';
import { dirtyClusters } from './view.ts';

/** A bitmap as some export shows it. */
interface Shown {
  readonly exportName: string;
  readonly bitmap: string;
}

interface Question {
  readonly blocks: Blocks;
  /** By disk; the changes are the union of these. */
  readonly shown: ReadonlyMap<string, readonly Shown[]>;
}

/** The clusters written since the point, per disk. Fault tracking-lost or disk-changed when that is not known. */
export async function changesSince(host: Host, spec: LaunchSpec, pointId: string, signal: AbortSignal): Promise<ReadonlyMap<string, ClusterSet>> {
  const name = host.strays.fresh();
  const { blocks, shown } = await host.turns.take(spec.instanceId, () => ask(host, spec, pointId, name, signal));
  try {
    const changes = new Map<string, ClusterSet>();
    for (const [disk, bitmaps] of shown) changes.set(disk, await union(blocks.nbdSocketPath, bitmaps, signal));
    return changes;
  } finally {
    await host.turns.take(spec.instanceId, () => withdraw(blocks, spec, name));
  }
}

async function union(socketPath: string, bitmaps: readonly Shown[], signal: AbortSignal): Promise<ClusterSet> {
  let all: ClusterSet | undefined;
  for (const { exportName, bitmap } of bitmaps) {
    const set = await dirtyClusters(socketPath, exportName, bitmap, signal);
    if (all) all.addAll(set);
    else all = set;
  }
  return all!;
}

const exportOf = (name: string, disk: string): string => `${name}-${disk}`;

async function ask(host: Host, spec: LaunchSpec, pointId: string, name: string, signal: AbortSignal): Promise<Question> {
  const blocks = await host.blocks(spec, signal);
  try {
    const bitmaps = await bitmapsOf(blocks.qmp, spec);
    const fault = trackingFault(spec.definition.name, bitmaps, host.custody(spec), pointId);
    if (fault) throw fault;
    const points = pointsFrom(bitmaps, pointId);
    await showCopy(blocks, spec, name, bitmaps, points);
    return { blocks, shown: await shownBitmaps(blocks, spec, name, bitmaps, points) };
  } catch (thrown) {
    await withdraw(blocks, spec, name);
    throw thrown;
  }
}

/** A bitmap that records holds everything since its point; one that stands still needs those that were begun after it. */
function pointsFrom(bitmaps: DiskBitmaps, pointId: string): readonly string[] {
  if (isRecording(bitmaps, pointId)) return [pointId];
  const whole = pointsOf(bitmaps).filter((point) => isWhole(bitmaps, point));
  if (!whole.some((point) => isRecording(bitmaps, point))) throw new Fault('tracking-lost', say('nothing records the changes after point {pointId}', { pointId }));
  return whole;
}

const isBusy = (bitmaps: DiskBitmaps, disk: string, point: string): boolean =>
  bitmaps.get(disk)!.some((bitmap) => bitmap.pointId === point && bitmap.busy);

/** Of the bitmaps that can be merged, one copy, taken on all disks at one moment. */
async function showCopy({ qmp }: Blocks, spec: LaunchSpec, name: string, bitmaps: DiskBitmaps, points: readonly string[]): Promise<void> {
  const actions = spec.stacks.flatMap((stack) => [
    {
      type: 'block-dirty-bitmap-add',
      data: { node: diskNode(stack), name, persistent: false, disabled: true, granularity: BITMAP_GRANULARITY_BYTES },
    },
    mergeBitmaps(stack, name, points.filter((point) => !isBusy(bitmaps, stack.disk, point)).map(bitmapName)),
  ]);
  await transaction(qmp, actions);
  for (const stack of spec.stacks) {
    await addExport(qmp, { id: exportOf(name, stack.disk), nodeName: diskNode(stack), bitmaps: [{ node: diskNode(stack), name }] });
  }
}

async function shownBitmaps({ qmp }: Blocks, spec: LaunchSpec, name: string, bitmaps: DiskBitmaps, points: readonly string[]): Promise<Question['shown']> {
  const exports = await exportIds(qmp);
  return new Map(disksOf(spec).map((disk) => {
    const attempt = exports.find((id) => id.startsWith(attemptExportPrefix(disk)));
    const busy = points.filter((point) => isBusy(bitmaps, disk, point)).map((point) => {
      if (attempt === undefined) throw new Fault('disk-in-use', say('{machine}: the record of changes since point {point} is in use', { machine: spec.definition.name, point }));
      return { exportName: attempt, bitmap: bitmapName(point) };
    });
    return [disk, [{ exportName: exportOf(name, disk), bitmap: name }, ...busy]] as const;
  }));
}

async function withdraw(blocks: Blocks, spec: LaunchSpec, name: string): Promise<void> {
  try {
    for (const disk of disksOf(spec)) await removeExport(blocks.qmp, exportOf(name, disk));
    for (const stack of spec.stacks) await blocks.qmp.execute('block-dirty-bitmap-remove', { node: diskNode(stack), name });
  } catch (thrown) {
    // A QEMU that has ended took both with it; what a living one keeps is removed as a stray at the next connection.
    if (!(thrown instanceof Fault)) throw thrown;
  } finally {
    await blocks.release();
  }
}
