import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { compareClusters, imageOptions } from '../../scripts/compare-clusters.ts';

const directory = mkdtempSync(join(tmpdir(), 'us-compare-'));
after(() => rmSync(directory, { recursive: true, force: true }));

function image(name: string, size: string, ...writes: readonly string[]): string {
  const path = join(directory, `${name}.qcow2`);
  execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', path, size]);
  if (writes.length > 0) execFileSync('qemu-io', [...writes.flatMap((write) => ['-c', write]), path], { stdio: 'ignore' });
  return imageOptions(path);
}

test('a hole, zeroes and unwritten space are the same', async () => {
  const comparison = await compareClusters(image('hole', '8M'), image('zeroes', '8M', 'write -z 0 1M', 'write -P 0 2M 1M'));
  assert.deepEqual([comparison.sizeBytes, comparison.differingClusters], [8 << 20, 0]);
});

test('every cluster that differs in one byte is counted once, the short tail too', async () => {
  const size = String((1 << 20) + 512);
  const left = image('left', size, 'write -P 1 0 1M');
  const right = image('right', size, 'write -P 1 0 1M', 'write -P 2 65535 2', 'write -P 3 300k 1', `write -P 4 1M 512`);
  const comparison = await compareClusters(left, right);
  assert.equal(comparison.differingBytes, 4 * 65_536);
  assert.deepEqual(comparison.firstOffsets, [0, 65_536, 262_144, 1 << 20]);
});

test('the excess of the longer disk differs, zero or not', async () => {
  assert.equal((await compareClusters(image('short', '1M'), image('long', '2M'))).differingClusters, 16);
});

test('an image that cannot be opened is an error, not an empty disk', async () => {
  await assert.rejects(compareClusters(image('there', '1M'), imageOptions(join(directory, 'nowhere'))), /nowhere cannot be|cannot be read/);
});
