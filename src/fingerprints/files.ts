/** Journals and maps on a real file system, under one directory. */
import { mkdir, open, readdir, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { constants } from 'node:fs';
import { Fault } from '../errors/fault.ts';
import type { DurableDirectory, DurableFile } from './durablefile.ts';

const PRIVATE_FILE = 0o600;
const PRIVATE_DIRECTORY = 0o700;
const NO_SPACE: readonly (string | undefined)[] = ['ENOSPC', 'EDQUOT', 'EFBIG'];

const codeOf = (thrown: unknown): string | undefined => (thrown as NodeJS.ErrnoException).code;

/** The work's result; what the system refuses is a fault that names the file. */
async function faulting<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const code = NO_SPACE.includes(codeOf(cause)) ? 'space-exhausted' : 'disk-io';
    throw new Fault(code, `${path}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The directory is there, durably, with all its parents. */
async function makeDirectory(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true, mode: PRIVATE_DIRECTORY });
  if (first === undefined) return;
  for (let made = path; made.length >= first.length; made = dirname(made)) await syncDirectory(dirname(made));
}

class RealFile implements DurableFile {
  readonly #path: string;
  readonly #handle: FileHandle;

  constructor(path: string, handle: FileHandle) {
    this.#path = path;
    this.#handle = handle;
  }

  sizeBytes(): Promise<number> {
    return faulting(this.#path, async () => (await this.#handle.stat()).size);
  }

  read(memory: Buffer, offsetBytes: number): Promise<number> {
    return faulting(this.#path, async () => {
      let done = 0;
      while (done < memory.length) {
        const { bytesRead } = await this.#handle.read(memory, done, memory.length - done, offsetBytes + done);
        if (bytesRead === 0) break;
        done += bytesRead;
      }
      return done;
    });
  }

  write(memory: Uint8Array, offsetBytes: number): Promise<void> {
    return faulting(this.#path, async () => {
      let done = 0;
      while (done < memory.length) {
        done += (await this.#handle.write(memory, done, memory.length - done, offsetBytes + done)).bytesWritten;
      }
    });
  }

  truncate(sizeBytes: number): Promise<void> {
    return faulting(this.#path, () => this.#handle.truncate(sizeBytes));
  }

  sync(): Promise<void> {
    return faulting(this.#path, () => this.#handle.datasync());
  }

  close(): Promise<void> {
    return faulting(this.#path, () => this.#handle.close());
  }
}

export class RealDirectory implements DurableDirectory {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  open(path: string): Promise<DurableFile> {
    const full = join(this.#root, path);
    return faulting(full, async () => {
      await makeDirectory(dirname(full));
      const handle = await open(full, constants.O_RDWR | constants.O_CREAT, PRIVATE_FILE);
      try {
        await syncDirectory(dirname(full));
      } catch (cause) {
        await handle.close();
        throw cause;
      }
      return new RealFile(full, handle);
    });
  }

  list(folder: string): Promise<readonly string[]> {
    const full = join(this.#root, folder);
    return faulting(full, async () => {
      try {
        return await readdir(full);
      } catch (cause) {
        if (codeOf(cause) === 'ENOENT') return [];
        throw cause;
      }
    });
  }

  rename(from: string, to: string): Promise<void> {
    const full = join(this.#root, to);
    return faulting(full, async () => {
      await rename(join(this.#root, from), full);
      await syncDirectory(dirname(full));
    });
  }

  remove(path: string): Promise<void> {
    const full = join(this.#root, path);
    return faulting(full, async () => {
      await makeDirectory(dirname(full));
      await rm(full, { force: true, recursive: true });
      await syncDirectory(dirname(full));
    });
  }
}
