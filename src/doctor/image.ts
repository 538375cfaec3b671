/**
 * What the first bytes of a disk image say. Source: QEMU's docs/interop/qcow2.txt, header; the signatures of the other formats
 * are those by which QEMU tells them.
 */

export interface ImageFacts {
  readonly format: 'qcow2' | 'vmdk' | 'vdi' | 'vhdx' | 'vhd' | 'qed' | 'luks' | 'raw';
  /** Of qcow2: only from 3 on a header holds bitmaps that outlast a restart. */
  readonly version: number | null;
  readonly isEncrypted: boolean;
  readonly internalSnapshots: number;
}

/** So much of a file is enough. */
export const HEADER_BYTES = 512;

const ascii = (header: Buffer, offset: number, text: string): boolean => header.subarray(offset, offset + text.length).toString('latin1') === text;

const SIGNATURES: readonly (readonly [format: ImageFacts['format'], is: (header: Buffer) => boolean])[] = [
  ['vmdk', (header) => ascii(header, 0, 'KDMV') || ascii(header, 0, 'COWD')],
  ['vhdx', (header) => ascii(header, 0, 'vhdxfile')],
  ['vhd', (header) => ascii(header, 0, 'conectix')],
  ['qed', (header) => ascii(header, 0, 'QED\0')],
  ['luks', (header) => ascii(header, 0, 'LUKS\xba\xbe')],
  ['vdi', (header) => header.length >= 68 && header.readUInt32LE(64) === 0xbeda107f],
];

const VERSION_AT = 4;
const ENCRYPTION_AT = 32;
const SNAPSHOTS_AT = 60;

export function imageFacts(header: Buffer): ImageFacts {
  if (ascii(header, 0, 'QFI\xfb') && header.length >= 64) {
    return { format: 'qcow2', version: header.readUInt32BE(VERSION_AT), isEncrypted: header.readUInt32BE(ENCRYPTION_AT) !== 0, internalSnapshots: header.readUInt32BE(SNAPSHOTS_AT) };
  }
  const found = SIGNATURES.find(([, is]) => is(header))?.[0] ?? 'raw';
  return { format: found, version: null, isEncrypted: found === 'luks', internalSnapshots: 0 };
}
