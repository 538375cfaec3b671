/** Replies of the transmission phase. Source: NBD protocol, "Simple reply message" and "Structured reply chunk message"; big-endian. */
import { isErrorType, readSafeUInt64, violation } from './wire.ts';

export const SIMPLE_BYTES = 16;
export const STRUCTURED_BYTES = 20;
const SIMPLE_MAGIC = 0x67446698;
const STRUCTURED_MAGIC = 0x668e33ef;
const FLAG_DONE = 1;

export interface SimpleReply {
  readonly kind: 'simple';
  readonly cookie: number;
  /** 0 when the request was carried out. */
  readonly errno: number;
}

export interface StructuredChunk {
  readonly kind: 'structured';
  readonly cookie: number;
  readonly type: number;
  /** The last chunk of its reply. */
  readonly done: boolean;
  readonly payloadBytes: number;
}

export type ReplyHeader = SimpleReply | StructuredChunk;

/** The header at `start`, or how many bytes there must be to know more. Fault disk-io for bytes that are no reply. */
export function readReplyHeader(memory: Buffer, start: number, availableBytes: number): ReplyHeader | number {
  if (availableBytes < SIMPLE_BYTES) return SIMPLE_BYTES;
  const magic = memory.readUInt32BE(start);
  if (magic === SIMPLE_MAGIC) return { kind: 'simple', errno: memory.readUInt32BE(start + 4), cookie: readSafeUInt64(memory, start + 8) };
  if (magic !== STRUCTURED_MAGIC) throw violation(`a reply begins with 0x${magic.toString(16)}`);
  if (availableBytes < STRUCTURED_BYTES) return STRUCTURED_BYTES;
  return {
    kind: 'structured',
    done: (memory.readUInt16BE(start + 4) & FLAG_DONE) !== 0,
    type: memory.readUInt16BE(start + 6),
    cookie: readSafeUInt64(memory, start + 8),
    payloadBytes: memory.readUInt32BE(start + 16),
  };
}

/** A whole frame with this header, for servers in tests. */
export function replyBytes(header: ReplyHeader, payload: Uint8Array = Buffer.alloc(0)): Buffer {
  const isSimple = header.kind === 'simple';
  const memory = Buffer.alloc(isSimple ? SIMPLE_BYTES : STRUCTURED_BYTES);
  memory.writeUInt32BE(isSimple ? SIMPLE_MAGIC : STRUCTURED_MAGIC, 0);
  memory.writeBigUInt64BE(BigInt(header.cookie), 8);
  if (isSimple) memory.writeUInt32BE(header.errno, 4);
  else {
    memory.writeUInt16BE(header.done ? FLAG_DONE : 0, 4);
    memory.writeUInt16BE(header.type, 6);
    memory.writeUInt32BE(header.payloadBytes, 16);
  }
  return Buffer.concat([memory, payload]);
}

/** Largest payload of an error chunk: errno, length of the message, the message, an offset. */
export const MAX_ERROR_BYTES = 4 + 2 + 4096 + 8;

/** What an error chunk's payload says. */
export function readError(type: number, payload: Buffer): { errno: number; message: string } {
  if (!isErrorType(type) || payload.length < 6) throw violation(`an error chunk of ${payload.length} bytes`);
  const messageBytes = payload.readUInt16BE(4);
  if (6 + messageBytes > payload.length) throw violation('an error message that is longer than its chunk');
  const errno = payload.readUInt32BE(0);
  if (errno === 0) throw violation('an error chunk without an error');
  return { errno, message: payload.toString('utf8', 6, 6 + messageBytes) };
}
