/** One process at a time has a file's lock. It goes with the process, however that ends: nothing has to be tidied up. */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Fault } from '../errors/fault.ts';
import { say, type Text } from '../language/text.ts';

/** Source: SQLite, "Result and Error Codes". */
const SQLITE_BUSY = 5;

/** Whoever has it ends it by `close`. */
export interface Lock {
  close(): void;
}

/** The file is there, empty, and locked. Fault daemon-running, with that text, when another process has it. */
export function lockFile(path: string, taken: Text): Lock {
  const lock = new DatabaseSync(path, { timeout: 0 });
  try {
    lock.exec('BEGIN EXCLUSIVE');
  } catch (cause) {
    lock.close();
    throw (cause as { errcode?: number }).errcode === SQLITE_BUSY ? new Fault('daemon-running', taken, { cause }) : cause;
  }
  return lock;
}

/** No other daemon uses the state directory, whatever its sockets and ports are. */
export const lockState = (stateDir: string): Lock => lockFile(join(stateDir, 'daemon.lock'), say('another understudyd uses this state directory: {path}', { path: stateDir }));
