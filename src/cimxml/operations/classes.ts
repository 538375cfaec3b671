/** Operations on classes and qualifiers. Source: DSP0200, "GetClass" to "EnumerateQualifiers". */
import { CimError } from '../../cim/error.ts';
import type { Schema } from '../../cim/schema/classes.ts';
import type { ClassDeclaration } from '../../cim/schema.ts';
import { classElement, type ClassShape } from '../classes.ts';
import { returnValue } from '../cimxml.ts';
import { className } from '../objectnames.ts';
import { boolean, classNameForm, names, optional, required, string } from '../parameters.ts';
import { qualifierDeclaration, QUALIFIER_TYPES, type QualifierName } from '../qualifiers.ts';
import { operation, type Operation } from './operation.ts';

const CLASS_PARAMETERS = {
  LocalOnly: optional(boolean, true),
  IncludeQualifiers: optional(boolean, true),
  IncludeClassOrigin: optional(boolean, false),
} as const;

interface ShapeParameters {
  readonly LocalOnly: boolean;
  readonly IncludeQualifiers: boolean;
  readonly IncludeClassOrigin: boolean;
}

const shapeOf = ({ LocalOnly, IncludeQualifiers, IncludeClassOrigin }: ShapeParameters, properties: ReadonlySet<string> | null): ClassShape => ({
  localOnly: LocalOnly,
  qualifiers: IncludeQualifiers,
  classOrigin: IncludeClassOrigin,
  properties,
});

/** GetClass has a status of its own for a class that is not there. */
function existingClass(schema: Schema, namespace: string, name: string): ClassDeclaration {
  try {
    return schema.classOf(namespace, name);
  } catch (error) {
    if (error instanceof CimError && error.status === 'invalidClass') throw new CimError('notFound', error.message);
    throw error;
  }
}

const getClass = operation({ ClassName: required(classNameForm), ...CLASS_PARAMETERS, PropertyList: optional(names, null) }, async (ask, { ClassName, PropertyList, ...shape }) => {
  const declaration = existingClass(ask.schema, ask.namespace, ClassName);
  return [returnValue([classElement(ask.schema, ask.namespace, declaration, { ...shapeOf(shape, PropertyList), language: ask.caller.language })])];
});

/** Without a name: the roots, or everything when deep. */
function classesBelow(schema: Schema, namespace: string, name: string | null, deep: boolean): readonly ClassDeclaration[] {
  if (name !== null) return schema.subclasses(namespace, name, deep ? 'deep' : 'direct');
  const all = schema.classes(namespace);
  return deep ? all : all.filter(({ superclass }) => superclass === null);
}

const SUBCLASS_PARAMETERS = { ClassName: optional(classNameForm, null), DeepInheritance: optional(boolean, false) } as const;

const enumerateClasses = operation({ ...SUBCLASS_PARAMETERS, ...CLASS_PARAMETERS }, async (ask, { ClassName, DeepInheritance, ...shape }) => {
  const found = classesBelow(ask.schema, ask.namespace, ClassName, DeepInheritance);
  return [returnValue(found.map((each) => classElement(ask.schema, ask.namespace, each, { ...shapeOf(shape, null), language: ask.caller.language })))];
});

const enumerateClassNames = operation(SUBCLASS_PARAMETERS, async (ask, { ClassName, DeepInheritance }) =>
  [returnValue(classesBelow(ask.schema, ask.namespace, ClassName, DeepInheritance).map(({ name }) => className(name)))],
);

const QUALIFIER_NAMES = Object.keys(QUALIFIER_TYPES) as readonly QualifierName[];

const getQualifier = operation({ QualifierName: required(string) }, async (_ask, { QualifierName: asked }) => {
  const name = QUALIFIER_NAMES.find((each) => each.toLowerCase() === asked.toLowerCase());
  if (name === undefined) throw new CimError('notFound', `there is no qualifier ${asked}`);
  return [returnValue([qualifierDeclaration(name)])];
});

const enumerateQualifiers = operation({}, async () => [returnValue(QUALIFIER_NAMES.map(qualifierDeclaration))]);

export const CLASS_OPERATIONS = {
  GetClass: getClass,
  EnumerateClasses: enumerateClasses,
  EnumerateClassNames: enumerateClassNames,
  GetQualifier: getQualifier,
  EnumerateQualifiers: enumerateQualifiers,
} as const satisfies Readonly<Record<string, Operation>>;
