/**
 * The disks of a host's machine as QEMU's own tools see them. The list of layers is read from the host's catalog; what is
 * in them is compared by programs that share no code with the engine.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual, promisify } from 'node:util';
import { compareClusters } from '../compare-clusters.ts';
import type { DemoHost } from './hosts.ts';

const run = promisify(execFile);
/** A busy machine reads two disks for longer than a cycle takes. */
const AGREES_WITHIN_MS = 180_000;
const LOOK_AGAIN_MS = 250;

interface Layer {
  readonly path: string;
  readonly pointId?: string;
}

/** QEMU's name of each disk: what a running guest writes, or on a replica its newest point. */
export function disksOf(host: DemoHost, machineId: string): Map<string, string> {
  const database = new DatabaseSync(join(host.stateDir, 'state.db'), { readOnly: true });
  try {
    const machine = JSON.parse((database.prepare('SELECT body FROM machines WHERE id = ?').get(machineId) as { body: string }).body);
    const relationship = database.prepare('SELECT body FROM relationships WHERE machine_id = ?').get(machineId) as { body: string } | undefined;
    const failover = relationship && JSON.parse(relationship.body).side === 'replica' ? JSON.parse(relationship.body).failover : null;
    const entries = machine.stacks.map(({ disk, layers }: { disk: string; layers: Layer[] }) => {
      if (!failover) return [disk, imageOf(layers)];
      const below = layers.slice(0, layers.findIndex(({ pointId }) => pointId === failover.pointId) + 1);
      return [disk, imageOf([...below, failover.layers.find((each: { disk: string }) => each.disk === disk).layer])];
    });
    return new Map(entries);
  } finally {
    database.close();
  }
}

const imageOf = (layers: readonly Layer[]): string => `json:${JSON.stringify(layers.reduce<object | null>((backing, { path }) => ({ driver: 'qcow2', 'force-share': true, file: { driver: 'file', filename: path, locking: 'off' }, backing }), null))}`;

interface Difference {
  readonly identical: boolean;
  /** 64 KiB for each cluster that differs. */
  readonly bytesChanged: number;
}

/**
 * Both guests are quiet or off, so what is in the disks stands still, but cycles and merges go on and change the layers under a
 * look. One counts when the layers stood still too, when it found everything equal, or when the look before found the same.
 */
export async function compareHosts(left: DemoHost, right: DemoHost, machineId: string): Promise<Difference> {
  const deadline = performance.now() + AGREES_WITHIN_MS;
  const layers = () => [disksOf(left, machineId), disksOf(right, machineId)] as const;
  let last: Difference | undefined;
  for (;;) {
    const before = layers();
    const found = await differenceOf(...before).catch((thrown: unknown) => {
      if (performance.now() > deadline) throw thrown;
    });
    if (found && (found.identical || found.bytesChanged === last?.bytesChanged || isDeepStrictEqual(before, layers()))) return found;
    if (performance.now() > deadline) throw new Error(`the disks of ${left.name} and ${right.name} do not stand still: each look at them found another difference`);
    last = found ?? last;
    await delay(LOOK_AGAIN_MS);
  }
}

async function differenceOf(lefts: ReadonlyMap<string, string>, rights: ReadonlyMap<string, string>): Promise<Difference> {
  let bytesChanged = 0;
  let identical = true;
  for (const [disk, left] of lefts) {
    const right = rights.get(disk);
    if (right === undefined) throw new Error(`disk ${disk} is on one host only`);
    bytesChanged += (await compareClusters(left, right)).differingBytes;
    const same = await run('qemu-img', ['compare', '-U', left, right]).then(() => true, (error: { code?: number }) => {
      if (error.code === 1) return false;
      throw error;
    });
    identical &&= same;
  }
  return { identical, bytesChanged };
}
