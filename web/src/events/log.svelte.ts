/** The event log as it is shown: the newest first, those that come added at once, older ones read when they are asked for. */
import type { EventView } from '../../../src/service/views.ts';
import { Failure } from '../../../src/client/failure.ts';
import { client } from '../client.ts';
import { live } from '../live.svelte.ts';

const PAGE = 200;
/** The host keeps ten thousand: what is asked for at once, so that one machine's few are found among many. */
const STRETCH = 1_000;

export class EventLog {
  events = $state.raw<readonly EventView[]>([]);
  error = $state.raw<Failure | null>(null);
  isBusy = $state(false);
  /** Nothing is older than what is there. */
  isWhole = $state(false);
  readonly #machine: string;
  #lifetime = new AbortController();
  /** What is older than this has not been read. */
  #fromId = Number.POSITIVE_INFINITY;

  /** Of one machine, by name or id; of all when it is empty. */
  constructor(machine: string) {
    this.#machine = machine;
  }

  /** Reads, and takes what comes, until the returned function is called. */
  open(): () => void {
    this.#lifetime = new AbortController();
    const unsubscribe = live.subscribe((change) => {
      if (change === 'everything' || change.kind === 'event') void this.#newer();
    });
    void this.#newer();
    return () => {
      unsubscribe();
      this.#lifetime.abort();
    };
  }

  /** What comes before the oldest that is there: some more, unless nothing does. */
  older(): Promise<void> {
    return this.#work(async () => {
      for (let found = 0; found < PAGE && !this.isWhole; ) {
        const untilId = this.#fromId;
        const afterId = Math.max(0, untilId - 1 - STRETCH);
        const read = (await this.#read({ afterId, limit: STRETCH })).filter(({ id }) => id < untilId);
        found += read.length;
        this.#fromId = afterId + 1;
        this.isWhole = afterId === 0;
        this.#add(read);
      }
    });
  }

  #newer(): Promise<void> {
    const newest = this.events[0]?.id;
    return this.#work(async () => {
      const read = await this.#read(newest === undefined ? { limit: PAGE } : { afterId: newest, limit: STRETCH });
      this.#add(read);
      if (newest === undefined) this.#fromId = Math.min(Number.MAX_SAFE_INTEGER, ...read.map(({ id }) => id));
      if (newest === undefined && read.length < PAGE) this.isWhole = true;
    });
  }

  #read(query: { afterId?: number; limit: number }): Promise<EventView[]> {
    return client.get('/api/events', { query: { ...query, ...(this.#machine !== '' && { machine: this.#machine }) }, signal: this.#lifetime.signal });
  }

  /** Each once, the newest first. */
  #add(read: readonly EventView[]): void {
    const byId = Object.fromEntries([...this.events, ...read].map((event) => [event.id, event]));
    this.events = Object.values(byId).sort((one, other) => other.id - one.id);
  }

  async #work(work: () => Promise<void>): Promise<void> {
    this.isBusy = true;
    try {
      await work();
      this.error = null;
    } catch (thrown) {
      if (this.#lifetime.signal.aborted) return;
      if (!(thrown instanceof Failure)) throw thrown;
      this.error = thrown;
    } finally {
      this.isBusy = false;
    }
  }
}
