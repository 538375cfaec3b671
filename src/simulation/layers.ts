/** The layer store on files in memory. A merge takes time, cluster by cluster, and can be killed at any of them. */
import { assert } from '../errors/bug.ts';
import { ClusterSet } from '../extents/clusterset.ts';
import { CLUSTER_BYTES, clusterCount } from '../extents/extent.ts';
import { payloadOf, type Chunk } from '../engine/ports/diskview.ts';
import type { FoundLayer, LayerStore, LayerWriter, PointSidecar } from '../engine/ports/layers.ts';
import type { DiskStack, Layer } from '../machine/definition.ts';
import { valueOf, type Value } from './content.ts';
import type { Files, ImageFile } from './files.ts';

const FREE_BYTES = 2 ** 40;
const TOTAL_BYTES = 2 ** 41;

export interface MergePace {
  /** Passes between two clusters of a merge; never resolves once the process that merges is gone. */
  between(): Promise<void>;
}

export class SimulatedLayers implements LayerStore {
  readonly #files: Files;
  readonly #pace: MergePace;
  #holders = 0;

  constructor(files: Files, pace: MergePace) {
    this.#files = files;
    this.#pace = pace;
  }

  layerAt(storage: string, machineId: string, disk: string, layerId: string): Layer {
    return { layerId, path: `${storage}/${machineId}/${disk}-${layerId}` };
  }

  async create({ path }: Layer, sizeBytes: number): Promise<void> {
    this.#files.create(path, sizeBytes);
  }

  async createActive({ path }: Layer, sizeBytes: number, pointId: string | null): Promise<void> {
    if (this.#files.has(path)) return;
    const file = this.#files.create(path, sizeBytes);
    if (pointId !== null) file.bitmaps.set(pointId, { clusters: new Set(), recording: true, whole: true, saved: true });
  }

  async open({ path }: Layer): Promise<LayerWriter> {
    const holder = `writer ${path} ${this.#holders++}`;
    this.#files.lockForWriting(path, holder);
    return new Writer(this.#files, this.#files.find(path), holder);
  }

  async seal(layers: readonly Layer[], sidecar: PointSidecar): Promise<void> {
    for (const { path } of layers) {
      const file = this.#files.find(path);
      this.#files.checkRoom(path);
      this.#files.labels.set(path, structuredClone(sidecar));
      file.unflushed.clear();
    }
  }

  async relabel({ path }: Layer, sidecar: PointSidecar | null): Promise<void> {
    if (sidecar === null) return void this.#files.labels.delete(path);
    this.#files.checkRoom(path);
    this.#files.labels.set(path, structuredClone(sidecar));
  }

  async sidecar({ path }: Layer): Promise<PointSidecar | null> {
    return this.#files.labels.get(path) ?? null;
  }

  async merge(lower: Layer, upper: Layer, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const holder = `merge ${lower.path} ${this.#holders++}`;
    try {
      this.#files.lockForWriting(lower.path, holder);
      this.#files.lockForReading(upper.path, holder);
      await this.#commit(this.#files.find(lower.path), this.#files.find(upper.path), signal);
    } finally {
      this.#files.letGo(holder);
    }
  }

  async #commit(below: ImageFile, above: ImageFile, signal: AbortSignal): Promise<void> {
    below.sizeBytes = Math.max(below.sizeBytes, above.sizeBytes);
    for (const [cluster, value] of above.clusters) {
      await this.#pace.between();
      signal.throwIfAborted();
      this.#files.checkRoom(below.path);
      below.clusters.set(cluster, value);
      below.unflushed.add(cluster);
    }
    below.unflushed.clear();
  }

  async remove({ path }: Layer): Promise<void> {
    this.#files.remove(path);
  }

  async allocatedBytes({ path }: Layer): Promise<number> {
    return this.#files.find(path).clusters.size * CLUSTER_BYTES;
  }

  async allocated({ path }: Layer, sizeBytes: number): Promise<ClusterSet> {
    const set = new ClusterSet(clusterCount(sizeBytes));
    for (const cluster of this.#files.find(path).clusters.keys()) set.add(cluster);
    return set;
  }

  async machines(storage: string): Promise<readonly string[]> {
    const names = this.#files.under(storage).map(({ path }) => path.slice(storage.length + 1).split('/'));
    return [...new Set(names.filter(({ length }) => length > 1).map(([name]) => name!))].sort();
  }

  async inventory(storage: string, machineId: string): Promise<readonly FoundLayer[]> {
    return this.#files.under(`${storage}/${machineId}`).map(({ path }) => ({ path, sidecar: this.#files.labels.get(path) ?? null }));
  }

  async loneLabels(storage: string, machineId: string): Promise<readonly FoundLayer[]> {
    return [...this.#files.labels].filter(([path]) => path.startsWith(`${storage}/${machineId}/`) && !this.#files.has(path)).map(([path, sidecar]) => ({ path, sidecar }));
  }

  async quarantine(path: string): Promise<void> {
    this.#files.remove(path);
  }

  async freeBytes(): Promise<number> {
    return this.#files.isFull ? 0 : FREE_BYTES;
  }

  async totalBytes(): Promise<number> {
    return TOTAL_BYTES;
  }

  async compare(left: DiskStack, right: DiskStack): Promise<boolean> {
    for (let cluster = 0; cluster < clusterCount(Math.max(left.sizeBytes, right.sizeBytes)); cluster++) {
      if (this.#files.read(left, cluster) !== this.#files.read(right, cluster)) return false;
    }
    return true;
  }
}

class Writer implements LayerWriter {
  readonly #files: Files;
  readonly #file: ImageFile;
  readonly #holder: string;

  constructor(files: Files, file: ImageFile, holder: string) {
    this.#files = files;
    this.#file = file;
    this.#holder = holder;
  }

  async write(offsetBytes: number, chunk: Chunk): Promise<void> {
    const bytes = payloadOf(chunk);
    this.#check(offsetBytes, bytes.length);
    for (let at = 0; at < bytes.length; at += CLUSTER_BYTES) {
      this.#set((offsetBytes + at) / CLUSTER_BYTES, valueOf(bytes.subarray(at, at + CLUSTER_BYTES)));
    }
  }

  async zero(offsetBytes: number, lengthBytes: number): Promise<void> {
    this.#check(offsetBytes, lengthBytes);
    for (let at = 0; at < lengthBytes; at += CLUSTER_BYTES) this.#set((offsetBytes + at) / CLUSTER_BYTES, 0);
  }

  async flush(): Promise<void> {
    this.#files.checkRoom(this.#file.path);
    this.#file.unflushed.clear();
  }

  async close(): Promise<void> {
    this.#files.letGo(this.#holder);
  }

  #set(cluster: number, value: Value): void {
    this.#file.clusters.set(cluster, value);
    this.#file.unflushed.add(cluster);
  }

  #check(offsetBytes: number, lengthBytes: number): void {
    const endBytes = offsetBytes + lengthBytes;
    const isWhole = offsetBytes % CLUSTER_BYTES === 0 && (endBytes % CLUSTER_BYTES === 0 || endBytes === this.#file.sizeBytes);
    assert(isWhole, `${lengthBytes} bytes at ${offsetBytes} are not whole clusters`);
    this.#files.checkRoom(this.#file.path);
  }
}
