/**
 * What happens on the host, as it happens: one event stream for the whole page. While it stands, what is shown is true;
 * when it is lost the page says since when, and on return everything is read anew.
 */
import { Failure } from '../../src/client/failure.ts';
import type { View } from '../../src/client/operation.ts';
import { watch, type Watched } from '../../src/client/watching.ts';
import { client } from './client.ts';
import { SECOND_MS } from '../../src/language/lengths.ts';

export type Change = View<'Change'>;
type Listener = (change: Change | 'everything') => void;

/** A hidden page lets go of its connection: browsers allow six to one host. */
const HIDDEN_AT_MOST_MS = 10_000;

class Live {
  standing = $state<'connecting' | 'connected' | 'lost'>('connecting');
  /** In milliseconds since 1970, by the host's clock. */
  lostSinceMs = $state<number | null>(null);
  /** The host's clock; it moves every second, so that ages that are shown do. */
  nowMs = $state(Date.now());

  readonly #listeners = new Set<Listener>();
  #hostAheadMs = 0;
  #lastEventId: number | undefined;
  #stream: AbortController | null = null;

  /** The listener is called for every change until the returned function is called. */
  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The host's clock, now. */
  hostNowMs(): number {
    return Date.now() + this.#hostAheadMs;
  }

  /** Connects, and stays connected until the returned function is called. */
  open(): () => void {
    const lifetime = new AbortController();
    const { signal } = lifetime;
    let hidden: number | undefined;
    const clock = setInterval(() => (this.nowMs = this.hostNowMs()), SECOND_MS);
    document.addEventListener('visibilitychange', () => {
      clearTimeout(hidden);
      if (document.visibilityState === 'hidden') hidden = setTimeout(() => this.#close(), HIDDEN_AT_MOST_MS);
      else if (!this.#stream) this.#connect();
    }, { signal });
    addEventListener('online', () => this.#connect(), { signal });
    addEventListener('offline', () => this.#lost(), { signal });
    this.#connect();
    return () => {
      lifetime.abort();
      clearInterval(clock);
      clearTimeout(hidden);
      this.#close();
    };
  }

  #connect(): void {
    this.#close();
    this.#stream = new AbortController();
    void this.#follow(this.#stream.signal);
  }

  #close(): void {
    this.#stream?.abort();
    this.#stream = null;
  }

  /** Ends with the signal, or with the session: the client tells that it ended, and this is opened again after signing in. */
  async #follow(signal: AbortSignal): Promise<void> {
    const known = this.#lastEventId;
    try {
      for await (const message of watch(client, { signal, ...(known === undefined ? {} : { afterId: known }) })) {
        if (!signal.aborted) this.#take(message);
      }
    } catch (thrown) {
      if (!(thrown instanceof Failure)) throw thrown;
      this.#lost();
    }
  }

  #take(message: Watched): void {
    switch (message.event) {
      case 'connected':
        this.standing = 'connected';
        this.lostSinceMs = null;
        return this.#tell('everything');
      case 'lost':
        return this.#lost();
      case 'alive':
        this.#hostAheadMs = message.data.atMs - Date.now();
        this.nowMs = message.data.atMs;
        return;
      case 'event':
        this.#lastEventId = message.data.id;
        return this.#tell({ kind: 'event', id: String(message.data.id) });
      case 'change':
        return this.#tell(message.data);
      case 'reset':
        return this.#tell('everything');
    }
  }

  #tell(change: Change | 'everything'): void {
    for (const listener of [...this.#listeners]) listener(change);
  }

  #lost(): void {
    if (this.standing === 'lost') return;
    this.lostSinceMs = this.hostNowMs();
    this.standing = 'lost';
  }
}

export const live = new Live();
