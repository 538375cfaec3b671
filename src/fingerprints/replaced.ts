/**
 * What a recovery point replaced: the fingerprints that its clusters had at an older point. With them the map, which speaks of
 * the newest point, tells of older ones too. A file of its own for each point, whole or not believed: a header block that is
 * written last and has the digest of all entries; then entries of 32 bytes, little-endian, in order:
 *
 *   0  u32  disk         index in the header's list
 *   4  u32  0
 *   8  u64  cluster
 *  16  16   fingerprint  as the older point had it; all zero when that was unknown
 */
import { Blake3Hasher } from '@napi-rs/blake-hash';
import { assert } from '../errors/bug.ts';
import type { DurableFile } from './durablefile.ts';
import { FINGERPRINT_BYTES } from './fingerprint.ts';

const HEADER_BYTES = 4_096;
const ENTRY_BYTES = 32;
const FINGERPRINT_AT = 16;
const BATCH_BYTES = 32_768 * ENTRY_BYTES;
const FORMAT = 'understudy-replaced-1';

/** Whose fingerprints they are: of the older point, in the clusters that differ between the two. */
export interface ReplacedIdentity {
  readonly pointId: string;
  readonly sinceId: string;
  readonly keyId: string;
  readonly disks: readonly string[];
}

export interface Entry {
  readonly disk: number;
  readonly cluster: number;
  /** A view of a batch: of no use when the next one is read. */
  readonly fingerprint: Buffer;
}

interface Header extends ReplacedIdentity {
  readonly format: string;
  readonly entries: number;
  readonly digest: string;
}

/** Takes entries in order; the file is believed once `end` has resolved. */
export class ReplacedWriter {
  readonly #file: DurableFile;
  readonly #hasher = new Blake3Hasher();
  readonly #batch = Buffer.alloc(BATCH_BYTES);
  #filled = 0;
  #entries = 0;

  constructor(file: DurableFile) {
    this.#file = file;
  }

  async add({ disk, cluster, fingerprint }: Entry): Promise<void> {
    this.#batch.writeUInt32LE(disk, this.#filled);
    this.#batch.writeUInt32LE(0, this.#filled + 4);
    this.#batch.writeBigUInt64LE(BigInt(cluster), this.#filled + 8);
    fingerprint.copy(this.#batch, this.#filled + FINGERPRINT_AT, 0, FINGERPRINT_BYTES);
    this.#filled += ENTRY_BYTES;
    if (this.#filled === BATCH_BYTES) await this.#flush();
  }

  async end(identity: ReplacedIdentity): Promise<void> {
    await this.#flush();
    await this.#file.sync();
    const header: Header = { format: FORMAT, ...identity, entries: this.#entries, digest: this.#hasher.digest('hex') };
    const text = Buffer.from(JSON.stringify(header));
    assert(text.length <= HEADER_BYTES, 'the header of replaced fingerprints is too long');
    await this.#file.write(Buffer.concat([text, Buffer.alloc(HEADER_BYTES - text.length)]), 0);
    await this.#file.sync();
  }

  async #flush(): Promise<void> {
    const bytes = Buffer.from(this.#batch.subarray(0, this.#filled));
    this.#hasher.update(bytes);
    await this.#file.write(bytes, HEADER_BYTES + this.#entries * ENTRY_BYTES);
    this.#entries += this.#filled / ENTRY_BYTES;
    this.#filled = 0;
  }
}

export class Replaced {
  readonly identity: ReplacedIdentity;
  readonly #file: DurableFile;
  readonly #entries: number;

  private constructor(file: DurableFile, header: Header) {
    this.#file = file;
    this.#entries = header.entries;
    this.identity = header;
  }

  /** Undefined when the file is not whole. */
  static async open(file: DurableFile): Promise<Replaced | undefined> {
    const header = await headerOf(file);
    if (!header) return undefined;
    const replaced = new Replaced(file, header);
    const hasher = new Blake3Hasher();
    for (let at = 0; at < header.entries; at += BATCH_BYTES / ENTRY_BYTES) hasher.update(await replaced.#batch(at));
    return hasher.digest('hex') === header.digest ? replaced : undefined;
  }

  /** All entries, in order. */
  async *entries(): AsyncGenerator<Entry> {
    for (let at = 0; at < this.#entries; at += BATCH_BYTES / ENTRY_BYTES) yield* entriesIn(await this.#batch(at));
  }

  /** The entries of a disk's clusters in [first, end). */
  async *between(disk: string, first: number, end: number): AsyncGenerator<Entry> {
    const index = this.identity.disks.indexOf(disk);
    if (index < 0) return;
    for (let at = await this.#search(index, first); at < this.#entries; at += BATCH_BYTES / ENTRY_BYTES) {
      for (const entry of entriesIn(await this.#batch(at))) {
        if (entry.disk !== index || entry.cluster >= end) return;
        yield entry;
      }
    }
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  /** Number of the first entry at or after the cluster. */
  async #search(disk: number, cluster: number): Promise<number> {
    let [low, high] = [0, this.#entries];
    while (low < high) {
      const middle = (low + high) >> 1;
      const entry = entryAt(await this.#read(middle, 1), 0);
      if (entry.disk < disk || (entry.disk === disk && entry.cluster < cluster)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #batch(from: number): Promise<Buffer> {
    return this.#read(from, Math.min(BATCH_BYTES / ENTRY_BYTES, this.#entries - from));
  }

  async #read(from: number, count: number): Promise<Buffer> {
    const bytes = Buffer.alloc(count * ENTRY_BYTES);
    await this.#file.read(bytes, HEADER_BYTES + from * ENTRY_BYTES);
    return bytes;
  }
}

async function headerOf(file: DurableFile): Promise<Header | undefined> {
  const block = Buffer.alloc(HEADER_BYTES);
  await file.read(block, 0);
  try {
    const header = JSON.parse(block.toString('utf8').replace(/\0+$/, '')) as Header;
    const isWhole = header.format === FORMAT && Number.isSafeInteger(header.entries) && (await file.sizeBytes()) === HEADER_BYTES + header.entries * ENTRY_BYTES;
    return isWhole ? header : undefined;
  } catch {
    return undefined;
  }
}

const entryAt = (bytes: Buffer, at: number): Entry => ({
  disk: bytes.readUInt32LE(at),
  cluster: Number(bytes.readBigUInt64LE(at + 8)),
  fingerprint: bytes.subarray(at + FINGERPRINT_AT, at + ENTRY_BYTES),
});

function* entriesIn(bytes: Buffer): Generator<Entry> {
  for (let at = 0; at < bytes.length; at += ENTRY_BYTES) yield entryAt(bytes, at);
}

const isBefore = (one: Entry, other: Entry): boolean => one.disk < other.disk || (one.disk === other.disk && one.cluster < other.cluster);

/** Both in one order; of a cluster that both have, the earlier one's counts, which reaches further back. The lists of disks are the same. */
export async function* joined(earlier: Replaced, later: Replaced): AsyncGenerator<Entry> {
  const [left, right] = [earlier.entries(), later.entries()];
  let [a, b] = [await left.next(), await right.next()];
  while (!a.done || !b.done) {
    const isSame = !a.done && !b.done && !isBefore(a.value, b.value) && !isBefore(b.value, a.value);
    if (!a.done && (b.done || !isBefore(b.value, a.value))) {
      yield a.value;
      a = await left.next();
      if (isSame) b = await right.next();
    } else if (!b.done) {
      yield b.value;
      b = await right.next();
    }
  }
}
