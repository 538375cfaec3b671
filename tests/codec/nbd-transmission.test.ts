import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Fault } from '../../src/errors/fault.ts';
import type { Extent } from '../../src/extents/extent.ts';
import { Acknowledgement, ReadAnswer, StatusAnswer } from '../../src/nbd/answer.ts';
import { HEADROOM_BYTES, type LoanedChunk } from '../../src/nbd/chunk.ts';
import { replyBytes } from '../../src/nbd/reply.ts';
import { SlabReader } from '../../src/nbd/slab.ts';
import { Transmission } from '../../src/nbd/transmission.ts';
import { CHUNK_TYPE } from '../../src/nbd/wire.ts';

const DISK = Buffer.from(Array.from({ length: 400 }, (_, i) => (i % 100 < 60 ? (i * 7) % 251 + 1 : 0)));
const uint = (value: number, bytes: 2 | 4 | 8): Buffer => {
  const memory = Buffer.alloc(bytes);
  if (bytes === 8) memory.writeBigUInt64BE(BigInt(value));
  else memory.writeUIntBE(value, 0, bytes);
  return memory;
};
const chunk = (cookie: number, type: number, done: boolean, ...parts: Buffer[]): Buffer => {
  const payload = Buffer.concat(parts);
  return replyBytes({ kind: 'structured', cookie, type, done, payloadBytes: payload.length }, payload);
};
const dataChunk = (cookie: number, { offsetBytes, lengthBytes }: Extent, done: boolean) =>
  chunk(cookie, CHUNK_TYPE.offsetData, done, uint(offsetBytes, 8), DISK.subarray(offsetBytes, offsetBytes + lengthBytes));
const holeChunk = (cookie: number, { offsetBytes, lengthBytes }: Extent, done: boolean) =>
  chunk(cookie, CHUNK_TYPE.offsetHole, done, uint(offsetBytes, 8), uint(lengthBytes, 4));

/** A read's reply in as many pieces as there are cuts, holes where the disk is zero, in any order. */
function readReply(cookie: number, extent: Extent, cuts: readonly number[], rotate: number): Buffer {
  const bounds = [...new Set([0, ...cuts.map((cut) => cut % extent.lengthBytes), extent.lengthBytes])].sort((a, b) => a - b);
  const pieces = bounds.slice(1).map((end, index) => ({ offsetBytes: extent.offsetBytes + bounds[index]!, lengthBytes: end - bounds[index]! }));
  const turned = [...pieces.slice(rotate % pieces.length), ...pieces.slice(0, rotate % pieces.length)];
  const isZero = ({ offsetBytes, lengthBytes }: Extent) => DISK.subarray(offsetBytes, offsetBytes + lengthBytes).every((byte) => byte === 0);
  const chunks = turned.map((piece) => (isZero(piece) ? holeChunk : dataChunk)(cookie, piece, false));
  return Buffer.concat([...chunks, chunk(cookie, CHUNK_TYPE.none, true)]);
}

interface Bench {
  readonly transmission: Transmission;
  feed(stream: Buffer, portionBytes?: number): void;
}

function bench(structuredReplies = true): Bench {
  const transmission = new Transmission('export t', structuredReplies, () => undefined);
  let largest = 0;
  const slabs = new SlabReader({
    measure: (memory, start, available) => {
      const bytes = transmission.measure(memory, start, available);
      largest = Math.max(largest, bytes);
      assert.ok(largest <= 8 * 1024 * 1024 + 64, `room for ${largest} bytes`);
      return bytes;
    },
    take: (frame) => transmission.take(frame),
  });
  const feed = (stream: Buffer, portionBytes = 7) => {
    for (let at = 0; at < stream.length; ) {
      const count = stream.copy(slabs.buffer(), 0, at, Math.min(stream.length, at + portionBytes));
      slabs.received(count);
      at += count;
    }
  };
  return { transmission, feed };
}

const beginRead = (transmission: Transmission, extent: Extent, signal?: AbortSignal) =>
  transmission.begin({ command: 'read', flags: 0, ...extent }, new ReadAnswer(extent), signal);
const bytesOf = (read: LoanedChunk): Buffer => read.memory.subarray(read.headroomBytes);
const extents = fc.record({ offsetBytes: fc.nat(199), lengthBytes: fc.integer({ min: 1, max: 200 }) });

test('reads in any number of pieces, holes and orders give the disk, with room before them', async () => {
  await fc.assert(fc.asyncProperty(fc.array(fc.tuple(extents, fc.array(fc.nat(200), { maxLength: 6 }), fc.nat(6)), { minLength: 1, maxLength: 5 }), fc.integer({ min: 1, max: 90 }), async (reads, portion) => {
    const { transmission, feed } = bench();
    const begun = reads.map(([extent]) => beginRead(transmission, extent));
    for (const [index, [extent, cuts, rotate]] of [...reads.entries()].reverse()) feed(readReply(begun[index]!.cookie, extent, cuts, rotate), portion);
    for (const [index, { promise }] of begun.entries()) {
      const read = await promise;
      const { offsetBytes, lengthBytes } = reads[index]![0];
      assert.ok(read.headroomBytes >= HEADROOM_BYTES);
      assert.ok(bytesOf(read).equals(DISK.subarray(offsetBytes, offsetBytes + lengthBytes)));
      read.release();
    }
    assert.equal(transmission.underWay, 0);
  }));
});

test('simple replies carry reads where structured ones were not agreed on', async () => {
  const { transmission, feed } = bench(false);
  const { cookie, promise } = beginRead(transmission, { offsetBytes: 10, lengthBytes: 50 });
  feed(replyBytes({ kind: 'simple', cookie, errno: 0 }, DISK.subarray(10, 60)));
  assert.ok(bytesOf(await promise).equals(DISK.subarray(10, 60)));
});

const EXTENT = { offsetBytes: 100, lengthBytes: 100 };
const part = (from: number, to: number): Extent => ({ offsetBytes: from, lengthBytes: to - from });
const wrongReplies: Record<string, (cookie: number) => Buffer> = {
  'with a gap': (cookie) => Buffer.concat([dataChunk(cookie, part(100, 150), false), dataChunk(cookie, part(151, 200), true)]),
  'that is short': (cookie) => dataChunk(cookie, part(100, 199), true),
  'with nothing in it': (cookie) => chunk(cookie, CHUNK_TYPE.none, true),
  'with a part twice': (cookie) => Buffer.concat([dataChunk(cookie, part(100, 150), false), dataChunk(cookie, part(100, 150), true)]),
  'with more after the whole': (cookie) => Buffer.concat([dataChunk(cookie, EXTENT, false), dataChunk(cookie, part(100, 101), true)]),
  'of other bytes': (cookie) => dataChunk(cookie, part(99, 199), true),
  'that goes on behind the end': (cookie) => holeChunk(cookie, part(150, 201), true),
  'larger than what was asked': (cookie) => dataChunk(cookie, part(100, 350), true),
  'to another cookie': () => dataChunk(77, EXTENT, true),
  'that is simple': (cookie) => replyBytes({ kind: 'simple', cookie, errno: 0 }, DISK.subarray(100, 200)),
  'with a block status': (cookie) => chunk(cookie, CHUNK_TYPE.blockStatus, true, uint(0, 4), uint(1, 4), uint(0, 4)),
};
for (const [name, replyOf] of Object.entries(wrongReplies)) {
  test(`a read's reply ${name} is a fault, never data`, async () => {
    const { transmission, feed } = bench();
    const { cookie, promise } = beginRead(transmission, EXTENT);
    assert.throws(() => feed(replyOf(cookie)), Fault);
    transmission.fail(new Fault('disk-io', 'lost'));
    await assert.rejects(promise, Fault);
  });
}

test('a chunk that claims four gigabytes is refused before room is made for it', () => {
  const { transmission, feed } = bench();
  const { cookie } = transmission.begin({ command: 'flush', flags: 0, offsetBytes: 0, lengthBytes: 0 }, new Acknowledgement());
  for (const type of [CHUNK_TYPE.offsetData, CHUNK_TYPE.error]) {
    assert.throws(() => feed(replyBytes({ kind: 'structured', cookie, type, done: true, payloadBytes: 0xffff_ffff })), /4294967295/);
  }
});

test('an error in the middle of a reply rejects that request and no other', async () => {
  const { transmission, feed } = bench();
  const failing = beginRead(transmission, EXTENT);
  const other = beginRead(transmission, EXTENT);
  const message = Buffer.from('bad sector');
  feed(Buffer.concat([
    dataChunk(failing.cookie, part(100, 150), false),
    chunk(failing.cookie, CHUNK_TYPE.errorOffset, false, uint(5, 4), uint(message.length, 2), message, uint(150, 8)),
    dataChunk(other.cookie, EXTENT, true),
    chunk(failing.cookie, CHUNK_TYPE.none, true),
  ]));
  await assert.rejects(failing.promise, { code: 'disk-io', message: 'export t: read of 100 bytes at 100: EIO (bad sector)' });
  assert.ok(bytesOf(await other.promise).equals(DISK.subarray(100, 200)));
});

test('no space left is a fault of its own', async () => {
  const { transmission, feed } = bench();
  const { cookie, promise } = transmission.begin({ command: 'write', flags: 0, ...EXTENT }, new Acknowledgement());
  feed(replyBytes({ kind: 'simple', cookie, errno: 28 }));
  await assert.rejects(promise, { code: 'space-exhausted' });
});

test('an aborted read rejects at once, and its late reply is swallowed', async () => {
  const { transmission, feed } = bench();
  const patience = new AbortController();
  const given = beginRead(transmission, EXTENT, patience.signal);
  const kept = beginRead(transmission, EXTENT);
  patience.abort(new Error('enough'));
  await assert.rejects(given.promise, /enough/);
  assert.equal(transmission.underWay, 2);
  feed(Buffer.concat([dataChunk(given.cookie, EXTENT, true), dataChunk(kept.cookie, EXTENT, true)]));
  assert.ok(bytesOf(await kept.promise).equals(DISK.subarray(100, 200)));
});

test('a stream of replies with any byte changed gives results or faults, and leaves nobody waiting', async () => {
  await fc.assert(fc.asyncProperty(fc.nat(10_000), fc.integer({ min: 1, max: 255 }), fc.integer({ min: 1, max: 200 }), async (at, change, portion) => {
    const { transmission, feed } = bench();
    const read = beginRead(transmission, EXTENT);
    const pieces = beginRead(transmission, EXTENT);
    const status = transmission.begin({ command: 'blockStatus', flags: 0, ...EXTENT }, new StatusAnswer(3));
    const flush = transmission.begin({ command: 'flush', flags: 0, offsetBytes: 0, lengthBytes: 0 }, new Acknowledgement());
    const stream = Buffer.concat([
      dataChunk(read.cookie, EXTENT, true),
      readReply(pieces.cookie, EXTENT, [30, 60, 80], 1),
      chunk(status.cookie, CHUNK_TYPE.blockStatus, true, uint(3, 4), uint(60, 4), uint(0, 4), uint(40, 4), uint(3, 4)),
      replyBytes({ kind: 'simple', cookie: flush.cookie, errno: 0 }),
    ]);
    stream[at % stream.length]! ^= change;
    const outcomes = Promise.allSettled([read.promise, pieces.promise, status.promise, flush.promise]);
    try {
      feed(stream, portion);
    } catch (thrown) {
      assert.ok(thrown instanceof Fault, String(thrown));
    }
    transmission.fail(new Fault('disk-io', 'lost'));
    for (const outcome of await outcomes) if (outcome.status === 'rejected') assert.ok(outcome.reason instanceof Fault);
    assert.equal(transmission.underWay, 0);
  }), { numRuns: 1000 });
});
