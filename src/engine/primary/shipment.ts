/**
 * Ships what a view holds and a plan wants: reads are pipelined, a cluster whose fingerprint the replica has already is
 * left out, zeroes go as ranges, the rest as data. Each batch of journal records goes to our own journal and, after the
 * data it speaks of, to the replica. Memory is bounded by the reads and sends under way, whatever the disk's size.
 */
import { CLUSTER_BYTES, clustersTouched, endOf, type Extent } from '../../extents/extent.ts';
import type { ClusterSet } from '../../extents/clusterset.ts';
import { FINGERPRINT_BYTES, isZero, sameFingerprint, type Fingerprinter } from '../../fingerprints/fingerprint.ts';
import { RecordBatch } from '../../fingerprints/record.ts';
import type { Compression } from '../ports/compression.ts';
import type { DiskSize, DiskView, LoanedChunk } from '../ports/diskview.ts';
import type { AttemptJournal, FingerprintMap } from '../ports/fingerprints.ts';
import type { LaneSender } from '../ports/peers.ts';
import { Plans, type Plan } from './plans.ts';
import { Sends } from './sends.ts';

const READ_BYTES = 512 * 1024;
const READS_UNDER_WAY = 8;
/** A mark (a resume point, made durable by the replica) at least this often. */
const MARK_EVERY_BYTES = 64 * 1024 * 1024;
/** Of the disk, also where nothing travels. */
const MARK_AT_LEAST_EVERY_BYTES = 1024 * 1024 * 1024;

/** What is known of a disk's clusters on the replica. */
export type Known = Pick<FingerprintMap, 'read'>;

export interface Shipment {
  readonly view: DiskView;
  /** Clusters that travel besides what the view calls dirty. */
  readonly carried: ReadonlyMap<string, ClusterSet>;
  /** What the replica has, where that is known; a disk without it skips nothing. */
  readonly maps: ReadonlyMap<string, Known>;
  /** Fingerprints of many clusters at once, where that is faster than reading them here; null where they would be read here twice. */
  readonly scan: ((disk: string, window: Extent, among: ClusterSet, signal: AbortSignal) => Promise<Buffer>) | null;
  readonly fingerprinter: Fingerprinter;
  readonly journal: AttemptJournal;
  readonly lane: LaneSender;
  readonly compression: { readonly with: Compression; readonly level: number } | null;
  readonly from: { readonly disk: number; readonly cluster: number };
  readonly onProgress: (progress: Progress) => void;
  readonly signal: AbortSignal;
}

export interface Progress {
  /** Bytes of the disks that are behind us, and in all. */
  readonly doneBytes: number;
  readonly totalBytes: number;
  /** Bytes of clusters that were sent, as data or as zero. */
  readonly changedBytes: number;
}

/** Everything wanted was handed to the lane and written to our journal; `changedBytes` of it were sent. */
export async function ship(shipment: Shipment): Promise<{ changedBytes: number }> {
  const shipper = new Shipper(shipment);
  try {
    for (const [index, disk] of shipment.view.disks.entries()) {
      if (index >= shipment.from.disk) await shipper.disk(index, disk, index === shipment.from.disk ? shipment.from.cluster : 0);
    }
    await shipper.mark(shipment.view.disks.length, 0);
  } finally {
    await shipper.settle();
  }
  return { changedBytes: shipper.changedBytes };
}

interface Unit {
  readonly extent: Extent;
  readonly chunk: Promise<LoanedChunk>;
}

class Shipper {
  readonly #it: Shipment;
  readonly #batch = new RecordBatch();
  readonly #sends: Sends;
  readonly #plans: Plans;
  readonly #totalBytes: number;
  readonly #fingerprint = Buffer.alloc(FINGERPRINT_BYTES);
  #units: Unit[] = [];
  #doneBytes = 0;
  /** Since the last mark: what was sent, and what of the disk is behind us. */
  #sinceMarkBytes = 0;
  #passedBytes = 0;
  /** What the replica has of the current window. */
  #known: Buffer | null = null;
  #knownFrom = 0;
  changedBytes = 0;

  constructor(shipment: Shipment) {
    this.#it = shipment;
    this.#sends = new Sends(shipment.lane, shipment.compression);
    this.#plans = new Plans(shipment);
    this.#totalBytes = shipment.view.disks.reduce((sum, disk) => sum + disk.sizeBytes, 0);
  }

  async disk(index: number, disk: DiskSize, fromCluster: number): Promise<void> {
    const before = this.#it.view.disks.slice(0, index).reduce((sum, each) => sum + each.sizeBytes, 0);
    for await (const plan of this.#plans.of(disk, fromCluster)) {
      await this.#window(index, disk, plan);
      this.#doneBytes = before + endOf(plan.window);
      const { first, count } = clustersTouched(plan.window);
      this.#passedBytes += plan.window.lengthBytes;
      if (this.#passedBytes >= MARK_AT_LEAST_EVERY_BYTES || endOf(plan.window) === disk.sizeBytes) await this.mark(index, first + count);
    }
  }

  async #window(index: number, disk: DiskSize, { window, runs, known }: Plan): Promise<void> {
    this.#known = known;
    this.#knownFrom = clustersTouched(window).first;
    for (const run of runs) {
      if (run.zero) {
        await this.#drain(index, disk, 0);
        await this.#zeroes(index, disk, run);
      } else await this.#read(index, disk, run);
    }
    await this.#drain(index, disk, 0);
  }

  async #read(index: number, disk: DiskSize, run: Extent): Promise<void> {
    const end = run.offsetBytes + run.lengthBytes;
    for (let offsetBytes = run.offsetBytes; offsetBytes < end; offsetBytes += READ_BYTES) {
      const extent = { offsetBytes, lengthBytes: Math.min(READ_BYTES, end - offsetBytes) };
      const chunk = this.#it.view.read(disk.disk, extent, this.#it.signal);
      chunk.catch(() => undefined);
      this.#units.push({ extent, chunk });
      await this.#drain(index, disk, READS_UNDER_WAY - 1);
    }
  }

  /** Handles the oldest reads until at most `left` are under way. */
  async #drain(index: number, disk: DiskSize, left: number): Promise<void> {
    while (this.#units.length > left) {
      const unit = this.#units.shift()!;
      const chunk = await unit.chunk;
      await this.#clusters(index, disk, unit.extent, chunk);
      if (this.#sinceMarkBytes >= MARK_EVERY_BYTES) await this.mark(index, clustersTouched(unit.extent).first + clustersTouched(unit.extent).count);
    }
  }

  /** Sorts a chunk's clusters into known, zero and data, and sends runs of data from the chunk's own memory. */
  async #clusters(index: number, disk: DiskSize, extent: Extent, chunk: LoanedChunk): Promise<void> {
    const loan = this.#sends.loan(chunk);
    let runFrom = -1;
    const { first, count } = clustersTouched(extent);
    for (let i = 0; i <= count; i++) {
      const isData = i < count && (await this.#sortOut(index, disk, first + i, chunk.memory.subarray(chunk.headroomBytes + i * CLUSTER_BYTES, chunk.headroomBytes + Math.min((i + 1) * CLUSTER_BYTES, extent.lengthBytes))));
      if (isData && runFrom < 0) runFrom = i;
      if (!isData && runFrom >= 0) {
        const until = Math.min(i * CLUSTER_BYTES, extent.lengthBytes);
        await this.#sends.data(loan, { disk: index, offsetBytes: extent.offsetBytes + runFrom * CLUSTER_BYTES, fromBytes: runFrom * CLUSTER_BYTES, untilBytes: until });
        runFrom = -1;
      }
    }
    loan.done();
    if (this.#batch.isFull) await this.#flush();
  }

  /** True when the cluster travels as data; a zero or known one is dealt with here. */
  async #sortOut(index: number, disk: DiskSize, cluster: number, bytes: Buffer): Promise<boolean> {
    if (this.#batch.isFull) await this.#flush();
    this.#it.fingerprinter.write(bytes, this.#fingerprint);
    const at = (cluster - this.#knownFrom) * FINGERPRINT_BYTES;
    if (this.#known && sameFingerprint(this.#known, at, this.#fingerprint, 0)) return false;
    this.#changed(bytes.length);
    if (isZero(bytes)) {
      this.#batch.addZeroes(index, cluster, 1, disk.sizeBytes, this.#it.fingerprinter);
      return false;
    }
    this.#batch.addData(index, cluster, this.#fingerprint);
    return true;
  }

  async #zeroes(index: number, disk: DiskSize, run: Extent): Promise<void> {
    const { first, count } = clustersTouched(run);
    for (const part of this.#unknownZeroes(disk, first, count)) {
      if (this.#batch.isFull) await this.#flush();
      this.#batch.addZeroes(index, part.first, part.count, disk.sizeBytes, this.#it.fingerprinter);
      this.#changed(Math.min(part.count * CLUSTER_BYTES, disk.sizeBytes - part.first * CLUSTER_BYTES));
    }
  }

  *#unknownZeroes(disk: DiskSize, first: number, count: number): Generator<{ first: number; count: number }> {
    if (!this.#known) {
      yield { first, count };
      return;
    }
    let from = -1;
    for (let cluster = first; cluster <= first + count; cluster++) {
      const isUnknown = cluster < first + count && !this.#isKnownZero(disk, cluster);
      if (isUnknown && from < 0) from = cluster;
      if (!isUnknown && from >= 0) {
        yield { first: from, count: cluster - from };
        from = -1;
      }
    }
  }

  #isKnownZero(disk: DiskSize, cluster: number): boolean {
    const lengthBytes = Math.min(CLUSTER_BYTES, disk.sizeBytes - cluster * CLUSTER_BYTES);
    return sameFingerprint(this.#known!, (cluster - this.#knownFrom) * FINGERPRINT_BYTES, this.#it.fingerprinter.ofZeroes(lengthBytes), 0);
  }

  #changed(bytes: number): void {
    this.changedBytes += bytes;
    this.#sinceMarkBytes += bytes;
  }

  async mark(disk: number, cluster: number): Promise<void> {
    if (this.#batch.isFull) await this.#flush();
    this.#batch.addMark(disk, cluster);
    await this.#flush();
    this.#sinceMarkBytes = 0;
    this.#passedBytes = 0;
    this.#report();
  }

  /** The records follow the data that they speak of. */
  async #flush(): Promise<void> {
    if (this.#batch.lengthBytes === 0) return;
    await this.#sends.settled();
    const records = this.#batch.take();
    await this.#it.journal.append(records);
    await this.#it.lane.journal(records);
  }

  #report(): void {
    this.#it.onProgress({ doneBytes: this.#doneBytes, totalBytes: this.#totalBytes, changedBytes: this.changedBytes });
  }

  /** Gives back all memory, also after a failure. */
  async settle(): Promise<void> {
    await this.#plans.end();
    for (const unit of this.#units.splice(0)) await unit.chunk.then((chunk) => chunk.release(), () => undefined);
    await this.#sends.settled().catch(() => undefined);
  }
}
