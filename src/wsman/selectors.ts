/**
 * From selectors to object paths. Names and values are compared without regard to case (the object manager does so for
 * values); some keys may be left out when the rest names one instance. Source: DSP0226 §5.1.2.2; MS-WSMV 3.1.4.1.2.
 */
import { CimError } from '../cim/error.ts';
import type { ObjectPath } from '../cim/instance.ts';
import { isSameName, nameKey, named } from '../cim/name.ts';
import { parsePath, UNNAMED_KEY, type KeyValue } from '../cim/path.ts';
import { keysOf } from '../cim/schema/classes.ts';
import type { ClassDeclaration, PropertyDeclaration } from '../cim/schema.ts';
import { typedValue } from '../cim/typed.ts';
import { childNamed, elements, textOf, trimmedTextOf } from '../xml/read.ts';
import type { XmlElement } from '../xml/xml.ts';
import { selectorsOf, type Selector } from './envelope.ts';
import { WsmanFault } from './fault.ts';
import { NAMESPACE_SELECTOR, resourceOf } from './resource.ts';

/** What reading a reference needs to know of the object model. */
export interface Naming {
  readonly namespace: string;
  /** CimError invalidNamespace, invalidClass. */
  classOf(namespace: string, className: string): ClassDeclaration;
}

const invalid = (message: string, detail: string): WsmanFault => new WsmanFault('InvalidSelectors', message, { detail });

export const namespaceSelector = (selectors: readonly Selector[]): string | undefined => textValue(selectors.find(({ name }) => isSameName(name, NAMESPACE_SELECTOR)));

function textValue(selector: Selector | undefined): string | undefined {
  if (selector === undefined) return undefined;
  if (typeof selector.value !== 'string') throw invalid(`the selector ${selector.name} is a text`, 'TypeMismatch');
  return selector.value;
}

/** WsmanFault InvalidSelectors when a selector is no key of the class, is there twice, or has a value of another type. */
export function pathOf(declaration: ClassDeclaration, selectors: readonly Selector[], naming: Naming): ObjectPath {
  const keys = new Map<string, KeyValue>();
  for (const selector of selectors.filter(({ name }) => !isSameName(name, NAMESPACE_SELECTOR))) {
    const property = named(declaration.properties, selector.name);
    if (!property?.key) throw invalid(`${selector.name.slice(0, 100)} is no key of ${declaration.name}`, 'UnexpectedSelectors');
    if (keys.has(property.name)) throw invalid(`the selector ${property.name} is there more than once`, 'DuplicateSelectors');
    keys.set(property.name, keyOf(property, selector, naming));
  }
  if (selectors.filter(({ name }) => isSameName(name, NAMESPACE_SELECTOR)).length > 1) throw invalid(`the selector ${NAMESPACE_SELECTOR} is there more than once`, 'DuplicateSelectors');
  return { kind: 'path', namespace: naming.namespace, className: declaration.name, keys };
}

export const hasEveryKey = (declaration: ClassDeclaration, path: ObjectPath): boolean => keysOf(declaration).every(({ name }) => path.keys.has(name));

function keyOf(property: PropertyDeclaration, { name, value }: Selector, naming: Naming): KeyValue {
  try {
    if (property.type === 'reference') return typeof value === 'string' ? ofText(value, naming) : referenceOf(value, naming);
    if (typeof value === 'string') return typedValue(property, value) as KeyValue;
  } catch (error) {
    if (!(error instanceof CimError)) throw error;
  }
  throw invalid(`the selector ${name} does not fit ${property.type}`, 'TypeMismatch');
}

/**
 * The path that an element names, in any of the shapes that clients send: the parts of an endpoint reference directly in
 * it, a:EndpointReference around them, an instance with its keys, or an object path as text. WsmanFault, CimError.
 */
export function referenceOf(found: XmlElement, naming: Naming, expectedClass?: string): ObjectPath {
  const wrapped = childNamed(found, 'EndpointReference') ?? found;
  const parameters = childNamed(wrapped, 'ReferenceParameters');
  if (parameters) return ofEndpoint(parameters, naming);
  if (elements(wrapped).length > 0) return ofInstance(wrapped, naming, expectedClass);
  const written = trimmedTextOf(wrapped);
  if (written === '') throw new WsmanFault('SchemaValidationError', `${found.local} names no object`);
  return ofText(written, naming);
}

/** An object path as text: old clients send it, and values of keys come so. CimError. */
function ofText(written: string, naming: Naming): ObjectPath {
  const { namespace, className, keys } = parsePath(written);
  const inner = { ...naming, namespace: namespace ?? naming.namespace };
  const declaration = naming.classOf(inner.namespace, className);
  const [onlyKey] = keysOf(declaration);
  return pathOf(declaration, [...keys].map(([name, value]) => ({ name: name === UNNAMED_KEY ? (onlyKey?.name ?? name) : name, value: String(value) })), inner);
}

function ofEndpoint(parameters: XmlElement, naming: Naming): ObjectPath {
  const uri = childNamed(parameters, 'ResourceURI');
  if (!uri) throw new WsmanFault('SchemaValidationError', 'an endpoint reference has no ResourceURI');
  const selectors = selectorsOf(childNamed(parameters, 'SelectorSet'));
  const resource = resourceOf(trimmedTextOf(uri), namespaceSelector(selectors), naming.namespace);
  if (resource.kind !== 'class') throw new WsmanFault('SchemaValidationError', 'an endpoint reference must name one class');
  const inner = { ...naming, namespace: resource.namespace };
  return pathOf(naming.classOf(resource.namespace, resource.className), selectors, inner);
}

/** The class is that of the element inside, of its type, or the one that the parameter is declared with. */
function ofInstance(found: XmlElement, naming: Naming, expectedClass: string | undefined): ObjectPath {
  const [only, ...others] = elements(found);
  const inside = only !== undefined && others.length === 0 && elements(only).length > 0 ? only : found;
  const className = inside === found ? (typeNameOf(found) ?? expectedClass ?? found.local) : inside.local;
  const declaration = naming.classOf(naming.namespace, className);
  const keyNames = new Set(keysOf(declaration).map(({ name }) => nameKey(name)));
  const keys = elements(inside).filter(({ local }) => keyNames.has(nameKey(local)));
  if (keys.length === 0) throw new WsmanFault('SchemaValidationError', `${found.local} holds no key of ${declaration.name}`);
  return pathOf(declaration, keys.map((key) => ({ name: key.local, value: elements(key).length > 0 ? key : textOf(key) })), naming);
}

/** `p:Msvm_ComputerSystem_Type` in an attribute `type`, whatever namespace it is bound to. */
function typeNameOf(found: XmlElement): string | undefined {
  const type = found.attributes.find(({ local }) => local === 'type')?.value;
  return type === undefined ? undefined : /^(?:[^:]*:)?(.+)_Type$/.exec(type.trim())?.[1];
}
