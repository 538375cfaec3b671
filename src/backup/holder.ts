/** Which process uses a host's state: a restore must not take the files from under it. */
import { readdirSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Fault } from '../errors/fault.ts';
import { say } from '../language/text.ts';
import { lockFile } from '../state/lock.ts';
import { STATE_FILE } from './archive.ts';

const LOCK = 'restore.lock';

/** The file that is meant, by whatever path a process opened it. */
interface FileId {
  readonly dev: number;
  readonly ino: number;
}

function fileIdOf(path: string): FileId | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

/** Only links that could be the file are followed: others may lead to what does not answer. */
function holds(pid: string, { dev, ino }: FileId): boolean {
  const directory = `/proc/${pid}/fd`;
  try {
    return readdirSync(directory).some((fd) => {
      const link = join(directory, fd);
      const found = linkOf(link).includes(STATE_FILE) ? fileIdOf(link) : undefined;
      return found?.dev === dev && found.ino === ino;
    });
  } catch {
    return false;
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

/** Fault daemon-running when another process has the state open. */
export function refuseHolder(stateDir: string): void {
  const path = join(stateDir, STATE_FILE);
  const file = fileIdOf(path);
  if (!file) return;
  const pid = readdirSync('/proc').find((name) => /^\d+$/.test(name) && Number(name) !== process.pid && holds(name, file));
  if (pid !== undefined) throw new Fault('daemon-running', say('process {pid} has {path} open', { pid, path }));
}

/** What the work does in the directory, no other restore does meanwhile; the lock goes with the process. Fault daemon-running when another has it. */
export async function alone<T>(stateDir: string, work: () => Promise<T>): Promise<T> {
  const path = join(stateDir, LOCK);
  const lock = lockFile(path, say('another restore goes on: it has {path}', { path }));
  try {
    return await work();
  } finally {
    lock.close();
  }
}
