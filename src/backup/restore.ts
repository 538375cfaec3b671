/**
 * Brings a host's state back from a backup. Nothing is taken for granted that may have changed since (see ageing.ts); what was there
 * is kept aside; and a restore that is interrupted is finished by running it again, since no daemon starts before that.
 */
import { existsSync, readdirSync, readlinkSync, renameSync, rmSync } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Fault } from '../errors/fault.ts';
import { makeDirectory, sync } from '../files/files.ts';
import { MIGRATIONS, openDatabase, RESTORING } from '../state/database.ts';
import { age, type Aged } from './ageing.ts';
import { readArchive, type Archive, type Manifest } from './archive.ts';
import { STATE_FILE } from './backup.ts';

/** What a backup takes the place of. Fingerprint maps speak of other recovery points than the restored state. */
const REPLACED = ['identity', 'fingerprints', STATE_FILE, `${STATE_FILE}-wal`, `${STATE_FILE}-shm`];

export interface Restored extends Aged {
  readonly backup: Omit<Manifest, 'files'>;
  readonly stateDir: string;
  /** Where what was there is now; null when nothing was. */
  readonly keptIn: string | null;
}

/** Pid of a process that has the state open. */
function holderOf(stateDir: string): number | undefined {
  const path = join(stateDir, STATE_FILE);
  const holds = (pid: string): boolean => {
    try {
      return readdirSync(`/proc/${pid}/fd`).some((fd) => linkOf(`/proc/${pid}/fd/${fd}`) === path);
    } catch {
      return false;
    }
  };
  const found = readdirSync('/proc').find((pid) => /^\d+$/.test(pid) && Number(pid) !== process.pid && holds(pid));
  return found === undefined ? undefined : Number(found);
}

function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

async function writeFiles(directory: string, { manifest, contents }: Archive): Promise<void> {
  for (const { name, mode } of manifest.files) {
    const path = join(directory, name);
    await makeDirectory(dirname(path));
    const handle = await open(path, 'w', mode);
    try {
      await handle.chmod(mode);
      await handle.writeFile(contents.get(name)!);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await sync(dirname(path));
  }
}

/** The directory itself stays: as long as a restore is not done, it keeps a daemon from beginning as a new host. */
function empty(directory: string): void {
  for (const name of readdirSync(directory)) rmSync(join(directory, name), { recursive: true });
}

/** The restored state file, migrated and aged, alone: nothing of it is in a log beside it. */
function prepareState(directory: string, backupMs: number): Aged {
  const database = openDatabase(directory);
  try {
    const aged = age(database, backupMs);
    database.exec('PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE');
    return aged;
  } finally {
    database.close();
  }
}

/** An earlier try that was interrupted had moved some files aside already: they stay where it put them. */
async function moveAside(stateDir: string, nowMs: number): Promise<string | null> {
  const present = REPLACED.filter((name) => existsSync(join(stateDir, name)));
  if (present.length === 0) return null;
  const place = join(stateDir, `replaced-${new Date(nowMs).toISOString().replaceAll(/[:.]/g, '-')}`);
  await mkdir(place, { mode: 0o700 });
  for (const name of present) renameSync(join(stateDir, name), join(place, name));
  await sync(place);
  return place;
}

/** Files of machines that are there are newer than the backup's and belong to the disks as they are. */
function moveIn(stateDir: string, names: readonly string[]): void {
  for (const name of names) {
    const to = join(stateDir, name);
    if (name.startsWith('machines/') && existsSync(to)) continue;
    renameSync(join(stateDir, RESTORING, name), to);
  }
}

function checkSchema(path: string, { schema, version }: Manifest): void {
  if (schema > MIGRATIONS.length) throw new Fault('backup-unfit', `${path} was made by version ${version} of Understudy, whose state this version cannot read`);
}

/**
 * The state is the backup's, for the next start of the daemon. Fault backup-unfit for a file that is damaged or of a newer version,
 * daemon-running: nothing is changed then.
 */
export async function restoreState(path: string, nowMs: number, intoDirectory?: string): Promise<Restored> {
  const archive = await readArchive(path);
  const { files, ...backup } = archive.manifest;
  checkSchema(path, archive.manifest);
  const stateDir = intoDirectory ?? backup.stateDir;
  const pid = holderOf(stateDir);
  if (pid !== undefined) throw new Fault('daemon-running', `process ${pid} has ${join(stateDir, STATE_FILE)} open`);
  await makeDirectory(stateDir);
  const preparing = join(stateDir, RESTORING);
  await makeDirectory(preparing);
  empty(preparing);
  await writeFiles(preparing, archive);
  checkWhole(path, join(preparing, STATE_FILE));
  const aged = prepareState(preparing, backup.createdMs);
  const keptIn = await moveAside(stateDir, nowMs);
  await makeDirectories(stateDir, files.map(({ name }) => name));
  moveIn(stateDir, files.map(({ name }) => name));
  await sync(stateDir);
  rmSync(preparing, { recursive: true });
  await sync(stateDir);
  return { ...aged, backup, stateDir, keptIn };
}

async function makeDirectories(stateDir: string, names: readonly string[]): Promise<void> {
  for (const directory of new Set(names.map((name) => dirname(join(stateDir, name))))) await makeDirectory(directory);
}

function checkWhole(path: string, state: string): void {
  const database = new DatabaseSync(state, { readOnly: true });
  try {
    const { integrity_check: check } = database.prepare('PRAGMA integrity_check(1)').get() as { integrity_check: string };
    if (check !== 'ok') throw new Fault('backup-unfit', `${path} cannot be restored: its state is damaged (${check})`);
  } finally {
    database.close();
  }
}
