/**
 * Ships what a view holds and a plan wants: reads are pipelined, a cluster whose fingerprint the replica has already is
 * left out, zeroes go as ranges, the rest as data. Each batch of journal records goes to our own journal and, after the
 * data it speaks of, to the replica. Memory is bounded by the reads and sends under way, whatever the disk's size.
 */
import { CLUSTER_BYTES, clustersTouched, endOf, type Extent } from '../../extents/extent.ts';
import type { ClusterSet } from '../../extents/clusterset.ts';
import { FINGERPRINT_BYTES, isZero, type Fingerprinter } from '../../fingerprints/fingerprint.ts';
import { RecordBatch } from '../../fingerprints/record.ts';
import type { Compression } from '../ports/compression.ts';
import type { DiskSize, DiskView, LoanedChunk } from '../ports/diskview.ts';
import type { AttemptJournal, FingerprintMap } from '../ports/fingerprints.ts';
import type { LaneSender } from '../ports/peers.ts';
import type { KnownClusters } from './known.ts';
import { Plans, type Plan } from './plans.ts';
import { Sends } from './sends.ts';

const READ_BYTES = 512 * 1024;
/** Asked for at once; eight large reads, or so many small ones that the server is never idle between them. */
const READING_BYTES = 8 * READ_BYTES;
/** Reads and runs of zeroes that wait for their turn. */
const MAX_UNITS = 64;
/** A mark (a resume point, made durable by the replica) at least each time so much was sent, and so much was read. */
const MARK_EVERY_BYTES = 64 * 1024 * 1024;
const MARK_EVERY_READ_BYTES = 256 * 1024 * 1024;
/** What was scanned is scanned again in a fraction of the time. */
const SCANNED_FASTER = 4;

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

/** What was asked for or has to be said, in the order of the disk. */
type Unit =
  | { readonly kind: 'read'; readonly place: Place; readonly extent: Extent; readonly chunk: Promise<LoanedChunk> }
  | { readonly kind: 'zero'; readonly place: Place; readonly extent: Extent }
  | { readonly kind: 'window'; readonly index: number; readonly nextCluster: number; readonly doneBytes: number; readonly scannedBytes: number };

/** A window of a disk, with what the replica has of it. */
interface Place {
  readonly index: number;
  readonly disk: DiskSize;
  readonly known: KnownClusters;
}

class Shipper {
  readonly #it: Shipment;
  readonly #batch = new RecordBatch();
  readonly #sends: Sends;
  readonly #plans: Plans;
  readonly #totalBytes: number;
  readonly #fingerprint = Buffer.alloc(FINGERPRINT_BYTES);
  #units: Unit[] = [];
  #readingBytes = 0;
  #doneBytes = 0;
  #sinceMarkBytes = 0;
  #readSinceMarkBytes = 0;
  changedBytes = 0;

  constructor(shipment: Shipment) {
    this.#it = shipment;
    this.#sends = new Sends(shipment.lane, shipment.compression);
    this.#plans = new Plans(shipment);
    this.#totalBytes = shipment.view.disks.reduce((sum, disk) => sum + disk.sizeBytes, 0);
  }

  /** The next window is asked for while the reads of this one are under way. */
  async disk(index: number, disk: DiskSize, fromCluster: number): Promise<void> {
    const before = this.#it.view.disks.slice(0, index).reduce((sum, each) => sum + each.sizeBytes, 0);
    for await (const plan of this.#plans.of(disk, fromCluster)) {
      await this.#window(index, disk, plan);
      const { first, count } = clustersTouched(plan.window);
      this.#units.push({ kind: 'window', index, nextCluster: first + count, doneBytes: before + endOf(plan.window), scannedBytes: plan.scannedBytes });
    }
    await this.#handleUntil(() => this.#units.length === 0);
  }

  async #window(index: number, disk: DiskSize, { runs, known }: Plan): Promise<void> {
    const place = { index, disk, known };
    for (const run of runs) {
      if (run.zero) this.#units.push({ kind: 'zero', place, extent: run });
      else await this.#read(place, run);
      await this.#handleUntil(() => this.#units.length < MAX_UNITS);
    }
  }

  async #read(place: Place, run: Extent): Promise<void> {
    for (let offsetBytes = run.offsetBytes; offsetBytes < endOf(run); offsetBytes += READ_BYTES) {
      const extent = { offsetBytes, lengthBytes: Math.min(READ_BYTES, endOf(run) - offsetBytes) };
      await this.#handleUntil(() => this.#readingBytes + extent.lengthBytes <= READING_BYTES);
      const chunk = this.#it.view.read(place.disk.disk, extent, this.#it.signal);
      chunk.catch(() => undefined);
      this.#units.push({ kind: 'read', place, extent, chunk });
      this.#readingBytes += extent.lengthBytes;
    }
  }

  /** Handles the oldest units until that holds. */
  async #handleUntil(holds: () => boolean): Promise<void> {
    while (!holds()) await this.#handle(this.#units.shift()!);
  }

  async #handle(unit: Unit): Promise<void> {
    if (unit.kind === 'window') return this.#passed(unit);
    if (unit.kind === 'zero') return this.#zeroes(unit.place, unit.extent);
    this.#readingBytes -= unit.extent.lengthBytes;
    this.#readSinceMarkBytes += unit.extent.lengthBytes;
    await this.#clusters(unit.place, unit.extent, await unit.chunk);
    const { first, count } = clustersTouched(unit.extent);
    if (this.#sinceMarkBytes >= MARK_EVERY_BYTES) await this.mark(unit.place.index, first + count);
  }

  /** A window is behind us. It is worth a mark, which the replica flushes for, only when doing it again would take long. */
  async #passed({ index, nextCluster, doneBytes, scannedBytes }: Extract<Unit, { kind: 'window' }>): Promise<void> {
    this.#doneBytes = doneBytes;
    this.#readSinceMarkBytes += scannedBytes / SCANNED_FASTER;
    if (this.#readSinceMarkBytes >= MARK_EVERY_READ_BYTES) await this.mark(index, nextCluster);
    else this.#report();
  }

  /** Sorts a chunk's clusters into known, zero and data, and sends runs of data from the chunk's own memory. */
  async #clusters(place: Place, extent: Extent, chunk: LoanedChunk): Promise<void> {
    const loan = this.#sends.loan(chunk);
    let runFrom = -1;
    const { first, count } = clustersTouched(extent);
    for (let i = 0; i <= count; i++) {
      const isData = i < count && (await this.#sortOut(place, first + i, chunk.memory.subarray(chunk.headroomBytes + i * CLUSTER_BYTES, chunk.headroomBytes + Math.min((i + 1) * CLUSTER_BYTES, extent.lengthBytes))));
      if (isData && runFrom < 0) runFrom = i;
      if (!isData && runFrom >= 0) {
        const until = Math.min(i * CLUSTER_BYTES, extent.lengthBytes);
        await this.#sends.data(loan, { disk: place.index, offsetBytes: extent.offsetBytes + runFrom * CLUSTER_BYTES, fromBytes: runFrom * CLUSTER_BYTES, untilBytes: until });
        runFrom = -1;
      }
    }
    loan.done();
    if (this.#batch.isFull) await this.#flush();
  }

  /** True when the cluster travels as data; a zero or known one is dealt with here. */
  async #sortOut({ index, disk, known }: Place, cluster: number, bytes: Buffer): Promise<boolean> {
    if (this.#batch.isFull) await this.#flush();
    this.#it.fingerprinter.write(bytes, this.#fingerprint);
    if (known.has(cluster, this.#fingerprint)) return false;
    this.#changed(bytes.length);
    if (isZero(bytes)) {
      this.#batch.addZeroes(index, cluster, 1, disk.sizeBytes, this.#it.fingerprinter);
      return false;
    }
    this.#batch.addData(index, cluster, this.#fingerprint);
    return true;
  }

  async #zeroes({ index, disk, known }: Place, run: Extent): Promise<void> {
    for (const part of known.notZero(clustersTouched(run), disk.sizeBytes, this.#it.fingerprinter)) {
      if (this.#batch.isFull) await this.#flush();
      this.#batch.addZeroes(index, part.first, part.count, disk.sizeBytes, this.#it.fingerprinter);
      this.#changed(Math.min(part.count * CLUSTER_BYTES, disk.sizeBytes - part.first * CLUSTER_BYTES));
    }
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
    this.#readSinceMarkBytes = 0;
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
    for (const unit of this.#units.splice(0)) if (unit.kind === 'read') await unit.chunk.then((chunk) => chunk.release(), () => undefined);
    await this.#sends.settled().catch(() => undefined);
  }
}
