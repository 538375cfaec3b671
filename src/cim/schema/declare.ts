/**
 * From the schema's data files to declarations: a file holds what each class declares itself, a declaration also what it
 * inherits. A property declared anew keeps what it does not say: key, value map, default. Source: DSP0004, "Override".
 */
import { assert } from '../../errors/bug.ts';
import { isSameName } from '../name.ts';
import type { CimDefault, CimType, ClassDeclaration, MethodDeclaration, ParameterDeclaration, PropertyDeclaration } from '../schema.ts';

/** As JSON has it: types are strings, and what is left out may be there as undefined. */
interface ValueData {
  readonly type: string;
  readonly array?: boolean | undefined;
  readonly class?: string | undefined;
  readonly embeddedInstance?: string | undefined;
  readonly values?: Readonly<Record<string, string | undefined>> | undefined;
  readonly maxLength?: number | undefined;
  readonly key?: boolean | undefined;
  readonly default?: CimDefault | undefined;
  readonly writable?: boolean | undefined;
}

interface MethodData {
  readonly returns: string;
  readonly parameters: readonly (ValueData & { readonly name: string; readonly direction: string })[];
  readonly returnValues?: Readonly<Record<string, string>> | undefined;
}

interface ClassData {
  readonly superclass: string | null;
  readonly association?: boolean | undefined;
  readonly indication?: boolean | undefined;
  readonly abstract?: boolean | undefined;
  readonly properties: Readonly<Record<string, ValueData>>;
  readonly methods?: Readonly<Record<string, MethodData>> | undefined;
}

export interface SchemaData {
  /** Where the declarations are documented. */
  readonly source: string;
  readonly classes: Readonly<Record<string, ClassData>>;
}

const TYPES: ReadonlySet<string> = new Set<CimType>([
  'boolean', 'uint8', 'uint16', 'uint32', 'uint64', 'sint8', 'sint16', 'sint32', 'sint64', 'real32', 'real64', 'char16', 'string', 'datetime', 'reference', 'instance',
]);

function isType(name: string): name is CimType {
  return TYPES.has(name);
}

function typeNamed(name: string): CimType {
  assert(isType(name), `${name} is no CIM type`);
  return name;
}

const DIRECTIONS = ['in', 'out', 'inout'] as const;

function propertyOf(name: string, data: ValueData, origin: string): PropertyDeclaration {
  return { ...data, name, type: typeNamed(data.type), origin } as PropertyDeclaration;
}

function parameterOf(data: MethodData['parameters'][number], method: string): ParameterDeclaration {
  const direction = DIRECTIONS.find((known) => known === data.direction);
  assert(direction, `${method}.${data.name}: ${data.direction} is no direction`);
  return { ...data, type: typeNamed(data.type), direction } as ParameterDeclaration;
}

function methodOf(name: string, { returns, parameters, returnValues }: MethodData, origin: string): MethodDeclaration {
  const declared = { name, returns: typeNamed(returns), parameters: parameters.map((parameter) => parameterOf(parameter, name)), origin };
  return returnValues === undefined ? declared : { ...declared, returnValues };
}

/** What is declared anew stands where the inherited one stood. */
function overlaid<T extends { readonly name: string }>(inherited: readonly T[], own: readonly T[], override: (above: T, below: T) => T): readonly T[] {
  const kept = inherited.map((above) => {
    const below = own.find((candidate) => isSameName(candidate.name, above.name));
    return below === undefined ? above : override(above, below);
  });
  return [...kept, ...own.filter((candidate) => !inherited.some((above) => isSameName(above.name, candidate.name)))];
}

/** Whether a client may change it is said anew by each class. */
function overridden(above: PropertyDeclaration, below: PropertyDeclaration): PropertyDeclaration {
  const { writable: _writable, ...inherited } = above;
  return { ...inherited, ...below };
}

function declared(name: string, data: ClassData, above: ClassDeclaration | null): ClassDeclaration {
  const properties = Object.entries(data.properties).map(([property, value]) => propertyOf(property, value, name));
  const methods = Object.entries(data.methods ?? {}).map(([method, value]) => methodOf(method, value, name));
  return {
    name,
    superclass: data.superclass,
    isAssociation: data.association ?? above?.isAssociation ?? false,
    isIndication: data.indication ?? above?.isIndication ?? false,
    isAbstract: data.abstract ?? false,
    properties: overlaid(above?.properties ?? [], properties, overridden),
    methods: overlaid(above?.methods ?? [], methods, (_above, below) => below),
  };
}

/** Every class of the files, a class after its superclass. A superclass that is in none of them is a bug. */
export function declareClasses(...files: readonly SchemaData[]): readonly ClassDeclaration[] {
  const data = new Map(files.flatMap((file) => Object.entries(file.classes)));
  const done = new Map<string, ClassDeclaration>();
  const declare = (name: string): ClassDeclaration => {
    const known = done.get(name);
    if (known !== undefined) return known;
    const own = data.get(name);
    assert(own, `class ${name} is declared nowhere`);
    const declaration = declared(name, own, own.superclass === null ? null : declare(own.superclass));
    done.set(name, declaration);
    return declaration;
  };
  for (const name of data.keys()) declare(name);
  return [...done.values()];
}
