/**
 * One qemu-storage-daemon process: opens images, serves them over NBD, edits their dirty bitmaps. It runs in a session
 * of its own with no pipe to us, so our end never ends it in the middle of a write; what a crash of ours leaves behind
 * is found by its pidfile and ended.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { assert } from '../errors/bug.ts';
import { Fault } from '../errors/fault.ts';
import { say } from '../language/text.ts';
import { Qmp, QmpError, type Arguments } from '../qmp/qmp.ts';
import { endProcess, identityOf, isSame, readPidfile, reapPidfile, writePidfile, type ProcessIdentity } from './pidfile.ts';

export interface StorageDaemonOptions {
  /** Holds the sockets, the pidfile and the log; short, for a unix socket's path holds 107 bytes. Made when missing. */
  readonly runDir: string;
  /** Unique in the run directory; a left-over process of the same name is ended first. */
  readonly name: string;
  readonly signal: AbortSignal;
}

export interface NbdExport {
  readonly id: string;
  readonly nodeName: string;
  /** The name that NBD clients ask for. */
  readonly name: string;
  readonly writable: boolean;
  readonly bitmaps?: readonly { readonly node: string; readonly name: string }[];
}

const PROGRAM = 'qemu-storage-daemon';
const MAX_SOCKET_PATH_BYTES = 107;
const START_TIMEOUT_MS = 15_000;
const QUIT_TIMEOUT_MS = 15_000;
const EXPORT_END_TIMEOUT_MS = 30_000;
const CONNECT_RETRY_MS = 5;

const paths = (runDir: string, name: string) => ({
  qmp: join(runDir, `${name}.qmp`),
  nbd: join(runDir, `${name}.nbd`),
  log: join(runDir, `${name}.log`),
  pidfile: join(runDir, `${name}.pid`),
});
type Paths = ReturnType<typeof paths>;

/**
 * The C library keeps the memory of requests for the next ones. Left alone it gives each large buffer back to the kernel,
 * which then has to clear it again: half of the time of a daemon that writes.
 */
const ALLOCATION = { MALLOC_MMAP_THRESHOLD_: String(4 * 1024 * 1024), MALLOC_TRIM_THRESHOLD_: String(32 * 1024 * 1024) };

const doubledCommas = (value: string): string => value.replaceAll(',', ',,');

export class StorageDaemon {
  readonly pid: number;
  readonly qmp: Qmp;
  readonly nbdSocketPath: string;
  /** Resolves when the process has ended and was reaped, however it came about. */
  readonly died: Promise<void>;
  readonly #identity: ProcessIdentity;
  readonly #paths: Paths;

  private constructor(identity: ProcessIdentity, qmp: Qmp, at: Paths, died: Promise<void>) {
    this.pid = identity.pid;
    this.qmp = qmp;
    this.nbdSocketPath = at.nbd;
    this.died = died;
    this.#identity = identity;
    this.#paths = at;
  }

  /** A running process that answers QMP and serves NBD, with no image open. Fault qemu-failed with the program's own message. */
  static async start({ runDir, name, signal }: StorageDaemonOptions): Promise<StorageDaemon> {
    signal.throwIfAborted();
    const at = paths(runDir, name);
    assert(Buffer.byteLength(at.qmp) <= MAX_SOCKET_PATH_BYTES, `socket path is too long: ${at.qmp}`);
    mkdirSync(runDir, { recursive: true, mode: 0o700 });
    await reapPidfile(at.pidfile, QUIT_TIMEOUT_MS);
    for (const socket of [at.qmp, at.nbd]) rmSync(socket, { force: true });
    const { identity, died } = launch(at);
    try {
      const qmp = await connected(at, died, signal);
      const daemon = new StorageDaemon(identity, qmp, at, died);
      await qmp.execute('nbd-server-start', { addr: { type: 'unix', data: { path: at.nbd } } }, { signal });
      return daemon;
    } catch (cause) {
      await endProcess(identity, 0);
      await died;
      removeTraces(at, identity);
      throw cause;
    }
  }

  /** Ends what a crash of ours left running under this name. Its images are closed properly. True when there was one. */
  static reap(runDir: string, name: string): Promise<boolean> {
    return reapAt(paths(runDir, name));
  }

  /** Ends everything that a crash of ours left running in this directory. Resolves with the names. */
  static async reapAll(runDir: string): Promise<readonly string[]> {
    mkdirSync(runDir, { recursive: true, mode: 0o700 });
    const names = readdirSync(runDir).filter((file) => file.endsWith('.pid')).map((file) => file.slice(0, -'.pid'.length));
    const reaped = await Promise.all(names.map((name) => StorageDaemon.reap(runDir, name)));
    return names.filter((_, index) => reaped[index]);
  }

  async blockdevAdd(options: Arguments): Promise<void> {
    await this.qmp.execute('blockdev-add', options);
  }

  async blockdevDel(nodeName: string): Promise<void> {
    await this.qmp.execute('blockdev-del', { 'node-name': nodeName });
  }

  async exportAdd(options: NbdExport): Promise<void> {
    const { id, nodeName, name, writable, bitmaps } = options;
    await this.qmp.execute('block-export-add', {
      type: 'nbd', id, 'node-name': nodeName, name, writable, ...(bitmaps && { bitmaps: bitmaps.map((bitmap) => ({ ...bitmap })) }),
    });
  }

  /** The export has ended, its clients are gone and its node can be removed. Nothing when there was none. */
  async exportDel(id: string): Promise<void> {
    const stopWaiting = new AbortController();
    const deleted = this.qmp.waitFor(
      (event) => event.event === 'BLOCK_EXPORT_DELETED' && event.data['id'] === id, EXPORT_END_TIMEOUT_MS, stopWaiting.signal,
    );
    deleted.catch(() => undefined);
    try {
      await this.qmp.execute('block-export-del', { id, mode: 'hard' });
      await deleted;
    } catch (cause) {
      stopWaiting.abort(cause);
      if (!(cause instanceof QmpError && /not found/i.test(cause.description))) throw cause;
    }
  }

  /** The process has ended and its images are closed: asked to quit, then killed. Nothing when it had ended already. */
  async stop(): Promise<void> {
    await this.qmp.execute('quit', {}, { timeoutMs: QUIT_TIMEOUT_MS }).catch(() => undefined);
    const inTime = new AbortController();
    await Promise.race([this.died, delay(QUIT_TIMEOUT_MS, null, { signal: inTime.signal }).catch(() => null)]);
    inTime.abort();
    await this.kill();
  }

  /** The process has ended at once: nothing that it held in memory is written. */
  async kill(): Promise<void> {
    await endProcess(this.#identity, 0);
    await this.died;
    this.qmp.close();
    removeTraces(this.#paths, this.#identity);
  }
}

/** Our pidfile is written before the process can have opened any image, for images are opened by QMP only. */
function launch(at: Paths): { identity: ProcessIdentity; died: Promise<void> } {
  const log = openSync(at.log, 'w', 0o600);
  try {
    const child = spawn(
      PROGRAM,
      ['--chardev', `socket,id=qmp,server=on,wait=off,path=${doubledCommas(at.qmp)}`, '--monitor', 'chardev=qmp'],
      { detached: true, stdio: ['ignore', log, log], env: { ...process.env, ...ALLOCATION } },
    );
    const died = ended(child);
    const identity = child.pid === undefined ? undefined : identityOf(child.pid);
    if (!identity) throw new Fault('qemu-failed', say('{program} could not be started: is it installed?', { program: PROGRAM }));
    writePidfile(at.pidfile, identity);
    return { identity, died };
  } finally {
    closeSync(log);
  }
}

/** Resolves on the 'exit' that follows reaping, or when there never was a process. */
const ended = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });

/** The monitor's socket appears some milliseconds after the start, and nothing announces it. */
async function connected(at: Paths, died: Promise<void>, signal: AbortSignal): Promise<Qmp> {
  let hasDied = false;
  void died.then(() => (hasDied = true));
  for (let waitedMs = 0; ; waitedMs += CONNECT_RETRY_MS) {
    signal.throwIfAborted();
    try {
      return await Qmp.connect(at.qmp, START_TIMEOUT_MS);
    } catch (cause) {
      if (hasDied || waitedMs > START_TIMEOUT_MS) throw new Fault('qemu-failed', say('{program} did not start: {log}', { program: PROGRAM, log: logTail(at.log) }), { cause });
      await delay(CONNECT_RETRY_MS);
    }
  }
}

function logTail(path: string): string {
  return readFileSync(path, 'utf8').slice(-2_000).trim() || 'it said nothing';
}

async function reapAt(at: Paths): Promise<boolean> {
  const identity = readPidfile(at.pidfile);
  const wasRunning = await reapPidfile(at.pidfile, QUIT_TIMEOUT_MS);
  if (identity) removeTraces(at, identity);
  return wasRunning;
}

/** Nothing when a later process of the same name has taken the place. The log stays: it tells why a process ended. */
function removeTraces(at: Paths, identity: ProcessIdentity): void {
  const named = readPidfile(at.pidfile);
  if (named && !isSame(named, identity)) return;
  for (const path of [at.qmp, at.nbd, at.pidfile]) rmSync(path, { force: true });
}
