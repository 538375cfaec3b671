/**
 * What of a disk travels, window by window: what the view calls dirty and what is carried, rounded out to clusters, less what a
 * scan found to be as the replica has it. While one window is carried out the next are planned.
 */
import { CLUSTER_BYTES, clusterCount, clustersTouched, windows, type Extent } from '../../extents/extent.ts';
import type { ClusterSet } from '../../extents/clusterset.ts';
import type { DiskSize, StatusRun } from '../ports/diskview.ts';
import { unknownRuns } from './scan.ts';
import type { Shipment } from './shipment.ts';

const WINDOW_BYTES = 1024 * 1024 * 1024;
/** Small, so that little is left to be carried out when the last of them was scanned. */
const SCANNED_WINDOW_BYTES = 256 * 1024 * 1024;
/** Scans under way besides the window that is carried out: the threads never wait for the next. */
const SCANNED_AHEAD = 2;

export interface Plan {
  readonly window: Extent;
  readonly runs: readonly StatusRun[];
  /** The fingerprints of the window's clusters on the replica. */
  readonly known: Buffer | null;
}

export class Plans {
  readonly #it: Shipment;
  readonly #ended = new AbortController();
  readonly #underWay = new Set<Promise<Plan>>();
  #looking: Promise<unknown> = Promise.resolve();

  constructor(shipment: Shipment) {
    this.#it = shipment;
  }

  /** The plans of all windows from there on, in order. */
  async *of(disk: DiskSize, fromCluster: number): AsyncGenerator<Plan> {
    const isScanned = this.#it.scan !== null && this.#it.maps.has(disk.disk);
    const ahead: Promise<Plan>[] = [];
    for (const window of windows(disk.sizeBytes, isScanned ? SCANNED_WINDOW_BYTES : WINDOW_BYTES, fromCluster * CLUSTER_BYTES)) {
      ahead.push(this.#begin(disk, window));
      if (ahead.length > (isScanned ? SCANNED_AHEAD : 1)) yield await ahead.shift()!;
    }
    for (const plan of ahead) yield await plan;
  }

  /** Nothing is read any more. */
  async end(): Promise<void> {
    this.#ended.abort(new DOMException('the shipment has ended', 'AbortError'));
    await Promise.allSettled(this.#underWay);
  }

  #begin(disk: DiskSize, window: Extent): Promise<Plan> {
    // One after the other: what is known may have to be asked of the replica. Scans may go side by side.
    const looked = this.#looking.then(() => this.#look(disk, window));
    this.#looking = looked.catch(() => undefined);
    const plan = looked.then((seen) => this.#scanned(disk, seen));
    this.#underWay.add(plan);
    // Whoever takes the plan hears of its failure.
    plan.catch(() => undefined).finally(() => this.#underWay.delete(plan));
    return plan;
  }

  async #look({ disk, sizeBytes }: DiskSize, window: Extent): Promise<Plan> {
    const { view, signal, carried, maps } = this.#it;
    const runs = wantedRuns(await view.status(disk, window, signal), carried.get(disk), window, sizeBytes);
    const { first, count } = clustersTouched(window);
    return { window, runs, known: runs.length > 0 ? ((await maps.get(disk)?.read(first, count)) ?? null) : null };
  }

  async #scanned({ disk, sizeBytes }: DiskSize, plan: Plan): Promise<Plan> {
    const { scan, signal } = this.#it;
    const { window, known } = plan;
    if (!scan || !known) return plan;
    const during = AbortSignal.any([signal, this.#ended.signal]);
    return { ...plan, runs: await unknownRuns({ ...plan, known, sizeBytes }, (among) => scan(disk, window, among, during)) };
  }
}

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

const WANTED = 1;
const NOT_ZERO = 2;

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
