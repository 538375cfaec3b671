/**
 * Dirty bitmaps of a machine's disks: reading them, and changing them on all disks in one transaction. The same words
 * to a running QEMU and to the storage daemon. A bitmap lives in memory while its image is open; QEMU saves it at close.
 */
import { say, type Text } from '../../language/text.ts';
import { BITMAP_GRANULARITY_BYTES, bitmapName, pointOfBitmap } from '../../machine/bitmap.ts';
import { Fault } from '../../errors/fault.ts';
import type { LaunchSpec, TrackingReport } from '../../engine/ports/hypervisor.ts';
import type { DiskStack } from '../../machine/definition.ts';
import type { Arguments, Qmp } from '../../qmp/qmp.ts';
import type { Custody } from './custody.ts';
import { diskNode } from './nodes.ts';

export interface Bitmap {
  readonly pointId: string;
  /** Follows the guest's writes; otherwise it stands still. */
  readonly recording: boolean;
  /** False when QEMU was killed while it had the image open. */
  readonly whole: boolean;
  /** Exported: it can be read there, and cannot be merged meanwhile. */
  readonly busy: boolean;
  readonly dirtyBytes: number;
}

type Stacks = Pick<LaunchSpec, 'stacks'>;

/** By disk. */
export type DiskBitmaps = ReadonlyMap<string, readonly Bitmap[]>;

interface NamedNode {
  readonly 'node-name': string;
  readonly image: { readonly 'virtual-size': number };
  readonly 'dirty-bitmaps'?: readonly {
    readonly name?: string;
    readonly recording: boolean;
    readonly inconsistent?: boolean;
    readonly busy: boolean;
    readonly count: number;
  }[];
}

export const namedNodes = (qmp: Qmp): Promise<readonly NamedNode[]> => qmp.execute('query-named-block-nodes', { flat: true });

export async function bitmapsOf(qmp: Qmp, { stacks }: Stacks): Promise<DiskBitmaps> {
  const nodes = await namedNodes(qmp);
  return new Map(stacks.map((stack) => [stack.disk, bitmapsOfNode(nodes.find((node) => node['node-name'] === diskNode(stack)))]));
}

const bitmapsOfNode = (node: NamedNode | undefined): readonly Bitmap[] =>
  (node?.['dirty-bitmaps'] ?? []).flatMap(({ name, recording, inconsistent, busy, count }) => {
    const pointId = name === undefined ? undefined : pointOfBitmap(name);
    return pointId === undefined ? [] : [{ pointId, recording, whole: inconsistent !== true, busy, dirtyBytes: count }];
  });

export const bitmapOn = (bitmaps: DiskBitmaps, disk: string, pointId: string): Bitmap | undefined =>
  bitmaps.get(disk)?.find((bitmap) => bitmap.pointId === pointId);

const onEvery = (bitmaps: DiskBitmaps, pointId: string): readonly (Bitmap | undefined)[] =>
  [...bitmaps.keys()].map((disk) => bitmapOn(bitmaps, disk, pointId));

export const isOnAll = (bitmaps: DiskBitmaps, pointId: string): boolean => onEvery(bitmaps, pointId).every((bitmap) => bitmap !== undefined);
export const isOnAny = (bitmaps: DiskBitmaps, pointId: string): boolean => onEvery(bitmaps, pointId).some((bitmap) => bitmap !== undefined);
export const isWhole = (bitmaps: DiskBitmaps, pointId: string): boolean => onEvery(bitmaps, pointId).every((bitmap) => bitmap?.whole === true);
export const isRecording = (bitmaps: DiskBitmaps, pointId: string): boolean => onEvery(bitmaps, pointId).every((bitmap) => bitmap?.recording === true);

export const pointsOf = (bitmaps: DiskBitmaps): readonly string[] => [...new Set([...bitmaps.values()].flat().map((bitmap) => bitmap.pointId))];

/** Points whose changes are known: on all disks, whole, and nobody wrote behind their back. */
export const usablePoints = (bitmaps: DiskBitmaps, { distrusted }: Custody): readonly string[] =>
  pointsOf(bitmaps).filter((pointId) => isWhole(bitmaps, pointId) && !distrusted.includes(pointId));

export function trackingReport(bitmaps: DiskBitmaps, custody: Custody): TrackingReport {
  const points = usablePoints(bitmaps, custody);
  const why = whyBroken(bitmaps, custody, points);
  return why === undefined ? { points, broken: false } : { points, broken: true, why };
}

function whyBroken(bitmaps: DiskBitmaps, custody: Custody, usable: readonly string[]): Text | undefined {
  const present = pointsOf(bitmaps);
  if (custody.distrusted.some((pointId) => present.includes(pointId))) return custody.why;
  const damaged = present.find((pointId) => !usable.includes(pointId));
  if (damaged !== undefined) {
    return isOnAll(bitmaps, damaged)
      ? say('the record of changes since point {point} is incomplete: QEMU was killed or the host crashed', { point: damaged })
      : say('not every disk has a record of changes since point {point}', { point: damaged });
  }
  const absent = custody.expected.find((pointId) => !present.includes(pointId));
  return absent === undefined ? undefined : say('the record of changes since point {point} is gone', { point: absent });
}

/** The fault that says why changes since the point are not known; undefined when they are. */
export function trackingFault(machine: string, bitmaps: DiskBitmaps, custody: Custody, pointId: string): Fault | undefined {
  if (usablePoints(bitmaps, custody).includes(pointId)) return undefined;
  if (custody.distrusted.includes(pointId)) return new Fault('disk-changed', say('{machine}: {why}', { machine, why: [custody.why] }));
  const why = isOnAny(bitmaps, pointId)
    ? say('the record of changes since point {point} is incomplete: QEMU was killed or the host crashed', { point: pointId })
    : say('the record of changes since point {point} is gone', { point: pointId });
  return new Fault('tracking-lost', say('{machine}: {why}', { machine, why }));
}

export type Action = { readonly type: string; readonly data: Arguments };

export const addBitmap = (stack: DiskStack, pointId: string): Action => ({
  type: 'block-dirty-bitmap-add',
  data: { node: diskNode(stack), name: bitmapName(pointId), persistent: true, granularity: BITMAP_GRANULARITY_BYTES },
});

export const removeBitmap = (stack: DiskStack, pointId: string): Action => named('block-dirty-bitmap-remove', stack, pointId);
export const enableBitmap = (stack: DiskStack, pointId: string): Action => named('block-dirty-bitmap-enable', stack, pointId);
export const disableBitmap = (stack: DiskStack, pointId: string): Action => named('block-dirty-bitmap-disable', stack, pointId);

const named = (type: string, stack: DiskStack, pointId: string): Action => ({ type, data: { node: diskNode(stack), name: bitmapName(pointId) } });

export const mergeBitmaps = (stack: DiskStack, target: string, sources: readonly string[]): Action => ({
  type: 'block-dirty-bitmap-merge',
  data: { node: diskNode(stack), target, bitmaps: sources },
});

/** All of the actions take effect at one moment, or none does. */
export async function transaction(qmp: Qmp, actions: readonly Action[]): Promise<void> {
  if (actions.length > 0) await qmp.execute('transaction', { actions: actions.map(({ type, data }) => ({ type, data })) });
}

/** The point's bitmap is on no disk any more, also where it was broken. */
export async function removeFromAll(qmp: Qmp, { stacks }: Stacks, bitmaps: DiskBitmaps, points: readonly string[]): Promise<void> {
  const actions = stacks.flatMap((stack) =>
    bitmaps.get(stack.disk)!.filter((bitmap) => points.includes(bitmap.pointId)).map((bitmap) => removeBitmap(stack, bitmap.pointId)),
  );
  await transaction(qmp, actions);
}
