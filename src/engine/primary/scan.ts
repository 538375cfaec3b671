/**
 * Most of a disk that is compared is as the replica has it. Where whole windows can be scanned faster than they can be read
 * for shipping, what is known is left out before: the rest is read once more, and looked at again, as if nobody had.
 */
import { CLUSTER_BYTES, clusterExtent, clustersTouched, type Extent } from '../../extents/extent.ts';
import { ClusterSet } from '../../extents/clusterset.ts';
import { FINGERPRINT_BYTES, isUnknown, sameFingerprint } from '../../fingerprints/fingerprint.ts';
import type { StatusRun } from '../ports/diskview.ts';

/** To begin a scan takes as long as to read less than this. */
const WORTHWHILE_CLUSTERS = (64 * 1024 * 1024) / CLUSTER_BYTES;

export interface Window {
  /** Of whole clusters, in order. */
  readonly runs: readonly StatusRun[];
  readonly window: Extent;
  /** A fingerprint for each of the window's clusters. */
  readonly known: Buffer;
  readonly sizeBytes: number;
}

/** The window's runs without the data that the scan found to be what is known. */
export async function unknownRuns({ runs, window, known, sizeBytes }: Window, scan: (among: ClusterSet) => Promise<Buffer>): Promise<readonly StatusRun[]> {
  const { first, count } = clustersTouched(window);
  const among = new ClusterSet(count);
  for (const cluster of dataClusters(runs)) if (!isUnknown(known, (cluster - first) * FINGERPRINT_BYTES)) among.add(cluster - first);
  if (among.size < WORTHWHILE_CLUSTERS) return runs;
  const found = await scan(among);
  return runs.flatMap((run) => (run.zero ? [run] : differingIn(run, first, found, known, sizeBytes)));
}

function* dataClusters(runs: readonly StatusRun[]): Generator<number> {
  for (const run of runs) {
    if (run.zero) continue;
    const { first, count } = clustersTouched(run);
    for (let cluster = first; cluster < first + count; cluster++) yield cluster;
  }
}

/** Clusters that were not scanned count as differing: nothing equals an unknown fingerprint. */
function differingIn(run: StatusRun, windowFirst: number, found: Buffer, known: Buffer, sizeBytes: number): StatusRun[] {
  const { first, count } = clustersTouched(run);
  const runs: StatusRun[] = [];
  let from = -1;
  for (let cluster = first; cluster <= first + count; cluster++) {
    const at = (cluster - windowFirst) * FINGERPRINT_BYTES;
    const differs = cluster < first + count && !sameFingerprint(found, at, known, at);
    if (differs && from < 0) from = cluster;
    if (!differs && from >= 0) {
      runs.push({ ...run, ...clusterExtent(from, cluster - from, sizeBytes) });
      from = -1;
    }
  }
  return runs;
}
