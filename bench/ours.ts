/**
 * Understudy's side of each comparison. Every method sets its scene up untimed, does the one thing, and returns the
 * seconds that the thing took.
 */

export interface FullCopy {
  /** A raw file; it is not changed. */
  readonly sourcePath: string;
  readonly sizeBytes: number;
  /** An empty directory for the replica and all state; the caller removes it. */
  readonly directory: string;
  readonly compression: boolean;
}

/** A machine in replication, whose disk the bench dirties between cycles. */
export interface IncrementalPair {
  /** Runs one `qemu-io` script (write commands, a line each) on the primary's disk, so that it is tracked. */
  dirty(script: string): Promise<void>;
  /** Seconds of one whole cycle: from the request to the primary knowing that it is acknowledged. */
  cycle(): Promise<number>;
  close(): Promise<void>;
}

export interface Ours {
  /** Seconds of an initial replication, from the request to the sealed point. */
  fullCopy(copy: FullCopy): Promise<number>;
  /** The primary's disk starts as a copy of the source, which the bench goes on changing for the other contestants. */
  incremental(source: { readonly sourcePath: string; readonly sizeBytes: number; readonly directory: string }): Promise<IncrementalPair>;
  /** Seconds from the failover command to the machine running, with this many recovery points. */
  failover(recoveryPoints: number): Promise<number>;
  /** Peak resident bytes of a daemon, the larger of the two, that replicated one sparse disk of this size. */
  peakMemoryBytes(diskBytes: number): Promise<number>;
}

/** Undefined leaves our side unmeasured: figures then show the peers only, and no target is met. */
export const ours: Ours | undefined = undefined;
