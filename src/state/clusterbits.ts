/** Cluster sets as blobs: the bits, compressed, since most are nearly empty. */
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { ClusterSet } from '../extents/clusterset.ts';

export interface StoredClusters {
  readonly disk: string;
  readonly clusters: number;
  readonly bits: Uint8Array;
}

export const packClusters = (set: ClusterSet): Uint8Array => zstdCompressSync(set.bytes);

export function unpackClusters(clusters: number, bits: Uint8Array): ClusterSet {
  const bytes = zstdDecompressSync(bits, { maxOutputLength: Math.max(1, Math.ceil(clusters / 8)) });
  return new ClusterSet(clusters, new Uint8Array(bytes));
}

export const clusterMap = (rows: readonly StoredClusters[]): Map<string, ClusterSet> =>
  new Map(rows.map((row) => [row.disk, unpackClusters(row.clusters, row.bits)]));
