/**
 * Delivery of indications: one queue for each destination, so that a listener that does not answer delays nobody else.
 * A queue is bounded and loses its oldest indication; the sequence numbers tell the listener.
 */
import { exportMessage, EXPORT_HEADERS } from '../cimxml/export.ts';
import { AnswerWriter, WHOLE_INSTANCE } from '../cimxml/instances.ts';
import { selected } from '../cimxml/operations/queries.ts';
import type { InstanceChange, ObjectManager } from '../cim/manager.ts';
import type { Schema } from '../cim/schema/classes.ts';
import { DeliveryError, post } from './destination.ts';
import { numbered } from './indication.ts';
import type { AskedEvent, Subscription, Subscriptions } from './subscriptions.ts';

const QUEUE_LENGTH = 256;
/** Source: DSP1054, DeliveryRetryAttempts and DeliveryRetryInterval, with a shorter beginning. */
const RETRY_DELAYS_MS = [1_000, 5_000, 20_000] as const;
const ANSWER_TIMEOUT_MS = 10_000;
const ON_FATAL_ERROR_REMOVE = 4;

export interface DeliveryOptions {
  readonly manager: ObjectManager;
  readonly schema: Schema;
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
  readonly asked: AskedEvent;
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

  add(subscription: Subscription, asked: AskedEvent): void {
    if (this.#waiting.length >= QUEUE_LENGTH) {
      this.#waiting.shift();
      this.#lost('its queue is full');
    }
    this.#waiting.push({ subscription, asked, number: this.#next });
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

  #message({ subscription, asked, number }: Waiting): string {
    const { schema, host, newId } = this.#options;
    const indication = numbered(asked.event, { identifier: newId(), filterName: subscription.filterName, sequenceContext: this.#context, sequenceNumber: number });
    const writer = new AnswerWriter({ schema, host, namespace: asked.namespace }, { ...WHOLE_INSTANCE, properties: selected(asked.projection) });
    return exportMessage(newId(), writer.instance(indication));
  }
}

/** Delivers what the object manager tells of to those who subscribed, until the signal is aborted. */
export function deliverIndications(options: DeliveryOptions): void {
  const { manager, subscriptions, signal } = options;
  const destinations = new Destinations(options);
  let endWatch: (() => void) | undefined;
  /** Looking for changes has its cost, so nobody looks while nobody subscribes. */
  const follow = (): void => {
    const isWanted = subscriptions.active.length > 0 && !signal.aborted;
    if (isWanted) endWatch ??= manager.watch((change) => destinations.tell(change));
    else {
      endWatch?.();
      endWatch = undefined;
    }
  };
  subscriptions.whenChanged(follow);
  signal.addEventListener('abort', follow, { once: true });
  follow();
}

class Destinations {
  readonly #options: DeliveryOptions;
  readonly #byUrl = new Map<string, Destination>();

  constructor(options: DeliveryOptions) {
    this.#options = options;
  }

  tell(change: InstanceChange): void {
    for (const subscription of this.#options.subscriptions.active) {
      const asked = subscription.eventOf(change);
      if (asked !== undefined) this.#at(subscription.destination).add(subscription, asked);
    }
  }

  #at(url: URL): Destination {
    const known = this.#byUrl.get(url.href);
    if (known !== undefined) return known;
    this.#forgetUnused();
    const created = new Destination(url, this.#options);
    this.#byUrl.set(url.href, created);
    return created;
  }

  /** Those that nobody subscribes for any more. */
  #forgetUnused(): void {
    const used = new Set(this.#options.subscriptions.active.map(({ destination }) => destination.href));
    for (const [href, destination] of this.#byUrl) if (!used.has(href) && destination.isIdle) this.#byUrl.delete(href);
  }
}
