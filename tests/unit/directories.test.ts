/** Making directories where replicas and exports are to be kept. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { faultOf } from '../../src/errors/fault.ts';
import { makeDirectory } from '../../src/files/files.ts';
import { directoryMedia } from '../../src/media/media.ts';

const WITHIN = { timeout: 10_000 };

test('a directory is made with its parents, and again', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'us-u-'));
  try {
    const path = join(directory, 'a/b/c');
    await Promise.all([makeDirectory(path), makeDirectory(path)]);
    await makeDirectory(path);
    assert.ok(statSync(path).isDirectory());
    writeFileSync(join(directory, 'file'), '');
    await assert.rejects(makeDirectory(join(directory, 'file/below')), { code: 'ENOTDIR' });
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test('a file system that takes no new names fails, and does not hang the daemon', WITHIN, async () => {
  await assert.rejects(makeDirectory('/proc/understudy/replicas'), { code: 'ENOENT' });
  await assert.rejects(directoryMedia.make('/proc', 'web1'), (thrown) => faultOf(thrown)?.code === 'disk-io');
});
