/**
 * An attempt's journal: an append-only file of records (record.ts), the same bytes on both hosts, so that both compute
 * the same digest. Marks in it are where an interrupted attempt goes on.
 */
import { Blake3Hasher } from '@napi-rs/blake-hash';
import { assert } from '../errors/bug.ts';
import { Fault } from '../errors/fault.ts';
import { ClusterSet } from '../extents/clusterset.ts';
import { clusterCount } from '../extents/extent.ts';
import { say } from '../language/text.ts';
import type { DurableFile } from './durablefile.ts';
import { checkRecords, RECORD_BYTES, recordAt, recordsOf, wholeRecordsBytes, type JournalRecord } from './record.ts';
import { Turns } from './turns.ts';

const READ_BYTES = 1024 * 1024;

/** A disk of an attempt; a record's disk number is the index in the attempt's list of these. */
export interface SizedDisk {
  readonly disk: string;
  readonly sizeBytes: number;
}

/** Where shipping goes on when the journal is cut to `bytes`. */
export interface ResumePoint {
  readonly bytes: number;
  readonly disk: number;
  readonly cluster: number;
}

/** What an attempt carried. The counts are of distinct clusters, by what was last said of each. */
export interface Carried {
  readonly sets: ReadonlyMap<string, ClusterSet>;
  readonly dataClusters: number;
  readonly zeroClusters: number;
}

const START: ResumePoint = { bytes: 0, disk: 0, cluster: 0 };

export class Journal {
  readonly #file: DurableFile;
  readonly #turns = new Turns();
  #sizeBytes: number;
  #syncFailure: unknown;

  private constructor(file: DurableFile, sizeBytes: number) {
    this.#file = file;
    this.#sizeBytes = sizeBytes;
  }

  /** The journal as a crash left it: cut after the last whole record that nothing is missing before. All of it is durable. */
  static async open(file: DurableFile): Promise<Journal> {
    const journal = new Journal(file, await file.sizeBytes());
    let good = 0;
    for await (const batch of journal.batches()) {
      const whole = wholeRecordsBytes(batch);
      good += whole;
      if (whole < batch.length) break;
    }
    if (good < journal.#sizeBytes) await file.truncate(good);
    await file.sync();
    journal.#sizeBytes = good;
    return journal;
  }

  /** Bytes appended so far, whether durable or not. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** The records are at the end, durable after `sync`. Fault peer-protocol, and no change, unless all are well-formed. */
  append(records: Buffer): Promise<void> {
    return this.#turns.take(async () => {
      checkRecords(records);
      await this.#file.write(records, this.#sizeBytes);
      this.#sizeBytes += records.length;
    });
  }

  /**
   * All that was appended before is durable: so many bytes. After a failure the journal is of no more use: the kernel takes
   * lost pages for written, so that a second sync would succeed and be untrue.
   */
  sync(): Promise<number> {
    return this.#turns.take(async () => {
      await this.#sync();
      return this.#sizeBytes;
    });
  }

  /** The first `bytes` bytes are left, durably. */
  truncateTo(bytes: number): Promise<void> {
    return this.#turns.take(async () => {
      assert(bytes % RECORD_BYTES === 0 && bytes <= this.#sizeBytes, `a journal of ${this.#sizeBytes} bytes cut to ${bytes}`);
      await this.#file.truncate(bytes);
      this.#sizeBytes = bytes;
      await this.#sync();
    });
  }

  /** The last mark that ends at or before `bytes`; the start when there is none. */
  async lastMarkAtOrBefore(bytes: number): Promise<ResumePoint> {
    let end = Math.min(bytes - (bytes % RECORD_BYTES), this.#sizeBytes);
    while (end > 0) {
      const from = Math.max(0, end - READ_BYTES);
      const found = lastMarkIn(await this.#read(from, end - from), from);
      if (found !== undefined) return found;
      end = from;
    }
    return START;
  }

  /** BLAKE3 of all bytes, in hex. */
  async digest(): Promise<string> {
    const hasher = new Blake3Hasher();
    for await (const batch of this.batches()) hasher.update(batch);
    return hasher.digest('hex');
  }

  /** The journal in batches of whole records, at most 1 MiB each. */
  async *batches(): AsyncGenerator<Buffer> {
    for (let at = 0; at < this.#sizeBytes; at += READ_BYTES) yield await this.#read(at, Math.min(READ_BYTES, this.#sizeBytes - at));
  }

  /** All records in order, of which only a batch is in memory. */
  async *records(): AsyncGenerator<JournalRecord> {
    for await (const batch of this.batches()) yield* recordsOf(batch);
  }

  /** The clusters that the records speak of, per disk. Fault integrity when one is of no such disk or beyond its end. */
  async clusterSets(disks: readonly SizedDisk[]): Promise<Carried> {
    const sets = disks.map(({ sizeBytes }) => new ClusterSet(clusterCount(sizeBytes)));
    const zeroes = sets.map(({ clusters }) => new ClusterSet(clusters));
    for await (const batch of this.batches()) for (const record of recordsOf(batch)) note(record, sets, zeroes);
    const total = (of: readonly ClusterSet[]) => of.reduce((sum, { size }) => sum + size, 0);
    const zeroClusters = total(zeroes);
    const named = new Map(disks.map(({ disk }, index) => [disk, sets[index]!] as const));
    return { sets: named, dataClusters: total(sets) - zeroClusters, zeroClusters };
  }

  close(): Promise<void> {
    return this.#turns.take(() => this.#file.close());
  }

  async #sync(): Promise<void> {
    if (this.#syncFailure !== undefined) throw this.#syncFailure;
    await this.#file.sync().catch((failure: unknown) => {
      this.#syncFailure = failure;
      throw failure;
    });
  }

  async #read(offsetBytes: number, lengthBytes: number): Promise<Buffer> {
    const memory = Buffer.allocUnsafe(lengthBytes);
    const got = await this.#file.read(memory, offsetBytes);
    if (got !== lengthBytes) throw new Fault('disk-io', say('The journal ends at byte {offsetBytes} of {sizeBytes}.', { offsetBytes: String(offsetBytes + got), sizeBytes: String(this.#sizeBytes) }));
    return memory;
  }
}

function lastMarkIn(batch: Buffer, startBytes: number): ResumePoint | undefined {
  for (let end = batch.length; end > 0; end -= RECORD_BYTES) {
    const record = recordAt(batch, end - RECORD_BYTES);
    if (record.kind === 'mark') return { bytes: startBytes + end, disk: record.disk, cluster: record.cluster };
  }
  return undefined;
}

function note(record: JournalRecord, sets: readonly ClusterSet[], zeroes: readonly ClusterSet[]): void {
  if (record.kind === 'mark') return;
  const { disk, cluster, count } = record;
  const set = sets[disk];
  if (set === undefined || cluster + count > set.clusters) throw outside(record.disk, cluster, count);
  set.addRun(cluster, count);
  if (record.kind === 'zero') zeroes[disk]!.addRun(cluster, count);
  else zeroes[disk]!.delete(cluster);
}

export const outside = (disk: number, cluster: number, count: number): Fault =>
  new Fault('integrity', say('The journal speaks of clusters {cluster}+{count} of disk {disk}, which has no such clusters.', { cluster, count, disk }));
