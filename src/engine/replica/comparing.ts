/**
 * The replica's part of a comparison: while an attempt that compares is being received, its disks below that attempt stand
 * still, and are read for their fingerprints. The map of this host learns them, so that it can take over.
 */
import { clusterCount, clusterExtent, windows, type Extent, CLUSTER_BYTES } from '../../extents/extent.ts';
import { Fault } from '../../errors/fault.ts';
import { FINGERPRINT_BYTES, Fingerprinter } from '../../fingerprints/fingerprint.ts';
import { say } from '../../language/text.ts';
import type { Receiving, Relationship } from '../../machine/records.ts';
import { MAX_COMPARED_CLUSTERS, type CompareRequest } from '../calls.ts';
import type { Host } from '../host.ts';
import { keyId } from '../primary/attempt.ts';
import { payloadOf, type DiskView, type LoanedChunk } from '../ports/diskview.ts';
import { machineOf } from '../spec.ts';

const READ_BYTES = 512 * 1024;
const READS_UNDER_WAY = 4;

export class Comparing {
  readonly #host: Host;
  readonly #relationship: Relationship;
  readonly #receiving: Receiving;
  readonly #fingerprinter: Fingerprinter;
  readonly #ended = new AbortController();
  #view: Promise<DiskView> | undefined;

  constructor(host: Host, relationship: Relationship, receiving: Receiving) {
    this.#host = host;
    this.#relationship = relationship;
    this.#receiving = receiving;
    this.#fingerprinter = new Fingerprinter(Buffer.from(relationship.key, 'base64'));
  }

  /** Of each cluster as the disk holds it; unknown for those beyond the disk's end there. */
  async fingerprints({ disk, first, count }: CompareRequest): Promise<Buffer> {
    const { comparedWith, epochId } = this.#receiving;
    if (!comparedWith) throw new Fault('peer-protocol', say('the attempt does not compare'));
    if (!(count >= 1 && count <= MAX_COMPARED_CLUSTERS && first >= 0)) throw new Fault('peer-protocol', say('fingerprints of {count} clusters from {first}', { count, first }));
    this.#ended.signal.throwIfAborted();
    const view = await (this.#view ??= this.#open());
    const stack = view.disks.find((each) => each.disk === disk);
    const entries = Buffer.alloc(count * FINGERPRINT_BYTES);
    const found = Math.min(count, clusterCount(stack?.sizeBytes ?? 0) - first);
    if (!stack || found <= 0) return entries;
    await this.#read(view, stack.disk, clusterExtent(first, found, stack.sizeBytes), entries);
    const map = await this.#host.fingerprints.map(this.#relationship.id, disk, stack.sizeBytes, keyId(this.#relationship));
    await map.claim({ pointId: comparedWith, epochId });
    await map.learn(comparedWith, first, entries.subarray(0, found * FINGERPRINT_BYTES));
    return entries;
  }

  /** Nothing is read any more. */
  async close(): Promise<void> {
    this.#ended.abort(new Fault('attempt-lost', say('the comparison has ended')));
    await this.#view?.then((view) => view.close(), () => undefined);
  }

  async #open(): Promise<DiskView> {
    const machine = machineOf(this.#host, this.#relationship.machineId);
    if ((await this.#host.hypervisor.power(machine.id)) !== 'off') throw new Fault('disk-in-use', say('{machine}: a guest on {host} has the disks open', { machine: machine.name, host: this.#host.hostName }));
    if (this.#relationship.awaited) throw new Fault('peer-busy', say('{machine}: comparing waits until the media with the first copy are imported on {host}', { machine: machine.name, host: this.#host.hostName }));
    const named = new Set(this.#receiving.layers.map(({ disk }) => disk));
    return this.#host.hypervisor.openStacks(machine.stacks.filter(({ disk, layers }) => named.has(disk) && layers.length > 0), this.#ended.signal);
  }

  async #read(view: DiskView, disk: string, extent: Extent, entries: Buffer): Promise<void> {
    const { signal } = this.#ended;
    const at = ({ offsetBytes }: Extent) => ((offsetBytes - extent.offsetBytes) / CLUSTER_BYTES) * FINGERPRINT_BYTES;
    const underWay: { readonly part: Extent; readonly chunk: Promise<LoanedChunk> }[] = [];
    const drain = async (left: number) => {
      while (underWay.length > left) {
        const { part, chunk } = underWay.shift()!;
        this.#write(await chunk, entries, at(part));
      }
    };
    try {
      for (const run of await view.status(disk, extent, signal)) {
        if (run.zero) this.#zeroes(run, entries, at(run));
        else for (const part of windows(run.offsetBytes + run.lengthBytes, READ_BYTES, run.offsetBytes)) {
          const chunk = view.read(disk, part, signal);
          chunk.catch(() => undefined);
          underWay.push({ part, chunk });
          await drain(READS_UNDER_WAY - 1);
        }
      }
      await drain(0);
    } finally {
      for (const { chunk } of underWay) await chunk.then((loaned) => loaned.release(), () => undefined);
    }
  }

  #write(chunk: LoanedChunk, entries: Buffer, at: number): void {
    const bytes = payloadOf(chunk);
    for (let from = 0; from < bytes.length; from += CLUSTER_BYTES) this.#fingerprinter.write(bytes.subarray(from, from + CLUSTER_BYTES), entries, at + (from / CLUSTER_BYTES) * FINGERPRINT_BYTES);
    chunk.release();
  }

  #zeroes({ lengthBytes }: Extent, entries: Buffer, at: number): void {
    for (let from = 0; from < lengthBytes; from += CLUSTER_BYTES) this.#fingerprinter.ofZeroes(Math.min(CLUSTER_BYTES, lengthBytes - from)).copy(entries, at + (from / CLUSTER_BYTES) * FINGERPRINT_BYTES);
  }
}
