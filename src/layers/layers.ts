/**
 * A replica's disks as qcow2 files: `<storage>/<machineId>/<disk>-<layerId>.qcow2`, each with a sidecar next to it. No
 * file's header names another: which layer stands on which is the catalog's to say, and every graph is spelled out.
 */
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rename } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { assert } from '../errors/bug.ts';
import { Fault } from '../errors/fault.ts';
import type { FoundLayer, LayerStore, LayerWriter, PointSidecar } from '../engine/ports/layers.ts';
import { bitmapName } from '../machine/bitmap.ts';
import type { DiskStack, Layer } from '../machine/definition.ts';
import { graphFileName, stackGraph } from '../machine/graph.ts';
import { StorageDaemon } from '../storagedaemon/storagedaemon.ts';
import { exists, makeDirectory, removeFiles, sync } from '../files/files.ts';
import type { ClusterSet } from '../extents/clusterset.ts';
import { allocatedClusters } from './allocation.ts';
import { allocatedBytesOf, createImage, freeBytesAt, syncLayer, totalBytesAt } from './image.ts';
import { mergeLayers } from './merge.ts';
import { diskFault, PROGRAM, qemuImg } from './qemuimg.ts';
import { LABEL_SUFFIX, readSidecar, sidecarPath, writeSidecar } from './sidecar.ts';
import { LayerServer } from './writer.ts';

const SUFFIX = '.qcow2';
const QUARANTINE = 'quarantine';

export class Qcow2Layers implements LayerStore {
  readonly #runDir: string;
  readonly #servers = new Map<string, LayerServer>();

  private constructor(runDir: string) {
    this.#runDir = runDir;
  }

  /** What a crash of ours left running (writers' daemons, merges) has ended. The run directory is this store's alone. */
  static async start(runDir: string): Promise<Qcow2Layers> {
    await StorageDaemon.reapAll(runDir);
    return new Qcow2Layers(runDir);
  }

  /** No process of this store runs any more; open writers reject. */
  async stop(): Promise<void> {
    await Promise.all(Array.from(this.#servers.values(), (server) => server.close()));
  }

  layerAt(storage: string, machineId: string, disk: string, layerId: string): Layer {
    return { layerId, path: join(storage, machineId, `${disk}-${layerId}${SUFFIX}`) };
  }

  async create(layer: Layer, sizeBytes: number): Promise<void> {
    assert(!this.#servers.get(dirname(layer.path))?.isOpen(layer), `${layer.path} is open for writing`);
    await asDiskFault(layer.path, () => createImage({ path: layer.path, sizeBytes }));
  }

  /** A file that is there already stays: it was made whole, and a guest may have written to it since. */
  async createActive(layer: Layer, sizeBytes: number, pointId: string | null): Promise<void> {
    await asDiskFault(layer.path, async () => {
      if (await exists(layer.path)) return;
      await createImage({ path: layer.path, sizeBytes, ...(pointId !== null && { bitmap: bitmapName(pointId) }) });
    });
  }

  async open(layer: Layer): Promise<LayerWriter> {
    return this.#serverOf(layer).open(layer);
  }

  async seal(layers: readonly Layer[], sidecar: PointSidecar): Promise<void> {
    await asDiskFault(sidecar.pointId, async () => {
      for (const layer of layers) {
        await this.#servers.get(dirname(layer.path))?.flush(layer);
        await syncLayer(layer);
      }
      for (const layer of layers) await writeSidecar(layer.path, sidecar);
      for (const directory of new Set(layers.map((layer) => dirname(layer.path)))) await sync(directory);
    });
  }

  async relabel(layer: Layer, sidecar: PointSidecar | null): Promise<void> {
    await asDiskFault(layer.path, async () => {
      if (sidecar === null) return removeFiles([sidecarPath(layer.path)]);
      await writeSidecar(layer.path, sidecar);
      await sync(dirname(layer.path));
    });
  }

  sidecar(layer: Layer): Promise<PointSidecar | null> {
    return asDiskFault(layer.path, () => readSidecar(layer.path));
  }

  async merge(lower: Layer, upper: Layer, signal: AbortSignal): Promise<void> {
    await asDiskFault(lower.path, () => mergeLayers(lower, upper, this.#runDir, signal), signal);
  }

  /** The user's raw disk under a wrapper stays. */
  async remove(layer: Layer): Promise<void> {
    assert(!layer.readOnly, `${layer.path} is a template`);
    await asDiskFault(layer.path, () => removeFiles([layer.path, sidecarPath(layer.path)]));
  }

  allocatedBytes(layer: Layer): Promise<number> {
    return asDiskFault(layer.path, () => allocatedBytesOf(layer));
  }

  allocated(layer: Layer, sizeBytes: number): Promise<ClusterSet> {
    return asDiskFault(layer.path, () => allocatedClusters(layer, sizeBytes));
  }

  async machines(storage: string): Promise<readonly string[]> {
    return asDiskFault(storage, async () => {
      if (!(await exists(storage))) return [];
      const entries = await readdir(storage, { withFileTypes: true });
      return entries.filter((entry) => entry.isDirectory() && entry.name !== QUARANTINE).map(({ name }) => name).sort();
    });
  }

  async inventory(storage: string, machineId: string): Promise<readonly FoundLayer[]> {
    const directory = join(storage, machineId);
    return asDiskFault(directory, async () => {
      if (!(await exists(directory))) return [];
      const paths = (await readdir(directory)).filter((name) => name.endsWith(SUFFIX)).sort().map((name) => join(directory, name));
      return Promise.all(paths.map(async (path) => ({ path, sidecar: await readSidecar(path) })));
    });
  }

  async loneLabels(storage: string, machineId: string): Promise<readonly FoundLayer[]> {
    const directory = join(storage, machineId);
    return asDiskFault(directory, async () => {
      if (!(await exists(directory))) return [];
      const names = new Set(await readdir(directory));
      const labelled = [...names].filter((name) => name.endsWith(SUFFIX + LABEL_SUFFIX)).map((name) => name.slice(0, -LABEL_SUFFIX.length));
      const paths = labelled.filter((name) => !names.has(name)).sort().map((name) => join(directory, name));
      return Promise.all(paths.map(async (path) => ({ path, sidecar: await readSidecar(path) })));
    });
  }

  /** The file and its sidecar are in a directory of their own under `<storage>/quarantine/`. Nothing when it is gone already. */
  async quarantine(path: string): Promise<void> {
    const machineDirectory = dirname(path);
    const parent = join(dirname(machineDirectory), QUARANTINE);
    await asDiskFault(path, async () => {
      if (!(await exists(path))) return;
      await makeDirectory(parent);
      const place = await mkdtemp(join(parent, `${basename(machineDirectory)}-`));
      for (const from of [sidecarPath(path), path]) if (await exists(from)) await rename(from, join(place, basename(from)));
      for (const directory of [place, parent, machineDirectory]) await sync(directory);
    });
  }

  freeBytes(storage: string): Promise<number> {
    return asDiskFault(storage, () => freeBytesAt(storage));
  }

  totalBytes(storage: string): Promise<number> {
    return asDiskFault(storage, () => totalBytesAt(storage));
  }

  async compare(left: DiskStack, right: DiskStack): Promise<boolean> {
    if (left.sizeBytes !== right.sizeBytes) return false;
    const names = [left, right].map((stack) => graphFileName(stackGraph(stack, { writable: false, forceShare: true })));
    const { exitCode, stderr } = await qemuImg(['compare', '-q', ...names], { acceptedExitCodes: [0, 1] });
    // Wrong usage ends with 1 as well, but says so.
    if (stderr) throw new Fault('disk-io', `${PROGRAM}: ${stderr.trim()}`);
    return exitCode === 0;
  }

  #serverOf(layer: Layer): LayerServer {
    const directory = dirname(layer.path);
    let server = this.#servers.get(directory);
    if (!server) {
      server = new LayerServer(this.#runDir, `layers-${createHash('sha256').update(directory).digest('hex').slice(0, 12)}`);
      this.#servers.set(directory, server);
    }
    return server;
  }
}

/** The work's result; what the system says of its files becomes a fault of the table. An abort's reason stays as it is. */
async function asDiskFault<T>(what: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (signal?.aborted || cause instanceof Fault || !isSystemError(cause)) throw cause;
    throw diskFault(what, cause);
  }
}

const isSystemError = (cause: unknown): boolean => cause instanceof Error && 'code' in cause && 'syscall' in cause;
