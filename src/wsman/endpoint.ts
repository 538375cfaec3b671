/**
 * Endpoint references: how an object is named on the wire. The prefixes are declared again on each and on its parts,
 * because one client copies their text into envelopes of its own. Source: DSP0226 §5.1.2, DSP0227 §7.
 */
import type { ObjectPath } from '../cim/instance.ts';
import { element, text, type Markup } from '../xml/write.ts';
import { ANONYMOUS, NS } from './namespaces.ts';
import { classUri, METADATA, NAMESPACE_SELECTOR, type UriFamily } from './resource.ts';

const DECLARED = { 'xmlns:a': NS.addressing, 'xmlns:w': NS.wsman };

/** Where a path without a namespace belongs, and the family of URIs that the client speaks. */
export interface Wording {
  readonly family: UriFamily;
  readonly namespace: string;
}

/** `<name>` with the children of an endpoint reference: a:Address and a:ReferenceParameters. */
export const reference = (name: string, path: ObjectPath, wording: Wording): Markup => element(name, DECLARED, referenceParts(path, wording));

export function referenceParts(path: ObjectPath, wording: Wording): Markup[] {
  const namespace = path.namespace ?? wording.namespace;
  const uri = element('w:ResourceURI', {}, text(classUri(wording.family, namespace, path.className)));
  return parts([uri, selectorSet(path, wording)]);
}

const parts = (parameters: readonly Markup[]): Markup[] => [
  element('a:Address', { 'xmlns:a': NS.addressing }, text(ANONYMOUS)),
  element('a:ReferenceParameters', DECLARED, parameters),
];

/** Names a class by the URI of class metadata. */
export function classReference(namespace: string, className: string): Markup {
  const selector = (name: string, value: string): Markup => element('w:Selector', { Name: name }, text(value));
  const parameters = [element('w:ResourceURI', {}, text(METADATA)), element('w:SelectorSet', {}, [selector(NAMESPACE_SELECTOR, namespace), selector('ClassName', className)])];
  return element('a:EndpointReference', DECLARED, parts(parameters));
}

function selectorSet(path: ObjectPath, wording: Wording): Markup {
  const selector = (name: string, content: Markup): Markup => element('w:Selector', { Name: name }, content);
  const keys = [...path.keys].map(([name, value]) =>
    selector(name, typeof value === 'object' ? reference('a:EndpointReference', value, wording) : text(String(value))),
  );
  const namespace = wording.family === 'dmtf' ? [selector(NAMESPACE_SELECTOR, text(path.namespace ?? wording.namespace))] : [];
  return element('w:SelectorSet', { 'xmlns:w': NS.wsman }, [...namespace, ...keys]);
}
