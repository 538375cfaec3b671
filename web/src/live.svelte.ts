/**
 * What happens on the host, as it happens: one stream of server-sent events for the whole page. While it stands, what is
 * shown is true; when it is lost the page says since when, and on return everything is read anew.
 */
import type { EventView } from '../../src/service/views.ts';
import { api } from './api.ts';

export type Change = { readonly kind: 'machine' | 'relationship' | 'job' | 'host' | 'event'; readonly id: string } | { readonly kind: 'everything' };
type Listener = (change: Change) => void;

/** The host says every five seconds that it is there. */
const SILENT_AT_MOST_MS = 12_000;
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 5_000;
/** A hidden page lets go of its connection: browsers allow six to one host. */
const HIDDEN_AT_MOST_MS = 10_000;

class Live {
  standing = $state<'connecting' | 'connected' | 'lost'>('connecting');
  /** In milliseconds since 1970, by the host's clock. */
  lostSinceMs = $state<number | null>(null);
  /** The host's clock; it moves every second, so that ages that are shown do. */
  nowMs = $state(Date.now());
  /** The last entry of the event log that came while the page was open. */
  newestEvent = $state.raw<EventView | null>(null);

  readonly #listeners = new Set<Listener>();
  #hostAheadMs = 0;
  #lastEventId: string | null = null;
  #source: EventSource | null = null;
  #retryMs = FIRST_RETRY_MS;
  #timers: { silence?: number; retry?: number; hidden?: number } = {};

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
    const clock = setInterval(() => (this.nowMs = this.hostNowMs()), 1_000);
    document.addEventListener('visibilitychange', () => this.#seen(document.visibilityState === 'visible'), { signal: lifetime.signal });
    addEventListener('online', () => this.#source ?? this.#retry(), { signal: lifetime.signal });
    addEventListener('offline', () => this.#lost(), { signal: lifetime.signal });
    this.#connect();
    return () => {
      lifetime.abort();
      clearInterval(clock);
      this.#close();
    };
  }

  #connect(): void {
    this.#close();
    const after = this.#lastEventId === null ? '' : `?afterId=${this.#lastEventId}`;
    const source = (this.#source = new EventSource(`/api/events/stream${after}`));
    source.addEventListener('open', () => this.#connected());
    source.addEventListener('error', () => this.#lost());
    source.addEventListener('alive', ({ data }) => this.#heard(JSON.parse(data) as { atMs: number }));
    source.addEventListener('change', ({ data }) => this.#tell(JSON.parse(data) as Change));
    source.addEventListener('reset', () => this.#tell({ kind: 'everything' }));
    source.addEventListener('event', (message) => this.#note(message));
    this.#waitForSign();
  }

  #connected(): void {
    this.standing = 'connected';
    this.lostSinceMs = null;
    this.#retryMs = FIRST_RETRY_MS;
    this.#tell({ kind: 'everything' });
  }

  #heard({ atMs }: { atMs: number }): void {
    this.#hostAheadMs = atMs - Date.now();
    this.nowMs = atMs;
    this.#waitForSign();
  }

  #note({ data, lastEventId }: MessageEvent<string>): void {
    this.#lastEventId = lastEventId;
    this.newestEvent = JSON.parse(data) as EventView;
    this.#tell({ kind: 'event', id: lastEventId });
  }

  #tell(change: Change): void {
    this.#waitForSign();
    for (const listener of [...this.#listeners]) listener(change);
  }

  #waitForSign(): void {
    clearTimeout(this.#timers.silence);
    this.#timers.silence = setTimeout(() => this.#lost(), SILENT_AT_MOST_MS);
  }

  #lost(): void {
    this.#close();
    if (this.standing !== 'lost') this.lostSinceMs = this.hostNowMs();
    this.standing = 'lost';
    this.#timers.retry = setTimeout(() => this.#retry(), this.#retryMs);
    this.#retryMs = Math.min(LAST_RETRY_MS, this.#retryMs * 2);
  }

  /** A stream does not say why it was refused; asking for the session does, and finds out that it has ended. */
  async #retry(): Promise<void> {
    clearTimeout(this.#timers.retry);
    try {
      await api.session();
      this.#connect();
    } catch {
      this.#lost();
    }
  }

  #seen(isVisible: boolean): void {
    clearTimeout(this.#timers.hidden);
    if (!isVisible) this.#timers.hidden = setTimeout(() => this.#close(), HIDDEN_AT_MOST_MS);
    else if (!this.#source) this.#connect();
  }

  #close(): void {
    for (const timer of Object.values(this.#timers)) clearTimeout(timer);
    this.#source?.close();
    this.#source = null;
  }
}

export const live = new Live();
