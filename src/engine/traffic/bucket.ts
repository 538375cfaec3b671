/** So many bytes may pass in a second: what has passed is a debt that melts at the rate of the moment. In the order of the asking. */
import type { Clock } from '../ports/clock.ts';

/** A rate that was changed counts after so long at the latest. */
const LOOK_EVERY_MS = 500;

export class Bucket {
  readonly #clock: Clock;
  readonly #bytesPerSecond: () => number | null;
  #debtBytes = 0;
  #lookedMs: number;
  #line: Promise<unknown> = Promise.resolve();

  /** Null: as much as there is. */
  constructor(clock: Clock, bytesPerSecond: () => number | null) {
    this.#clock = clock;
    this.#bytesPerSecond = bytesPerSecond;
    this.#lookedMs = clock.monotonicMs();
  }

  /** Resolves when the bytes may pass. Rejects with the signal's reason. */
  take(bytes: number, signal: AbortSignal): Promise<void> {
    const turn = this.#line.then(() => this.#wait(bytes, signal));
    this.#line = turn.catch(() => undefined);
    return turn;
  }

  async #wait(bytes: number, signal: AbortSignal): Promise<void> {
    for (let waitMs = this.#waitMs(); waitMs > 0; waitMs = this.#waitMs()) await this.#clock.sleep(Math.min(waitMs, LOOK_EVERY_MS), signal);
    signal.throwIfAborted();
    this.#debtBytes += bytes;
  }

  #waitMs(): number {
    const rate = this.#bytesPerSecond();
    const nowMs = this.#clock.monotonicMs();
    this.#debtBytes = rate === null ? 0 : Math.max(0, this.#debtBytes - (rate * (nowMs - this.#lookedMs)) / 1_000);
    this.#lookedMs = nowMs;
    return rate === null || this.#debtBytes < 1 ? 0 : Math.max(1, (1_000 * this.#debtBytes) / rate);
  }
}
