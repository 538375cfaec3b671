import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Fault } from '../../src/errors/fault.ts';
import { negotiation, type Negotiated } from '../../src/nbd/negotiation.ts';
import { MAX_OPTION_REPLY_PAYLOAD_BYTES } from '../../src/nbd/option.ts';
import { readError, readReplyHeader, replyBytes, type ReplyHeader } from '../../src/nbd/reply.ts';
import { readRequest, requestBytes } from '../../src/nbd/request.ts';
import { COMMAND, type Command } from '../../src/nbd/wire.ts';

/** Objects like those of the code, so that deepEqual can be strict. */
const PLAIN = { noNullPrototype: true } as const;
const safe = fc.maxSafeNat();
const uint32 = fc.integer({ min: 0, max: 0xffff_ffff });
const uint16 = fc.integer({ min: 0, max: 0xffff });
const request = fc.record({ command: fc.constantFrom(...(Object.keys(COMMAND) as Command[])), flags: uint16, offsetBytes: safe, lengthBytes: uint32 }, PLAIN);
const header: fc.Arbitrary<ReplyHeader> = fc.oneof(
  fc.record({ kind: fc.constant('simple' as const), cookie: safe, errno: uint32 }, PLAIN),
  fc.record({ kind: fc.constant('structured' as const), cookie: safe, type: uint16, done: fc.boolean(), payloadBytes: uint32 }, PLAIN),
);

/** Passes when the function returns or throws a fault: anything else would be a crash on hostile bytes. */
function faultAtMost(run: () => void): void {
  try {
    run();
  } catch (thrown) {
    if (!(thrown instanceof Fault)) throw thrown;
  }
}

test('a request reads back as it was written', () => {
  fc.assert(fc.property(request, safe, (given, cookie) => assert.deepEqual(readRequest(requestBytes(given, cookie)), { request: given, cookie })));
});

test('a request is what the protocol document says, byte by byte', () => {
  const bytes = requestBytes({ command: 'writeZeroes', flags: 2, offsetBytes: 0x1_2345_6789_abcd, lengthBytes: 0x10_0000 }, 0xa_0000_0007);
  assert.equal(bytes.toString('hex'), '25609513' + '0002' + '0006' + '0000000a00000007' + '000123456789abcd' + '00100000');
});

test('a reply header reads back as it was written', () => {
  fc.assert(fc.property(header, (given) => {
    const bytes = replyBytes(given);
    assert.deepEqual(readReplyHeader(bytes, 0, bytes.length), given);
  }));
});

test('of a truncated reply header it is said how many bytes it takes to know more', () => {
  fc.assert(fc.property(header, fc.nat(19), (given, available) => {
    const bytes = replyBytes(given);
    const found = readReplyHeader(bytes, 0, available);
    if (available < bytes.length) assert.ok(typeof found === 'number' && found > available && found <= bytes.length);
  }));
});

test('bytes at random are a reply header or a fault', () => {
  fc.assert(fc.property(fc.uint8Array({ minLength: 20, maxLength: 20 }), fc.constantFrom('67446698', '668e33ef', ''), (bytes, magic) => {
    const memory = Buffer.from(bytes);
    Buffer.from(magic, 'hex').copy(memory);
    faultAtMost(() => readReplyHeader(memory, 0, memory.length));
  }));
});

test('bytes at random are an error chunk or a fault', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => faultAtMost(() => readError(0x8001, Buffer.from(bytes)))));
});

/** What qemu-nbd 7.2 sends when asked for structured replies, two contexts and an export of 1 MiB. */
const option = (number: number, type: number, payload = '') =>
  `0003e889045565a9${number.toString(16).padStart(8, '0')}${type.toString(16).padStart(8, '0')}${(payload.length / 2).toString(16).padStart(8, '0')}${payload}`;
const SERVER = Buffer.from(
  Buffer.from('NBDMAGICIHAVEOPT').toString('hex') + '0003'
  + option(8, 1)
  + option(10, 4, '00000000' + Buffer.from('base:allocation').toString('hex'))
  + option(10, 4, '00000002' + Buffer.from('qemu:dirty-bitmap:k').toString('hex'))
  + option(10, 1)
  + option(7, 3, '0000' + '0000000000100000' + '0ded')
  + option(7, 3, '0003' + '00000001' + '00001000' + '02000000')
  + option(7, 1),
  'hex',
);
const WANTED = ['base:allocation', 'qemu:dirty-bitmap:k'];

/** The conversation with a server whose bytes are known beforehand; undefined when they end too early. */
function converse(server: Buffer, wanted: readonly string[]): Negotiated | undefined {
  const conversation = negotiation('a', wanted);
  let at = 0;
  for (let step = conversation.next(); ; ) {
    if (step.done) return step.value;
    const { needBytes } = step.value;
    assert.ok(needBytes >= 1 && needBytes <= MAX_OPTION_REPLY_PAYLOAD_BYTES, `asks for ${needBytes} bytes`);
    if (at + needBytes > server.length) return undefined;
    step = conversation.next(server.subarray(at, (at += needBytes)));
  }
}

test('the handshake ends with size, abilities and the contexts that were granted', () => {
  const negotiated = converse(SERVER, WANTED)!;
  assert.equal(negotiated.sizeBytes, 1024 * 1024);
  assert.deepEqual([...negotiated.contexts], [['base:allocation', 0], ['qemu:dirty-bitmap:k', 2]]);
  const { readOnly, canFlush, canWriteZeroes, canDontFragment, multiConn, maxRequestBytes, structuredReplies } = negotiated;
  assert.deepEqual({ readOnly, canFlush, canWriteZeroes, canDontFragment, multiConn }, { readOnly: false, canFlush: true, canWriteZeroes: true, canDontFragment: true, multiConn: true });
  assert.deepEqual({ maxRequestBytes, structuredReplies }, { maxRequestBytes: 32 * 1024 * 1024, structuredReplies: true });
});

test('a context that was granted but not asked for is not reported', () => {
  assert.deepEqual([...converse(SERVER, ['base:allocation'])!.contexts.keys()], ['base:allocation']);
});

test('a handshake that is cut off anywhere asks for more and invents nothing', () => {
  for (let length = 0; length < SERVER.length; length++) assert.equal(converse(SERVER.subarray(0, length), WANTED), undefined);
});

test('a handshake with any byte changed ends, waits for more or is a fault', () => {
  fc.assert(fc.property(fc.nat(SERVER.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
    const mutated = Buffer.from(SERVER);
    mutated[at]! ^= change;
    faultAtMost(() => converse(mutated, WANTED));
  }), { numRuns: 2000 });
});

test('a server that grants contexts without end is given up', () => {
  const endless = Buffer.concat([SERVER.subarray(0, 38), ...Array.from({ length: 2000 }, () => Buffer.from(option(10, 4, '00000000'), 'hex'))]);
  assert.throws(() => converse(endless, WANTED), Fault);
});

test('an export of more than 2^53 bytes is a fault, not a rounded number', () => {
  const huge = Buffer.from(SERVER.toString('hex').replace('00000000001000000ded', 'ffffffff001000000ded'), 'hex');
  assert.throws(() => converse(huge, WANTED), /2\^53/);
});
