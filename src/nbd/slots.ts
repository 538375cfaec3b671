/** How many requests may be under way at once. Who comes later waits in line. */
export class Slots {
  #free: number;
  readonly #waiting = new Set<() => void>();

  constructor(count: number) {
    this.#free = count;
  }

  /** Undefined when a slot was taken at once; else resolves when one was taken, or rejects with the signal's reason. */
  take(signal?: AbortSignal): Promise<unknown> | undefined {
    if (this.#free > 0) {
      this.#free--;
      return undefined;
    }
    const { promise, resolve, reject } = Promise.withResolvers<null>();
    const onAbort = () => {
      this.#waiting.delete(enter);
      reject(signal?.reason);
    };
    const enter = () => {
      signal?.removeEventListener('abort', onAbort);
      resolve(null);
    };
    this.#waiting.add(enter);
    signal?.addEventListener('abort', onAbort, { once: true });
    return promise;
  }

  give(): void {
    const [next] = this.#waiting;
    if (next === undefined) this.#free++;
    else {
      this.#waiting.delete(next);
      next();
    }
  }
}
