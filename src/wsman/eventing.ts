/** Subscribe, Unsubscribe, Renew and GetStatus, and how events are sent. Source: WS-Eventing 2004/08; DSP0226 §10. */
import { attributeOf, childNamed, elements, textOf, trimmedTextOf } from '../xml/read.ts';
import { element, join, text, type Markup } from '../xml/write.ts';
import type { XmlElement } from '../xml/xml.ts';
import { durationMs, durationText } from './duration.ts';
import { envelope } from './envelope.ts';
import { WsmanFault } from './fault.ts';
import { ANONYMOUS, DIALECT, EVENT_ACTION, NS } from './namespaces.ts';

export type DeliveryMode = 'push' | 'pushWithAck' | 'events' | 'pull';

const WSMAN_MODE = 'http://schemas.dmtf.org/wbem/wsman/1/wsman/';
const MODES: Readonly<Record<string, DeliveryMode>> = {
  [`${NS.eventing}/DeliveryModes/Push`]: 'push',
  [`${WSMAN_MODE}PushWithAck`]: 'pushWithAck',
  [`${WSMAN_MODE}Events`]: 'events',
  [`${WSMAN_MODE}Pull`]: 'pull',
};

export interface Sink {
  readonly address: string;
  /** Goes back as headers of each event. */
  readonly echoed: readonly XmlElement[];
}

export interface SubscribeRequest {
  readonly mode: DeliveryMode;
  /** Null in pull mode only. */
  readonly sink: Sink | null;
  readonly heartbeatMs: number | null;
  readonly maxElements: number;
  readonly maxTimeMs: number;
  readonly expiresMs: number;
  readonly filter: { readonly language: string; readonly text: string } | null;
}

const DEFAULT_EXPIRES_MS = 600_000;
const LONGEST_EXPIRES_MS = 24 * 3_600_000;
const SHORTEST_HEARTBEAT_MS = 1_000;
const EVENTS_BATCH = { elements: 20, timeMs: 5_000, mostElements: 1_000, longestMs: 60_000 };

const invalid = (message: string): WsmanFault => new WsmanFault('EventingInvalidMessage', message);

/** `nowMs` turns a moment into what is left until it. WsmanFault. */
export function subscribeOf(body: XmlElement, nowMs: number): SubscribeRequest {
  const found = childNamed(body, 'Subscribe', NS.eventing);
  if (!found) throw invalid('the body has no Subscribe');
  const delivery = childNamed(found, 'Delivery', NS.eventing);
  const mode = deliveryMode(delivery);
  const heartbeats = delivery && childNamed(delivery, 'Heartbeats', NS.wsman);
  const maxElements = delivery && childNamed(delivery, 'MaxElements', NS.wsman);
  const maxTime = delivery && childNamed(delivery, 'MaxTime', NS.wsman);
  return {
    mode,
    sink: mode === 'pull' ? null : sinkOf(delivery && childNamed(delivery, 'NotifyTo', NS.eventing)),
    heartbeatMs: heartbeats ? Math.max(SHORTEST_HEARTBEAT_MS, durationMs(trimmedTextOf(heartbeats))) : null,
    maxElements: Math.min(EVENTS_BATCH.mostElements, Math.max(1, Number(maxElements ? trimmedTextOf(maxElements) : EVENTS_BATCH.elements) || EVENTS_BATCH.elements)),
    maxTimeMs: Math.min(EVENTS_BATCH.longestMs, maxTime ? durationMs(trimmedTextOf(maxTime)) : EVENTS_BATCH.timeMs),
    expiresMs: expiresOf(found, nowMs),
    filter: eventFilter(found),
  };
}

function deliveryMode(delivery: XmlElement | undefined): DeliveryMode {
  const written = (delivery && attributeOf(delivery, 'Mode'))?.trim() ?? `${NS.eventing}/DeliveryModes/Push`;
  const mode = Object.hasOwn(MODES, written) ? MODES[written] : undefined;
  if (!mode) throw new WsmanFault('DeliveryModeRequestedUnavailable', `events can be delivered by ${Object.keys(MODES).join(', ')}`);
  return mode;
}

function sinkOf(notifyTo: XmlElement | undefined): Sink {
  const address = notifyTo && childNamed(notifyTo, 'Address', NS.addressing);
  if (!address) throw invalid('Delivery has no NotifyTo with an Address');
  const parts = elements(notifyTo).filter(({ local }) => local === 'ReferenceParameters' || local === 'ReferenceProperties');
  return { address: trimmedTextOf(address), echoed: parts.flatMap(elements) };
}

/** From now, in milliseconds; what a client may choose is bounded. */
export function expiresOf(parent: XmlElement, nowMs: number): number {
  const expires = childNamed(parent, 'Expires', NS.eventing);
  const written = expires ? trimmedTextOf(expires) : '';
  if (written === '') return DEFAULT_EXPIRES_MS;
  const ms = /^-?P/.test(written) ? durationOrNaN(written) : Date.parse(written) - nowMs;
  if (!(ms > 0)) throw new WsmanFault('InvalidExpirationTime', `a subscription cannot end at ${JSON.stringify(written.slice(0, 60))}`);
  return Math.min(ms, LONGEST_EXPIRES_MS);
}

function durationOrNaN(written: string): number {
  try {
    return durationMs(written);
  } catch {
    return Number.NaN;
  }
}

function eventFilter(found: XmlElement): SubscribeRequest['filter'] {
  const filter = childNamed(found, 'Filter', NS.wsman) ?? childNamed(found, 'Filter', NS.eventing);
  if (!filter) return null;
  const dialect = attributeOf(filter, 'Dialect')?.trim();
  const language = dialect === DIALECT.wql ? 'WQL' : dialect === DIALECT.cql ? 'DMTF:CQL' : undefined;
  if (language === undefined) throw new WsmanFault('FilteringRequestedUnavailable', `events are filtered by ${DIALECT.wql} or ${DIALECT.cql}`);
  return { language, text: textOf(filter).trim() };
}

export interface Subscribed {
  readonly id: string;
  /** Where the client found this service. */
  readonly address: string;
  readonly resourceUri: string;
  readonly expiresMs: number;
  /** In pull mode. */
  readonly context: string | null;
}

const expires = (ms: number): Markup => element('e:Expires', {}, text(durationText(ms)));

export function subscribeResponse({ id, address, resourceUri, expiresMs, context }: Subscribed): Markup {
  const parameters = [element('w:ResourceURI', {}, text(resourceUri)), element('e:Identifier', {}, text(id))];
  const manager = element('e:SubscriptionManager', { 'xmlns:a': NS.addressing, 'xmlns:w': NS.wsman, 'xmlns:e': NS.eventing }, [
    element('a:Address', {}, text(address)),
    element('a:ReferenceParameters', {}, parameters),
  ]);
  const parts = [manager, expires(expiresMs)];
  if (context !== null) parts.push(element('n:EnumerationContext', { 'xmlns:n': NS.enumeration }, text(context)));
  return element('e:SubscribeResponse', {}, parts);
}

export const renewResponse = (expiresMs: number): Markup => element('e:RenewResponse', {}, expires(expiresMs));
export const statusResponse = (expiresMs: number): Markup => element('e:GetStatusResponse', {}, expires(expiresMs));

/** The subscription that a request is about: a header, or for some clients a child of the body's element. */
export function subscriptionIdOf(header: XmlElement | null, body: XmlElement): string {
  const inBody = elements(body)[0];
  const found = (header && childNamed(header, 'Identifier', NS.eventing)) ?? (inBody && childNamed(inBody, 'Identifier', NS.eventing));
  if (!found) throw invalid('the header Identifier of the subscription is missing');
  return trimmedTextOf(found);
}

export interface DeliveryMessage {
  readonly mode: Exclude<DeliveryMode, 'pull'>;
  readonly sink: Sink;
  readonly messageId: string;
  /** None for a heartbeat; one at most in push and pushWithAck mode. */
  readonly events: readonly { readonly action: string; readonly markup: Markup }[];
}

/** The envelope that a sink gets. */
export function deliveryEnvelope({ mode, sink, messageId, events }: DeliveryMessage): Markup {
  const [first] = events;
  const more = sink.echoed.map(echo);
  if (mode !== 'push') more.push(element('a:ReplyTo', {}, element('a:Address', {}, text(ANONYMOUS))), element('w:AckRequested'));
  const header = (action: string) => ({ action, messageId, relatesTo: null, to: sink.address, more });
  if (first === undefined) return envelope(header(EVENT_ACTION.heartbeat), join([]));
  if (mode !== 'events') return envelope(header(first.action), first.markup);
  return envelope(header(EVENT_ACTION.events), element('w:Events', {}, events.map(({ action, markup }) => element('w:Event', { Action: action }, markup))));
}

/** An element written again, with its namespace declared on it. */
function echo(found: XmlElement): Markup {
  const attributes = Object.fromEntries(found.attributes.filter(({ uri }) => uri === '').map(({ local, value }) => [local, value]));
  return element(`r:${found.local}`, { 'xmlns:r': found.uri, ...attributes }, [...elements(found).map(echo), text(textOf(found))]);
}
