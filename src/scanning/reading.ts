/** What a scanning thread reads from: a server over NBD, or the raw file that it serves. */
import { open } from 'node:fs/promises';
import type { ServedDisk } from '../engine/ports/scanner.ts';
import { Fault } from '../errors/fault.ts';
import { CLUSTER_BYTES, type Extent } from '../extents/extent.ts';
import { say } from '../language/text.ts';
import { NbdConnection } from '../nbd/nbd.ts';
import { UNIT_CLUSTERS } from './task.ts';

export interface Reading {
  /** `use` sees the bytes of the extent, at most a unit; they are gone when it returns. Fault disk-io. */
  look(extent: Extent, signal: AbortSignal, use: (bytes: Buffer) => void): Promise<void>;
  close(): Promise<void>;
}

export const openReading = (disk: ServedDisk, signal: AbortSignal): Promise<Reading> => ('filePath' in disk ? fromFile(disk.filePath) : fromServer(disk, signal));

async function fromServer({ socketPath, exportName }: { socketPath: string; exportName: string }, signal: AbortSignal): Promise<Reading> {
  const connection = await NbdConnection.connect({ socketPath, exportName, signal });
  return {
    look: async (extent, during, use) => {
      const chunk = await connection.read(extent, during);
      use(chunk.memory.subarray(chunk.headroomBytes));
      chunk.release();
    },
    close: () => connection.close(),
  };
}

async function fromFile(path: string): Promise<Reading> {
  const failed = (cause: unknown): never => {
    throw new Fault('disk-io', `${path}: ${(cause as Error).message}`, { cause });
  };
  const file = await open(path, 'r').catch(failed);
  const spare: Buffer[] = [];
  return {
    look: async ({ offsetBytes, lengthBytes }, during, use) => {
      during.throwIfAborted();
      const memory = spare.pop() ?? Buffer.allocUnsafeSlow(UNIT_CLUSTERS * CLUSTER_BYTES);
      const { bytesRead } = await file.read(memory, 0, lengthBytes, offsetBytes).catch(failed);
      if (bytesRead !== lengthBytes) throw new Fault('disk-io', say('{path} ends before byte {offsetBytes}', { path, offsetBytes: String(offsetBytes + lengthBytes) }));
      use(memory.subarray(0, lengthBytes));
      spare.push(memory);
    },
    close: () => file.close(),
  };
}
