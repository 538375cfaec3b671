/**
 * Values by their declaration. What a message says a type is does not count: the class does. Text becomes a value, a value
 * of another form is checked. Source: DSP0201, "VALUE"; DSP0230, "CIM datatypes".
 */
import { readDatetime } from './datetime.ts';
import { CimError, type CimStatusName } from './error.ts';
import type { CimInstance, CimScalar, CimValue, ObjectPath } from './instance.ts';
import { isSameName } from './name.ts';
import { parsePath, pathText, UNNAMED_KEY, type KeyValue } from './path.ts';
import { keysOf, propertyNamed, type Schema } from './schema/classes.ts';
import type { CimType, ClassDeclaration, MethodDeclaration, ParameterDeclaration, ValueDeclaration } from './schema.ts';

const INTEGER = /^[+-]?\d{1,20}$/;
const HEXADECIMAL = /^0x[0-9a-f]{1,16}$/i;
const REAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d{1,4})?$/i;
const TRUTHS: Readonly<Record<string, boolean>> = { true: true, '1': true, false: false, '0': false };
const MAX_REAL_CHARACTERS = 400;

/** Smallest and largest, as bigint. */
const RANGES: Readonly<Partial<Record<CimType, readonly [bigint, bigint]>>> = {
  uint8: [0n, 0xffn],
  uint16: [0n, 0xffffn],
  uint32: [0n, 0xffff_ffffn],
  uint64: [0n, 0xffff_ffff_ffff_ffffn],
  sint8: [-0x80n, 0x7fn],
  sint16: [-0x8000n, 0x7fffn],
  sint32: [-0x8000_0000n, 0x7fff_ffffn],
  sint64: [-0x8000_0000_0000_0000n, 0x7fff_ffff_ffff_ffffn],
  char16: [0n, 0xffffn],
};

export const is64Bit = (type: CimType): boolean => type === 'uint64' || type === 'sint64';

export const isInteger = (type: CimType): boolean => RANGES[type] !== undefined;

function integerOf(type: CimType, value: bigint): number | bigint | undefined {
  const range = RANGES[type];
  if (range === undefined || value < range[0] || value > range[1]) return undefined;
  return is64Bit(type) ? value : Number(value);
}

function readInteger(type: CimType, text: string): number | bigint | undefined {
  return INTEGER.test(text) || HEXADECIMAL.test(text) ? integerOf(type, BigInt(text.replace(/^\+/, ''))) : undefined;
}

const readReal = (text: string): number | undefined => (text.length <= MAX_REAL_CHARACTERS && REAL.test(text) ? Number(text) : undefined);

function readReference(text: string): ObjectPath | undefined {
  try {
    return parsePath(text);
  } catch {
    return undefined;
  }
}

/** Undefined when the text is no value of the type. Blanks around it count only in a string. */
function readScalar(type: CimType, text: string): CimScalar | undefined {
  if (type === 'string') return text;
  const trimmed = text.trim();
  if (type === 'boolean') return Object.hasOwn(TRUTHS, trimmed.toLowerCase()) ? TRUTHS[trimmed.toLowerCase()] : undefined;
  if (type === 'datetime') return readDatetime(trimmed);
  if (type === 'reference') return readReference(trimmed);
  if (type === 'real32' || type === 'real64') return readReal(trimmed);
  if (type === 'char16' && [...text].length === 1 && !/\d/.test(text)) return text.charCodeAt(0);
  return readInteger(type, trimmed);
}

const isNumber = (value: CimScalar): value is number | bigint => typeof value === 'bigint' || Number.isInteger(value);

const OBJECT_KINDS: Readonly<Partial<Record<CimType, readonly string[]>>> = { datetime: ['timestamp', 'interval'], reference: ['path'], instance: ['instance'] };

/** Undefined when the value has another type. */
function checkedScalar({ type, embeddedInstance }: ValueDeclaration, value: CimScalar): CimScalar | undefined {
  if (typeof value === 'string') return readScalar(type, value);
  if (type === 'boolean') return typeof value === 'boolean' ? value : undefined;
  if (type === 'real32' || type === 'real64') return typeof value === 'number' ? value : undefined;
  if (isInteger(type)) return isNumber(value) ? integerOf(type, BigInt(value)) : undefined;
  if (typeof value !== 'object') return undefined;
  // A reference in a string property is its path as text.
  if (type === 'string' && embeddedInstance === undefined && value.kind === 'path') return pathText(value);
  const kinds = embeddedInstance === undefined ? OBJECT_KINDS[type] : OBJECT_KINDS.instance;
  return kinds?.includes(value.kind) ? value : undefined;
}

function shown(value: CimScalar): string {
  const text = typeof value === 'object' ? `an object of kind ${value.kind}` : typeof value === 'string' ? JSON.stringify(value) : String(value);
  return text.length > 120 ? `${text.slice(0, 120)}…` : text;
}

const isArray = (value: CimValue): value is readonly CimScalar[] => Array.isArray(value);

function scalarOf(declaration: ValueDeclaration, value: CimScalar): CimScalar {
  const typed = checkedScalar(declaration, value);
  if (typed === undefined) throw new CimError('typeMismatch', `${declaration.name}: ${shown(value)} is no ${declaration.type}.`);
  return typed;
}

/**
 * The value that the text (or texts, or a value of a form that nearly fits) is by its declaration. One text is an array of
 * one where an array is declared. CimError typeMismatch, which names the property or parameter and the value.
 */
export function typedValue(declaration: ValueDeclaration, value: CimValue): CimValue {
  if (value === null) return null;
  if (declaration.array) return (isArray(value) ? value : [value]).map((item) => scalarOf(declaration, item));
  if (!isArray(value)) return scalarOf(declaration, value);
  const [only] = value;
  if (value.length !== 1 || only === undefined) throw new CimError('typeMismatch', `${declaration.name}: ${value.length} values where one ${declaration.type} is expected.`);
  return scalarOf(declaration, only);
}

function keyDeclaration(declaration: ClassDeclaration, name: string): ValueDeclaration {
  const keys = keysOf(declaration);
  const found = name === UNNAMED_KEY && keys.length === 1 ? keys[0] : keys.find((key) => isSameName(key.name, name));
  if (found !== undefined) return found;
  throw new CimError('invalidParameter', `${name === UNNAMED_KEY ? 'A value without a name' : name} is no key of ${declaration.name}; its keys are ${keys.map((key) => key.name).join(', ') || 'none'}.`);
}

function keyOf(schema: Schema, namespace: string, declaration: ValueDeclaration, value: KeyValue): KeyValue {
  const key = typedValue(declaration, value) as KeyValue;
  return typeof key === 'object' ? typedPath(schema, key, namespace) : key;
}

/**
 * The path with class, namespace and keys as the schema spells them and keys of their types, references resolved to
 * paths. Keys may be missing. CimError invalidNamespace, invalidClass, invalidParameter (no such key), typeMismatch.
 */
export function typedPath(schema: Schema, path: ObjectPath, defaultNamespace: string = schema.defaultNamespace): ObjectPath {
  const declaration = schema.classOf(path.namespace ?? defaultNamespace, path.className);
  const namespace = schema.namespaceOf(path.namespace ?? defaultNamespace) ?? defaultNamespace;
  const keys = [...path.keys].map(([name, value]): [string, KeyValue] => {
    const key = keyDeclaration(declaration, name);
    return [key.name, keyOf(schema, namespace, key, value)];
  });
  return { kind: 'path', namespace, className: declaration.name, keys: new Map(keys) };
}

const isIn = (parameter: ParameterDeclaration): boolean => parameter.direction !== 'out';

/**
 * In parameters by the schema's names and of their types; those not given are absent. CimError invalidParameter for one
 * that the method does not have, typeMismatch.
 */
export function typedParameters(method: MethodDeclaration, given: ReadonlyMap<string, CimValue>): ReadonlyMap<string, CimValue> {
  const typed = new Map<string, CimValue>();
  for (const [name, value] of given) {
    const declaration = method.parameters.find((parameter) => isIn(parameter) && isSameName(parameter.name, name));
    if (declaration === undefined) throw new CimError('invalidParameter', `${name} is no parameter of ${method.name}; it takes ${method.parameters.filter(isIn).map((parameter) => parameter.name).join(', ') || 'none'}.`);
    if (typed.has(declaration.name)) throw new CimError('invalidParameter', `${declaration.name} is given twice.`);
    typed.set(declaration.name, typedValue(declaration, value));
  }
  return typed;
}


/**
 * The instance with its class and properties as the schema spells them and values of their types. What was absent stays
 * absent, null stays null. CimError invalidClass, typeMismatch, and `unknownProperty` for one that the class does not have.
 */
export function typedInstance(schema: Schema, namespace: string, { className, properties }: CimInstance, unknownProperty: CimStatusName = 'invalidParameter'): CimInstance {
  const declaration = schema.classOf(namespace, className);
  const typed = new Map<string, CimValue>();
  for (const [name, value] of properties) {
    const property = propertyNamed(declaration, name);
    if (property === undefined) throw new CimError(unknownProperty, `${name} is no property of ${declaration.name}.`);
    if (typed.has(property.name)) throw new CimError('invalidParameter', `${property.name} is given twice.`);
    typed.set(property.name, typedValue(property, value));
  }
  return { kind: 'instance', className: declaration.name, properties: typed };
}
