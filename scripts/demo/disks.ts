/**
 * The disks of a host's machine as QEMU's own tools see them. The list of layers is read from the host's catalog; what is
 * in them is compared by programs that share no code with the engine.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { compareClusters } from '../compare-clusters.ts';
import type { DemoHost } from './hosts.ts';

const run = promisify(execFile);
const TRIES = 20;

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

/** Both guests are quiet or off. Merges in the background may change the stack under a look: then it looks again. */
export async function compareHosts(left: DemoHost, right: DemoHost, machineId: string): Promise<Difference> {
  for (let tries = 0; ; tries++) {
    const before = [disksOf(left, machineId), disksOf(right, machineId)] as const;
    try {
      const found = await differenceOf(...before);
      const after = [disksOf(left, machineId), disksOf(right, machineId)] as const;
      if (JSON.stringify(before.map((disks) => [...disks])) === JSON.stringify(after.map((disks) => [...disks]))) return found;
    } catch (thrown) {
      if (tries >= TRIES) throw thrown;
    }
    if (tries >= TRIES) throw new Error('the disks do not stand still');
    await delay(250);
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
