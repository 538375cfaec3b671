/** A cluster's content is one number, repeated as four bytes over its length; 0 is a cluster of zeroes. */
import { Bug } from '../errors/bug.ts';

export type Value = number;

/** Fills the memory with the value; its length is a multiple of four. */
export function fillWith(memory: Buffer, value: Value): void {
  if (value === 0) memory.fill(0);
  else {
    const word = Buffer.alloc(4);
    word.writeUInt32BE(value);
    memory.fill(word);
  }
}

/** The value that the bytes are; a Bug when they are a mixture, which nobody wrote. */
export function valueOf(bytes: Buffer): Value {
  const value = bytes.readUInt32BE(0);
  if (bytes.compare(bytes, 4, bytes.length, 0, bytes.length - 4) !== 0) throw new Bug('a cluster holds a mixture of what was written');
  return value;
}

export const valueOfByte = (byte: number): Value => (byte * 0x01010101) >>> 0;
