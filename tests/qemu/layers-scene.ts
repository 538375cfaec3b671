/** A layer store on real files in a directory of its own, and an independent way to say what a disk must read as. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { Qcow2Layers } from '../../src/layers/layers.ts';
import type { Layer } from '../../src/machine/definition.ts';
import { filled, stackOf } from '../conformance/layers.ts';

export const CLUSTER = 65_536;
export const patience = () => AbortSignal.timeout(60_000);

export class RealLayers {
  readonly directory: string;
  readonly runDir: string;
  readonly store: Qcow2Layers;
  readonly storage: string;
  readonly machineId = randomUUID();

  private constructor(directory: string, store: Qcow2Layers, storage: string) {
    this.directory = directory;
    this.runDir = join(directory, 'run');
    this.store = store;
    this.storage = storage;
  }

  static async make(storage?: string): Promise<RealLayers> {
    const directory = await mkdtemp(join(tmpdir(), 'us-lay-'));
    const store = await Qcow2Layers.start(join(directory, 'run'));
    return new RealLayers(directory, store, storage ?? join(directory, 'storage'));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.store.stop();
    await rm(this.directory, { recursive: true, force: true });
  }

  newLayer(disk = 'a'): Layer {
    return this.store.layerAt(this.storage, this.machineId, disk, randomUUID());
  }

  /** A layer with these bytes, in one write for each [cluster, bytes]; a number stands for that many zero clusters. */
  async layer(sizeBytes: number, writes: readonly (readonly [number, Buffer | number])[]): Promise<Layer> {
    const layer = this.newLayer();
    await this.store.create(layer, sizeBytes);
    const writer = await this.store.open(layer);
    for (const [cluster, what] of writes) {
      const offsetBytes = cluster * CLUSTER;
      if (typeof what === 'number') await writer.zero(offsetBytes, Math.min(what * CLUSTER, sizeBytes - offsetBytes));
      else await writer.write(offsetBytes, chunkOf(what));
    }
    await writer.flush();
    await writer.close();
    return layer;
  }

  /** Whether the stack reads as these bytes: compared with a raw file that no code of ours wrote. */
  reads(layers: readonly Layer[], expected: Buffer): Promise<boolean> {
    const path = join(this.directory, `expected-${randomUUID()}.raw`);
    writeFileSync(path, expected);
    const raw: Layer = { layerId: 'expected', path, format: 'raw' };
    return this.store.compare(stackOf(layers, expected.length), stackOf([raw], expected.length)).finally(() => rmSync(path));
  }
}

export function chunkOf(bytes: Buffer) {
  const chunk = filled(0, bytes.length);
  bytes.copy(chunk.memory, chunk.headroomBytes);
  return chunk;
}

export const hashOf = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

export const temporaryDirectory = (): string => mkdtempSync(join(tmpdir(), 'us-lay-'));
