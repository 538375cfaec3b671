/** The first bytes of a disk image, read without a lock: a guest may have it open. */
import { open } from 'node:fs/promises';
import { HEADER_BYTES } from '../doctor/image.ts';

/** Null when the file is not there, or cannot be read. */
export async function imageHeader(path: string): Promise<Buffer | null> {
  try {
    await using file = await open(path, 'r');
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEADER_BYTES), 0, HEADER_BYTES, 0);
    return buffer.subarray(0, bytesRead);
  } catch {
    return null;
  }
}
