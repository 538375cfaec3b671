/**
 * A copy of what a host remembers, taken while its daemon runs: state, identity with keys, and the small files of machines. Not
 * disks, not recovery points, and not fingerprint maps, which are found again by comparing.
 */
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Fault } from '../errors/fault.ts';
import { codeOf, faulting } from '../files/files.ts';
import { say } from '../language/text.ts';
import { isRestoring, MIGRATIONS, newerState, restoreInterrupted } from '../state/database.ts';
import { isBackedUp, STATE_FILE, writeArchive, type BackedUpFile, type Manifest } from './archive.ts';

const SNAPSHOT = 'state.db.backup';
const FOLDERS = ['identity', 'machines'];
/** SQLITE_FULL. */
const FULL = 13;

export interface Backup extends Omit<Manifest, 'files'> {
  readonly path: string;
  readonly bytes: number;
  readonly machines: number;
}

interface Kept {
  readonly name: string;
  readonly mode: number;
  readonly bytes: Buffer;
}

/** The small files below the state directory, by name. */
function smallFiles(stateDir: string): Kept[] {
  const names = FOLDERS.flatMap((folder) => namesIn(join(stateDir, folder)).map((name) => join(folder, name)));
  return names.filter(isBackedUp).sort().flatMap((name) => fileAt(stateDir, name));
}

const namesIn = (folder: string): string[] => (existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: 'utf8' }) : []);

/** None for a directory, and for what a guest's TPM had there only while it wrote. */
function fileAt(stateDir: string, name: string): Kept[] {
  const path = join(stateDir, name);
  try {
    const status = statSync(path);
    return status.isFile() ? [{ name, mode: status.mode & 0o777, bytes: readFileSync(path) }] : [];
  } catch (thrown) {
    if (codeOf(thrown) === 'ENOENT') return [];
    throw thrown;
  }
}

/** The state as of one moment, whatever the daemon writes meanwhile. */
function snapshotOf(stateDir: string): { readonly bytes: Buffer; readonly schema: number; readonly machines: number } {
  const path = join(stateDir, STATE_FILE);
  if (!existsSync(path)) throw new Fault('settings-invalid', say('there is no state in {stateDir}: give --state-dir when it is elsewhere', { stateDir }));
  if (isRestoring(stateDir)) throw restoreInterrupted(stateDir);
  const copy = join(stateDir, SNAPSHOT);
  rmSync(copy, { force: true });
  const database = new DatabaseSync(path, { timeout: 10_000 });
  try {
    const { user_version: schema } = database.prepare('PRAGMA user_version').get() as { user_version: number };
    if (schema > MIGRATIONS.length) throw newerState(path, schema);
    database.prepare('VACUUM INTO ?').run(copy);
    const { machines } = database.prepare('SELECT count(*) AS machines FROM machines').get() as { machines: number };
    return { bytes: readFileSync(copy), schema, machines };
  } catch (cause) {
    if (cause instanceof Fault) throw cause;
    if ((cause as { errcode?: number }).errcode === FULL) throw new Fault('space-exhausted', say('{copy} could not be written, which is needed while a backup is made: {reason}', { copy, reason: (cause as Error).message }), { cause });
    throw new Fault('state-corrupt', say('the state file {path} cannot be read: {reason}', { path, reason: (cause as Error).message }), { cause });
  } finally {
    database.close();
    rmSync(copy, { force: true });
  }
}

/** The backup is in the file, which only its owner may read, and was read again. Fault settings-invalid, state-corrupt, state-newer, restore-interrupted, space-exhausted, disk-io. */
export async function backUpState(stateDir: string, path: string, version: string, nowMs: number): Promise<Backup> {
  return faulting(stateDir, async () => {
    const { bytes: state, schema, machines } = snapshotOf(stateDir);
    const kept = [{ name: STATE_FILE, mode: 0o600, bytes: state }, ...smallFiles(stateDir)];
    const about = { version, schema, ...hostIn(stateDir, kept), createdMs: nowMs, stateDir };
    const files = kept.map(({ name, mode, bytes: { length } }): BackedUpFile => ({ name, bytes: length, mode }));
    await writeArchive(path, { manifest: { ...about, files }, contents: new Map(kept.map(({ name, bytes }) => [name, bytes])) });
    return { ...about, path, bytes: statSync(path).size, machines };
  });
}

function hostIn(stateDir: string, kept: readonly Kept[]): { readonly hostId: string; readonly hostName: string } {
  const text = kept.find(({ name }) => name === 'identity/host.json')?.bytes.toString() ?? '{}';
  const { hostId, name: hostName } = JSON.parse(text) as { hostId?: string; name?: string };
  if (hostId === undefined || hostName === undefined) throw new Fault('state-corrupt', say('{stateDir} does not say which host this is: identity/host.json is missing', { stateDir }));
  return { hostId, hostName };
}
