/** The schema as MOF: every class of every namespace with what it declares itself. Source: DSP0004, "MOF grammar". */
import type { CimDefault, ClassDeclaration, MethodDeclaration, ParameterDeclaration, PropertyDeclaration, ValueDeclaration } from './schema.ts';
import { methodNamed, propertyNamed, type Schema } from './schema/classes.ts';

const HEADER = '// Written by npm run docs from src/cim/schema. The classes that a host serves, by namespace.\n';

const quoted = (text: string): string => `"${text.replace(/[\\"]/g, '\\$&')}"`;
const list = (items: readonly string[]): string => `{${items.map(quoted).join(', ')}}`;

/** `[key, read]` with a space after it, or nothing. */
const bracketed = (qualifiers: readonly (string | undefined)[]): string => {
  const present = qualifiers.filter((qualifier) => qualifier !== undefined);
  return present.length === 0 ? '' : `[${present.join(', ')}] `;
};

const when = (condition: unknown, qualifier: string): string | undefined => (condition ? qualifier : undefined);

const valueMap = (values: Readonly<Record<string, string>> | undefined): readonly string[] =>
  values === undefined || Object.keys(values).length === 0 ? [] : [`ValueMap${list(Object.keys(values))}`, `Values${list(Object.values(values))}`];

const embedded = ({ type, class: of, embeddedInstance }: ValueDeclaration): string | undefined => {
  const className = type === 'instance' ? of : embeddedInstance;
  return className === undefined ? when(type === 'instance', 'EmbeddedObject') : `EmbeddedInstance(${quoted(className)})`;
};

function typed({ name, type, array, class: of }: ValueDeclaration): string {
  const typeName = type === 'reference' ? `${of} ref` : type === 'instance' ? 'string' : type;
  return `${typeName} ${name}${array ? '[]' : ''}`;
}

const isList = (value: CimDefault): value is readonly (boolean | number | string)[] => Array.isArray(value);

function literal(value: CimDefault): string {
  if (isList(value)) return `{${value.map(literal).join(', ')}}`;
  return typeof value === 'string' ? quoted(value) : String(value).toUpperCase();
}

/** What the class declares anew says so. */
const override = (above: ClassDeclaration | undefined, { name }: { readonly name: string }): string | undefined =>
  when(above !== undefined && (propertyNamed(above, name) ?? methodNamed(above, name)), `Override(${quoted(name)})`);

function propertyLine(property: PropertyDeclaration, above: ClassDeclaration | undefined): string {
  const { key, writable, maxLength, values } = property;
  const limit = maxLength === undefined ? undefined : `MaxLen(${maxLength})`;
  const qualifiers = [when(key, 'key'), 'read', when(writable, 'write'), override(above, property), limit, embedded(property), ...valueMap(values)];
  return `  ${bracketed(qualifiers)}${typed(property)}${property.default === undefined ? '' : ` = ${literal(property.default)}`};\n`;
}

function parameterText(parameter: ParameterDeclaration): string {
  const { direction, values } = parameter;
  return bracketed([when(direction !== 'out', 'in'), when(direction !== 'in', 'out'), embedded(parameter), ...valueMap(values)]) + typed(parameter);
}

function methodLines(method: MethodDeclaration, above: ClassDeclaration | undefined): string {
  const { name, returns, parameters, returnValues } = method;
  const head = `  ${bracketed([override(above, method), ...valueMap(returnValues)])}${returns} ${name}(`;
  return parameters.length === 0 ? `${head});\n` : `${head}\n    ${parameters.map(parameterText).join(',\n    ')});\n`;
}

function classText(declaration: ClassDeclaration, above: ClassDeclaration | undefined): string {
  const { name, superclass, isAssociation, isIndication, isAbstract } = declaration;
  const qualifiers = bracketed([when(isAssociation, 'association'), when(isIndication, 'indication'), when(isAbstract, 'abstract')]);
  const own = <T extends { readonly origin: string }>(members: readonly T[]): readonly T[] => members.filter((member) => member.origin === name);
  const lines = [...own(declaration.properties).map((property) => propertyLine(property, above)), ...own(declaration.methods).map((method) => methodLines(method, above))];
  return `${qualifiers}class ${name}${superclass === null ? '' : ` : ${superclass}`} {\n${lines.join('')}};\n`;
}

function namespaceText(schema: Schema, namespace: string): string {
  const classes = schema.classes(namespace).map((declaration) => classText(declaration, schema.find(namespace, declaration.superclass ?? '')));
  return `#pragma namespace(${quoted(`\\\\.\\${namespace.replaceAll('/', '\\')}`)})\n\n${classes.join('\n')}`;
}

export const mofText = (schema: Schema): string => [HEADER, ...schema.namespaces.map((namespace) => namespaceText(schema, namespace))].join('\n');
