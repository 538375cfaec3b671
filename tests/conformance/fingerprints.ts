/**
 * What every store of fingerprint maps and journals does, told with the port alone and checked against naive models: run on
 * real files and on the simulator's.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { blake3 } from '@napi-rs/blake-hash';
import fc from 'fast-check';
import type { AttemptJournal, FingerprintMap, FingerprintStore } from '../../src/engine/ports/fingerprints.ts';
import { ClusterSet } from '../../src/extents/clusterset.ts';
import { CLUSTER_BYTES } from '../../src/extents/extent.ts';
import { Fault } from '../../src/errors/fault.ts';
import { Fingerprinter } from '../../src/fingerprints/fingerprint.ts';
import { RECORD_BYTES, RecordBatch } from '../../src/fingerprints/record.ts';

export interface FingerprintStoreUnderTest {
  /** The store as a process finds it that was started just now; earlier ones are gone. */
  readonly start: () => Promise<FingerprintStore>;
  readonly dispose: () => Promise<void>;
}

const RELATIONSHIP = '6a1f7f0e-0000-4000-8000-000000000001';
const KEY = 'key-1';
const FINGERPRINTER = new Fingerprinter(Buffer.alloc(32, 1));
/** Two windows of a map and some, with a short tail. */
const CLUSTERS = 9_000;
const SIZE = CLUSTERS * CLUSTER_BYTES - 512;
const DISKS = [{ disk: 'root', sizeBytes: SIZE }, { disk: 'data', sizeBytes: 3 * CLUSTER_BYTES }];

const isFault = (code: string) => (error: unknown) => error instanceof Fault && error.code === code;
const printOf = (value: number): Buffer => Buffer.alloc(16, value);

/** What a map should say: a number stands for a fingerprint, 0 for unknown. */
interface Model {
  pointId: string | null;
  entries: number[];
}

async function agrees(map: FingerprintMap, model: Model): Promise<void> {
  assert.equal(map.pointId, model.pointId);
  assert.equal(map.usableFor('another', KEY), false);
  if (model.pointId !== null) assert.equal(map.usableFor(model.pointId, KEY), true);
  const entries = await map.read(0, model.entries.length);
  const expected = Buffer.concat(model.entries.map(printOf));
  assert.equal(Buffer.compare(entries, expected), 0, 'the map says what the model says');
}

/** Content of a journal: runs of clusters of a disk that got a fingerprint. */
interface Shipment {
  readonly disk: number;
  readonly first: number;
  readonly count: number;
  readonly value: number;
}

function recordsFor(shipments: readonly Shipment[]): Buffer {
  const batch = new RecordBatch(32_768);
  for (const { disk, first, count, value } of shipments) {
    for (let cluster = first; cluster < first + count; cluster++) batch.addData(disk, cluster, printOf(value));
    batch.addMark(disk, first + count);
  }
  return batch.take();
}

async function ship(store: FingerprintStore, attemptId: string, records: Buffer): Promise<string> {
  const journal = await store.journal(RELATIONSHIP, attemptId);
  await journal.append(records);
  await journal.sync();
  return journal.digest();
}

const sealed = (attemptId: string, parentId: string | null, digest: string, disks = DISKS) => ({ attemptId, parentId, epochId: 'epoch-1', keyId: KEY, digest, disks });

const root = (store: FingerprintStore) => store.map(RELATIONSHIP, 'root', SIZE, KEY);

/** A store whose maps speak of point `p1`, in which root's clusters 0…99 have fingerprint 1. */
async function withFirstPoint(store: FingerprintStore): Promise<void> {
  const digest = await ship(store, 'p1', recordsFor([{ disk: 0, first: 0, count: 100, value: 1 }]));
  assert.equal(await store.applyJournal(RELATIONSHIP, sealed('p1', null, digest)), true);
}

const runs = fc.record({ first: fc.nat(CLUSTERS - 1), count: fc.integer({ min: 1, max: 300 }) });
const clipped = ({ first, count }: { first: number; count: number }) => ({ first, count: Math.min(count, CLUSTERS - first) });
const shipments = fc.array(fc.record({ disk: fc.nat(1), run: runs, value: fc.integer({ min: 1, max: 255 }) }), { maxLength: 8 }).map((list) =>
  list.map(({ disk, run, value }) => (disk === 0 ? { disk, value, ...clipped(run) } : { disk, value, first: run.first % 3, count: 1 })),
);
const step = fc.oneof(
  fc.record({ kind: fc.constant('attempt' as const), shipments, isNextOfMap: fc.boolean() }),
  fc.record({ kind: fc.constant('forget' as const), runs: fc.array(runs, { maxLength: 5 }) }),
  fc.record({ kind: fc.constant('rebase' as const), runs: fc.array(runs, { maxLength: 5 }), isFromMap: fc.boolean() }),
  fc.record({ kind: fc.constant('restart' as const) }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

const setOf = (list: readonly { first: number; count: number }[]): ClusterSet => {
  const set = new ClusterSet(CLUSTERS);
  for (const { first, count } of list) set.addRun(first, count);
  return set;
};

class Story {
  store: FingerprintStore;
  readonly #relaunch: () => Promise<FingerprintStore>;
  readonly model: Model = { pointId: null, entries: new Array<number>(CLUSTERS).fill(0) };
  #ids = 0;

  constructor(store: FingerprintStore, relaunch: () => Promise<FingerprintStore>) {
    this.store = store;
    this.#relaunch = relaunch;
  }

  async take(next: Step): Promise<void> {
    if (next.kind === 'restart') this.store = await this.#relaunch();
    else if (next.kind === 'attempt') await this.#attempt(next.shipments, next.isNextOfMap);
    else if (next.kind === 'forget') await this.#forget(next.runs);
    else await this.#rebase(next.runs, next.isFromMap);
    await agrees(await root(this.store), this.model);
  }

  async #attempt(list: readonly Shipment[], isNextOfMap: boolean): Promise<void> {
    const attemptId = `attempt-${this.#ids++}`;
    const digest = await ship(this.store, attemptId, recordsFor(list));
    const parentId = isNextOfMap ? this.model.pointId : 'a-stranger';
    assert.equal(await this.store.applyJournal(RELATIONSHIP, sealed(attemptId, parentId, digest)), true);
    if (!isNextOfMap) this.model.entries.fill(0);
    for (const { disk, first, count, value } of list) if (disk === 0) this.model.entries.fill(value, first, first + count);
    this.model.pointId = attemptId;
  }

  async #forget(list: readonly { first: number; count: number }[]): Promise<void> {
    await (await root(this.store)).forget(setOf(list));
    for (const { first, count } of list) this.model.entries.fill(0, first, first + count);
  }

  async #rebase(list: readonly { first: number; count: number }[], isFromMap: boolean): Promise<void> {
    const pointId = `older-${this.#ids++}`;
    const from = isFromMap && this.model.pointId !== null ? this.model.pointId : 'a-stranger';
    await (await root(this.store)).rebase(from, { pointId, epochId: 'epoch-2' }, setOf(list));
    if (from === 'a-stranger') Object.assign(this.model, { pointId: null, entries: this.model.entries.fill(0) });
    else this.model.pointId = pointId;
    for (const { first, count } of list) this.model.entries.fill(0, first, first + count);
  }
}

export function fingerprintStoreConformance(name: string, make: () => Promise<FingerprintStoreUnderTest>): void {
  const story = (title: string, tell: (store: FingerprintStore, under: FingerprintStoreUnderTest) => Promise<void>) =>
    test(title, async () => {
      const under = await make();
      try {
        await tell(await under.start(), under);
      } finally {
        await under.dispose();
      }
    });

  describe(`fingerprint store: ${name}`, () => {
    mapStories(story);
    applyStories(story);
    journalStories(story);
  });
}

type Tell = (title: string, tell: (store: FingerprintStore, under: FingerprintStoreUnderTest) => Promise<void>) => void;

function mapStories(story: Tell): void {
  story('a new map speaks of no point and knows no cluster', async (store) => {
    await agrees(await root(store), { pointId: null, entries: new Array<number>(CLUSTERS).fill(0) });
  });

  story('a map says exactly what attempts, forgetting and moving to another point leave, also after restarts', async (_store, under) => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 8 }), async (steps) => {
        const first = await under.start();
        await first.drop(RELATIONSHIP);
        const tale = new Story(first, under.start);
        for (const next of steps) await tale.take(next);
      }),
      { numRuns: 25 },
    );
  });

  story('after a disk has grown, its old tail and all that is new are unknown', async (store, under) => {
    const tail = CLUSTERS - 1;
    const digest = await ship(store, 'p1', recordsFor([{ disk: 0, first: tail - 1, count: 2, value: 9 }]));
    await store.applyJournal(RELATIONSHIP, sealed('p1', null, digest));
    await store.map(RELATIONSHIP, 'root', SIZE + 5 * CLUSTER_BYTES, KEY);
    const map = await (await under.start()).map(RELATIONSHIP, 'root', SIZE + 5 * CLUSTER_BYTES, KEY);
    assert.equal(map.usableFor('p1', KEY), true);
    assert.deepEqual(await map.read(tail - 1, 7), Buffer.concat([printOf(9), Buffer.alloc(6 * 16)]));
  });

  story('after a disk has shrunk and grown again, nothing of the time before is known', async (store) => {
    await withFirstPoint(store);
    await store.map(RELATIONSHIP, 'root', CLUSTER_BYTES, KEY);
    await agrees(await root(store), { pointId: null, entries: new Array<number>(CLUSTERS).fill(0) });
  });

  story('with another key nothing is known', async (store) => {
    await withFirstPoint(store);
    const map = await store.map(RELATIONSHIP, 'root', SIZE, 'key-2');
    assert.equal(map.usableFor('p1', 'key-2'), false);
    assert.deepEqual(await map.read(0, 100), Buffer.alloc(1_600));
  });

  story('a map that moved to an older point stays there when that is done again', async (store) => {
    await withFirstPoint(store);
    const map = await root(store);
    for (let time = 0; time < 2; time++) await map.rebase('p1', { pointId: 'p0', epochId: 'e2' }, setOf([{ first: 0, count: 99 }]));
    assert.equal(map.usableFor('p0', KEY), true);
    assert.deepEqual(await map.read(98, 2), Buffer.concat([printOf(0), printOf(1)]));
  });

  story('two askers of one map see the same one', async (store) => {
    const [one, other] = await Promise.all([root(store), root(store)]);
    assert.equal(one, other);
  });
}

function applyStories(story: Tell): void {
  story('applying a journal twice is applying it once', async (store) => {
    await withFirstPoint(store);
    await (await root(store)).forget(setOf([{ first: 0, count: 1 }]));
    await withFirstPointAgain(store);
    assert.deepEqual(await (await root(store)).read(0, 2), Buffer.concat([printOf(0), printOf(1)]));
  });

  story('a journal that is gone or was changed after its seal leaves no map that knows anything', async (store) => {
    for (const spoil of ['gone', 'changed']) {
      await withFirstPoint(store);
      const digest = await ship(store, 'p2', recordsFor([{ disk: 0, first: 0, count: 3, value: 2 }]));
      if (spoil === 'gone') await store.removeJournal(RELATIONSHIP, 'p2');
      else await (await store.journal(RELATIONSHIP, 'p2')).truncateTo(RECORD_BYTES);
      assert.equal(await store.applyJournal(RELATIONSHIP, sealed('p2', 'p1', digest)), false, spoil);
      await agrees(await root(store), { pointId: null, entries: new Array<number>(CLUSTERS).fill(0) });
      await store.drop(RELATIONSHIP);
    }
  });

  story('an applied journal may be gone when it is applied again', async (store, under) => {
    await withFirstPoint(store);
    const digest = await (await store.journal(RELATIONSHIP, 'p1')).digest();
    await store.removeJournal(RELATIONSHIP, 'p1');
    assert.equal(await (await under.start()).applyJournal(RELATIONSHIP, sealed('p1', null, digest)), true);
  });

  story('a journal that speaks of clusters beyond a disk\'s end is a fault, and the map knows nothing by it', async (store) => {
    const digest = await ship(store, 'p1', recordsFor([{ disk: 1, first: 0, count: 4, value: 5 }]));
    await assert.rejects(store.applyJournal(RELATIONSHIP, sealed('p1', null, digest)), isFault('integrity'));
    const map = await store.map(RELATIONSHIP, 'data', DISKS[1]!.sizeBytes, KEY);
    assert.equal(map.pointId, null);
    assert.deepEqual(await map.read(0, 3), Buffer.alloc(48));
    await assert.rejects((await store.journal(RELATIONSHIP, 'p1')).clusterSets(DISKS), isFault('integrity'));
  });

  story('zero runs over many windows of a map, with the short tail, are known by their zero fingerprints', async (store) => {
    const batch = new RecordBatch();
    batch.addZeroes(0, 1, CLUSTERS - 1, SIZE, FINGERPRINTER);
    const digest = await ship(store, 'p1', batch.take());
    await store.applyJournal(RELATIONSHIP, sealed('p1', null, digest));
    const entries = await (await root(store)).read(0, CLUSTERS);
    assert.deepEqual(entries.subarray(0, 16), Buffer.alloc(16));
    for (const cluster of [1, 4_095, 4_096, 8_192, CLUSTERS - 2]) assert.deepEqual(entries.subarray(cluster * 16, cluster * 16 + 16), FINGERPRINTER.ofZeroes());
    assert.deepEqual(entries.subarray(-16), FINGERPRINTER.ofZeroes(CLUSTER_BYTES - 512));
    const { sets, zeroClusters } = await (await store.journal(RELATIONSHIP, 'p1')).clusterSets(DISKS);
    assert.equal(zeroClusters, CLUSTERS - 1);
    assert.deepEqual([...sets.get('root')!.runs()], [{ first: 1, count: CLUSTERS - 1 }]);
  });

  story('names that could leave the store\'s directory are refused', async (store) => {
    for (const name of ['..', '../x', '', 'a/b', '.hidden', 'a\0']) {
      await assert.rejects(store.journal(RELATIONSHIP, name), isFault('peer-protocol'));
      await assert.rejects(store.map(name, 'root', SIZE, KEY), isFault('peer-protocol'));
      await assert.rejects(store.drop(name), isFault('peer-protocol'));
    }
  });
}

async function withFirstPointAgain(store: FingerprintStore): Promise<void> {
  const digest = await (await store.journal(RELATIONSHIP, 'p1')).digest();
  assert.equal(await store.applyJournal(RELATIONSHIP, sealed('p1', null, digest)), true);
}

async function bytesOf(journal: AttemptJournal): Promise<Buffer> {
  const batches: Buffer[] = [];
  for await (const batch of journal.batches()) batches.push(batch);
  return Buffer.concat(batches);
}

function journalStories(story: Tell): void {
  story('a journal holds what was appended, in order, over restarts, and its digest is that of the bytes', async (store, under) => {
    const parts = [0, 1, 2].map((part) => recordsFor([{ disk: part % 2, first: part * 7_000, count: 15_000, value: part + 1 }]));
    for (const part of parts) await (await store.journal(RELATIONSHIP, 'j')).append(part);
    assert.equal(await (await store.journal(RELATIONSHIP, 'j')).sync(), Buffer.concat(parts).length);
    const journal = await (await under.start()).journal(RELATIONSHIP, 'j');
    assert.equal(Buffer.compare(await bytesOf(journal), Buffer.concat(parts)), 0);
    assert.equal(await journal.digest(), blake3(Buffer.concat(parts)).toString('hex'));
    let records = 0;
    for await (const record of journal.records()) if (record.kind !== 'mark') assert.equal(record.cluster, (records % 15_000) + Math.floor(records++ / 15_000) * 7_000);
    assert.equal(records, 45_000);
  });

  story('shipping resumes at the last mark that the other host has, or at the start', async (store) => {
    const journal = await store.journal(RELATIONSHIP, 'j');
    assert.deepEqual(await journal.lastMarkAtOrBefore(0), { bytes: 0, disk: 0, cluster: 0 });
    await journal.append(recordsFor([{ disk: 0, first: 0, count: 10, value: 1 }, { disk: 1, first: 20, count: 32_000, value: 1 }]));
    const first = { bytes: 11 * RECORD_BYTES, disk: 0, cluster: 10 };
    assert.deepEqual(await journal.lastMarkAtOrBefore(11 * RECORD_BYTES - 1), { bytes: 0, disk: 0, cluster: 0 });
    assert.deepEqual(await journal.lastMarkAtOrBefore(11 * RECORD_BYTES), first);
    assert.deepEqual(await journal.lastMarkAtOrBefore(journal.sizeBytes - 1), first);
    assert.deepEqual(await journal.lastMarkAtOrBefore(1e12), { bytes: journal.sizeBytes, disk: 1, cluster: 32_020 });
    await journal.truncateTo(first.bytes);
    assert.deepEqual(await journal.lastMarkAtOrBefore(1e12), first);
  });

  story('what is appended after a cut follows what was left', async (store, under) => {
    const journal = await store.journal(RELATIONSHIP, 'j');
    const [kept, cut, next] = [1, 2, 3].map((value) => recordsFor([{ disk: 0, first: value, count: value, value }]));
    await journal.append(Buffer.concat([kept!, cut!]));
    await journal.truncateTo(kept!.length);
    await journal.append(next!);
    await journal.sync();
    assert.deepEqual(await bytesOf(await (await under.start()).journal(RELATIONSHIP, 'j')), Buffer.concat([kept!, next!]));
  });

  story('bytes that are not whole records are refused and change nothing', async (store) => {
    const journal = await store.journal(RELATIONSHIP, 'j');
    const good = recordsFor([{ disk: 0, first: 1, count: 2, value: 1 }]);
    await assert.rejects(journal.append(good.subarray(0, 40)), isFault('peer-protocol'));
    await assert.rejects(journal.append(Buffer.alloc(RECORD_BYTES)), isFault('peer-protocol'));
    await journal.append(good);
    assert.equal(journal.sizeBytes, good.length);
  });

  story('cluster sets and counts are those of a naive model', async (store) => {
    await fc.assert(
      fc.asyncProperty(shipments, fc.array(runs, { maxLength: 3 }), async (list, zeroes) => {
        await store.removeJournal(RELATIONSHIP, 'j');
        const journal = await store.journal(RELATIONSHIP, 'j');
        const batch = new RecordBatch();
        for (const run of zeroes.map(clipped)) batch.addZeroes(0, run.first, run.count, SIZE, FINGERPRINTER);
        await journal.append(batch.take());
        await journal.append(recordsFor(list));
        const last = new Map<string, 'data' | 'zero'>();
        for (const { first, count } of zeroes.map(clipped)) for (let at = first; at < first + count; at++) last.set(`0 ${at}`, 'zero');
        for (const { disk, first, count } of list) for (let at = first; at < first + count; at++) last.set(`${disk} ${at}`, 'data');
        const { sets, dataClusters, zeroClusters } = await journal.clusterSets(DISKS);
        assert.equal(dataClusters, [...last.values()].filter((kind) => kind === 'data').length);
        assert.equal(zeroClusters, last.size - dataClusters);
        for (const key of last.keys()) assert.equal(sets.get(DISKS[Number(key[0])]!.disk)!.has(Number(key.slice(2))), true);
      }),
      { numRuns: 25 },
    );
  });

  story('a relationship\'s journals are listed until they are removed, and dropping it removes all', async (store) => {
    assert.deepEqual(await store.journals(RELATIONSHIP), []);
    for (const attemptId of ['one', 'two']) await store.journal(RELATIONSHIP, attemptId);
    await root(store);
    assert.deepEqual([...(await store.journals(RELATIONSHIP))].sort(), ['one', 'two']);
    for (let time = 0; time < 2; time++) await store.removeJournal(RELATIONSHIP, 'one');
    assert.deepEqual(await store.journals(RELATIONSHIP), ['two']);
    for (let time = 0; time < 2; time++) await store.drop(RELATIONSHIP);
    assert.deepEqual(await store.journals(RELATIONSHIP), []);
  });
}
