import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { LaunchSpec } from '../../src/engine/ports/hypervisor.ts';
import { runPaths } from '../../src/hypervisor/qemu/directories.ts';
import { readLaunchRecord } from '../../src/hypervisor/qemu/instance.ts';
import { QemuHypervisor } from '../../src/hypervisor/qemu/qemu.ts';
import { QemuBench } from '../conformance/qemubench.ts';
import { inEnglish } from '../../src/language/text.ts';

const MIB = 2 ** 20;
const { signal } = new AbortController();
let bench: QemuBench;
before(() => {
  bench = new QemuBench();
});
after(() => bench.close());

const started = async (): Promise<{ spec: LaunchSpec; since: string }> => {
  const spec = await bench.machine({ a: MIB });
  const since = randomUUID();
  await bench.hypervisor.start(spec, { trackSince: { pointId: randomUUID(), replacementPointId: since } }, signal);
  return { spec, since };
};
const shepherdOf = (spec: LaunchSpec): number => readLaunchRecord(runPaths(bench.directories, spec.instanceId))!.shepherd!.pid;
const isGone = (pid: number): boolean => {
  try {
    return /^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return true;
  }
};
const endOf = async (pid: number): Promise<void> => {
  while (!isGone(pid)) await delay(5);
};

test('a guest that powers itself off while no daemon is there keeps its tracking', async () => {
  const { spec, since } = await started();
  await bench.guestWrites(spec, 'a', 1, 1);
  const monitor = await bench.hypervisor.monitor(spec.instanceId);
  monitor.close();
  process.kill(bench.pidOf(spec), 'SIGTERM');
  await endOf(shepherdOf(spec));
  bench.hypervisor = new QemuHypervisor(bench.directories);
  assert.equal(await bench.hypervisor.power(spec.instanceId), 'off');
  assert.deepEqual(await bench.hypervisor.tracking(spec), { points: [since], broken: false });
  assert.deepEqual(await bench.hypervisor.start(spec, { trackSince: { pointId: since, replacementPointId: randomUUID() } }, signal), { intact: true });
});

test('an end that nobody saw is not trusted', async () => {
  const { spec, since } = await started();
  const pid = bench.pidOf(spec);
  process.kill(shepherdOf(spec), 'SIGKILL');
  assert.equal(await bench.hypervisor.power(spec.instanceId), 'running');
  process.kill(pid, 'SIGTERM');
  await endOf(pid);
  const report = await bench.hypervisor.tracking(spec);
  assert.equal(report.broken, true);
  assert.match(inEnglish(report.why!), /nobody saw/);
  assert.ok(!report.points.includes(since));
});

test('a signal to the whole group, as at the host\'s shutdown, leaves tracking whole', async () => {
  const { spec, since } = await started();
  const shepherd = { pid: shepherdOf(spec) };
  process.kill(-shepherd.pid, 'SIGTERM');
  await endOf(shepherd.pid);
  assert.deepEqual(await bench.hypervisor.tracking(spec), { points: [since], broken: false });
});

test('QEMU is in a session of its own and holds no pipe of the daemon', async () => {
  const { spec } = await started();
  const stat = readFileSync(`/proc/${bench.pidOf(spec)}/stat`, 'utf8');
  const session = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[3]);
  assert.equal(session, shepherdOf(spec));
  assert.notEqual(session, process.pid);
});

test('a broken monitor connection is made again', async () => {
  const { spec } = await started();
  const first = await bench.hypervisor.monitor(spec.instanceId);
  first.close();
  await first.closed;
  assert.equal(await bench.hypervisor.power(spec.instanceId), 'running');
});

test('a pid file of an earlier boot or of another process is not mistaken for a guest', async () => {
  const { spec } = await started();
  await bench.hypervisor.stop(spec.instanceId);
  const run = runPaths(bench.directories, spec.instanceId);
  writeFileSync(run.qemuPid, `${process.pid}\n`);
  assert.equal(await bench.hypervisor.power(spec.instanceId), 'off');
  assert.deepEqual((await bench.hypervisor.instances()).includes(spec.instanceId), false);
});

test('what is forgotten leaves no file behind but its disks', async () => {
  const { spec } = await started();
  await assert.rejects(bench.hypervisor.forget(spec.instanceId), /is running/);
  await bench.hypervisor.stop(spec.instanceId);
  await bench.hypervisor.forget(spec.instanceId);
  assert.ok(!existsSync(runPaths(bench.directories, spec.instanceId).directory));
  assert.ok(existsSync(spec.stacks[0]!.layers[0]!.path));
});

test('what a daemon that was killed left reading a stack has ended before the next one begins, and the file can be written', async () => {
  const { stacks } = await bench.machine({ a: MIB });
  const [{ layers }] = stacks as [LaunchSpec['stacks'][number]];
  await bench.hypervisor.openStacks(stacks, signal);
  assert.throws(() => execFileSync('qemu-io', ['-c', 'write 0 512', layers[0]!.path], { stdio: 'pipe' }), /lock/);
  bench.hypervisor = new QemuHypervisor(bench.directories);
  await bench.hypervisor.reap();
  execFileSync('qemu-io', ['-c', 'write 0 512', layers[0]!.path]);
});
