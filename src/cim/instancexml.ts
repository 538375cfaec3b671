/**
 * An instance as an INSTANCE element, in CIM's DTD and in WMI's: its values are text still, in the form that typing by the
 * class takes. Source: DSP0201, "INSTANCE"; MS-WMI's "CIM XML encoding" (PROPERTY.OBJECT, VALUE.OBJECT).
 */
import { elements, textOf } from '../xml/read.ts';
import type { XmlElement } from '../xml/xml.ts';
import { CimError } from './error.ts';
import type { CimInstance, CimScalar, CimValue } from './instance.ts';
import { isSameName, nameKey } from './name.ts';
import { readPathElement } from './xmlpath.ts';

/** Names of elements and attributes come in other cases from some servers. */
export const attributeNamed = (element: XmlElement, name: string): string | undefined => element.attributes.find((attribute) => isSameName(attribute.local, name))?.value;

const elementsNamed = (parent: XmlElement, ...names: readonly string[]): readonly XmlElement[] => elements(parent).filter((child) => names.some((name) => isSameName(child.local, name)));

const PROPERTIES = ['PROPERTY', 'PROPERTY.ARRAY', 'PROPERTY.REFERENCE', 'PROPERTY.OBJECT', 'PROPERTY.OBJECTARRAY', 'PROPERTY.REFARRAY'];
const ARRAYS = ['VALUE.ARRAY', 'VALUE.OBJECTARRAY', 'VALUE.REFARRAY'];
const VALUES = ['VALUE', 'VALUE.OBJECT', 'VALUE.NAMEDINSTANCE', 'VALUE.REFERENCE'];
/** What an instance may be wrapped in. */
const WRAPPERS = new Set(['cim', 'declaration', 'declgroup', 'declgroup.withname', 'declgroup.withpath', 'value.object', 'value.namedinstance', 'value.namedobject', 'value.objectwithpath', 'value.objectwithlocalpath', 'value.instancewithpath']);

/** More than any class has. */
const MAX_PROPERTIES = 512;

/** CimError invalidParameter when it is there already, under whatever case. */
export function setOnce(properties: Map<string, CimValue>, name: string, value: CimValue): void {
  if ([...properties.keys()].some((known) => isSameName(known, name))) throw new CimError('invalidParameter', `Property ${name} is there twice.`);
  if (properties.size >= MAX_PROPERTIES) throw new CimError('invalidParameter', `There are more than ${MAX_PROPERTIES} properties.`);
  properties.set(name, value);
}

const isTrue = (text: string | undefined): boolean => text !== undefined && isSameName(text.trim(), 'true');

/** The INSTANCE elements at or under wrappers of this one. */
function instancesIn(element: XmlElement): readonly XmlElement[] {
  if (isSameName(element.local, 'INSTANCE')) return [element];
  return WRAPPERS.has(nameKey(element.local)) ? elements(element).flatMap(instancesIn) : [];
}

function referenceOf(value: XmlElement): CimScalar {
  const path = readPathElement(value);
  if (path !== undefined) return path;
  return textOf(value);
}

function scalarOf(value: XmlElement): CimScalar {
  if (isSameName(value.local, 'VALUE.REFERENCE')) return referenceOf(value);
  const [nested] = elements(value).flatMap(instancesIn);
  return nested === undefined ? textOf(value) : readInstanceElement(nested);
}

/** Undefined when there is no value. */
function valueOf(property: XmlElement): CimValue | undefined {
  const [array] = elementsNamed(property, ...ARRAYS);
  if (array !== undefined) return elementsNamed(array, ...VALUES).map(scalarOf);
  const [value] = elementsNamed(property, ...VALUES);
  return value === undefined ? undefined : scalarOf(value);
}

const isOfSystem = (property: XmlElement, name: string): boolean => name.startsWith('__') || attributeNamed(property, 'CLASSORIGIN') === '___SYSTEM';

function addProperty(properties: Map<string, CimValue>, property: XmlElement): void {
  const name = attributeNamed(property, 'NAME')?.trim();
  if (name === undefined || name === '') throw new CimError('invalidParameter', 'A property has no NAME.');
  if (isOfSystem(property, name)) return;
  const value = valueOf(property);
  if (value === undefined && isTrue(attributeNamed(property, 'PROPAGATED'))) return;
  setOnce(properties, name, value ?? null);
}

/**
 * Class, and properties with values that are not typed yet. A property without a value is null, unless it says that it is
 * inherited: then it is absent, as are system properties. The class is '' when there is none. CimError invalidParameter.
 */
export function readInstanceElement(instance: XmlElement): CimInstance {
  const properties = new Map<string, CimValue>();
  for (const property of elementsNamed(instance, ...PROPERTIES)) addProperty(properties, property);
  return { kind: 'instance', className: attributeNamed(instance, 'CLASSNAME')?.trim() ?? '', properties };
}

/** The one instance of a document, whatever it is wrapped in. CimError invalidParameter when there is none or are several. */
export function readInstanceDocument(root: XmlElement): CimInstance {
  const [instance, second] = instancesIn(root);
  if (instance === undefined) throw new CimError('invalidParameter', `There is no INSTANCE in ${root.local}.`);
  if (second !== undefined) throw new CimError('invalidParameter', 'There is more than one INSTANCE.');
  return readInstanceElement(instance);
}
