/**
 * Extents and clusters. Changes are known, shipped and recorded in clusters of 64 KiB; a disk's last cluster may be
 * shorter. An extent is a byte range of one disk; whatever is dirty is rounded out to clusters and clipped at the end.
 */

export const CLUSTER_BYTES = 65_536;

export interface Extent {
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

export const endOf = (extent: Extent): number => extent.offsetBytes + extent.lengthBytes;

export const clusterCount = (sizeBytes: number): number => Math.ceil(sizeBytes / CLUSTER_BYTES);

/** The extent of `count` clusters from `first`, clipped at the disk's end. */
export function clusterExtent(first: number, count: number, sizeBytes: number): Extent {
  const offsetBytes = first * CLUSTER_BYTES;
  return { offsetBytes, lengthBytes: Math.min(count * CLUSTER_BYTES, sizeBytes - offsetBytes) };
}

/** The first cluster touched and the number of clusters touched: the extent rounded out. */
export function clustersTouched(extent: Extent): { first: number; count: number } {
  const first = Math.floor(extent.offsetBytes / CLUSTER_BYTES);
  return { first, count: Math.ceil(endOf(extent) / CLUSTER_BYTES) - first };
}

/** Windows of at most `windowBytes` that cover [fromBytes, sizeBytes), in order. `windowBytes` is a multiple of 64 KiB. */
export function* windows(sizeBytes: number, windowBytes: number, fromBytes = 0): Generator<Extent> {
  for (let offsetBytes = fromBytes; offsetBytes < sizeBytes; offsetBytes += windowBytes) {
    yield { offsetBytes, lengthBytes: Math.min(windowBytes, sizeBytes - offsetBytes) };
  }
}
