/**
 * A copy of what a host remembers, taken while its daemon runs: state, identity with keys, and the small files of machines. Not
 * disks, not recovery points, and not fingerprint maps, which are found again by comparing.
 */
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Fault } from '../errors/fault.ts';
import { MIGRATIONS, newerState } from '../state/database.ts';
import { writeArchive, type BackedUpFile, type Manifest } from './archive.ts';

export const STATE_FILE = 'state.db';
const SNAPSHOT = 'state.db.backup';
/** Of a machine's directory: what its guest keeps outside of its disks. */
const OF_MACHINES = /^machines\/[^/]+\/(uefi-variables\.fd|tpm\/.+)$/;
const OF_HOST = /^identity\//;
const IS_TEMPORARY = /\.new$/;

export interface Backup extends Omit<Manifest, 'files'> {
  readonly path: string;
  readonly bytes: number;
  readonly machines: number;
}

/** Names below the state directory. */
function namesToKeep(stateDir: string): string[] {
  const names = readdirSync(stateDir, { recursive: true, encoding: 'utf8' }).filter((name) => (OF_HOST.test(name) || OF_MACHINES.test(name)) && !IS_TEMPORARY.test(name));
  return names.filter((name) => statSync(join(stateDir, name)).isFile()).sort();
}

/** The state as of one moment, whatever the daemon writes meanwhile. */
function snapshotOf(stateDir: string): { readonly bytes: Buffer; readonly schema: number; readonly machines: number } {
  const path = join(stateDir, STATE_FILE);
  if (!existsSync(path)) throw new Fault('state-corrupt', `there is no state in ${stateDir}: give --state-dir when it is elsewhere`);
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
    throw new Fault('state-corrupt', `the state file ${path} cannot be read: ${(cause as Error).message}`, { cause });
  } finally {
    database.close();
    rmSync(copy, { force: true });
  }
}

/** The backup is in the file, which only its owner may read, and was read again. Fault settings-invalid, state-corrupt, state-newer, backup-unfit. */
export async function backUpState(stateDir: string, path: string, version: string, nowMs: number): Promise<Backup> {
  const { bytes: state, schema, machines } = snapshotOf(stateDir);
  const contents = new Map([[STATE_FILE, state], ...namesToKeep(stateDir).map((name) => [name, readFileSync(join(stateDir, name))] as const)]);
  const files = [...contents].map(([name, { length }]): BackedUpFile => ({ name, bytes: length, mode: name === STATE_FILE ? 0o600 : statSync(join(stateDir, name)).mode & 0o777 }));
  const { hostId, name: hostName } = JSON.parse(contents.get('identity/host.json')?.toString() ?? '{}') as { hostId?: string; name?: string };
  if (hostId === undefined || hostName === undefined) throw new Fault('state-corrupt', `${stateDir} does not say which host this is: identity/host.json is missing`);
  const about = { version, schema, hostId, hostName, createdMs: nowMs, stateDir };
  await writeArchive(path, { manifest: { ...about, files }, contents });
  return { ...about, path, bytes: statSync(path).size, machines };
}
