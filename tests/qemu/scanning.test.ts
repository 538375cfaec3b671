/** Scanning threads against a real server and a real file: every fingerprint is that of the bytes that are there. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { ServedDisk } from '../../src/engine/ports/scanner.ts';
import { Fault } from '../../src/errors/fault.ts';
import { ClusterSet } from '../../src/extents/clusterset.ts';
import { CLUSTER_BYTES, clusterCount } from '../../src/extents/extent.ts';
import { FINGERPRINT_BYTES, Fingerprinter, isUnknown } from '../../src/fingerprints/fingerprint.ts';
import { DiskScanner } from '../../src/scanning/scanning.ts';

/** Whole units, a part of one, and a short tail. */
const SIZE_BYTES = 150 * CLUSTER_BYTES + 1_536;
const directory = mkdtempSync(join(tmpdir(), 'us-scan-'));
const filePath = join(directory, 'disk');
const socketPath = join(directory, 's');
const content = randomFillSync(Buffer.alloc(SIZE_BYTES));
const key = randomFillSync(Buffer.alloc(32));
const scanner = new DiskScanner();
const signal = new AbortController().signal;
let serverPid: number;

before(() => {
  writeFileSync(filePath, content);
  const pidPath = join(directory, 'pid');
  // It returns when the server listens.
  execFileSync('qemu-nbd', ['--fork', '--pid-file', pidPath, '--read-only', '-t', '-e', '8', '-f', 'raw', '-x', 'a', '-k', socketPath, filePath], { stdio: 'ignore' });
  serverPid = Number(readFileSync(pidPath, 'utf8'));
});
after(async () => {
  await scanner.stop();
  process.kill(serverPid);
  rmSync(directory, { recursive: true, force: true });
});

const served: ServedDisk = { socketPath, exportName: 'a' };
const window = { offsetBytes: 0, lengthBytes: SIZE_BYTES };
const all = ClusterSet.full(clusterCount(SIZE_BYTES));

function expected(offsetBytes: number, among: ClusterSet): Buffer {
  const fingerprinter = new Fingerprinter(key);
  const entries = Buffer.alloc(among.clusters * FINGERPRINT_BYTES);
  for (const { first, count } of among.runs()) {
    for (let cluster = first; cluster < first + count; cluster++) {
      const from = offsetBytes + cluster * CLUSTER_BYTES;
      fingerprinter.write(content.subarray(from, Math.min(from + CLUSTER_BYTES, SIZE_BYTES)), entries, cluster * FINGERPRINT_BYTES);
    }
  }
  return entries;
}

test('a disk has the same fingerprints over NBD and from its raw file, the short tail too', async () => {
  const wanted = expected(0, all);
  for (const disk of [served, { filePath }]) assert.ok((await scanner.fingerprints(disk, { window, among: all, key }, signal)).equals(wanted), JSON.stringify(disk));
});

test('only the clusters that are asked for are looked at, in a window that begins anywhere', async () => {
  const offsetBytes = 37 * CLUSTER_BYTES;
  const part = { offsetBytes, lengthBytes: 70 * CLUSTER_BYTES };
  const among = new ClusterSet(70);
  for (const cluster of [0, 1, 31, 32, 33, 69]) among.add(cluster);
  const found = await scanner.fingerprints(served, { window: part, among, key }, signal);
  assert.ok(found.equals(expected(offsetBytes, among)));
  assert.ok(isUnknown(found, 2 * FINGERPRINT_BYTES));
});

test('two scans at once do not mix', async () => {
  const one = new ClusterSet(all.clusters);
  one.addRun(0, 75);
  const other = new ClusterSet(all.clusters);
  other.addRun(75, 76);
  const found = await Promise.all([one, other].map((among) => scanner.fingerprints(served, { window, among, key }, signal)));
  assert.ok(found[0]!.equals(expected(0, one)));
  assert.ok(found[1]!.equals(expected(0, other)));
});

test('what cannot be read is a fault, and the next scan goes well', async () => {
  const isDiskFault = (thrown: unknown): boolean => thrown instanceof Fault && thrown.code === 'disk-io';
  await assert.rejects(scanner.fingerprints({ socketPath, exportName: 'none' }, { window, among: all, key }, signal), isDiskFault);
  await assert.rejects(scanner.fingerprints({ filePath: join(directory, 'none') }, { window, among: all, key }, signal), isDiskFault);
  const short = join(directory, 'short');
  writeFileSync(short, content);
  truncateSync(short, SIZE_BYTES - 1);
  await assert.rejects(scanner.fingerprints({ filePath: short }, { window, among: all, key }, signal), isDiskFault);
  assert.ok((await scanner.fingerprints(served, { window, among: all, key }, signal)).equals(expected(0, all)));
});

test('a scan that is given up rejects with the reason', async () => {
  const controller = new AbortController();
  const reason = new Error('enough');
  const scan = scanner.fingerprints(served, { window, among: all, key }, controller.signal);
  controller.abort(reason);
  await assert.rejects(scan, reason);
});
