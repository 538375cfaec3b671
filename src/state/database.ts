/**
 * The state file: SQLite in WAL mode, every commit on stable storage before it is reported. A damaged file is left as
 * it is and named; recovery points can be found again from their sidecars.
 */
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Fault } from '../errors/fault.ts';
import { say } from '../language/text.ts';
import { sqlStateCheck } from '../relationship/step.ts';
import { HISTORY_TABLES } from './history.ts';

/** A query that says it in the same words is answered by the index. */
export const IS_CONSISTENT = "json_extract(body, '$.kind') = 'application-consistent'";
export const IS_DAMAGED = "json_extract(body, '$.verification.damage[0]') IS NOT NULL";

/** One entry per schema version, in order; `user_version` says how many have run. */
export const MIGRATIONS = [
  `CREATE TABLE machines (id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, body TEXT NOT NULL) STRICT;
   CREATE TABLE relationships (
     id TEXT PRIMARY KEY, machine_id TEXT NOT NULL UNIQUE REFERENCES machines(id),
     side TEXT NOT NULL CHECK (side IN ('primary', 'replica')),
     state INTEGER NOT NULL CHECK (${sqlStateCheck('state')}),
     body TEXT NOT NULL) STRICT;
   CREATE TABLE points (
     id TEXT PRIMARY KEY, machine_id TEXT NOT NULL, sequence INTEGER NOT NULL, body TEXT NOT NULL, attachments BLOB) STRICT;
   CREATE INDEX points_by_machine ON points (machine_id, sequence);
   CREATE TABLE point_clusters (point_id TEXT NOT NULL REFERENCES points(id) ON DELETE CASCADE, disk TEXT NOT NULL, clusters INTEGER NOT NULL, bits BLOB NOT NULL, PRIMARY KEY (point_id, disk)) STRICT;
   CREATE TABLE carried (relationship_id TEXT NOT NULL REFERENCES relationships(id) ON DELETE CASCADE, disk TEXT NOT NULL, clusters INTEGER NOT NULL, bits BLOB NOT NULL, PRIMARY KEY (relationship_id, disk)) STRICT;
   CREATE TABLE outbox (id INTEGER PRIMARY KEY AUTOINCREMENT, machine_id TEXT NOT NULL, effect TEXT NOT NULL, payload TEXT NOT NULL) STRICT;
   CREATE TABLE jobs (id TEXT PRIMARY KEY, started_ms REAL NOT NULL, body TEXT NOT NULL) STRICT;
   CREATE TABLE events (id INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL) STRICT;
   CREATE TABLE hosts (id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, pin TEXT NOT NULL, body TEXT NOT NULL) STRICT;
   CREATE TABLE invitations (secret_hash TEXT PRIMARY KEY, expires_ms REAL NOT NULL, body TEXT NOT NULL) STRICT;
   CREATE TABLE authorizations (id TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT;`,
  'CREATE TABLE service_settings (id INTEGER PRIMARY KEY CHECK (id = 1), body TEXT NOT NULL) STRICT;',
  // A machine in the middle of a chain has two relationships.
  `CREATE TABLE relationships_in_chains (
     id TEXT PRIMARY KEY, machine_id TEXT NOT NULL REFERENCES machines(id),
     kind TEXT NOT NULL CHECK (kind IN ('simple', 'extended')),
     side TEXT NOT NULL CHECK (side IN ('primary', 'replica')),
     state INTEGER NOT NULL CHECK (${sqlStateCheck('state')}),
     body TEXT NOT NULL, UNIQUE (machine_id, kind)) STRICT;
   INSERT INTO relationships_in_chains SELECT id, machine_id, 'simple', side, state, body FROM relationships;
   DROP TABLE relationships;
   ALTER TABLE relationships_in_chains RENAME TO relationships;
   ALTER TABLE outbox ADD COLUMN desk TEXT NOT NULL DEFAULT 'own' CHECK (desk IN ('own', 'onward', 'farewell'));`,
  `CREATE INDEX consistent_points ON points (machine_id, sequence) WHERE ${IS_CONSISTENT};`,
  HISTORY_TABLES,
  `CREATE INDEX damaged_points ON points (machine_id) WHERE ${IS_DAMAGED};`,
];

const migrate = (database: DatabaseSync): void => {
  const { user_version: version } = database.prepare('PRAGMA user_version').get() as { user_version: number };
  for (const [index, statements] of MIGRATIONS.entries()) {
    if (index < version) continue;
    database.exec('BEGIN IMMEDIATE');
    database.exec(statements);
    database.exec(`PRAGMA user_version = ${index + 1}`);
    database.exec('COMMIT');
  }
};

const configure = (database: DatabaseSync): DatabaseSync => {
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = OFF; PRAGMA busy_timeout = 5000');
  // A table that is made anew must not take with it what refers to it.
  migrate(database);
  database.exec('PRAGMA foreign_keys = ON');
  return database;
};

export const newerState = (path: string, version: number): Fault =>
  new Fault('state-newer', say('{path} was written by a newer version of Understudy: its schema is {version}, and this version knows {count}. Nothing was changed', { path, version, count: MIGRATIONS.length }));

/** The directory that a restore has from its first change of the state to its last: what is there is neither the old state nor the new one. */
export const RESTORING = 'restoring';

export const isRestoring = (stateDir: string): boolean => existsSync(join(stateDir, RESTORING));

export const restoreInterrupted = (stateDir: string): Fault =>
  new Fault('restore-interrupted', say('a restore of {stateDir} goes on, or was interrupted: nothing starts from what is there. What it replaces is in {stateDir} still', { stateDir }));

/** Looks without writing: a damaged file, and the log beside it, stay as they are. */
function checkWhole(path: string): void {
  if (!existsSync(path)) return;
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    const { user_version: version } = database.prepare('PRAGMA user_version').get() as { user_version: number };
    if (version > MIGRATIONS.length) throw newerState(path, version);
    const { quick_check: check } = database.prepare('PRAGMA quick_check(1)').get() as { quick_check: string };
    if (check !== 'ok') throw new Error(check);
  } finally {
    database.close();
  }
}

/** The host's state file in its directory. Fault state-corrupt when it is damaged, restore-interrupted; nothing is changed then. */
export function openDatabase(stateDir: string): DatabaseSync {
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  const path = join(stateDir, 'state.db');
  if (isRestoring(stateDir)) throw restoreInterrupted(stateDir);
  try {
    checkWhole(path);
    return configure(opened(stateDir, path));
  } catch (cause) {
    if (cause instanceof Fault) throw cause;
    throw new Fault('state-corrupt', say('the state file {path} cannot be read: {reason}', { path, reason: (cause as Error).message }), { cause });
  }
}

/** A restore that begins meanwhile sees that the file is open, or is seen here. */
function opened(stateDir: string, path: string): DatabaseSync {
  const database = new DatabaseSync(path);
  if (!isRestoring(stateDir)) return database;
  database.close();
  throw restoreInterrupted(stateDir);
}

/** The same state, forgotten when closed: for the simulator and tests. */
export const openInMemory = (): DatabaseSync => configure(new DatabaseSync(':memory:'));
