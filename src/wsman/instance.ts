/**
 * Instances as WS-CIM elements: every property of the class, nil when it has no value, in the namespace of the class.
 * Source: DSP0230 (WS-CIM mapping), DSP0227 §8; MS-WSMV 2.2.4.42 (IsNullArray).
 */
import { xsDatetimeText } from '../cim/datetime.ts';
import type { CimInstance, CimScalar, CimValue } from '../cim/instance.ts';
import type { ClassDeclaration, ValueDeclaration } from '../cim/schema.ts';
import { element, text, type Markup } from '../xml/write.ts';
import { reference, type Wording } from './endpoint.ts';
import { NS } from './namespaces.ts';
import { classUri } from './resource.ts';

export interface Writing extends Wording {
  /** The client asked to tell an empty array from none. */
  readonly preciseArrays: boolean;
  classOf(className: string): ClassDeclaration;
}

const TYPED = { 'xmlns:xsi': NS.instance, 'xmlns:cim': NS.common };

/** The instance, with the prefix `p` for its class. */
export function instanceElement(instance: CimInstance, writing: Writing): Markup {
  const declaration = writing.classOf(instance.className);
  const attributes = { 'xmlns:p': classUri(writing.family, writing.namespace, declaration.name), ...TYPED, 'xsi:type': `p:${declaration.name}_Type` };
  return element(`p:${declaration.name}`, attributes, propertyElements('p', instance, declaration, writing));
}

function propertyElements(prefix: string, instance: CimInstance, declaration: ClassDeclaration, writing: Writing): Markup[] {
  return declaration.properties.flatMap((property) => valueElements(`${prefix}:${property.name}`, property, instance.properties.get(property.name) ?? null, writing));
}

/** The selected properties without a namespace, by name: what a query with a list of names answers. Source: MS-WSMV notes 58, 59. */
export function fragmentElement(instance: CimInstance, names: readonly string[], writing: Writing): Markup {
  const declaration = writing.classOf(instance.className);
  const wanted = new Set(names.map((name) => name.toLowerCase()));
  const properties = declaration.properties.filter(({ name }) => wanted.has(name.toLowerCase())).sort((left, right) => (left.name < right.name ? -1 : 1));
  const written = properties.flatMap((property) => valueElements(property.name, property, instance.properties.get(property.name) ?? null, writing));
  return element('w:XmlFragment', TYPED, written);
}

/** One element, or one for each item of an array, so none for an empty one: clients count them. Who asked for precision gets a nil element, which is not marked as no array. xsi and cim are declared around it. */
export function valueElements(name: string, declaration: ValueDeclaration, value: CimValue, writing: Writing): Markup[] {
  if (value === null) return [nil(name, declaration, writing)];
  if (!Array.isArray(value)) return [scalarElement(name, value as CimScalar, writing)];
  const items = value as readonly CimScalar[];
  if (items.length === 0 && writing.preciseArrays) return [element(name, { 'xsi:nil': 'true' })];
  return items.map((item) => scalarElement(name, item, writing));
}

const nil = (name: string, { array }: ValueDeclaration, { preciseArrays }: Writing): Markup =>
  element(name, { 'xsi:nil': 'true', ...(array && preciseArrays && { 'xmlns:m': NS.microsoft, 'm:IsNullArray': 'true' }) });

function scalarElement(name: string, value: CimScalar, writing: Writing): Markup {
  if (typeof value !== 'object') return element(name, {}, text(String(value)));
  switch (value.kind) {
    case 'timestamp':
      return element(name, {}, element('cim:Datetime', {}, text(xsDatetimeText(value))));
    case 'interval':
      return element(name, {}, element('cim:Interval', {}, text(xsDatetimeText(value))));
    case 'path':
      return reference(name, value, writing);
    case 'instance':
      return embedded(name, value, writing);
  }
}

/** An instance inside another has a prefix of its own: that of the outer one still names the element itself. */
function embedded(name: string, instance: CimInstance, writing: Writing): Markup {
  const declaration = writing.classOf(instance.className);
  const [outer = ''] = name.split(':', 1);
  const prefix = outer.startsWith('e') ? `e${outer}` : 'e';
  const attributes = { [`xmlns:${prefix}`]: classUri(writing.family, writing.namespace, declaration.name), 'xsi:type': `${prefix}:${declaration.name}_Type` };
  return element(name, attributes, propertyElements(prefix, instance, declaration, writing));
}
