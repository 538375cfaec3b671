/**
 * Changes of instances as events, which clients ask for by a query. Each change is one event of CIM's and one of WMI's
 * classes. Source: DMTF CIM Schema, "Event model"; Microsoft Learn, "WMI system classes".
 */
import { timestamp } from './datetime.ts';
import { CimError } from './error.ts';
import type { CimInstance, CimValue } from './instance.ts';
import type { InstanceChange } from './manager.ts';
import { classPath, pathText } from './path.ts';
import { parseQueryIn } from './wql/language.ts';
import { compileSelect, type QueryScope } from './wql/select.ts';

/** 100 ns since 1601 to ms since 1970. */
const FILETIME_EPOCH_MS = 11_644_473_600_000;
const FILETIME_PER_MS = 10_000n;
const INFORMATION = 2;

const CIM_CLASSES: Readonly<Record<InstanceChange['kind'], string>> = { creation: 'CIM_InstCreation', modification: 'CIM_InstModification', deletion: 'CIM_InstDeletion' };
const WMI_CLASSES: Readonly<Record<InstanceChange['kind'], string>> = { creation: '__InstanceCreationEvent', modification: '__InstanceModificationEvent', deletion: '__InstanceDeletionEvent' };

function event(className: string, properties: Readonly<Record<string, CimValue>>, { kind, previous }: InstanceChange): CimInstance {
  const all = kind === 'modification' ? { ...properties, PreviousInstance: previous } : properties;
  return { kind: 'instance', className, properties: new Map(Object.entries(all)) };
}

const cimEvent = (change: InstanceChange, host: string): CimInstance =>
  event(
    CIM_CLASSES[change.kind],
    {
      IndicationTime: timestamp(change.atMs),
      PerceivedSeverity: INFORMATION,
      SourceInstance: change.target.instance,
      SourceInstanceModelPath: pathText(change.target.path),
      SourceInstanceHost: host,
    },
    change,
  );

const wmiEvent = (change: InstanceChange): CimInstance =>
  event(WMI_CLASSES[change.kind], { TargetInstance: change.target.instance, TIME_CREATED: BigInt(Math.trunc(change.atMs) + FILETIME_EPOCH_MS) * FILETIME_PER_MS }, change);

export interface EventFilter {
  /** Names that were selected; null for all. */
  readonly projection: readonly string[] | null;
  /** The event that the change is to whoever asked; undefined when it is none that was asked for. */
  eventOf(change: InstanceChange): CimInstance | undefined;
}

/**
 * The filter that an event query asks for, `SELECT * FROM CIM_InstModification WHERE SourceInstance ISA C …` or the same
 * with WMI's classes. CimError queryLanguageNotSupported, invalidClass, invalidQuery when it asks for no event.
 */
export function compileEventQuery(scope: QueryScope, language: string, text: string): EventFilter {
  const query = parseQueryIn(language, text);
  if (query.kind !== 'select' || !scope.schema.classOf(scope.namespace, query.className).isIndication) {
    throw new CimError('invalidQuery', 'Events are selected from an event class: CIM_InstModification, __InstanceModificationEvent and those beside and above them.');
  }
  const selection = compileSelect(scope, query);
  const isHere = (change: InstanceChange): boolean => scope.schema.namespaceOf(change.target.path.namespace ?? scope.namespace) === scope.schema.namespaceOf(scope.namespace);
  const isAsked = (instance: CimInstance): boolean =>
    scope.schema.isA(scope.namespace, instance.className, selection.className) && selection.fits({ path: classPath(scope.namespace, instance.className), instance });
  return {
    projection: selection.projection,
    eventOf: (change) => (isHere(change) ? [cimEvent(change, scope.host), wmiEvent(change)].find(isAsked) : undefined),
  };
}
