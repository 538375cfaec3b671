/**
 * The way to one paired host: a control connection of this host's own, dialled on demand, kept, and after a loss dialled
 * again with growing waits until it is back. All calls of a moment share one dial.
 */
import type { Wire } from '../engine/ports/peers.ts';
import { Fault } from '../errors/fault.ts';
import { say } from '../language/text.ts';
import { Calls } from './calls.ts';
import type { Channel } from './channel.ts';
import { MAX_MESSAGE_BYTES } from './limits.ts';

export interface LinkOptions {
  readonly dial: (signal: AbortSignal) => Promise<Channel>;
  readonly tickMs: number;
  readonly callMs: number;
  readonly reconnectMs: readonly number[];
  readonly onContact: (connected: boolean) => void;
  readonly onHeard: () => void;
}

interface Established {
  readonly channel: Channel;
  readonly calls: Calls;
}

export class Link {
  readonly #options: LinkOptions;
  readonly #closing = new AbortController();
  #established: Established | undefined;
  #dialling: Promise<Established> | undefined;
  #retry: NodeJS.Timeout | undefined;
  #failures = 0;

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  get connected(): boolean {
    return this.#established !== undefined;
  }

  async call(method: string, params: Wire, signal: AbortSignal): Promise<Wire> {
    signal.throwIfAborted();
    const { calls } = this.#established ?? (await untilAborted(this.#dial(), signal));
    return calls.call(method, params, signal);
  }

  /** Dials now unless there is a connection; when that fails, again and again until `close`. */
  keep(): void {
    if (!this.#established) this.#dial().catch(() => undefined);
  }

  /** No connection and no further attempts. Calls reject with fault peer-unreachable. */
  close(): void {
    const fault = new Fault('peer-unreachable', say('the connections to this host were closed here'));
    this.#closing.abort(fault);
    clearTimeout(this.#retry);
    this.#established?.channel.end(fault);
  }

  #dial(): Promise<Established> {
    clearTimeout(this.#retry);
    this.#dialling ??= this.#establish()
      .catch((error: unknown) => {
        this.#retryLater();
        throw error;
      })
      .finally(() => (this.#dialling = undefined));
    return this.#dialling;
  }

  async #establish(): Promise<Established> {
    const channel = await this.#options.dial(this.#closing.signal);
    channel.onHeard = this.#options.onHeard;
    channel.establish(this.#options.tickMs, MAX_MESSAGE_BYTES);
    const established = { channel, calls: new Calls(channel, this.#options.callMs) };
    this.#established = established;
    this.#failures = 0;
    void channel.ended.then(() => this.#lost());
    this.#options.onHeard();
    this.#options.onContact(true);
    return established;
  }

  #lost(): void {
    this.#established = undefined;
    this.#options.onContact(false);
    this.#retryLater();
  }

  #retryLater(): void {
    if (this.#closing.signal.aborted) return;
    const waits = this.#options.reconnectMs;
    const waitMs = waits[Math.min(this.#failures++, waits.length - 1)] ?? 0;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.keep(), waitMs);
  }
}

/** The promise's outcome, or the signal's reason when that comes first. What the promise stands for goes on. */
async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
