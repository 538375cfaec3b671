/** From WS-CIM elements to values of the type that the schema declares; types that a client writes are not believed. */
import { CimError } from '../cim/error.ts';
import type { CimInstance, CimScalar, CimValue } from '../cim/instance.ts';
import { named, nameKey } from '../cim/name.ts';
import type { ClassDeclaration, ValueDeclaration } from '../cim/schema.ts';
import { typedValue } from '../cim/typed.ts';
import { elements, textOf } from '../xml/read.ts';
import type { XmlElement } from '../xml/xml.ts';
import { WsmanFault } from './fault.ts';
import { referenceOf, type Naming } from './selectors.ts';

const invalid = (message: string): WsmanFault => new WsmanFault('SchemaValidationError', message, { status: 'invalidParameter' });

/** Whatever namespace the attribute is bound to: one client library binds xsi to a wrong one. */
const isNil = ({ attributes }: XmlElement): boolean => attributes.some(({ local, value }) => local === 'nil' && /^\s*(true|1)\s*$/i.test(value));

/**
 * The children of `parent` as values by declared name; names are compared by local part, without regard to case. A name
 * that is not declared, or is there twice and no array, is a WsmanFault SchemaValidationError.
 */
export function valuesIn(parent: XmlElement, declarations: readonly ValueDeclaration[], naming: Naming): Map<string, CimValue> {
  const found = new Map<string, { readonly declaration: ValueDeclaration; readonly elements: XmlElement[] }>();
  for (const child of elements(parent)) {
    const declaration = named(declarations, child.local);
    if (!declaration) throw invalid(`${parent.local} has no ${child.local.slice(0, 100)}`);
    const entry = found.get(declaration.name) ?? { declaration, elements: [] };
    entry.elements.push(child);
    found.set(declaration.name, entry);
  }
  return new Map([...found].map(([name, entry]) => [name, valueOf(entry.declaration, entry.elements, naming)]));
}

function valueOf(declaration: ValueDeclaration, found: readonly XmlElement[], naming: Naming): CimValue {
  const [first] = found;
  if (found.length === 1 && first && isNil(first)) return null;
  if (declaration.array) return found.filter((item) => !isNil(item)).map((item) => scalarOf(declaration, item, naming));
  if (found.length > 1) throw invalid(`${declaration.name} is no array`);
  return scalarOf(declaration, first!, naming);
}

function scalarOf(declaration: ValueDeclaration, found: XmlElement, naming: Naming): CimScalar {
  try {
    if (declaration.type === 'reference') return referenceOf(found, naming, declaration.class);
    if (declaration.type === 'instance') return instanceOf(found, naming);
    const inner = declaration.type === 'datetime' ? (elements(found)[0] ?? found) : found;
    if (elements(inner).length > 0) throw invalid(`${declaration.name} is a text, not elements`);
    return typedValue({ ...declaration, array: false }, textOf(inner)) as CimScalar;
  } catch (error) {
    if (error instanceof CimError && error.status === 'typeMismatch') throw invalid(error.message);
    throw error;
  }
}

function instanceOf(found: XmlElement, naming: Naming): CimInstance {
  const type = found.attributes.find(({ local }) => local === 'type')?.value ?? '';
  const className = /^(?:[^:]*:)?(.+)_Type$/.exec(type.trim())?.[1] ?? elements(found)[0]?.uri.split('/').at(-1) ?? '';
  return instanceIn(found, naming.classOf(naming.namespace, className), naming);
}

/** The properties written in an element, as an instance of the class; what is not written is not in it. */
export function instanceIn(found: XmlElement, declaration: ClassDeclaration, naming: Naming): CimInstance {
  return { kind: 'instance', className: declaration.name, properties: valuesIn(found, declaration.properties, naming) };
}

/** The one element of a body that holds an instance of the class. */
export function bodyInstance(body: XmlElement, declaration: ClassDeclaration, naming: Naming): CimInstance {
  const found = elements(body).find(({ local }) => nameKey(local) === nameKey(declaration.name));
  if (!found) throw invalid(`the body holds no ${declaration.name}`);
  return instanceIn(found, declaration, naming);
}
