import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Bug } from '../../src/errors/bug.ts';
import { CLUSTER_BYTES } from '../../src/extents/extent.ts';
import { Fingerprinter } from '../../src/fingerprints/fingerprint.ts';
import { RECORD_BYTES, RecordBatch, recordsOf, wholeRecordsBytes } from '../../src/fingerprints/record.ts';

const FINGERPRINTER = new Fingerprinter(Buffer.alloc(32, 3));
const fingerprint = fc.uint8Array({ minLength: 16, maxLength: 16 }).filter((bytes) => bytes.some((byte) => byte !== 0));
const disk = fc.nat(65_535);
const cluster = fc.nat(2 ** 47);
const record = fc.oneof(
  fc.record({ kind: fc.constant('data' as const), disk, cluster, fingerprint }, { noNullPrototype: true }),
  fc.record({ kind: fc.constant('mark' as const), disk, cluster }, { noNullPrototype: true }),
);

test('a record is laid out as the protocol says', () => {
  const batch = new RecordBatch();
  batch.addData(0x0102, 0x0a0b0c0d0e, Buffer.from('000102030405060708090a0b0c0d0eff', 'hex'));
  batch.addMark(3, 4);
  batch.addZeroes(1, 5, 6, 100 * CLUSTER_BYTES, FINGERPRINTER);
  assert.deepEqual(batch.take().toString('hex').match(/.{64}/g), [
    '0100020101000000' + '0e0d0c0b0a000000' + '000102030405060708090a0b0c0d0eff',
    '0300030000000000' + '0400000000000000' + '00'.repeat(16),
    '0200010006000000' + '0500000000000000' + FINGERPRINTER.ofZeroes().toString('hex'),
  ]);
});

test('what is added is what is read', () => {
  fc.assert(
    fc.property(fc.array(record, { maxLength: 50 }), (records) => {
      const batch = new RecordBatch();
      for (const one of records) {
        if (one.kind === 'data') batch.addData(one.disk, one.cluster, one.fingerprint);
        else batch.addMark(one.disk, one.cluster);
      }
      const bytes = batch.take();
      assert.equal(wholeRecordsBytes(bytes), bytes.length);
      const expected = records.map((one) => (one.kind === 'data' ? { ...one, count: 1, fingerprint: Buffer.from(one.fingerprint) } : one));
      assert.deepEqual([...recordsOf(bytes)], expected);
    }),
  );
});

test('zero runs that follow each other on one disk are one record', () => {
  const batch = new RecordBatch();
  const add = (disk: number, first: number, count: number) => batch.addZeroes(disk, first, count, 100 * CLUSTER_BYTES, FINGERPRINTER);
  for (const [disk, first, count] of [[0, 1, 2], [0, 3, 4], [1, 7, 1], [1, 9, 1], [0, 10, 1]] as const) add(disk, first, count);
  batch.addMark(0, 11);
  add(0, 11, 1);
  batch.addData(0, 12, Buffer.alloc(16, 7));
  add(0, 13, 1);
  const runs = [...recordsOf(batch.take())].map((record) => (record.kind === 'zero' ? [record.disk, record.cluster, record.count] : record.kind));
  assert.deepEqual(runs, [[0, 1, 6], [1, 7, 1], [1, 9, 1], [0, 10, 1], 'mark', [0, 11, 1], 'data', [0, 13, 1]]);
});

test('a zero run that ends in a short tail has a record more, with the tail\'s fingerprint', () => {
  const sizeBytes = 10 * CLUSTER_BYTES + 512;
  const added = (first: number, count: number) => {
    const batch = new RecordBatch();
    batch.addZeroes(0, first, count, sizeBytes, FINGERPRINTER);
    return [...recordsOf(batch.take())];
  };
  const whole = { kind: 'zero', disk: 0, fingerprint: FINGERPRINTER.ofZeroes() };
  const tail = { kind: 'zero', disk: 0, cluster: 10, count: 1, fingerprint: FINGERPRINTER.ofZeroes(512) };
  assert.deepEqual(added(0, 10), [{ ...whole, cluster: 0, count: 10 }]);
  assert.deepEqual(added(3, 8), [{ ...whole, cluster: 3, count: 7 }, tail]);
  assert.deepEqual(added(10, 1), [tail]);
  assert.throws(() => added(10, 2), Bug);
});

test('a batch says that it is full while two more records still fit', () => {
  const batch = new RecordBatch(4);
  for (let n = 0; n < 2; n++) batch.addMark(0, n);
  assert.equal(batch.isFull, false);
  batch.addMark(0, 2);
  assert.equal(batch.isFull, true);
  batch.addMark(0, 3);
  assert.throws(() => batch.addMark(0, 4), Bug);
});

test('what was taken is not changed by what is added later', () => {
  const batch = new RecordBatch();
  batch.addMark(1, 1);
  const taken = batch.take();
  const copy = Buffer.from(taken);
  batch.addData(2, 2, Buffer.alloc(16, 2));
  assert.deepEqual(taken, copy);
  assert.equal(batch.lengthBytes, RECORD_BYTES);
});

test('a cut journal is read up to its last whole record', () => {
  const batch = new RecordBatch();
  for (let n = 0; n < 5; n++) batch.addData(0, n, Buffer.alloc(16, 1));
  const bytes = batch.take();
  for (let length = 0; length <= bytes.length; length++) assert.equal(wholeRecordsBytes(bytes.subarray(0, length)), length - (length % RECORD_BYTES));
});

test('reading stops before the first record that no host writes', () => {
  const spoil: readonly ((bytes: Buffer, at: number) => unknown)[] = [
    (bytes, at) => bytes.fill(0, at, at + RECORD_BYTES),
    (bytes, at) => bytes.writeUInt8(4, at),
    (bytes, at) => bytes.writeUInt8(1, at + 1),
    (bytes, at) => bytes.writeUInt32LE(2, at + 4),
    (bytes, at) => bytes.writeUInt8(1, at + 15),
    (bytes, at) => bytes.fill(0, at + 16, at + 32),
    (bytes, at) => bytes.writeUInt8(3, at),
    (bytes, at) => bytes.writeUInt8(2, at) && bytes.writeUInt32LE(0, at + 4),
  ];
  for (const damage of spoil) {
    const batch = new RecordBatch();
    for (let n = 0; n < 3; n++) batch.addData(0, n, Buffer.alloc(16, 1));
    const bytes = batch.take();
    damage(bytes, RECORD_BYTES);
    assert.equal(wholeRecordsBytes(bytes), RECORD_BYTES, damage.toString());
  }
});

test('no bytes make the reader throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      const memory = Buffer.from(bytes);
      assert.ok([...recordsOf(memory.subarray(0, wholeRecordsBytes(memory)))].length * RECORD_BYTES <= bytes.length);
    }),
  );
});
