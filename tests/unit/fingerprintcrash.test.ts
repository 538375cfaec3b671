/**
 * Power is lost before every single operation on a map or journal in turn, and what was not synced is lost or torn in many
 * ways. What is found afterwards must be true of the point that it names, and doing the work again must end as planned.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ClusterSet } from '../../src/extents/clusterset.ts';
import { CLUSTER_BYTES } from '../../src/extents/extent.ts';
import type { MapFile } from '../../src/fingerprints/map.ts';
import { RECORD_BYTES, RecordBatch } from '../../src/fingerprints/record.ts';
import { Fingerprints } from '../../src/fingerprints/store.ts';
import { MemoryDirectory } from '../../src/simulation/fingerprints.ts';

/** A window of a map and some. */
const CLUSTERS = 4_501;
const SIZE = CLUSTERS * CLUSTER_BYTES - 512;
const RELATIONSHIP = 'r1';
const KEY = 'key-1';
const SEEDS = 14;

/** Which value (its fingerprint is that byte, 16 times) a cluster has at each point. */
const TRUTH: Readonly<Record<string, (cluster: number) => number>> = {
  p1: (cluster) => (cluster % 3 === 0 ? 1 : 0),
  p2: (cluster) => (isInP2(cluster) ? 2 : TRUTH['p1']!(cluster)),
  // What lies between p0 and p1 is every sixth cluster.
  p0: (cluster) => (cluster % 6 === 0 ? 7 : TRUTH['p1']!(cluster)),
};
const isInP2 = (cluster: number) => cluster % 700 < 20;

class PowerLost extends Error {}

/** mulberry32: the same numbers for the same seed. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const clustersWhere = (holds: (cluster: number) => boolean): number[] => Array.from({ length: CLUSTERS }, (_, cluster) => cluster).filter(holds);

function setOf(clusters: readonly number[]): ClusterSet {
  const set = new ClusterSet(CLUSTERS);
  for (const cluster of clusters) set.add(cluster);
  return set;
}

async function seal(store: Fingerprints, attemptId: string, parentId: string | null, carried: readonly number[]) {
  const batch = new RecordBatch(32_768);
  for (const cluster of carried) batch.addData(0, cluster, Buffer.alloc(16, TRUTH[attemptId]!(cluster)));
  const journal = await store.journal(RELATIONSHIP, attemptId);
  await journal.append(batch.take());
  await journal.sync();
  return { attemptId, parentId, epochId: 'e1', keyId: KEY, digest: await journal.digest(), disks: [{ disk: 'root', sizeBytes: SIZE }] };
}

const mapOf = (store: Fingerprints, sizeBytes = SIZE): Promise<MapFile> => store.map(RELATIONSHIP, 'root', sizeBytes, KEY);

/** Every cluster that the map claims to know is what the point that it names holds. Returns how many it knows. */
async function truthful(map: MapFile): Promise<number> {
  const entries = await map.read(0, CLUSTERS);
  const { pointId } = map;
  let known = 0;
  for (let cluster = 0; cluster < CLUSTERS; cluster++) {
    const value = entries[cluster * 16]!;
    if (value === 0) continue;
    known++;
    assert.ok(pointId !== null, `cluster ${cluster} is known but of no point`);
    assert.equal(value, TRUTH[pointId]!(cluster), `cluster ${cluster} at ${pointId}`);
  }
  return known;
}

/** Runs the work with power lost before its n-th operation; false when it ended before. */
async function loses(directory: MemoryDirectory, atOperation: number, work: () => Promise<unknown>): Promise<boolean> {
  let operations = 0;
  directory.onOperation = () => {
    if (operations++ >= atOperation) throw new PowerLost();
  };
  try {
    await work();
    return false;
  } catch (thrown) {
    if (!(thrown instanceof PowerLost)) throw thrown;
    return true;
  } finally {
    directory.onOperation = () => undefined;
  }
}

type Seal = Awaited<ReturnType<typeof seal>>;

interface Scenario {
  readonly work: (store: Fingerprints, p2: Seal) => Promise<unknown>;
  /** What the map says once the work is done: of which point, of how many clusters. */
  readonly pointId: string | null;
  readonly known: number;
  readonly sizeBytes?: number;
}

const knownAt = (point: string) => clustersWhere((cluster) => TRUTH[point]!(cluster) !== 0).length;
const isInReturnSet = (cluster: number) => cluster % 6 === 0;
const RETURN_SET = clustersWhere(isInReturnSet);
const LARGER = SIZE + 4_500 * CLUSTER_BYTES;

const SCENARIOS: Readonly<Record<string, Scenario>> = {
  'applying a journal': {
    work: (store, p2) => store.applyJournal(RELATIONSHIP, p2),
    pointId: 'p2',
    known: knownAt('p2'),
  },
  'applying a journal whose parent the map does not have': {
    work: (store, p2) => store.applyJournal(RELATIONSHIP, { ...p2, parentId: 'a-stranger' }),
    pointId: 'p2',
    known: clustersWhere(isInP2).length,
  },
  forgetting: {
    work: async (store) => (await mapOf(store)).forget(setOf(RETURN_SET)),
    pointId: 'p1',
    known: knownAt('p1') - RETURN_SET.length,
  },
  'moving to another point': {
    work: async (store) => (await mapOf(store)).rebase('p1', { pointId: 'p0', epochId: 'e2' }, setOf(RETURN_SET)),
    pointId: 'p0',
    known: knownAt('p1') - RETURN_SET.length,
  },
  // The old tail becomes unknown.
  growing: { work: (store) => mapOf(store, LARGER), pointId: 'p1', known: knownAt('p1') - 1, sizeBytes: LARGER },
  resetting: { work: async (store) => (await mapOf(store)).reset(), pointId: null, known: 0 },
};

async function prepared(): Promise<{ directory: MemoryDirectory; store: Fingerprints; p2: Seal }> {
  const directory = new MemoryDirectory();
  const store = new Fingerprints(directory);
  const p1 = await seal(store, 'p1', null, clustersWhere((cluster) => TRUTH['p1']!(cluster) !== 0));
  await store.applyJournal(RELATIONSHIP, p1);
  return { directory, store, p2: await seal(store, 'p2', 'p1', clustersWhere(isInP2)) };
}

/** Killed when the first entries of p2 were written and others were not. */
async function halfApplied(): Promise<{ directory: MemoryDirectory; p2: Seal }> {
  const { directory, store, p2 } = await prepared();
  let writes = 0;
  directory.onOperation = (operation, path) => {
    if (operation === 'write' && path.endsWith('.map') && ++writes === 3) throw new PowerLost();
  };
  await assert.rejects(store.applyJournal(RELATIONSHIP, p2), PowerLost);
  directory.onOperation = () => undefined;
  directory.kill();
  return { directory, p2 };
}

describe('power lost anywhere', () => {
  for (const [name, { work, pointId, known: expected, sizeBytes }] of Object.entries(SCENARIOS)) {
    test(`${name}: what a crash leaves is true of the point that it names, also when the work is done again`, async () => {
      let isLost = true;
      for (let attempt = 0; isLost; attempt++) {
        const { directory, store, p2 } = await prepared();
        isLost = await loses(directory, Math.floor(attempt / SEEDS), () => work(store, p2));
        directory.crash(randomOf(attempt));
        const restarted = new Fingerprints(directory);
        const map = await mapOf(restarted, sizeBytes);
        const known = await truthful(map);
        if (sizeBytes === LARGER) assert.deepEqual(await map.read(CLUSTERS - 1, 2), Buffer.alloc(32), 'the old tail is unknown');
        if (!isLost) assert.deepEqual([map.pointId, known], [pointId, expected]);
        await work(restarted, p2);
        await truthful(map);
        assert.ok(map.pointId === null || map.pointId === pointId);
      }
    });

    test(`${name}: killed anywhere and done again, it ends as if never interrupted`, async () => {
      let isLost = true;
      for (let operation = 0; isLost; operation++) {
        const { directory, store, p2 } = await prepared();
        isLost = await loses(directory, operation, () => work(store, p2));
        directory.kill();
        const restarted = new Fingerprints(directory);
        await work(restarted, p2);
        const map = await mapOf(restarted, sizeBytes);
        assert.deepEqual([map.pointId, await truthful(map)], [pointId, expected]);
      }
    });
  }

  test('a map whose journal was half applied is of no use, whoever asks, until the journal is applied again', async () => {
    const { directory, p2 } = await halfApplied();
    const restarted = new Fingerprints(directory);
    const map = await mapOf(restarted);
    assert.equal(map.applying, 'p2');
    assert.deepEqual([map.usableFor('p1', KEY), map.usableFor('p2', KEY), map.pointId], [false, false, null]);
    assert.deepEqual(await map.read(0, 100), Buffer.alloc(1_600));
    assert.equal(await restarted.applyJournal(RELATIONSHIP, p2), true);
    assert.deepEqual([map.pointId, await truthful(map)], ['p2', knownAt('p2')]);
  });

  test('forgetting gives an interrupted apply up: no cluster is known then', async () => {
    const { directory } = await halfApplied();
    const map = await mapOf(new Fingerprints(directory));
    assert.equal(map.applying, 'p2');
    await map.forget(setOf(RETURN_SET));
    assert.deepEqual([map.applying, map.pointId, await truthful(map)], [null, null, 0]);
  });

  test('clusters forgotten before a crash stay unknown after it', async () => {
    for (let seed = 0; seed < SEEDS; seed++) {
      const { directory, store } = await prepared();
      await (await mapOf(store)).forget(setOf(RETURN_SET));
      directory.crash(randomOf(seed));
      const entries = await (await mapOf(new Fingerprints(directory))).read(0, CLUSTERS);
      for (const cluster of RETURN_SET) assert.equal(entries[cluster * 16], 0);
    }
  });

  test('a journal is after a crash a beginning of what was appended, with at least all that was synced', async () => {
    for (let seed = 0; seed < 200; seed++) {
      const random = randomOf(seed);
      const directory = new MemoryDirectory();
      const journal = await new Fingerprints(directory).journal(RELATIONSHIP, 'j');
      const appended: Buffer[] = [];
      let syncedBytes = 0;
      for (let part = 0; part < 6; part++) {
        const batch = new RecordBatch(64);
        for (let record = 0; record < 1 + random() * 50; record++) batch.addData(0, part * 100 + record, Buffer.alloc(16, part + 1));
        const records = batch.take();
        appended.push(records);
        await journal.append(records);
        if (random() < 0.3) syncedBytes = await journal.sync();
      }
      directory.crash(random);
      const found = await new Fingerprints(directory).journal(RELATIONSHIP, 'j');
      assert.ok(found.sizeBytes >= syncedBytes && found.sizeBytes % RECORD_BYTES === 0, `seed ${seed}: ${found.sizeBytes} of ${syncedBytes}`);
      const left: Buffer[] = [];
      for await (const part of found.batches()) left.push(part);
      assert.deepEqual(Buffer.concat(left), Buffer.concat(appended).subarray(0, found.sizeBytes), `seed ${seed}`);
    }
  });

  test('a journal whose sync failed never says again that it is durable', async () => {
    const directory = new MemoryDirectory();
    const journal = await new Fingerprints(directory).journal(RELATIONSHIP, 'j');
    directory.onOperation = (operation) => {
      if (operation === 'sync') throw new PowerLost();
    };
    await assert.rejects(journal.sync(), PowerLost);
    directory.onOperation = () => undefined;
    await assert.rejects(journal.sync(), PowerLost);
  });
});
