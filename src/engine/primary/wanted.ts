/** Which runs of clusters of a window travel: what the view calls dirty, and what is carried. */
import type { ClusterSet } from '../../extents/clusterset.ts';
import { CLUSTER_BYTES, clusterCount, clustersTouched, type Extent } from '../../extents/extent.ts';
import type { StatusRun } from '../ports/diskview.ts';

const WANTED = 1;
const NOT_ZERO = 2;

/** The window's wanted runs in order, clusters whole: a cluster that is partly zero is read. */
export function wantedRuns(status: readonly StatusRun[], carried: ClusterSet | undefined, window: Extent, sizeBytes: number): StatusRun[] {
  const { first, count } = clustersTouched(window);
  const kinds = new Uint8Array(count);
  for (const run of status) {
    const touched = clustersTouched(run);
    for (let i = touched.first - first; i < touched.first - first + touched.count; i++) {
      if (!run.zero) kinds[i]! |= NOT_ZERO;
      if (run.dirty) kinds[i]! |= WANTED;
    }
  }
  if (carried) for (const run of carried.runs(first, Math.min(first + count, carried.clusters))) for (let i = 0; i < run.count; i++) kinds[run.first - first + i]! |= WANTED;
  return runsOf(kinds, first, Math.min(clusterCount(sizeBytes), first + count), sizeBytes);
}

function runsOf(kinds: Uint8Array, first: number, end: number, sizeBytes: number): StatusRun[] {
  const runs: StatusRun[] = [];
  let from = 0;
  for (let i = 1; i <= end - first; i++) {
    if (i < end - first && kinds[i] === kinds[from]) continue;
    if (kinds[from]! & WANTED) {
      const offsetBytes = (first + from) * CLUSTER_BYTES;
      runs.push({ offsetBytes, lengthBytes: Math.min((first + i) * CLUSTER_BYTES, sizeBytes) - offsetBytes, dirty: true, zero: (kinds[from]! & NOT_ZERO) === 0 });
    }
    from = i;
  }
  return runs;
}
