/** Rules 15–17: whatever cluster a map knows is, by its fingerprint, what the point that the map names holds. */
import { CLUSTER_BYTES, clusterCount } from '../extents/extent.ts';
import { entryOffset } from '../fingerprints/entrywindow.ts';
import { FINGERPRINT_BYTES, Fingerprinter, isUnknown, sameFingerprint } from '../fingerprints/fingerprint.ts';
import { decodeHeader, HEADER_BYTES } from '../fingerprints/header.ts';
import type { Relationship } from '../machine/records.ts';
import { fillWith, type Value } from './content.ts';
import type { SimulatedHost } from './host.ts';
import type { Pair } from './pair.ts';
import type { Content } from './properties.ts';
import { Violation } from './story.ts';

/** Fingerprints of values, by length: the same ones come again and again. */
class Prints {
  readonly #fingerprinter: Fingerprinter;
  readonly #known = new Map<string, Buffer>();

  constructor(key: string) {
    this.#fingerprinter = new Fingerprinter(Buffer.from(key, 'base64'));
  }

  of(value: Value, lengthBytes: number): Buffer {
    const name = `${value} ${lengthBytes}`;
    let print = this.#known.get(name);
    if (!print) {
      const bytes = Buffer.alloc(lengthBytes);
      fillWith(bytes, value);
      print = Buffer.alloc(FINGERPRINT_BYTES);
      this.#fingerprinter.write(bytes, print);
      this.#known.set(name, print);
    }
    return print;
  }
}

const PRINTS = new WeakMap<Pair, Map<string, Prints>>();

function printsOf(pair: Pair, key: string): Prints {
  const ofPair = PRINTS.get(pair) ?? new Map<string, Prints>();
  PRINTS.set(pair, ofPair);
  const prints = ofPair.get(key) ?? new Prints(key);
  ofPair.set(key, prints);
  return prints;
}

export async function checkMaps(pair: Pair, host: SimulatedHost, contentOfPoint: (pointId: string) => Content | undefined): Promise<void> {
  for (const relationship of host.state.relationships()) await checkMapsOf(pair, host, relationship, contentOfPoint);
}

async function checkMapsOf(pair: Pair, host: SimulatedHost, relationship: Relationship, contentOfPoint: (pointId: string) => Content | undefined): Promise<void> {
  const names = await host.directory.list(relationship.id);
  for (const disk of Object.keys(pair.disks)) {
    if (!names.includes(`${disk}.map`)) continue;
    const file = await host.directory.open(`${relationship.id}/${disk}.map`);
    const block = Buffer.alloc(HEADER_BYTES);
    await file.read(block, 0);
    const header = decodeHeader(block);
    if (!header || header.pointId === null || header.applying !== null) continue;
    const values = contentOfPoint(header.pointId)?.get(disk);
    if (!values) continue;
    const entries = Buffer.alloc(clusterCount(header.sizeBytes) * FINGERPRINT_BYTES);
    await file.read(entries, entryOffset(0));
    compare(`${host.name}, disk ${disk}, point ${header.pointId}`, entries, header.sizeBytes, values, printsOf(pair, relationship.key));
  }
}

function compare(where: string, entries: Buffer, sizeBytes: number, values: readonly Value[], prints: Prints): void {
  for (const [cluster, value] of values.entries()) {
    const at = cluster * FINGERPRINT_BYTES;
    if (isUnknown(entries, at)) continue;
    const print = prints.of(value, Math.min(CLUSTER_BYTES, sizeBytes - cluster * CLUSTER_BYTES));
    if (!sameFingerprint(entries, at, print, 0)) throw new Violation('a map never claims a wrong fingerprint', `${where}: cluster ${cluster} is not ${value}`);
  }
}
