/**
 * Enumerations and event queues that clients have open. Each belongs to the user who opened it and is gone when it was
 * not used for its idle time; how many a user has, and how much all of them hold, is bounded.
 */
import { CimError } from '../cim/error.ts';

export interface ContextLimits {
  readonly idleMs: number;
  readonly perOwner: number;
  /** Items that all contexts together hold. */
  readonly heldItems: number;
}

interface Entry<T> {
  readonly owner: string;
  readonly value: T;
  readonly items: number;
  readonly idleMs: number;
  untilMs: number;
}

/** Source: MS-WSMV 2.2.4.10, defaults of MaxConcurrentOperationsPerUser and of the enumeration's idle timeout. */
export const CONTEXT_LIMITS: ContextLimits = { idleMs: 240_000, perOwner: 1_500, heldItems: 200_000 };

export class Contexts<T> {
  readonly #entries = new Map<string, Entry<T>>();
  readonly #limits: ContextLimits;
  readonly #newId: () => string;
  readonly #nowMs: () => number;
  readonly #onEnd: (value: T) => void;
  #held = 0;

  constructor(limits: ContextLimits, { newId, nowMs, onEnd = () => undefined }: { newId: () => string; nowMs: () => number; onEnd?: (value: T) => void }) {
    this.#limits = limits;
    this.#newId = newId;
    this.#nowMs = nowMs;
    this.#onEnd = onEnd;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The new context's id. CimError serverLimitsExceeded. */
  open(owner: string, value: T, items: number, idleMs = this.#limits.idleMs): string {
    this.sweep();
    const own = [...this.#entries.values()].filter((entry) => entry.owner === owner).length;
    if (own >= this.#limits.perOwner) throw new CimError('serverLimitsExceeded', `${owner} has ${own} enumerations and subscriptions open; release some`);
    if (this.#held + items > this.#limits.heldItems) throw new CimError('serverLimitsExceeded', 'the open enumerations hold as many objects as this host allows; release some');
    const id = this.#newId();
    this.#entries.set(id, { owner, value, items, idleMs, untilMs: this.#nowMs() + idleMs });
    this.#held += items;
    return id;
  }

  /** What was opened, with its idle time begun anew; undefined when it is unknown, has ended or belongs to somebody else. */
  find(owner: string, id: string): T | undefined {
    const entry = this.#entries.get(id);
    if (entry?.owner !== owner) return undefined;
    if (entry.untilMs <= this.#nowMs()) {
      this.#end(id, entry);
      return undefined;
    }
    entry.untilMs = this.#nowMs() + entry.idleMs;
    return entry.value;
  }

  /** Whether there was one to close. */
  close(owner: string, id: string): boolean {
    const entry = this.#entries.get(id);
    if (entry?.owner !== owner) return false;
    this.#end(id, entry);
    return true;
  }

  /** Those that were idle for too long are gone afterwards. */
  sweep(): void {
    const nowMs = this.#nowMs();
    for (const [id, entry] of this.#entries) if (entry.untilMs <= nowMs) this.#end(id, entry);
  }

  closeAll(): void {
    for (const [id, entry] of this.#entries) this.#end(id, entry);
  }

  #end(id: string, entry: Entry<T>): void {
    this.#entries.delete(id);
    this.#held -= entry.items;
    this.#onEnd(entry.value);
  }
}
