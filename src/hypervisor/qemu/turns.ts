/** One at a time per machine: what changes a machine's processes or bitmaps waits for its turn. */
export class Turns {
  readonly #last = new Map<string, Promise<unknown>>();

  /** Runs the work when all earlier work of the same key has ended, well or not. */
  async take<T>(key: string, work: () => Promise<T>): Promise<T> {
    const earlier = this.#last.get(key) ?? Promise.resolve();
    const mine = earlier.then(work, work);
    const settled = mine.catch(() => undefined);
    this.#last.set(key, settled);
    try {
      return await mine;
    } finally {
      if (this.#last.get(key) === settled) this.#last.delete(key);
    }
  }

  /** True while some work of the key goes on. */
  isTaken(key: string): boolean {
    return this.#last.has(key);
  }

  /** The same, unless earlier work goes on for longer than that: then it is not done, and `late` is thrown. */
  async takeWithin<T>(key: string, withinMs: number, late: () => Error, work: () => Promise<T>): Promise<T> {
    const begun = Promise.withResolvers<undefined>();
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      begun.reject(late());
    }, withinMs);
    const turn = this.take(key, async () => {
      clearTimeout(timer);
      begun.resolve(undefined);
      return isLate ? undefined : work();
    });
    turn.catch(() => undefined);
    await begun.promise;
    return turn as Promise<T>;
  }
}
