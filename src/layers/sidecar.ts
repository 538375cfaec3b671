/**
 * The small file next to each layer that names its recovery point: the catalog can be rebuilt from these alone.
 * A file that is not whole or not of this version counts as none, so its layer is unknown and gets quarantined.
 */
import { readFile } from 'node:fs/promises';
import type { PointSidecar } from '../engine/ports/layers.ts';
import { replaceFile } from './durable.ts';

const VERSION = 1;
const MAX_BYTES = 16 * 1024 * 1024;

export const sidecarPath = (layerPath: string): string => `${layerPath}.json`;

export const writeSidecar = (layerPath: string, sidecar: PointSidecar): Promise<void> =>
  replaceFile(sidecarPath(layerPath), `${JSON.stringify({ version: VERSION, ...sidecar }, null, 1)}\n`);

export async function readSidecar(layerPath: string): Promise<PointSidecar | null> {
  let text;
  try {
    text = await readFile(sidecarPath(layerPath), 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw cause;
  }
  return text.length > MAX_BYTES ? null : parsed(text);
}

function parsed(text: string): PointSidecar | null {
  try {
    const value: unknown = JSON.parse(text);
    return isSidecar(value) ? withoutVersion(value) : null;
  } catch {
    return null;
  }
}

function withoutVersion(value: PointSidecar & { version: number }): PointSidecar {
  const { version: _version, ...sidecar } = value;
  return sidecar;
}

type Fields = { readonly [name: string]: unknown };

const isObject = (value: unknown): value is Fields => typeof value === 'object' && value !== null;
const TEXTS = ['pointId', 'machineId', 'relationshipId', 'epochId', 'kind', 'digest'];
const NUMBERS = ['sequence', 'instantMs'];

function isSidecar(value: unknown): value is PointSidecar & { version: number } {
  return (
    isObject(value) &&
    value['version'] === VERSION &&
    TEXTS.every((name) => typeof value[name] === 'string') &&
    NUMBERS.every((name) => Number.isSafeInteger(value[name])) &&
    (value['parentId'] === null || typeof value['parentId'] === 'string') &&
    Array.isArray(value['disks']) &&
    value['disks'].every(isDisk)
  );
}

const isDisk = (disk: unknown): boolean =>
  isObject(disk) && typeof disk['disk'] === 'string' && typeof disk['layerId'] === 'string' && Number.isSafeInteger(disk['sizeBytes']);
