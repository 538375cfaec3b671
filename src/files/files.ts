/** Files and directory entries that survive a power loss. */
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Fault } from '../errors/fault.ts';

const NO_SPACE: readonly (string | undefined)[] = ['ENOSPC', 'EDQUOT', 'EFBIG'];

export const codeOf = (thrown: unknown): string | undefined => (thrown as NodeJS.ErrnoException).code;

/** The work's result; what the system refuses is a fault that names the file: space-exhausted or disk-io. */
export async function faulting<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof Fault) throw cause;
    throw new Fault(NO_SPACE.includes(codeOf(cause)) ? 'space-exhausted' : 'disk-io', `${path}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

/** What the file or directory holds (for a directory: which names are in it) is on stable storage. */
export async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The directory is there, durably, with all its parents. */
export async function makeDirectory(path: string): Promise<void> {
  if (await exists(path)) return;
  await makeDirectory(dirname(path));
  await makeOne(path);
}

/** Not Node's recursive mkdir, which never ends where a file system takes no new names, such as /proc. */
async function makeOne(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (cause) {
    if (codeOf(cause) !== 'EEXIST') throw cause;
  }
  await sync(dirname(path));
}

/**
 * The file is there whole, with this content, or as it was before. Its directory entry is durable after `sync(directory)`. A mode
 * that is given is the file's, whatever the umask; not every file system of media can keep one.
 */
export async function replaceFile(path: string, content: string, mode?: number): Promise<void> {
  const handle = await open(`${path}.new`, 'w', mode ?? 0o600);
  try {
    if (mode !== undefined) await handle.chmod(mode);
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(`${path}.new`, path);
}

export async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return false;
    throw cause;
  }
}

/** As `replaceFile`, durable when it returns. */
export async function replaceFileDurably(path: string, content: string, mode?: number): Promise<void> {
  await replaceFile(path, content, mode);
  await sync(dirname(path));
}

/** None of the files is there, durably. */
export async function removeFiles(paths: readonly string[]): Promise<void> {
  for (const path of paths) await rm(path, { force: true });
  for (const directory of new Set(paths.map(dirname))) if (await exists(directory)) await sync(directory);
}
