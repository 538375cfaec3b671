import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { createRawWrapper } from '../../src/layers/rawwrapper.ts';
import type { Layer } from '../../src/machine/definition.ts';
import { CLUSTER, RealLayers, hashOf, patience } from './layers-scene.ts';

const SIZE = 20 * CLUSTER + 1_536;
const skip = process.getuid?.() === 0 ? false : 'needs root for a loop device';

async function wrapped(real: RealLayers, name = 'disk.raw') {
  const content = randomBytes(SIZE);
  content.fill(0, 4 * CLUSTER, 6 * CLUSTER);
  const dataFilePath = join(real.directory, name);
  writeFileSync(dataFilePath, content);
  const path = join(real.storage, real.machineId, `a-${randomUUID()}.qcow2`);
  await createRawWrapper(path, dataFilePath);
  const layer: Layer = { layerId: 'base', path, dataFilePath };
  return { content, layer, dataFilePath };
}

const info = (path: string) =>
  JSON.parse(execFileSync('qemu-img', ['info', '--output', 'json', path], { encoding: 'utf8' }));

test('a wrapper leaves the raw disk as it was and reads the same', async () => {
  await using real = await RealLayers.make();
  const { content, layer, dataFilePath } = await wrapped(real);
  assert.ok(readFileSync(dataFilePath).equals(content));
  assert.ok(await real.reads([layer], content));
  assert.deepEqual(readdirSync(dirname(layer.path)), [layer.path.split('/').at(-1)]);
});

test('the wrapper\'s header names the raw disk, also one with a comma in its name', async () => {
  await using real = await RealLayers.make();
  const { layer, dataFilePath } = await wrapped(real, 'a,b c.raw');
  const { 'virtual-size': size, 'format-specific': { data } } = info(layer.path);
  assert.equal(data['data-file'], dataFilePath);
  assert.equal(data['data-file-raw'], true);
  assert.equal(size, SIZE);
});

test('making the wrapper again keeps its bitmaps', async () => {
  await using real = await RealLayers.make();
  const { layer, dataFilePath } = await wrapped(real);
  execFileSync('qemu-img', ['bitmap', '--add', layer.path, 'us-x']);
  const before = hashOf(layer.path);
  await createRawWrapper(layer.path, dataFilePath);
  assert.equal(hashOf(layer.path), before);
});

test('a merge into a wrapper is a merge into the raw disk, zeroes included', async () => {
  await using real = await RealLayers.make();
  const { content, layer, dataFilePath } = await wrapped(real);
  const data = randomBytes(2 * CLUSTER);
  const tail = randomBytes(1_536);
  const upper = await real.layer(SIZE, [[1, data], [10, 3], [20, tail]]);
  await real.store.merge(layer, upper, patience());
  data.copy(content, CLUSTER);
  content.fill(0, 10 * CLUSTER, 13 * CLUSTER);
  tail.copy(content, 20 * CLUSTER);
  assert.ok(await real.reads([layer], content));
  assert.ok(readFileSync(dataFilePath).equals(content), 'the raw disk alone reads the same');
});

test('a merge grows the raw disk under a wrapper', async () => {
  await using real = await RealLayers.make();
  const { content, layer, dataFilePath } = await wrapped(real);
  const grownBytes = SIZE + 3 * CLUSTER;
  const grown = Buffer.concat([content, Buffer.alloc(grownBytes - SIZE)]);
  const data = randomBytes(CLUSTER);
  data.copy(grown, 22 * CLUSTER);
  const oldTail = Buffer.alloc(CLUSTER);
  content.copy(oldTail, 0, 20 * CLUSTER);
  const upper = await real.layer(grownBytes, [[20, oldTail], [22, data]]);
  await real.store.merge(layer, upper, patience());
  assert.ok(await real.reads([layer], grown));
  assert.ok(readFileSync(dataFilePath).equals(grown), 'the raw disk is exactly as long as the disk');
});

test('the wrapper is opened by the data file that is given, not by the one its header names', async () => {
  await using real = await RealLayers.make();
  const { content, layer, dataFilePath } = await wrapped(real);
  const moved = `${dataFilePath}.moved`;
  renameSync(dataFilePath, moved);
  const layerNow = { ...layer, dataFilePath: moved };
  assert.ok(await real.reads([layerNow], content));
  const upper = await real.layer(SIZE, [[0, Buffer.alloc(CLUSTER, 7)]]);
  await real.store.merge(layerNow, upper, patience());
  assert.ok(readFileSync(moved).subarray(0, CLUSTER).equals(Buffer.alloc(CLUSTER, 7)));
});

test('a raw disk that is not there is missing, and nothing is left behind', async () => {
  await using real = await RealLayers.make();
  const directory = join(real.directory, 'w');
  mkdirSync(directory);
  await assert.rejects(createRawWrapper(join(directory, 'w.qcow2'), join(directory, 'none.raw')), { code: 'disk-missing' });
  assert.deepEqual(readdirSync(directory), []);
});

test('a raw disk that does not end with a whole sector keeps its bytes', async () => {
  await using real = await RealLayers.make();
  const path = join(real.directory, 'odd.raw');
  const content = randomBytes(3 * CLUSTER + 700);
  writeFileSync(path, content);
  const wrapper = join(real.directory, 'odd.qcow2');
  await createRawWrapper(wrapper, path);
  assert.ok(readFileSync(path).equals(content));
  const rounded = Buffer.concat([content, Buffer.alloc(1_024 - 700)]);
  assert.ok(await real.reads([{ layerId: 'w', path: wrapper, dataFilePath: path }], rounded));
});

test('a block device under a wrapper keeps its contents, and a merge writes to it', { skip }, async () => {
  await using real = await RealLayers.make();
  const backingFile = join(real.directory, 'device');
  const content = randomBytes(16 * CLUSTER);
  writeFileSync(backingFile, content);
  const device = execFileSync('losetup', ['--find', '--show', backingFile], { encoding: 'utf8' }).trim();
  try {
    const layer: Layer = { layerId: 'base', path: join(real.directory, 'w.qcow2'), dataFilePath: device };
    await createRawWrapper(layer.path, device);
    assert.equal(info(layer.path)['format-specific'].data['data-file'], device);
    assert.ok(await real.reads([layer], content));
    const data = randomBytes(2 * CLUSTER);
    await real.store.merge(layer, await real.layer(content.length, [[3, data], [8, 2]]), patience());
    data.copy(content, 3 * CLUSTER);
    content.fill(0, 8 * CLUSTER, 10 * CLUSTER);
    assert.ok(await real.reads([layer], content));
    assert.ok(readFileSync(device).equals(content));
    const larger = await real.layer(content.length + CLUSTER, []);
    await assert.rejects(real.store.merge(layer, larger, patience()), { code: 'space-exhausted' });
    assert.ok(await real.reads([layer], content), 'a device that is too small changes nothing');
  } finally {
    execFileSync('losetup', ['--detach', device]);
  }
});
