/** Enumerate, Pull and Release. Source: WS-Enumeration; DSP0226 §8; DSP0227 §9 (modes, polymorphism). */
import type { Located } from '../cim/manager.ts';
import { attributeOf, childNamed, childrenNamed, textOf, trimmedTextOf } from '../xml/read.ts';
import { element, join, text, type Markup } from '../xml/write.ts';
import type { XmlElement } from '../xml/xml.ts';
import { reference } from './endpoint.ts';
import { WsmanFault } from './fault.ts';
import { fragmentElement, instanceElement, type Writing } from './instance.ts';
import { NS } from './namespaces.ts';

export type EnumerationMode = 'object' | 'reference' | 'both';
export type Polymorphism = 'include' | 'exclude' | 'none';

export interface EnumerateRequest {
  readonly optimize: boolean;
  readonly maxElements: number;
  readonly mode: EnumerationMode;
  readonly polymorphism: Polymorphism;
  readonly filter: { readonly dialect: string; readonly element: XmlElement; readonly text: string } | null;
}

export interface PullRequest {
  readonly context: string;
  readonly maxElements: number;
}

/** Source: MS-WSMV 2.2.4.10, MaxBatchItems. */
const MOST_ELEMENTS = 32_000;
const MODES: Readonly<Record<string, EnumerationMode>> = { EnumerateEPR: 'reference', EnumerateObjectAndEPR: 'both', EnumerateObject: 'object' };
const POLYMORPHISM: Readonly<Record<string, Polymorphism>> = { IncludeSubClassProperties: 'include', ExcludeSubClassProperties: 'exclude', None: 'none' };

const XPATH = 'http://www.w3.org/TR/1999/REC-xpath-19991116';

export function enumerateOf(body: XmlElement): EnumerateRequest {
  const found = required(body, 'Enumerate');
  return {
    optimize: childNamed(found, 'OptimizeEnumeration') !== undefined,
    maxElements: maxElementsOf(found),
    mode: oneOf(MODES, childNamed(found, 'EnumerationMode')) ?? 'object',
    polymorphism: oneOf(POLYMORPHISM, childNamed(found, 'PolymorphismMode')) ?? 'include',
    filter: filterOf(childrenNamed(found, 'Filter')),
  };
}

export function pullOf(body: XmlElement): PullRequest {
  const found = required(body, 'Pull');
  return { context: contextOf(found), maxElements: maxElementsOf(found) };
}

export const releaseOf = (body: XmlElement): string => contextOf(required(body, 'Release'));

function required(body: XmlElement, local: string): XmlElement {
  const found = childNamed(body, local, NS.enumeration);
  if (!found) throw new WsmanFault('SchemaValidationError', `the body has no ${local}`);
  return found;
}

function contextOf(found: XmlElement): string {
  const context = childNamed(found, 'EnumerationContext');
  if (!context) throw new WsmanFault('InvalidEnumerationContext', `${found.local} has no EnumerationContext`);
  return trimmedTextOf(context);
}

/** One when it is not said: some clients read only the first item of a batch. Source: DSP0226 R8.4-3. */
function maxElementsOf(found: XmlElement): number {
  const given = childNamed(found, 'MaxElements');
  if (!given) return 1;
  const written = trimmedTextOf(given);
  if (!/^0*[1-9]\d{0,14}$/.test(written)) throw new WsmanFault('SchemaValidationError', 'MaxElements must be 1 or more');
  return Math.min(Number(written), MOST_ELEMENTS);
}

function oneOf<T>(values: Readonly<Record<string, T>>, found: XmlElement | undefined): T | undefined {
  if (!found) return undefined;
  const name = trimmedTextOf(found);
  const value = Object.hasOwn(values, name) ? values[name] : undefined;
  if (value === undefined) throw new WsmanFault('UnsupportedFeature', `${found.local} must be one of ${Object.keys(values).join(', ')}`, { detail: found.local });
  return value;
}

function filterOf(filters: readonly XmlElement[]): EnumerateRequest['filter'] {
  if (filters.length > 1) throw new WsmanFault('CannotProcessFilter', 'there is more than one filter');
  const [filter] = filters;
  return filter ? { dialect: attributeOf(filter, 'Dialect')?.trim() ?? XPATH, element: filter, text: textOf(filter).trim() } : null;
}

/** How the items of one enumeration are written. */
export interface Form {
  readonly mode: EnumerationMode;
  /** Names that were selected; null for whole instances. */
  readonly projection: readonly string[] | null;
  readonly writing: Writing;
}

export function itemElement({ path, instance }: Located, { mode, projection, writing }: Form): Markup {
  const epr = (): Markup => reference('a:EndpointReference', path, writing);
  if (mode === 'reference') return epr();
  const object = projection === null ? instanceElement(instance, writing) : fragmentElement(instance, projection, writing);
  return mode === 'object' ? object : element('w:Item', {}, [object, epr()]);
}

export interface Batch {
  readonly items: readonly Markup[];
  readonly isLast: boolean;
}

/**
 * As many items as are asked for and fit into `roomBytes`, from `start` on. A first item that does not fit by itself is
 * a fault and stays where it is: the client may ask again with more room. WsmanFault EncodingLimit.
 */
export function batchOf<T>(items: readonly T[], start: number, limits: { maxElements: number; roomBytes: number; bytesOf: (markup: Markup) => number }, write: (item: T) => Markup): Batch {
  const written: Markup[] = [];
  let bytes = 0;
  const end = Math.min(items.length, start + limits.maxElements);
  for (let index = start; index < end; index++) {
    const item = write(items[index]!);
    bytes += limits.bytesOf(item);
    if (bytes > limits.roomBytes) break;
    written.push(item);
  }
  if (written.length === 0 && start < end) throw new WsmanFault('EncodingLimit', 'the next item does not fit into MaxEnvelopeSize', { detail: 'MaxEnvelopeSize' });
  return { items: written, isLast: start + written.length >= items.length };
}

/** The context is the first child, and empty when all is there already. Items only when they were asked for. */
export function enumerateResponse(context: string | null, batch: Batch | null): Markup {
  const parts = [element('n:EnumerationContext', {}, text(context ?? ''))];
  if (batch) parts.push(element('w:Items', {}, batch.items));
  if (batch && context === null) parts.push(element('w:EndOfSequence'));
  return element('n:EnumerateResponse', {}, parts);
}

/** A context that is null has ended. */
export const pullResponse = (context: string | null, items: readonly Markup[]): Markup =>
  element('n:PullResponse', {}, [
    context === null ? join([]) : element('n:EnumerationContext', {}, text(context)),
    element('n:Items', {}, items),
    context === null ? element('n:EndOfSequence') : join([]),
  ]);

