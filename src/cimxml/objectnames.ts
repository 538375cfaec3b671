/** Names of classes and instances, with and without namespace and host. Source: DSP0201, "Naming elements". */
import { CimError } from '../cim/error.ts';
import type { ObjectPath } from '../cim/instance.ts';
import { UNNAMED_KEY, type KeyValue as Key } from '../cim/path.ts';
import type { InstanceWriter } from '../cim/embeddedtext.ts';
import { namespacePathElement, pathElement } from '../cim/xmlpath.ts';
import { attributeOf, elements, textOf, trimmedTextOf } from '../xml/read.ts';
import { element, type Markup } from '../xml/write.ts';
import type { XmlElement } from '../xml/xml.ts';

const bad = (message: string): CimError => new CimError('invalidParameter', message);

function attribute(of: XmlElement, name: string): string {
  const value = attributeOf(of, name);
  if (value === undefined || value === '') throw bad(`${of.local} has no attribute ${name}`);
  return value;
}

function onlyChild(of: XmlElement): XmlElement {
  const [child, second] = elements(of);
  if (child === undefined || second !== undefined) throw bad(`${of.local} must hold one element`);
  return child;
}

function twoChildren(of: XmlElement): readonly [XmlElement, XmlElement] {
  const [first, second, third] = elements(of);
  if (first === undefined || second === undefined || third !== undefined) throw bad(`${of.local} must hold two elements`);
  return [first, second];
}

/** The namespace with forward slashes. A client may put a whole path into one NAMESPACE. */
export function localNamespaceOf(path: XmlElement): string {
  if (path.local !== 'LOCALNAMESPACEPATH') throw bad(`LOCALNAMESPACEPATH is expected, not ${path.local}`);
  const names = elements(path).map((each) => attribute(each, 'NAME'));
  if (names.length === 0) throw bad('LOCALNAMESPACEPATH is empty');
  return names.join('/').replaceAll('\\', '/');
}

/** The host is not looked at: an object of another host has another key. */
function namespaceOf(path: XmlElement): string {
  if (path.local !== 'NAMESPACEPATH') throw bad(`NAMESPACEPATH is expected, not ${path.local}`);
  return localNamespaceOf(twoChildren(path)[1]);
}

function numberOf(digits: string): number | bigint {
  const whole = /^[+-]?(\d+|0[xX][0-9a-fA-F]+)$/.test(digits);
  const value = Number(digits);
  if (digits === '' || Number.isNaN(value)) throw bad(`${JSON.stringify(digits.slice(0, 40))} is not a number`);
  return whole && !Number.isSafeInteger(value) ? BigInt(digits.replace('+', '')) : value;
}

function booleanOf(word: string): boolean {
  const lower = word.toLowerCase();
  if (lower !== 'true' && lower !== 'false') throw bad(`${JSON.stringify(word.slice(0, 40))} is neither TRUE nor FALSE`);
  return lower === 'true';
}

/** TYPE, where a client sends it, says no more than VALUETYPE: the class decides. */
function keyValueOf(key: XmlElement): Key {
  switch (attributeOf(key, 'VALUETYPE') ?? 'string') {
    case 'string':
      return textOf(key);
    case 'numeric':
      return numberOf(trimmedTextOf(key));
    case 'boolean':
      return booleanOf(trimmedTextOf(key));
    default:
      throw bad('VALUETYPE must be string, numeric or boolean');
  }
}

function keyOf(element: XmlElement, namespace: string): Key {
  if (element.local === 'KEYVALUE') return keyValueOf(element);
  if (element.local === 'VALUE.REFERENCE') return objectPathOf(onlyChild(element), namespace);
  throw bad(`${element.local} is no value of a key`);
}

function keysOf(name: XmlElement, namespace: string): ReadonlyMap<string, Key> {
  const keys = new Map<string, Key>();
  const seen = new Set<string>();
  for (const child of elements(name)) {
    const isNamed = child.local === 'KEYBINDING';
    const key = isNamed ? attribute(child, 'NAME') : UNNAMED_KEY;
    if (seen.has(key.toLowerCase())) throw bad(`key ${key} is given twice`);
    seen.add(key.toLowerCase());
    keys.set(key, keyOf(isNamed ? onlyChild(child) : child, namespace));
  }
  return keys;
}

const instanceNameOf = (name: XmlElement, namespace: string): ObjectPath => ({ kind: 'path', namespace, className: attribute(name, 'CLASSNAME'), keys: keysOf(name, namespace) });

const classNameOf = (name: XmlElement, namespace: string): ObjectPath => ({ kind: 'path', namespace, className: attribute(name, 'NAME'), keys: new Map() });

const READERS: Readonly<Record<string, (element: XmlElement, namespace: string) => ObjectPath>> = {
  CLASSNAME: classNameOf,
  INSTANCENAME: instanceNameOf,
  LOCALCLASSPATH: (element) => named(element, 'CLASSNAME', localNamespaceOf),
  LOCALINSTANCEPATH: (element) => named(element, 'INSTANCENAME', localNamespaceOf),
  CLASSPATH: (element) => named(element, 'CLASSNAME', namespaceOf),
  INSTANCEPATH: (element) => named(element, 'INSTANCENAME', namespaceOf),
};

function named(element: XmlElement, expected: string, readNamespace: (path: XmlElement) => string): ObjectPath {
  const [path, name] = twoChildren(element);
  if (name.local !== expected) throw bad(`${element.local} must end with ${expected}`);
  return objectPathOf(name, readNamespace(path));
}

/** Any of the six forms; without keys for a class. CimError invalidParameter. */
export function objectPathOf(element: XmlElement, namespace: string): ObjectPath {
  const read = Object.hasOwn(READERS, element.local) ? READERS[element.local] : undefined;
  if (read === undefined) throw bad(`${element.local} names no object`);
  return read(element, namespace);
}

export const isClassName = (element: XmlElement): boolean => element.local === 'CLASSNAME' || element.local === 'CLASSPATH' || element.local === 'LOCALCLASSPATH';

/** What answers name objects by: the namespace is the request's, for paths that have none of their own. */
export interface Place extends InstanceWriter {
  readonly host: string;
}

export const className = (name: string): Markup => element('CLASSNAME', { NAME: name });

/** INSTANCEPATH, with the host. */
export const instancePath = (path: ObjectPath, { namespace, host }: Place): Markup => pathElement({ ...path, namespace: path.namespace ?? namespace }, host);

export const classPath = (name: string, { namespace, host }: Place): Markup => element('CLASSPATH', {}, [namespacePathElement(namespace, host), className(name)]);
