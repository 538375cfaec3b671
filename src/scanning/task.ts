/**
 * What the scanning threads work on: memory that they share with whoever asked. Each thread takes the next unit by adding
 * to `next`, and writes the unit's fingerprints to their place, until none is left.
 */
import type { ServedDisk } from '../engine/ports/scanner.ts';
import type { Told } from '../language/text.ts';

/** 2 MiB: with less the disk's server has more to do for each byte. */
export const UNIT_CLUSTERS = 32;

export interface Task {
  readonly id: number;
  readonly disk: ServedDisk;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  readonly key: Uint8Array;
  /** One bit for each cluster to look at. */
  readonly among: SharedArrayBuffer;
  /** 16 bytes for each cluster. */
  readonly entries: SharedArrayBuffer;
  /** One number: the next unit that nobody has taken. */
  readonly next: SharedArrayBuffer;
}

export type Order = { readonly kind: 'scan'; readonly task: Task } | { readonly kind: 'giveUp'; readonly id: number };

/** How a thread's part of the task ended. */
export interface Report {
  readonly id: number;
  readonly fault: (Told & { readonly code: string }) | null;
}
