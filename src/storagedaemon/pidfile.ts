/**
 * A pidfile that names one process for certain: its pid, when it started and in which boot. A pid that was given to
 * another process since then is never signalled.
 */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { Fault } from '../errors/fault.ts';
import { say } from '../language/text.ts';

export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks between the host's boot and the process's start. */
  readonly startTicks: number;
  readonly bootId: string;
}

const POLL_MS = 10;

const bootId = (): string => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();

/** Source: proc_pid_stat(5); the second field may hold spaces and parentheses, so counting starts after the last ')'. */
function statOf(pid: number): { state: string; startTicks: number } | undefined {
  try {
    const line = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0]!, startTicks: Number(fields[19]) };
  } catch {
    return undefined;
  }
}

/** The identity of a process that is there now; undefined when it has ended. */
export function identityOf(pid: number): ProcessIdentity | undefined {
  const stat = statOf(pid);
  return stat && { pid, startTicks: stat.startTicks, bootId: bootId() };
}

export const isSame = (one: ProcessIdentity, other: ProcessIdentity): boolean =>
  one.pid === other.pid && one.startTicks === other.startTicks && one.bootId === other.bootId;

/** True while this very process runs. A process that has ended but was not waited for by its parent does not run. */
export function isRunning(identity: ProcessIdentity): boolean {
  const stat = statOf(identity.pid);
  return stat !== undefined && stat.state !== 'Z' && stat.startTicks === identity.startTicks && identity.bootId === bootId();
}

/** The pidfile is there whole or not at all. Synchronous, so that nothing happens between a spawn and its pidfile. */
export function writePidfile(path: string, identity: ProcessIdentity): void {
  writeFileSync(`${path}.new`, JSON.stringify(identity));
  renameSync(`${path}.new`, path);
}

/** Undefined when there is none or it is not one of ours. */
export function readPidfile(path: string): ProcessIdentity | undefined {
  try {
    const found = JSON.parse(readFileSync(path, 'utf8')) as Partial<ProcessIdentity>;
    const { pid, startTicks, bootId: boot } = found;
    const isOurs = typeof pid === 'number' && pid > 1 && typeof startTicks === 'number' && typeof boot === 'string';
    return isOurs ? { pid, startTicks, bootId: boot } : undefined;
  } catch {
    return undefined;
  }
}

function signal(identity: ProcessIdentity, name: NodeJS.Signals): void {
  if (!isRunning(identity)) return;
  try {
    process.kill(identity.pid, name);
    // A stopped process acts on a signal only when it runs again.
    if (name !== 'SIGKILL') process.kill(identity.pid, 'SIGCONT');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ESRCH') throw new Fault('qemu-failed', say('process {pid} cannot be ended', { pid: String(identity.pid) }), { cause });
  }
}

/** True when the process has ended within the time. It may be no child of ours, so its end can only be looked for. */
async function hasEnded(identity: ProcessIdentity, withinMs: number): Promise<boolean> {
  for (let waitedMs = 0; isRunning(identity); waitedMs += POLL_MS) {
    if (waitedMs >= withinMs) return false;
    await delay(POLL_MS);
  }
  return true;
}

/**
 * The process has ended: asked to (SIGTERM, on which QEMU's programs close their images properly) when `politeMs` allows
 * any time for it, then made to. Fault
 * qemu-failed when even SIGKILL does not end it, which means that it hangs in the kernel.
 */
export async function endProcess(identity: ProcessIdentity, politeMs: number): Promise<void> {
  if (politeMs > 0) signal(identity, 'SIGTERM');
  if (politeMs > 0 && (await hasEnded(identity, politeMs))) return;
  signal(identity, 'SIGKILL');
  if (!(await hasEnded(identity, 10_000))) throw new Fault('qemu-failed', say('process {pid} does not end, even when killed', { pid: String(identity.pid) }));
}

/** What the pidfile names has ended, and the pidfile is gone. True when there was a process to end. */
export async function reapPidfile(path: string, politeMs: number): Promise<boolean> {
  const identity = readPidfile(path);
  const wasRunning = identity !== undefined && isRunning(identity);
  if (wasRunning) await endProcess(identity, politeMs);
  rmSync(path, { force: true });
  return wasRunning;
}
