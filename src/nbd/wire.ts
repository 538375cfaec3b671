/** Numbers of the NBD protocol, and 64-bit numbers of the wire as safe JavaScript ones. Source: NetworkBlockDevice/nbd, doc/proto.md. */
import { Fault } from '../errors/fault.ts';
import { say } from '../language/text.ts';

export const OPTION = { go: 7, structuredReply: 8, setMetaContext: 10 } as const;
export const OPTION_REPLY = { ack: 1, info: 3, metaContext: 4 } as const;
export const INFO = { export: 0, blockSize: 3 } as const;

export const COMMAND = { read: 0, write: 1, disconnect: 2, flush: 3, writeZeroes: 6, blockStatus: 7 } as const;
export type Command = keyof typeof COMMAND;
export const COMMAND_FLAG = { noHole: 1 << 1, dontFragment: 1 << 2, fastZero: 1 << 4 } as const;

/** Chunk types of structured replies. Every type with the top bit set is an error. */
export const CHUNK_TYPE = { none: 0, offsetData: 1, offsetHole: 2, blockStatus: 5, error: 0x8001, errorOffset: 0x8002 } as const;
export const isErrorType = (type: number): boolean => (type & 0x8000) !== 0;

/** "A client SHOULD NOT send requests larger than 32 MiB": what a server takes that does not say otherwise. */
export const MAX_REQUEST_BYTES = 32 * 1024 * 1024;

/** What a server did that the protocol does not allow. The connection is of no use any more. */
export const violation = (what: string): Fault => new Fault('disk-io', say('the NBD server broke the protocol: {what}', { what }));

const HIGH = 2 ** 32;

export function readSafeUInt64(memory: Buffer, at: number): number {
  const high = memory.readUInt32BE(at);
  if (high > 0x1f_ffff) throw violation(`a number beyond 2^53 (0x${high.toString(16)} in its upper half)`);
  return high * HIGH + memory.readUInt32BE(at + 4);
}

export function writeSafeUInt64(memory: Buffer, value: number, at: number): void {
  memory.writeUInt32BE(Math.floor(value / HIGH), at);
  memory.writeUInt32BE(value % HIGH, at + 4);
}
