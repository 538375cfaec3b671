/** Messages of the handshake. Source: NBD protocol, "Fixed newstyle negotiation" and "Option types"; big-endian. */
import { OPTION, readSafeUInt64, violation } from './wire.ts';

export const SERVER_HELLO_BYTES = 18;
export const OPTION_REPLY_BYTES = 20;
/** No reply that we ask for comes near this. */
export const MAX_OPTION_REPLY_PAYLOAD_BYTES = 16 * 1024;

const HELLO_MAGIC = Buffer.from('NBDMAGIC');
const OPTION_MAGIC = Buffer.from('IHAVEOPT');
const REPLY_MAGIC = Buffer.from('0003e889045565a9', 'hex');
const FIXED_NEWSTYLE = 1;
const NO_ZEROES = 2;

/** The server's first bytes; answers with ours. */
export function clientHello(hello: Buffer): Buffer {
  if (!hello.subarray(0, 8).equals(HELLO_MAGIC)) throw violation('it is no NBD server');
  if (!hello.subarray(8, 16).equals(OPTION_MAGIC)) throw violation('it speaks the oldstyle handshake only');
  const flags = hello.readUInt16BE(16);
  if ((flags & FIXED_NEWSTYLE) === 0) throw violation('it does not speak the fixed newstyle handshake');
  const answer = Buffer.alloc(4);
  answer.writeUInt32BE(flags & (FIXED_NEWSTYLE | NO_ZEROES));
  return answer;
}

export type OptionName = keyof typeof OPTION;

export function optionBytes(option: OptionName, payload: Buffer = Buffer.alloc(0)): Buffer {
  const numbers = Buffer.alloc(8);
  numbers.writeUInt32BE(OPTION[option], 0);
  numbers.writeUInt32BE(payload.length, 4);
  return Buffer.concat([OPTION_MAGIC, numbers, payload]);
}

const uint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};
const prefixed = (text: string): Buffer[] => [uint32(Buffer.byteLength(text)), Buffer.from(text)];

export const metaContextPayload = (exportName: string, contexts: readonly string[]): Buffer =>
  Buffer.concat([...prefixed(exportName), uint32(contexts.length), ...contexts.flatMap(prefixed)]);

/** Asks for these kinds of information about the export besides its size. */
export function goPayload(exportName: string, infos: readonly number[]): Buffer {
  const numbers = Buffer.alloc(2 + 2 * infos.length);
  numbers.writeUInt16BE(infos.length, 0);
  infos.forEach((info, index) => numbers.writeUInt16BE(info, 2 + 2 * index));
  return Buffer.concat([...prefixed(exportName), numbers]);
}

export interface OptionReply {
  readonly type: number;
  readonly payloadBytes: number;
}

export function readOptionReply(header: Buffer, option: OptionName): OptionReply {
  if (!header.subarray(0, 8).equals(REPLY_MAGIC)) throw violation('an option reply begins with other bytes');
  if (header.readUInt32BE(8) !== OPTION[option]) throw violation(`it answered option ${header.readUInt32BE(8)} instead of ${option}`);
  const payloadBytes = header.readUInt32BE(16);
  if (payloadBytes > MAX_OPTION_REPLY_PAYLOAD_BYTES) throw violation(`an option reply of ${payloadBytes} bytes`);
  return { type: header.readUInt32BE(12), payloadBytes };
}

export const isOptionError = (type: number): boolean => type >= 0x8000_0000;
const OPTION_ERRORS = ['', 'it does not know the option', 'its policy forbids it', 'the option was malformed', 'its platform lacks it', 'it wants TLS', 'there is no such export', 'it is shutting down', 'it wants block sizes honoured', 'the request is too big'];

export function optionErrorText(type: number, payload: Buffer): string {
  const meaning = OPTION_ERRORS[type - 0x8000_0000] ?? `error 0x${type.toString(16)}`;
  return payload.length > 0 ? `${meaning} (${payload.toString('utf8', 0, Math.min(payload.length, 4096))})` : meaning;
}

export function readMetaContext(payload: Buffer): { id: number; name: string } {
  if (payload.length < 4) throw violation('a metadata context without an id');
  return { id: payload.readUInt32BE(0), name: payload.toString('utf8', 4) };
}

/** Source: NBD protocol, "Transmission flags". */
export interface ExportFlags {
  readonly readOnly: boolean;
  readonly canFlush: boolean;
  readonly canWriteZeroes: boolean;
  readonly canZeroFast: boolean;
  readonly canTrim: boolean;
  readonly canDontFragment: boolean;
  /** A flush on one connection covers writes that were answered on all connections. */
  readonly multiConn: boolean;
}

export function readExportInfo(payload: Buffer): { sizeBytes: number; flags: ExportFlags } {
  if (payload.length !== 12) throw violation(`export information of ${payload.length} bytes`);
  const bits = payload.readUInt16BE(10);
  const has = (bit: number): boolean => (bits & (1 << bit)) !== 0;
  const flags = {
    readOnly: has(1), canFlush: has(2), canTrim: has(5), canWriteZeroes: has(6), canDontFragment: has(7), multiConn: has(8), canZeroFast: has(11),
  };
  return { sizeBytes: readSafeUInt64(payload, 2), flags };
}

export interface BlockSizes {
  readonly minBlockBytes: number;
  readonly maxRequestBytes: number;
}

export function readBlockSizes(payload: Buffer): BlockSizes {
  if (payload.length !== 14) throw violation(`block sizes of ${payload.length} bytes`);
  const minBlockBytes = payload.readUInt32BE(2);
  const maxRequestBytes = payload.readUInt32BE(10);
  if (minBlockBytes === 0 || minBlockBytes > 65_536 || maxRequestBytes < minBlockBytes) throw violation(`block sizes from ${minBlockBytes} to ${maxRequestBytes}`);
  return { minBlockBytes, maxRequestBytes };
}
