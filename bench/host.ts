/** One of the bench's own hosts: the real daemon as a child process with directories and ports of its own, asked over its unix socket. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from '../src/client/client.ts';
import type { View } from '../src/client/operation.ts';
import { transportTo } from '../src/cli/connection.ts';

const DAEMON = join(import.meta.dirname, '../bin/understudyd');
const PEER_PORT = 7443;
const UP_WITHIN_MS = 20_000;
/** A bench that hangs says so. */
const JOB_WITHIN_MS = 180_000;
const LOOK_AGAIN_MS = 50;

export class BenchHost {
  readonly api: Client;
  readonly name: string;
  readonly address: string;
  readonly #directory: string;
  readonly #portOffset: number;
  #daemon: ChildProcess | undefined;

  constructor(directory: string, name: string, portOffset: number) {
    this.name = name;
    this.address = `127.0.0.1:${PEER_PORT + portOffset}`;
    this.#directory = directory;
    this.#portOffset = portOffset;
    mkdirSync(directory, { recursive: true });
    this.api = new Client(transportTo({ runDir: this.#runDir }));
  }

  get #runDir(): string {
    return join(this.#directory, 'r');
  }

  get #logPath(): string {
    return join(this.#directory, 'log');
  }

  get #pid(): number {
    return this.#daemon!.pid!;
  }

  /** The daemon answers. */
  async start(): Promise<void> {
    const log = openSync(this.#logPath, 'a');
    const flags = ['--config', '/dev/null', '--state-dir', join(this.#directory, 's'), '--run-dir', this.#runDir, '--host-name', this.name, '--port-offset', String(this.#portOffset), '--peer-address', '127.0.0.1'];
    const daemon = spawn(DAEMON, flags, { stdio: ['ignore', log, log] });
    closeSync(log);
    this.#daemon = daemon;
    const deadline = performance.now() + UP_WITHIN_MS;
    while (!(await this.api.get('/api/hosts').then(() => true, () => false))) {
      if (daemon.exitCode !== null || performance.now() > deadline) throw new Error(`${this.name} did not start:\n${readFileSync(this.#logPath, 'utf8').slice(-2_000)}`);
      await delay(50);
    }
  }

  /** The two hosts are paired and in contact. */
  async pair(other: BenchHost): Promise<void> {
    const { invitation } = await this.api.post('/api/hosts/invite', { body: { address: this.address } });
    await other.api.post('/api/hosts/join', { body: { invitation, address: other.address } });
    while (!(await this.api.get('/api/hosts')).every(({ self, connected }) => self || connected)) await delay(20);
  }

  /** The job that was begun has completed. */
  async completed(begun: Promise<View<'Job'>>): Promise<View<'Job'>> {
    const deadline = performance.now() + JOB_WITHIN_MS;
    let job = await begun;
    while (job.state === 'running') {
      if (performance.now() > deadline) throw new Error(`${job.kind} on ${this.name} has not ended: ${job.step}`);
      await delay(LOOK_AGAIN_MS);
      job = await this.api.get('/api/jobs/{job}', { path: { job: job.id } });
    }
    if (job.state !== 'completed') throw new Error(`${job.kind} on ${this.name}: ${job.error?.message ?? job.state}`);
    return job;
  }

  machine(name: string): Promise<View<'Machine'>> {
    return this.api.get('/api/machines/{machine}', { path: { machine: name } });
  }

  /** The most that the daemon ever had in memory. */
  peakMemoryBytes(): number {
    const [, kib] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${this.#pid}/status`, 'utf8'))!;
    return Number(kib) * 1024;
  }

  /** The daemon has ended by kill -9. */
  async kill(): Promise<void> {
    const daemon = this.#daemon;
    if (!daemon || daemon.exitCode !== null || daemon.signalCode !== null) return;
    const ended = once(daemon, 'exit');
    daemon.kill('SIGKILL');
    await ended;
  }

  /** The daemon and every QEMU and storage daemon that it started have ended. */
  async end(): Promise<void> {
    await this.kill();
    for (const pid of this.#startedPids()) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It ended by itself.
      }
    }
  }

  #startedPids(): readonly number[] {
    return readdirSync('/proc').filter((each) => /^\d+$/.test(each)).map(Number).filter((pid) => this.#isOurs(pid));
  }

  /** Everything that a daemon starts has a path in its directories among its arguments. */
  #isOurs(pid: number): boolean {
    try {
      return pid !== process.pid && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(`${this.#directory}/`);
    } catch {
      return false;
    }
  }
}
