/** Layer files: qcow2 with 64 KiB clusters, no backing file in the header, made whole or not at all. */
import { rename, rm, stat, statfs, truncate } from 'node:fs/promises';
import type { StatsFs } from 'node:fs';
import { dirname } from 'node:path';
import { assert } from '../errors/bug.ts';
import { Fault } from '../errors/fault.ts';
import { CLUSTER_BYTES } from '../extents/extent.ts';
import { say } from '../language/text.ts';
import { BITMAP_GRANULARITY_BYTES } from '../machine/bitmap.ts';
import type { Layer } from '../machine/definition.ts';
import { graphFileName, layersGraph } from '../machine/graph.ts';
import { makeDirectory, removeFiles, sync } from '../files/files.ts';
import { qemuImg } from './qemuimg.ts';
import { sidecarPath } from './sidecar.ts';

/** QEMU's virtual sizes are whole sectors. */
const SECTOR_BYTES = 512;
/** A new image takes about 256 KiB; with less free space than this the first writes would fail, and with them the cycle. */
const MIN_FREE_BYTES = 4 * 1024 * 1024;
const FILE_SYSTEM_BLOCK_BYTES = 512;

/** Free space for unprivileged processes where this path is or will be. */
export async function freeBytesAt(path: string): Promise<number> {
  const { bavail, bsize } = await fileSystemAt(path);
  return bavail * bsize;
}

/** Size of the file system where this path is or will be. */
export async function totalBytesAt(path: string): Promise<number> {
  const { blocks, bsize } = await fileSystemAt(path);
  return blocks * bsize;
}

async function fileSystemAt(path: string): Promise<StatsFs> {
  try {
    return await statfs(path);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT' || path === '/') throw cause;
    return fileSystemAt(dirname(path));
  }
}

async function requireFreeSpace(path: string): Promise<void> {
  const freeBytes = await freeBytesAt(path);
  if (freeBytes < MIN_FREE_BYTES) throw new Fault('space-exhausted', say('{directory} has only {free} free', { directory: dirname(path), free: { sizeBytes: freeBytes } }));
}

export interface NewImage {
  readonly path: string;
  readonly sizeBytes: number;
  /** The bitmap that records from the first write on. */
  readonly bitmap?: string;
}

/** An empty image is at the path, durably, in place of any file that was there; a sidecar of that file is gone. */
export async function createImage({ path, sizeBytes, bitmap }: NewImage): Promise<void> {
  assert(sizeBytes > 0 && sizeBytes % SECTOR_BYTES === 0, `${sizeBytes} bytes are not whole sectors`);
  await makeDirectory(dirname(path));
  await requireFreeSpace(path);
  const made = `${path}.new`;
  try {
    await rm(made, { force: true });
    await qemuImg(['create', '-q', '-f', 'qcow2', '-o', `cluster_size=${CLUSTER_BYTES},lazy_refcounts=off`, made, String(sizeBytes)]);
    if (bitmap !== undefined) await qemuImg(['bitmap', '--add', '-g', String(BITMAP_GRANULARITY_BYTES), '-f', 'qcow2', made, bitmap]);
    await sync(made);
    await removeFiles([sidecarPath(path)]);
    await rename(made, path);
    await sync(dirname(path));
  } catch (cause) {
    await rm(made, { force: true });
    throw cause;
  }
}

interface ImageInfo {
  readonly 'virtual-size': number;
  readonly 'format-specific'?: { readonly data: { readonly bitmaps?: readonly { readonly name: string; readonly flags: readonly string[] }[] } };
}

/** What the layer's header says, also while a guest has it open. */
async function infoOf(layer: Layer): Promise<ImageInfo> {
  const graph = layersGraph([layer], { writable: false, forceShare: true });
  const { stdout } = await qemuImg(['info', '--output', 'json', graphFileName(graph)]);
  return JSON.parse(stdout) as ImageInfo;
}

/** The layer's virtual size, also while a guest has it open. */
export async function virtualSize(layer: Layer): Promise<number> {
  return (await infoOf(layer))['virtual-size'];
}

/** The layer has at least this size. Fault space-exhausted when its data file is a block device that is too small. */
export async function growTo(layer: Layer, sizeBytes: number, signal: AbortSignal): Promise<void> {
  const info = await infoOf(layer);
  if (info['virtual-size'] >= sizeBytes) return;
  const graph = graphFileName(layersGraph([layer], { writable: true }));
  // QEMU resizes no image with a bitmap that a killed process left unfinished. Such a bitmap can only be removed.
  for (const { name, flags } of info['format-specific']?.data.bitmaps ?? []) {
    if (flags.includes('in-use')) await qemuImg(['bitmap', '--remove', graph, name], { signal });
  }
  await qemuImg(['resize', '-q', graph, String(sizeBytes)], { signal });
  if (layer.dataFilePath !== undefined) await shortenTo(layer.dataFilePath, sizeBytes);
}

/** A raw file is as long as its disk: QEMU grows it to whole clusters, and opened on its own it would look larger. */
async function shortenTo(path: string, sizeBytes: number): Promise<void> {
  const { size } = await stat(path);
  if (size > sizeBytes) await truncate(path, sizeBytes);
}

const filesOf = (layer: Layer): readonly string[] => (layer.dataFilePath === undefined ? [layer.path] : [layer.path, layer.dataFilePath]);

/** What was written to the layer's files, by any process, is on stable storage. */
export async function syncLayer(layer: Layer): Promise<void> {
  for (const path of filesOf(layer)) await sync(path);
}

/** Bytes that the layer's files take on their file systems. A block device takes none. */
export async function allocatedBytesOf(layer: Layer): Promise<number> {
  const stats = await Promise.all(filesOf(layer).map((path) => stat(path)));
  return stats.reduce((sum, { blocks }) => sum + blocks * FILE_SYSTEM_BLOCK_BYTES, 0);
}
