import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DiskStack, Layer } from '../../src/machine/definition.ts';
import type { LaunchSpec } from '../../src/engine/ports/hypervisor.ts';
import { valueOfByte } from '../../src/simulation/content.ts';
import { Files } from '../../src/simulation/files.ts';
import { SimulatedHypervisor } from '../../src/simulation/hypervisor.ts';
import { hypervisorConformance } from './hypervisor.ts';
import { layeringConformance, type LayeringBench } from './layering.ts';
import { pointsInTimeConformance } from './pointsintime.ts';
import { definitionOf } from './qemubench.ts';

class SimulatedBench implements LayeringBench {
  readonly #files = new Files();
  readonly hypervisor = new SimulatedHypervisor(this.#files, {
    nowMs: () => Date.now(),
    sleep: (ms) => sleep(ms),
    onInstant: () => undefined,
    onStart: () => undefined,
  });

  async restart(): Promise<void> {
    // The hypervisor is the host's; a daemon keeps nothing of it.
  }

  async machine(disks: Readonly<Record<string, number>>): Promise<LaunchSpec> {
    const id = randomUUID();
    const stacks = Object.entries(disks).map(([disk, sizeBytes]) => {
      const { path } = this.#files.create(`/images/${id}/${disk}`, sizeBytes);
      return { disk, sizeBytes, layers: [{ layerId: 'base', path }] };
    });
    return { instanceId: id, definition: definitionOf(id, []), stacks, isolated: false };
  }

  async guestWrites(spec: LaunchSpec, disk: string, cluster: number, byte: number): Promise<void> {
    this.hypervisor.write(spec.instanceId, disk, cluster, valueOfByte(byte));
  }

  async guestZeroes(spec: LaunchSpec, disk: string, cluster: number): Promise<void> {
    this.hypervisor.write(spec.instanceId, disk, cluster, 0);
  }

  async layer(disk: string, sizeBytes: number, trackId: string): Promise<Layer> {
    const layerId = randomUUID();
    const { path, bitmaps } = this.#files.create(`/images/${disk}-${layerId}`, sizeBytes);
    bitmaps.set(trackId, { clusters: new Set(), recording: true, whole: true, saved: true });
    return { layerId, path };
  }

  async byteOf(stack: DiskStack, cluster: number): Promise<number> {
    return this.#files.read(stack, cluster) & 0xff;
  }

  async remove({ path }: Layer): Promise<void> {
    this.#files.remove(path);
  }

  async kill(spec: LaunchSpec): Promise<void> {
    this.hypervisor.kill(spec.instanceId);
  }

  async changeImage(spec: LaunchSpec, disk: string): Promise<void> {
    this.hypervisor.changeImage(spec, disk, 0, 1);
  }

  async close(): Promise<void> {
    // Everything is in memory.
  }
}

hypervisorConformance('the simulated hypervisor', () => Promise.resolve(new SimulatedBench()));
pointsInTimeConformance('the simulated hypervisor', () => Promise.resolve(new SimulatedBench()));
layeringConformance('the simulated hypervisor', () => Promise.resolve(new SimulatedBench()));
