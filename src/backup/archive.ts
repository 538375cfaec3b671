/**
 * A backup in one file: a line that says what it is, a line of JSON that lists its files, their bytes one after the other, and the
 * SHA-256 of all of that. It holds keys, so only its owner may read it.
 */
import { createHash } from 'node:crypto';
import { open, readFile, rm, stat } from 'node:fs/promises';
import { Fault } from '../errors/fault.ts';
import { faulting } from '../files/files.ts';
import { type Said, say, verbatim } from '../language/text.ts';

export const MAGIC = 'understudy state backup 1\n';
const MAGIC_OF_ANY = /^understudy state backup (\d+)\n/;
const DIGEST_BYTES = 32;
const MAX_MANIFEST_BYTES = 16 * 1_024 * 1_024;
const PRIVATE = 0o600;
export const STATE_FILE = 'state.db';
/** This host's keys, and of each machine what its guest keeps outside of its disks. */
const OF_HOST_OR_MACHINE = /^(identity\/.+|machines\/[^/]+\/(uefi-variables\.fd|tpm\/.+))$/;
const NAME = /^[A-Za-z0-9._-]+(?:\/[A-Za-z0-9._-]+)*$/;
const LEADS_ELSEWHERE = /(?:^|\/)\.\.?(?:\/|$)/;
const IS_TEMPORARY = /\.new$/;
/** Without these it would be another host. */
const NEEDED = [STATE_FILE, 'identity/host.json', 'identity/key.pem'];

/** Whether a file below the state directory belongs into a backup: never one outside of it, nor one that a restore itself uses. */
export const isBackedUp = (name: string): boolean =>
  (name === STATE_FILE || OF_HOST_OR_MACHINE.test(name)) && NAME.test(name) && !LEADS_ELSEWHERE.test(name) && !IS_TEMPORARY.test(name);

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

export interface ReadArchive extends Archive {
  /** Tells it from any other. */
  readonly digest: string;
}

const unfit = (path: string, why: Said): Fault => new Fault('backup-unfit', say('{path} cannot be restored: {why}', { path, why }));

/** The file is there whole and durable, and was read again. Fault settings-invalid when there is one of that name already; of any other fault nothing is left. */
export async function writeArchive(path: string, { manifest, contents }: Archive): Promise<void> {
  const head = Buffer.from(`${MAGIC}${JSON.stringify(manifest)}\n`);
  const parts = [head, ...manifest.files.map(({ name }) => contents.get(name)!)];
  const digest = createHash('sha256');
  for (const part of parts) digest.update(part);
  const handle = await open(path, 'wx', PRIVATE).catch((cause: NodeJS.ErrnoException) => {
    throw new Fault('settings-invalid', cause.code === 'EEXIST' ? say('there is a file {path} already', { path }) : say('{path} cannot be written: {reason}', { path, reason: cause.message }), { cause });
  });
  try {
    await faulting(path, async () => {
      await handle.chmod(PRIVATE);
      for (const part of [...parts, digest.digest()]) await handle.writeFile(part);
      await handle.sync();
    }).finally(() => handle.close());
    await readArchive(path);
  } catch (thrown) {
    await rm(path);
    throw thrown;
  }
}

/** Every byte is as it was written, and it names only what a backup has. Fault backup-unfit, which says why, when it is not so. */
export async function readArchive(path: string): Promise<ReadArchive> {
  const bytes = await fileAt(path);
  const [, format] = MAGIC_OF_ANY.exec(bytes.subarray(0, 64).toString('latin1')) ?? [];
  if (format === undefined) throw unfit(path, say('it is no backup of Understudy\'s state'));
  const body = bytes.subarray(0, -DIGEST_BYTES);
  const digest = bytes.subarray(-DIGEST_BYTES);
  if (!createHash('sha256').update(body).digest().equals(digest)) throw unfit(path, say('it is damaged or not whole'));
  if (!body.subarray(0, MAGIC.length).equals(Buffer.from(MAGIC))) throw unfit(path, say('it has format {format}, which is of a newer version of Understudy', { format }));
  const end = body.indexOf('\n', MAGIC.length);
  if (end < 0 || end > MAX_MANIFEST_BYTES) throw unfit(path, say('its list of files is missing'));
  const manifest = manifestOf(path, body.subarray(MAGIC.length, end).toString());
  return { manifest, contents: contentsOf(path, manifest, body.subarray(end + 1)), digest: digest.toString('hex') };
}

/** Not what never ends, such as a device or a pipe. */
async function fileAt(path: string): Promise<Buffer> {
  try {
    if ((await stat(path)).isFile()) return await readFile(path);
  } catch (cause) {
    throw unfit(path, verbatim((cause as Error).message));
  }
  throw unfit(path, say('it is not a file'));
}

const isText = (value: unknown): boolean => typeof value === 'string' && value !== '';
const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;

/** What each field must be, so that a file which somebody else made is refused and not half restored. */
const FIELDS: Readonly<Record<keyof Manifest, (value: unknown) => boolean>> = {
  version: isText, schema: isCount, hostId: isText, hostName: isText, createdMs: isCount, stateDir: (value) => isText(value) && (value as string).startsWith('/'), files: Array.isArray,
};

function manifestOf(path: string, text: string): Manifest {
  const manifest = jsonOf(text);
  const wrong = Object.entries(FIELDS).find(([field, isRight]) => !isRight(manifest[field]));
  if (wrong) throw unfit(path, say('its {field} is missing or not understood', { field: wrong[0] }));
  const { files } = manifest as unknown as Manifest;
  const bad = files.find((file) => !isCount(file?.bytes) || !isCount(file.mode) || typeof file.name !== 'string' || !isBackedUp(file.name));
  if (bad !== undefined) throw unfit(path, say('it names the file {name}', { name: JSON.stringify(bad?.name ?? null) }));
  const names = new Set(files.map(({ name }) => name));
  if (names.size < files.length) throw unfit(path, say('it names a file twice'));
  const missing = NEEDED.find((name) => !names.has(name));
  if (missing !== undefined) throw unfit(path, say('{file} is not in it', { file: missing }));
  return manifest as unknown as Manifest;
}

function jsonOf(text: string): Record<string, unknown> {
  try {
    return (JSON.parse(text) ?? {}) as Record<string, unknown>;
  } catch {
    return {};
  }
}

function contentsOf(path: string, { files }: Manifest, bytes: Buffer): ReadonlyMap<string, Buffer> {
  const contents = new Map<string, Buffer>();
  let at = 0;
  for (const file of files) {
    contents.set(file.name, bytes.subarray(at, at + file.bytes));
    at += file.bytes;
  }
  if (at !== bytes.length) throw unfit(path, say('its files are not as long as its list says'));
  return contents;
}
