/**
 * "String representation of an instance": settings that travel as text in a parameter. Read in every form that clients
 * send (CIM-XML by either DTD, wrapped or not, and MOF) and typed by the class; written as CIM-XML with all properties.
 */
import { parseXml } from '../xml/parse.ts';
import { XmlError, type XmlElement } from '../xml/xml.ts';
import { CimError } from './error.ts';
import type { CimInstance, CimScalar, CimValue } from './instance.ts';
import { readInstanceDocument } from './instancexml.ts';
import { readMofInstance } from './mofinstance.ts';
import type { Schema } from './schema/classes.ts';
import { typedInstance } from './typed.ts';

const MAX_CHARACTERS = 262_144;
const XML_LIMITS = { characters: MAX_CHARACTERS, elements: 10_000, depth: 32 };

function parsed(text: string): XmlElement {
  try {
    return parseXml(text, XML_LIMITS);
  } catch (error) {
    if (error instanceof XmlError) throw new CimError('invalidParameter', `The embedded instance is no XML that is read here: ${error.message}`);
    throw error;
  }
}

function untyped(text: string): CimInstance {
  if (text.length > MAX_CHARACTERS) throw new CimError('invalidParameter', `The embedded instance is longer than ${MAX_CHARACTERS} characters.`);
  const trimmed = text.replace(/^\ufeff/, '').trim();
  if (trimmed === '') throw new CimError('invalidParameter', 'The embedded instance is empty.');
  return trimmed.startsWith('<') ? readInstanceDocument(parsed(trimmed)) : readMofInstance(trimmed);
}

/** An unknown class is the caller's parameter, not the caller's class. */
function requireClass(schema: Schema, namespace: string, className: string, expected: string | undefined): void {
  if (schema.find(namespace, className) === undefined) throw new CimError('invalidParameter', `The embedded instance is of class ${JSON.stringify(className)}, which does not exist.`);
  if (expected !== undefined && !schema.isA(namespace, className, expected)) throw new CimError('invalidParameter', `The embedded instance is of class ${className}; ${expected} is expected.`);
}

function typedNested(schema: Schema, namespace: string, value: CimScalar): CimScalar {
  return typeof value === 'object' && value.kind === 'instance' ? typed(schema, namespace, value, undefined) : value;
}

function typed(schema: Schema, namespace: string, instance: CimInstance, expected: string | undefined): CimInstance {
  requireClass(schema, namespace, instance.className, expected);
  const { properties, ...rest } = typedInstance(schema, namespace, instance);
  const isArray = (value: CimValue): value is readonly CimScalar[] => Array.isArray(value);
  const nested = [...properties].map(([name, value]): [string, CimValue] => {
    if (value === null) return [name, null];
    return [name, isArray(value) ? value.map((item) => typedNested(schema, namespace, item)) : typedNested(schema, namespace, value)];
  });
  return { ...rest, properties: new Map(nested) };
}

/**
 * The instance that the text holds, of the expected class or one below it. A property that the text leaves out is absent
 * from `properties`, one that it gives no value is null there. CimError invalidParameter, which names the class or
 * property that does not exist or says where the text is wrong; typeMismatch, which names the property and its value.
 */
export function readEmbedded(schema: Schema, namespace: string, text: string, expected?: string): CimInstance {
  const instance = untyped(text);
  return typed(schema, namespace, instance.className === '' ? { ...instance, className: expected ?? '' } : instance, expected);
}
