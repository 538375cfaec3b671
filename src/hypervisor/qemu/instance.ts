/**
 * A live QEMU process, as any daemon finds it: by its files in the run directory and by /proc, never by memory of ours.
 * QEMU is the child of a small shell that outlives the daemon too and notes how QEMU left the images (see custody.ts).
 */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { endProcess, identityOf, isRunning, type ProcessIdentity } from '../../storagedaemon/pidfile.ts';
import { allRuns, runPaths, type Directories, type RunPaths } from './directories.ts';
import { replaceFile } from './files.ts';

/** What the launch leaves for later daemons. */
export interface LaunchRecord {
  readonly instanceId: string;
  /** The guest's UUID, which a monitor that answers must confirm. */
  readonly machineId: string;
  readonly machineName: string;
  readonly guestAgent: boolean;
  /** The shell around QEMU; absent when the daemon was killed in the very moment of the start. */
  readonly shepherd?: ProcessIdentity;
}

const POLL_MS = 10;

export const writeLaunchRecord = (run: RunPaths, record: LaunchRecord): void => replaceFile(run.launch, JSON.stringify(record));

export function readLaunchRecord(run: Pick<RunPaths, 'launch'>): LaunchRecord | undefined {
  try {
    return JSON.parse(readFileSync(run.launch, 'utf8')) as LaunchRecord;
  } catch {
    return undefined;
  }
}

/** The process whose pid a file holds. The pid may be another process's by now; its command line tells. */
export function namedProcess(pidFile: string, argument: string): ProcessIdentity | undefined {
  const pid = numberIn(pidFile);
  const identity = pid === undefined ? undefined : identityOf(pid);
  return identity && isRunning(identity) && commandLineOf(identity.pid).includes(argument) ? identity : undefined;
}

export const qemuProcess = (run: RunPaths): ProcessIdentity | undefined => namedProcess(run.qemuPid, run.qemuPid);

/** True while QEMU runs, or the shell that starts it and then notes how it ended. */
export function isLive(run: RunPaths): boolean {
  const shepherd = readLaunchRecord(run)?.shepherd;
  return (shepherd !== undefined && isRunning(shepherd)) || qemuProcess(run) !== undefined;
}

/** Ids of all instances that are live now. */
export const liveInstances = (directories: Directories): readonly string[] => liveRecords(directories).map(({ instanceId }) => instanceId);

/** Names of the machines whose guests run now, copies of test failovers included. */
export const runningGuests = (directories: Directories): readonly string[] => liveRecords(directories).map(({ machineName }) => machineName).sort();

function liveRecords(directories: Directories): readonly LaunchRecord[] {
  return filesIn(allRuns(directories)).flatMap((mark) => {
    const record = readLaunchRecord({ launch: join(allRuns(directories), mark, 'launch.json') });
    if (!record) return [];
    const run = runPaths(directories, record.instanceId);
    return basename(run.directory) === mark && isLive(run) ? [record] : [];
  });
}

/** True when QEMU has ended, and the shell around it has noted how, within the time. It is no child of ours: looked for. */
export async function hasEnded(run: RunPaths, withinMs: number, signal?: AbortSignal): Promise<boolean> {
  const deadline = performance.now() + withinMs;
  while (isLive(run)) {
    signal?.throwIfAborted();
    if (performance.now() >= deadline) return false;
    await delay(POLL_MS);
  }
  return true;
}

/** True while QEMU runs; false once it has ended and its end is noted. Undefined when that is not so within the time. */
export async function whetherRunning(run: RunPaths): Promise<boolean | undefined> {
  const deadline = performance.now() + NOTING_MS;
  while (isLive(run)) {
    if (qemuProcess(run)) return true;
    if (performance.now() >= deadline) return undefined;
    await delay(POLL_MS);
  }
  return false;
}

/** QEMU is gone: asked by signal first when there is time for that. Its end is noted. */
export async function endInstance(run: RunPaths, politeMs: number): Promise<void> {
  const qemu = qemuProcess(run);
  if (qemu) await endProcess(qemu, politeMs);
  const shepherd = readLaunchRecord(run)?.shepherd;
  if (!(await hasEnded(run, NOTING_MS)) && shepherd) await endProcess(shepherd, 0);
}

/** What the shell does after QEMU's end takes milliseconds; a state directory that hangs must not hold us for ever. */
const NOTING_MS = 15_000;

function numberIn(path: string): number | undefined {
  try {
    const value = Number(readFileSync(path, 'utf8').trim());
    return Number.isSafeInteger(value) && value > 1 ? value : undefined;
  } catch {
    return undefined;
  }
}

function commandLineOf(pid: number): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
}

function filesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
