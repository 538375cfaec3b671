/** A bench on real QEMU without a guest: writes go through the guest's own device, by the monitor's qemu-io. */
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { DiskStack, Layer, MachineDefinition } from '../../src/machine/definition.ts';
import type { LaunchSpec } from '../../src/engine/ports/hypervisor.ts';
import { runPaths } from '../../src/hypervisor/qemu/directories.ts';
import { QemuHypervisor } from '../../src/hypervisor/qemu/qemu.ts';
import { CLUSTER_BYTES } from '../../src/extents/extent.ts';
import { bitmapName } from '../../src/machine/bitmap.ts';
import { graphFileName, stackGraph } from '../../src/machine/graph.ts';
import type { LayeringBench } from './layering.ts';

export function definitionOf(id: string, disks: MachineDefinition['disks'], more: Partial<MachineDefinition> = {}): MachineDefinition {
  return {
    id, name: `m-${id.slice(0, 4)}`, machineType: 'pc-q35-7.2', cpuModel: 'max', cpuCount: 1, memoryMiB: 32, disks, nics: [],
    firmware: { kind: 'bios' }, tpm: false, vga: 'none', guestAgent: false, autostart: false, ...more,
  };
}

export class QemuBench implements LayeringBench {
  readonly directory = mkdtempSync(join(tmpdir(), 'us-'));
  readonly directories = { runDir: join(this.directory, 'run'), stateDir: join(this.directory, 'state') };
  hypervisor = new QemuHypervisor(this.directories);

  image(name: string): string {
    mkdirSync(join(this.directory, 'images'), { recursive: true });
    return join(this.directory, 'images', name);
  }

  async restart(): Promise<void> {
    for (const instanceId of await this.hypervisor.instances()) {
      const monitor = await this.hypervisor.monitor(instanceId);
      monitor.close();
      await monitor.closed;
    }
    this.hypervisor = new QemuHypervisor(this.directories);
  }

  async machine(disks: Readonly<Record<string, number>>): Promise<LaunchSpec> {
    const id = randomUUID();
    const stacks = Object.entries(disks).map(([disk, sizeBytes]) => this.emptyStack(id, disk, sizeBytes));
    return this.spec(id, stacks);
  }

  emptyStack(id: string, disk: string, sizeBytes: number, options: readonly string[] = []): DiskStack {
    const path = this.image(`${id.slice(0, 8)}-${disk}.qcow2`);
    execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', ...options, path, String(sizeBytes)]);
    const layer: Layer = { layerId: 'base', path };
    return { disk, sizeBytes, layers: [layer] };
  }

  spec(id: string, stacks: readonly DiskStack[], more: Partial<MachineDefinition> = {}): LaunchSpec {
    const disks = stacks.map((stack) => ({ name: stack.disk, path: stack.layers.at(-1)!.path, format: 'qcow2' as const, bus: 'virtio' as const }));
    return { instanceId: id, definition: definitionOf(id, disks, more), stacks, isolated: false };
  }

  async guestWrites(spec: LaunchSpec, disk: string, cluster: number, byte: number): Promise<void> {
    const { sizeBytes } = spec.stacks.find((stack) => stack.disk === disk)!;
    const offsetBytes = cluster * CLUSTER_BYTES;
    await this.qemuIo(spec, disk, `write -P ${byte} ${offsetBytes} ${Math.min(CLUSTER_BYTES, sizeBytes - offsetBytes)}`);
  }

  guestZeroes(spec: LaunchSpec, disk: string, cluster: number): Promise<void> {
    return this.qemuIo(spec, disk, `write -z ${cluster * CLUSTER_BYTES} ${CLUSTER_BYTES}`);
  }

  async qemuIo(spec: LaunchSpec, disk: string, command: string): Promise<void> {
    const monitor = await this.hypervisor.monitor(spec.instanceId);
    const answer = await monitor.execute<string>('human-monitor-command', { 'command-line': `qemu-io -d /machine/peripheral/dev-${disk}/virtio-backend "${command}"` });
    if (answer !== '') throw new Error(`qemu-io ${command}: ${answer}`);
  }

  async layer(disk: string, sizeBytes: number, trackId: string): Promise<Layer> {
    const layerId = randomUUID();
    const path = this.image(`${disk}-${layerId}.qcow2`);
    execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', path, String(sizeBytes)]);
    execFileSync('qemu-img', ['bitmap', '--add', '-g', '65536', path, bitmapName(trackId)]);
    return { layerId, path };
  }

  async byteOf(stack: DiskStack, cluster: number): Promise<number> {
    const graph = graphFileName(stackGraph(stack, { writable: false, forceShare: true }));
    const text = execFileSync('qemu-io', ['-r', '-U', '-c', `read -v ${cluster * CLUSTER_BYTES} 512`, graph], { encoding: 'utf8' });
    return Number.parseInt(/^[0-9a-f]{8}:\s+([0-9a-f]{2})/m.exec(text)![1]!, 16);
  }

  async remove({ path }: Layer): Promise<void> {
    rmSync(path);
  }

  async kill(spec: LaunchSpec): Promise<void> {
    process.kill(this.pidOf(spec), 'SIGKILL');
    while ((await this.hypervisor.power(spec.instanceId)) !== 'off') await delay(5);
  }

  pidOf(spec: LaunchSpec): number {
    return Number(readFileSync(runPaths(this.directories, spec.instanceId).qemuPid, 'utf8'));
  }

  /** One byte of a cluster's data, behind the back of QEMU. */
  async changeImage(spec: LaunchSpec, disk: string): Promise<void> {
    const file = openSync(spec.stacks.find((stack) => stack.disk === disk)!.layers.at(-1)!.path, 'r+');
    writeSync(file, Buffer.from([0]), 0, 1, 65_530);
    closeSync(file);
  }

  async close(): Promise<void> {
    for (const instanceId of await this.hypervisor.instances()) await this.hypervisor.stop(instanceId);
    await this.hypervisor.close();
    rmSync(this.directory, { recursive: true, force: true });
  }
}
