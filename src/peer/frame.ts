/**
 * The frame: everything between two hosts, on control connections and lanes alike, is a 28-byte header and a payload.
 * 28 bytes because an NBD request and an NBD read chunk have as many: one buffer passes each hop with its header in place.
 *
 * Header, big-endian:
 *   0  u8   type
 *   1  u8   flags          data: bit 0 = the payload is a zstd frame
 *   2  u16  disk           data: index of the disk in the attempt's list
 *   4  u32  rawBytes       data: length of the run before compression; request, answer: length of the JSON part
 *   8  u32  payloadBytes
 *  12  u64  offset         data: offset in the disk; durable: journal bytes that are durable
 *  20  u32  sequence       request, answer, failure: number of the call; data, journal, end: 0, 1, 2 … of the lane
 *  24  u32  CRC-32 of bytes 0 to 23
 * Fields that a type does not use are 0. The layout of `hello` and `failure` never changes, so that hosts of any two
 * versions can tell each other which they are.
 */
import { crc32 } from 'node:zlib';
import { Fault } from '../errors/fault.ts';
import { say } from '../language/text.ts';
import { MAX_GREETING_BYTES, MAX_LANE_PAYLOAD_BYTES, MAX_MESSAGE_BYTES } from './limits.ts';

export const HEADER_BYTES = 28;

export type FrameType = 'hello' | 'heartbeat' | 'join' | 'joined' | 'request' | 'answer' | 'failure' | 'data' | 'journal' | 'end' | 'durable' | 'finished';

/** Number on the wire and the longest payload. */
const TYPES: Record<FrameType, { readonly code: number; readonly maxPayloadBytes: number }> = {
  hello: { code: 1, maxPayloadBytes: MAX_GREETING_BYTES },
  failure: { code: 2, maxPayloadBytes: MAX_GREETING_BYTES },
  heartbeat: { code: 3, maxPayloadBytes: 0 },
  join: { code: 4, maxPayloadBytes: MAX_GREETING_BYTES },
  joined: { code: 5, maxPayloadBytes: MAX_GREETING_BYTES },
  request: { code: 16, maxPayloadBytes: MAX_MESSAGE_BYTES },
  answer: { code: 17, maxPayloadBytes: MAX_MESSAGE_BYTES },
  data: { code: 32, maxPayloadBytes: MAX_LANE_PAYLOAD_BYTES },
  journal: { code: 33, maxPayloadBytes: MAX_LANE_PAYLOAD_BYTES },
  end: { code: 34, maxPayloadBytes: 0 },
  durable: { code: 35, maxPayloadBytes: 0 },
  finished: { code: 36, maxPayloadBytes: 0 },
};

const BY_CODE: ReadonlyMap<number, FrameType> = new Map((Object.keys(TYPES) as FrameType[]).map((type) => [TYPES[type].code, type]));

export const COMPRESSED = 1;

export interface FrameHeader {
  readonly type: FrameType;
  readonly flags: number;
  readonly disk: number;
  readonly rawBytes: number;
  readonly payloadBytes: number;
  readonly offset: number;
  readonly sequence: number;
}

export interface Frame {
  readonly header: FrameHeader;
  readonly payload: Buffer;
}

export const headerOf = (type: FrameType, fields: Partial<Omit<FrameHeader, 'type'>> = {}): FrameHeader => ({
  type,
  flags: fields.flags ?? 0,
  disk: fields.disk ?? 0,
  rawBytes: fields.rawBytes ?? 0,
  payloadBytes: fields.payloadBytes ?? 0,
  offset: fields.offset ?? 0,
  sequence: fields.sequence ?? 0,
});

/** Writes the header into 28 bytes of `target` from `at`. */
export function writeHeader(target: Buffer, at: number, header: FrameHeader): void {
  target[at] = TYPES[header.type].code;
  target[at + 1] = header.flags;
  target.writeUInt16BE(header.disk, at + 2);
  target.writeUInt32BE(header.rawBytes, at + 4);
  target.writeUInt32BE(header.payloadBytes, at + 8);
  target.writeUInt32BE(Math.floor(header.offset / 2 ** 32), at + 12);
  target.writeUInt32BE(header.offset % 2 ** 32, at + 16);
  target.writeUInt32BE(header.sequence, at + 20);
  target.writeUInt32BE(crc32(target.subarray(at, at + 24)), at + 24);
}

/** The header in 28 bytes of `source` from `at`. Fault peer-protocol for anything this version would not have written. */
export function readHeader(source: Buffer, at: number): FrameHeader {
  if (crc32(source.subarray(at, at + 24)) !== source.readUInt32BE(at + 24)) throw new Fault('peer-protocol', say('a frame from the other host is damaged, or it is not Understudy that speaks there'));
  const type = BY_CODE.get(source[at]!);
  if (type === undefined) throw new Fault('peer-protocol', say('the other host sent a frame of the unknown type {source}', { source: String(source[at]) }));
  const payloadBytes = source.readUInt32BE(at + 8);
  if (payloadBytes > TYPES[type].maxPayloadBytes) throw new Fault('peer-protocol', say('the other host sent a {type} frame of {payloadBytes} bytes; {maxPayloadBytes} are allowed', { type, payloadBytes: String(payloadBytes), maxPayloadBytes: String(TYPES[type].maxPayloadBytes) }));
  const offset = source.readUInt32BE(at + 12) * 2 ** 32 + source.readUInt32BE(at + 16);
  if (!Number.isSafeInteger(offset)) throw new Fault('peer-protocol', say('the other host sent a frame with an offset beyond 2^53'));
  return {
    type,
    flags: source[at + 1]!,
    disk: source.readUInt16BE(at + 2),
    rawBytes: source.readUInt32BE(at + 4),
    payloadBytes,
    offset,
    sequence: source.readUInt32BE(at + 20),
  };
}

/** Header and payload in one buffer. */
export function frameBytes(header: FrameHeader, payload?: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + (payload?.length ?? 0));
  writeHeader(bytes, 0, { ...header, payloadBytes: payload?.length ?? 0 });
  if (payload) bytes.set(payload, HEADER_BYTES);
  return bytes;
}

/** The payload of a small frame that is one JSON object. Fault peer-protocol otherwise. */
export function jsonOf(frame: Frame): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(frame.payload.toString('utf8'));
  } catch {
    value = undefined;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Fault('peer-protocol', say('the other host sent a {type} frame that cannot be read', { type: frame.header.type }));
  return value as Record<string, unknown>;
}

export const jsonFrame = (type: FrameType, value: object, sequence = 0): Buffer => frameBytes(headerOf(type, { sequence }), Buffer.from(JSON.stringify(value)));
