/**
 * Disks as an NBD server shows them. Runs are whole clusters (a disk's last may be shorter): dirty is rounded out to
 * them, zero is rounded in. Only what QEMU says reads as zeroes is zero: what is unallocated in a point in time of a
 * linked clone is its template's data.
 * On a QEMU before 8.0 a point in time's own word on what is zero may be about the guest's new data (see
 * clusterreads.ts). There the fleecing file is asked too: what it holds has been overwritten since, and it knows the old.
 * It is asked last, so whatever it does not hold had not been overwritten when the point in time was asked.
 */
import { assert } from '../../errors/bug.ts';
import { Fault } from '../../errors/fault.ts';
import { ClusterSet } from '../../extents/clusterset.ts';
import { CLUSTER_BYTES, clusterCount, clusterExtent, clustersTouched, endOf, windows, type Extent } from '../../extents/extent.ts';
import type { DiskSize, DiskView, LoanedChunk, StatusRun } from '../../engine/ports/diskview.ts';
import type { ServedDisk } from '../../engine/ports/scanner.ts';
import { NbdConnection } from '../../nbd/nbd.ts';
import { ALLOCATION_FLAG, DIRTY_FLAG, type FlagRun } from '../../nbd/statusruns.ts';
import { ClusterReads } from './clusterreads.ts';

const MAX_WINDOW_BYTES = 1024 ** 3;
const MAX_READ_BYTES = 512 * 1024;
const ALLOCATION = 'base:allocation';
const ALLOCATION_DEPTH = 'qemu:allocation-depth';

const contextOf = (bitmap: string): string => `qemu:dirty-bitmap:${bitmap}`;

export interface ViewSource {
  readonly socketPath: string;
  readonly disks: readonly string[];
  exportName(disk: string): string;
  /** The bitmap that says what is dirty; everything is when there is none. */
  readonly bitmap?: string;
  /** Export of the fleecing file of a point in time on a QEMU whose own word is not enough. */
  fleecingExportName?(disk: string): string;
  /** The raw file that is served as it is. It is in the page cache of this host, as the server's own reads are. */
  filePath?(disk: string): string | undefined;
  /** Makes of a failed request what it means; `isConnected` tells whether the server is still there. */
  explain(fault: Fault, isConnected: boolean): Fault;
  /** After the connections are closed. */
  ended(): Promise<void>;
}

interface OpenDisk {
  readonly connection: NbdConnection;
  readonly fleecing?: NbdConnection;
  isConnected: boolean;
}

export class NbdView implements DiskView {
  readonly disks: readonly DiskSize[];
  readonly #source: ViewSource;
  readonly #open: ReadonlyMap<string, OpenDisk>;
  readonly #clusterReads = new ClusterReads(MAX_READ_BYTES);
  #isClosed = false;

  private constructor(source: ViewSource, open: ReadonlyMap<string, OpenDisk>) {
    this.#source = source;
    this.#open = open;
    this.disks = [...open].map(([disk, { connection }]) => ({ disk, sizeBytes: connection.sizeBytes }));
  }

  static async connect(source: ViewSource, signal: AbortSignal): Promise<NbdView> {
    const open = new Map<string, OpenDisk>();
    try {
      for (const disk of source.disks) open.set(disk, await connect(source, disk, signal));
      return new NbdView(source, open);
    } catch (thrown) {
      for (const disk of open.values()) await closeDisk(disk);
      throw thrown;
    }
  }

  async status(disk: string, window: Extent, signal: AbortSignal): Promise<readonly StatusRun[]> {
    assert(window.lengthBytes <= MAX_WINDOW_BYTES, `a window of ${window.lengthBytes} bytes`);
    if (window.lengthBytes === 0) return [];
    const { connection, fleecing } = this.#of(disk);
    const { bitmap } = this.#source;
    const { first, count } = clustersTouched(window);
    const whole = clusterExtent(first, count, connection.sizeBytes);
    const [allocation, dirty, old] = await this.#explained(disk, async () => {
      const [shown, changed] = await Promise.all([
        connection.blockStatus(whole, ALLOCATION, signal),
        bitmap === undefined ? undefined : connection.blockStatus(whole, contextOf(bitmap), signal),
      ]);
      return [shown, changed, fleecing && (await fleeced(fleecing, whole, signal))] as const;
    });
    return clipped(runsOf(whole, zeroClusters(whole, allocation, old), dirty), window);
  }

  read(disk: string, extent: Extent, signal: AbortSignal): Promise<LoanedChunk> {
    assert(extent.lengthBytes <= MAX_READ_BYTES, `a read of ${extent.lengthBytes} bytes`);
    return this.#explained(disk, () => {
      const { connection, fleecing } = this.#of(disk);
      return fleecing ? this.#clusterReads.read(connection, extent, signal) : connection.read(extent, signal);
    });
  }

  /** Not where the point in time's own word is not enough. */
  served(disk: string): ServedDisk | undefined {
    const { socketPath, exportName, filePath } = this.#source;
    const path = filePath?.(disk);
    if (path !== undefined) return { filePath: path };
    return this.#of(disk).fleecing ? undefined : { socketPath, exportName: exportName(disk) };
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await Promise.all([...this.#open.values()].map(closeDisk));
    await this.#source.ended();
  }

  #of(disk: string): OpenDisk {
    const open = this.#open.get(disk);
    assert(open, `there is no disk ${disk} in this view`);
    return open;
  }

  async #explained<T>(disk: string, request: () => Promise<T>): Promise<T> {
    try {
      return await request();
    } catch (thrown) {
      if (!(thrown instanceof Fault) || this.#isClosed) throw thrown;
      // A connection that breaks rejects its requests before it reports its own end.
      await new Promise(setImmediate);
      throw this.#source.explain(thrown, this.#of(disk).isConnected);
    }
  }
}

async function connect({ socketPath, exportName, bitmap, fleecingExportName }: ViewSource, disk: string, signal: AbortSignal): Promise<OpenDisk> {
  const metaContexts = bitmap === undefined ? [ALLOCATION] : [ALLOCATION, contextOf(bitmap)];
  const connection = await NbdConnection.connect({ socketPath, exportName: exportName(disk), metaContexts, signal });
  try {
    const fleecing = fleecingExportName
      && (await NbdConnection.connect({ socketPath, exportName: fleecingExportName(disk), metaContexts: [ALLOCATION, ALLOCATION_DEPTH], signal }));
    const open: OpenDisk = { connection, ...(fleecing && { fleecing }), isConnected: true };
    void connection.closed.then(() => (open.isConnected = false));
    return open;
  } catch (thrown) {
    await connection.close();
    throw thrown;
  }
}

async function closeDisk({ connection, fleecing }: OpenDisk): Promise<void> {
  await Promise.all([connection.close(), fleecing?.close()]);
}

/** What a fleecing file holds, and which of it is zero. */
interface Fleeced {
  readonly depth: readonly FlagRun[];
  readonly allocation: readonly FlagRun[];
}

async function fleeced(connection: NbdConnection, extent: Extent, signal: AbortSignal): Promise<Fleeced> {
  const depth = await connection.blockStatus(extent, ALLOCATION_DEPTH, signal);
  return { depth, allocation: await connection.blockStatus(extent, ALLOCATION, signal) };
}

const isZero = ({ flags }: FlagRun): boolean => (flags & ALLOCATION_FLAG.zero) !== 0;

/** Clusters of `whole`, counted from its beginning, that read as zeroes. */
function zeroClusters(whole: Extent, allocation: readonly FlagRun[], old: Fleeced | undefined): ClusterSet {
  const zeroes = inside(whole, allocation.filter(isZero));
  if (!old) return zeroes;
  const held = touched(whole, old.depth.filter(({ flags }) => flags !== 0));
  const heldZeroes = inside(whole, old.allocation.filter(isZero));
  for (const { first, count } of held.runs()) {
    for (let cluster = first; cluster < first + count; cluster++) {
      if (heldZeroes.has(cluster)) zeroes.add(cluster);
      else zeroes.delete(cluster);
    }
  }
  return zeroes;
}

/** Runs of whole clusters within `whole`, which begins at a cluster and ends at one or at the disk's end. */
function runsOf(whole: Extent, zeroes: ClusterSet, dirty: readonly FlagRun[] | undefined): readonly StatusRun[] {
  const { clusters } = zeroes;
  const changed = dirty === undefined ? ClusterSet.full(clusters) : touched(whole, dirty.filter(({ flags }) => (flags & DIRTY_FLAG) !== 0));
  const runs: StatusRun[] = [];
  for (let first = 0; first < clusters; ) {
    const isDirty = changed.has(first);
    const isZeroRun = zeroes.has(first);
    let next = first + 1;
    while (next < clusters && changed.has(next) === isDirty && zeroes.has(next) === isZeroRun) next++;
    const { offsetBytes, lengthBytes } = clusterExtent(first, next - first, whole.lengthBytes);
    runs.push({ offsetBytes: whole.offsetBytes + offsetBytes, lengthBytes, dirty: isDirty, zero: isZeroRun });
    first = next;
  }
  return runs;
}

function touched(whole: Extent, runs: readonly Extent[]): ClusterSet {
  const set = new ClusterSet(clusterCount(whole.lengthBytes));
  for (const run of runs) addTouched(set, run, whole.offsetBytes);
  return set;
}

/** Clusters that lie wholly in a run. */
function inside(whole: Extent, runs: readonly Extent[]): ClusterSet {
  const set = new ClusterSet(clusterCount(whole.lengthBytes));
  for (const run of runs) addInside(set, run, whole);
  return set;
}

function addTouched(set: ClusterSet, run: Extent, originBytes: number): void {
  const { first, count } = clustersTouched({ offsetBytes: run.offsetBytes - originBytes, lengthBytes: run.lengthBytes });
  set.addRun(first, count);
}

/** The disk's short last cluster is whole when the run reaches its end. */
function addInside(set: ClusterSet, run: Extent, whole: Extent): void {
  const first = Math.ceil((run.offsetBytes - whole.offsetBytes) / CLUSTER_BYTES);
  const end = endOf(run) === endOf(whole) ? set.clusters : Math.floor((endOf(run) - whole.offsetBytes) / CLUSTER_BYTES);
  if (end > first) set.addRun(first, end - first);
}

function clipped(runs: readonly StatusRun[], window: Extent): readonly StatusRun[] {
  return runs.map((run) => {
    const offsetBytes = Math.max(run.offsetBytes, window.offsetBytes);
    return { ...run, offsetBytes, lengthBytes: Math.min(endOf(run), endOf(window)) - offsetBytes };
  });
}

/** All clusters that the bitmap marks, read in windows. */
export async function dirtyClusters(socketPath: string, exportName: string, bitmap: string, signal: AbortSignal): Promise<ClusterSet> {
  const context = contextOf(bitmap);
  const connection = await NbdConnection.connect({ socketPath, exportName, metaContexts: [context], signal });
  try {
    const set = new ClusterSet(clusterCount(connection.sizeBytes));
    for (const window of windows(connection.sizeBytes, MAX_WINDOW_BYTES)) {
      for (const run of await connection.blockStatus(window, context, signal)) if ((run.flags & DIRTY_FLAG) !== 0) addTouched(set, run, 0);
    }
    return set;
  } finally {
    await connection.close();
  }
}
