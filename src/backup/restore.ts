/**
 * Brings a host's state back from a backup. Nothing is taken for granted that may have changed since (see ageing.ts); what was there
 * is kept aside; and a restore that is interrupted is finished by the next one (see exchange.ts), since no daemon starts before that.
 */
import { constants } from 'node:fs';
import { access, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Fault } from '../errors/fault.ts';
import { faulting, makeDirectory, sync } from '../files/files.ts';
import { say } from '../language/text.ts';
import { MIGRATIONS, openDatabase } from '../state/database.ts';
import { age, type Aged } from './ageing.ts';
import { readArchive, STATE_FILE, type Archive, type Manifest, type ReadArchive } from './archive.ts';
import { carryOut, decide, discard, freshPlace, nameToKeep, withdraw, type Plan } from './exchange.ts';
import { alone, refuseHolder } from './holder.ts';

export interface Restored extends Aged {
  readonly backup: Omit<Manifest, 'files'>;
  readonly stateDir: string;
  /** Where what was there is now; null when nothing was. */
  readonly keptIn: string | null;
}

type Prepared = Omit<Restored, 'stateDir' | 'keptIn'>;

/**
 * The state is the backup's, for the next start of the daemon. Fault backup-unfit for a file that is damaged or of a newer version,
 * daemon-running, space-exhausted, disk-io: nothing is changed then, unless an earlier restore was interrupted.
 */
export async function restoreState(path: string, nowMs: number, intoDirectory?: string): Promise<Restored> {
  const archive = await readArchive(path);
  checkSchema(path, archive.manifest);
  const stateDir = intoDirectory ?? archive.manifest.stateDir;
  return faulting(stateDir, async () => {
    await makeDirectory(stateDir);
    await access(stateDir, constants.W_OK);
    return alone(stateDir, async () => {
      refuseHolder(stateDir);
      const finished = await carryOut<Prepared>(stateDir);
      const plan = finished?.digest === archive.digest ? finished : await replaced(stateDir, path, archive, nowMs);
      return { ...plan.result, stateDir, keptIn: plan.keptAs === null ? null : join(stateDir, plan.keptAs) };
    });
  });
}

function checkSchema(path: string, { schema, version }: Manifest): void {
  if (schema > MIGRATIONS.length) throw new Fault('backup-unfit', say('{path} was made by version {version} of Understudy, whose state this version cannot read', { path, version }));
}

async function replaced(stateDir: string, path: string, archive: ReadArchive, nowMs: number): Promise<Plan<Prepared>> {
  await prepare(stateDir, path, archive, nowMs).catch((thrown: unknown) => {
    discard(stateDir);
    throw thrown;
  });
  try {
    refuseHolder(stateDir);
  } catch (thrown) {
    withdraw(stateDir);
    throw thrown;
  }
  return (await carryOut<Prepared>(stateDir))!;
}

async function prepare(stateDir: string, path: string, archive: ReadArchive, nowMs: number): Promise<void> {
  const place = await freshPlace(stateDir);
  await writeFiles(place, archive);
  checkWhole(path, join(place, STATE_FILE));
  const { files, ...backup } = archive.manifest;
  const result = { ...agedIn(path, place, backup.createdMs), backup };
  await decide(stateDir, { digest: archive.digest, keptAs: nameToKeep(stateDir, nowMs), names: files.map(({ name }) => name), result });
}

async function writeFiles(directory: string, { manifest, contents }: Archive): Promise<void> {
  for (const { name, mode } of manifest.files) {
    const path = join(directory, name);
    await makeDirectory(dirname(path));
    const handle = await open(path, 'wx', mode);
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

/** SQLITE_FULL. */
const FULL = 13;

/** The work's result. What SQLite cannot do with the state is the backup's fault, but for a full disk. */
function onState<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (cause instanceof Fault) throw cause;
    if ((cause as { errcode?: number }).errcode === FULL) throw new Fault('space-exhausted', say('{path} is not restored: {reason}', { path, reason: (cause as Error).message }), { cause });
    throw new Fault('backup-unfit', say('{path} cannot be restored: its state is damaged ({reason})', { path, reason: (cause as Error).message }), { cause });
  }
}

function checkWhole(path: string, state: string): void {
  onState(path, () => {
    const database = new DatabaseSync(state, { readOnly: true });
    try {
      const { integrity_check: check } = database.prepare('PRAGMA integrity_check(1)').get() as { integrity_check: string };
      if (check !== 'ok') throw new Error(check);
    } finally {
      database.close();
    }
  });
}

/** The restored state file is migrated and aged, and alone: nothing of it is in a log beside it. */
function agedIn(path: string, directory: string, backupMs: number): Aged {
  return onState(path, () => {
    const database = openDatabase(directory);
    try {
      const outcome = age(database, backupMs);
      database.exec('PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE');
      return outcome;
    } finally {
      database.close();
    }
  });
}
