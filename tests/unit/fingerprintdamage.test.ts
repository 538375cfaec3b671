/** Map and journal files that something else than this program changed. Real files. */
import assert from 'node:assert/strict';
import { appendFile, copyFile, mkdtemp, open, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { CLUSTER_BYTES } from '../../src/extents/extent.ts';
import { RealDirectory } from '../../src/fingerprints/files.ts';
import { decodeHeader, encodeHeader, HEADER_BYTES } from '../../src/fingerprints/header.ts';
import type { MapFile } from '../../src/fingerprints/map.ts';
import { RECORD_BYTES, RecordBatch } from '../../src/fingerprints/record.ts';
import { Fingerprints } from '../../src/fingerprints/store.ts';

const CLUSTERS = 100;
const SIZE = CLUSTERS * CLUSTER_BYTES;

describe('damage', () => {
  let root: string;
  let store: Fingerprints;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'us-fp-'));
    store = new Fingerprints(new RealDirectory(root));
  });
  afterEach(async () => {
    await store.close();
    await rm(root, { recursive: true, force: true });
  });
  const path = (name: string) => join(root, 'r1', name);

  async function applied(attemptId: string, parentId: string | null, disk = 'a'): Promise<void> {
    const batch = new RecordBatch();
    for (let cluster = 0; cluster < CLUSTERS; cluster++) batch.addData(0, cluster, Buffer.alloc(16, 7));
    const journal = await store.journal('r1', attemptId);
    await journal.append(batch.take());
    await journal.sync();
    const digest = await journal.digest();
    assert.equal(await store.applyJournal('r1', { attemptId, parentId, epochId: 'e1', keyId: 'k1', digest, disks: [{ disk, sizeBytes: SIZE }] }), true);
  }

  /** The map as found by a process that starts after the change. */
  async function mapAfter(change: () => Promise<unknown>): Promise<MapFile> {
    await store.close();
    await change();
    store = new Fingerprints(new RealDirectory(root));
    return store.map('r1', 'a', SIZE, 'k1');
  }

  async function flip(name: string, byte: number): Promise<void> {
    const file = await open(path(name), 'r+');
    const memory = Buffer.alloc(1);
    await file.read(memory, 0, 1, byte);
    memory[0]! ^= 0x10;
    await file.write(memory, 0, 1, byte);
    await file.close();
  }

  const knowsNothing = async (map: MapFile) => {
    assert.equal(map.pointId, null);
    assert.equal(map.usableFor('p1', 'k1'), false);
    assert.deepEqual(await map.read(0, CLUSTERS), Buffer.alloc(CLUSTERS * 16));
  };

  test('a header with any bit flipped, or cut, is no header', () => {
    const header = { relationshipId: 'r1', disk: 'a', sizeBytes: SIZE, keyId: 'k1', pointId: 'p1', epochId: null, applying: null };
    const block = encodeHeader(header);
    assert.deepEqual(decodeHeader(block), header);
    for (let byte = 0; byte < HEADER_BYTES; byte++) {
      const spoilt = Buffer.from(block);
      spoilt[byte]! ^= 1 << (byte % 8);
      assert.equal(decodeHeader(spoilt), undefined, `byte ${byte}`);
    }
    assert.equal(decodeHeader(block.subarray(0, -1)), undefined);
  });

  test('a flipped bit in the header\'s file makes the map know nothing, and it can be used again', async () => {
    for (const byte of [0, 15, 16, 100, 200, 1_000, HEADER_BYTES - 1]) {
      await applied('p1', null);
      await knowsNothing(await mapAfter(() => flip('a.map', byte)));
    }
    await applied('p1', null);
    assert.equal((await store.map('r1', 'a', SIZE, 'k1')).usableFor('p1', 'k1'), true);
  });

  test('a map that is too short knows nothing', async () => {
    for (const lengthBytes of [0, 1, HEADER_BYTES - 1, HEADER_BYTES, HEADER_BYTES + CLUSTERS * 16 - 1]) {
      await applied('p1', null);
      await knowsNothing(await mapAfter(() => truncate(path('a.map'), lengthBytes)));
    }
  });

  test('bytes after a map\'s end are cut off, so that no growth takes them for entries', async () => {
    await applied('p1', null);
    const map = await mapAfter(() => appendFile(path('a.map'), Buffer.alloc(64, 9)));
    assert.equal(map.usableFor('p1', 'k1'), true);
    assert.equal((await stat(path('a.map'))).size, HEADER_BYTES + CLUSTERS * 16);
    assert.deepEqual(await (await store.map('r1', 'a', SIZE + 4 * CLUSTER_BYTES, 'k1')).read(CLUSTERS, 4), Buffer.alloc(64));
  });

  test('another disk\'s map under this disk\'s name knows nothing', async () => {
    await applied('p1', null, 'b');
    await knowsNothing(await mapAfter(() => copyFile(path('b.map'), path('a.map'))));
  });

  test('a map that was put back from a backup is not usable for a newer point', async () => {
    await applied('p1', null);
    await store.close();
    await copyFile(path('a.map'), path('backup'));
    store = new Fingerprints(new RealDirectory(root));
    await applied('p2', 'p1');
    const map = await mapAfter(() => copyFile(path('backup'), path('a.map')));
    assert.deepEqual([map.usableFor('p1', 'k1'), map.usableFor('p2', 'k1')], [true, false]);
  });

  test('a journal with a torn or zeroed end is cut to its last whole record before it', async () => {
    const batch = new RecordBatch();
    for (let n = 0; n < 10; n++) batch.addData(0, n, Buffer.alloc(16, 1));
    const records = batch.take();
    const tails = [Buffer.alloc(1, 1), records.subarray(0, 31), Buffer.alloc(4_096), Buffer.concat([Buffer.alloc(512), records])];
    for (const [index, tail] of tails.entries()) {
      await store.removeJournal('r1', `j${index}`);
      await writeFile(path(`j${index}.journal`), Buffer.concat([records, tail]));
      const journal = await store.journal('r1', `j${index}`);
      assert.equal(journal.sizeBytes, 10 * RECORD_BYTES);
      assert.equal((await stat(path(`j${index}.journal`))).size, 10 * RECORD_BYTES);
    }
  });

  test('a journal with a hole is cut before the hole, however much comes after it', async () => {
    const batch = new RecordBatch(32_768);
    for (let n = 0; n < 32_768; n++) batch.addData(0, n, Buffer.alloc(16, 1));
    const records = batch.take();
    const spoilt = Buffer.concat([records, records, records]);
    spoilt.fill(0, 4_096, 8_192);
    await store.journal('r1', 'other');
    await writeFile(path('j.journal'), spoilt);
    assert.equal((await store.journal('r1', 'j')).sizeBytes, 4_096);
  });

  test('many maps take one file descriptor each, and none after they are closed', async () => {
    const openFiles = async () => (await readdir('/proc/self/fd')).length;
    const before = await openFiles();
    for (let time = 0; time < 3; time++) for (let disk = 0; disk < 20; disk++) await store.map('r1', `d${disk}`, SIZE, 'k1');
    assert.equal((await openFiles()) - before, 20);
    await store.close();
    assert.equal(await openFiles(), before);
  });
});
