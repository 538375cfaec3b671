import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { zstd } from '../../src/daemon/compression.ts';
import { faultOf } from '../../src/errors/fault.ts';

const text = (lines: number, seed: number) => Buffer.from(Array.from({ length: lines }, (_, line) => `line ${line * seed} of a file\n`).join(''));
const isIntegrity = (thrown: unknown) => faultOf(thrown)?.code === 'integrity';

test('runs that are compressed at the same time come out each as it went in, also by an independent decoder', async () => {
  const runs = Array.from({ length: 40 }, (_, index) => text(200 + index * 300, index + 3));
  const frames = await Promise.all(runs.map((run, index) => zstd.compress(run, index % 5)));
  frames.forEach((frame, index) => assert.ok(zstdDecompressSync(frame!).equals(runs[index]!)));
  const back = await Promise.all(frames.map((frame, index) => zstd.decompress(frame!, runs[index]!.length)));
  back.forEach((raw, index) => assert.ok(raw.equals(runs[index]!)));
});

test('what does not compress is not made a frame', async () => {
  assert.equal(await zstd.compress(randomBytes(512 * 1024), 1), null);
});

test('a frame of another length, a damaged one and half of one are integrity faults, and the next frame is read', async () => {
  const run = text(9_000, 7);
  const frame = zstdCompressSync(run);
  const damaged = Buffer.from(frame).fill(0xff, 8, 40);
  for (const [bytes, rawBytes] of [[frame, run.length - 1], [frame, run.length + 1], [damaged, run.length], [frame.subarray(0, frame.length >> 1), run.length], [randomBytes(100), run.length]] as const) {
    await assert.rejects(zstd.decompress(bytes, rawBytes), isIntegrity);
    assert.ok((await zstd.decompress(frame, run.length)).equals(run));
  }
});

test('a small frame that becomes endless zeroes is stopped at the length that it should have', async () => {
  const bomb = zstdCompressSync(Buffer.alloc(256 * 1024 * 1024));
  const before = process.memoryUsage().rss;
  await assert.rejects(zstd.decompress(bomb, 65_536), isIntegrity);
  assert.ok(process.memoryUsage().rss - before < 64 * 1024 * 1024);
});

test('a frame that something follows is an integrity fault, and the next frame is read', async () => {
  const [first, second] = [text(500, 3), text(500, 5)];
  const trailed = Buffer.concat([zstdCompressSync(first), zstdCompressSync(second)]);
  for (let round = 0; round < 9; round++) {
    await assert.rejects(zstd.decompress(trailed, first.length), isIntegrity);
    assert.ok((await zstd.decompress(zstdCompressSync(second), second.length)).equals(second));
  }
});
