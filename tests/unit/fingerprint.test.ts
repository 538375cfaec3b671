import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Bug } from '../../src/errors/bug.ts';
import { CLUSTER_BYTES } from '../../src/extents/extent.ts';
import { avoidUnknown, Fingerprinter, FINGERPRINT_BYTES, isUnknown, isZero, sameFingerprint } from '../../src/fingerprints/fingerprint.ts';

/** Key and input pattern of BLAKE3's official test vectors (test_vectors.json, "keyed_hash"). */
const OFFICIAL_KEY = Buffer.from('whats the Elvish word for friend');
const officialInput = (lengthBytes: number): Buffer => Buffer.from(Uint8Array.from({ length: lengthBytes }, (_, at) => at % 251));
const OFFICIAL: readonly (readonly [number, string])[] = [
  [0, '92b2b75604ed3c761f9d6f62392c8a92'],
  [1, '6d7878dfff2f485635d39013278ae14f'],
  [1_024, '75c46f6f3d9eb4f55ecaaee480db732e'],
];

function printOf(fingerprinter: Fingerprinter, bytes: Buffer): string {
  const target = Buffer.alloc(FINGERPRINT_BYTES);
  fingerprinter.write(bytes, target);
  return target.toString('hex');
}

test('a fingerprint is the beginning of BLAKE3\'s keyed hash, as its official vectors say', () => {
  const fingerprinter = new Fingerprinter(OFFICIAL_KEY);
  for (const [lengthBytes, expected] of OFFICIAL) assert.equal(printOf(fingerprinter, officialInput(lengthBytes)), expected);
});

const someBytes = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes));

test('a fingerprint does not depend on what was hashed before', () => {
  const fingerprinter = new Fingerprinter(OFFICIAL_KEY);
  fc.assert(
    fc.property(someBytes, someBytes, (one, other) => {
      const first = printOf(fingerprinter, one);
      printOf(fingerprinter, other);
      assert.equal(printOf(fingerprinter, one), first);
      assert.equal(printOf(new Fingerprinter(OFFICIAL_KEY), one), first);
    }),
  );
});

test('another key gives another fingerprint', () => {
  const bytes = officialInput(CLUSTER_BYTES);
  assert.notEqual(printOf(new Fingerprinter(OFFICIAL_KEY), bytes), printOf(new Fingerprinter(Buffer.alloc(32)), bytes));
});

test('a fingerprint is written at its place and nowhere else', () => {
  const target = Buffer.alloc(48, 0xee);
  const fingerprinter = new Fingerprinter(OFFICIAL_KEY);
  fingerprinter.write(officialInput(1), target, 16);
  assert.equal(target.toString('hex'), `${'ee'.repeat(16)}${OFFICIAL[1]![1]}${'ee'.repeat(16)}`);
});

test('zeroes of each length have a fingerprint of their own, the same as hashing them', () => {
  const fingerprinter = new Fingerprinter(OFFICIAL_KEY);
  const lengths = [1, 512, 4_096, CLUSTER_BYTES - 512, CLUSTER_BYTES];
  const prints = lengths.map((lengthBytes) => fingerprinter.ofZeroes(lengthBytes).toString('hex'));
  assert.deepEqual(prints, lengths.map((lengthBytes) => printOf(fingerprinter, Buffer.alloc(lengthBytes))));
  assert.equal(new Set(prints).size, lengths.length);
  assert.equal(fingerprinter.ofZeroes(), fingerprinter.ofZeroes(CLUSTER_BYTES));
});

test('a hash of all zeroes would be kept as a known fingerprint', () => {
  const target = Buffer.alloc(32);
  avoidUnknown(target, 16);
  assert.deepEqual([isUnknown(target, 0), isUnknown(target, 16)], [true, false]);
  const other = Buffer.from(target);
  avoidUnknown(other, 16);
  assert.deepEqual(other, target);
});

test('two unknown fingerprints are not the same', () => {
  const entries = Buffer.concat([Buffer.alloc(16), Buffer.alloc(16), Buffer.alloc(16, 5), Buffer.alloc(16, 5)]);
  assert.equal(sameFingerprint(entries, 0, entries, 16), false);
  assert.equal(sameFingerprint(entries, 16, entries, 32), false);
  assert.equal(sameFingerprint(entries, 32, entries, 48), true);
});

test('a key of another length than 32 bytes is a bug, not the end of the process', () => {
  for (const lengthBytes of [0, 31, 33]) assert.throws(() => new Fingerprinter(Buffer.alloc(lengthBytes)), Bug);
});

test('bytes are zero when none of them is not', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 3 * CLUSTER_BYTES }), fc.option(fc.nat(3 * CLUSTER_BYTES)), (lengthBytes, other) => {
      const bytes = Buffer.alloc(lengthBytes);
      if (other !== null && other < lengthBytes) bytes[other] = 1;
      assert.equal(isZero(bytes), !bytes.some((byte) => byte !== 0));
    }),
    { numRuns: 60 },
  );
});
