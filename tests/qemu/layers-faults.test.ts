import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Fault } from '../../src/errors/fault.ts';
import { isRunning, readPidfile } from '../../src/storagedaemon/pidfile.ts';
import { sidecarOf } from '../conformance/layers.ts';
import { CLUSTER, RealLayers, chunkOf, hashOf, patience, temporaryDirectory } from './layers-scene.ts';

const SIZE = 512 * CLUSTER;

/** A file system of this size; needs root. */
function smallFileSystem(mebibytes: number) {
  const path = temporaryDirectory();
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'tmpfs', path]);
  return {
    path,
    [Symbol.dispose]() {
      execFileSync('umount', [path]);
      rmSync(path, { recursive: true });
    },
  };
}

const skip = process.getuid?.() === 0 ? false : 'needs root to mount';

test('a full file system makes writing fail as space-exhausted and keeps the older points', { skip }, async () => {
  using small = smallFileSystem(20);
  await using real = await RealLayers.make(join(small.path, 's'));
  const data = randomBytes(64 * CLUSTER);
  const older = await real.layer(SIZE, [[0, data]]);
  await real.store.seal([older], sidecarOf(real.machineId, [older]));
  const before = hashOf(older.path);
  const layer = real.newLayer();
  await real.store.create(layer, SIZE);
  const writer = await real.store.open(layer);
  const filling = async () => {
    for (let cluster = 0; cluster < 512; cluster += 8) await writer.write(cluster * CLUSTER, chunkOf(randomBytes(8 * CLUSTER)));
    await writer.flush();
  };
  await assert.rejects(filling(), { code: 'space-exhausted' });
  await writer.close().catch((fault: Fault) => assert.equal(fault.code, 'space-exhausted'));
  await assert.rejects(real.store.create(real.newLayer(), SIZE), { code: 'space-exhausted' });
  assert.equal(hashOf(older.path), before);
  await real.store.remove(layer);
  assert.ok(await real.reads([older], Buffer.concat([data, Buffer.alloc(SIZE - data.length)])));
});

test('a merge that runs out of space fails as space-exhausted, keeps the upper point and succeeds when there is room', { skip }, async () => {
  using small = smallFileSystem(24);
  await using real = await RealLayers.make(join(small.path, 's'));
  const lower = await real.layer(SIZE, [[0, randomBytes(16 * CLUSTER)]]);
  const data = randomBytes(160 * CLUSTER);
  const upper = await real.layer(SIZE, [[0, data]]);
  const ballast = join(small.path, 'ballast');
  writeFileSync(ballast, Buffer.alloc(8 * 1024 * 1024, 1));
  const expected = Buffer.concat([data, Buffer.alloc(SIZE - data.length)]);
  await assert.rejects(real.store.merge(lower, upper, patience()), { code: 'space-exhausted' });
  assert.ok(await real.reads([lower, upper], expected));
  rmSync(ballast);
  await real.store.merge(lower, upper, patience());
  assert.ok(await real.reads([lower], expected));
});

test('sealing on a full file system fails as space-exhausted and keeps the earlier sidecar', { skip }, async () => {
  using small = smallFileSystem(20);
  await using real = await RealLayers.make(join(small.path, 's'));
  const layer = await real.layer(SIZE, []);
  const sidecar = sidecarOf(real.machineId, [layer]);
  await real.store.seal([layer], sidecar);
  const { bavail, bsize } = statfsSync(small.path);
  writeFileSync(join(small.path, 'ballast'), Buffer.alloc(bavail * bsize, 1));
  await assert.rejects(real.store.seal([layer], { ...sidecar, sequence: 2 }), { code: 'space-exhausted' });
  assert.deepEqual(await real.store.inventory(real.storage, real.machineId), [{ path: layer.path, sidecar }]);
});

test('the writers of a storage daemon that was killed reject, older layers are untouched, and a new open works', async () => {
  await using real = await RealLayers.make();
  const data = randomBytes(64 * CLUSTER);
  const older = await real.layer(SIZE, [[0, data]]);
  const before = hashOf(older.path);
  const layers = [real.newLayer('a'), real.newLayer('b')];
  for (const layer of layers) await real.store.create(layer, SIZE);
  const writers = await Promise.all(layers.map((layer) => real.store.open(layer)));
  await writers[0]!.write(0, chunkOf(data));
  const writing = Array.from({ length: 8 }, (_, n) => writers[0]!.write(n * 64 * CLUSTER, chunkOf(randomBytes(64 * CLUSTER))));
  const outcomes = Promise.allSettled(writing);
  const name = readdirSync(real.runDir).find((file) => /^layers-.*\.pid$/.test(file))!;
  process.kill(readPidfile(join(real.runDir, name))!.pid, 'SIGKILL');
  for (const outcome of await outcomes) if (outcome.status === 'rejected') assert.equal(outcome.reason.code, 'disk-io', String(outcome.reason));
  assert.ok((await outcomes).some(({ status }) => status === 'rejected'));
  for (const writer of writers) {
    await assert.rejects(writer.write(0, chunkOf(data)), { code: 'disk-io' });
    await assert.rejects(writer.zero(0, CLUSTER), { code: 'disk-io' });
    await assert.rejects(writer.flush(), { code: 'disk-io' });
  }
  await assert.rejects(real.store.seal([layers[0]!], sidecarOf(real.machineId, [layers[0]!])), { code: 'disk-io' });
  assert.equal(hashOf(older.path), before);
  const again = await real.layer(SIZE, [[1, data]]);
  assert.ok(await real.reads([again], Buffer.concat([Buffer.alloc(CLUSTER), data, Buffer.alloc(SIZE - CLUSTER - data.length)])));
  await Promise.all(writers.map((writer) => writer.close()));
  await real.store.create(layers[0]!, SIZE);
  await real.store.seal([layers[0]!], sidecarOf(real.machineId, [layers[0]!]));
});

test('a layer that is open already cannot be opened a second time', async () => {
  await using real = await RealLayers.make();
  const layer = await real.layer(SIZE, []);
  const writer = await real.store.open(layer);
  await assert.rejects(real.store.open(layer), { code: 'disk-in-use' });
  await writer.write(0, chunkOf(randomBytes(CLUSTER)));
  await writer.close();
  await writer.close();
  await (await real.store.open(layer)).close();
});

test('a stopped store leaves no process, and its writers reject', { timeout: 10_000 }, async () => {
  await using real = await RealLayers.make();
  const layer = await real.layer(SIZE, []);
  const writer = await real.store.open(layer);
  await writer.write(0, chunkOf(randomBytes(CLUSTER)));
  const name = readdirSync(real.runDir).find((file) => /^layers-.*\.pid$/.test(file))!;
  const daemon = readPidfile(join(real.runDir, name))!;
  await real.store.stop();
  assert.ok(!isRunning(daemon));
  assert.deepEqual(readdirSync(real.runDir).filter((file) => !file.endsWith('.log')), []);
  await assert.rejects(writer.flush(), { code: 'disk-io' });
  await writer.close();
});

test('a torn sidecar counts as none', async () => {
  await using real = await RealLayers.make();
  const layer = await real.layer(SIZE, []);
  for (const text of ['', '{"version":1', '{"version":1}', 'null', JSON.stringify({ version: 3, ...sidecarOf(real.machineId, [layer]) })]) {
    writeFileSync(`${layer.path}.json`, text);
    assert.deepEqual(await real.store.inventory(real.storage, real.machineId), [{ path: layer.path, sidecar: null }], text);
  }
});

test('two quarantined files of the same name are both kept, each with its sidecar', async () => {
  await using real = await RealLayers.make();
  const layer = await real.layer(SIZE, []);
  for (const sequence of [1, 2]) {
    await real.store.create(layer, SIZE);
    await real.store.seal([layer], sidecarOf(real.machineId, [layer], sequence));
    await real.store.quarantine(layer.path);
  }
  const kept = readdirSync(join(real.storage, 'quarantine'), { recursive: true, encoding: 'utf8' });
  assert.equal(kept.filter((path) => path.endsWith('.qcow2')).length, 2);
  assert.equal(kept.filter((path) => path.endsWith('.qcow2.json')).length, 2);
});
