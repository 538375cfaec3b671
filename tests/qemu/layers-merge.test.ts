import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Fault } from '../../src/errors/fault.ts';
import { Qcow2Layers } from '../../src/layers/layers.ts';
import { stackGraph } from '../../src/machine/graph.ts';
import { Qmp } from '../../src/qmp/qmp.ts';
import { isRunning, readPidfile, type ProcessIdentity } from '../../src/storagedaemon/pidfile.ts';
import { StorageDaemon } from '../../src/storagedaemon/storagedaemon.ts';
import { CLUSTER, RealLayers, hashOf, patience } from './layers-scene.ts';
import { stackOf } from '../conformance/layers.ts';

const SIZE = 512 * CLUSTER;

/** Base and three newer points, with data and zeroes over each other; `at(n)` is what point n reads as. */
async function history(real: RealLayers) {
  const reads = [Buffer.alloc(SIZE)];
  const layers = [];
  for (let point = 0; point < 4; point++) {
    const content = Buffer.from(reads.at(-1)!);
    const data = randomBytes(384 * CLUSTER);
    const first = point * 32;
    data.copy(content, first * CLUSTER);
    content.fill(0, (first + 200) * CLUSTER, (first + 232) * CLUSTER);
    layers.push(await real.layer(SIZE, [[first, data], [first + 200, 32]]));
    reads.push(content);
  }
  return { layers, at: (point: number) => reads[point + 1]! };
}

const pidfileIn = (runDir: string) => existsSync(runDir) && readdirSync(runDir).find((name) => /^merge-.*\.pid$/.test(name));

/** The process of the merge that is starting; undefined when it has ended before anybody saw it. */
async function runningMerge(real: RealLayers, ended: Promise<unknown>): Promise<ProcessIdentity | undefined> {
  let isOver = false;
  void ended.catch(() => undefined).then(() => (isOver = true));
  while (!isOver) {
    const found = pidfileIn(real.runDir);
    if (found) return readPidfile(join(real.runDir, found));
    await delay(1);
  }
  return undefined;
}

test('a merge killed ten times at random moments and then redone leaves every point as it was', async () => {
  await using real = await RealLayers.make();
  const { layers, at } = await history(real);
  const [base, lower, upper, newest] = [layers[0]!, layers[1]!, layers[2]!, layers[3]!];
  const untouched = [base, newest].map(({ path }) => hashOf(path));
  let killed = 0;
  for (let round = 0; round < 10; round++) {
    const abort = new AbortController();
    const merging = real.store.merge(lower, upper, abort.signal);
    const ended = merging.then(() => 'merged', (fault: Fault) => fault.code);
    const merge = await runningMerge(real, ended);
    await delay(Math.random() * 30);
    killed += merge && isRunning(merge) ? 1 : 0;
    abort.abort(new Fault('cancelled', 'killed'));
    assert.match(await ended, /^(merged|cancelled)$/);
    assert.ok(await real.reads([base, lower, upper], at(2)), `point 2 after kill ${round}`);
  }
  assert.ok(killed > 0, 'no merge was killed under way');
  assert.ok(await real.reads([base, lower, upper, newest], at(3)));
  await real.store.merge(lower, upper, patience());
  await real.store.remove(upper);
  assert.ok(await real.reads([base], at(0)));
  assert.ok(await real.reads([base, lower], at(2)));
  assert.ok(await real.reads([base, lower, newest], at(3)));
  assert.deepEqual([base, newest].map(({ path }) => hashOf(path)), untouched);
  assert.deepEqual(readdirSync(real.runDir).filter((name) => name.startsWith('merge-')), []);
});

test('a merge that outlived our own kill is ended at the next start and can be redone', async () => {
  await using real = await RealLayers.make();
  const { layers, at } = await history(real);
  const [base, lower, upper] = [layers[0]!, layers[1]!, layers[2]!];
  const script = `import { mergeLayers } from ${JSON.stringify(new URL('../../src/layers/merge.ts', import.meta.url).href)};
    await mergeLayers(${JSON.stringify(lower)}, ${JSON.stringify(upper)}, ${JSON.stringify(real.runDir)}, AbortSignal.timeout(60000));`;
  const daemon = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'inherit' });
  const merge = (await runningMerge(real, once(daemon, 'exit')))!;
  process.kill(merge.pid, 'SIGSTOP');
  daemon.kill('SIGKILL');
  await once(daemon, 'exit');
  assert.ok(isRunning(merge), 'the merge outlives the daemon');
  const next = await Qcow2Layers.start(real.runDir);
  assert.ok(!isRunning(merge));
  await next.merge(lower, upper, patience());
  assert.ok(await real.reads([base, lower], at(2)));
});

test('an aborted merge kills its process and rejects with the reason only when that is gone', { timeout: 30_000 }, async () => {
  await using real = await RealLayers.make();
  const { layers } = await history(real);
  const abort = new AbortController();
  const merging = real.store.merge(layers[0]!, layers[1]!, abort.signal);
  const merge = (await runningMerge(real, merging))!;
  process.kill(merge.pid, 'SIGSTOP');
  const reason = new Fault('cancelled', 'failover goes first');
  abort.abort(reason);
  await assert.rejects(merging, reason);
  assert.ok(!isRunning(merge));
  assert.ok(!existsSync(`/proc/${merge.pid}`), 'reaped');
});

test('a merge into a layer that a guest reads fails as disk-in-use and changes nothing', async () => {
  await using real = await RealLayers.make();
  const [base, lower, upper] = (await history(real)).layers as [never, never, never];
  const top = real.newLayer();
  await real.store.createActive(top, SIZE, null);
  const graph = stackGraph(stackOf([base, lower, upper, top], SIZE), { writable: true, nodeName: 'a' });
  const monitor = join(real.directory, 'qmp');
  const guest = spawn(
    'qemu-system-x86_64',
    ['-S', '-machine', 'q35', '-nodefaults', '-display', 'none', '-m', '64', '-qmp', `unix:${monitor},server=on,wait=off`,
      '-blockdev', JSON.stringify(graph), '-device', 'virtio-blk-pci,drive=a'],
    { stdio: 'inherit' },
  );
  while (!existsSync(monitor) && guest.exitCode === null) await delay(5);
  const qmp = await Qmp.connect(monitor);
  try {
    const before = [lower, upper].map(({ path }: { path: string }) => hashOf(path));
    await assert.rejects(real.store.merge(lower, upper, patience()), { code: 'disk-in-use' });
    await assert.rejects(real.store.merge(upper, top, patience()), { code: 'disk-in-use' });
    assert.deepEqual([lower, upper].map(({ path }: { path: string }) => hashOf(path)), before);
  } finally {
    await qmp.execute('quit');
    await once(guest, 'exit');
  }
  await real.store.merge(lower, upper, patience());
});

test('a bitmap that a killed process left in the lower layer does not keep a larger layer from being merged', async () => {
  await using real = await RealLayers.make();
  const lower = real.newLayer();
  await real.store.createActive(lower, SIZE, 'p1');
  const killed = await StorageDaemon.start({ runDir: join(real.directory, 'q'), name: 'q', signal: patience() });
  await killed.blockdevAdd(stackGraph(stackOf([lower], SIZE), { writable: true, nodeName: 'a' }));
  await killed.exportAdd({ id: 'x', nodeName: 'a', name: 'x', writable: true });
  await killed.kill();
  const info = execFileSync('qemu-img', ['info', '--output', 'json', lower.path], { encoding: 'utf8' });
  assert.match(info, /in-use/);
  const data = randomBytes(2 * CLUSTER);
  await real.store.merge(lower, await real.layer(SIZE + CLUSTER, [[511, data]]), patience());
  assert.ok(await real.reads([lower], Buffer.concat([Buffer.alloc(511 * CLUSTER), data])));
});
