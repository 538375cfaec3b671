/** Two paired hosts on this machine and, on the first, the test guest with its disks. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { testGuest } from '../../guest/build.ts';
import { guestDefinition, type GuestMachine } from '../../guest/definition.ts';
import { makeGuestDisks, type GuestDisk, type GuestDiskOptions } from '../../guest/disks.ts';
import type { LabelledLayer } from '../../src/machine/records.ts';
import { compareClusters } from '../../scripts/compare-clusters.ts';
import { TestHost, until, type TestHostOptions } from './testhost.ts';

const FIRST_OFFSET = 10_000;
const CYCLE_MS = 2_000;

export interface MachineOptions extends Partial<Omit<GuestMachine, 'guest'>> {
  readonly storage?: GuestDiskOptions;
}

export class Pair {
  readonly directory: string;
  readonly a: TestHost;
  readonly b: TestHost;

  private constructor(a: TestHost, b: TestHost, directory: string) {
    this.directory = directory;
    this.a = a;
    this.b = b;
  }

  /** Both daemons run and are paired. */
  static async open(more: Parameters<typeof Pair.unpaired>[0] = {}): Promise<Pair> {
    const pair = await Pair.unpaired(more);
    try {
      await pair.join();
      return pair;
    } catch (thrown) {
      await pair.close();
      throw thrown;
    }
  }

  /** Both daemons run. */
  static async unpaired(more: { readonly a?: Partial<TestHostOptions>; readonly b?: Partial<TestHostOptions> } = {}): Promise<Pair> {
    const directory = mkdtempSync(join(tmpdir(), 'us-f-'));
    const offset = await freeOffset();
    const a = new TestHost({ name: 'host-a', directory: join(directory, 'a'), portOffset: offset, ...more.a });
    const b = new TestHost({ name: 'host-b', directory: join(directory, 'b'), portOffset: offset + 100, ...more.b });
    const pair = new Pair(a, b, directory);
    try {
      await Promise.all([a.start(), b.start()]);
      return pair;
    } catch (thrown) {
      await pair.close();
      throw thrown;
    }
  }

  async join(): Promise<void> {
    const { invitation } = await this.a.run<{ invitation: string }>('host', 'invite', '--address', this.a.peerAddress);
    await this.b.run('host', 'join', invitation, '--address', this.b.peerAddress);
  }

  /** The test guest is defined on the first host; its disks are in a directory of its name. */
  async define(options: MachineOptions = {}): Promise<readonly GuestDisk[]> {
    const name = options.name ?? 'web1';
    const directory = join(this.directory, name);
    mkdirSync(directory);
    const disks = options.disks ?? makeGuestDisks(directory, options.storage);
    const file = join(directory, 'machine.toml');
    writeFileSync(file, guestDefinition({ ...options, name, guest: testGuest(), disks }));
    await this.a.run('vm', 'define', file);
    return disks;
  }

  async enable(name = 'web1', additional: object = {}, ...more: readonly string[]): Promise<void> {
    const settings = JSON.stringify({ cycleIntervalMs: CYCLE_MS, pointIntervalSeconds: 1, ...additional });
    await this.a.run('enable', name, '--to', this.b.name, '--additional', settings, '--yes', ...more);
  }

  /** Defined, booted, enabled, and the first recovery point is there. */
  async protect(options: MachineOptions = {}, additional: object = {}, ...more: readonly string[]): Promise<void> {
    const name = options.name ?? 'web1';
    await this.define(options);
    await this.a.run('vm', 'start', name);
    await this.enable(name, additional, ...more);
    await this.a.run('start-replication', name);
    await (await this.a.console(name)).next('wrote');
  }

  /** The guest on the primary stands still, a point is taken, and it equals the primary's disks. No cycle runs meanwhile. */
  async areIdentical(primary = this.a, replica = this.b, name = 'web1'): Promise<void> {
    const guest = await primary.console(name);
    await guest.quiet();
    await guest.run('sync');
    await primary.run('cycle', name);
    await primary.run('suspend', name);
    const pointId = primary.record(name).relationship!.newestPointId!;
    assert.equal(await differing(() => disksOf(primary, { name }), () => disksOf(replica, { name, pointId })), 0);
    await primary.run('resume', name);
  }

  /** The second host's first point from that number on that another followed: the one before the newest goes when both are of one interval. */
  pointThatStays(sequence: number, name = 'web1'): Promise<string> {
    return until('a point that stays', async () => (await this.b.points(name)).findLast((point) => point.sequence >= sequence && !point.newest)?.id);
  }

  async close(): Promise<void> {
    await Promise.all([this.a.end(), this.b.end()]);
    if (process.env['UNDERSTUDY_KEEP'] !== undefined) return console.log(`kept: ${this.directory}`);
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** Both hosts' ports are free with this offset. */
export async function freeOffset(): Promise<number> {
  for (let tries = 0; tries < 100; tries += 1) {
    const offset = FIRST_OFFSET + ((process.pid * 7 + tries) % 70) * 200;
    const ports = [offset, offset + 100].flatMap((base) => [base + 7443, base + 7480]);
    if ((await Promise.all(ports.map(isFree))).every(Boolean)) return offset;
  }
  throw new Error('no free ports');
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}

/** QEMU's options for layers, bottom first; written without the engine's graphs. */
function image(layers: readonly LabelledLayer[]): string {
  let node: object | null = null;
  for (const { path, format = 'qcow2', dataFilePath } of layers) {
    const share = { 'force-share': true, file: { driver: 'file', filename: path } };
    const data = dataFilePath === undefined ? {} : { 'data-file': { driver: 'file', filename: dataFilePath } };
    node = format === 'raw' ? { driver: 'raw', ...share } : { driver: 'qcow2', ...share, ...data, backing: node };
  }
  return `json:${JSON.stringify(node)}`;
}

/** Each disk, or only that one, as the host has it now; with a point, as that point has it. */
export function disksOf(host: TestHost, { name = 'web1', pointId, only }: { name?: string; pointId?: string; only?: string } = {}): ReadonlyMap<string, string> {
  const { machine, relationship } = host.record(name);
  const stacks = machine.stacks.filter(({ disk }) => only === undefined || disk === only);
  return new Map(stacks.map(({ disk, layers, branch }) => {
    const chosen = relationship?.failover?.pointId;
    const upTo = (point: string, all: readonly LabelledLayer[]) => all.slice(0, all.findIndex((layer) => layer.pointId === point) + 1);
    // What a failed-over guest wrote stands on the chosen point, whatever was received after that.
    const written = chosen === undefined ? [] : [...upTo(chosen, layers), ...(branch?.layers ?? [])];
    const all = pointId === undefined || written.some((layer) => layer.pointId === pointId) ? written : layers;
    const shown = pointId !== undefined ? upTo(pointId, all) : chosen === undefined ? layers : written;
    assert.ok(shown.length > 0, `${host.name} has no point ${pointId ?? chosen} on disk ${disk}`);
    const active = pointId === undefined ? relationship?.failover?.layers.find((each) => each.disk === disk) : undefined;
    return [disk, image(active ? [...shown, active.layer] : shown)];
  }));
}

/**
 * 64 KiB clusters that differ, in all disks, counted without the engine. Merging may take a layer away before it is opened:
 * then the layers are looked up again.
 */
export async function differing(left: () => ReadonlyMap<string, string>, right: () => ReadonlyMap<string, string>): Promise<number> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await compared(left(), right());
    } catch (thrown) {
      if (tries === 5) throw thrown;
    }
  }
}

async function compared(left: ReadonlyMap<string, string>, right: ReadonlyMap<string, string>): Promise<number> {
  assert.deepEqual([...left.keys()].sort(), [...right.keys()].sort());
  let clusters = 0;
  for (const [disk, image] of left) clusters += (await compareClusters(image, right.get(disk)!, AbortSignal.timeout(60_000))).differingClusters;
  return clusters;
}
