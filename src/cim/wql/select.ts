/** A select query made ready for the instances of its class: names are checked once, then each instance is tried. */
import { readDatetime } from '../datetime.ts';
import type { CimInstance, CimInterval, CimScalar, CimTimestamp, CimValue, ObjectPath } from '../instance.ts';
import type { Located } from '../manager.ts';
import { isSameName, nameKey } from '../name.ts';
import { isSamePath, parsePath, pathText } from '../path.ts';
import { propertyNamed, type Schema } from '../schema/classes.ts';
import type { ClassDeclaration } from '../schema.ts';
import { likePattern } from './like.ts';
import { invalidQuery } from './tokens.ts';
import type { ComparisonOperator, Condition, Literal, Operand, SelectQuery } from './wql.ts';

export interface QueryScope {
  readonly schema: Schema;
  readonly namespace: string;
  /** What `__SERVER` and `__PATH` say. */
  readonly host: string;
}

/** What is selected, as the schema spells it, and which instances fit. */
export interface Selection {
  readonly className: string;
  readonly projection: readonly string[] | null;
  fits(located: Located): boolean;
}

type Test = (located: Located) => boolean;
type Reader = (located: Located) => CimValue;

const windowsNamespace = (namespace: string): string => namespace.replaceAll('/', '\\');

function derivation(schema: Schema, namespace: string, className: string): readonly string[] {
  const superclass = schema.find(namespace, className)?.superclass ?? null;
  return superclass === null ? [] : [superclass, ...derivation(schema, namespace, superclass)];
}

/** Source: Microsoft Learn, "WMI system properties". */
const SYSTEM_PROPERTIES: Readonly<Record<string, (scope: QueryScope, located: Located) => CimValue>> = {
  __class: (_scope, { instance }) => instance.className,
  __server: ({ host }) => host,
  __namespace: ({ namespace }) => windowsNamespace(namespace),
  __path: ({ host }, { path }) => pathText(path, host),
  __relpath: (_scope, { path }) => pathText({ ...path, namespace: null }),
  __superclass: ({ schema, namespace }, { instance }) => schema.find(namespace, instance.className)?.superclass ?? null,
  __dynasty: ({ schema, namespace }, { instance }) => derivation(schema, namespace, instance.className).at(-1) ?? instance.className,
  __derivation: ({ schema, namespace }, { instance }) => derivation(schema, namespace, instance.className),
  __genus: () => 2,
};

const systemProperty = (name: string) => (Object.hasOwn(SYSTEM_PROPERTIES, nameKey(name)) ? SYSTEM_PROPERTIES[nameKey(name)] : undefined);

const isInstance = (value: CimValue | undefined): value is CimInstance => typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'instance';
const isArray = (value: CimValue): value is readonly CimScalar[] => Array.isArray(value);

/** CQL may put the class before the property: `CIM_Job::Name`. */
const ownName = (name: string): string => name.split('::').at(-1) ?? name;

function valueIn(instance: CimInstance, name: string): CimValue {
  const exact = instance.properties.get(name);
  if (exact !== undefined) return exact;
  return [...instance.properties].find(([known]) => isSameName(known, name))?.[1] ?? null;
}

/** `SourceInstance.Name`: into embedded instances, as far as there are any. */
function readNested(instance: CimInstance, names: readonly string[]): CimValue {
  const [name, ...rest] = names;
  if (name === undefined) return instance;
  const value = isSameName(name, '__CLASS') ? instance.className : valueIn(instance, ownName(name));
  if (rest.length === 0) return value;
  return isInstance(value) ? readNested(value, rest) : null;
}

const microsOf = (value: CimTimestamp | CimInterval): bigint => (value.kind === 'interval' ? value.microseconds : BigInt(value.epochMs) * 1_000n + BigInt(value.micros));

function compareDatetimes(left: CimTimestamp | CimInterval, right: CimScalar): number | undefined {
  const other = typeof right === 'string' ? readDatetime(right) : right;
  if (typeof other !== 'object' || (other.kind !== 'timestamp' && other.kind !== 'interval') || other.kind !== left.kind) return undefined;
  return orderOf(microsOf(left), microsOf(other));
}

const orderOf = (left: string | number | bigint, right: string | number | bigint): number => (left < right ? -1 : left > right ? 1 : 0);

function numeric(value: CimScalar): number | bigint | undefined {
  if (typeof value === 'number' || typeof value === 'bigint') return value;
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value !== 'string' || value.trim() === '') return undefined;
  const number = Number(value);
  if (Number.isNaN(number)) return undefined;
  return Number.isSafeInteger(number) || !/^\s*\d{1,20}\s*$/.test(value) ? number : BigInt(value.trim());
}

function truth(value: CimScalar): boolean | undefined {
  if (typeof value === 'boolean') return value;
  const words: Readonly<Record<string, boolean>> = { true: true, '1': true, false: false, '0': false };
  const word = nameKey(String(value));
  return Object.hasOwn(words, word) ? words[word] : undefined;
}

function pathOf(value: CimScalar): ObjectPath | undefined {
  if (typeof value === 'object') return value.kind === 'path' ? value : undefined;
  try {
    return parsePath(String(value));
  } catch {
    return undefined;
  }
}

/** 0 when equal; undefined when the two cannot be compared. The left one's type decides. */
function compare(left: CimScalar, right: CimScalar): number | undefined {
  if (typeof left === 'string') return typeof right === 'object' ? undefined : orderOf(nameKey(left), nameKey(String(right)));
  if (typeof left === 'boolean') {
    const other = truth(right);
    return other === undefined ? undefined : Number(left) - Number(other);
  }
  if (typeof left !== 'object') {
    const other = numeric(right);
    return other === undefined ? undefined : orderOf(left, other);
  }
  if (left.kind === 'timestamp' || left.kind === 'interval') return compareDatetimes(left, right);
  const other = pathOf(right);
  return left.kind === 'path' && other !== undefined ? (isSamePath(left, other) ? 0 : 1) : undefined;
}

const HOLDS: Readonly<Record<ComparisonOperator, (order: number) => boolean>> = {
  '=': (order) => order === 0,
  '<>': (order) => order !== 0,
  '<': (order) => order < 0,
  '>': (order) => order > 0,
  '<=': (order) => order <= 0,
  '>=': (order) => order >= 0,
};

const MIRRORED: Readonly<Record<ComparisonOperator, ComparisonOperator>> = { '=': '=', '<>': '<>', '<': '>', '>': '<', '<=': '>=', '>=': '<=' };

/** Nothing is equal to null but null; of an array any element will do. */
function holds(left: CimValue, operator: ComparisonOperator, right: CimValue): boolean {
  if (left === null || right === null) return operator === '<>' ? left !== right : operator === '=' && left === right;
  if (isArray(left)) return left.some((item) => holds(item, operator, right));
  if (isArray(right)) return right.some((item) => holds(left, operator, item));
  const order = compare(left, right);
  return order === undefined ? operator === '<>' : HOLDS[operator](order);
}

const likeText = (value: CimScalar): string => (typeof value === 'object' ? (value.kind === 'path' ? pathText(value) : '') : String(value));

class Compiler {
  readonly #scope: QueryScope;
  readonly #declaration: ClassDeclaration;

  constructor(scope: QueryScope, declaration: ClassDeclaration) {
    this.#scope = scope;
    this.#declaration = declaration;
  }

  test(condition: Condition): Test {
    switch (condition.kind) {
      case 'and':
        return this.#all(condition.terms);
      case 'or':
        return this.#any(condition.terms);
      case 'not':
        return this.#not(condition.term);
      case 'compare':
        return this.#comparison(condition.left, condition.operator, condition.right);
      case 'like':
        return this.#like(condition.left, condition.pattern);
      case 'null':
        return this.#isNull(condition.left);
      case 'isa':
        return this.#isA(condition.left, condition.className);
    }
  }

  #all(terms: readonly Condition[]): Test {
    const tests = terms.map((term) => this.test(term));
    return (located) => tests.every((test) => test(located));
  }

  #any(terms: readonly Condition[]): Test {
    const tests = terms.map((term) => this.test(term));
    return (located) => tests.some((test) => test(located));
  }

  #not(term: Condition): Test {
    const test = this.test(term);
    return (located) => !test(located);
  }

  /** The property's type decides, so it goes to the left. */
  #comparison(left: Operand, operator: ComparisonOperator, right: Operand): Test {
    if (left.kind === 'literal' && right.kind === 'property') return this.#comparison(right, MIRRORED[operator], left);
    const readLeft = this.#reader(left);
    const readRight = this.#reader(right);
    return (located) => holds(readLeft(located), operator, readRight(located));
  }

  #like(left: Operand, pattern: string): Test {
    const read = this.#reader(left);
    const isLike = likePattern(pattern);
    return (located) => {
      const value = read(located);
      if (value === null) return false;
      return isArray(value) ? value.some((item) => isLike(likeText(item))) : isLike(likeText(value));
    };
  }

  #isNull(left: Operand): Test {
    const read = this.#reader(left);
    return (located) => read(located) === null;
  }

  /** `__this ISA C` asks the instance, `SourceInstance ISA C` the embedded one, `Antecedent ISA C` the object named. */
  #isA(left: Operand, className: string): Test {
    const { schema, namespace } = this.#scope;
    const isThis = left.kind === 'property' && isSameName(left.name, '__this');
    const read: Reader = isThis ? ({ instance }) => instance : this.#reader(left);
    return (located) => {
      const value = read(located);
      return typeof value === 'object' && value !== null && 'className' in value && schema.isA(namespace, value.className, className);
    };
  }

  #reader(operand: Operand): Reader {
    if (operand.kind === 'literal') return constantReader(operand.value);
    const system = systemProperty(operand.name);
    if (system !== undefined) return (located) => system(this.#scope, located);
    const names = operand.name.split('.');
    const [first = ''] = names;
    const property = propertyNamed(this.#declaration, ownName(first));
    const isOwnClass = property === undefined && names.length > 1 && isSameName(first, this.#declaration.name);
    if (isOwnClass) return this.#reader({ ...operand, name: names.slice(1).join('.') });
    if (property === undefined) throw invalidQuery(`${first} is no property of ${this.#declaration.name}`, operand.at);
    const path = [property.name, ...names.slice(1)];
    return ({ instance }) => readNested(instance, path);
  }
}

const constantReader = (value: Literal): Reader => () => value;

function projectionOf({ properties }: SelectQuery, declaration: ClassDeclaration): readonly string[] | null {
  if (properties === null) return null;
  const names = properties.flatMap(({ name, at }) => {
    const found = propertyNamed(declaration, ownName(name.split('.').at(-1) ?? name));
    if (found !== undefined) return [found.name];
    if (systemProperty(name) !== undefined) return [];
    throw invalidQuery(`${name} is no property of ${declaration.name}`, at);
  });
  return [...new Set(names)];
}

/** CimError invalidClass, and invalidQuery for a property that the class does not have. */
export function compileSelect(scope: QueryScope, query: SelectQuery): Selection {
  const declaration = scope.schema.classOf(scope.namespace, query.className);
  const test = query.where === null ? () => true : new Compiler(scope, declaration).test(query.where);
  return { className: declaration.name, projection: projectionOf(query, declaration), fits: test };
}

