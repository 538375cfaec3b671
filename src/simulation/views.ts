/** A view of simulated disks: what it shows is told by functions. */
import { assert } from '../errors/bug.ts';
import { CLUSTER_BYTES, clustersTouched, type Extent } from '../extents/extent.ts';
import { HEADROOM_BYTES, type DiskSize, type DiskView, type LoanedChunk, type StatusRun } from '../engine/ports/diskview.ts';
import { fillWith, type Value } from './content.ts';

export interface Shown {
  readonly disks: readonly DiskSize[];
  /** Throws when the view is gone. */
  check(): void;
  value(disk: string, cluster: number): Value;
  isDirty(disk: string, cluster: number): boolean;
}

export class SimulatedView implements DiskView {
  readonly disks: readonly DiskSize[];
  readonly #shown: Shown;

  constructor(shown: Shown) {
    this.disks = shown.disks;
    this.#shown = shown;
  }

  async status(disk: string, window: Extent): Promise<readonly StatusRun[]> {
    this.#shown.check();
    const runs: StatusRun[] = [];
    const { first, count } = clustersTouched(window);
    const endBytes = window.offsetBytes + window.lengthBytes;
    for (let cluster = first; cluster < first + count; cluster++) {
      const dirty = this.#shown.isDirty(disk, cluster);
      const zero = this.#shown.value(disk, cluster) === 0;
      const offsetBytes = cluster * CLUSTER_BYTES;
      const lengthBytes = Math.min(CLUSTER_BYTES, endBytes - offsetBytes);
      const last = runs.at(-1);
      if (last?.dirty === dirty && last.zero === zero) runs[runs.length - 1] = { ...last, lengthBytes: last.lengthBytes + lengthBytes };
      else runs.push({ offsetBytes, lengthBytes, dirty, zero });
    }
    return runs;
  }

  async read(disk: string, extent: Extent): Promise<LoanedChunk> {
    this.#shown.check();
    const memory = Buffer.alloc(HEADROOM_BYTES + extent.lengthBytes);
    const { first, count } = clustersTouched(extent);
    assert(first * CLUSTER_BYTES === extent.offsetBytes, 'reads begin at a cluster');
    for (let i = 0; i < count; i++) {
      const from = HEADROOM_BYTES + i * CLUSTER_BYTES;
      fillWith(memory.subarray(from, Math.min(from + CLUSTER_BYTES, memory.length)), this.#shown.value(disk, first + i));
    }
    return { memory, headroomBytes: HEADROOM_BYTES, release: () => undefined };
  }

  async close(): Promise<void> {
    // Nothing is held.
  }
}
