/**
 * One life of a daemon. Whatever it asks of the world goes through its life: once that has ended nothing is done for it
 * and nothing answers it any more. A fuse ends the life in the middle of its work, between two calls or right after a commit.
 */

import { assert } from '../errors/bug.ts';

/** Thrown at what a dead daemon asks synchronously: it cannot go on. */
export class Dead extends Error {
  constructor() {
    super('this daemon is dead');
    this.name = 'Dead';
  }
}

const MAX_CALLS_AT_ONCE = 20_000;

export class Life {
  isAlive = true;
  /** Calls, and commits, until death. */
  callsLeft = Infinity;
  commitsLeft = Infinity;
  onEnd: (where: string) => void = () => undefined;
  readonly #delay: () => Promise<void>;
  readonly #nowMs: () => number;
  #busySinceMs = -1;
  #busyCalls = 0;

  /** `delay` passes before and after each call to the world. */
  constructor(delay: () => Promise<void>, nowMs: () => number) {
    this.#delay = delay;
    this.#nowMs = nowMs;
  }

  end(where: string): void {
    if (!this.isAlive) return;
    this.isAlive = false;
    this.onEnd(where);
  }

  /** Throws when the daemon is dead, or asks for ever without letting time pass. */
  check(): void {
    if (!this.isAlive) throw new Dead();
    const nowMs = this.#nowMs();
    if (nowMs !== this.#busySinceMs) this.#busyCalls = 0;
    this.#busySinceMs = nowMs;
    assert(++this.#busyCalls < MAX_CALLS_AT_ONCE, 'the daemon is busy for ever');
  }

  /** A call begins or has ended. */
  #call(where: string): boolean {
    if (this.isAlive && --this.callsLeft < 0) this.end(where);
    return this.isAlive;
  }

  /** What was committed stays; the daemon may not live to act upon it. */
  committed(what: string): void {
    if (--this.commitsLeft >= 0) return;
    this.end(`right after the commit: ${what}`);
    throw new Dead();
  }

  /** The call's result, unless the daemon dies before or during it. */
  during<T>(where: string, work: () => T | Promise<T>, isQuick = false): Promise<T> {
    return new Promise((resolve, reject) => {
      const delay = () => (isQuick ? Promise.resolve() : this.#delay());
      const ended = (settle: () => void) => void delay().then(() => this.#call(`after ${where}`) && settle());
      const begin = async () => {
        await delay();
        if (!this.#call(`before ${where}`)) return;
        try {
          const result = await work();
          ended(() => resolve(result));
        } catch (thrown) {
          ended(() => reject(thrown));
        }
      };
      void begin();
    });
  }
}

/** Sync methods, which change nothing that outlives the daemon. */
const SYNC = new Set(['layerAt', 'onDurable', 'onRestart', 'destroy', 'layer', 'journalBatches']);

export interface Wrapping {
  readonly name: string;
  /** Methods whose results are objects of the world, too. */
  readonly opening: readonly string[];
  /** Takes no time. */
  readonly isQuick?: boolean;
}

/** The object as a daemon in this life has it: every asynchronous method goes through the life. */
export function lived<T extends object>(target: T, life: Life, { name, opening, isQuick = false }: Wrapping): T {
  return new Proxy(target, {
    get: (_target, key) => {
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== 'function' || typeof key !== 'string') return value;
      const method = (...args: unknown[]): unknown => value.apply(target, args);
      if (SYNC.has(key)) return method;
      return async (...args: unknown[]) => {
        const result = await life.during(`${name}.${key}`, () => method(...args), isQuick);
        return opening.includes(key) && result !== undefined ? lived(result as object, life, { name: key, opening: [], isQuick }) : result;
      };
    },
  });
}
