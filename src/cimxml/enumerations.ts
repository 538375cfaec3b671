/**
 * Enumerations that a client opened and pulls from. Kept by a port, because they end when the client stays away.
 * Source: DSP0200, "Pulled enumeration operations".
 */
import type { CimCaller } from '../cim/manager.ts';
import type { Markup } from '../xml/write.ts';

/** What the items of an enumeration are; each kind has its own pull operation. */
export type ItemKind = 'instancesWithPath' | 'instancePaths' | 'instances';

export interface Enumeration {
  readonly kind: ItemKind;
  readonly namespace: string;
  /** At most `count` further items; fewer only at the end. */
  take(count: number): readonly Markup[];
  readonly isAtEnd: boolean;
  /** How many are left. */
  readonly size: number;
}

/** Port. */
export interface Enumerations {
  /** Ends by itself when it is not used for `idleSeconds`. CimError serverLimitsExceeded. */
  open(caller: CimCaller, enumeration: Enumeration, idleSeconds: number): string;
  /** Undefined when it is unknown, has ended or is another caller's. */
  find(caller: CimCaller, context: string): Enumeration | undefined;
  /** Whether there was one to close. */
  close(caller: CimCaller, context: string): boolean;
}

export class ListEnumeration<Item> implements Enumeration {
  readonly kind: ItemKind;
  readonly namespace: string;
  readonly #items: readonly Item[];
  readonly #write: (item: Item) => Markup;
  #next = 0;

  constructor(kind: ItemKind, namespace: string, items: readonly Item[], write: (item: Item) => Markup) {
    this.kind = kind;
    this.namespace = namespace;
    this.#items = items;
    this.#write = write;
  }

  get size(): number {
    return this.#items.length - this.#next;
  }

  get isAtEnd(): boolean {
    return this.size === 0;
  }

  take(count: number): readonly Markup[] {
    const taken = this.#items.slice(this.#next, this.#next + count);
    this.#next += taken.length;
    return taken.map((each) => this.#write(each));
  }
}
