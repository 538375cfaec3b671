/**
 * Names and options of the block nodes that the driver makes. Per disk `top-<disk>`, a raw filter that the guest's
 * device holds for ever, stands on the active layer, which owns the bitmaps. A layer's node is named after the layer, so
 * that it keeps its name when another is put on top of it. What belongs to one attempt carries 12 hex digits of its id,
 * so that a new daemon knows its own. A node name holds 31 characters.
 */
import { createHash } from 'node:crypto';
import type { DiskStack, Layer } from '../../machine/definition.ts';
import { layersGraph, stackGraph, type BlockNode } from '../../machine/graph.ts';

export const layerPrefix = (disk: string): string => `disk-${disk}-`;
export const layerNode = (disk: string, { layerId }: Pick<Layer, 'layerId'>): string => `${layerPrefix(disk)}${createHash('sha256').update(layerId).digest('hex').slice(0, 12)}`;
/** The active layer's. */
export const diskNode = ({ disk, layers }: Pick<DiskStack, 'disk' | 'layers'>): string => layerNode(disk, layers.at(-1)!);
export const topNode = (disk: string): string => `top-${disk}`;
export const deviceId = (disk: string): string => `dev-${disk}`;

const DISCARD = { discard: 'unmap' } as const;

/** The active layer and all below it. */
export const activeGraph = (stack: DiskStack): BlockNode => ({
  ...stackGraph(stack, { nameOf: (layer) => layerNode(stack.disk, layer), writable: true, fileOptions: DISCARD }),
  ...DISCARD,
});

/** A layer that is about to become a disk's active one: it stands on nothing yet. */
export const freshGraph = (disk: string, layer: Layer): BlockNode => ({
  ...layersGraph([layer], { nameOf: (each) => layerNode(disk, each), writable: true, fileOptions: DISCARD }),
  ...DISCARD,
});

/** The filter on top; `below` is the active layer, or the copy-before-write filter while an attempt is open. */
export const topFilter = (disk: string, below: string): BlockNode => ({
  driver: 'raw',
  'node-name': topNode(disk),
  ...DISCARD,
  file: below,
});

/** A second look at a raw file that is open for the guest already: it reads only, and needs no lock. */
export const rawReader = (name: string, path: string): BlockNode => ({ driver: 'file', 'node-name': name, filename: path, 'read-only': true, locking: 'off' });

export const attemptMark = (attemptId: string): string => attemptId.replaceAll('-', '').slice(0, 12);

/** Begins the ids of all attempts' exports of this disk. */
export const attemptExportPrefix = (disk: string): string => `pit-${disk}-`;

/** Names of one attempt's nodes and exports of one disk. */
export function attemptNodes(disk: string, attemptId: string) {
  const suffix = `${disk}-${attemptMark(attemptId)}`;
  return { filter: `cbw-${suffix}`, fleecing: `fl-${suffix}`, access: `sa-${suffix}`, exportId: `${attemptExportPrefix(disk)}${attemptMark(attemptId)}`, fleecingExportId: `old-${suffix}` } as const;
}

/** A root above the layers of a disk, without which QEMU merges none of those that the guest reads. It changes nothing. */
export const mergeRoot = (name: string, stack: DiskStack): BlockNode => ({ driver: 'copy-on-read', 'node-name': name, 'read-only': true, file: diskNode(stack) });

/** Seconds that a guest's write waits for a slow fleecing file before the snapshot is given up. */
const FLEECING_TIMEOUT_SECONDS = 10;

/** Keeps what the guest overwrites. When that fails or hangs the snapshot breaks; the guest writes on. */
export const copyBeforeWrite = (stack: DiskStack, attemptId: string): BlockNode => {
  const { filter, fleecing } = attemptNodes(stack.disk, attemptId);
  return {
    driver: 'copy-before-write',
    'node-name': filter,
    file: diskNode(stack),
    target: fleecing,
    'on-cbw-error': 'break-snapshot',
    'cbw-timeout': FLEECING_TIMEOUT_SECONDS,
    ...DISCARD,
  };
};

/** The fleecing file: the raw node's fixed size bounds it, also while no daemon watches. */
export const fleecingGraph = (disk: string, attemptId: string, path: string, budgetBytes: number): BlockNode => ({
  driver: 'qcow2',
  'node-name': attemptNodes(disk, attemptId).fleecing,
  ...DISCARD,
  file: { driver: 'raw', size: budgetBytes, ...DISCARD, file: { driver: 'file', filename: path, ...DISCARD } },
  backing: null,
});

export const snapshotAccess = (disk: string, attemptId: string): BlockNode => {
  const { filter, access } = attemptNodes(disk, attemptId);
  return { driver: 'snapshot-access', 'node-name': access, file: filter };
};
