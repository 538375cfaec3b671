/** Takes a lane's frames into the layers of the attempt that is being received, and its records into the journal. */
import { CLUSTER_BYTES, clusterCount } from '../../extents/extent.ts';
import { Fault } from '../../errors/fault.ts';
import { recordsOf } from '../../fingerprints/record.ts';
import { say } from '../../language/text.ts';
import type { Receiving } from '../../machine/records.ts';
import type { Compression } from '../ports/compression.ts';
import type { Chunk } from '../ports/diskview.ts';
import type { AttemptJournal } from '../ports/fingerprints.ts';
import type { LayerStore, LayerWriter } from '../ports/layers.ts';
import type { DataFrame, LaneHandler } from '../ports/peers.ts';

interface Target {
  readonly writer: LayerWriter;
  readonly sizeBytes: number;
}

export class Intake implements LaneHandler {
  readonly #targets: readonly Target[];
  readonly #journal: AttemptJournal;
  readonly #compression: Compression;

  private constructor(targets: readonly Target[], journal: AttemptJournal, compression: Compression) {
    this.#targets = targets;
    this.#journal = journal;
    this.#compression = compression;
  }

  static async open(receiving: { readonly layers: readonly Pick<Receiving['layers'][number], 'layer' | 'sizeBytes'>[] }, layers: LayerStore, journal: AttemptJournal, compression: Compression): Promise<Intake> {
    const targets: Target[] = [];
    try {
      for (const { layer, sizeBytes } of receiving.layers) {
        // An attempt that was about to become a point goes on: its layers are none while they change.
        if (await layers.sidecar(layer)) await layers.relabel(layer, null);
        targets.push({ writer: await layers.open(layer), sizeBytes });
      }
    } catch (thrown) {
      for (const { writer } of targets) await writer.close();
      throw thrown;
    }
    return new Intake(targets, journal, compression);
  }

  async data(frame: DataFrame, chunk: Chunk): Promise<void> {
    const { writer, sizeBytes } = this.#target(frame.disk, frame.offsetBytes, frame.rawBytes);
    const isWhole = frame.offsetBytes % CLUSTER_BYTES === 0 && (frame.rawBytes % CLUSTER_BYTES === 0 || frame.offsetBytes + frame.rawBytes === sizeBytes);
    if (!isWhole) throw new Fault('peer-protocol', say('data of {rawBytes} bytes at {offsetBytes} is not whole clusters', { rawBytes: String(frame.rawBytes), offsetBytes: String(frame.offsetBytes) }));
    if (!frame.compressed) return writer.write(frame.offsetBytes, chunk);
    const raw = await this.#compression.decompress(chunk.memory.subarray(chunk.headroomBytes), frame.rawBytes);
    return writer.write(frame.offsetBytes, { memory: raw, headroomBytes: 0 });
  }

  /** Zeroes are written as the records say; a mark makes all before it durable, data first. */
  async journal(records: Buffer): Promise<number | undefined> {
    let isMarked = false;
    for (const record of recordsOf(records)) {
      if (record.kind === 'mark') isMarked = true;
      if (record.kind === 'zero') await this.#zero(record.disk, record.cluster, record.count);
    }
    // Data first: a mark that is in the journal after a power loss has to be true, whether it was synced or not.
    if (isMarked) for (const { writer } of this.#targets) await writer.flush();
    await this.#journal.append(Buffer.from(records));
    return isMarked ? this.#journal.sync() : undefined;
  }

  async close(): Promise<void> {
    for (const { writer } of this.#targets) await writer.close();
  }

  async #zero(disk: number, first: number, count: number): Promise<void> {
    const offsetBytes = first * CLUSTER_BYTES;
    const { writer, sizeBytes } = this.#target(disk, offsetBytes, 0);
    if (first + count > clusterCount(sizeBytes)) throw new Fault('peer-protocol', say('zeroes beyond the end of disk {disk}', { disk }));
    await writer.zero(offsetBytes, Math.min(count * CLUSTER_BYTES, sizeBytes - offsetBytes));
  }

  #target(disk: number, offsetBytes: number, lengthBytes: number): Target {
    const target = this.#targets[disk];
    if (!target || offsetBytes + lengthBytes > target.sizeBytes) throw new Fault('peer-protocol', say('a frame is of disk {disk} at {offsetBytes}+{lengthBytes}, which is not part of the cycle', { disk, offsetBytes: String(offsetBytes), lengthBytes: String(lengthBytes) }));
    return target;
  }
}
