/** Enumerations in pieces: open, pull, close. Source: DSP0200, "Pulled enumeration operations"; DSP0201, "PARAMVALUE". */
import { CimError } from '../../cim/error.ts';
import type { Located } from '../../cim/manager.ts';
import { element, text, type Markup } from '../../xml/write.ts';
import { classElement, WHOLE_CLASS } from '../classes.ts';
import { returnValue } from '../cimxml.ts';
import { ListEnumeration, type Enumeration, type ItemKind } from '../enumerations.ts';
import { AnswerWriter, WHOLE_INSTANCE } from '../instances.ts';
import { instancePath } from '../objectnames.ts';
import { boolean, classNameForm, count, instanceNameForm, names, optional, required, string, type ParameterTable, type ValuesOf } from '../parameters.ts';
import { ASSOCIATOR_FILTER, filterOf, REFERENCE_FILTER } from './associations.ts';
import { shapeForClass } from './instances.ts';
import { operation, type Ask, type Operation } from './operation.ts';
import { selected } from './queries.ts';

const DEFAULT_IDLE_SECONDS = 60;
/** Also what a client may not exceed by asking for no timeout at all. */
export const MAX_IDLE_SECONDS = 3_600;
export const MAX_OBJECTS_PER_ANSWER = 5_000;

const OPENING = {
  OperationTimeout: optional(count, DEFAULT_IDLE_SECONDS),
  ContinueOnError: optional(boolean, false),
  MaxObjectCount: optional(count, 0),
} as const;
const FILTER = { FilterQueryLanguage: optional(string, null), FilterQuery: optional(string, null) } as const;
const SHAPE = { IncludeClassOrigin: optional(boolean, false), PropertyList: optional(names, null) } as const;

interface OpeningParameters {
  readonly OperationTimeout: number;
  readonly ContinueOnError: boolean;
  readonly MaxObjectCount: number;
  readonly FilterQueryLanguage?: string | null;
  readonly FilterQuery?: string | null;
}

function checkOpening({ OperationTimeout, ContinueOnError, FilterQueryLanguage = null, FilterQuery = null }: OpeningParameters): void {
  if (FilterQueryLanguage !== null || FilterQuery !== null) throw new CimError('filteredEnumerationNotSupported', 'filters are not supported here; use OpenQueryInstances');
  if (ContinueOnError) throw new CimError('continuationOnErrorNotSupported', 'an enumeration ends at its first error');
  if (OperationTimeout === 0 || OperationTimeout > MAX_IDLE_SECONDS) {
    throw new CimError('invalidOperationTimeout', `OperationTimeout must be from 1 to ${MAX_IDLE_SECONDS} seconds`);
  }
}

const outParameter = (name: string, type: string, content: Markup): Markup => element('PARAMVALUE', { NAME: name, PARAMTYPE: type }, content);
const value = (content: string): Markup => element('VALUE', {}, text(content));

const batch = (items: readonly Markup[], context: string | null): readonly Markup[] => [
  returnValue(items),
  outParameter('EndOfSequence', 'boolean', value(context === null ? 'TRUE' : 'FALSE')),
  outParameter('EnumerationContext', 'string', value(context ?? '')),
];

/** The first batch; what is left stays open under the context that the answer names. */
function opened(ask: Ask, enumeration: Enumeration, { MaxObjectCount, OperationTimeout }: OpeningParameters): readonly Markup[] {
  const items = enumeration.take(Math.min(MaxObjectCount, MAX_OBJECTS_PER_ANSWER));
  return batch(items, enumeration.isAtEnd ? null : ask.enumerations.open(ask.caller, enumeration, OperationTimeout));
}

interface ShapeParameters {
  readonly IncludeClassOrigin: boolean;
  readonly PropertyList: ReadonlySet<string> | null;
}

function instances(ask: Ask, found: readonly Located[], { IncludeClassOrigin, PropertyList }: ShapeParameters): Enumeration {
  const writer = new AnswerWriter(ask.place, { localOnly: false, classOrigin: IncludeClassOrigin, properties: PropertyList });
  return new ListEnumeration('instancesWithPath', ask.namespace, found, (each) => writer.withPath(each));
}

const paths = (ask: Ask, found: readonly Located[]): Enumeration => new ListEnumeration('instancePaths', ask.namespace, found, ({ path }) => instancePath(path, ask.place));

/** An operation that opens what `find` found. */
const opening = <Table extends ParameterTable>(table: Table, find: (ask: Ask, values: ValuesOf<Table>) => Promise<Enumeration>): Operation =>
  operation({ ...table, ...FILTER, ...OPENING }, async (ask, values) => {
    checkOpening(values);
    return opened(ask, await find(ask, values), values);
  });

const openEnumerateInstances = opening({ ClassName: required(classNameForm), DeepInheritance: optional(boolean, true), ...SHAPE }, async (ask, asked) => {
  const { properties } = shapeForClass(ask, asked.ClassName, asked.DeepInheritance, { ...WHOLE_INSTANCE, properties: asked.PropertyList });
  const found = await ask.manager.instances(ask.caller, ask.namespace, asked.ClassName);
  return instances(ask, found, { IncludeClassOrigin: asked.IncludeClassOrigin, PropertyList: properties });
});

const openEnumerateInstancePaths = opening({ ClassName: required(classNameForm) }, async (ask, { ClassName }) =>
  paths(ask, await ask.manager.instances(ask.caller, ask.namespace, ClassName)),
);

const FROM_INSTANCE = { InstanceName: required(instanceNameForm) } as const;

const openAssociatorInstances = opening({ ...FROM_INSTANCE, ...ASSOCIATOR_FILTER, ...SHAPE }, async (ask, asked) =>
  instances(ask, await ask.manager.associators(ask.caller, asked.InstanceName, filterOf(asked)), asked),
);

const openAssociatorInstancePaths = opening({ ...FROM_INSTANCE, ...ASSOCIATOR_FILTER }, async (ask, asked) =>
  paths(ask, await ask.manager.associators(ask.caller, asked.InstanceName, filterOf(asked))),
);

const openReferenceInstances = opening({ ...FROM_INSTANCE, ...REFERENCE_FILTER, ...SHAPE }, async (ask, asked) =>
  instances(ask, await ask.manager.references(ask.caller, asked.InstanceName, filterOf(asked)), asked),
);

const openReferenceInstancePaths = opening({ ...FROM_INSTANCE, ...REFERENCE_FILTER }, async (ask, asked) =>
  paths(ask, await ask.manager.references(ask.caller, asked.InstanceName, filterOf(asked))),
);

const openQueryInstances = operation(
  { FilterQueryLanguage: required(string), FilterQuery: required(string), ReturnQueryResultClass: optional(boolean, false), ...OPENING },
  async (ask, { FilterQueryLanguage, FilterQuery, ReturnQueryResultClass, ...parameters }) => {
    checkOpening(parameters);
    const { items, projection } = await ask.manager.query(ask.caller, ask.namespace, FilterQueryLanguage, FilterQuery);
    const writer = new AnswerWriter(ask.place, { ...WHOLE_INSTANCE, properties: selected(projection) });
    const enumeration = new ListEnumeration('instances', ask.namespace, items, ({ path, instance }) => writer.instance(instance, path.namespace ?? ask.namespace));
    return [...opened(ask, enumeration, parameters), ...(ReturnQueryResultClass ? [resultClass(ask, items, selected(projection))] : [])];
  },
);

/** The class of what was found; null when nothing was. */
function resultClass(ask: Ask, [first]: readonly Located[], properties: ReadonlySet<string> | null): Markup {
  if (first === undefined) return element('PARAMVALUE', { NAME: 'QueryResultClass' });
  const declaration = ask.schema.classOf(first.path.namespace ?? ask.namespace, first.instance.className);
  return element('PARAMVALUE', { NAME: 'QueryResultClass' }, classElement(ask.schema, ask.namespace, declaration, { ...WHOLE_CLASS, properties }));
}

function openEnumeration(ask: Ask, context: string): Enumeration {
  const enumeration = ask.enumerations.find(ask.caller, context);
  if (enumeration === undefined) throw new CimError('invalidEnumerationContext', 'the enumeration is unknown, has ended or was idle for too long');
  return enumeration;
}

const pull = (kind: ItemKind): Operation =>
  operation({ EnumerationContext: required(string), MaxObjectCount: required(count) }, async (ask, { EnumerationContext, MaxObjectCount }) => {
    const enumeration = openEnumeration(ask, EnumerationContext);
    if (enumeration.kind !== kind) throw new CimError('invalidEnumerationContext', 'the enumeration is of another kind and has another pull operation');
    const items = enumeration.take(Math.min(MaxObjectCount, MAX_OBJECTS_PER_ANSWER));
    if (!enumeration.isAtEnd) return batch(items, EnumerationContext);
    ask.enumerations.close(ask.caller, EnumerationContext);
    return batch(items, null);
  });

const closeEnumeration = operation({ EnumerationContext: required(string) }, async (ask, { EnumerationContext }) => {
  openEnumeration(ask, EnumerationContext);
  ask.enumerations.close(ask.caller, EnumerationContext);
  return [];
});

const enumerationCount = operation({ EnumerationContext: required(string) }, async (ask, { EnumerationContext }) => [
  returnValue([value(String(openEnumeration(ask, EnumerationContext).size))]),
]);

export const PULL_OPERATIONS = {
  OpenEnumerateInstances: openEnumerateInstances,
  OpenEnumerateInstancePaths: openEnumerateInstancePaths,
  OpenAssociatorInstances: openAssociatorInstances,
  OpenAssociatorInstancePaths: openAssociatorInstancePaths,
  OpenReferenceInstances: openReferenceInstances,
  OpenReferenceInstancePaths: openReferenceInstancePaths,
  OpenQueryInstances: openQueryInstances,
  PullInstancesWithPath: pull('instancesWithPath'),
  PullInstancePaths: pull('instancePaths'),
  PullInstances: pull('instances'),
  CloseEnumeration: closeEnumeration,
  EnumerationCount: enumerationCount,
} as const satisfies Readonly<Record<string, Operation>>;
