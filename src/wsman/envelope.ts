/**
 * The SOAP envelope: what came in, checked and taken apart, and what goes out, with the prefixes that clients look for.
 * Source: SOAP 1.2; WS-Addressing 2004/08; DSP0226 §5 and §6.
 */
import { attributeOf, childNamed, childrenNamed, elements, textOf, trimmedTextOf } from '../xml/read.ts';
import { element, join, text, type Markup } from '../xml/write.ts';
import { languageOf, LANGUAGES, type Language } from '../language/language.ts';
import type { XmlElement } from '../xml/xml.ts';
import { WsmanFault } from './fault.ts';
import { ANONYMOUS, NS } from './namespaces.ts';

export interface Selector {
  readonly name: string;
  /** Text, or an endpoint reference as an element for a key that is a reference. */
  readonly value: string | XmlElement;
}

export interface Option {
  readonly name: string;
  readonly value: string;
}

/** A request's header, read; whatever a client may leave out is null. */
export interface RequestHeader {
  readonly action: string;
  readonly messageId: string;
  /** Where the client found this service, in its own words. */
  readonly to: string | null;
  readonly resourceUri: string | null;
  readonly selectors: readonly Selector[];
  readonly options: readonly Option[];
  readonly maxEnvelopeBytes: number | null;
  /** As it was written; xs:duration. */
  readonly operationTimeout: string | null;
  /** Whether the client asks how many items an enumeration has. */
  readonly wantsTotal: boolean;
}

export interface Envelope {
  readonly header: XmlElement | null;
  readonly body: XmlElement;
}

const MESSAGE_ID_BYTES = 2_048;
const SMALLEST_ENVELOPE_BYTES = 8_192;
const MOST_SELECTORS = 100;
const MOST_OPTIONS = 500;

/** Headers that are understood, or at least tolerated. Not those of robust connections. Source: MS-WSMV 3.1.4.1.39. */
const UNDERSTOOD: Readonly<Record<string, readonly string[]>> = {
  [NS.addressing]: ['Action', 'To', 'MessageID', 'ReplyTo', 'FaultTo', 'From', 'RelatesTo'],
  [NS.wsman]: ['ResourceURI', 'SelectorSet', 'OptionSet', 'MaxEnvelopeSize', 'OperationTimeout', 'Locale', 'RequestTotalItemsCountEstimate', 'RequestEPR', 'EPRInvalid'],
  [NS.microsoft]: ['DataLocale', 'SessionId', 'ActivityId'],
  [NS.eventing]: ['Identifier'],
};
const ONCE = ['Action', 'MessageID', 'ReplyTo', 'ResourceURI', 'SelectorSet', 'OptionSet', 'MaxEnvelopeSize', 'OperationTimeout'] as const;

/** The parts of a SOAP 1.2 envelope. WsmanFault VersionMismatch, SchemaValidationError. */
export function envelopeOf(root: XmlElement): Envelope {
  if (root.local !== 'Envelope') throw new WsmanFault('SchemaValidationError', 'the message is no SOAP envelope', { isMalformed: true });
  if (root.uri !== NS.soap) throw new WsmanFault('VersionMismatch', `the envelope is not of SOAP 1.2 (${NS.soap})`);
  const parts = elements(root);
  const bodies = childrenNamed(root, 'Body', NS.soap);
  const headers = childrenNamed(root, 'Header', NS.soap);
  if (bodies.length !== 1 || headers.length > 1 || parts.length !== bodies.length + headers.length) {
    throw new WsmanFault('SchemaValidationError', 'an envelope has one Header at most, one Body, and nothing else', { isMalformed: true });
  }
  return { header: headers[0] ?? null, body: bodies[0]! };
}

/** WsmanFault for what is missing, double, not understood or not supported. */
export function headerOf({ header }: Envelope): RequestHeader {
  if (!header) throw missing('Action');
  const name = ONCE.find((local) => childrenNamed(header, local).length > 1);
  if (name !== undefined) throw new WsmanFault('InvalidMessageInformationHeader', `the header ${name} is there more than once`, { detail: 'DuplicateHeader' });
  checkUnderstood(header);
  const messageId = addressed(header, 'MessageID');
  if (new TextEncoder().encode(messageId).length > MESSAGE_ID_BYTES) throw new WsmanFault('InvalidMessageInformationHeader', `a MessageID has ${MESSAGE_ID_BYTES} bytes at most`);
  const action = addressed(header, 'Action');
  if (action === '') throw missing('Action');
  checkReplies(header);
  checkLocale(header);
  const managed = (local: string): string | null => optionalText(childNamed(header, local, NS.wsman));
  return {
    action,
    messageId,
    to: optionalText(childNamed(header, 'To', NS.addressing)),
    resourceUri: managed('ResourceURI'),
    selectors: selectorsOf(childNamed(header, 'SelectorSet', NS.wsman)),
    options: optionsOf(childNamed(header, 'OptionSet', NS.wsman)),
    maxEnvelopeBytes: envelopeBytes(managed('MaxEnvelopeSize')),
    operationTimeout: managed('OperationTimeout'),
    wantsTotal: childNamed(header, 'RequestTotalItemsCountEstimate', NS.wsman) !== undefined,
  };
}

/** The id that an answer relates to, as far as there is one. */
export function messageIdOf({ header }: Envelope): string | null {
  const found = header && childNamed(header, 'MessageID', NS.addressing);
  return found ? trimmedTextOf(found).slice(0, MESSAGE_ID_BYTES) : null;
}

const optionalText = (found: XmlElement | undefined): string | null => (found ? trimmedTextOf(found) : null);

const missing = (local: string): WsmanFault => new WsmanFault('MessageInformationHeaderRequired', `the header ${local} is missing`);

function addressed(header: XmlElement, local: string): string {
  const found = childNamed(header, local, NS.addressing);
  if (!found) throw missing(local);
  return trimmedTextOf(found);
}

function mustUnderstand(header: XmlElement): boolean {
  const value = attributeOf(header, 'mustUnderstand', NS.soap)?.trim().toLowerCase();
  return value === 'true' || value === '1';
}

function checkUnderstood(header: XmlElement): void {
  const unknown = elements(header).filter((each) => mustUnderstand(each) && !(UNDERSTOOD[each.uri]?.includes(each.local) ?? false));
  if (unknown.length === 0) return;
  const fragment = unknown.find(({ local, uri }) => local === 'FragmentTransfer' && uri === NS.wsman);
  if (fragment) throw new WsmanFault('UnsupportedFeature', 'parts of an instance cannot be read or written by themselves', { detail: 'FragmentLevelAccess' });
  const names = unknown.map(({ local }) => local).join(', ');
  throw new WsmanFault('MustUnderstand', `this service does not understand the header ${names.slice(0, 200)}`, { notUnderstood: unknown.map(({ uri, local }) => ({ uri, local })) });
}

function checkReplies(header: XmlElement): void {
  const replyTo = childNamed(header, 'ReplyTo', NS.addressing);
  if (!replyTo) throw missing('ReplyTo');
  for (const each of [replyTo, childNamed(header, 'FaultTo', NS.addressing)]) {
    const address = each && childNamed(each, 'Address', NS.addressing);
    if (each && !address) throw new WsmanFault('InvalidMessageInformationHeader', `${each.local} has no Address`);
    if (address && trimmedTextOf(address) !== ANONYMOUS) throw new WsmanFault('UnsupportedFeature', `answers go back over the connection only: ${each.local} must be ${ANONYMOUS}`, { detail: 'AddressingMode' });
  }
}

/** The language of a language header, as the client writes it. */
const localeOf = (header: XmlElement): string | undefined => {
  const found = childNamed(header, 'Locale', NS.wsman);
  return found && attributeOf(found, 'lang', NS.xml);
};

/** What the client's people read, as far as the envelope tells; English when it does not. */
export const languageOfEnvelope = ({ header }: Envelope): Language => (header && languageOf(localeOf(header) ?? '')) ?? 'en';

/** A client that insists on a language gets it, or is told that it is not there. */
function checkLocale(header: XmlElement): void {
  const strict = elements(header).find((each) => (each.local === 'Locale' || each.local === 'DataLocale') && mustUnderstand(each));
  const language = strict && attributeOf(strict, 'lang', NS.xml);
  if (language !== undefined && languageOf(language) === undefined) throw new WsmanFault('UnsupportedFeature', `texts are in ${LANGUAGES.join(', ')} only`, { detail: 'Locale' });
}

function envelopeBytes(value: string | null): number | null {
  if (value === null) return null;
  if (!/^\d{1,15}$/.test(value)) throw new WsmanFault('InvalidMessageInformationHeader', 'MaxEnvelopeSize is a number of bytes', { detail: 'InvalidValue' });
  const bytes = Number(value);
  if (bytes < SMALLEST_ENVELOPE_BYTES) throw new WsmanFault('EncodingLimit', `MaxEnvelopeSize must be ${SMALLEST_ENVELOPE_BYTES} at least`, { detail: 'MinimumEnvelopeLimit' });
  return bytes;
}

/** The selectors of a SelectorSet, which may be missing. */
export function selectorsOf(set: XmlElement | undefined): Selector[] {
  if (!set) return [];
  const found = childrenNamed(set, 'Selector');
  if (found.length > MOST_SELECTORS) throw new WsmanFault('InvalidSelectors', `more than ${MOST_SELECTORS} selectors`, { detail: 'SelectorLimit' });
  return found.map((selector) => {
    const name = attributeOf(selector, 'Name')?.trim();
    if (!name) throw new WsmanFault('InvalidSelectors', 'a selector has no Name', { detail: 'InvalidValue' });
    return { name, value: childNamed(selector, 'EndpointReference') ?? textOf(selector) };
  });
}

/** Options that are not known are ignored, even when the client insists: Windows does so for CIM resources. */
function optionsOf(set: XmlElement | undefined): Option[] {
  if (!set) return [];
  const found = childrenNamed(set, 'Option');
  if (found.length > MOST_OPTIONS) throw new WsmanFault('InvalidOptions', `more than ${MOST_OPTIONS} options`, { detail: 'OptionLimit' });
  return found.map((option) => ({ name: attributeOf(option, 'Name')?.trim() ?? '', value: trimmedTextOf(option) }));
}

export const optionNamed = (options: readonly Option[], name: string): string | undefined => options.find((option) => option.name.toLowerCase() === name.toLowerCase())?.value;

export interface AnswerHeader {
  readonly action: string;
  readonly messageId: string;
  readonly relatesTo: string | null;
  readonly to?: string;
  /** Headers of its own. */
  readonly more?: readonly Markup[];
}

/** An envelope that declares s, a and w, and the namespaces named; instances declare theirs themselves. */
export function envelope(header: AnswerHeader, body: Markup, declared: Readonly<Record<string, string>> = {}, language: Language = 'en'): Markup {
  const declarations = Object.fromEntries(Object.entries(declared).map(([prefix, uri]) => [`xmlns:${prefix}`, uri]));
  const attributes = { 'xml:lang': language === 'en' ? 'en-US' : language, 'xmlns:s': NS.soap, 'xmlns:a': NS.addressing, 'xmlns:w': NS.wsman, ...declarations };
  const headers = [
    element('a:Action', {}, text(header.action)),
    element('a:MessageID', {}, text(header.messageId)),
    element('a:To', {}, text(header.to ?? ANONYMOUS)),
    header.relatesTo === null ? join([]) : element('a:RelatesTo', {}, text(header.relatesTo)),
    ...(header.more ?? []),
  ];
  return element('s:Envelope', attributes, [element('s:Header', {}, headers), element('s:Body', {}, body)]);
}
