/** Reads disks and computes their fingerprints beside the engine's own thread, as fast as the disks are served. */
import type { ClusterSet } from '../../extents/clusterset.ts';
import type { Extent } from '../../extents/extent.ts';

/** Where a disk can be read besides: over NBD, or in the raw file that holds it as it is. */
export type ServedDisk = { readonly socketPath: string; readonly exportName: string } | { readonly filePath: string };

export interface Scan {
  /** At most 1 GiB, from a cluster on. */
  readonly window: Extent;
  /** The clusters to look at, counted from the window's first. */
  readonly among: ClusterSet;
  /** Of the fingerprints. */
  readonly key: Buffer;
}

export interface Scanner {
  /** A scan is to come: what takes time to begin is begun. */
  prepare(): void;
  /** The fingerprint of each cluster of the window, 16 bytes; all zero for those that were not to be looked at. Fault disk-io. */
  fingerprints(disk: ServedDisk, scan: Scan, signal: AbortSignal): Promise<Buffer>;
}
