import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { rmSync, truncateSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { Fault, type FaultCode } from '../../src/errors/fault.ts';
import { CLUSTER_BYTES } from '../../src/extents/extent.ts';
import { payloadOf, type DiskView } from '../../src/engine/ports/diskview.ts';
import type { LaunchSpec } from '../../src/engine/ports/hypervisor.ts';
import { probeDisks } from '../../src/hypervisor/qemu/probe.ts';
import { createRawWrapper } from '../../src/layers/rawwrapper.ts';
import type { DiskDefinition } from '../../src/machine/definition.ts';
import { definitionOf, QemuBench } from '../conformance/qemubench.ts';
import { inEnglish } from '../../src/language/text.ts';

const MIB = 2 ** 20;
const { signal } = new AbortController();
let bench: QemuBench;
before(() => {
  bench = new QemuBench();
});
after(() => bench.close());

const qemuImg = (...args: string[]): void => void execFileSync('qemu-img', args);
const writePattern = (path: string, format: string, command: string): void => void execFileSync('qemu-io', ['-f', format, '-c', command, path]);

const hasFault = (code: FaultCode, words: RegExp) => (thrown: unknown): boolean => {
  assert.ok(thrown instanceof Fault, String(thrown));
  assert.equal(thrown.code, code, thrown.message);
  assert.match(thrown.message, words);
  return true;
};

const probed = async (...disks: Partial<DiskDefinition>[]): Promise<LaunchSpec> => {
  const definition = definitionOf(randomUUID(), disks.map((disk, i) => ({ name: `d${i}`, path: '/none', format: 'qcow2', bus: 'virtio', ...disk })));
  const wrapperPath = (machineId: string, disk: string): string => bench.image(`wrap-${machineId.slice(0, 8)}-${disk}.qcow2`);
  return { instanceId: definition.id, definition, stacks: await probeDisks(definition, { wrapperPath, createRawWrapper }), isolated: false };
};

async function bytes(view: DiskView, disk: string, cluster: number): Promise<number[]> {
  const chunk = await view.read(disk, { offsetBytes: cluster * CLUSTER_BYTES, lengthBytes: 2 * CLUSTER_BYTES }, signal);
  const payload = payloadOf(chunk);
  const found = [payload[0]!, payload[CLUSTER_BYTES]!];
  chunk.release();
  return found;
}

const tracked = async (spec: LaunchSpec): Promise<string> => {
  const since = randomUUID();
  await bench.hypervisor.start(spec, { trackSince: { pointId: randomUUID(), replacementPointId: since } }, signal);
  return since;
};
const open = (spec: LaunchSpec, sincePointId: string | null) =>
  bench.hypervisor.openPointInTime(spec, { attemptId: randomUUID(), sincePointId, fleecingBudgetBytes: 4 * MIB }, signal);

test('a missing disk is created with its size, and one without a size is missing', async () => {
  const path = bench.image('new.qcow2');
  const spec = await probed({ path, sizeBytes: 3 * MIB + 512 });
  assert.deepEqual(spec.stacks, [{ disk: 'd0', sizeBytes: 3 * MIB + 512, layers: [{ layerId: 'd0-base', path }] }]);
  await assert.rejects(probed({ path: bench.image('none.qcow2') }), hasFault('disk-missing', /none\.qcow2 is missing/));
});

test('a disk in another format than the definition says is refused, at definition and at start', async () => {
  const raw = bench.image('raw.img');
  writeFileSync(raw, Buffer.alloc(MIB));
  await assert.rejects(probed({ path: raw }), hasFault('disk-format', /raw\.img is in format raw, the definition says qcow2/));
  const qcow2 = bench.image('q.qcow2');
  qemuImg('create', '-q', '-f', 'qcow2', qcow2, '1M');
  await assert.rejects(probed({ path: qcow2, format: 'raw' }), hasFault('disk-format', /is in format qcow2, the definition says raw/));
  const spec = await probed({ path: qcow2 });
  writeFileSync(qcow2, Buffer.alloc(MIB));
  await assert.rejects(bench.hypervisor.start(spec, {}, signal), hasFault('disk-format', /m-.*qcow2/));
});

test('a linked clone shows its template through a point in time, and never calls it zero', async () => {
  const template = bench.image('template.qcow2');
  const clone = bench.image('clone.qcow2');
  qemuImg('create', '-q', '-f', 'qcow2', template, '4M');
  writePattern(template, 'qcow2', 'write -P 0x11 0 512k');
  qemuImg('create', '-q', '-f', 'qcow2', '-b', 'template.qcow2', '-F', 'qcow2', clone);
  const spec = await probed({ path: clone });
  assert.deepEqual(spec.stacks[0]!.layers.map(({ path, readOnly }) => [path, readOnly === true]), [[template, true], [clone, false]]);
  const since = await tracked(spec);
  await bench.guestWrites(spec, 'd0', 3, 0x22);
  for (const power of ['running', 'off']) {
    if (power === 'off') await bench.hypervisor.stop(spec.instanceId);
    const view = await open(spec, power === 'off' ? null : since);
    const status = await view.status('d0', { offsetBytes: 0, lengthBytes: MIB }, signal);
    assert.ok(status.every((run) => !(run.zero && run.offsetBytes < 512 * 1024)), JSON.stringify(status));
    assert.deepEqual(await bytes(view, 'd0', 2), [0x11, 0x22]);
    await view.close();
    await bench.hypervisor.closePointInTime(spec, { attemptId: view.attemptId, sincePointId: power === 'off' ? null : since }, 'failed');
  }
});

test('a clone whose template is gone does not start, and the message names the template', async () => {
  const template = bench.image('t2.qcow2');
  const clone = bench.image('c2.qcow2');
  qemuImg('create', '-q', '-f', 'qcow2', template, '1M');
  qemuImg('create', '-q', '-f', 'qcow2', '-b', template, '-F', 'qcow2', clone);
  const spec = await probed({ path: clone });
  rmSync(template);
  await assert.rejects(bench.hypervisor.start(spec, {}, signal), hasFault('disk-missing', /t2\.qcow2 is missing/));
  const bare = { ...spec, stacks: spec.stacks.map((stack) => ({ ...stack, layers: [] })) };
  await assert.rejects(bench.hypervisor.start(bare, {}, signal), hasFault('disk-missing', /its disk d0 has no image/));
  await assert.rejects(probed({ path: clone }), hasFault('disk-missing', /t2\.qcow2 is missing/));
});

test('a raw disk keeps its contents, is written in place and is tracked through its wrapper', async () => {
  const raw = bench.image('disk.raw');
  writeFileSync(raw, Buffer.alloc(2 * MIB + 512, 0x33));
  const spec = await probed({ path: raw, format: 'raw' });
  assert.equal(spec.stacks[0]!.layers[0]!.dataFilePath, raw);
  const since = await tracked(spec);
  await bench.guestWrites(spec, 'd0', 4, 0x44);
  const view = await open(spec, since);
  assert.deepEqual(await bytes(view, 'd0', 3), [0x33, 0x44]);
  await view.close();
  await bench.hypervisor.closePointInTime(spec, { attemptId: view.attemptId, sincePointId: since }, 'failed');
  await bench.hypervisor.stop(spec.instanceId);
  assert.deepEqual(await bench.hypervisor.tracking(spec), { points: [since], broken: false });
  writePattern(raw, 'raw', 'read -P 0x44 256k 64k');
  writePattern(raw, 'raw', 'write -P 0x55 512k 64k');
  const report = await bench.hypervisor.tracking(spec);
  assert.equal(report.broken, true);
  assert.match(inEnglish(report.why!), /disk\.raw was changed while it was closed/);
});

test('holes of a raw disk read as zeroes in a view of the live disk, without being read, whether it runs or not', async () => {
  const raw = bench.image('sparse.raw');
  writeFileSync(raw, '');
  truncateSync(raw, 64 * MIB + 512);
  const spec = await probed({ path: raw, format: 'raw' });
  const zeroBytes = async () => {
    const view = await bench.hypervisor.openLive(spec, signal);
    const runs = await view.status('d0', { offsetBytes: 0, lengthBytes: 64 * MIB + 512 }, signal);
    const content = await bytes(view, 'd0', 4);
    await view.close();
    return { zeroBytes: runs.reduce((sum, run) => sum + (run.zero ? run.lengthBytes : 0), 0), content };
  };
  assert.deepEqual(await zeroBytes(), { zeroBytes: 64 * MIB + 512, content: [0, 0] });
  await tracked(spec);
  await bench.guestWrites(spec, 'd0', 4, 0x44);
  assert.deepEqual(await zeroBytes(), { zeroBytes: 64 * MIB + 512 - 65_536, content: [0x44, 0] });
});

test('a raw file that grew behind the wrapper is shown as large as the guest sees it', async () => {
  const raw = bench.image('grown.raw');
  writeFileSync(raw, Buffer.alloc(MIB, 0x33));
  const spec = await probed({ path: raw, format: 'raw' });
  truncateSync(raw, 2 * MIB);
  const view = await bench.hypervisor.openLive(spec, signal);
  assert.deepEqual(view.disks, [{ disk: 'd0', sizeBytes: MIB }]);
  await view.close();
});

test('on a qcow2 of 4 KiB clusters changes are still known in 64 KiB', async () => {
  const path = bench.image('small.qcow2');
  qemuImg('create', '-q', '-f', 'qcow2', '-o', 'cluster_size=4096', path, '2M');
  const spec = await probed({ path });
  const since = await tracked(spec);
  await bench.qemuIo(spec, 'd0', `write -P 0x66 ${5 * CLUSTER_BYTES + 8192} 4096`);
  const view = await open(spec, since);
  const runs = await view.status('d0', { offsetBytes: 0, lengthBytes: 2 * MIB }, signal);
  assert.deepEqual(runs.filter((run) => run.dirty), [{ offsetBytes: 5 * CLUSTER_BYTES, lengthBytes: CLUSTER_BYTES, dirty: true, zero: false }]);
  await view.close();
});

test('a disk that another program has open is in use, in its own words', async () => {
  const path = bench.image('busy.qcow2');
  const spec = await probed({ path, sizeBytes: MIB });
  const holder = spawn('qemu-io', ['-f', 'qcow2', path], { stdio: ['pipe', 'pipe', 'ignore'] });
  holder.stdin.write('write 0 512\n');
  await new Promise((resolve) => holder.stdout.once('data', resolve));
  await assert.rejects(bench.hypervisor.start(spec, {}, signal), hasFault('disk-in-use', /lock/));
  await assert.rejects(open(spec, null), hasFault('disk-in-use', /lock/));
  holder.stdin.end('quit\n');
  await new Promise((resolve) => holder.once('exit', resolve));
  await bench.hypervisor.start(spec, {}, signal);
  assert.equal(await bench.hypervisor.power(spec.instanceId), 'running');
});

test('a failed or cancelled attempt to open the disks does not cost the tracking', async () => {
  const path = bench.image('kept.qcow2');
  const spec = await probed({ path, sizeBytes: MIB });
  const since = await tracked(spec);
  await bench.hypervisor.stop(spec.instanceId);
  const holder = spawn('qemu-io', ['-r', '-f', 'qcow2', path], { stdio: ['pipe', 'pipe', 'ignore'] });
  holder.stdin.write('read 0 512\n');
  await new Promise((resolve) => holder.stdout.once('data', resolve));
  await assert.rejects(open(spec, since), hasFault('disk-in-use', /lock/));
  holder.stdin.end('quit\n');
  await new Promise((resolve) => holder.once('exit', resolve));
  const request = { attemptId: randomUUID(), sincePointId: since, fleecingBudgetBytes: MIB };
  await assert.rejects(bench.hypervisor.openPointInTime(spec, request, AbortSignal.abort(new Error('enough'))), /enough/);
  const tpm = { ...spec, definition: { ...spec.definition, firmware: { kind: 'uefi', codePath: path, variablesTemplatePath: '/none' } as const } };
  await assert.rejects(bench.hypervisor.start(tpm, {}, signal), hasFault('disk-missing', /none/));
  assert.deepEqual(await bench.hypervisor.tracking(spec), { points: [since], broken: false });
});
