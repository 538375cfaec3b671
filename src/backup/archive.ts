/**
 * A backup in one file: a line that says what it is, a line of JSON that lists its files, their bytes one after the other, and the
 * SHA-256 of all of that. It holds keys, so only its owner may read it.
 */
import { createHash } from 'node:crypto';
import { open, readFile } from 'node:fs/promises';
import { Fault } from '../errors/fault.ts';

export const MAGIC = 'understudy state backup 1\n';
const MAGIC_OF_ANY = /^understudy state backup (\d+)\n/;
const DIGEST_BYTES = 32;
const MAX_MANIFEST_BYTES = 16 * 1_024 * 1_024;
const PRIVATE = 0o600;
/** Files are named below the state directory, and never outside of it. */
const NAME = /^(?!.*(?:^|\/)\.\.?(?:\/|$))[A-Za-z0-9._-]+(?:\/[A-Za-z0-9._-]+)*$/;

export interface BackedUpFile {
  /** Below the state directory. */
  readonly name: string;
  readonly mode: number;
  readonly bytes: number;
}

export interface Manifest {
  /** Of the program that made it, and of its state file. */
  readonly version: string;
  readonly schema: number;
  readonly hostId: string;
  readonly hostName: string;
  readonly createdMs: number;
  readonly stateDir: string;
  readonly files: readonly BackedUpFile[];
}

export interface Archive {
  readonly manifest: Manifest;
  /** By name. */
  readonly contents: ReadonlyMap<string, Buffer>;
}

const unfit = (path: string, why: string): Fault => new Fault('backup-unfit', `${path} cannot be restored: ${why}`);

/** The file is there whole and durable, and was read again. Fault settings-invalid when there is one of that name already. */
export async function writeArchive(path: string, { manifest, contents }: Archive): Promise<void> {
  const head = Buffer.from(`${MAGIC}${JSON.stringify(manifest)}\n`);
  const parts = [head, ...manifest.files.map(({ name }) => contents.get(name)!)];
  const digest = createHash('sha256');
  for (const part of parts) digest.update(part);
  const handle = await open(path, 'wx', PRIVATE).catch((cause: NodeJS.ErrnoException) => {
    throw new Fault('settings-invalid', cause.code === 'EEXIST' ? `there is a file ${path} already` : `${path} cannot be written: ${cause.message}`, { cause });
  });
  try {
    await handle.chmod(PRIVATE);
    for (const part of [...parts, digest.digest()]) await handle.writeFile(part);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await readArchive(path);
}

/** Every byte is as it was written. Fault backup-unfit, which says why, when it is not. */
export async function readArchive(path: string): Promise<Archive> {
  const bytes = await readFile(path).catch((cause: Error) => {
    throw unfit(path, cause.message);
  });
  const [, format] = MAGIC_OF_ANY.exec(bytes.subarray(0, 64).toString('latin1')) ?? [];
  if (format === undefined) throw unfit(path, 'it is no backup of Understudy\'s state');
  const body = bytes.subarray(0, -DIGEST_BYTES);
  if (!createHash('sha256').update(body).digest().equals(bytes.subarray(-DIGEST_BYTES))) throw unfit(path, 'it is damaged or not whole');
  if (!body.subarray(0, MAGIC.length).equals(Buffer.from(MAGIC))) throw unfit(path, `it has format ${format}, which is of a newer version of Understudy`);
  const end = body.indexOf('\n', MAGIC.length);
  if (end < 0 || end > MAX_MANIFEST_BYTES) throw unfit(path, 'its list of files is missing');
  return unpacked(path, JSON.parse(body.subarray(MAGIC.length, end).toString()) as Manifest, body.subarray(end + 1));
}

function unpacked(path: string, manifest: Manifest, bytes: Buffer): Archive {
  const contents = new Map<string, Buffer>();
  let at = 0;
  for (const file of manifest.files) {
    if (!NAME.test(file.name)) throw unfit(path, `it names the file ${JSON.stringify(file.name)}`);
    contents.set(file.name, bytes.subarray(at, at + file.bytes));
    at += file.bytes;
  }
  if (at !== bytes.length) throw unfit(path, 'its files are not as long as its list says');
  return { manifest, contents };
}
