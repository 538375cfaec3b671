/** Requests of the transmission phase. Source: NBD protocol, "Request message"; big-endian, 28 bytes. */
import { COMMAND, readSafeUInt64, violation, writeSafeUInt64, type Command } from './wire.ts';

export const REQUEST_BYTES = 28;
const REQUEST_MAGIC = 0x25609513;

export interface Request {
  readonly command: Command;
  /** Bits of COMMAND_FLAG. */
  readonly flags: number;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

/** Writes the header into the 28 bytes from `at`. */
export function writeRequest(memory: Buffer, at: number, request: Request, cookie: number): void {
  memory.writeUInt32BE(REQUEST_MAGIC, at);
  memory.writeUInt16BE(request.flags, at + 4);
  memory.writeUInt16BE(COMMAND[request.command], at + 6);
  writeSafeUInt64(memory, cookie, at + 8);
  writeSafeUInt64(memory, request.offsetBytes, at + 16);
  memory.writeUInt32BE(request.lengthBytes, at + 24);
}

export function requestBytes(request: Request, cookie: number): Buffer {
  const memory = Buffer.allocUnsafe(REQUEST_BYTES);
  writeRequest(memory, 0, request, cookie);
  return memory;
}

const COMMAND_NAMES = new Map<number, Command>(Object.entries(COMMAND).map(([name, number]) => [number, name as Command]));

/** What `requestBytes` encoded: for servers in tests and for reading captures. */
export function readRequest(memory: Buffer): { request: Request; cookie: number } {
  if (memory.length < REQUEST_BYTES || memory.readUInt32BE(0) !== REQUEST_MAGIC) throw violation('these bytes are no request');
  const command = COMMAND_NAMES.get(memory.readUInt16BE(6));
  if (!command) throw violation(`command ${memory.readUInt16BE(6)}`);
  const request = { command, flags: memory.readUInt16BE(4), offsetBytes: readSafeUInt64(memory, 16), lengthBytes: memory.readUInt32BE(24) };
  return { request, cookie: readSafeUInt64(memory, 8) };
}
