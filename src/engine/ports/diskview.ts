/**
 * Disks to read from: a point in time, or the live disks (an initial replication's or resynchronization's pass).
 * Reads hand over memory with room before the payload, so that the next hop writes its header in place of the last.
 */
import type { Extent } from '../../extents/extent.ts';
import type { ServedDisk } from './scanner.ts';

/** Both an NBD write request and a lane frame have headers of this size. */
export const HEADROOM_BYTES = 28;

/** Memory that holds `headroomBytes` writable bytes, then the payload. */
export interface Chunk {
  readonly memory: Buffer;
  readonly headroomBytes: number;
}

/** A chunk on loan: whoever holds it calls `release` once when nothing reads the memory any more. */
export interface LoanedChunk extends Chunk {
  release(): void;
}

export const payloadOf = (chunk: Chunk): Buffer => chunk.memory.subarray(chunk.headroomBytes);

export interface StatusRun extends Extent {
  /** Changed since the parent point (always true in a view of live disks). */
  readonly dirty: boolean;
  /** Reads as zeroes (an allocated zero or a hole). */
  readonly zero: boolean;
}

export interface DiskSize {
  readonly disk: string;
  readonly sizeBytes: number;
}

export interface DiskView {
  readonly disks: readonly DiskSize[];
  /** Runs that cover the window without gaps, in order. The window is at most 1 GiB. */
  status(disk: string, window: Extent, signal: AbortSignal): Promise<readonly StatusRun[]>;
  /** The extent's bytes, at most 512 KiB, with at least HEADROOM_BYTES before them. Many reads may be under way. */
  read(disk: string, extent: Extent, signal: AbortSignal): Promise<LoanedChunk>;
  /** Where the disk can be read besides, byte for byte as here; undefined where that is not possible. */
  served?(disk: string): ServedDisk | undefined;
  /** Lets go of connections. Does not end the point in time. */
  close(): Promise<void>;
}
