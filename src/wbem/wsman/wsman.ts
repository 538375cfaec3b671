/**
 * WS-Management over the object manager: an envelope in, an envelope out. Whatever a client sends is answered with what it
 * asked for or with a fault, in bounded time, in the charset it wrote in, and not larger than it can take.
 * Source: DSP0226, DSP0227, MS-WSMV.
 */
import { CimError } from '../../cim/error.ts';
import type { ObjectManager } from '../../cim/manager.ts';
import { failureText, Fault } from '../../errors/fault.ts';
import { durationMs } from '../../wsman/duration.ts';
import { envelope, envelopeOf, headerOf, languageOfEnvelope, messageIdOf, type Envelope, type RequestHeader } from '../../wsman/envelope.ts';
import type { Language } from '../../language/language.ts';
import { faultBody, faultHeaders, faultOfCim, WsmanFault } from '../../wsman/fault.ts';
import { identifyEnvelope, isIdentify, type Product, type SecurityProfile } from '../../wsman/identify.ts';
import { CharsetError, decodeBytes, encodeText, type Charset } from '../../xml/charset.ts';
import { parseXml } from '../../xml/parse.ts';
import type { Markup } from '../../xml/write.ts';
import { XmlError } from '../../xml/xml.ts';
import type { Access, AuditTrail } from '../audit.ts';
import { Contexts, CONTEXT_LIMITS } from '../contexts.ts';
import type { WbemAnswer, WbemRequest } from '../door.ts';
import type { Call, Reply } from './call.ts';
import type { Puller } from './enumerations.ts';
import { operationOf } from './operations.ts';
import { Subscriptions, type SubscriptionsOptions } from './subscriptions.ts';
import { say } from '../../language/text.ts';

export interface WsmanOptions {
  readonly manager: ObjectManager;
  readonly product: Product;
  readonly profiles: readonly SecurityProfile[];
  readonly audit: AuditTrail;
  readonly newId: () => string;
  readonly nowMs: () => number;
  readonly onBug: (id: string, error: unknown) => void;
  readonly events: Pick<SubscriptionsOptions, 'eventFilterOf' | 'eventHosts' | 'isUser' | 'onLost'>;
}

/** Source: MS-WSMV 2.2.4.10, the defaults of MaxEnvelopeSizekb and MaxTimeoutms. */
const DEFAULT_ENVELOPE_BYTES = 512_000;
const LARGEST_ENVELOPE_BYTES = 4 * 1_024 * 1_024;
/** Many times what any request needs. */
const MOST_ELEMENTS = 20_000;
const DEFAULT_TIMEOUT_MS = 60_000;
/** Shorter than a listener lets a connection be silent. */
const LONGEST_TIMEOUT_MS = 120_000;
const PATHS: readonly string[] = ['/wsman', '/wsman/'];
const STRANGER_PATHS: readonly string[] = [...PATHS, '/wsman-anon/identify'];

export class Wsman {
  readonly #options: WsmanOptions;
  readonly #contexts: Contexts<Puller>;
  readonly #subscriptions: Subscriptions;

  constructor(options: WsmanOptions) {
    this.#options = options;
    this.#contexts = new Contexts(CONTEXT_LIMITS, { newId: () => `uuid:${options.newId()}`, nowMs: options.nowMs, onEnd: (puller) => puller.end() });
    const { manager, nowMs, newId, onBug, events } = options;
    this.#subscriptions = new Subscriptions({ ...events, manager, nowMs, newId, onBug: (error) => onBug(newId(), error) });
  }

  /** Answers whoever has signed in. */
  readonly handle = async (request: WbemRequest): Promise<WbemAnswer> => {
    const { path, method, headers, body } = request;
    if (!PATHS.includes(path.toLowerCase())) return empty(404);
    if (method !== 'POST') return empty(405, { allow: 'POST' });
    if (/^\s*multipart\//i.test(headers['content-type'] ?? '')) return empty(415);
    // A client that only wants to know how to sign in has signed in.
    if (body.length === 0) return empty(200);
    return this.#exchange(request, (message) => this.#answerTo(message, request));
  };

  /** Whether the request may be answered to a stranger: only Identify, and only when the client asks so. */
  readonly isForStrangers = ({ path, method, headers }: Pick<WbemRequest, 'path' | 'method' | 'headers'>): boolean =>
    method === 'POST' && STRANGER_PATHS.includes(path.toLowerCase()) && headers['wsmanidentify']?.trim().toLowerCase() === 'unauthenticated';

  readonly handleStranger = (request: Pick<WbemRequest, 'headers' | 'body'>): Promise<WbemAnswer> =>
    this.#exchange(request, ({ envelope: received }) => {
      if (!isIdentify(received)) throw new WsmanFault('AccessDenied', 'without signing in only Identify is answered');
      return Promise.resolve(identifyEnvelope(this.#options.product, null));
    });

  /** Contexts that were not used for too long are gone. */
  sweep(): void {
    this.#contexts.sweep();
    this.#subscriptions.sweep();
  }

  /** Every enumeration and subscription is gone. */
  close(): void {
    this.#contexts.closeAll();
    this.#subscriptions.close();
  }

  async #exchange({ headers, body }: Pick<WbemRequest, 'headers' | 'body'>, work: (message: Message) => Promise<Markup>): Promise<WbemAnswer> {
    let charset: Charset = 'utf-8';
    let relatesTo: string | null = null;
    let language: Language = 'en';
    try {
      const decoded = decodeBytes(body, charsetLabel(headers['content-type']));
      charset = decoded.charset;
      const received = envelopeOf(parseXml(decoded.text, { elements: MOST_ELEMENTS }));
      relatesTo = messageIdOf(received);
      language = languageOfEnvelope(received);
      return soap(200, charset, await work({ envelope: received, charset }));
    } catch (error) {
      const fault = this.#faultOf(error);
      const header = { action: fault.action, messageId: this.#newMessageId(), relatesTo, more: faultHeaders(fault) };
      return soap(fault.httpStatus, charset, envelope(header, faultBody(fault, language), {}, language));
    }
  }

  async #answerTo({ envelope: received, charset }: Message, request: WbemRequest): Promise<Markup> {
    const language = languageOfEnvelope(received);
    if (isIdentify(received)) return identifyEnvelope(this.#options.product, this.#options.profiles);
    const header = headerOf(received);
    const maxEnvelopeBytes = Math.min(header.maxEnvelopeBytes ?? DEFAULT_ENVELOPE_BYTES, LARGEST_ENVELOPE_BYTES);
    const bytesOf = (markup: string): number => (charset === 'utf-8' ? Buffer.byteLength(markup) : 2 * markup.length + 2);
    const reply = await within(timeoutMsOf(header), request.signal, (signal) => this.#run({ caller: { ...request.caller, language }, header, envelope: received, manager: this.#options.manager, contexts: this.#contexts, subscriptions: this.#subscriptions, maxEnvelopeBytes, bytesOf, signal }));
    const answer = envelope({ action: reply.action ?? `${header.action}Response`, messageId: this.#newMessageId(), relatesTo: header.messageId, more: reply.headers ?? [] }, reply.body, reply.declared, language);
    if (bytesOf(answer) > maxEnvelopeBytes) throw new WsmanFault('EncodingLimit', `the answer does not fit into MaxEnvelopeSize ${maxEnvelopeBytes}`, { detail: 'MaxEnvelopeSize' });
    return answer;
  }

  #run(call: Call): Promise<Reply> {
    const operation = operationOf(call.header.action);
    const { audit } = this.#options;
    return audit.during({ caller: call.caller, access: operation.access, operation: `WS-Management ${operation.nameOf(call)}`, subject: subjectOf(call.header, operation.access) }, () => operation.run(call), ({ outcome }) => outcome ?? 'done');
  }

  #faultOf(error: unknown): WsmanFault {
    if (error instanceof WsmanFault) return error;
    if (error instanceof CimError) return faultOfCim(error);
    if (error instanceof CharsetError) return new WsmanFault('EncodingLimit', error.message, { detail: 'CharacterSet' });
    if (error instanceof XmlError) return new WsmanFault('SchemaValidationError', `the message is no XML that is accepted here: ${error.message}`, { isMalformed: true });
    if (error instanceof Fault) return faultOfCim(new CimError(error.row.httpStatus === 403 ? 'accessDenied' : 'failed', say('{failure}. {hint}', { failure: [failureText(error)], hint: [error.hint] })));
    const id = this.#options.newId();
    this.#options.onBug(id, error);
    return faultOfCim(new CimError('failed', `this is a bug in Understudy; the log of understudyd has the details under ${id}`));
  }

  #newMessageId(): string {
    return `uuid:${this.#options.newId()}`;
  }
}

interface Message {
  readonly envelope: Envelope;
  readonly charset: Charset;
}

const SUBJECT_CHARACTERS = 300;

/** `root/virtualization/v2/Msvm_ComputerSystem Name=…`; of a read only the class, so that reads of one kind are one. */
function subjectOf({ resourceUri, selectors }: RequestHeader, access: Access): string | null {
  if (resourceUri === null) return null;
  const resource = resourceUri.replace(/^https?:\/\/[^/]*\/wbem\/(wsman\/1\/wmi|wscim\/1\/cim-schema\/2|wscim\/1)\//i, '');
  const keys = access === 'read' ? [] : selectors.map(({ name, value }) => `${name}=${typeof value === 'string' ? value : '(reference)'}`);
  return [resource, ...keys].join(' ').slice(0, SUBJECT_CHARACTERS);
}

const charsetLabel = (contentType: string | undefined): string | undefined => /;\s*charset\s*=\s*"?([^";\s]+)/i.exec(contentType ?? '')?.[1];

const timeoutMsOf = ({ operationTimeout }: RequestHeader): number =>
  operationTimeout === null || operationTimeout === '' ? DEFAULT_TIMEOUT_MS : Math.min(LONGEST_TIMEOUT_MS, durationMs(operationTimeout));

/** What the work answers, or WsmanFault TimedOut. Work that was left alone goes on and is told by its signal. */
async function within<T>(timeoutMs: number, outer: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const over = new AbortController();
  const timer = setTimeout(() => over.abort(new WsmanFault('TimedOut', `the operation was not done within ${timeoutMs} ms; a change may still happen`)), timeoutMs);
  const signal = AbortSignal.any([outer, over.signal]);
  try {
    signal.throwIfAborted();
    const ended = new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true }));
    return await Promise.race([work(signal), ended]);
  } finally {
    clearTimeout(timer);
  }
}

const empty = (status: number, headers: Record<string, string> = {}): WbemAnswer => ({ status, headers, body: new Uint8Array(0) });

const soap = (status: number, charset: Charset, markup: Markup): WbemAnswer => ({
  status,
  headers: { 'content-type': `application/soap+xml;charset=${charset === 'utf-8' ? 'UTF-8' : 'UTF-16'}` },
  body: encodeText(markup, charset),
});
