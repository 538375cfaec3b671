import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { bitmapName } from '../../src/machine/bitmap.ts';
import { graphFileName, stackGraph, type BlockNode } from '../../src/machine/graph.ts';
import { StorageDaemon } from '../../src/storagedaemon/storagedaemon.ts';
import { stackOf } from '../conformance/layers.ts';
import { CLUSTER, RealLayers, patience } from './layers-scene.ts';

const SIZE = 4 * CLUSTER + 512;

const info = (path: string) => JSON.parse(execFileSync('qemu-img', ['info', '--output', 'json', path], { encoding: 'utf8' }));

test('a layer has 64 KiB clusters, counts references at once and names no backing file', async () => {
  await using real = await RealLayers.make();
  const layer = real.newLayer();
  await real.store.create(layer, SIZE);
  const found = info(layer.path);
  assert.equal(found['cluster-size'], CLUSTER);
  assert.equal(found['virtual-size'], SIZE);
  assert.equal(found['format-specific'].data['lazy-refcounts'], false);
  assert.equal(found['backing-filename'], undefined);
  assert.deepEqual(readdirSync(dirname(layer.path)), [layer.path.split('/').at(-1)]);
});

test('an active layer records in the bitmap of its point from its first opening, 64 KiB a bit', async () => {
  await using real = await RealLayers.make();
  const layer = real.newLayer();
  const pointId = randomUUID();
  await real.store.createActive(layer, SIZE, pointId);
  assert.deepEqual(info(layer.path)['format-specific'].data.bitmaps, [{ flags: ['auto'], name: `us-${pointId}`, granularity: 65_536 }]);
  assert.equal(info(layer.path)['backing-filename'], undefined);
  const daemon = await StorageDaemon.start({ runDir: join(real.directory, 'q'), name: 'q', signal: patience() });
  try {
    await daemon.blockdevAdd(stackGraph(stackOf([layer], SIZE), { writable: true, nodeName: 'a' }));
    const nodes = await daemon.qmp.execute<{ 'node-name': string; 'dirty-bitmaps'?: unknown[] }[]>('query-named-block-nodes', { flat: true });
    const bitmaps = nodes.find((node) => node['node-name'] === 'a')!['dirty-bitmaps'];
    assert.deepEqual(bitmaps, [{ name: bitmapName(pointId), recording: true, persistent: true, busy: false, granularity: 65_536, count: 0 }]);
  } finally {
    await daemon.stop();
  }
});

test('what a layer\'s header says of a backing file is never followed', async () => {
  await using real = await RealLayers.make();
  const below = await real.layer(SIZE, [[0, Buffer.alloc(CLUSTER, 1)]]);
  const clone = real.newLayer();
  execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', '-F', 'qcow2', '-b', below.path, clone.path]);
  assert.ok(await real.reads([clone], Buffer.alloc(SIZE)));
  assert.ok(!(await real.reads([below, clone], Buffer.alloc(SIZE))));
});

test('a graph names each node and each protocol node below it', async () => {
  await using real = await RealLayers.make();
  const layers = [await real.layer(SIZE, [[0, Buffer.alloc(SIZE, 1)]]), await real.layer(SIZE, [])];
  const graph = stackGraph(stackOf(layers, SIZE), { writable: true, nodeName: 'disk', fileOptions: { discard: 'unmap' } });
  assert.deepEqual(graph, {
    driver: 'qcow2', 'node-name': 'disk', 'read-only': false,
    file: { driver: 'file', 'node-name': 'disk.f1', filename: layers[1]!.path, discard: 'unmap' },
    backing: {
      driver: 'qcow2', 'node-name': 'disk.b0', 'read-only': true,
      file: { driver: 'file', 'node-name': 'disk.f0', filename: layers[0]!.path, discard: 'unmap' },
      backing: null,
    },
  } satisfies BlockNode);
  const mapped = execFileSync('qemu-img', ['map', '--output', 'json', graphFileName(graph)], { encoding: 'utf8' });
  assert.equal(JSON.parse(mapped).at(-1).depth, 1, 'nothing is in the top layer');
});

test('a raw template, a linked clone on it and a layer above read as one disk', async () => {
  await using real = await RealLayers.make();
  const content = Buffer.alloc(SIZE, 3);
  const path = join(real.directory, 'template.raw');
  writeFileSync(path, content);
  const upper = await real.layer(SIZE, [[1, Buffer.alloc(CLUSTER, 4)]]);
  content.fill(4, CLUSTER, 2 * CLUSTER);
  assert.ok(await real.reads([{ layerId: 't', path, format: 'raw', readOnly: true }, upper], content));
});
