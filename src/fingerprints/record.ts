/**
 * Records of an attempt's journal, 32 bytes each, little-endian; they travel to the other host as they are:
 *
 *   0  u8   kind         1 data cluster, 2 run of zero clusters, 3 mark
 *   1  u8   0
 *   2  u16  disk         index in the attempt's list of disks
 *   4  u32  count        data: 1; zero: clusters in the run, at least 1; mark: 0
 *   8  u64  cluster      data: the cluster; zero: the first; mark: where shipping goes on
 *  16  16   fingerprint  data, zero: of each cluster of the record; mark: 0
 *
 * A disk's short tail has a zero record of its own, since its fingerprint is another. A mark says that all that comes
 * before it was sent.
 */
import { assert } from '../errors/bug.ts';
import { Fault } from '../errors/fault.ts';
import { CLUSTER_BYTES, clusterCount } from '../extents/extent.ts';
import { say } from '../language/text.ts';
import { FINGERPRINT_BYTES, isUnknown, type Fingerprinter } from './fingerprint.ts';

export const RECORD_BYTES = 32;
/** A batch is one lane frame: 1 MiB. */
export const MAX_BATCH_RECORDS = 32_768;
const FINGERPRINT_AT = 16;
const MAX_RUN = 0xffff_ffff;

const DATA = 1;
const ZERO = 2;
const MARK = 3;

export interface Mark {
  readonly kind: 'mark';
  readonly disk: number;
  readonly cluster: number;
}

export interface Shipped {
  readonly kind: 'data' | 'zero';
  readonly disk: number;
  readonly cluster: number;
  readonly count: number;
  /** A view of the batch that was read. */
  readonly fingerprint: Buffer;
}

export type JournalRecord = Shipped | Mark;

/** Collects records until it is full or taken. */
export class RecordBatch {
  readonly #capacityBytes: number;
  #memory: Buffer;
  #lengthBytes = 0;

  constructor(capacityRecords = 4_096) {
    assert(capacityRecords >= 2 && capacityRecords <= MAX_BATCH_RECORDS, `a batch of ${capacityRecords} records`);
    this.#capacityBytes = capacityRecords * RECORD_BYTES;
    this.#memory = Buffer.alloc(this.#capacityBytes);
  }

  get lengthBytes(): number {
    return this.#lengthBytes;
  }

  /** No room for the two records that one addition may take. */
  get isFull(): boolean {
    return this.#lengthBytes > this.#capacityBytes - 2 * RECORD_BYTES;
  }

  addData(disk: number, cluster: number, fingerprint: Uint8Array): void {
    this.#add(DATA, disk, 1, cluster, fingerprint);
  }

  /**
   * Adds a run of zero clusters of a disk of this size: none or one record, as it goes on from the last one or not, and one
   * more when the run ends in a short tail.
   */
  addZeroes(disk: number, first: number, count: number, sizeBytes: number, fingerprinter: Fingerprinter): void {
    const end = first + count;
    assert(count > 0 && end <= clusterCount(sizeBytes), `zero clusters ${first}+${count} of a disk of ${sizeBytes} bytes`);
    const tailBytes = end * CLUSTER_BYTES > sizeBytes ? sizeBytes % CLUSTER_BYTES : 0;
    const whole = tailBytes === 0 ? count : count - 1;
    if (whole > 0 && !this.#extendsLast(disk, whole, first)) this.#add(ZERO, disk, whole, first, fingerprinter.ofZeroes());
    if (tailBytes > 0) this.#add(ZERO, disk, 1, end - 1, fingerprinter.ofZeroes(tailBytes));
  }

  addMark(disk: number, cluster: number): void {
    this.#add(MARK, disk, 0, cluster, undefined);
  }

  /** The records so far, in memory that is the caller's; the batch is empty. */
  take(): Buffer {
    const records = this.#memory.subarray(0, this.#lengthBytes);
    this.#memory = Buffer.alloc(this.#capacityBytes);
    this.#lengthBytes = 0;
    return records;
  }

  /** True when the last record was of zeroes up to there, and now is of these too. A tail is a disk's end: nothing goes on from it. */
  #extendsLast(disk: number, count: number, cluster: number): boolean {
    const at = this.#lengthBytes - RECORD_BYTES;
    if (at < 0 || this.#memory[at] !== ZERO || this.#memory.readUInt16LE(at + 2) !== disk) return false;
    const lastCount = this.#memory.readUInt32LE(at + 4);
    if (this.#memory.readUIntLE(at + 8, 6) + lastCount !== cluster || lastCount + count > MAX_RUN) return false;
    this.#memory.writeUInt32LE(lastCount + count, at + 4);
    return true;
  }

  #add(kind: number, disk: number, count: number, cluster: number, fingerprint: Uint8Array | undefined): void {
    assert(this.#lengthBytes < this.#capacityBytes, 'the batch of journal records is full');
    assert(count <= MAX_RUN, `a run of ${count} clusters`);
    const at = this.#lengthBytes;
    this.#memory[at] = kind;
    this.#memory.writeUInt16LE(disk, at + 2);
    this.#memory.writeUInt32LE(count, at + 4);
    this.#memory.writeUIntLE(cluster, at + 8, 6);
    if (fingerprint !== undefined) {
      assert(fingerprint.length === FINGERPRINT_BYTES, `a fingerprint of ${fingerprint.length} bytes`);
      this.#memory.set(fingerprint, at + FINGERPRINT_AT);
    }
    this.#lengthBytes += RECORD_BYTES;
  }
}

const COUNTS: Readonly<Record<number, (count: number) => boolean>> = {
  [DATA]: (count) => count === 1,
  [ZERO]: (count) => count >= 1,
  [MARK]: (count) => count === 0,
};

/** Kind, count and fingerprint agree, and the numbers can be held. */
function isRecord(memory: Buffer, at: number): boolean {
  const kind = memory[at]!;
  const countFits = COUNTS[kind]?.(memory.readUInt32LE(at + 4)) ?? false;
  const holdable = memory[at + 1] === 0 && memory.readUInt16LE(at + 14) === 0;
  return countFits && holdable && isUnknown(memory, at + FINGERPRINT_AT) === (kind === MARK);
}

/** Length of the longest beginning that is made of whole, well-formed records. */
export function wholeRecordsBytes(memory: Buffer): number {
  let at = 0;
  while (at + RECORD_BYTES <= memory.length && isRecord(memory, at)) at += RECORD_BYTES;
  return at;
}

/** Fault peer-protocol unless all of it is whole, well-formed records. */
export function checkRecords(memory: Buffer): void {
  const good = wholeRecordsBytes(memory);
  if (good !== memory.length) throw new Fault('peer-protocol', say('A batch of {count} bytes of journal has no record at byte {good}.', { count: memory.length, good }));
}

/** The records in order. The memory holds whole, well-formed records. */
export function* recordsOf(memory: Buffer): Generator<JournalRecord> {
  for (let at = 0; at + RECORD_BYTES <= memory.length; at += RECORD_BYTES) yield recordAt(memory, at);
}

export function recordAt(memory: Buffer, at: number): JournalRecord {
  const kind = memory[at];
  const disk = memory.readUInt16LE(at + 2);
  const cluster = memory.readUIntLE(at + 8, 6);
  if (kind === MARK) return { kind: 'mark', disk, cluster };
  const fingerprint = memory.subarray(at + FINGERPRINT_AT, at + RECORD_BYTES);
  return { kind: kind === DATA ? 'data' : 'zero', disk, cluster, count: memory.readUInt32LE(at + 4), fingerprint };
}
