/**
 * The small file next to each layer that names its recovery point: the catalog can be rebuilt from these alone.
 * A file that is not whole or not of this version counts as none, so its layer is unknown and gets quarantined.
 */
import { readFile } from 'node:fs/promises';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { Attachment } from '../machine/definition.ts';
import type { PointSidecar } from '../engine/ports/layers.ts';
import { replaceFile } from '../files/files.ts';

const VERSION = 2;
const MAX_BYTES = 16 * 1024 * 1024;
const MAX_ATTACHMENT_BYTES = 64 * 1024 * 1024;

export const LABEL_SUFFIX = '.json';

export const sidecarPath = (layerPath: string): string => layerPath + LABEL_SUFFIX;

export const writeSidecar = (layerPath: string, sidecar: PointSidecar): Promise<void> =>
  replaceFile(sidecarPath(layerPath), `${JSON.stringify({ version: VERSION, ...sidecar, attachments: sidecar.attachments.map(packed) }, null, 1)}\n`);

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
    return isSidecar(value) ? unpacked(value) : null;
  } catch {
    return null;
  }
}

/** UEFI variables are half a megabyte of almost nothing. */
interface PackedAttachment {
  readonly name: string;
  readonly deflated: string;
}

const packed = ({ name, bytes }: Attachment): PackedAttachment => ({ name, deflated: deflateRawSync(bytes).toString('base64') });

type Stored = Omit<PointSidecar, 'attachments'> & { readonly version: number; readonly attachments: readonly PackedAttachment[] };

function unpacked(value: Stored): PointSidecar {
  const { version: _version, ...sidecar } = value;
  const attachments = value.attachments.map(({ name, deflated }) => ({ name, bytes: new Uint8Array(inflateRawSync(Buffer.from(deflated, 'base64'), { maxOutputLength: MAX_ATTACHMENT_BYTES })) }));
  return { ...sidecar, attachments };
}

type Fields = { readonly [name: string]: unknown };

const isObject = (value: unknown): value is Fields => typeof value === 'object' && value !== null;
const TEXTS = ['pointId', 'machineId', 'relationshipId', 'epochId', 'kind', 'digest'];
const NUMBERS = ['sequence', 'instantMs'];

function isSidecar(value: unknown): value is Stored {
  return (
    isObject(value) &&
    value['version'] === VERSION &&
    TEXTS.every((name) => typeof value[name] === 'string') &&
    NUMBERS.every((name) => Number.isSafeInteger(value[name])) &&
    isTextOrNull(value['parentId']) &&
    isTextOrNull(value['name']) &&
    typeof value['retired'] === 'boolean' &&
    isObject(value['definition']) &&
    isReplica(value['replica']) &&
    isListOf(value['attachments'], isPacked) &&
    isListOf(value['disks'], isDisk)
  );
}

const isTextOrNull = (value: unknown): boolean => value === null || typeof value === 'string';
const isListOf = (value: unknown, is: (each: unknown) => boolean): boolean => Array.isArray(value) && value.every(is);

const isPacked = (value: unknown): boolean => isObject(value) && typeof value['name'] === 'string' && typeof value['deflated'] === 'string';
const isLayer = (value: unknown): boolean => isObject(value) && typeof value['layerId'] === 'string' && typeof value['path'] === 'string';

const isReplica = (value: unknown): boolean =>
  isObject(value) && typeof value['peerId'] === 'string' && isObject(value['settings']) && isObject(value['overrides']) && Array.isArray(value['lineage']) && value['lineage'].length > 0;

const isDisk = (disk: unknown): boolean =>
  isObject(disk) &&
  typeof disk['disk'] === 'string' &&
  typeof disk['layerId'] === 'string' &&
  Number.isSafeInteger(disk['sizeBytes']) &&
  isTextOrNull(disk['standsOn']) &&
  isListOf(disk['ground'], isLayer) &&
  (disk['elsewhere'] === null || isLayer(disk['elsewhere']));
