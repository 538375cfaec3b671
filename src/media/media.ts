/** Media as directories of this host: `<directory>/<name>/` with a qcow2 file for each disk, a journal and a manifest. */
import { mkdir, open, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { AttemptJournal } from '../engine/ports/fingerprints.ts';
import type { Media, MediaFile, MediaPlace } from '../engine/ports/media.ts';
import { Fault } from '../errors/fault.ts';
import { codeOf, faulting, replaceFile, sync } from '../files/files.ts';
import { RealDirectory } from '../fingerprints/files.ts';
import { Fingerprints } from '../fingerprints/store.ts';
import { say } from '../language/text.ts';
import type { Layer } from '../machine/definition.ts';

const JOURNALS = 'journal';
const IMAGE = '.qcow2';
const READ_BYTES = 1024 * 1024;
const PLACE_FILES: readonly MediaFile[] = ['manifest.json', 'unfinished.json'];

/** The work's result; undefined where there is no such file. */
async function unlessMissing<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return undefined;
    throw cause;
  }
}

/** Some file systems of media cannot sync a directory. */
async function syncDirectory(path: string): Promise<void> {
  await sync(path).catch((cause: unknown) => {
    if (codeOf(cause) !== 'EINVAL') throw cause;
  });
}

class Place implements MediaPlace {
  readonly path: string;
  readonly #journals: Fingerprints;

  constructor(path: string) {
    this.path = path;
    this.#journals = new Fingerprints(new RealDirectory(path));
  }

  layer(disk: string): Layer {
    return { layerId: disk, path: join(this.path, `${disk}${IMAGE}`) };
  }

  journal(attemptId: string): Promise<AttemptJournal> {
    return this.#journals.journal(JOURNALS, attemptId);
  }

  async *journalBatches(attemptId: string): AsyncGenerator<Buffer> {
    const path = join(this.path, JOURNALS, `${attemptId}.journal`);
    const file = await faulting(path, () => unlessMissing(() => open(path, 'r')));
    try {
      for (let at = 0; file; at += READ_BYTES) {
        const { bytesRead, buffer } = await faulting(path, () => file.read(Buffer.alloc(READ_BYTES), 0, READ_BYTES, at));
        if (bytesRead > 0) yield buffer.subarray(0, bytesRead);
        if (bytesRead < READ_BYTES) return;
      }
    } finally {
      await file?.close();
    }
  }

  read(file: MediaFile): Promise<string | undefined> {
    const path = join(this.path, file);
    return faulting(path, () => unlessMissing(async () => {
      const handle = await open(path, 'r');
      try {
        return await handle.readFile('utf8');
      } finally {
        await handle.close();
      }
    }));
  }

  write(file: MediaFile, text: string): Promise<void> {
    const path = join(this.path, file);
    return faulting(path, async () => {
      await replaceFile(path, text);
      await syncDirectory(this.path);
    });
  }

  remove(file: MediaFile): Promise<void> {
    return faulting(this.path, async () => {
      await rm(join(this.path, file), { force: true });
      await syncDirectory(this.path);
    });
  }

  names(): Promise<readonly string[]> {
    return faulting(this.path, () => readdir(this.path));
  }

  clear(): Promise<void> {
    return faulting(this.path, async () => {
      await this.#journals.close();
      for (const name of await readdir(this.path)) await rm(join(this.path, name), { recursive: true, force: true });
      await syncDirectory(this.path);
    });
  }

  fileBytes(disk: string): Promise<number | undefined> {
    const { path } = this.layer(disk);
    return faulting(path, async () => (await unlessMissing(() => stat(path)))?.size);
  }

  close(): Promise<void> {
    return this.#journals.close();
  }
}

async function checkDirectory(directory: string): Promise<void> {
  const found = await faulting(directory, () => unlessMissing(() => stat(directory)));
  if (!found?.isDirectory()) throw new Fault('media-missing', say('there is no directory {directory} on this host', { directory }));
}

/** False when it was there. Not Node's recursive mkdir, which never ends where a file system takes no new names, such as /proc. */
async function isMade(path: string): Promise<boolean> {
  try {
    await mkdir(path, { mode: 0o700 });
    return true;
  } catch (cause) {
    if (codeOf(cause) === 'EEXIST') return false;
    throw cause;
  }
}

export const directoryMedia: Media = {
  make: async (directory, name) => {
    await checkDirectory(directory);
    const path = join(directory, name);
    await faulting(path, async () => {
      if (await isMade(path)) await syncDirectory(directory);
    });
    return new Place(path);
  },
  find: async (directory, ending) => {
    await checkDirectory(directory);
    const entries = await faulting(directory, () => readdir(directory, { withFileTypes: true }));
    if (entries.some(({ name }) => (PLACE_FILES as readonly string[]).includes(name))) return new Place(directory);
    const found = entries.find((entry) => entry.isDirectory() && entry.name.endsWith(ending));
    return found && new Place(join(directory, found.name));
  },
};
