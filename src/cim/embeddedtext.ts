/** Values and instances as CIM-XML writes them. Source: DSP0201, "PROPERTY" and "VALUE"; CIM DTD 2.0. */
import { element, text, type Attributes, type Markup } from '../xml/write.ts';
import { datetimeText } from './datetime.ts';
import type { CimInstance, CimScalar, CimValue } from './instance.ts';
import { isPath, pathText } from './path.ts';
import type { Schema } from './schema/classes.ts';
import type { PropertyDeclaration } from './schema.ts';
import { pathElement } from './xmlpath.ts';

export interface InstanceWriter {
  readonly schema: Schema;
  readonly namespace: string;
  /** Named in references; left out when undefined. */
  readonly host?: string | undefined;
}

/** `TRUE`, `5`, `20240102030405.000000+000`, an object path, or an instance as text again. */
export function scalarText(writer: InstanceWriter, value: CimScalar): string {
  if (typeof value === 'boolean') return value ? 'TRUE' : 'FALSE';
  if (typeof value !== 'object') return String(value);
  if (value.kind === 'path') return pathText(value, writer.host);
  return value.kind === 'instance' ? embeddedText(writer, value) : datetimeText(value);
}

const isArray = (value: CimValue): value is readonly CimScalar[] => Array.isArray(value);
const isInstance = (value: CimValue | undefined): boolean => typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'instance';

function attributesOf({ name, type }: PropertyDeclaration, value: CimValue): Attributes {
  const holdsInstance = type === 'instance' || isInstance(isArray(value) ? value[0] : value);
  return { NAME: name, TYPE: type === 'instance' ? 'string' : type, EmbeddedObject: holdsInstance ? 'instance' : undefined };
}

function referenceElement(writer: InstanceWriter, { name, class: referenceClass }: PropertyDeclaration, value: CimValue): Markup {
  const content = isPath(value) ? [element('VALUE.REFERENCE', {}, pathElement(value, writer.host))] : [];
  return element('PROPERTY.REFERENCE', { NAME: name, REFERENCECLASS: referenceClass }, content);
}

/** A null value has no VALUE, an empty one has an empty VALUE. */
export function propertyElement(writer: InstanceWriter, property: PropertyDeclaration, value: CimValue): Markup {
  if (property.type === 'reference' && !property.array) return referenceElement(writer, property, value);
  const valueElement = (item: CimScalar): Markup => element('VALUE', {}, text(scalarText(writer, item)));
  if (!property.array) return element('PROPERTY', attributesOf(property, value), value === null || isArray(value) ? [] : [valueElement(value)]);
  const items = value === null ? undefined : isArray(value) ? value : [value];
  return element('PROPERTY.ARRAY', attributesOf(property, value), items === undefined ? [] : [element('VALUE.ARRAY', {}, items.map(valueElement))]);
}

/** Every property of the instance's class; what the instance does not have is null. */
export function instanceElement(writer: InstanceWriter, { className, properties }: CimInstance): Markup {
  const declaration = writer.schema.classOf(writer.namespace, className);
  return element('INSTANCE', { CLASSNAME: declaration.name }, declaration.properties.map((property) => propertyElement(writer, property, properties.get(property.name) ?? null)));
}

/** The instance as the text that a property or parameter holds: no declaration, no namespace, all properties. */
export const embeddedText = (writer: InstanceWriter, instance: CimInstance): string => instanceElement(writer, instance);
