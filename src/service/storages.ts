/**
 * How full the places are that this host writes to, as last known. They are looked at in the background: a storage that hangs
 * holds up nobody who asks.
 */
import { spaceAt } from '../engine/checkup.ts';
import type { Host } from '../engine/host.ts';
import { faultOf } from '../errors/fault.ts';

const LOOK_EVERY_MS = 15_000;

export type StorageUse = 'replicas' | 'state';

export interface StorageSpace {
  readonly use: StorageUse;
  readonly path: string;
  readonly freeBytes: number;
  readonly totalBytes: number;
}

export interface StoragesOptions {
  readonly host: Host;
  /** Of this host, by their use, as they are set now. */
  readonly paths: () => readonly { readonly use: StorageUse; readonly path: string }[];
}

export class Storages {
  readonly #options: StoragesOptions;
  #known: readonly StorageSpace[] = [];
  #lookedMs = -Infinity;
  #looking: Promise<void> | null = null;

  constructor(options: StoragesOptions) {
    this.#options = options;
  }

  /** As last known; one that cannot be looked at is not among them. */
  known(): readonly StorageSpace[] {
    void this.looked();
    return this.#known;
  }

  /** Resolves once they have been looked at not long ago. */
  async looked(): Promise<void> {
    const nowMs = this.#options.host.clock.monotonicMs();
    if (this.#looking === null && nowMs - this.#lookedMs < LOOK_EVERY_MS) return;
    this.#looking ??= this.#look().finally(() => (this.#looking = null));
    await this.#looking;
  }

  async #look(): Promise<void> {
    const { host, paths } = this.#options;
    const found = await Promise.all(paths().map(async ({ use, path }) => {
      try {
        return { use, ...(await spaceAt(host, path)) };
      } catch (thrown) {
        if (!faultOf(thrown)) throw thrown;
        return null;
      }
    }));
    this.#known = found.filter((space) => space !== null);
    this.#lookedMs = host.clock.monotonicMs();
  }
}
