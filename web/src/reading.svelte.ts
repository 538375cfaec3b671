/**
 * A part of what the host knows, read again whenever a change concerns it. Changes that come close together cost one
 * reading; a costly reading is made more seldom, so that a busy host is not kept busy by those who look at it.
 */
import { onMount } from 'svelte';
import { Failure } from '../../src/client/failure.ts';
import { isUnreachable } from './client.ts';
import { live, type Change } from './live.svelte.ts';

const SPACING_MS = 250;
/** Of the time at most this share is spent reading, but for what takes long: that is as fresh as it can be. */
const SHARE = 1 / 8;
const SPACING_AT_MOST_MS = 1_500;
const RETRY_MS = 2_000;

export class Reading<T> {
  /** Undefined until it was read once; the last that is known after that. */
  value = $state.raw<T>();
  /** When the value was true, by the host's clock. */
  readAtMs = $state<number | null>(null);
  /** Why the last reading failed; null when it did not. */
  failure = $state.raw<Failure | null>(null);

  readonly #read: (signal: AbortSignal) => Promise<T>;
  readonly #concerns: (change: Change) => boolean;
  #lifetime = new AbortController();
  #timer: number | undefined;
  #isReading = false;
  #isDue = false;
  #notBeforeMs = 0;

  constructor(read: (signal: AbortSignal) => Promise<T>, concerns: (change: Change) => boolean) {
    this.#read = read;
    this.#concerns = concerns;
  }

  /** Reads now, and again with the changes, until the returned function is called. */
  open(): () => void {
    this.#lifetime = new AbortController();
    const unsubscribe = live.subscribe((change) => {
      if (change === 'everything' || this.#concerns(change)) this.again();
    });
    this.again();
    return () => {
      unsubscribe();
      clearTimeout(this.#timer);
      this.#timer = undefined;
      this.#lifetime.abort();
    };
  }

  /** It will be read once more, soon. */
  again(): void {
    this.#isDue = true;
    if (this.#isReading || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => void this.#now(), Math.max(0, this.#notBeforeMs - performance.now()));
  }

  async #now(): Promise<void> {
    const { signal } = this.#lifetime;
    const startedMs = performance.now();
    this.#timer = undefined;
    this.#isReading = true;
    this.#isDue = false;
    try {
      const askedAtMs = live.hostNowMs();
      const value = await this.#read(signal);
      if (signal.aborted) return;
      this.value = value;
      this.readAtMs = askedAtMs;
      this.failure = null;
    } catch (thrown) {
      this.#failed(thrown, signal);
    } finally {
      this.#isReading = false;
      const tookMs = performance.now() - startedMs;
      this.#notBeforeMs = performance.now() + Math.min(SPACING_AT_MOST_MS, Math.max(SPACING_MS, tookMs / SHARE)) + (this.failure && isUnreachable(this.failure) ? RETRY_MS : 0);
      if (this.#isDue && !signal.aborted) this.again();
    }
  }

  #failed(thrown: unknown, signal: AbortSignal): void {
    if (signal.aborted) return;
    if (!(thrown instanceof Failure)) throw thrown;
    this.failure = thrown;
    this.#isDue ||= isUnreachable(thrown);
  }
}

/** For a component: it is read while the component is shown. */
export function reading<T>(read: (signal: AbortSignal) => Promise<T>, concerns: ConstructorParameters<typeof Reading<T>>[1]): Reading<T> {
  const made = new Reading(read, concerns);
  onMount(() => made.open());
  return made;
}
