/**
 * The layers of a freshly defined machine's disks, found by looking: the user's image, its backing chain (templates are
 * read and never written or merged into), and a qcow2 wrapper for a raw disk, which has no place for bitmaps itself.
 */
import { existsSync } from 'node:fs';
import { Fault } from '../../errors/fault.ts';
import { say } from '../../language/text.ts';
import type { DiskDefinition, DiskStack, Layer, MachineDefinition } from '../../machine/definition.ts';
import { makeDirectory } from './files.ts';
import { layerInfo, probeImage, type ImageInfo } from './images.ts';
import { mustExist, output } from './program.ts';
import { dirname } from 'node:path';

export interface RawWrappers {
  /** Where the wrapper of this disk is, or goes. */
  wrapperPath(machineId: string, disk: string): string;
  /** Makes a wrapper whose data file is the raw file or device, whose contents stay as they are. */
  createRawWrapper(wrapperPath: string, rawPath: string): Promise<void>;
}

const MAX_CHAIN = 64;

/** Missing images that have a size are created. Faults disk-missing and disk-format name the file. */
export async function probeDisks(definition: MachineDefinition, wrappers: RawWrappers): Promise<readonly DiskStack[]> {
  const stacks: DiskStack[] = [];
  for (const disk of definition.disks) {
    await createMissing(definition.name, disk);
    stacks.push(disk.format === 'raw' ? await rawStack(definition, disk, wrappers) : await qcow2Stack(definition.name, disk));
  }
  return stacks;
}

async function createMissing(machine: string, disk: DiskDefinition): Promise<void> {
  if (existsSync(disk.path)) return;
  if (disk.sizeBytes === undefined || disk.path.startsWith('/dev/')) mustExist(machine, say('disk {disk}', { disk: disk.name }), disk.path);
  makeDirectory(dirname(disk.path));
  await output(machine, 'qemu-img', ['create', '-q', '-f', disk.format, disk.path, String(disk.sizeBytes)]);
}

async function rawStack({ id, name }: MachineDefinition, disk: DiskDefinition, wrappers: RawWrappers): Promise<DiskStack> {
  const found = await probeImage(name, disk.path);
  if (found.format !== 'raw') throw wrongFormat(name, disk.path, found, 'raw');
  const path = wrappers.wrapperPath(id, disk.name);
  if (!existsSync(path)) {
    makeDirectory(dirname(path));
    await wrappers.createRawWrapper(path, disk.path);
  }
  const layer: Layer = { layerId: `${disk.name}-base`, path, dataFilePath: disk.path };
  return { disk: disk.name, sizeBytes: (await layerInfo(name, layer)).sizeBytes, layers: [layer] };
}

async function qcow2Stack(machine: string, disk: DiskDefinition): Promise<DiskStack> {
  const top = await probeImage(machine, disk.path);
  if (top.format !== 'qcow2') throw wrongFormat(machine, disk.path, top, 'qcow2');
  const templates = await templatesBelow(machine, disk, top);
  const layer: Layer = { layerId: `${disk.name}-base`, path: disk.path, ...dataFileOf(top) };
  return { disk: disk.name, sizeBytes: top.sizeBytes, layers: [...templates.toReversed(), layer] };
}

/** From the user's image downwards. */
async function templatesBelow(machine: string, disk: DiskDefinition, top: ImageInfo): Promise<readonly Layer[]> {
  const layers: Layer[] = [];
  for (let above = top; above.backing !== undefined; ) {
    if (layers.length >= MAX_CHAIN) throw new Fault('disk-format', say('{machine}: {path} has more than {max} backing files', { machine, path: disk.path, max: MAX_CHAIN }));
    const path = above.backing;
    mustExist(machine, say('backing file of {disk},', { disk: disk.path }), path);
    above = await probeImage(machine, path);
    if (above.format !== 'qcow2' && above.format !== 'raw') throw wrongFormat(machine, path, above, 'qcow2 or raw');
    layers.push({ layerId: `${disk.name}-template-${layers.length + 1}`, path, readOnly: true, format: above.format, ...dataFileOf(above) });
  }
  return layers;
}

const dataFileOf = ({ dataFile }: ImageInfo) => (dataFile === undefined ? {} : { dataFilePath: dataFile });

const wrongFormat = (machine: string, path: string, { format }: ImageInfo, expected: string): Fault =>
  new Fault('disk-format', say('{machine}: {path} is in format {format}, the definition says {expected}', { machine, path, format, expected }));
