/** Small files that are there whole or not at all, also after a power loss. */
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Layer } from '../../machine/definition.ts';

const PRIVATE_FILE = 0o600;
const PRIVATE_DIRECTORY = 0o700;

export function syncDirectory(path: string): void {
  const directory = openSync(path, 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

/** What anybody wrote to the layer's files is on stable storage. Nobody is held up meanwhile. */
export async function syncLayer({ path, dataFilePath }: Layer): Promise<void> {
  for (const file of dataFilePath === undefined ? [path] : [path, dataFilePath]) {
    const handle = await open(file, 'r');
    await handle.sync().finally(() => handle.close());
  }
}

/** The file holds exactly these bytes, on stable storage. Its directory is made when missing. */
export function replaceFile(path: string, content: string | Uint8Array): void {
  makeDirectory(dirname(path));
  const file = openSync(`${path}.new`, 'w', PRIVATE_FILE);
  try {
    writeFileSync(file, content);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(`${path}.new`, path);
  syncDirectory(dirname(path));
}

/** The file is gone, on stable storage. Nothing when it is gone already. */
export function removeFile(path: string): void {
  makeDirectory(dirname(path));
  rmSync(path, { force: true });
  syncDirectory(dirname(path));
}

export function makeDirectory(path: string): void {
  mkdirSync(path, { recursive: true, mode: PRIVATE_DIRECTORY });
}
