import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { Fault } from '../../src/errors/fault.ts';
import type { LaunchSpec } from '../../src/engine/ports/hypervisor.ts';
import type { MachineDefinition } from '../../src/machine/definition.ts';
import { qemuArguments } from '../../src/hypervisor/qemu/arguments.ts';
import { cpuModelsIn } from '../../src/hypervisor/qemu/capabilities.ts';
import { runPaths, statePaths } from '../../src/hypervisor/qemu/directories.ts';
import { QemuBench } from '../conformance/qemubench.ts';

const MIB = 2 ** 20;
const { signal } = new AbortController();
let bench: QemuBench;
before(() => {
  bench = new QemuBench();
});
after(() => bench.close());

interface PciDevice {
  readonly slot: number;
  readonly qdev_id: string;
}

async function slots(spec: LaunchSpec): Promise<Record<string, number>> {
  const qmp = await bench.hypervisor.monitor(spec.instanceId);
  const buses = await qmp.execute<readonly { devices: readonly PciDevice[] }[]>('query-pci');
  return Object.fromEntries(buses[0]!.devices.filter((device) => device.qdev_id).map((device) => [device.qdev_id, device.slot]));
}

const specOf = (more: Partial<MachineDefinition>, isolated = false): LaunchSpec => {
  const id = randomUUID();
  const stacks = ['a', 'b', 'c', 'd'].map((disk) => bench.emptyStack(id, disk, MIB));
  const buses = ['virtio', 'scsi', 'sata', 'virtio'] as const;
  const disks = stacks.map((stack, i) => ({ name: stack.disk, path: stack.layers[0]!.path, format: 'qcow2' as const, bus: buses[i]! }));
  return { ...bench.spec(id, stacks, { disks, ...more }), isolated };
};

const NICS: MachineDefinition['nics'] = [
  { kind: 'user', mac: '52:54:00:00:00:01' },
  { kind: 'none', mac: '52:54:00:00:00:02' },
  { kind: 'bridge', mac: '52:54:00:00:00:03', bridge: 'br0' },
];

for (const machineType of ['pc-q35-7.2', 'pc-i440fx-7.2']) {
  test(`${machineType}: disks on every bus, NICs and agent have the same places at every start`, async () => {
    const spec = specOf({ machineType, nics: NICS, guestAgent: true, vga: 'std' }, true);
    await bench.hypervisor.start(spec, {}, signal);
    const expected = { vga0: 2, ports: 3, scsi: 4, nic0: 8, nic1: 9, nic2: 10, 'dev-a': 16, 'dev-d': 17 };
    const found = await slots(spec);
    assert.deepEqual(found, { ...expected, ...(machineType.includes('q35') ? { spare0: 6, spare1: 6, spare2: 6, spare3: 6 } : { sata: 5 }) });
    const attempt = { attemptId: randomUUID(), sincePointId: null };
    const view = await bench.hypervisor.openPointInTime(spec, { ...attempt, fleecingBudgetBytes: 8 * MIB }, signal);
    assert.equal(view.disks.length, 4);
    await view.close();
    await bench.hypervisor.closePointInTime(spec, attempt, 'acknowledged');
    await bench.hypervisor.stop(spec.instanceId);
  });
}

test('an isolated copy reaches no network', () => {
  const surroundings = { run: runPaths(bench.directories, 'x'), state: statePaths(bench.directories, 'x'), acceleration: 'tcg', tapName: () => 'tap' } as const;
  const backends = (isolated: boolean): string[] => {
    const args = qemuArguments(specOf({ nics: NICS }, isolated), surroundings);
    return args.flatMap((arg, i) => (args[i - 1] === '-netdev' ? [arg.split(',').slice(0, 2).join(',')] : []));
  };
  assert.deepEqual(backends(true), ['user,restrict=on', 'hubport,hubid=1', 'hubport,hubid=2']);
  assert.deepEqual(backends(false), ['user,id=net0', 'hubport,hubid=1', 'tap,ifname=tap']);
});

test('what QEMU refuses is reported in its own words', async () => {
  const spec = specOf({ cpuModel: 'nonsense' });
  await assert.rejects(bench.hypervisor.start(spec, {}, signal), (thrown) => {
    assert.ok(thrown instanceof Fault && thrown.code === 'qemu-failed', String(thrown));
    assert.match(thrown.message, /m-.*unable to find CPU model 'nonsense'/);
    return true;
  });
  assert.equal(await bench.hypervisor.power(spec.instanceId), 'off');
});

test('a disk that is no image is reported without the arguments that QEMU was given', async () => {
  const spec = specOf({});
  const [stack] = spec.stacks;
  writeFileSync(stack!.layers.at(-1)!.path, 'no image');
  await assert.rejects(bench.hypervisor.start(spec, {}, signal), (thrown) => {
    assert.ok(thrown instanceof Fault && thrown.code === 'disk-format', String(thrown));
    assert.doesNotMatch(thrown.message, /[{}]|-blockdev/);
    return true;
  });
});

test('a bridge that this host does not have is named before anything is started', async () => {
  const spec = specOf({ nics: [{ kind: 'bridge', bridge: 'no-such-br', mac: '52:54:00:00:00:01' }] });
  await assert.rejects(bench.hypervisor.start(spec, {}, signal), (thrown) => {
    assert.ok(thrown instanceof Fault && thrown.code === 'bridge-missing', String(thrown));
    assert.match(thrown.message, /m-.*no bridge "no-such-br"/);
    return true;
  });
});

test('UEFI variables and TPM state travel: they are read, restored on another machine, and given to a test copy', async () => {
  const firmware = { kind: 'uefi', codePath: '/usr/share/OVMF/OVMF_CODE_4M.fd', variablesTemplatePath: '/usr/share/OVMF/OVMF_VARS_4M.fd' } as const;
  const spec = specOf({ firmware, tpm: true, memoryMiB: 64 });
  await bench.hypervisor.start(spec, {}, signal);
  const view = await bench.hypervisor.openPointInTime(spec, { attemptId: randomUUID(), sincePointId: null, fleecingBudgetBytes: 8 * MIB }, signal);
  const names = view.attachments.map(({ name }) => name);
  assert.ok(names.includes('uefi-variables'), String(names));
  assert.ok(names.some((name) => name.startsWith('tpm/')), String(names));
  await view.close();
  await bench.hypervisor.stop(spec.instanceId);
  const copy: LaunchSpec = { ...spec, instanceId: randomUUID() };
  const changed = [{ name: 'uefi-variables', bytes: Buffer.alloc(528 * 1024, 7) }, { name: 'tpm/tpm2-00.permall', bytes: Buffer.from('state') }];
  await bench.hypervisor.restoreAttachments(copy, changed);
  const restored = await bench.hypervisor.attachments(copy);
  assert.deepEqual(restored.map(({ name, bytes }) => [name, Buffer.from(bytes).equals(changed.find((each) => each.name === name)!.bytes)]), [
    ['uefi-variables', true], ['tpm/tpm2-00.permall', true],
  ]);
  const outside = bench.hypervisor.restoreAttachments(copy, [{ name: 'tpm/../../escape', bytes: Buffer.from('x') }]);
  await assert.rejects(outside, (thrown) => thrown instanceof Fault && thrown.code === 'integrity');
  assert.ok(!existsSync(`${bench.directories.stateDir}/escape`));
});

test('the serial console is written to its log and can be dialled', async () => {
  const spec = specOf({});
  await bench.hypervisor.start(spec, {}, signal);
  const { socketPath, logPath } = bench.hypervisor.console(spec.instanceId);
  assert.ok(existsSync(socketPath));
  assert.equal(typeof readFileSync(logPath, 'utf8'), 'string');
});

test('CPU models are found in the lists of QEMU 7.2 and of QEMU 10, and flags are not taken for models', () => {
  const flags = '\n\nRecognized CPUID flags:\n  3dnow abm max\n  x86 hle\n';
  assert.deepEqual(cpuModelsIn(`Available CPUs:\nx86 486                   (alias configured by machine type)                        \nx86 Broadwell-v3          Intel Core Processor (Broadwell)\nx86 max                   Enables all features${flags}`), ['486', 'Broadwell-v3', 'max']);
  assert.deepEqual(cpuModelsIn(`Available CPUs:\n  486                   (alias configured by machine type)\n  486-v1                \n  max                   Enables all features${flags}`), ['486', '486-v1', 'max']);
});

test('capabilities tell the versioned machine types, CPU models and memory of this host', async () => {
  const facts = await bench.hypervisor.capabilities();
  assert.match(facts.qemuVersion, /^\d+\.\d+/);
  assert.ok(facts.machineTypes.includes('pc-q35-7.2') || facts.machineTypes.some((type) => type.startsWith('pc-q35-')));
  assert.ok(facts.machineTypes.every((type) => /\d$/.test(type)));
  assert.ok(facts.cpuModels.includes('max') && facts.cpuModels.includes('qemu64'));
  assert.ok(facts.memoryMiB > 0 && facts.freeMemoryMiB > 0 && facts.freeMemoryMiB <= facts.memoryMiB);
});
