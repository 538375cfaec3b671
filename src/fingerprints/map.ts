/**
 * The fingerprint map of one disk: a header, then 16 bytes for each cluster, all zero when it is unknown. What it says is
 * true of the point that the header names, or it says nothing: whatever is damaged or interrupted makes it unusable, and
 * an unusable map knows no cluster.
 */
import { assert } from '../errors/bug.ts';
import { CLUSTER_BYTES, clusterCount } from '../extents/extent.ts';
import type { ClusterSet } from '../extents/clusterset.ts';
import type { DurableFile } from './durablefile.ts';
import { EntryWindow, entryOffset } from './entrywindow.ts';
import { FINGERPRINT_BYTES, isUnknown } from './fingerprint.ts';
import { decodeHeader, encodeHeader, HEADER_BYTES, type MapHeader } from './header.ts';
import { outside } from './journal.ts';
import { recordsOf, type Shipped } from './record.ts';
import { Turns } from './turns.ts';

export const MAX_READ_CLUSTERS = 16_384;
const UNKNOWN = Buffer.alloc(FINGERPRINT_BYTES);

export interface MapIdentity {
  readonly relationshipId: string;
  readonly disk: string;
  readonly sizeBytes: number;
  readonly keyId: string;
}

/** An attempt that the replica has sealed. */
export interface SealedAttempt {
  readonly attemptId: string;
  readonly parentId: string | null;
  readonly epochId: string;
  /** Number of this map's disk in the journal. */
  readonly diskIndex: number;
}

/** The journal, for what a map needs of it. */
interface Batches {
  batches(): AsyncIterable<Buffer>;
}

const lengthFor = (sizeBytes: number): number => entryOffset(clusterCount(sizeBytes));

export class MapFile {
  readonly #file: DurableFile;
  readonly #turns = new Turns();
  #header: MapHeader;

  private constructor(file: DurableFile, header: MapHeader) {
    this.#file = file;
    this.#header = header;
  }

  /** A map in which every cluster is unknown, whatever the file held. */
  static async create(file: DurableFile, identity: MapIdentity): Promise<MapFile> {
    const { relationshipId, disk, sizeBytes, keyId } = identity;
    const map = new MapFile(file, { relationshipId, disk, sizeBytes, keyId, pointId: null, epochId: null, applying: null });
    await map.#empty(map.#header);
    return map;
  }

  /** The map that the file holds; undefined when it is damaged, too short or another disk's. */
  static async open(file: DurableFile, identity: MapIdentity): Promise<MapFile | undefined> {
    const block = Buffer.alloc(HEADER_BYTES);
    await file.read(block, 0);
    const header = decodeHeader(block);
    if (header === undefined) return undefined;
    const isOurs = header.relationshipId === identity.relationshipId && header.disk === identity.disk;
    const lengthBytes = await file.sizeBytes();
    if (!isOurs || lengthBytes < lengthFor(header.sizeBytes)) return undefined;
    // A growth that did not get as far as the header: what it left beyond the end must not be there when it is repeated.
    if (lengthBytes > lengthFor(header.sizeBytes)) await file.truncate(lengthFor(header.sizeBytes));
    const map = new MapFile(file, header);
    await map.adopt(identity);
    return map;
  }

  static async openOrCreate(file: DurableFile, identity: MapIdentity): Promise<MapFile> {
    return (await MapFile.open(file, identity)) ?? (await MapFile.create(file, identity));
  }

  /** The point that the map speaks of; null while it speaks of none. */
  get pointId(): string | null {
    return this.#header.applying === null ? this.#header.pointId : null;
  }

  get epochId(): string | null {
    return this.#header.epochId;
  }

  get sizeBytes(): number {
    return this.#header.sizeBytes;
  }

  /** The attempt whose `apply` was interrupted and has to be done again before the map is of use. */
  get applying(): string | null {
    return this.#header.applying;
  }

  /** What the map says is what this point holds, in fingerprints of this key. */
  usableFor(pointId: string, keyId: string): boolean {
    return this.pointId === pointId && this.#header.keyId === keyId;
  }

  /** The fingerprints of `count` clusters (at most 16,384) from `first`, all unknown unless the map speaks of a point. */
  async read(first: number, count: number): Promise<Buffer> {
    assert(count <= MAX_READ_CLUSTERS && first >= 0 && first + count <= clusterCount(this.sizeBytes), `${count} entries from ${first}`);
    const entries = Buffer.alloc(count * FINGERPRINT_BYTES);
    const { pointId } = this;
    if (pointId === null) return entries;
    const got = await this.#file.read(entries, entryOffset(first));
    return entries.fill(0, this.pointId === pointId ? got : 0);
  }

  /** None of the clusters is known, durably. An interrupted `apply` is given up with it: then no cluster at all is known. */
  forget(clusters: ClusterSet): Promise<void> {
    return this.#turns.take(() => this.#forget(clusters));
  }

  /**
   * The map speaks of another point, durably, which differs from the present one at most in `differing`: those are unknown.
   * No cluster is known when the map speaks of neither. Safe to repeat.
   */
  rebase(fromPointId: string, to: { readonly pointId: string; readonly epochId: string }, differing: ClusterSet): Promise<void> {
    return this.#turns.take(async () => {
      if (this.pointId !== fromPointId && this.pointId !== to.pointId) return this.#empty(this.#header);
      await this.#forget(differing);
      await this.#commit({ ...this.#header, pointId: to.pointId, epochId: to.epochId });
    });
  }

  /**
   * The disk has this size and its fingerprints this key. Grown: the old tail and all that is new are unknown. Shrunk, or
   * of another key: no cluster is known.
   */
  adopt({ sizeBytes, keyId }: Pick<MapIdentity, 'sizeBytes' | 'keyId'>): Promise<void> {
    return this.#turns.take(async () => {
      if (keyId !== this.#header.keyId || sizeBytes < this.sizeBytes) await this.#empty({ ...this.#header, sizeBytes, keyId });
      if (sizeBytes > this.sizeBytes) await this.#grow(sizeBytes);
    });
  }

  /**
   * The map speaks of the attempt, durably: the journal's clusters are as it says, the others as they were in its parent,
   * unknown when the map did not speak of that. Done again after a kill anywhere, it leaves the same. The journal is whole.
   */
  apply(journal: Batches, attempt: SealedAttempt): Promise<void> {
    return this.#turns.take(async () => {
      if (this.pointId === attempt.attemptId) return;
      const isRepeated = this.applying === attempt.attemptId;
      if (!isRepeated && this.pointId !== attempt.parentId) await this.#empty(this.#header);
      await this.#write(journal, attempt);
      await this.#commit({ ...this.#header, pointId: attempt.attemptId, epochId: attempt.epochId, applying: null });
    });
  }

  /** The map speaks of the point, durably. When it did not before, no cluster is known. */
  claim(point: { readonly pointId: string; readonly epochId: string }): Promise<void> {
    return this.#turns.take(async () => {
      if (this.pointId === point.pointId) return;
      await this.#empty(this.#header);
      await this.#commit({ ...this.#header, ...point });
    });
  }

  /**
   * Fingerprints of the clusters from `first` as somebody read them of the point are in the map where nothing was known; nothing
   * is when the map speaks of another point. Durable with the next change that is: a power loss may tear an entry, and a torn one equals no cluster's.
   */
  learn(pointId: string, first: number, entries: Buffer): Promise<void> {
    return this.#turns.take(async () => {
      if (this.pointId !== pointId) return;
      const known = await this.read(first, entries.length / FINGERPRINT_BYTES);
      for (let at = 0; at < entries.length; at += FINGERPRINT_BYTES) if (isUnknown(known, at)) entries.copy(known, at, at, at + FINGERPRINT_BYTES);
      await this.#file.write(known, entryOffset(first));
    });
  }

  /** No cluster is known, durably. */
  reset(): Promise<void> {
    return this.#turns.take(() => this.#empty(this.#header));
  }

  close(): Promise<void> {
    return this.#turns.take(() => this.#file.close());
  }

  async #forget(clusters: ClusterSet): Promise<void> {
    if (this.applying !== null) return this.#empty(this.#header);
    const count = clusterCount(this.sizeBytes);
    const entries = new EntryWindow(this.#file, count);
    for (const run of clusters.runs(0, Math.min(count, clusters.clusters))) await entries.put(run.first, run.count, UNKNOWN);
    await entries.flush();
    await this.#file.sync();
  }

  async #grow(sizeBytes: number): Promise<void> {
    const oldTail = Math.floor(this.sizeBytes / CLUSTER_BYTES);
    if (oldTail < clusterCount(this.sizeBytes)) await this.#file.write(UNKNOWN, entryOffset(oldTail));
    await this.#file.truncate(lengthFor(sizeBytes));
    await this.#file.sync();
    await this.#commit({ ...this.#header, sizeBytes });
  }

  /**
   * The entries of this disk's records are written, durably; the header says so before the first of them is. What the
   * journal says last of a cluster holds.
   */
  async #write(journal: Batches, { attemptId, diskIndex }: SealedAttempt): Promise<void> {
    const entries = new EntryWindow(this.#file, clusterCount(this.sizeBytes));
    for await (const batch of journal.batches()) {
      for (const record of recordsOf(batch)) {
        if (record.kind === 'mark' || record.disk !== diskIndex) continue;
        if (this.applying !== attemptId) await this.#commit({ ...this.#header, applying: attemptId });
        if (entries.fill(record.cluster, record.count, record.fingerprint) !== record.count) await this.#put(entries, record);
      }
    }
    await entries.flush();
    if (this.applying === attemptId) await this.#file.sync();
  }

  async #put(entries: EntryWindow, { disk, cluster, count, fingerprint }: Shipped): Promise<void> {
    if (cluster + count > clusterCount(this.sizeBytes)) throw outside(disk, cluster, count);
    await entries.put(cluster, count, fingerprint);
  }

  /** The header is durable. Whatever it promises of entries and length was synced before. */
  async #commit(header: MapHeader): Promise<void> {
    await this.#file.write(encodeHeader(header), 0);
    await this.#file.sync();
    this.#header = header;
  }

  /** Every cluster is unknown and the map speaks of no point. A header is there again only when the old entries are gone for sure. */
  async #empty(header: MapHeader): Promise<void> {
    this.#header = { ...header, pointId: null, epochId: null, applying: null };
    await this.#file.truncate(0);
    await this.#file.truncate(lengthFor(header.sizeBytes));
    await this.#file.sync();
    await this.#commit(this.#header);
  }
}
