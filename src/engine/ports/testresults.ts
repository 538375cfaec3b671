/** Where this host keeps what the last test failover of each replica showed. */
export interface TestResult {
  /** Of the copy that it was taken of. */
  readonly copyId: string;
  /** The recovery point that the copy was made of. */
  readonly pointId: string;
  readonly atMs: number;
  /** After the copy's boot, or right before its end. */
  readonly moment: 'booted' | 'ended';
  /** PNG; null of a copy that has no display. */
  readonly picture: Uint8Array | null;
  /** The last of what the copy's guest wrote on its serial console. */
  readonly text: string;
}

/** By relationship, one each. Faults: space-exhausted, disk-io. */
export interface TestResults {
  /** Ids of the relationships that have one. */
  list(): Promise<readonly string[]>;
  of(relationshipId: string): Promise<TestResult | null>;
  /** Durable, in place of the one before. */
  keep(relationshipId: string, result: TestResult): Promise<void>;
  /** Nothing when there is none. */
  remove(relationshipId: string): Promise<void>;
}
