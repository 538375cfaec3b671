/**
 * Fleecing files keep what a guest overwrites while a point in time is read. Their space is taken before the instant, and
 * QEMU itself cannot go beyond it (see fleecingGraph), so a full file breaks the snapshot and never the guest.
 */
import { mkdirSync } from 'node:fs';
import { mkdir, readdir, rm, statfs, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { CLUSTER_BYTES } from '../../extents/extent.ts';
import { Fault } from '../../errors/fault.ts';
import type { StatePaths } from './directories.ts';
import { attemptMark } from './nodes.ts';
import { output } from './program.ts';

/** Source: statfs(2). */
const TMPFS = 0x0102_1994;
/** A qcow2 file needs some clusters for its own tables. */
const LEAST_BYTES = 16 * CLUSTER_BYTES;

/** Each disk's share of the budget, in whole clusters. */
export const fleecingShare = (budgetBytes: number, disks: number): number =>
  Math.max(LEAST_BYTES, Math.floor(budgetBytes / disks / CLUSTER_BYTES) * CLUSTER_BYTES);

export const fleecingPath = ({ fleecingDirectory }: StatePaths, disk: string, attemptId: string): string =>
  join(fleecingDirectory, `${disk}-${attemptMark(attemptId)}.qcow2`);

/** An empty qcow2 file for a disk of this size, which takes `shareBytes` of space now, in memory as it is used, and never more. */
export async function createFleecingFile(machine: string, path: string, diskSizeBytes: number, shareBytes: number, signal: AbortSignal): Promise<void> {
  mkdirSync(join(path, '..'), { recursive: true, mode: 0o700 });
  await output(machine, 'qemu-img', ['create', '-q', '-f', 'qcow2', path, String(diskSizeBytes)], signal);
  if (!(await isInMemory(path)) && (await isAllocated(machine, path, shareBytes, signal))) return;
  await truncate(path, shareBytes);
}

/** There the space is memory, and taking it would fill it with zeroes for each cycle: what QEMU may use is bounded all the same. */
const isInMemory = async (path: string): Promise<boolean> => (await statfs(path)).type === TMPFS;

/** False when the file system cannot set space aside. */
async function isAllocated(machine: string, path: string, shareBytes: number, signal: AbortSignal): Promise<boolean> {
  try {
    await output(machine, 'fallocate', ['--length', String(shareBytes), path], signal);
    return true;
  } catch (thrown) {
    if (thrown instanceof Fault && /not supported/i.test(thrown.message)) return false;
    throw thrown;
  }
}

/** The attempt's files are gone, of whichever disks there are. On some file systems giving back so much space takes a while. */
export async function removeFleecingFiles({ fleecingDirectory }: StatePaths, attemptId: string): Promise<void> {
  const ending = `-${attemptMark(attemptId)}.qcow2`;
  await mkdir(fleecingDirectory, { recursive: true, mode: 0o700 });
  for (const file of await readdir(fleecingDirectory)) if (file.endsWith(ending)) await rm(join(fleecingDirectory, file), { force: true });
}
