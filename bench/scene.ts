/** What a part of the bench works with: a directory of its own, in memory where there is room, and programs that end with it. */
import { execFileSync, spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Figure } from './figure.ts';

export interface Part {
  readonly name: string;
  readonly about: string;
  run(scene: Scene): Promise<readonly Figure[]>;
}

export class Scene {
  readonly directory: string;
  readonly #children = new Set<ChildProcess>();

  constructor(neededBytes: number) {
    this.directory = mkdtempSync(join(roomyDirectory(neededBytes), 'us-bench-'));
  }

  at(name: string): string {
    return join(this.directory, name);
  }

  /** An empty directory of this name. */
  fresh(name: string): string {
    const path = this.at(name);
    rmSync(path, { recursive: true, force: true });
    mkdirSync(path);
    return path;
  }

  /** Starts a program that runs until it is stopped or the scene ends. */
  start(program: string, args: readonly string[], options: SpawnOptions = {}): ChildProcess {
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit'], ...options });
    this.#children.add(child);
    child.once('exit', () => this.#children.delete(child));
    return child;
  }

  /** Runs a shell line to its end; an error carries what it said. Every part of a pipe must succeed. */
  async run(line: string, ...args: readonly string[]): Promise<void> {
    const child = this.start('bash', ['-c', `set -eo pipefail; ${line}`, 'bench', ...args], { cwd: this.directory });
    const [code] = await once(child, 'exit');
    if (code !== 0) throw new Error(`failed (${code}): ${line} ${args.join(' ')}`);
  }

  async stop(child: ChildProcess): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill();
    await ended;
  }

  async end(): Promise<void> {
    await Promise.all([...this.#children].map((child) => this.stop(child)));
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** Memory makes the programs comparable rather than the storage. */
function roomyDirectory(neededBytes: number): string {
  const roomy = ['/dev/shm', tmpdir()].find((path) => {
    const { bavail, bsize } = statfsSync(path);
    return bavail * bsize > neededBytes * 1.2;
  });
  if (roomy === undefined) throw new Error(`neither /dev/shm nor ${tmpdir()} has ${Math.ceil(neededBytes / 2 ** 30)} GiB of room`);
  return roomy;
}

const SERVER_TIMEOUT_MS = 10_000;

/** The server listens on its unix socket. */
export async function untilSocket(path: string, server: ChildProcess): Promise<void> {
  await until(() => existsSync(path), server, path);
}

/** The server listens on its TCP port: looked up, for a connection would count as its first client. */
export async function untilPort(port: number, server: ChildProcess): Promise<void> {
  await until(() => execFileSync('ss', ['-Hltn', `sport = :${port}`], { encoding: 'utf8' }) !== '', server, `port ${port}`);
}

async function until(holds: () => boolean, server: ChildProcess, what: string): Promise<void> {
  const deadline = performance.now() + SERVER_TIMEOUT_MS;
  while (!holds()) {
    if (server.exitCode !== null || performance.now() > deadline) throw new Error(`no server on ${what}`);
    await delay(5);
  }
}
