/**
 * What journals and maps need of a file system: the real one, or one in memory that forgets on a crash what was not synced.
 * Faults: space-exhausted, disk-io.
 */

export interface DurableFile {
  sizeBytes(): Promise<number>;
  /** Fills `memory` from the file; returns how many bytes there were before the file's end. */
  read(memory: Buffer, offsetBytes: number): Promise<number>;
  /** Other readers see the bytes; they survive a power loss only after `sync`. */
  write(memory: Uint8Array, offsetBytes: number): Promise<void>;
  /** The file has this length; what is new reads as zeroes. Durable after `sync`. */
  truncate(sizeBytes: number): Promise<void>;
  /** Content and length survive a power loss. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** Paths are relative, with '/'. */
export interface DurableDirectory {
  /** The file for reading and writing, made when missing; that it exists is durable. */
  open(path: string): Promise<DurableFile>;
  /** Names in a folder; none when it is missing. */
  list(folder: string): Promise<readonly string[]>;
  /** The file has the other name, durably, in place of what had it; nobody has either open. */
  rename(from: string, to: string): Promise<void>;
  /** The file, or the folder with all that is in it, is gone, durably. Nothing when it is gone already. */
  remove(path: string): Promise<void>;
}
