/** The space for what a guest overwrites: set aside on a disk, never more than its share. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statfsSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { createFleecingFile } from '../../src/hypervisor/qemu/fleecing.ts';

const MIB = 2 ** 20;
const BLOCK_BYTES = 512;
const TMPFS = 0x0102_1994;
/** Some machines keep temporary files in memory. */
const onDisk = [tmpdir(), import.meta.dirname].find((path) => statfsSync(path).type !== TMPFS);

async function createdIn(t: TestContext, parent: string): Promise<{ sizeBytes: number; takenBytes: number }> {
  const directory = mkdtempSync(join(parent, 'us-fleecing-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const path = join(directory, 'a.qcow2');
  await createFleecingFile('web1', path, 64 * MIB, 8 * MIB, new AbortController().signal);
  const { size, blocks } = statSync(path);
  return { sizeBytes: size, takenBytes: blocks * BLOCK_BYTES };
}

test('on a disk its space is taken before the instant, so that nobody else can have it', { skip: onDisk === undefined && 'everything here is in memory' }, async (t) => {
  const { sizeBytes, takenBytes } = await createdIn(t, onDisk!);
  assert.equal(sizeBytes, 8 * MIB);
  assert.ok(takenBytes >= 8 * MIB, `${takenBytes} bytes are taken`);
});

test('in memory it takes what is used, and is as large as its share', async (t) => {
  const { sizeBytes, takenBytes } = await createdIn(t, '/dev/shm');
  assert.equal(sizeBytes, 8 * MIB);
  assert.ok(takenBytes < MIB, `${takenBytes} bytes are taken`);
});
