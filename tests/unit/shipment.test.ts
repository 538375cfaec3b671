/** What of a disk travels: clusters rounded out, grown areas, and how much of a large disk is looked at at once. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { HEADROOM_BYTES, type DiskView, type LoanedChunk, type StatusRun } from '../../src/engine/ports/diskview.ts';
import type { LaneSender } from '../../src/engine/ports/peers.ts';
import { grownArea, united } from '../../src/engine/primary/growth.ts';
import { ship } from '../../src/engine/primary/shipment.ts';
import { wantedRuns } from '../../src/engine/primary/wanted.ts';
import { ClusterSet } from '../../src/extents/clusterset.ts';
import { CLUSTER_BYTES, clusterCount, type Extent } from '../../src/extents/extent.ts';
import { Fingerprinter, KEY_BYTES } from '../../src/fingerprints/fingerprint.ts';
import { Fingerprints } from '../../src/fingerprints/store.ts';
import { MemoryDirectory } from '../../src/simulation/fingerprints.ts';

const GIB = 2 ** 30;
const SECTOR_BYTES = 512;

const run = (offsetBytes: number, lengthBytes: number, dirty: boolean, zero: boolean): StatusRun => ({ offsetBytes, lengthBytes, dirty, zero });

const kinds = fc.record({ sectors: fc.integer({ min: 1, max: 300 }), dirty: fc.boolean(), zero: fc.boolean() });
const disks = fc.record({ runs: fc.array(kinds, { minLength: 1, maxLength: 20 }), carried: fc.array(fc.boolean(), { maxLength: 60 }) });

function laidOut(runs: readonly { sectors: number; dirty: boolean; zero: boolean }[]): StatusRun[] {
  let offsetBytes = 0;
  return runs.map(({ sectors, dirty, zero }) => {
    const laid = run(offsetBytes, sectors * SECTOR_BYTES, dirty, zero);
    offsetBytes += laid.lengthBytes;
    return laid;
  });
}

test('a cluster with one dirty sector travels whole, and none that is dirty or carried is left out', () => {
  fc.assert(fc.property(disks, ({ runs, carried }) => {
    const status = laidOut(runs);
    const sizeBytes = status.reduce((sum, { lengthBytes }) => sum + lengthBytes, 0);
    const clusters = clusterCount(sizeBytes);
    const held = new ClusterSet(clusters);
    for (const [cluster, isHeld] of carried.entries()) if (isHeld && cluster < clusters) held.add(cluster);
    const wanted = wantedRuns(status, held, { offsetBytes: 0, lengthBytes: sizeBytes }, sizeBytes);
    for (let cluster = 0; cluster < clusters; cluster++) {
      const from = cluster * CLUSTER_BYTES;
      const until = Math.min(from + CLUSTER_BYTES, sizeBytes);
      const touching = status.filter(({ offsetBytes, lengthBytes }) => offsetBytes < until && offsetBytes + lengthBytes > from);
      const found = wanted.filter(({ offsetBytes, lengthBytes }) => offsetBytes <= from && offsetBytes + lengthBytes >= until);
      assert.equal(found.length, held.has(cluster) || touching.some(({ dirty }) => dirty) ? 1 : 0, `cluster ${cluster}`);
      if (found[0]) assert.equal(found[0].zero, touching.every(({ zero }) => zero), `cluster ${cluster} travels as what it is`);
    }
  }));
});

test('a grown disk is dirty from its old tail\'s cluster to its new end, also when the old end was a whole cluster', () => {
  const grown = (before: number, after: number) => [...grownArea(before, after).runs()];
  assert.deepEqual(grown(3 * CLUSTER_BYTES + 512, 6 * CLUSTER_BYTES), [{ first: 3, count: 3 }]);
  assert.deepEqual(grown(3 * CLUSTER_BYTES, 3 * CLUSTER_BYTES + 512), [{ first: 3, count: 1 }]);
  assert.deepEqual(grown(512, 1024), [{ first: 0, count: 1 }]);
});

test('the union of return sets of different disk sizes loses no cluster of either', () => {
  const small = new Map([['a', grownArea(0, 2 * CLUSTER_BYTES)]]);
  const large = new Map([['a', grownArea(8 * CLUSTER_BYTES, 9 * CLUSTER_BYTES)], ['b', grownArea(0, 1)]]);
  for (const all of [united(small, large), united(large, small)]) {
    assert.deepEqual([...all.get('a')!.runs()], [{ first: 0, count: 2 }, { first: 8, count: 1 }]);
    assert.deepEqual([...all.get('b')!.runs()], [{ first: 0, count: 1 }]);
  }
  assert.equal(small.get('a')!.clusters, 2);
});

/** A disk of zeroes with a dirty GiB in the middle, which counts what is asked of it at once. */
class LargeDisk implements DiskView {
  readonly disks = [{ disk: 'a', sizeBytes: 3 * GIB }];
  largestWindowBytes = 0;
  readsUnderWay = 0;
  mostReadsUnderWay = 0;

  async status(_disk: string, window: Extent): Promise<readonly StatusRun[]> {
    this.largestWindowBytes = Math.max(this.largestWindowBytes, window.lengthBytes);
    const isMiddle = window.offsetBytes === GIB;
    const dirtyBytes = isMiddle ? 64 * 2 ** 20 : 0;
    return [run(window.offsetBytes, dirtyBytes, true, false), run(window.offsetBytes + dirtyBytes, window.lengthBytes - dirtyBytes, false, true)].filter(({ lengthBytes }) => lengthBytes > 0);
  }

  async read(_disk: string, { lengthBytes }: Extent): Promise<LoanedChunk> {
    this.mostReadsUnderWay = Math.max(this.mostReadsUnderWay, ++this.readsUnderWay);
    return { memory: Buffer.alloc(HEADROOM_BYTES + lengthBytes, 7), headroomBytes: HEADROOM_BYTES, release: () => void this.readsUnderWay-- };
  }

  async close(): Promise<void> {
    // Nothing is held.
  }
}

test('a large disk is looked at in windows of at most 1 GiB, and few reads of it are in memory at once', async () => {
  const view = new LargeDisk();
  const journal = await new Fingerprints(new MemoryDirectory()).journal('relationship', 'attempt');
  const lane: LaneSender = { data: () => new Promise((resolve) => setImmediate(resolve)), journal: () => Promise.resolve(), onDurable: () => undefined, finish: () => Promise.resolve(), destroy: () => undefined, bytesSent: 0 };
  const { changedBytes } = await ship({
    view, journal, lane, carried: new Map(), maps: new Map(), scan: null, fingerprinter: new Fingerprinter(Buffer.alloc(KEY_BYTES, 1)), compression: null,
    from: { disk: 0, cluster: 0 }, onProgress: () => undefined, signal: new AbortController().signal,
  });
  assert.equal(changedBytes, 64 * 2 ** 20);
  assert.equal(view.readsUnderWay, 0, 'all memory is given back');
  assert.ok(view.largestWindowBytes <= GIB, `a window of ${view.largestWindowBytes} bytes`);
  assert.ok(view.mostReadsUnderWay <= 32, `${view.mostReadsUnderWay} reads of 512 KiB at once`);
});
