/** The subscriptions of all clients: Subscribe, Renew, GetStatus and Unsubscribe. Source: WS-Eventing; DSP0226 §10. */
import type { EventFilter } from '../../cim/events.ts';
import type { CimCaller, ObjectManager } from '../../cim/manager.ts';
import { WsmanFault } from '../../wsman/fault.ts';
import { expiresOf, renewResponse, statusResponse, subscribeOf, subscribeResponse, subscriptionIdOf, type SubscribeRequest } from '../../wsman/eventing.ts';
import { NS } from '../../wsman/namespaces.ts';
import type { Resource } from '../../wsman/resource.ts';
import { childNamed } from '../../xml/read.ts';
import { join } from '../../xml/write.ts';
import { resourceOfCall, writingOf, type Call, type Reply } from './call.ts';
import { sinkTarget } from './sink.ts';
import { PushedSubscription, Subscription, type SubscriptionFacts } from './subscription.ts';

export interface SubscriptionsOptions {
  readonly manager: ObjectManager;
  /** CimError invalidClass, invalidQuery. */
  readonly eventFilterOf: (namespace: string, language: string, query: string) => EventFilter;
  /** Hosts besides the subscriber's own that events may be pushed to; lower case. */
  readonly eventHosts: readonly string[];
  /** Whether there is such a user: events end with who subscribed to them. */
  readonly isUser: (name: string) => boolean;
  readonly nowMs: () => number;
  readonly newId: () => string;
  /** A subscription was given up because its sink takes nothing. */
  readonly onLost: (address: string, why: string) => void;
  readonly onBug: (error: unknown) => void;
}

const PER_OWNER = 50;
const IN_ALL = 200;
const DECLARED = { e: NS.eventing };

export class Subscriptions {
  readonly #options: SubscriptionsOptions;
  readonly #byId = new Map<string, Subscription>();
  #endWatch: (() => void) | null = null;

  constructor(options: SubscriptionsOptions) {
    this.#options = options;
  }

  /** Events from now on. WsmanFault, CimError. */
  async subscribe(call: Call): Promise<Reply> {
    const resource = resourceOfCall(call);
    const request = subscribeOf(call.envelope.body, this.#options.nowMs());
    const facts = this.#factsOf(call, resource, request);
    this.#requireRoom(call.caller);
    const expiresAtMs = this.#options.nowMs() + request.expiresMs;
    const subscription = request.sink ? await this.#pushed(call.caller, facts, expiresAtMs, request, request.sink) : new Subscription(facts, expiresAtMs);
    const context = request.sink ? null : call.contexts.open(call.caller.name, subscription, 1, request.expiresMs);
    this.#add(subscription);
    const address = call.header.to ?? 'http://127.0.0.1/wsman';
    return { body: subscribeResponse({ id: facts.id, address, resourceUri: call.header.resourceUri ?? '', expiresMs: request.expiresMs, context }), declared: DECLARED };
  }

  unsubscribe(call: Call): Promise<Reply> {
    this.#named(call).end();
    return Promise.resolve({ body: join([]), declared: DECLARED });
  }

  renew(call: Call): Promise<Reply> {
    const subscription = this.#named(call);
    const nowMs = this.#options.nowMs();
    const renewal = childNamed(call.envelope.body, 'Renew', NS.eventing);
    if (!renewal) throw new WsmanFault('EventingInvalidMessage', 'the body has no Renew');
    const expiresMs = expiresOf(renewal, nowMs);
    subscription.expiresAtMs = nowMs + expiresMs;
    return Promise.resolve({ body: renewResponse(expiresMs), declared: DECLARED });
  }

  status(call: Call): Promise<Reply> {
    return Promise.resolve({ body: statusResponse(this.#named(call).expiresAtMs - this.#options.nowMs()), declared: DECLARED });
  }

  /** Those whose time is over, or whose owner is not a user any more, have ended. */
  sweep(): void {
    const nowMs = this.#options.nowMs();
    for (const subscription of this.#byId.values()) if (subscription.expiresAtMs <= nowMs || !this.#options.isUser(subscription.facts.owner)) subscription.end();
  }

  close(): void {
    for (const subscription of this.#byId.values()) subscription.end();
  }

  #factsOf(call: Call, resource: Resource, { filter }: SubscribeRequest): SubscriptionFacts {
    return {
      id: `uuid:${this.#options.newId()}`,
      owner: call.caller.name,
      filter: this.#filterOf(resource, filter),
      writing: writingOf(call, resource),
      newId: this.#options.newId,
      onEnd: (id) => this.#remove(id),
    };
  }

  #filterOf(resource: Resource, filter: SubscribeRequest['filter']): EventFilter {
    if (filter) return this.#options.eventFilterOf(resource.namespace, filter.language, filter.text);
    if (resource.kind !== 'class') throw new WsmanFault('UnsupportedFeature', 'the URI of all classes needs a filter', { detail: 'FilteringRequired' });
    return this.#options.eventFilterOf(resource.namespace, 'WQL', `SELECT * FROM ${resource.className}`);
  }

  #requireRoom({ name }: CimCaller): void {
    this.sweep();
    const own = [...this.#byId.values()].filter(({ facts }) => facts.owner === name).length;
    if (own >= PER_OWNER || this.#byId.size >= IN_ALL) throw new WsmanFault('QuotaLimit', `${name} has ${own} subscriptions of ${this.#byId.size}; allowed are ${PER_OWNER} of ${IN_ALL}`);
  }

  async #pushed({ from }: CimCaller, facts: SubscriptionFacts, expiresAtMs: number, request: SubscribeRequest, sink: NonNullable<SubscribeRequest['sink']>): Promise<Subscription> {
    const { mode, heartbeatMs, maxElements, maxTimeMs } = request;
    if (mode === 'pull') throw new WsmanFault('EventingInvalidMessage', 'events that are pulled have no NotifyTo');
    const target = await sinkTarget(sink.address, from, this.#options.eventHosts);
    const subscription = new PushedSubscription(facts, expiresAtMs, { mode, sink, target, heartbeatMs, maxElements, maxTimeMs, onLost: this.#options.onLost });
    subscription.run().catch(this.#options.onBug);
    return subscription;
  }

  #add(subscription: Subscription): void {
    this.#byId.set(subscription.facts.id, subscription);
    this.#endWatch ??= this.#options.manager.watch((change) => {
      this.sweep();
      for (const each of this.#byId.values()) each.tell(change);
    });
  }

  #remove(id: string): void {
    this.#byId.delete(id);
    if (this.#byId.size > 0) return;
    this.#endWatch?.();
    this.#endWatch = null;
  }

  #named({ caller, envelope }: Call): Subscription {
    this.sweep();
    const found = this.#byId.get(subscriptionIdOf(envelope.header, envelope.body));
    if (found?.facts.owner !== caller.name) throw new WsmanFault('EventingInvalidMessage', 'there is no such subscription');
    return found;
  }
}
