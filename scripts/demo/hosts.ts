/** The demo's two hosts: a daemon each on this machine, driven by the command line as a user drives it. */
import { execFile, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const CLI = join(ROOT, 'bin/understudy');
const DAEMON = join(ROOT, 'bin/understudyd');
const PEER_PORT = 7443;
const API_PORT = 7480;
const UP_WITHIN_MS = 20_000;
const COMMAND_WITHIN_MS = 90_000;

export interface JobOutcome {
  readonly state: string;
  readonly result: Readonly<Record<string, number | string | boolean | null>> | null;
}

export class DemoHost {
  readonly name: string;
  readonly stateDir: string;
  readonly runDir: string;
  readonly logPath: string;
  readonly peerAddress: string;
  readonly page: string;
  readonly #portOffset: number;
  readonly #sabotage: string | undefined;
  pid = 0;

  constructor(directory: string, name: string, portOffset: number, sabotage?: string) {
    this.name = name;
    this.stateDir = join(directory, name, 'state');
    this.runDir = join(directory, name, 'run');
    this.logPath = join(directory, `${name}.log`);
    this.peerAddress = `127.0.0.1:${PEER_PORT + portOffset}`;
    this.page = `http://127.0.0.1:${API_PORT + portOffset}`;
    this.#portOffset = portOffset;
    this.#sabotage = sabotage;
  }

  /** The daemon answers. */
  async start(): Promise<void> {
    for (const directory of [this.stateDir, this.runDir]) mkdirSync(directory, { recursive: true });
    const log = openSync(this.logPath, 'a');
    const flags = ['--state-dir', this.stateDir, '--run-dir', this.runDir, '--host-name', this.name, '--port-offset', String(this.#portOffset), '--peer-address', '127.0.0.1', '--wbem-address', '127.0.0.1'];
    const child = spawn(DAEMON, [...flags, ...(this.#sabotage ? ['--sabotage', this.#sabotage] : [])], { detached: true, stdio: ['ignore', log, log] });
    closeSync(log);
    child.unref();
    this.pid = child.pid ?? 0;
    const ended = new Promise<boolean>((resolve) => child.once('exit', () => resolve(true)));
    const deadline = performance.now() + UP_WITHIN_MS;
    while (!(await this.#answers())) {
      const hasEnded = await Promise.race([ended, delay(50).then(() => false)]);
      if (hasEnded || performance.now() > deadline) throw new Error(`${this.name} did not start:\n${readFileSync(this.logPath, 'utf8').slice(-2_000)}`);
    }
  }

  async #answers(): Promise<boolean> {
    if (!existsSync(join(this.runDir, 'api.sock'))) return false;
    return this.command('host', 'list').then(() => true, () => false);
  }

  kill(): void {
    process.kill(this.pid, 'SIGKILL');
  }

  /** Ends the daemon in good order; guests would run on. */
  async end(): Promise<void> {
    if (this.pid === 0) return;
    try {
      process.kill(this.pid, 'SIGTERM');
      for (let i = 0; i < 100; i++) {
        process.kill(this.pid, 0);
        await delay(50);
      }
      this.kill();
    } catch {
      // It has ended.
    }
  }

  /** What the command prints as JSON. Throws with its message. */
  command<T = unknown>(...args: string[]): Promise<T> {
    return new Promise((resolve, reject) => {
      execFile(CLI, ['--run-dir', this.runDir, '--json', ...args], { timeout: COMMAND_WITHIN_MS, maxBuffer: 16 * 2 ** 20 }, (error, stdout, stderr) => {
        if (error) reject(new Error(`understudy ${args.join(' ')} (${this.name}): ${stdout.trim() || stderr.trim() || error.message}`));
        else resolve(stdout.trim() === '' ? (null as T) : (JSON.parse(stdout) as T));
      });
    });
  }

  /** The figures of a job that the command started and waited for. */
  async job(...args: string[]): Promise<Readonly<Record<string, number | string | boolean | null>>> {
    const { state, result } = await this.command<JobOutcome>(...args);
    if (state !== 'completed') throw new Error(`understudy ${args.join(' ')} (${this.name}): ${state}`);
    return result ?? {};
  }
}
