/** A daemon's memory with one large disk, and that it does not grow with the disk. */
import { GIB, makeRandomDisk, MIB } from './data.ts';
import { figure, type Figure } from './figure.ts';
import { peakMemoryBytes } from './ours.ts';
import type { Part, Scene } from './scene.ts';

/** As much on either disk, so that all buffers fill. */
const DATA_BYTES = GIB / 2;
const MAX_MIB = 200;
/** 64 GiB more of disk are 128 KiB of bitmap; the rest is the garbage collector's freedom. */
const MAX_GROWTH_MIB = 20;

async function run(scene: Scene): Promise<readonly Figure[]> {
  const peak = async (gib: number): Promise<number> => {
    makeRandomDisk(scene.at('disk.raw'), gib * GIB, DATA_BYTES);
    return (await peakMemoryBytes(scene.fresh('o'), scene.at('disk.raw'))) / MIB;
  };
  const large = await peak(64);
  const small = await peak(1);
  return [
    figure({ name: 'daemon memory, one sparse 64 GiB disk', unit: 'MiB', value: large, target: { of: 'value', at: 'most', limit: MAX_MIB } }),
    figure({ name: 'daemon memory, 64 GiB against 1 GiB', unit: 'MiB', value: large, peer: 'the same with a 1 GiB disk', peerValue: small, target: { of: 'difference', at: 'most', limit: MAX_GROWTH_MIB } }),
  ];
}

export const memory: Part = { name: 'memory', about: 'resident memory of a daemon with a sparse 64 GiB disk', run };
