/** An `<INSTANCE>` that a client sends, as it is; the object manager gives the values their types. Source: DSP0201, "INSTANCE". */
import { CimError } from '../cim/error.ts';
import type { CimInstance, CimValue } from '../cim/instance.ts';
import { nameKey } from '../cim/name.ts';
import { attributeOf, elements } from '../xml/read.ts';
import type { XmlElement } from '../xml/xml.ts';
import { valueSent } from './values.ts';

const PROPERTY_ELEMENTS = new Set(['PROPERTY', 'PROPERTY.ARRAY', 'PROPERTY.REFERENCE']);

const bad = (message: string): CimError => new CimError('invalidParameter', message);

function named(element: XmlElement, attribute: string): string {
  const name = attributeOf(element, attribute);
  if (name === undefined || name === '') throw bad(`${element.local} has no ${attribute}`);
  return name;
}

/** Qualifiers say nothing that the class does not say. */
function propertyValue(property: XmlElement, namespace: string): CimValue {
  const [content, second] = elements(property).filter(({ local }) => local !== 'QUALIFIER');
  if (second !== undefined) throw bad(`${property.local} has more than one value`);
  return valueSent(content, namespace);
}

/** CimError invalidParameter. */
export function instanceSent(instance: XmlElement, namespace: string): CimInstance {
  const properties = new Map<string, CimValue>();
  const seen = new Set<string>();
  for (const each of elements(instance)) {
    if (each.local === 'QUALIFIER') continue;
    if (!PROPERTY_ELEMENTS.has(each.local)) throw bad(`${each.local} is no property`);
    const name = named(each, 'NAME');
    if (seen.has(nameKey(name))) throw bad(`property ${name} is given twice`);
    seen.add(nameKey(name));
    properties.set(name, propertyValue(each, namespace));
  }
  return { kind: 'instance', className: named(instance, 'CLASSNAME'), properties };
}
