/**
 * Memory in the shape that the engine's chunks have, so that they go through this client as they are.
 * Here the room before the payload holds an NBD header.
 */

/** A chunk header of a read's reply (20 + 8 bytes) and a request header are of the same size. */
export const HEADROOM_BYTES = 28;

/** `headroomBytes` writable bytes, then the payload. */
export interface Chunk {
  readonly memory: Buffer;
  readonly headroomBytes: number;
}

/** Whoever holds it calls `release` once when nothing reads the memory any more. */
export interface LoanedChunk extends Chunk {
  release(): void;
}
