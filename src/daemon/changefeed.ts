/** Who listens to changes of this host, and what changed. */
import type { Change, Changes } from '../service/operations.ts';

type Listener = (change: Change) => void;

export class ChangeFeed implements Changes {
  readonly #listeners = new Set<Listener>();

  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  publish(change: Change): void {
    for (const listener of this.#listeners) listener(change);
  }
}
