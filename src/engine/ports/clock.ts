/** Time, so that the engine runs on a simulated clock too. */
export interface Clock {
  /** Milliseconds since 1970, for people and recovery points. May jump. */
  nowMs(): number;
  /** Minutes that this host's clock on the wall is ahead of UTC at that moment. */
  minutesEast(atMs: number): number;
  /** Milliseconds that never go back, for intervals. */
  monotonicMs(): number;
  /** Aborts after `ms`, with fault peer-unreachable's reason: the time was up. */
  timeout(ms: number): AbortSignal;
  /** Resolves after `ms`; rejects with the signal's reason when aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}
