/**
 * A bounded number of turns. Who waits has a time by which it wants to be done: the earliest is next, so that a machine that
 * replicates every 30 seconds does not stand behind a first copy, and nobody waits for ever.
 */
interface Waiting {
  readonly name: string;
  readonly dueMs: number;
  readonly begin: () => void;
}

export class Turns {
  readonly #limit: () => number;
  readonly #holders: string[] = [];
  readonly #waiting: Waiting[] = [];

  constructor(limit: () => number) {
    this.#limit = limit;
  }

  get hasWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  /** Names of those that have a turn now. */
  get holders(): readonly string[] {
    return this.#holders;
  }

  /** Resolves with a turn; the answer gives it back, once. Rejects with the signal's reason. */
  take(name: string, dueMs: number, signal: AbortSignal): Promise<() => void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason as Error);
      const onAbort = () => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        reject(signal.reason as Error);
      };
      const waiting: Waiting = {
        name, dueMs,
        begin: () => {
          signal.removeEventListener('abort', onAbort);
          resolve(this.#given(name));
        },
      };
      const later = this.#waiting.findIndex((each) => each.dueMs > dueMs);
      this.#waiting.splice(later < 0 ? this.#waiting.length : later, 0, waiting);
      signal.addEventListener('abort', onAbort, { once: true });
      this.admit();
    });
  }

  /** As many begin as may: also after the limit was changed. */
  admit(): void {
    while (this.#waiting.length > 0 && this.#holders.length < this.#limit()) {
      const next = this.#waiting.shift()!;
      this.#holders.push(next.name);
      next.begin();
    }
  }

  #given(name: string): () => void {
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.#holders.splice(this.#holders.indexOf(name), 1);
      this.admit();
    };
  }
}
