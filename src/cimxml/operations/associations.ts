/** Operations along associations, from an instance or from a class. Source: DSP0200, "Associators" to "ReferenceNames". */
import type { AssociatorFilter, Located } from '../../cim/manager.ts';
import { element, type Markup } from '../../xml/write.ts';
import { associatedClasses, referringClasses } from '../classassociations.ts';
import { classElement, type ClassShape } from '../classes.ts';
import { returnValue } from '../cimxml.ts';
import { AnswerWriter } from '../instances.ts';
import { classPath, instancePath } from '../objectnames.ts';
import { boolean, classNameForm, names, objectNameForm, optional, required, string, type NamedObject } from '../parameters.ts';
import { operation, type Ask, type Operation } from './operation.ts';

export const ASSOCIATOR_FILTER = {
  AssocClass: optional(classNameForm, undefined),
  ResultClass: optional(classNameForm, undefined),
  Role: optional(string, undefined),
  ResultRole: optional(string, undefined),
} as const;

export const REFERENCE_FILTER = { ResultClass: optional(classNameForm, undefined), Role: optional(string, undefined) } as const;

const OBJECT_PARAMETERS = { IncludeQualifiers: optional(boolean, false), IncludeClassOrigin: optional(boolean, false), PropertyList: optional(names, null) } as const;

export interface FilterParameters {
  readonly AssocClass?: string | undefined;
  readonly ResultClass?: string | undefined;
  readonly Role?: string | undefined;
  readonly ResultRole?: string | undefined;
}

export const filterOf = ({ AssocClass, ResultClass, Role, ResultRole }: FilterParameters): AssociatorFilter => ({
  associationClass: AssocClass,
  resultClass: ResultClass,
  role: Role,
  resultRole: ResultRole,
});

const objectPaths = (ask: Ask, found: readonly Located[]): Markup =>
  returnValue(found.map(({ path }) => element('OBJECTPATH', {}, instancePath(path, ask.place))));

const classPaths = (ask: Ask, found: readonly string[]): Markup => returnValue(found.map((name) => element('OBJECTPATH', {}, classPath(name, ask.place))));

interface ShapeParameters {
  readonly IncludeQualifiers: boolean;
  readonly IncludeClassOrigin: boolean;
  readonly PropertyList: ReadonlySet<string> | null;
}

function objects(ask: Ask, found: readonly Located[], { IncludeClassOrigin, PropertyList }: ShapeParameters): Markup {
  const writer = new AnswerWriter(ask.place, { localOnly: false, classOrigin: IncludeClassOrigin, properties: PropertyList });
  return returnValue(found.map((each) => writer.objectWithPath(each)));
}

function classObjects(ask: Ask, found: readonly string[], { IncludeQualifiers, IncludeClassOrigin, PropertyList }: ShapeParameters): Markup {
  const shape: ClassShape = { localOnly: false, qualifiers: IncludeQualifiers, classOrigin: IncludeClassOrigin, properties: PropertyList };
  const objectOf = (name: string): Markup => classElement(ask.schema, ask.namespace, ask.schema.classOf(ask.namespace, name), shape);
  return returnValue(found.map((name) => element('VALUE.OBJECTWITHPATH', {}, [classPath(name, ask.place), objectOf(name)])));
}

const associated = (ask: Ask, { path }: NamedObject, filter: AssociatorFilter): Promise<readonly Located[]> => ask.manager.associators(ask.caller, path, filter);
const referring = (ask: Ask, { path }: NamedObject, filter: AssociatorFilter): Promise<readonly Located[]> => ask.manager.references(ask.caller, path, filter);

const associators = operation({ ObjectName: required(objectNameForm), ...ASSOCIATOR_FILTER, ...OBJECT_PARAMETERS }, async (ask, { ObjectName, ...rest }) => {
  const filter = filterOf(rest);
  if (ObjectName.isClass) return [classObjects(ask, associatedClasses(ask.schema, ask.namespace, ObjectName.path.className, filter), rest)];
  return [objects(ask, await associated(ask, ObjectName, filter), rest)];
});

const associatorNames = operation({ ObjectName: required(objectNameForm), ...ASSOCIATOR_FILTER }, async (ask, { ObjectName, ...rest }) => {
  const filter = filterOf(rest);
  if (ObjectName.isClass) return [classPaths(ask, associatedClasses(ask.schema, ask.namespace, ObjectName.path.className, filter))];
  return [objectPaths(ask, await associated(ask, ObjectName, filter))];
});

const references = operation({ ObjectName: required(objectNameForm), ...REFERENCE_FILTER, ...OBJECT_PARAMETERS }, async (ask, { ObjectName, ...rest }) => {
  const filter = filterOf(rest);
  if (ObjectName.isClass) return [classObjects(ask, referringClasses(ask.schema, ask.namespace, ObjectName.path.className, filter), rest)];
  return [objects(ask, await referring(ask, ObjectName, filter), rest)];
});

const referenceNames = operation({ ObjectName: required(objectNameForm), ...REFERENCE_FILTER }, async (ask, { ObjectName, ...rest }) => {
  const filter = filterOf(rest);
  if (ObjectName.isClass) return [classPaths(ask, referringClasses(ask.schema, ask.namespace, ObjectName.path.className, filter))];
  return [objectPaths(ask, await referring(ask, ObjectName, filter))];
});

export const ASSOCIATION_OPERATIONS = {
  Associators: associators,
  AssociatorNames: associatorNames,
  References: references,
  ReferenceNames: referenceNames,
} as const satisfies Readonly<Record<string, Operation>>;
