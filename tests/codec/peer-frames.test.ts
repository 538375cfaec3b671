import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import type { Wire } from '../../src/engine/ports/peers.ts';
import { faultOf } from '../../src/errors/fault.ts';
import { frameBytes, HEADER_BYTES, headerOf, readHeader, writeHeader, type Frame, type FrameType } from '../../src/peer/frame.ts';
import { FrameReader } from '../../src/peer/framereader.ts';
import { printInvitation, readInvitation } from '../../src/peer/invitation.ts';
import { MAX_JSON_BYTES, MAX_MESSAGE_BYTES } from '../../src/peer/limits.ts';
import { decodeMessage, encodeMessage } from '../../src/peer/message.ts';
import { SlabReader } from '../../src/peer/slab.ts';

const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const header = fc.record({
  type: fc.constantFrom<FrameType>('data', 'journal', 'durable', 'hello'),
  flags: fc.integer({ min: 0, max: 255 }),
  disk: fc.integer({ min: 0, max: 65_535 }),
  rawBytes: u32,
  offset: fc.maxSafeNat(),
  sequence: u32,
});
const frame = fc.record({ header, payload: fc.uint8Array({ maxLength: 300 }) }).map(({ header, payload }) => {
  const kept = header.type === 'durable' ? new Uint8Array() : payload;
  return { header: headerOf(header.type, { ...header, payloadBytes: kept.length }), payload: Buffer.from(kept) };
});

/** Splits at arbitrary places, also into empty pieces. */
const pieces = (bytes: Buffer, cuts: readonly number[]): Buffer[] => {
  const at = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((left, right) => left - right), bytes.length];
  return at.slice(1).map((end, index) => bytes.subarray(at[index], end));
};

function framesOf(parts: readonly Buffer[]): Frame[] {
  const reader = new FrameReader(MAX_MESSAGE_BYTES);
  const frames: Frame[] = [];
  for (const part of parts) {
    reader.push(part);
    for (let next = reader.next(); next; next = reader.next()) frames.push(next);
  }
  return frames;
}

/** Runs the read; nothing but the protocol's fault may come of any bytes. */
function onlyFaults<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    assert.equal(faultOf(error)?.code, 'peer-protocol', String(error));
    return undefined;
  }
}

test('a header is read as it was written', () => {
  fc.assert(
    fc.property(header, (fields) => {
      const bytes = Buffer.alloc(HEADER_BYTES + 3);
      const written = headerOf(fields.type, fields);
      writeHeader(bytes, 3, written);
      assert.deepEqual(readHeader(bytes, 3), written);
    }),
  );
});

test('frames come out of the stream as they went in, wherever it is cut', () => {
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 6 }), fc.array(fc.nat(), { maxLength: 12 }), (frames, cuts) => {
      const stream = Buffer.concat(frames.map(({ header, payload }) => frameBytes(header, payload)));
      assert.deepEqual(framesOf(pieces(stream, cuts)), frames);
    }),
  );
});

test('a truncated stream yields the whole frames and no more', () => {
  fc.assert(
    fc.property(fc.array(frame, { minLength: 1, maxLength: 4 }), fc.integer({ min: 1, max: 28 }), (frames, missing) => {
      const stream = Buffer.concat(frames.map(({ header, payload }) => frameBytes(header, payload)));
      const whole = framesOf([stream.subarray(0, -missing)]);
      assert.deepEqual(whole, frames.slice(0, whole.length));
      assert.ok(whole.length < frames.length);
    }),
  );
});

test('a header with any one bit flipped is refused', () => {
  fc.assert(
    fc.property(frame, fc.nat({ max: HEADER_BYTES * 8 - 1 }), ({ header, payload }, bit) => {
      const bytes = frameBytes(header, payload);
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      assert.throws(() => readHeader(bytes, 0), { code: 'peer-protocol' });
    }),
  );
});

test('arbitrary bytes end in the protocol fault or in nothing', () => {
  fc.assert(fc.property(fc.uint8Array({ minLength: 28, maxLength: 200 }), (bytes) => void onlyFaults(() => framesOf([Buffer.from(bytes)]))));
});

test('a header that announces 64 MiB takes no more memory than what has arrived', () => {
  const bytes = Buffer.alloc(HEADER_BYTES);
  writeHeader(bytes, 0, headerOf('request', { payloadBytes: MAX_MESSAGE_BYTES }));
  const readers = Array.from({ length: 100 }, () => new FrameReader(MAX_MESSAGE_BYTES));
  const before = process.memoryUsage().arrayBuffers;
  for (const reader of readers) {
    reader.push(bytes);
    assert.equal(reader.next(), undefined);
  }
  assert.ok(process.memoryUsage().arrayBuffers - before < 16 * 2 ** 20);
});

test('a frame over its type\'s limit, or over the limit before hello, is refused by its header', () => {
  const bytes = Buffer.alloc(HEADER_BYTES);
  writeHeader(bytes, 0, headerOf('request', { payloadBytes: MAX_MESSAGE_BYTES + 1 }));
  assert.throws(() => framesOf([bytes]), { code: 'peer-protocol' });
  writeHeader(bytes, 0, headerOf('request', { payloadBytes: 16 * 1024 + 1 }));
  const stranger = new FrameReader(16 * 1024);
  stranger.push(bytes);
  assert.throws(() => stranger.next(), { code: 'peer-protocol' });
});

const wire: fc.Arbitrary<Wire> = fc.letrec<{ value: Wire }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom<Wire>(null, true, false),
    fc.integer(),
    fc.string(),
    fc.uint8Array({ maxLength: 40 }),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.oneof(fc.string(), fc.constantFrom('__proto__', 'constructor', 'toString', '0', 'blobs')), tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
})).value;

const decoded = (value: Wire): Wire => {
  const message = encodeMessage({ value });
  return decodeMessage(Buffer.concat(message.parts), message.jsonBytes).value;
};

test('a message is read as it was written, with every blob in its place', () => {
  fc.assert(fc.property(wire, (value) => assert.deepStrictEqual(decoded(value), value)));
});

test('a truncated or changed message ends in the protocol fault, or in another value, and changes no prototype', () => {
  fc.assert(
    fc.property(wire, fc.nat(), fc.nat({ max: 255 }), fc.nat(), (value, at, byte, end) => {
      const message = encodeMessage({ method: 'm', value });
      const bytes = Buffer.concat(message.parts);
      bytes[at % bytes.length] = byte;
      onlyFaults(() => decodeMessage(bytes, message.jsonBytes));
      onlyFaults(() => decodeMessage(bytes.subarray(0, end % bytes.length), message.jsonBytes));
      assert.equal(Object.keys(Object.prototype).length, 0);
    }),
  );
});

test('a blob cannot be put where the message has no place for it', () => {
  const decode = (...path: (string | number)[]) => {
    const json = JSON.stringify({ value: { a: 1, list: [null] }, blobs: [[1, ...path]] });
    return decodeMessage(Buffer.from(`${json}x`), json.length).value;
  };
  for (const path of [['__proto__', 'polluted'], ['constructor'], ['a'], ['a', 'b'], [], ['list', 'length'], ['list', 1], ['list', '0']]) {
    assert.throws(() => decode(...path), { code: 'peer-protocol' }, path.join('/'));
  }
  assert.deepEqual(decode('list', 0), { a: 1, list: [new Uint8Array([0x78])] });
});

test('a message over the limits is refused before it is sent', () => {
  assert.throws(() => encodeMessage({ value: 'x'.repeat(MAX_JSON_BYTES) }), { code: 'peer-protocol' });
  assert.throws(() => encodeMessage({ value: new Uint8Array(MAX_MESSAGE_BYTES) }), { code: 'peer-protocol' });
});

test('slices of slabs stay as they were until they are given back, and few slabs serve many bytes', () => {
  const payload = fc.nat({ max: 400_000 });
  fc.assert(
    fc.property(fc.array(payload, { minLength: 20, maxLength: 40 }), fc.integer({ min: 1, max: 300_000 }), fc.nat({ max: 8 }), (sizes, step, held) => {
      const open: { memory: Buffer; size: number; mark: number; release(): void }[] = [];
      let seen = 0;
      const giveBack = () => {
        const oldest = open.shift()!;
        assert.equal(oldest.memory.length, HEADER_BYTES + oldest.size);
        assert.ok(oldest.memory.subarray(HEADER_BYTES).every((byte) => byte === oldest.mark));
        oldest.release();
      };
      const reader = new SlabReader((frame) => {
        open.push({ memory: frame.memory, size: sizes[seen]!, mark: seen & 255, release: () => frame.release() });
        seen++;
        if (open.length > held) giveBack();
      });
      const stream = Buffer.concat(sizes.map((size, index) => frameBytes(headerOf('data', { sequence: index }), Buffer.alloc(size, index & 255))));
      for (let at = 0; at < stream.length; ) {
        const target = reader.buffer();
        assert.ok(target.length > 0);
        const count = Math.min(step, target.length, stream.length - at);
        stream.copy(target, 0, at, at + count);
        reader.received(count);
        at += count;
      }
      while (open.length > 0) giveBack();
      assert.equal(seen, sizes.length);
      assert.ok(reader.slabs <= 4, `${reader.slabs} slabs`);
    }),
    { numRuns: 10 },
  );
});

test('an invitation survives line breaks, and no changed or cut one is taken for whole', () => {
  const invitation = { hostId: '01234567-89ab-4cde-8f01-23456789abcd', name: 'alpha', addresses: ['10.0.0.1:7443', '[fd00::1]:7443'], pin: 'a'.repeat(64), secret: 'secret', expiresAtMs: 2000 };
  const text = printInvitation(invitation);
  assert.deepEqual(readInvitation(`${text.slice(0, 50)}\n  ${text.slice(50)}\n`, 1000), invitation);
  assert.throws(() => readInvitation(text, 2000), { code: 'invitation-invalid', message: /expired/ });
  fc.assert(
    fc.property(fc.nat({ max: text.length - 1 }), fc.constantFrom('A', 'b', '7', '_', ''), (at, character) => {
      const changed = text.slice(0, at) + character + text.slice(at + 1);
      fc.pre(!Buffer.from(changed, 'base64url').equals(Buffer.from(text, 'base64url')));
      assert.throws(() => readInvitation(changed, 1000), { code: 'invitation-invalid' });
    }),
  );
});
