/**
 * Parameters of the intrinsic operations. An operation names what it takes in a table; reading by that table refuses what
 * is missing, unknown, sent twice or of another form. Source: DSP0200, "CIM_ERR_INVALID_PARAMETER".
 */
import { CimError } from '../cim/error.ts';
import type { ObjectPath } from '../cim/instance.ts';
import { nameKey } from '../cim/name.ts';
import { attributeOf, childNamed, elements, textOf, trimmedTextOf } from '../xml/read.ts';
import type { XmlElement } from '../xml/xml.ts';
import { isClassName, objectPathOf } from './objectnames.ts';

interface Where {
  readonly name: string;
  readonly namespace: string;
}
type Form<Value> = (content: XmlElement, where: Where) => Value;
/** Given undefined where the client sent nothing, or null. */
type Parameter<Value> = (content: XmlElement | undefined, where: Where) => Value;
export type ParameterTable = Readonly<Record<string, Parameter<unknown>>>;
export type ValuesOf<Table extends ParameterTable> = { readonly [Name in keyof Table]: ReturnType<Table[Name]> };

const bad = (message: string): CimError => new CimError('invalidParameter', message);

export const optional = <Value, Default>(form: Form<Value>, absent: Default): Parameter<Value | Default> =>
  (content, where) => (content === undefined ? absent : form(content, where));

export const required = <Value>(form: Form<Value>): Parameter<Value> => (content, where) => {
  if (content === undefined) throw bad(`${where.name} is required`);
  return form(content, where);
};

function valueOf(content: XmlElement, { name }: Where): XmlElement {
  if (content.local !== 'VALUE') throw bad(`${name} must be a VALUE`);
  return content;
}

export const string: Form<string> = (content, where) => textOf(valueOf(content, where));

export const boolean: Form<boolean> = (content, where) => {
  const word = trimmedTextOf(valueOf(content, where)).toLowerCase();
  if (word !== 'true' && word !== 'false') throw bad(`${where.name} must be TRUE or FALSE`);
  return word === 'true';
};

const UINT32_MAX = 0xffff_ffff;

/** uint32. */
export const count: Form<number> = (content, where) => {
  const digits = trimmedTextOf(valueOf(content, where));
  if (!/^\d{1,10}$/.test(digits) || Number(digits) > UINT32_MAX) throw bad(`${where.name} must be a number of 32 bits without sign`);
  return Number(digits);
};

/** Names of properties, in lower case. */
export const names: Form<ReadonlySet<string>> = (content, { name }) => {
  if (content.local !== 'VALUE.ARRAY') throw bad(`${name} must be a VALUE.ARRAY`);
  return new Set(elements(content).map((each) => trimmedTextOf(each).toLowerCase()));
};

/** Some clients send the name of a class as a VALUE. */
export const classNameForm: Form<string> = (content, { name }) => {
  const className = content.local === 'CLASSNAME' ? attributeOf(content, 'NAME') : content.local === 'VALUE' ? trimmedTextOf(content) : undefined;
  if (className === undefined || className === '') throw bad(`${name} must be a CLASSNAME`);
  return className;
};

/** The name of an instance, in any of the forms. */
export const instanceNameForm: Form<ObjectPath> = (content, { name, namespace }) => {
  if (isClassName(content)) throw bad(`${name} must name an instance`);
  return objectPathOf(content, namespace);
};

export interface NamedObject {
  readonly path: ObjectPath;
  readonly isClass: boolean;
}

export const objectNameForm: Form<NamedObject> = (content, { namespace }) => ({ path: objectPathOf(content, namespace), isClass: isClassName(content) });

export const instanceForm: Form<XmlElement> = (content, { name }) => {
  if (content.local !== 'INSTANCE') throw bad(`${name} must be an INSTANCE`);
  return content;
};

export interface NamedInstance {
  readonly path: ObjectPath;
  readonly instance: XmlElement;
}

export const namedInstanceForm: Form<NamedInstance> = (content, { name, namespace }) => {
  const instanceName = childNamed(content, 'INSTANCENAME');
  const instance = childNamed(content, 'INSTANCE');
  if (content.local !== 'VALUE.NAMEDINSTANCE' || instanceName === undefined || instance === undefined) throw bad(`${name} must be a VALUE.NAMEDINSTANCE`);
  return { path: objectPathOf(instanceName, namespace), instance };
};

interface Sent {
  readonly name: string;
  /** Undefined for null. */
  readonly content: XmlElement | undefined;
}

function sent(parameter: XmlElement, kind: string): Sent {
  const name = attributeOf(parameter, 'NAME');
  const [content, second] = elements(parameter);
  if (parameter.local !== kind || name === undefined) throw bad(`${kind} with a NAME is expected, not ${parameter.local}`);
  if (second !== undefined) throw bad(`parameter ${name} has more than one value`);
  return { name, content };
}

/** What was sent, each name once. CimError invalidParameter. */
export function contentsOf(parameters: readonly XmlElement[], kind: 'IPARAMVALUE' | 'PARAMVALUE'): readonly Sent[] {
  const contents = parameters.map((each) => sent(each, kind));
  const seen = new Set<string>();
  for (const { name } of contents) {
    if (seen.has(nameKey(name))) throw bad(`parameter ${name} is given twice`);
    seen.add(nameKey(name));
  }
  return contents;
}

/** CimError invalidParameter. */
export function readParameters<Table extends ParameterTable>(table: Table, parameters: readonly XmlElement[], namespace: string): ValuesOf<Table> {
  const contents = contentsOf(parameters, 'IPARAMVALUE');
  const byName = new Map(contents.map(({ name, content }) => [nameKey(name), content]));
  const known = new Set(Object.keys(table).map(nameKey));
  const unknown = contents.find(({ name }) => !known.has(nameKey(name)));
  if (unknown !== undefined) throw bad(`parameter ${unknown.name} is unknown; there are ${Object.keys(table).join(', ')}`);
  const values = Object.entries(table).map(([name, parameter]) => [name, parameter(byName.get(nameKey(name)), { name, namespace })]);
  return Object.fromEntries(values) as ValuesOf<Table>;
}
