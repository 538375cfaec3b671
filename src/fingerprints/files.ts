/** Journals and maps on a real file system, under one directory. */
import { open, readdir, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { constants } from 'node:fs';
import { codeOf, faulting, makeDirectory, sync } from '../files/files.ts';
import type { DurableDirectory, DurableFile } from './durablefile.ts';

const PRIVATE_FILE = 0o600;

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
        await sync(dirname(full));
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
      await sync(dirname(full));
    });
  }

  remove(path: string): Promise<void> {
    const full = join(this.#root, path);
    return faulting(full, async () => {
      await makeDirectory(dirname(full));
      await rm(full, { force: true, recursive: true });
      await sync(dirname(full));
    });
  }
}
