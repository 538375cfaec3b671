/**
 * The first 4 KiB of a map's file: a checksum of 16 bytes, then JSON, padded with spaces. The JSON nearly always fits in
 * the first 512 bytes, so that a torn write changes either nothing or what the checksum sees.
 */
import { blake3 } from '@napi-rs/blake-hash';
import { assert } from '../errors/bug.ts';

export const HEADER_BYTES = 4_096;
const CHECKSUM_BYTES = 16;
const FORMAT = 1;

export interface MapHeader {
  readonly relationshipId: string;
  readonly disk: string;
  readonly sizeBytes: number;
  readonly keyId: string;
  /** The point that the map speaks of; null: no cluster is known. */
  readonly pointId: string | null;
  readonly epochId: string | null;
  /** The attempt whose entries are being written: until that is done again, the map speaks of no point at all. */
  readonly applying: string | null;
}

const checksumOf = (block: Buffer): Buffer => blake3(block.subarray(CHECKSUM_BYTES)).subarray(0, CHECKSUM_BYTES);

export function encodeHeader(header: MapHeader): Buffer {
  const block = Buffer.alloc(HEADER_BYTES, ' ');
  const { relationshipId, disk, sizeBytes, keyId, pointId, epochId, applying } = header;
  const json = JSON.stringify({ format: FORMAT, relationshipId, disk, sizeBytes, keyId, pointId, epochId, applying });
  assert(Buffer.byteLength(json) <= HEADER_BYTES - CHECKSUM_BYTES, 'the header of a fingerprint map is too long');
  block.write(json, CHECKSUM_BYTES);
  checksumOf(block).copy(block);
  return block;
}

/** Undefined when any bit of the block is not as it was written, or the format is another. */
export function decodeHeader(block: Buffer): MapHeader | undefined {
  if (block.length !== HEADER_BYTES || !checksumOf(block).equals(block.subarray(0, CHECKSUM_BYTES))) return undefined;
  // The checksum says that encodeHeader wrote this, in this format or a later one.
  const { format, ...header } = JSON.parse(block.toString('utf8', CHECKSUM_BYTES)) as MapHeader & { readonly format: number };
  return format === FORMAT ? header : undefined;
}
