/**
 * Fingerprints: hashing 64 KiB clusters, reading a map's windows, applying a journal of 100,000 records, and what a cycle
 * without changes pays. Files in the directory given. Usage: node bench/fingerprints.ts [directory]
 */
import { randomFillSync } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClusterSet } from '../src/extents/clusterset.ts';
import { CLUSTER_BYTES } from '../src/extents/extent.ts';
import { Fingerprinter, isZero } from '../src/fingerprints/fingerprint.ts';
import { RealDirectory } from '../src/fingerprints/files.ts';
import { MAX_READ_CLUSTERS } from '../src/fingerprints/map.ts';
import { RecordBatch } from '../src/fingerprints/record.ts';
import { Fingerprints } from '../src/fingerprints/store.ts';

const RECORDS = 100_000;
/** 1 TiB of disk. */
const CLUSTERS = 16 * 1024 * 1024;
const SIZE = CLUSTERS * CLUSTER_BYTES;
const ROUNDS = 5;
const directory = mkdtempSync(join(process.argv[2] ?? tmpdir(), 'us-bench-'));

/** Milliseconds that the work takes: the median of the rounds. */
async function median(work: (round: number) => unknown): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    await work(round);
    times.push(performance.now() - start);
  }
  return times.sort((left, right) => left - right)[ROUNDS >> 1]!;
}

const gigabytesPerSecond = (bytes: number, ms: number): string => `${(bytes / ms / 1e6).toFixed(2)} GB/s`;
const tell = (what: string, figure: string) => console.log(`${what.padEnd(66)}${figure}`);

async function hashing(): Promise<void> {
  const memory = randomFillSync(Buffer.alloc(1024 * CLUSTER_BYTES));
  const zeroes = Buffer.alloc(memory.length);
  const fingerprinter = new Fingerprinter(Buffer.alloc(32, 1));
  const target = Buffer.alloc(16);
  const clustersOf = (of: Buffer, work: (cluster: Buffer) => void) => () => {
    for (let at = 0; at < of.length; at += CLUSTER_BYTES) work(of.subarray(at, at + CLUSTER_BYTES));
  };
  tell('fingerprint of 64 KiB clusters', gigabytesPerSecond(memory.length, await median(clustersOf(memory, (cluster) => fingerprinter.write(cluster, target)))));
  tell('zero test of zero clusters', gigabytesPerSecond(memory.length, await median(clustersOf(zeroes, isZero))));
}

function batchesOf(clusterAt: (record: number) => number): Buffer[] {
  const batch = new RecordBatch();
  const batches: Buffer[] = [];
  const fingerprint = Buffer.alloc(16, 5);
  for (let record = 0; record < RECORDS; record++) {
    batch.addData(0, clusterAt(record), fingerprint);
    if (batch.isFull) batches.push(batch.take());
  }
  return [...batches, batch.take()];
}

async function files(): Promise<void> {
  const store = new Fingerprints(new RealDirectory(directory));
  let parentId: string | null = null;
  const disks = [{ disk: 'a', sizeBytes: SIZE }];
  const map = await store.map('r', 'a', SIZE, 'k');
  const shipped = async (attemptId: string, batches: readonly Buffer[]) => {
    const journal = await store.journal('r', attemptId);
    for (const batch of batches) await journal.append(batch);
    await journal.sync();
    return { attemptId, epochId: 'e', keyId: 'k', digest: await journal.digest(), disks };
  };
  const applying = async (what: string, batches: readonly Buffer[]) => {
    const sealed: Awaited<ReturnType<typeof shipped>>[] = [];
    const journalMs = await median(async (round) => sealed.push(await shipped(`${what}-${round}`.replaceAll(/[^\w-]/g, ''), batches)));
    tell(`${what}: append, sync and digest the journal`, `${journalMs.toFixed(1)} ms`);
    const applyMs = await median(async (round) => {
      await store.applyJournal('r', { ...sealed[round]!, parentId });
      parentId = sealed[round]!.attemptId;
    });
    tell(`${what}: apply`, `${applyMs.toFixed(1)} ms`);
  };
  await applying('no records', []);
  await applying('100000 records in a row', batchesOf((record) => record));
  await applying('100000 records over 1 TiB', batchesOf((record) => Math.floor((record / RECORDS) * CLUSTERS)));
  tell('read a window of 16384 entries (1 GiB of disk)', `${(await median(() => map.read(0, MAX_READ_CLUSTERS))).toFixed(2)} ms`);
  const all = async () => {
    for (let first = 0; first < CLUSTERS; first += MAX_READ_CLUSTERS) await map.read(first, MAX_READ_CLUSTERS);
  };
  tell('read the map of 1 TiB', `${(await median(all)).toFixed(0)} ms`);
  const scattered = new ClusterSet(CLUSTERS);
  for (let cluster = 0; cluster < CLUSTERS; cluster += 160) scattered.add(cluster);
  tell('forget 104858 clusters over 1 TiB', `${(await median(() => map.forget(scattered))).toFixed(0)} ms`);
  await store.close();
}

try {
  await hashing();
  await files();
  tell('peak memory', `${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MiB`);
} finally {
  rmSync(directory, { recursive: true, force: true });
}
