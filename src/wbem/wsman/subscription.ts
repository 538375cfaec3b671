/** One subscription: what it is told, until when, and how the events go out. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { EventFilter } from '../../cim/events.ts';
import type { InstanceChange } from '../../cim/manager.ts';
import { envelopeOf } from '../../wsman/envelope.ts';
import { deliveryEnvelope, type DeliveryMode, type Sink } from '../../wsman/eventing.ts';
import { batchOf, type Batch } from '../../wsman/enumeration.ts';
import { fragmentElement, instanceElement, type Writing } from '../../wsman/instance.ts';
import { ACTION } from '../../wsman/namespaces.ts';
import { decodeBytes } from '../../xml/charset.ts';
import { parseXml } from '../../xml/parse.ts';
import { childNamed, trimmedTextOf } from '../../xml/read.ts';
import type { Call } from './call.ts';
import { roomBytes, type Puller } from './enumerations.ts';
import { EventQueue, type QueuedEvent } from './eventqueue.ts';
import { sendTo, type SinkTarget } from './sink.ts';

export interface SubscriptionFacts {
  readonly id: string;
  readonly owner: string;
  readonly filter: EventFilter;
  readonly writing: Writing;
  readonly newId: () => string;
  /** Called once, when it is over. */
  readonly onEnd: (id: string) => void;
}

const RETRY_DELAYS_MS = [1_000, 5_000, 20_000] as const;
const CONTENT_TYPE = 'application/soap+xml;charset=UTF-8';

export class Subscription implements Puller {
  readonly facts: SubscriptionFacts;
  expiresAtMs: number;
  protected readonly queue = new EventQueue();
  protected readonly ending = new AbortController();

  constructor(facts: SubscriptionFacts, expiresAtMs: number) {
    this.facts = facts;
    this.expiresAtMs = expiresAtMs;
  }

  /** The change is queued when it is an event that was asked for. */
  tell(change: InstanceChange): void {
    const event = this.facts.filter.eventOf(change);
    if (event === undefined) return;
    const { projection } = this.facts.filter;
    this.queue.add(projection === null ? instanceElement(event, this.facts.writing) : fragmentElement(event, projection, this.facts.writing));
  }

  /** Waits for an event for as long as the client's time allows. */
  async pull(call: Call, maxElements: number): Promise<Batch> {
    const signal = AbortSignal.any([call.signal, this.ending.signal]);
    // Another pull on the same context may have taken what arrived.
    while (this.queue.isEmpty && !signal.aborted) await this.queue.arrived(signal);
    call.signal.throwIfAborted();
    const events = this.queue.oldest(maxElements);
    const batch = batchOf(events, 0, { maxElements, roomBytes: roomBytes(call), bytesOf: call.bytesOf }, ({ markup }) => markup);
    this.queue.remove(events.slice(0, batch.items.length));
    return { items: batch.items, isLast: this.ending.signal.aborted };
  }

  end(): void {
    if (this.ending.signal.aborted) return;
    this.ending.abort();
    this.facts.onEnd(this.facts.id);
  }
}

export interface PushOptions {
  readonly mode: Exclude<DeliveryMode, 'pull'>;
  readonly sink: Sink;
  readonly target: SinkTarget;
  readonly heartbeatMs: number | null;
  readonly maxElements: number;
  readonly maxTimeMs: number;
  readonly onLost: (address: string, why: string) => void;
}

/** Sends by itself, one message after the other; ends when its sink takes nothing any more. */
export class PushedSubscription extends Subscription {
  readonly #options: PushOptions;

  constructor(facts: SubscriptionFacts, expiresAtMs: number, options: PushOptions) {
    super(facts, expiresAtMs);
    this.#options = options;
  }

  async run(): Promise<void> {
    const { signal } = this.ending;
    while (!signal.aborted) {
      await this.#somethingToSay();
      if (signal.aborted) return;
      const events = this.queue.oldest(this.#options.mode === 'events' ? this.#options.maxElements : 1);
      const failure = await this.#delivered(events);
      if (failure === undefined) this.queue.remove(events);
      else if (!signal.aborted) {
        this.#options.onLost(this.#options.target.url.href, failure);
        this.end();
      }
    }
  }

  /** An event, or the moment of a heartbeat; a batch is given time to fill. */
  async #somethingToSay(): Promise<void> {
    const { heartbeatMs, mode, maxTimeMs } = this.#options;
    const { signal } = this.ending;
    await this.queue.arrived(heartbeatMs === null ? signal : AbortSignal.any([signal, AbortSignal.timeout(heartbeatMs)]));
    if (mode === 'events' && !this.queue.isEmpty) await sleep(maxTimeMs, undefined, { signal }).catch(() => undefined);
  }

  /** Undefined when the sink took the message, else why not. */
  async #delivered(events: readonly QueuedEvent[]): Promise<string | undefined> {
    const { mode, sink } = this.#options;
    const message = deliveryEnvelope({ mode, sink, messageId: `uuid:${this.facts.newId()}`, events });
    const body = new TextEncoder().encode(message);
    let failure = await this.#tried(body);
    for (const delayMs of RETRY_DELAYS_MS) {
      if (failure === undefined || this.ending.signal.aborted) return failure;
      await sleep(delayMs, undefined, { signal: this.ending.signal }).catch(() => undefined);
      failure = await this.#tried(body);
    }
    return failure;
  }

  async #tried(body: Uint8Array): Promise<string | undefined> {
    try {
      const answer = await sendTo(this.#options.target, body, CONTENT_TYPE, this.ending.signal);
      if (answer.status < 200 || answer.status > 299) return `it answered with status ${answer.status}`;
      return this.#options.mode === 'push' || isAcknowledgement(answer.body) ? undefined : 'it did not acknowledge';
    } catch (error) {
      return (error as Error).message;
    }
  }
}

function isAcknowledgement(body: Uint8Array): boolean {
  try {
    const { header } = envelopeOf(parseXml(decodeBytes(body).text));
    const action = header && childNamed(header, 'Action');
    return action !== null && action !== undefined && trimmedTextOf(action) === ACTION.acknowledge;
  } catch {
    return false;
  }
}
