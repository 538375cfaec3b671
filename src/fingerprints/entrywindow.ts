/** Writes entries of a map in place: one window of it at a time is read, changed and written back. */
import { assert } from '../errors/bug.ts';
import type { DurableFile } from './durablefile.ts';
import { FINGERPRINT_BYTES } from './fingerprint.ts';
import { HEADER_BYTES } from './header.ts';

/** 64 KiB of entries: 256 MiB of disk. */
export const WINDOW_CLUSTERS = 4_096;

export const entryOffset = (cluster: number): number => HEADER_BYTES + cluster * FINGERPRINT_BYTES;

export class EntryWindow {
  readonly #file: DurableFile;
  readonly #clusters: number;
  readonly #memory = Buffer.allocUnsafe(WINDOW_CLUSTERS * FINGERPRINT_BYTES);
  #first = 0;
  #count = 0;
  /** Changed clusters, as indices in the window. */
  #changedFrom = 0;
  #changedTo = 0;

  constructor(file: DurableFile, clusters: number) {
    this.#file = file;
    this.#clusters = clusters;
  }

  /**
   * Gives `count` clusters from `cluster` this fingerprint, or as many of them as are in the window; returns how many.
   * Zero: load the window first.
   */
  fill(cluster: number, count: number, fingerprint: Buffer): number {
    if (cluster < this.#first || cluster >= this.#first + this.#count) return 0;
    const from = cluster - this.#first;
    const to = Math.min(from + count, this.#count);
    this.#memory.fill(fingerprint, from * FINGERPRINT_BYTES, to * FINGERPRINT_BYTES);
    this.#changedFrom = this.#isChanged ? Math.min(this.#changedFrom, from) : from;
    this.#changedTo = Math.max(this.#changedTo, to);
    return to - from;
  }

  /** The window holds the cluster; what was changed in the one before is written, not synced. */
  async load(cluster: number): Promise<void> {
    assert(cluster < this.#clusters, `cluster ${cluster} of ${this.#clusters}`);
    await this.flush();
    this.#count = 0;
    const first = cluster - (cluster % WINDOW_CLUSTERS);
    const count = Math.min(WINDOW_CLUSTERS, this.#clusters - first);
    const wanted = this.#memory.subarray(0, count * FINGERPRINT_BYTES);
    const got = await this.#file.read(wanted, entryOffset(first));
    // What the file does not hold is unknown.
    wanted.fill(0, got);
    this.#first = first;
    this.#count = count;
  }

  async flush(): Promise<void> {
    if (!this.#isChanged) return;
    const changed = this.#memory.subarray(this.#changedFrom * FINGERPRINT_BYTES, this.#changedTo * FINGERPRINT_BYTES);
    await this.#file.write(changed, entryOffset(this.#first + this.#changedFrom));
    this.#changedFrom = 0;
    this.#changedTo = 0;
  }

  /** As `fill`, whatever windows it takes. */
  async put(cluster: number, count: number, fingerprint: Buffer): Promise<void> {
    for (let done = 0; done < count; ) {
      const filled = this.fill(cluster + done, count - done, fingerprint);
      if (filled === 0) await this.load(cluster + done);
      done += filled;
    }
  }

  get #isChanged(): boolean {
    return this.#changedTo > this.#changedFrom;
  }
}
