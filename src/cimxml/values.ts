/** Values of properties, parameters and results as elements. Source: DSP0201, "Value elements". */
import { scalarText } from '../cim/embeddedtext.ts';
import { CimError } from '../cim/error.ts';
import type { CimScalar, CimValue } from '../cim/instance.ts';
import { isPath } from '../cim/path.ts';
import type { ValueDeclaration } from '../cim/schema.ts';
import { assert } from '../errors/bug.ts';
import { elements, textOf } from '../xml/read.ts';
import { element, text, type Markup } from '../xml/write.ts';
import type { XmlElement } from '../xml/xml.ts';
import { instancePath, objectPathOf, type Place } from './objectnames.ts';

const isArray = (value: CimValue): value is readonly CimScalar[] => Array.isArray(value);

/** The one element that holds the value; none for null. */
export function valueElements({ type }: Pick<ValueDeclaration, 'type'>, value: CimValue | undefined, place: Place): readonly Markup[] {
  if (value === null || value === undefined) return [];
  const isReference = type === 'reference';
  const write = (item: CimScalar): Markup => (isReference ? referenceElement(item, place) : element('VALUE', {}, text(scalarText(place, item))));
  return [isArray(value) ? element(isReference ? 'VALUE.REFARRAY' : 'VALUE.ARRAY', {}, value.map(write)) : write(value)];
}

function referenceElement(value: CimScalar, place: Place): Markup {
  assert(isPath(value), 'a reference is no object path');
  return element('VALUE.REFERENCE', {}, instancePath(value, place));
}

function referenced(reference: XmlElement, namespace: string): CimScalar {
  const [name, second] = elements(reference);
  if (reference.local !== 'VALUE.REFERENCE' || name === undefined || second !== undefined) throw new CimError('invalidParameter', 'VALUE.REFERENCE must hold one name');
  return objectPathOf(name, namespace);
}

function item(value: XmlElement): CimScalar {
  if (value.local !== 'VALUE') throw new CimError('invalidParameter', `VALUE is expected, not ${value.local}`);
  return textOf(value);
}

const READERS: Readonly<Record<string, (content: XmlElement, namespace: string) => CimValue>> = {
  VALUE: item,
  'VALUE.ARRAY': (content) => elements(content).map(item),
  'VALUE.REFERENCE': referenced,
  'VALUE.REFARRAY': (content, namespace) => elements(content).map((each) => referenced(each, namespace)),
  CLASSNAME: objectPathOf,
  INSTANCENAME: objectPathOf,
};

/** The value as it was sent, not typed yet; null where there is no element. CimError invalidParameter. */
export function valueSent(content: XmlElement | undefined, namespace: string): CimValue {
  if (content === undefined) return null;
  const read = Object.hasOwn(READERS, content.local) ? READERS[content.local] : undefined;
  if (read === undefined) throw new CimError('invalidParameter', `${content.local} is no value`);
  return read(content, namespace);
}
