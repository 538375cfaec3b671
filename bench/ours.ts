/**
 * Understudy's side of each comparison: two real daemons on this machine, joined by TLS over the loopback interface. Every
 * method sets its scene up untimed, does the one thing, and returns the seconds that the thing took, from the request to
 * the end that the daemon itself records: asking it again and again meanwhile would cost what is measured.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { View } from '../src/client/operation.ts';
import { testGuest } from '../guest/build.ts';
import { GuestConsole } from '../guest/console.ts';
import { guestDefinition } from '../guest/definition.ts';
import { makeGuestDisks, type GuestDisk } from '../guest/disks.ts';
import { CLUSTER_BYTES } from './data.ts';
import { BenchHost } from './host.ts';

/** The bench's own ports; the second host's are beside the first's. */
const PORT_OFFSETS = [23_000, 23_100] as const;
const MACHINE = 'm';
const path = { machine: MACHINE };
const LOOK_AGAIN_MS = 100;

interface Settings {
  readonly intervalSeconds?: 30 | 300 | 900;
  readonly recoveryHistory?: number;
  readonly compression?: boolean;
  readonly additional?: object;
}

/** Two paired hosts, the primary and the replica. */
export class OurPair {
  readonly directory: string;
  readonly a: BenchHost;
  readonly b: BenchHost;

  private constructor(directory: string) {
    this.directory = directory;
    this.a = new BenchHost(join(directory, 'a'), 'host-a', PORT_OFFSETS[0]);
    this.b = new BenchHost(join(directory, 'b'), 'host-b', PORT_OFFSETS[1]);
  }

  /** In a directory whose path is short: sockets are below it. */
  static async open(directory: string): Promise<OurPair> {
    const pair = new OurPair(directory);
    try {
      await Promise.all([pair.a.start(), pair.b.start()]);
      await pair.a.pair(pair.b);
      return pair;
    } catch (thrown) {
      await pair.close();
      throw thrown;
    }
  }

  /** Seconds of the initial replication of a raw disk, whose machine is off. Nothing is left of it. */
  async fullCopy(sourcePath: string, settings: Settings): Promise<number> {
    await this.defineDisk(sourcePath);
    const seconds = await this.replicate(settings);
    await this.#forget();
    return seconds;
  }

  /** A machine without a guest is defined on the first host; its disk is this file, which nobody writes. */
  async defineDisk(sourcePath: string, format: 'raw' | 'qcow2' = 'raw'): Promise<void> {
    await this.#define(machineWith(sourcePath, format));
  }

  /** Seconds from the request to the acknowledged point. */
  async replicate(settings: Settings = {}): Promise<number> {
    // Forced: a sparse disk may be larger than what is free for the replica.
    await this.a.api.post('/api/relationships', { body: { machine: MACHINE, host: this.b.name, force: true, settings: { intervalSeconds: 900, ...settings } } });
    return this.#acknowledged('start-replication');
  }

  /** Seconds of one whole cycle. */
  cycle(): Promise<number> {
    return this.#acknowledged('cycle');
  }

  /** How the disks were made the same again, after `change` happened to them while replication was suspended. */
  async resynchronize(change: () => void | Promise<void>): Promise<View<'LastResynchronization'>> {
    await this.a.api.post('/api/relationships/{machine}/suspend', { path });
    await change();
    await this.a.completed(this.a.api.post('/api/relationships/{machine}/resynchronize', { path }));
    const { lastResynchronization } = await this.a.api.get('/api/relationships/{machine}', { path });
    return lastResynchronization!;
  }

  async #acknowledged(verb: 'start-replication' | 'cycle'): Promise<number> {
    const askedMs = Date.now();
    await this.a.completed(this.a.api.post(`/api/relationships/{machine}/${verb}`, { path }));
    const { lastCycle } = await this.a.api.get('/api/relationships/{machine}', { path });
    return (lastCycle!.finishedAtMs - askedMs) / 1000;
  }

  /** The test guest runs on the first host. */
  async boot(disks: readonly GuestDisk[], mode: 'idle' | 'write'): Promise<GuestConsole> {
    await this.#define(guestDefinition({ name: MACHINE, guest: testGuest(), disks, mode }));
    await this.a.completed(this.a.api.post('/api/machines/{machine}/start', { path, body: {} }));
    const { consoleLog, consoleSocket } = await this.a.machine(MACHINE);
    const console = new GuestConsole(consoleLog!, consoleSocket!);
    await console.next('ready');
    return console;
  }

  async points(): Promise<number> {
    return (await this.b.api.get('/api/relationships/{machine}/points', { path })).length;
  }

  /** Seconds from the command on the second host to QEMU running; the relationship is as before then. */
  async failover(): Promise<number> {
    const askedMs = Date.now();
    const job = await this.b.completed(this.b.api.post('/api/relationships/{machine}/failover/unplanned', { path, body: {} }));
    await this.b.completed(this.b.api.post('/api/machines/{machine}/stop', { path, body: { force: true } }));
    await this.b.completed(this.b.api.post('/api/relationships/{machine}/revert', { path }));
    return (job.finishedAtMs! - askedMs) / 1000;
  }

  async close(): Promise<void> {
    await Promise.all([this.a.end(), this.b.end()]);
  }

  async #define(toml: string): Promise<void> {
    await this.a.api.post('/api/machines', { body: { toml } });
  }

  async #forget(): Promise<void> {
    await this.a.api.post('/api/relationships/{machine}/suspend', { path });
    for (const host of [this.a, this.b]) {
      await host.api.delete('/api/relationships/{machine}', { path });
      await host.api.delete('/api/machines/{machine}', { path });
    }
    rmSync(join(this.directory, 'b', 's', 'replicas'), { recursive: true, force: true });
  }
}

const machineWith = (sourcePath: string, format: string): string => `name = "${MACHINE}"
machineType = "pc-q35-7.2"
memoryMiB = 64
guestAgent = false

[[disks]]
name = "a"
path = ${JSON.stringify(sourcePath)}
format = "${format}"
`;

/** Writes this share of the clusters of the guest's first disk, at random places, all with new contents. */
export async function dirtyInGuest(console: GuestConsole, sizeBytes: number, share: number, seed: number): Promise<void> {
  const clusters = sizeBytes / CLUSTER_BYTES;
  const steps = [
    `s=${seed} i=0`,
    'dd if=/dev/urandom of=/tmp/cluster bs=64k count=1 2>/dev/null',
    // A linear congruential generator of full period: no cluster comes twice.
    `while [ $i -lt ${Math.round(clusters * share)} ]; do s=$(((s*1664525+1013904223)%${clusters})) i=$((i+1)); dd if=/tmp/cluster of=/dev/vda bs=64k count=1 seek=$s conv=notrunc 2>/dev/null; done`,
    'sync',
  ];
  await console.run(steps.join('; '), { timeoutMs: 120_000 });
}

/** The replica of a running guest with at least this many older recovery points, whose primary is gone: host and guest died. */
export async function lostPrimary(directory: string, olderPoints: number): Promise<OurPair> {
  const pair = await OurPair.open(directory);
  try {
    const disks = join(directory, 'disks');
    mkdirSync(disks);
    await pair.boot(makeGuestDisks(disks), 'write');
    await pair.replicate({ recoveryHistory: olderPoints, additional: { cycleIntervalMs: 1_000, pointIntervalSeconds: 1 } });
    while ((await pair.points()) < olderPoints + 1) await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
    await pair.a.end();
    return pair;
  } catch (thrown) {
    await pair.close();
    throw thrown;
  }
}

/** Peak resident bytes of a daemon, the larger of the two, that replicated one disk and then ran a cycle. */
export async function peakMemoryBytes(directory: string, sourcePath: string): Promise<number> {
  const pair = await OurPair.open(directory);
  try {
    await pair.defineDisk(sourcePath);
    await pair.replicate();
    await pair.cycle();
    return Math.max(pair.a.peakMemoryBytes(), pair.b.peakMemoryBytes());
  } finally {
    await pair.close();
  }
}
