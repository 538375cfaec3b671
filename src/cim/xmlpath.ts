/** Object paths as CIM-XML elements. Source: DSP0201, "Naming and location elements". */
import { attributeOf, childNamed, childrenNamed, elements, textOf } from '../xml/read.ts';
import { element, text, type Markup } from '../xml/write.ts';
import type { XmlElement } from '../xml/xml.ts';
import type { ObjectPath } from './instance.ts';
import { UNNAMED_KEY, type KeyValue } from './path.ts';

function numericKey(value: string): KeyValue {
  const trimmed = value.trim();
  if (!/^[+-]?\d{1,20}$/.test(trimmed)) return value;
  const number = Number(trimmed);
  return Number.isSafeInteger(number) ? number : BigInt(trimmed.replace('+', ''));
}

/** The types that messages give to keys help only where there is no class to type them by. */
function keyOf(value: XmlElement): KeyValue {
  if (value.local === 'VALUE.REFERENCE') return readPathElement(value) ?? '';
  const type = attributeOf(value, 'VALUETYPE');
  if (type === 'boolean') return textOf(value).trim().toLowerCase() === 'true';
  return type === 'numeric' ? numericKey(textOf(value)) : textOf(value);
}

function keyIn(parent: XmlElement): KeyValue | undefined {
  const value = childNamed(parent, 'KEYVALUE') ?? childNamed(parent, 'VALUE.REFERENCE');
  return value === undefined ? undefined : keyOf(value);
}

function keysOf(name: XmlElement): ReadonlyMap<string, KeyValue> {
  const unnamed = keyIn(name);
  if (unnamed !== undefined) return new Map([[UNNAMED_KEY, unnamed]]);
  return new Map(childrenNamed(name, 'KEYBINDING').map((binding) => [attributeOf(binding, 'NAME') ?? '', keyIn(binding) ?? '']));
}

/** `root/cimv2`, of LOCALNAMESPACEPATH or of the NAMESPACEPATH around it. */
export function readNamespacePath(path: XmlElement): string {
  const local = path.local === 'LOCALNAMESPACEPATH' ? path : (childNamed(path, 'LOCALNAMESPACEPATH') ?? path);
  return childrenNamed(local, 'NAMESPACE').map((namespace) => attributeOf(namespace, 'NAME') ?? '').join('/');
}

const NAMES = new Set(['INSTANCENAME', 'CLASSNAME']);

/** The first path in the element, or the element itself; a host in it is left out. Undefined when there is none. */
export function readPathElement(within: XmlElement): ObjectPath | undefined {
  if (NAMES.has(within.local)) {
    const className = attributeOf(within, within.local === 'CLASSNAME' ? 'NAME' : 'CLASSNAME');
    return className === undefined ? undefined : { kind: 'path', namespace: null, className, keys: keysOf(within) };
  }
  const namespace = elements(within).find((child) => child.local === 'NAMESPACEPATH' || child.local === 'LOCALNAMESPACEPATH');
  const path = elements(within).map(readPathElement).find((found) => found !== undefined);
  return path === undefined || namespace === undefined ? path : { ...path, namespace: readNamespacePath(namespace) };
}

function keyElement(value: KeyValue): Markup {
  if (typeof value === 'object') return element('VALUE.REFERENCE', {}, pathElement(value));
  const type = typeof value === 'string' ? 'string' : typeof value === 'boolean' ? 'boolean' : 'numeric';
  return element('KEYVALUE', { VALUETYPE: type }, text(typeof value === 'boolean' ? String(value).toUpperCase() : String(value)));
}

export const instanceNameElement = ({ className, keys }: ObjectPath): Markup =>
  element('INSTANCENAME', { CLASSNAME: className }, [...keys].map(([name, value]) => element('KEYBINDING', { NAME: name }, keyElement(value))));

export const localNamespacePathElement = (namespace: string): Markup =>
  element('LOCALNAMESPACEPATH', {}, namespace.split('/').map((part) => element('NAMESPACE', { NAME: part })));

export const namespacePathElement = (namespace: string, host: string): Markup =>
  element('NAMESPACEPATH', {}, [element('HOST', {}, text(host)), localNamespacePathElement(namespace)]);

/** With a host INSTANCEPATH, with a namespace only LOCALINSTANCEPATH, with neither INSTANCENAME. */
export function pathElement(path: ObjectPath, host?: string): Markup {
  if (path.namespace === null) return instanceNameElement(path);
  if (host === undefined) return element('LOCALINSTANCEPATH', {}, [localNamespacePathElement(path.namespace), instanceNameElement(path)]);
  return element('INSTANCEPATH', {}, [namespacePathElement(path.namespace, host), instanceNameElement(path)]);
}
