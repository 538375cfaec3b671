/**
 * Writing into layers: one storage daemon per machine, running while any of its layers is open. When the daemon dies,
 * the writers that it served reject every call; opening a layer again starts another one.
 */
import { open, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { assert } from '../errors/bug.ts';
import { Fault } from '../errors/fault.ts';
import type { Chunk } from '../engine/ports/diskview.ts';
import type { LayerWriter } from '../engine/ports/layers.ts';
import { CLUSTER_BYTES } from '../extents/extent.ts';
import { say } from '../language/text.ts';
import type { Layer } from '../machine/definition.ts';
import { layersGraph } from '../machine/graph.ts';
import { NbdConnection } from '../nbd/nbd.ts';
import { StorageDaemon } from '../storagedaemon/storagedaemon.ts';
import { sync } from '../files/files.ts';
import { diskFault } from './qemuimg.ts';

/** The storage daemon that serves one machine's layers. */
export class LayerServer {
  readonly #runDir: string;
  readonly #name: string;
  readonly #abort = new AbortController();
  readonly #writers = new Map<string, Qcow2Writer>();
  #daemon: Promise<StorageDaemon> | undefined;
  #stopped: Promise<void> = Promise.resolve();
  #users = 0;
  #nextNode = 1;

  constructor(runDir: string, name: string) {
    this.#runDir = runDir;
    this.#name = name;
  }

  /** A writer of a layer that nobody else has open. Fault disk-in-use, disk-missing; qemu-failed when no daemon starts. */
  async open(layer: Layer): Promise<LayerWriter> {
    this.#users++;
    try {
      const writer = await this.#writerOf(layer, await this.#running());
      this.#writers.set(layer.path, writer);
      return writer;
    } catch (cause) {
      await this.#release();
      throw cause;
    }
  }

  /** What an open writer wrote to the layer is on stable storage; nothing for a layer that is not open. */
  async flush(layer: Layer): Promise<void> {
    await this.#writers.get(layer.path)?.flush();
  }

  isOpen(layer: Layer): boolean {
    return this.#writers.has(layer.path);
  }

  /** The daemon has ended; writers that are still open reject. */
  async close(): Promise<void> {
    this.#abort.abort(new Fault('cancelled', say('the layer store is closing')));
    await this.#stop();
  }

  async #writerOf(layer: Layer, daemon: StorageDaemon): Promise<Qcow2Writer> {
    try {
      const writer = await Qcow2Writer.open(layer, daemon, `w${this.#nextNode++}`, () => this.#closed(writer));
      return writer;
    } catch (cause) {
      throw diskFault(layer.path, cause);
    }
  }

  #running(): Promise<StorageDaemon> {
    if (this.#daemon) return this.#daemon;
    const options = { runDir: this.#runDir, name: this.#name, signal: this.#abort.signal };
    const starting = this.#stopped.then(() => StorageDaemon.start(options));
    this.#daemon = starting;
    const forget = () => {
      if (this.#daemon === starting) this.#daemon = undefined;
    };
    starting.then((daemon) => daemon.died.then(forget), forget);
    return starting;
  }

  async #closed(writer: Qcow2Writer): Promise<void> {
    if (this.#writers.get(writer.layer.path) === writer) this.#writers.delete(writer.layer.path);
    await this.#release();
  }

  async #release(): Promise<void> {
    this.#users--;
    if (this.#users === 0) await this.#stop();
  }

  async #stop(): Promise<void> {
    const daemon = this.#daemon;
    this.#daemon = undefined;
    if (daemon) this.#stopped = daemon.then((running) => running.stop()).catch(() => undefined);
    await this.#stopped;
  }
}

class Qcow2Writer implements LayerWriter {
  readonly layer: Layer;
  readonly #daemon: StorageDaemon;
  readonly #node: string;
  readonly #nbd: NbdConnection;
  /** Ours from before the first write, so that the kernel reports to it any write that fails later. */
  readonly #file: FileHandle;
  readonly #release: () => Promise<void>;
  #broken: Fault | undefined;
  #closed: Promise<void> | undefined;

  private constructor(layer: Layer, daemon: StorageDaemon, node: string, nbd: NbdConnection, file: FileHandle, release: () => Promise<void>) {
    this.layer = layer;
    this.#daemon = daemon;
    this.#node = node;
    this.#nbd = nbd;
    this.#file = file;
    this.#release = release;
    void daemon.died.then(() => (this.#broken ??= new Fault('disk-io', say('the storage daemon of {path} ended', { path: layer.path }))));
  }

  static async open(layer: Layer, daemon: StorageDaemon, node: string, release: () => Promise<void>): Promise<Qcow2Writer> {
    const file = await open(layer.path, 'r');
    try {
      await daemon.blockdevAdd(layersGraph([layer], { writable: true, nodeName: node }));
      await daemon.exportAdd({ id: node, nodeName: node, name: node, writable: true });
      const nbd = await NbdConnection.connect({ socketPath: daemon.nbdSocketPath, exportName: node });
      return new Qcow2Writer(layer, daemon, node, nbd, file, release);
    } catch (cause) {
      await file.close();
      await removeNode(daemon, node).catch(() => undefined);
      throw cause;
    }
  }

  async write(offsetBytes: number, chunk: Chunk): Promise<void> {
    this.#assertClusters(offsetBytes, chunk.memory.length - chunk.headroomBytes);
    await this.#guarded(() => this.#nbd.write(offsetBytes, chunk));
  }

  async zero(offsetBytes: number, lengthBytes: number): Promise<void> {
    this.#assertClusters(offsetBytes, lengthBytes);
    await this.#guarded(() => this.#nbd.writeZeroes(offsetBytes, lengthBytes));
  }

  async flush(): Promise<void> {
    try {
      await this.#guarded(() => this.#nbd.flush());
      await this.#file.sync();
      await sync(dirname(this.layer.path));
    } catch (cause) {
      // A later flush may succeed although this one's data is lost: the kernel reports a failed write once.
      throw (this.#broken ??= diskFault(this.layer.path, cause));
    }
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    try {
      await this.#nbd.close();
      await removeNode(this.#daemon, this.#node);
    } catch (cause) {
      if (!this.#broken) throw diskFault(this.layer.path, cause);
    } finally {
      this.#broken ??= new Fault('disk-io', say('{path} is closed', { path: this.layer.path }));
      await this.#file.close();
      await this.#release();
    }
  }

  async #guarded(work: () => Promise<void>): Promise<void> {
    if (this.#broken) throw this.#broken;
    try {
      await work();
    } catch (cause) {
      throw this.#broken ?? diskFault(this.layer.path, cause);
    }
  }

  /** A detached layer cannot fill up the rest of a cluster from below: it would read as zeroes. */
  #assertClusters(offsetBytes: number, lengthBytes: number): void {
    const endBytes = offsetBytes + lengthBytes;
    const isWhole = offsetBytes % CLUSTER_BYTES === 0 && (endBytes % CLUSTER_BYTES === 0 || endBytes === this.#nbd.sizeBytes);
    assert(isWhole && lengthBytes > 0, `write of ${lengthBytes} bytes at ${offsetBytes} is not of whole clusters`);
  }
}

async function removeNode(daemon: StorageDaemon, node: string): Promise<void> {
  await daemon.exportDel(node);
  await daemon.blockdevDel(node);
}
