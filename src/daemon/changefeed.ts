/** Who listens to changes of this host, and what changed. */
import type { Changes } from '../service/operations.ts';

type Listener = Parameters<Changes['subscribe']>[0];

export class ChangeFeed implements Changes {
  readonly #listeners = new Set<Listener>();

  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  publish(change: Parameters<Listener>[0]): void {
    for (const listener of this.#listeners) listener(change);
  }
}
