/**
 * A set of clusters of one disk, one bit each: dirty sets, what a recovery point holds, return sets.
 * 128 KiB for 64 GiB of disk. Bytes are little-endian in bit order: cluster n is bit n % 8 of byte n / 8.
 */
import { assert } from '../errors/bug.ts';

const BITS_IN_BYTE = Uint8Array.from({ length: 256 }, (_, byte) => {
  let bits = 0;
  for (let rest = byte; rest > 0; rest &= rest - 1) bits++;
  return bits;
});

export interface ClusterRun {
  readonly first: number;
  readonly count: number;
}

export class ClusterSet {
  #bytes: Uint8Array;
  #clusters: number;

  constructor(clusters: number, bytes?: Uint8Array) {
    const length = Math.ceil(clusters / 8);
    assert(bytes === undefined || bytes.length === length, `cluster set of ${clusters} clusters has ${bytes?.length} bytes`);
    this.#clusters = clusters;
    this.#bytes = bytes ?? new Uint8Array(length);
  }

  static full(clusters: number): ClusterSet {
    const set = new ClusterSet(clusters);
    set.addRun(0, clusters);
    return set;
  }

  get clusters(): number {
    return this.#clusters;
  }

  /** The bits themselves, not a copy. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  has(cluster: number): boolean {
    return ((this.#bytes[cluster >> 3] ?? 0) & (1 << (cluster & 7))) !== 0;
  }

  add(cluster: number): void {
    assert(cluster >= 0 && cluster < this.#clusters, `cluster ${cluster} of ${this.#clusters}`);
    this.#bytes[cluster >> 3]! |= 1 << (cluster & 7);
  }

  delete(cluster: number): void {
    if (cluster < this.#clusters) this.#bytes[cluster >> 3]! &= ~(1 << (cluster & 7));
  }

  /** Adds `count` clusters from `first`, clipped at the disk's end. */
  addRun(first: number, count: number): void {
    const end = Math.min(first + count, this.#clusters);
    let cluster = first;
    while (cluster < end && (cluster & 7) !== 0) this.add(cluster++);
    const wholeBytesEnd = end & ~7;
    if (cluster < wholeBytesEnd) {
      this.#bytes.fill(0xff, cluster >> 3, wholeBytesEnd >> 3);
      cluster = wholeBytesEnd;
    }
    while (cluster < end) this.add(cluster++);
  }

  /** Adds all of the other set, which may be of a smaller or larger disk: this set grows to the larger. */
  addAll(other: ClusterSet): void {
    this.grow(other.clusters);
    for (let i = 0; i < other.bytes.length; i++) this.#bytes[i]! |= other.bytes[i]!;
  }

  /** Makes room for `clusters`; new clusters are not in the set. Never shrinks. */
  grow(clusters: number): void {
    if (clusters <= this.#clusters) return;
    const bytes = new Uint8Array(Math.ceil(clusters / 8));
    bytes.set(this.#bytes);
    this.#bytes = bytes;
    this.#clusters = clusters;
  }

  get size(): number {
    let size = 0;
    for (const byte of this.#bytes) size += BITS_IN_BYTE[byte]!;
    return size;
  }

  get isFull(): boolean {
    const [run] = this.runs();
    return this.#clusters === 0 || run?.count === this.#clusters;
  }

  get isEmpty(): boolean {
    return this.#bytes.every((byte) => byte === 0);
  }

  /** Maximal runs within [from, to), in order. */
  *runs(from = 0, to = this.#clusters): Generator<ClusterRun> {
    let cluster = from;
    while (cluster < to) {
      if ((cluster & 7) === 0 && this.#bytes[cluster >> 3] === 0) {
        cluster += 8;
        continue;
      }
      if (!this.has(cluster)) {
        cluster++;
        continue;
      }
      const first = cluster;
      while (cluster < to && this.has(cluster)) cluster++;
      yield { first, count: cluster - first };
    }
  }

  clone(): ClusterSet {
    return new ClusterSet(this.#clusters, this.#bytes.slice());
  }
}
