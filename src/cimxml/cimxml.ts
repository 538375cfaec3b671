/**
 * CIM operations as XML: one request message in, one response message out. What a request asks is read here; what the
 * answer holds is composed by the operations. Source: DSP0200 (operations over HTTP), DSP0201 (representation in XML).
 */
import { CimError, cimErrorText } from '../cim/error.ts';
import type { ObjectPath } from '../cim/instance.ts';
import { inLanguage } from '../language/domain.ts';
import type { Language } from '../language/language.ts';
import { attributeOf, elements } from '../xml/read.ts';
import { element, join, type Markup } from '../xml/write.ts';
import type { XmlElement } from '../xml/xml.ts';
import { MessageError } from './messageerror.ts';
import { localNamespaceOf, objectPathOf } from './objectnames.ts';

export interface IntrinsicCall {
  readonly kind: 'intrinsic';
  readonly messageId: string;
  /** As the client spells it. */
  readonly method: string;
  readonly namespace: string;
  readonly parameters: readonly XmlElement[];
}

export interface ExtrinsicCall {
  readonly kind: 'extrinsic';
  readonly messageId: string;
  readonly method: string;
  /** Without keys when the method was called on a class. The namespace is set. */
  readonly path: ObjectPath;
  readonly parameters: readonly XmlElement[];
}

export type CimCall = IntrinsicCall | ExtrinsicCall;

const MAX_MESSAGE_ID = 256;

function attribute(of: XmlElement, name: string): string {
  const value = attributeOf(of, name);
  if (value === undefined) throw new MessageError('request-not-valid', `${of.local} has no attribute ${name}`);
  return value;
}

function onlyChild(of: XmlElement, names: readonly string[]): XmlElement {
  const [child, second] = elements(of);
  if (child === undefined || second !== undefined || !names.includes(child.local)) {
    throw new MessageError('request-not-valid', `${of.local} must hold one ${names.join(' or ')}`);
  }
  return child;
}

function checkVersions(root: XmlElement, message: XmlElement): void {
  if (!attribute(root, 'CIMVERSION').startsWith('2.')) throw new MessageError('unsupported-cim-version', 'CIMVERSION must be 2.x');
  if (!attribute(root, 'DTDVERSION').startsWith('2.')) throw new MessageError('unsupported-dtd-version', 'DTDVERSION must be 2.x');
  if (!attribute(message, 'PROTOCOLVERSION').startsWith('1.')) throw new MessageError('unsupported-protocol-version', 'PROTOCOLVERSION must be 1.x');
}

function simpleRequestOf(message: XmlElement): XmlElement {
  const [request] = elements(message);
  if (request?.local === 'MULTIREQ') throw new MessageError('multiple-requests-unsupported', 'one operation per message');
  return onlyChild(message, ['SIMPLEREQ']);
}

/** What the message asks. MessageError when it is no request for one operation. */
export function callOf(root: XmlElement): CimCall {
  if (root.local !== 'CIM') throw new MessageError('request-not-valid', 'the message is not CIM');
  const message = onlyChild(root, ['MESSAGE']);
  checkVersions(root, message);
  const messageId = attribute(message, 'ID').slice(0, MAX_MESSAGE_ID);
  const call = onlyChild(simpleRequestOf(message), ['IMETHODCALL', 'METHODCALL']);
  const method = attribute(call, 'NAME');
  const [target, ...parameters] = elements(call);
  if (target === undefined) throw new MessageError('request-not-valid', `${call.local} names no object`);
  if (call.local === 'METHODCALL') return { kind: 'extrinsic', messageId, method, path: named(() => targetOf(target)), parameters };
  return { kind: 'intrinsic', messageId, method, namespace: named(() => localNamespaceOf(target)), parameters };
}

/** Before it is known what a message asks of what, a name that cannot be read makes it no operation. */
function named<Name>(read: () => Name): Name {
  try {
    return read();
  } catch (error) {
    if (error instanceof CimError) throw new MessageError('request-not-valid', error.message);
    throw error;
  }
}

function targetOf(element: XmlElement): ObjectPath {
  if (element.local !== 'LOCALINSTANCEPATH' && element.local !== 'LOCALCLASSPATH') {
    throw new MessageError('request-not-valid', 'METHODCALL must begin with LOCALINSTANCEPATH or LOCALCLASSPATH');
  }
  return objectPathOf(element, '');
}

/** The response message around what an operation answers. */
export function responseTo(call: CimCall, content: readonly Markup[]): Markup {
  const name = call.kind === 'intrinsic' ? 'IMETHODRESPONSE' : 'METHODRESPONSE';
  const response = element('SIMPLERSP', {}, element(name, { NAME: call.method }, content));
  return element('CIM', { CIMVERSION: '2.0', DTDVERSION: '2.0' }, element('MESSAGE', { ID: call.messageId, PROTOCOLVERSION: '1.0' }, response));
}

export const errorElement = (error: CimError, language: Language = 'en'): Markup => element('ERROR', { CODE: String(error.code), DESCRIPTION: inLanguage(cimErrorText(error), language) });

/** The result of an intrinsic operation. An empty list is an empty element, not a missing one. */
export const returnValue = (items: readonly Markup[]): Markup => element('IRETURNVALUE', {}, join(items));
