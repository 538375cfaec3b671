import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { StatusRuns } from '../../src/nbd/statusruns.ts';

const descriptors = fc.array(fc.record({ lengthBytes: fc.integer({ min: 1, max: 50 }), flags: fc.nat(2) }), { minLength: 1, maxLength: 30 });

test('runs cover the extent and say of every byte what the descriptors said', () => {
  fc.assert(fc.property(descriptors, fc.nat(100), fc.integer({ min: 1, max: 300 }), (given, offsetBytes, lengthBytes) => {
    const covered = new StatusRuns({ offsetBytes, lengthBytes });
    for (const descriptor of given) covered.add(descriptor);
    const naive = given.flatMap(({ lengthBytes: count, flags }) => Array<number>(count).fill(flags)).slice(0, lengthBytes);
    const said = covered.runs.flatMap((run) => Array<number>(run.lengthBytes).fill(run.flags));
    assert.deepEqual(said, naive);
    let at = offsetBytes;
    for (const [index, run] of covered.runs.entries()) {
      assert.equal(run.offsetBytes, at);
      assert.notEqual(run.flags, covered.runs[index - 1]?.flags, 'neighbours of equal flags are one run');
      at += run.lengthBytes;
    }
    assert.deepEqual(covered.rest, at < offsetBytes + lengthBytes ? { offsetBytes: at, lengthBytes: offsetBytes + lengthBytes - at } : undefined);
  }));
});
