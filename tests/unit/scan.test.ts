/** What a scan leaves to be read: everything that is not known to be on the replica, and little else. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unknownRuns } from '../../src/engine/primary/scan.ts';
import { ClusterSet } from '../../src/extents/clusterset.ts';
import { CLUSTER_BYTES, clusterExtent } from '../../src/extents/extent.ts';
import { FINGERPRINT_BYTES } from '../../src/fingerprints/fingerprint.ts';

const CLUSTERS = 2_000;
const SIZE_BYTES = CLUSTERS * CLUSTER_BYTES - 512;
const FIRST = 40;

/** Cluster n of the window holds n + 1; the replica knows the same but for those that differ, and nothing of the unknown. */
function scene(differing: readonly number[], unknown: readonly number[]) {
  const held = Buffer.alloc((CLUSTERS - FIRST) * FINGERPRINT_BYTES);
  for (let i = 0; i < CLUSTERS - FIRST; i++) held.writeUInt32LE(i + 1, i * FINGERPRINT_BYTES);
  const known = Buffer.from(held);
  for (const i of differing) known.writeUInt32LE(0xffff_0000 + i, i * FINGERPRINT_BYTES);
  for (const i of unknown) known.fill(0, i * FINGERPRINT_BYTES, (i + 1) * FINGERPRINT_BYTES);
  const asked: ClusterSet[] = [];
  const scan = async (among: ClusterSet): Promise<Buffer> => {
    asked.push(among);
    const found = Buffer.from(held);
    for (let i = 0; i < among.clusters; i++) if (!among.has(i)) found.fill(0, i * FINGERPRINT_BYTES, (i + 1) * FINGERPRINT_BYTES);
    return found;
  };
  return { known, scan, asked };
}

const data = (first: number, count: number) => ({ ...clusterExtent(first, count, SIZE_BYTES), dirty: true, zero: false });
const zero = (first: number, count: number) => ({ ...data(first, count), zero: true });
const window = clusterExtent(FIRST, CLUSTERS - FIRST, SIZE_BYTES);

test('what differs and what is not known is left, in runs, the short tail too; zeroes are not touched', async () => {
  const last = CLUSTERS - FIRST - 1;
  const { known, scan, asked } = scene([0, 5, 6, last], [100, 101]);
  const left = await unknownRuns({ runs: [data(FIRST, 1_700), zero(FIRST + 1_700, 100), data(FIRST + 1_800, CLUSTERS - FIRST - 1_800)], window, known, sizeBytes: SIZE_BYTES }, scan);
  assert.deepEqual(left, [data(FIRST, 1), data(FIRST + 5, 2), data(FIRST + 100, 2), zero(FIRST + 1_700, 100), data(CLUSTERS - 1, 1)]);
  assert.ok(!asked[0]!.has(100) && !asked[0]!.has(1_750), 'what is not known, and zeroes, are not read for the scan');
});

test('where little is to be read no scan is begun', async () => {
  const { known, scan, asked } = scene([], []);
  const runs = [data(FIRST, 100)];
  assert.equal(await unknownRuns({ runs, window, known, sizeBytes: SIZE_BYTES }, scan), runs);
  assert.equal(asked.length, 0);
});
