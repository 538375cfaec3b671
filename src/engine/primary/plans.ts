/**
 * What of a disk travels, window by window: what the view calls dirty and what is carried, rounded out to clusters, less what a
 * scan found to be as the replica has it. While one window is carried out the next are planned.
 */
import { CLUSTER_BYTES, clustersTouched, windows, type Extent } from '../../extents/extent.ts';
import type { DiskSize, StatusRun } from '../ports/diskview.ts';
import { KnownClusters } from './known.ts';
import { unknownRuns } from './scan.ts';
import type { Shipment } from './shipment.ts';
import { wantedRuns } from './wanted.ts';

const WINDOW_BYTES = 1024 * 1024 * 1024;
/** Small, so that little is left to be carried out when the last of them was scanned. */
const SCANNED_WINDOW_BYTES = 256 * 1024 * 1024;
/** Scans under way besides the window that is carried out: the threads never wait for the next. */
const SCANNED_AHEAD = 2;

/** A window, before and after it was scanned. */
interface Seen {
  readonly window: Extent;
  readonly runs: readonly StatusRun[];
  /** The fingerprints of the window's clusters on the replica. */
  readonly fingerprints: Buffer | null;
}

export interface Plan {
  readonly window: Extent;
  readonly runs: readonly StatusRun[];
  readonly known: KnownClusters;
  readonly scannedBytes: number;
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

  async #look({ disk, sizeBytes }: DiskSize, window: Extent): Promise<Seen> {
    const { view, signal, carried, maps } = this.#it;
    const runs = wantedRuns(await view.status(disk, window, signal), carried.get(disk), window, sizeBytes);
    const { first, count } = clustersTouched(window);
    return { window, runs, fingerprints: runs.length > 0 ? ((await maps.get(disk)?.read(first, count)) ?? null) : null };
  }

  async #scanned({ disk, sizeBytes }: DiskSize, { window, runs, fingerprints }: Seen): Promise<Plan> {
    const { scan, signal } = this.#it;
    const known = new KnownClusters(clustersTouched(window).first, fingerprints);
    if (!scan || !fingerprints) return { window, runs, known, scannedBytes: 0 };
    const during = AbortSignal.any([signal, this.#ended.signal]);
    let scannedBytes = 0;
    const left = await unknownRuns({ window, runs, known: fingerprints, sizeBytes }, (among) => {
      scannedBytes = among.size * CLUSTER_BYTES;
      return scan(disk, window, among, during);
    });
    return { window, runs: left, known, scannedBytes };
  }
}
