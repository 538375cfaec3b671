/** One request of WS-Management on its way through: who asks, what for, and how the answer is to be worded. */
import { CimError } from '../../cim/error.ts';
import type { CimCaller, ObjectManager } from '../../cim/manager.ts';
import type { ClassDeclaration } from '../../cim/schema.ts';
import type { Envelope, RequestHeader } from '../../wsman/envelope.ts';
import { optionNamed } from '../../wsman/envelope.ts';
import { WsmanFault } from '../../wsman/fault.ts';
import type { Writing } from '../../wsman/instance.ts';
import { resourceOf, type Resource } from '../../wsman/resource.ts';
import { namespaceSelector, type Naming } from '../../wsman/selectors.ts';
import type { Markup } from '../../xml/write.ts';
import type { Contexts } from '../contexts.ts';
import type { Puller } from './enumerations.ts';
import type { Subscriptions } from './subscriptions.ts';

export interface Call {
  readonly caller: CimCaller;
  readonly header: RequestHeader;
  readonly envelope: Envelope;
  readonly manager: ObjectManager;
  readonly contexts: Contexts<Puller>;
  readonly subscriptions: Subscriptions;
  /** How many bytes an answer may have. */
  readonly maxEnvelopeBytes: number;
  bytesOf(markup: string): number;
  /** Aborted when the client hangs up, the operation's time is over or the daemon ends. */
  readonly signal: AbortSignal;
}

export interface Reply {
  readonly body: Markup;
  /** The request's with "Response" when it is left out. */
  readonly action?: string;
  /** Prefixes declared on the envelope besides s, a and w. */
  readonly declared?: Readonly<Record<string, string>>;
  /** Headers of its own. */
  readonly headers?: readonly Markup[];
  /** For the audit trail, when it is more than that it was done. */
  readonly outcome?: string;
}

/** What the URI and the selectors name. WsmanFault DestinationUnreachable, CimError invalidNamespace. */
export function resourceOfCall({ header, manager }: Call): Resource {
  if (header.resourceUri === null || header.resourceUri === '') throw new WsmanFault('DestinationUnreachable', 'the header ResourceURI is missing', { detail: 'InvalidResourceURI' });
  const resource = resourceOf(header.resourceUri, namespaceSelector(header.selectors), manager.defaultNamespace);
  if (!manager.hasNamespace(resource.namespace)) throw new CimError('invalidNamespace', `The CIM namespace ${resource.namespace.slice(0, 200)} is invalid.`);
  return resource;
}

export interface ClassCall {
  readonly declaration: ClassDeclaration;
  readonly naming: Naming;
  readonly writing: Writing;
}

export const namingOf = ({ manager }: Call, namespace: string): Naming => ({ namespace, classOf: (inNamespace, className) => manager.classOf(inNamespace, className) });

export const writingOf = ({ manager, header }: Call, { family, namespace }: Resource): Writing => ({
  family,
  namespace,
  preciseArrays: /^(true|1)$/i.test(optionNamed(header.options, 'msftwinrm:UsePreciseArrays') ?? ''),
  classOf: (className) => manager.classOf(namespace, className),
});

/** For operations on one class. WsmanFault, CimError invalidClass. */
export function classOfCall(call: Call): ClassCall {
  const resource = resourceOfCall(call);
  if (resource.kind !== 'class') throw new WsmanFault('DestinationUnreachable', 'this operation needs the URI of one class', { detail: 'InvalidResourceURI' });
  return { declaration: call.manager.classOf(resource.namespace, resource.className), naming: namingOf(call, resource.namespace), writing: writingOf(call, resource) };
}
