/** Disks of the bench: files with data that does not compress, or that does, and lists of dirty clusters. */
import { randomFillSync, randomInt } from 'node:crypto';
import { closeSync, openSync, readdirSync, readFileSync, truncateSync, writeSync } from 'node:fs';
import { join } from 'node:path';

export const MIB = 2 ** 20;
export const GIB = 2 ** 30;
export const CLUSTER_BYTES = 65_536;

/** A sparse raw file of `sizeBytes` whose first `dataBytes` come from `fill`, 1 MiB at a time. */
function makeDisk(path: string, sizeBytes: number, dataBytes: number, fill: (piece: Buffer) => void): void {
  const file = openSync(path, 'w');
  const piece = Buffer.alloc(MIB);
  for (let at = 0; at < dataBytes; at += MIB) {
    fill(piece);
    writeSync(file, piece, 0, MIB, at);
  }
  closeSync(file);
  truncateSync(path, sizeBytes);
}

export function makeRandomDisk(path: string, sizeBytes: number, dataBytes: number): void {
  makeDisk(path, sizeBytes, dataBytes, (piece) => randomFillSync(piece));
}

/** Files of this machine, one after the other, again and again: what a guest's disk holds. */
export function makeCompressibleDisk(path: string, sizeBytes: number, dataBytes: number): void {
  const files = usualFiles();
  let pending = Buffer.alloc(0);
  makeDisk(path, sizeBytes, dataBytes, (piece) => {
    while (pending.length < MIB) pending = Buffer.concat([pending, files.next().value]);
    pending.copy(piece, 0, 0, MIB);
    pending = pending.subarray(MIB);
  });
}

const USUAL_DIRECTORY = '/usr/lib/x86_64-linux-gnu';

function* usualFiles(): Generator<Buffer, never> {
  const paths = readdirSync(USUAL_DIRECTORY, { withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => join(USUAL_DIRECTORY, entry.name)).sort();
  for (;;) for (const path of paths) yield readFileSync(path);
}

/** Offsets of this share of a disk's clusters, at random places, in order. */
export function randomClusters(sizeBytes: number, share: number): readonly number[] {
  const total = Math.floor(sizeBytes / CLUSTER_BYTES);
  const chosen = new Set<number>();
  while (chosen.size < Math.round(total * share)) chosen.add(randomInt(total));
  return [...chosen].sort((left, right) => left - right).map((cluster) => cluster * CLUSTER_BYTES);
}

/** Random data in each cluster of a raw file. */
export function dirtyFile(path: string, offsets: readonly number[]): void {
  const file = openSync(path, 'r+');
  const cluster = Buffer.alloc(CLUSTER_BYTES);
  for (const offset of offsets) writeSync(file, randomFillSync(cluster), 0, CLUSTER_BYTES, offset);
  closeSync(file);
}

/** The same for qemu-io: each cluster is filled with a byte, and the bytes differ from script to script. */
export function dirtyScript(offsets: readonly number[], generation: number): string {
  return offsets.map((offset, index) => `write -q -P ${1 + ((index + generation * 101) % 250)} ${offset} ${CLUSTER_BYTES}\n`).join('');
}
