/**
 * Delivery of indications: one queue for each destination, so that a listener that does not answer delays nobody else.
 * A queue is bounded and loses its oldest indication; the sequence numbers tell the listener.
 */
import { exportMessage, EXPORT_HEADERS } from '../cimxml/export.ts';
import { InstanceWriter } from '../cimxml/instances.ts';
import type { CimValue } from '../cim/instance.ts';
import type { InstanceChange, ObjectManager } from '../cim/manager.ts';
import { DeliveryError, post } from './destination.ts';
import { indicationOf } from './indication.ts';
import type { Subscription, Subscriptions } from './subscriptions.ts';

const QUEUE_LENGTH = 256;
/** Source: DSP1054, DeliveryRetryAttempts and DeliveryRetryInterval, with a shorter beginning. */
const RETRY_DELAYS_MS = [1_000, 5_000, 20_000] as const;
const ANSWER_TIMEOUT_MS = 10_000;
const ON_FATAL_ERROR_REMOVE = 4;

export interface DeliveryOptions {
  readonly manager: ObjectManager;
  readonly subscriptions: Subscriptions;
  readonly host: string;
  readonly newId: () => string;
  /** Resolves after `ms`; rejects when the signal is aborted. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** An indication was given up. */
  readonly onLost: (destination: string, why: string) => void;
  readonly signal: AbortSignal;
}

interface Waiting {
  readonly subscription: Subscription;
  readonly change: InstanceChange;
  readonly number: bigint;
}

/** Everything that is delivered to one URL, in order. */
class Destination {
  readonly #url: URL;
  readonly #options: DeliveryOptions;
  readonly #context: string;
  readonly #waiting: Waiting[] = [];
  #next = 0n;
  #isSending = false;

  constructor(url: URL, options: DeliveryOptions) {
    this.#url = url;
    this.#options = options;
    this.#context = options.newId();
  }

  add(subscription: Subscription, change: InstanceChange): void {
    if (this.#waiting.length >= QUEUE_LENGTH) {
      this.#waiting.shift();
      this.#lost('its queue is full');
    }
    this.#waiting.push({ subscription, change, number: this.#next });
    this.#next += 1n;
    if (!this.#isSending) void this.#sendAll();
  }

  get isIdle(): boolean {
    return !this.#isSending;
  }

  async #sendAll(): Promise<void> {
    this.#isSending = true;
    for (let next = this.#waiting.shift(); next !== undefined && !this.#options.signal.aborted; next = this.#waiting.shift()) await this.#send(next);
    this.#isSending = false;
  }

  async #send(waiting: Waiting): Promise<void> {
    const body = new TextEncoder().encode(this.#message(waiting));
    for (const delayMs of [...RETRY_DELAYS_MS, undefined]) {
      const failure = await this.#tryOnce(body);
      if (failure === undefined || this.#options.signal.aborted) return;
      if (delayMs === undefined) return this.#giveUp(waiting, failure);
      await this.#options.sleep(delayMs, this.#options.signal).catch(() => undefined);
    }
  }

  /** Undefined when the listener took it. */
  async #tryOnce(body: Uint8Array): Promise<string | undefined> {
    try {
      await post(this.#url, { headers: EXPORT_HEADERS, body, timeoutMs: ANSWER_TIMEOUT_MS, signal: this.#options.signal });
      return undefined;
    } catch (error) {
      if (error instanceof DeliveryError) return error.message;
      throw error;
    }
  }

  #giveUp({ subscription }: Waiting, why: string): void {
    this.#lost(why);
    if (subscription.onFatalError === ON_FATAL_ERROR_REMOVE) this.#options.subscriptions.remove(subscription.path);
  }

  #lost(why: string): void {
    this.#options.onLost(this.#url.href, why);
  }

  #message({ subscription, change, number }: Waiting): string {
    const { manager, host, newId } = this.#options;
    const namespace = change.target.path.namespace ?? manager.defaultNamespace;
    const filterName: CimValue = subscription.filter.properties.get('Name') ?? '';
    const indication = indicationOf(change, { identifier: newId(), host, filterName: String(filterName), sequence: { context: this.#context, number } });
    return exportMessage(newId(), new InstanceWriter(manager, { host, namespace }).instance(indication));
  }
}

/** Delivers what the object manager tells of to those who subscribed, until the signal is aborted. */
export function deliverIndications(options: DeliveryOptions): void {
  const destinations = new Map<string, Destination>();
  const end = options.manager.watch((change) => {
    for (const subscription of options.subscriptions.active) {
      if (subscription.accepts(change)) destinationOf(subscription.destination).add(subscription, change);
    }
  });
  options.signal.addEventListener('abort', end, { once: true });

  function destinationOf(url: URL): Destination {
    const known = destinations.get(url.href);
    if (known !== undefined) return known;
    forgetUnused();
    const created = new Destination(url, options);
    destinations.set(url.href, created);
    return created;
  }

  /** Those that nobody subscribes for any more. */
  function forgetUnused(): void {
    const used = new Set(options.subscriptions.active.map(({ destination }) => destination.href));
    for (const [href, destination] of destinations) if (!used.has(href) && destination.isIdle) destinations.delete(href);
  }
}
