/** One host of a flow test: the real daemon as a child process with directories and ports of its own, and the real command line. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { GuestConsole } from '../../guest/console.ts';
import type { Machine, Relationship } from '../../src/machine/records.ts';
import { isOnward } from '../../src/relationship/chain.ts';
import type { RelationshipView } from '../../src/service/relationshipviews.ts';
import type { MachineView, PointView } from '../../src/service/views.ts';

const REPOSITORY = join(import.meta.dirname, '../..');
const DAEMON = join(REPOSITORY, 'src/daemon/understudyd.ts');
const CLI = join(REPOSITORY, 'src/cli/main.ts');
const LOOK_AGAIN_MS = 100;
const UP_WITHIN_MS = 20_000;
const COMMAND_WITHIN_MS = 90_000;

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Failed {
  readonly exitCode: number | null;
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  readonly allowed: readonly string[];
}

export interface TestHostOptions {
  readonly name: string;
  /** Short: sockets are below it. */
  readonly directory: string;
  readonly portOffset: number;
  readonly address?: string;
  /** Words before the daemon's command, such as `ip netns exec …`. */
  readonly within?: readonly string[];
}

/** Looks until the value is there; says what was seen last when it is not in time. */
export async function until<T>(what: string, look: () => Promise<T | undefined> | T | undefined, withinMs = 30_000, seen: () => unknown = () => '', everyMs = LOOK_AGAIN_MS): Promise<T> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > deadline) throw new Error(`not in time: ${what}; last seen: ${JSON.stringify(await seen())}`);
    await pause(everyMs);
  }
}

export class TestHost {
  readonly name: string;
  readonly directory: string;
  readonly stateDir: string;
  readonly runDir: string;
  readonly address: string;
  readonly portOffset: number;
  readonly #within: readonly string[];
  #daemon: ChildProcess | undefined;

  constructor({ name, directory, portOffset, address = '127.0.0.1', within = [] }: TestHostOptions) {
    this.name = name;
    this.directory = directory;
    this.stateDir = join(directory, 'state');
    this.runDir = join(directory, 'run');
    this.address = address;
    this.portOffset = portOffset;
    this.#within = within;
    mkdirSync(directory, { recursive: true });
  }

  get peerAddress(): string {
    return `${this.address}:${7443 + this.portOffset}`;
  }

  get log(): string {
    return readFileSync(join(this.directory, 'log'), 'utf8');
  }

  /** The daemon answers. */
  async start(more: readonly string[] = []): Promise<void> {
    const daemon = this.launch(more);
    await until(`${this.name} is up`, async () => {
      if (daemon.exitCode !== null) throw new Error(`${this.name} ended: ${this.log.slice(-2_000)}`);
      return this.get('/api/status').then(() => true, () => undefined);
    }, UP_WITHIN_MS);
  }

  launch(more: readonly string[] = []): ChildProcess {
    const log = openSync(join(this.directory, 'log'), 'a');
    const flags = ['--config', '/dev/null', '--state-dir', this.stateDir, '--run-dir', this.runDir, '--host-name', this.name, '--port-offset', String(this.portOffset), '--peer-address', this.address];
    const [program, ...args] = [...this.#within, process.execPath, DAEMON, ...flags, ...more];
    this.#daemon = spawn(program!, args, { stdio: ['ignore', log, log] });
    closeSync(log);
    return this.#daemon;
  }

  /** kill -9: nothing is closed or told to anybody. */
  kill(): Promise<void> {
    return this.#end('SIGKILL');
  }

  stop(): Promise<void> {
    return this.#end('SIGTERM');
  }

  get isUp(): boolean {
    return this.#daemon?.exitCode === null && this.#daemon.signalCode === null;
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const daemon = this.#daemon;
    if (!daemon || !this.isUp) return;
    const ended = once(daemon, 'exit');
    process.kill(daemon.pid!, signal);
    await ended;
  }

  cli(...args: readonly string[]): Promise<Ended> {
    return this.cliIn('C.UTF-8', ...args);
  }

  /** On a terminal of that locale. */
  async cliIn(locale: string, ...args: readonly string[]): Promise<Ended> {
    const env = { ...process.env, LC_ALL: locale };
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', CLI, '--run-dir', this.runDir, ...args], { stdio: ['ignore', 'pipe', 'pipe'], env, signal: AbortSignal.timeout(COMMAND_WITHIN_MS) });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
    try {
      const [code] = (await once(child, 'close')) as [number | null];
      return { code, stdout, stderr };
    } catch (cause) {
      throw new Error(`${this.name}: understudy ${args.join(' ')} did not end: ${stdout}${stderr}`, { cause });
    }
  }

  /** The command's JSON; it must end well. */
  async run<T = unknown>(...args: readonly string[]): Promise<T> {
    const { code, stdout, stderr } = await this.cli('--json', ...args);
    assert.equal(code, 0, `${this.name}: understudy ${args.join(' ')} ended with ${code}: ${stdout}${stderr}`);
    return (stdout === '' ? null : JSON.parse(stdout)) as T;
  }

  /** The job's figures; the command must end well. */
  async job(...args: readonly string[]): Promise<Readonly<Record<string, number>>> {
    return (await this.run<{ result: Record<string, number> }>(...args)).result;
  }

  /** The command must fail, with a clear error and no stack trace. */
  async fails(...args: readonly string[]): Promise<Failed> {
    const { code, stdout, stderr } = await this.cli('--json', ...args);
    assert.notEqual(code, 0, `${this.name}: understudy ${args.join(' ')} was not refused: ${stdout}`);
    assert.doesNotMatch(stdout + stderr, /\n\s+at .*\d+:\d+/, 'a stack trace');
    const { error } = JSON.parse(stdout) as { error: Omit<Failed, 'exitCode'> };
    return { exitCode: code, ...error };
  }

  get<T>(path: string): Promise<T> {
    return new Promise((resolve, reject) => {
      const outgoing = request({ socketPath: join(this.runDir, 'api.sock'), path, timeout: 10_000 }, (incoming) => {
        let text = '';
        incoming.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        incoming.on('error', reject);
        incoming.on('end', () => (incoming.statusCode === 200 ? resolve(JSON.parse(text) as T) : reject(new Error(`${path}: ${incoming.statusCode} ${text}`))));
      });
      outgoing.on('timeout', () => outgoing.destroy(new Error(`${path}: no answer`)));
      outgoing.on('error', reject);
      outgoing.end();
    });
  }

  machine(name = 'web1'): Promise<MachineView> {
    return this.get(`/api/machines/${encodeURIComponent(name)}`);
  }

  relationship(name = 'web1'): Promise<RelationshipView> {
    return this.get(`/api/relationships/${name}`);
  }

  /** Newest first. */
  points(name = 'web1'): Promise<readonly PointView[]> {
    return this.get(`/api/relationships/${name}/points`);
  }

  reaches(what: string, holds: (relationship: RelationshipView) => boolean, withinMs = 40_000, name = 'web1'): Promise<RelationshipView> {
    return until(`${this.name}: ${what}`, async () => {
      const seen = await this.relationship(name).catch(() => undefined);
      return seen && holds(seen) ? seen : undefined;
    }, withinMs, () => this.relationship(name).catch((error: unknown) => String(error)));
  }

  /** A recovery point that was acknowledged after `before`, which is the newest now when it is not given. */
  async nextPoint(name = 'web1', before?: string): Promise<RelationshipView & { lastCycle: object }> {
    const newest = before ?? (await this.relationship(name)).lastCycle?.pointId;
    const seen = await this.reaches('another point', ({ state, lastCycle }) => state === 3 && lastCycle !== null && lastCycle.pointId !== newest, 40_000, name);
    return { ...seen, lastCycle: seen.lastCycle! };
  }

  /** The guest's console here; it may be of a test failover's copy. */
  async console(name = 'web1'): Promise<GuestConsole> {
    const { consoleLog, consoleSocket } = await this.machine(name);
    return new GuestConsole(consoleLog!, consoleSocket ?? undefined);
  }

  /** Records as they are in the state file; the daemon may be down. */
  record(name = 'web1'): { readonly machine: Machine; readonly relationship: Relationship | undefined; readonly extended: Relationship | undefined } {
    const database = new DatabaseSync(join(this.stateDir, 'state.db'), { readOnly: true });
    try {
      const machine = JSON.parse((database.prepare('SELECT body FROM machines WHERE name = ?').get(name) as { body: string }).body) as Machine;
      const rows = database.prepare('SELECT body FROM relationships WHERE machine_id = ?').all(machine.id) as unknown as { body: string }[];
      const relationships = rows.map(({ body }) => JSON.parse(body) as Relationship);
      return { machine, relationship: relationships.find((each) => !isOnward(each)), extended: relationships.find(isOnward) };
    } finally {
      database.close();
    }
  }

  /** Pids of the storage daemons that run for this host. */
  storageDaemons(): readonly number[] {
    return this.#pidfiles(join(this.runDir, 'layers'));
  }

  #pidfiles(directory: string): readonly number[] {
    if (!existsSync(directory)) return [];
    const files = readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('pid'));
    return files.flatMap((file) => {
      try {
        const text = readFileSync(join(directory, file), 'utf8');
        const pid = text.startsWith('{') ? (JSON.parse(text) as { pid: number }).pid : Number(text);
        return pid > 1 && existsSync(`/proc/${pid}`) ? [pid] : [];
      } catch {
        return [];
      }
    });
  }

  /** The daemon and everything that it started have ended. */
  async end(): Promise<void> {
    await this.kill();
    for (const pid of this.#pidfiles(this.runDir)) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It ended by itself.
      }
    }
  }
}

/** That process has ended by kill -9. */
export async function killPid(pid: number): Promise<void> {
  process.kill(pid, 'SIGKILL');
  await until(`process ${pid} has ended`, () => {
    const stat = existsSync(`/proc/${pid}/stat`) ? readFileSync(`/proc/${pid}/stat`, 'utf8') : '';
    return stat === '' || stat.slice(stat.lastIndexOf(')')).startsWith(') Z') ? true : undefined;
  });
}
