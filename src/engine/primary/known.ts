/** What the replica has of a window of a disk, by fingerprints. Without a map it has nothing. */
import { CLUSTER_BYTES } from '../../extents/extent.ts';
import { FINGERPRINT_BYTES, sameFingerprint, type Fingerprinter } from '../../fingerprints/fingerprint.ts';

interface Run {
  readonly first: number;
  readonly count: number;
}

export class KnownClusters {
  readonly #first: number;
  readonly #fingerprints: Buffer | null;

  /** The fingerprints are those of the clusters from `first` on. */
  constructor(first: number, fingerprints: Buffer | null) {
    this.#first = first;
    this.#fingerprints = fingerprints;
  }

  has(cluster: number, fingerprint: Buffer): boolean {
    return this.#fingerprints !== null && sameFingerprint(this.#fingerprints, (cluster - this.#first) * FINGERPRINT_BYTES, fingerprint, 0);
  }

  /** Runs of the run's clusters that are not known to be zero. */
  *notZero({ first, count }: Run, sizeBytes: number, fingerprinter: Fingerprinter): Generator<Run> {
    if (!this.#fingerprints) {
      yield { first, count };
      return;
    }
    let from = -1;
    for (let cluster = first; cluster <= first + count; cluster++) {
      const isWanted = cluster < first + count && !this.has(cluster, fingerprinter.ofZeroes(Math.min(CLUSTER_BYTES, sizeBytes - cluster * CLUSTER_BYTES)));
      if (isWanted && from < 0) from = cluster;
      if (!isWanted && from >= 0) {
        yield { first: from, count: cluster - from };
        from = -1;
      }
    }
  }
}
