/** What the suites of every hypervisor driver share: the bench that each driver brings, machines on it, and what their views show. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { Fault, type FaultCode } from '../../src/errors/fault.ts';
import { CLUSTER_BYTES, clusterExtent } from '../../src/extents/extent.ts';
import { payloadOf, type DiskView } from '../../src/engine/ports/diskview.ts';
import type { Hypervisor, LaunchSpec, PointInTime } from '../../src/engine/ports/hypervisor.ts';

export interface HypervisorBench {
  readonly hypervisor: Hypervisor;
  /** Another object over the same state, as after a crash of the daemon. `hypervisor` is that one from then on. */
  restart(): Promise<void>;
  /** A new machine, off, with empty disks of these sizes in bytes, by name. */
  machine(disks: Readonly<Record<string, number>>): Promise<LaunchSpec>;
  /** The guest of a live instance fills a cluster with this byte; the write is done when this resolves. */
  guestWrites(spec: LaunchSpec, disk: string, cluster: number, byte: number): Promise<void>;
  /** The guest makes a cluster read as zeroes, by the command for that. */
  guestZeroes(spec: LaunchSpec, disk: string, cluster: number): Promise<void>;
  /** The hypervisor's process dies without a word, as by kill -9. */
  kill(spec: LaunchSpec): Promise<void>;
  /** Another program changes a disk of a machine that is off. */
  changeImage(spec: LaunchSpec, disk: string): Promise<void>;
  close(): Promise<void>;
}

const MIB = 2 ** 20;
const BUDGET_BYTES = 16 * MIB;
const { signal } = new AbortController();

export const hasFault = (code: FaultCode) => (thrown: unknown): boolean => {
  assert.ok(thrown instanceof Fault, String(thrown));
  assert.equal(thrown.code, code, thrown.message);
  return true;
};

export async function firstByte(view: DiskView, disk: string, cluster: number): Promise<number> {
  const { sizeBytes } = view.disks.find((each) => each.disk === disk)!;
  const chunk = await view.read(disk, clusterExtent(cluster, 1, sizeBytes), signal);
  const byte = payloadOf(chunk)[0]!;
  chunk.release();
  return byte;
}

export async function dirtyClusters(view: DiskView, disk: string): Promise<number[]> {
  const { sizeBytes } = view.disks.find((each) => each.disk === disk)!;
  const runs = await view.status(disk, { offsetBytes: 0, lengthBytes: sizeBytes }, signal);
  let endBytes = 0;
  const dirty: number[] = [];
  for (const run of runs) {
    assert.equal(run.offsetBytes, endBytes, 'runs have a gap');
    endBytes += run.lengthBytes;
    assert.ok(endBytes === sizeBytes || endBytes % CLUSTER_BYTES === 0, 'a run ends inside a cluster');
    if (run.dirty) for (let at = run.offsetBytes; at < endBytes; at += CLUSTER_BYTES) dirty.push(at / CLUSTER_BYTES);
  }
  assert.equal(endBytes, sizeBytes, 'runs do not reach the end');
  return dirty;
}

/** Machines that run on a bench; they end with it. */
export class RunningMachines {
  readonly #bench: HypervisorBench;
  readonly #running: LaunchSpec[] = [];

  constructor(bench: HypervisorBench) {
    this.#bench = bench;
  }

  /** It is stopped in the end. */
  add(spec: LaunchSpec): void {
    this.#running.push(spec);
  }

  /** A machine with disks a and b whose guest runs and is tracked since the point that comes back. */
  async tracked(sizeBytes = 4 * MIB): Promise<{ spec: LaunchSpec; since: string }> {
    const spec = await this.#bench.machine({ a: sizeBytes, b: sizeBytes });
    const since = randomUUID();
    this.add(spec);
    await this.#bench.hypervisor.start(spec, { trackSince: { pointId: randomUUID(), replacementPointId: since } }, signal);
    return { spec, since };
  }

  open(spec: LaunchSpec, sincePointId: string | null, attemptId: string = randomUUID()): Promise<PointInTime> {
    return this.#bench.hypervisor.openPointInTime(spec, { attemptId, sincePointId, fleecingBudgetBytes: BUDGET_BYTES }, signal);
  }

  async close(): Promise<void> {
    for (const spec of this.#running) await this.#bench.hypervisor.stop(spec.instanceId);
    await this.#bench.close();
  }
}
