import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Bug } from '../../src/errors/bug.ts';
import { SlabReader, type Frame } from '../../src/nbd/slab.ts';

/** Frames of this test: a u32 with the frame's whole length, then bytes that all have the same value. */
const HEADER_BYTES = 4;
const frameOf = (lengthBytes: number, fill: number): Buffer => {
  const frame = Buffer.alloc(HEADER_BYTES + lengthBytes, fill);
  frame.writeUInt32BE(frame.length, 0);
  return frame;
};

const readerOf = (take: (frame: Frame) => void) =>
  new SlabReader({ measure: (memory, start, available) => (available < HEADER_BYTES ? HEADER_BYTES : memory.readUInt32BE(start)), take });

/** Gives the reader the stream as a socket does: as much as fits, or as much as there is, whichever is less. */
function feed(reader: SlabReader, stream: Buffer, portions: Iterator<number>): void {
  for (let at = 0; at < stream.length; ) {
    const target = reader.buffer();
    assert.ok(target.length > 0, 'Node stops with ENOBUFS for an empty buffer');
    const count = stream.copy(target, 0, at, Math.min(stream.length, at + (portions.next().value as number)));
    reader.received(count);
    at += count;
  }
}

function* cycled(values: readonly number[]): Generator<number, never> {
  for (let i = 0; ; i++) yield values[i % values.length]!;
}

const frames = fc.array(fc.record({ lengthBytes: fc.oneof(fc.nat(40), fc.nat(600_000), fc.constant(5_000_000)), isLent: fc.boolean(), heldFor: fc.nat(6) }), { minLength: 1, maxLength: 24 });
const portions = fc.array(fc.integer({ min: 1, max: 300_000 }), { minLength: 1, maxLength: 20 });

test('a lent slice keeps its bytes until it is released, however the stream is cut', () => {
  fc.assert(fc.property(frames, portions, (specs, cuts) => {
    const expected = specs.map(({ lengthBytes }, index) => frameOf(lengthBytes, index + 1));
    const lent: { index: number; memory: Buffer; until: number; release: () => void }[] = [];
    let index = 0;
    const reader = readerOf((frame) => {
      assert.ok(frame.memory.equals(expected[index]!), 'the frame is what was sent');
      const { isLent, heldFor } = specs[index]!;
      if (isLent) lent.push({ index, memory: frame.memory, until: index + heldFor, release: frame.lend() });
      index++;
      for (const slice of lent.filter((each) => each.until < index)) {
        assert.ok(slice.memory.equals(expected[slice.index]!), 'nothing was written over a lent slice');
        slice.release();
        lent.splice(lent.indexOf(slice), 1);
      }
    });
    feed(reader, Buffer.concat(expected), cycled(cuts.map((cut) => Math.max(cut, 2_000))));
    assert.equal(index, specs.length);
    for (const slice of lent) assert.ok(slice.memory.equals(expected[slice.index]!));
    for (const slice of lent) slice.release();
    reader.close();
  }), { numRuns: 40 });
});

test('a stream that comes byte by byte gives the same frames', () => {
  const expected = [frameOf(0, 1), frameOf(3, 2), frameOf(100, 3)];
  const seen: Buffer[] = [];
  const reader = readerOf((frame) => seen.push(Buffer.from(frame.memory)));
  feed(reader, Buffer.concat(expected), cycled([1]));
  assert.deepEqual(seen, expected);
});

test('slabs that were given back are used again: a long stream takes the memory of a few', () => {
  const slabs = new Set<ArrayBufferLike>();
  const held: (() => void)[] = [];
  const reader = readerOf((frame) => {
    slabs.add(frame.memory.buffer);
    held.push(frame.lend());
    if (held.length > 8) held.shift()!();
  });
  const frame = frameOf(512 * 1024, 9);
  for (let i = 0; i < 200; i++) feed(reader, frame, cycled([200_000]));
  assert.ok(slabs.size <= 4, `100 MiB went through ${slabs.size} slabs`);
});

test('releasing a slice twice is a bug, not memory that two holders share', () => {
  const releases: (() => void)[] = [];
  feed(readerOf((frame) => releases.push(frame.lend())), frameOf(10, 1), cycled([1000]));
  releases[0]!();
  assert.throws(() => releases[0]!(), Bug);
});
