/**
 * Virtual time: it passes only when nothing else can run. What is due runs one after the other, in the order of its time
 * and then of its asking, and everything that follows from it runs before the next.
 */

interface Timer {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
  isCancelled: boolean;
}

const before = (left: Timer, right: Timer): boolean => left.atMs < right.atMs || (left.atMs === right.atMs && left.order < right.order);

/** All promises that can go on have gone on. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export class VirtualTime {
  nowMs = 0;
  #order = 0;
  /** A binary heap, the next first. */
  readonly #timers: Timer[] = [];

  /** Runs once after `ms`; the answer cancels it. */
  after(ms: number, run: () => void): () => void {
    const timer: Timer = { atMs: this.nowMs + Math.max(0, ms), order: this.#order++, run, isCancelled: false };
    this.#timers.push(timer);
    this.#rise(this.#timers.length - 1);
    return () => {
      timer.isCancelled = true;
    };
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.after(ms, resolve));
  }

  async pass(ms: number): Promise<void> {
    const untilMs = this.nowMs + ms;
    await settled();
    for (let timer = this.#timers[0]; timer && timer.atMs <= untilMs; timer = this.#timers[0]) {
      this.#takeFirst();
      if (timer.isCancelled) continue;
      this.nowMs = timer.atMs;
      timer.run();
      await settled();
    }
    this.nowMs = untilMs;
  }

  /** The promise's value; throws when it takes longer than `limitMs`. */
  async until<T>(promise: Promise<T>, limitMs: number, what: string): Promise<T> {
    let isDone = false;
    const done = () => {
      isDone = true;
    };
    promise.then(done, done);
    const limit = this.nowMs + limitMs;
    await settled();
    while (!isDone) {
      const next = this.#timers[0];
      if (!next || next.atMs > limit) throw new Error(`${what} did not end within ${limitMs} ms`);
      await this.pass(Math.max(0, next.atMs - this.nowMs));
    }
    return promise;
  }

  #takeFirst(): void {
    const last = this.#timers.pop()!;
    if (this.#timers.length === 0) return;
    this.#timers[0] = last;
    this.#sink();
  }

  #rise(from: number): void {
    for (let at = from; at > 0; ) {
      const parent = (at - 1) >> 1;
      if (!before(this.#timers[at]!, this.#timers[parent]!)) return;
      this.#swap(at, parent);
      at = parent;
    }
  }

  #sink(): void {
    for (let at = 0; ; ) {
      let least = at;
      for (const child of [2 * at + 1, 2 * at + 2]) if (child < this.#timers.length && before(this.#timers[child]!, this.#timers[least]!)) least = child;
      if (least === at) return;
      this.#swap(at, least);
      at = least;
    }
  }

  #swap(left: number, right: number): void {
    [this.#timers[left], this.#timers[right]] = [this.#timers[right]!, this.#timers[left]!];
  }
}
