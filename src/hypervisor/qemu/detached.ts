/**
 * Processes that outlive this daemon: in a session and, under systemd, a scope of their own, with a log file and no pipe
 * of ours.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { Fault } from '../../errors/fault.ts';
import { say } from '../../language/text.ts';
import { identityOf, type ProcessIdentity } from '../../storagedaemon/pidfile.ts';

const LOG_TAIL_CHARACTERS = 2_000;

export interface Detached {
  readonly child: ChildProcess;
  readonly identity: ProcessIdentity;
  hasEnded(): boolean;
}

/** A child in its own session, whose end the daemon's end does not cause. With pipes, the daemon's end is the end of its input. */
export function launchDetached(command: readonly string[], logPath: string, input: 'none' | 'pipes' = 'none'): Detached {
  const [program, ...args] = underSystemd() ? ['systemd-run', '--scope', '--quiet', '--collect', '--slice=machine.slice', '--', ...command] : command;
  const log = openSync(logPath, 'a', 0o600);
  try {
    let ended = false;
    const child = spawn(program!, args, { detached: true, stdio: input === 'pipes' ? ['pipe', 'pipe', log] : ['ignore', log, log], cwd: '/' });
    child.once('exit', () => (ended = true));
    child.once('error', () => (ended = true));
    child.unref();
    const identity = child.pid === undefined ? undefined : identityOf(child.pid);
    if (!identity) throw new Fault('qemu-failed', say('{program} could not be started: is it installed?', { program: String(program) }));
    return { child, identity, hasEnded: () => ended };
  } finally {
    closeSync(log);
  }
}

const underSystemd = (): boolean => existsSync('/run/systemd/system');

/** The last words of a program, for people. */
export function logTail(path: string): string {
  try {
    return readFileSync(path, 'utf8').slice(-LOG_TAIL_CHARACTERS).trim() || 'it said nothing';
  } catch {
    return 'it said nothing';
  }
}
