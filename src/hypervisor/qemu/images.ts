/** What closed images say of themselves: their format, size and bitmaps, by qemu-img. */
import { dirname, resolve } from 'node:path';
import { Fault } from '../../errors/fault.ts';
import { say } from '../../language/text.ts';
import { pointOfBitmap } from '../../machine/bitmap.ts';
import type { DiskStack, Layer } from '../../machine/definition.ts';
import { graphFileName, layersGraph } from '../../machine/graph.ts';
import type { LaunchSpec } from '../../engine/ports/hypervisor.ts';
import type { DiskSize } from '../../engine/ports/diskview.ts';
import type { Bitmap, DiskBitmaps } from './bitmaps.ts';
import { mustExist, output } from './program.ts';

export interface ImageInfo {
  readonly format: string;
  readonly sizeBytes: number;
  /** Absolute; undefined when the header names none. */
  readonly backing?: string;
  readonly dataFile?: string;
  readonly bitmaps: readonly Bitmap[];
}

interface RawInfo {
  readonly format: string;
  readonly 'virtual-size': number;
  readonly 'backing-filename'?: string;
  readonly 'full-backing-filename'?: string;
  readonly 'format-specific'?: {
    readonly data?: {
      readonly 'data-file'?: string;
      readonly bitmaps?: readonly { readonly name: string; readonly flags: readonly string[] }[];
    };
  };
}

/** The image at the path, in whatever format it is. Its backing file is not opened. */
export async function probeImage(machine: string, path: string): Promise<ImageInfo> {
  return infoOf(await output(machine, 'qemu-img', ['info', '-U', '--output=json', path]), path);
}

/** The layer, which must be in the format that it is said to be. */
export async function layerInfo(machine: string, layer: Layer): Promise<ImageInfo> {
  mustExist(machine, say('disk'), layer.path);
  if (layer.dataFilePath !== undefined) mustExist(machine, say('disk'), layer.dataFilePath);
  const name = graphFileName(layersGraph([layer], { writable: false, forceShare: true }));
  return infoOf(await output(machine, 'qemu-img', ['info', '--output=json', name]), layer.path);
}

function infoOf(text: string, path: string): ImageInfo {
  const info = JSON.parse(text) as RawInfo;
  const specific = info['format-specific']?.data;
  const backing = info['full-backing-filename'] ?? info['backing-filename'];
  const dataFile = specific?.['data-file'];
  const absolute = (file: string): string => resolve(dirname(path), file);
  return {
    format: info.format,
    sizeBytes: info['virtual-size'],
    ...(backing !== undefined && { backing: absolute(backing) }),
    ...(dataFile !== undefined && { dataFile: absolute(dataFile) }),
    bitmaps: (specific?.bitmaps ?? []).flatMap(({ name, flags }) => {
      const pointId = pointOfBitmap(name);
      return pointId === undefined ? [] : [{ pointId, recording: flags.includes('auto'), whole: !flags.includes('in-use'), busy: false, dirtyBytes: 0 }];
    }),
  };
}

function topOf(machine: string, { disk, layers }: DiskStack): Layer {
  const top = layers.at(-1);
  if (!top) throw new Fault('disk-missing', say('{machine}: its disk {disk} has no image on this host', { machine, disk }));
  return top;
}

const topInfos = ({ definition, stacks }: LaunchSpec): Promise<readonly (readonly [string, ImageInfo])[]> =>
  Promise.all(stacks.map(async (stack) => [stack.disk, await layerInfo(definition.name, topOf(definition.name, stack))] as const));

/** Bitmaps as they were saved when the images were last closed. How much is dirty is not known. */
export async function closedBitmaps(spec: LaunchSpec): Promise<DiskBitmaps> {
  return new Map((await topInfos(spec)).map(([disk, info]) => [disk, info.bitmaps]));
}

export async function closedSizes(spec: LaunchSpec): Promise<readonly DiskSize[]> {
  return (await topInfos(spec)).map(([disk, { sizeBytes }]) => ({ disk, sizeBytes }));
}

/** Every file that the launch needs is there, and the active layers are what they should be. Else a fault disk-missing or disk-format. */
export async function checkImages(spec: LaunchSpec): Promise<void> {
  const { name, firmware, directBoot } = spec.definition;
  if (spec.stacks.length === 0) throw new Fault('disk-missing', say('{name}: none of its disks has an image on this host', { name }));
  for (const { layers } of spec.stacks) {
    for (const layer of layers.slice(0, -1)) {
      mustExist(name, say('backing file'), layer.path);
      if (layer.dataFilePath !== undefined) mustExist(name, say('backing file'), layer.dataFilePath);
    }
  }
  await topInfos(spec);
  if (firmware.codePath !== undefined) mustExist(name, say('firmware'), firmware.codePath);
  if (directBoot) mustExist(name, say('kernel'), directBoot.kernelPath);
  if (directBoot?.initrdPath !== undefined) mustExist(name, say('initial RAM disk'), directBoot.initrdPath);
}
