import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { CLUSTER, RealLayers, patience } from './layers-scene.ts';

/** Numbers from a seed, so that a failure can be told again. */
function* numbers(seed: number): Generator<number> {
  for (let state = seed; ; ) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    yield state / 2 ** 32;
  }
}

const SIZES = [512, CLUSTER - 512, CLUSTER, CLUSTER + 512, 7 * CLUSTER + 12_288, 33 * CLUSTER + 65_024];

for (const [index, sizeBytes] of SIZES.entries()) {
  test(`stacks of ${sizeBytes} bytes read as a plain model says, before and after any of their merges`, async () => {
    await using real = await RealLayers.make();
    const random = numbers(index + 1);
    const next = (below: number) => Math.floor(random.next().value * below);
    const clusters = Math.ceil(sizeBytes / CLUSTER);
    const layers = [];
    const model = [];
    let disk = Buffer.alloc(sizeBytes);
    for (let point = 0; point < 5; point++) {
      disk = Buffer.from(disk);
      const writes: [number, Buffer | number][] = [];
      for (let write = 0; write < 4; write++) {
        const first = next(clusters);
        const count = 1 + next(Math.min(4, clusters - first));
        const endBytes = Math.min((first + count) * CLUSTER, sizeBytes);
        const data = randomBytes(endBytes - first * CLUSTER);
        const isZero = next(3) === 0;
        writes.push([first, isZero ? count : data]);
        if (isZero) disk.fill(0, first * CLUSTER, endBytes);
        else data.copy(disk, first * CLUSTER);
      }
      layers.push(await real.layer(sizeBytes, writes));
      model.push(disk);
    }
    while (layers.length > 1) {
      for (const [point, expected] of model.entries()) assert.ok(await real.reads(layers.slice(0, point + 1), expected), `point ${point} of ${layers.length}`);
      const lower = next(layers.length - 1);
      await real.store.merge(layers[lower]!, layers[lower + 1]!, patience());
      await real.store.remove(layers[lower + 1]!);
      layers.splice(lower + 1, 1);
      model.splice(lower, 1);
    }
    assert.ok(await real.reads(layers, model[0]!));
  });
}
