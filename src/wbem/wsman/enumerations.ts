/** Enumerations that clients have open: what Enumerate collects, Pull hands out in batches that fit the client's envelope. */
import { CimError } from '../../cim/error.ts';
import type { CimInstance } from '../../cim/instance.ts';
import type { Located } from '../../cim/manager.ts';
import { isSameName } from '../../cim/name.ts';
import { batchOf, enumerateOf, enumerateResponse, itemElement, pullOf, pullResponse, releaseOf, type Batch, type EnumerateRequest, type Form } from '../../wsman/enumeration.ts';
import { WsmanFault } from '../../wsman/fault.ts';
import { fitsSelectors, readFilter, type Filter } from '../../wsman/filter.ts';
import { NS } from '../../wsman/namespaces.ts';
import type { Resource } from '../../wsman/resource.ts';
import { element, join, text, type Markup } from '../../xml/write.ts';
import { namingOf, resourceOfCall, writingOf, type Call, type Reply } from './call.ts';
import { classesOf, classItem } from './metadata.ts';

/** What a context holds: the rest of an enumeration, or the queue of a subscription. */
export interface Puller {
  pull(call: Call, maxElements: number): Promise<Batch>;
  /** Nothing is pulled any more. */
  end(): void;
}

/** Envelope, header and the response's own elements. */
const ENVELOPE_BYTES = 2_500;
const DECLARED = { n: NS.enumeration };

class OpenEnumeration<T> implements Puller {
  readonly #items: readonly T[];
  readonly #write: (item: T) => Markup;
  #next = 0;

  constructor(items: readonly T[], write: (item: T) => Markup) {
    this.#items = items;
    this.#write = write;
  }

  get total(): number {
    return this.#items.length;
  }

  pull(call: Call, maxElements: number): Promise<Batch> {
    return Promise.resolve(this.take(call, maxElements));
  }

  end(): void {
    // What it holds goes with it.
  }

  take(call: Call, maxElements: number): Batch {
    const batch = batchOf(this.#items, this.#next, { maxElements, roomBytes: roomBytes(call), bytesOf: call.bytesOf }, this.#write);
    this.#next += batch.items.length;
    return batch;
  }
}

export const roomBytes = (call: Call): number => Math.max(0, call.maxEnvelopeBytes - ENVELOPE_BYTES - call.bytesOf(call.header.messageId));

export async function enumerate(call: Call): Promise<Reply> {
  const request = enumerateOf(call.envelope.body);
  const open = await opened(call, resourceOfCall(call), request);
  const first = request.optimize ? open.take(call, request.maxElements) : null;
  const context = first?.isLast ? null : call.contexts.open(call.caller.name, open, open.total);
  return { body: enumerateResponse(context, first), declared: DECLARED, headers: [totalHeader(call, open.total)] };
}

async function opened(call: Call, resource: Resource, request: EnumerateRequest) {
  if (resource.kind === 'metadata') return new OpenEnumeration(classesOf(call, resource.namespace), classItem(call, resource.namespace, request));
  const { items, projection } = await collected(call, resource, request);
  const form: Form = { mode: request.mode, projection, writing: writingOf(call, resource) };
  return new OpenEnumeration(items, (item: Located) => itemElement(item, form));
}

const totalHeader = (call: Call, total: number): Markup => (call.header.wantsTotal ? element('w:TotalItemsCountEstimate', {}, text(String(total))) : join([]));

/** The context alone says what is pulled: some clients name another resource than they enumerated. */
export async function pull(call: Call): Promise<Reply> {
  const { context, maxElements } = pullOf(call.envelope.body);
  const puller = call.contexts.find(call.caller.name, context);
  if (!puller) throw contextUnknown();
  const batch = await puller.pull(call, maxElements);
  if (batch.isLast) call.contexts.close(call.caller.name, context);
  return { body: pullResponse(batch.isLast ? null : context, batch.items), declared: DECLARED };
}

export function release(call: Call): Promise<Reply> {
  if (!call.contexts.close(call.caller.name, releaseOf(call.envelope.body))) throw contextUnknown();
  return Promise.resolve({ body: element('n:ReleaseResponse'), declared: DECLARED });
}

const contextUnknown = (): CimError => new CimError('invalidEnumerationContext', 'the enumeration context is unknown, has ended, or was not used for too long');

interface Collected {
  readonly items: readonly Located[];
  readonly projection: readonly string[] | null;
}

async function collected(call: Call, resource: Resource, request: EnumerateRequest): Promise<Collected> {
  const filter = request.filter && readFilter(request.filter, namingOf(call, resource.namespace));
  if (!filter || filter.kind === 'selectors') return { items: await ofClass(call, resource, request, filter), projection: null };
  if (filter.kind === 'query') return call.manager.query(call.caller, resource.namespace, filter.language, filter.text);
  return { items: await associated(call, filter), projection: filter.properties };
}

async function ofClass(call: Call, resource: Resource, { polymorphism }: EnumerateRequest, filter: Extract<Filter, { kind: 'selectors' }> | null): Promise<readonly Located[]> {
  if (resource.kind !== 'class') throw new WsmanFault('UnsupportedFeature', 'the URI of all classes needs a filter', { detail: 'FilteringRequired' });
  const { name } = call.manager.classOf(resource.namespace, resource.className);
  const all = await call.manager.instances(call.caller, resource.namespace, name);
  const fitting = filter ? all.filter(({ instance }) => fitsSelectors(instance, filter.selectors)) : all;
  if (polymorphism === 'include') return fitting;
  if (polymorphism === 'none') return fitting.filter(({ instance }) => isSameName(instance.className, name));
  return fitting.map(({ path, instance }) => ({ path, instance: asClass(instance, name) }));
}

/** The instance as its superclass has it: emitted with that class's properties only. */
const asClass = (instance: CimInstance, className: string): CimInstance => ({ ...instance, className });

/** The object must be there: what is associated with nothing is a fault, not an empty answer. */
async function associated(call: Call, filter: Exclude<Filter, { kind: 'query' | 'selectors' }>): Promise<readonly Located[]> {
  const { path } = await call.manager.get(call.caller, filter.from);
  if (filter.kind === 'associated') return call.manager.associators(call.caller, path, filter);
  return call.manager.references(call.caller, path, { resultClass: filter.resultClass, role: filter.role });
}
