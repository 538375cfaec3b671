/**
 * Filters, destinations and the subscriptions that join them, as clients create and delete them. What is accepted can be
 * delivered: queries are read and URLs are checked when they are created. Source: DSP1054, "Indications Profile".
 */
import { CimError } from '../cim/error.ts';
import { readEventQuery, type EventQuery } from '../cim/eventquery.ts';
import type { CimInstance, CimValue, ObjectPath } from '../cim/instance.ts';
import type { AssociationProvider, CimCaller, InstanceProvider } from '../cim/manager.ts';
import { isPath, isSamePath } from '../cim/path.ts';
import { INTEROP } from '../cim/schema/published.ts';
import { destinationUrl } from './destination.ts';
import type { Records } from './records.ts';

export const FILTER = 'CIM_IndicationFilter';
export const DESTINATION = 'CIM_ListenerDestinationCIMXML';
export const SUBSCRIPTION = 'CIM_IndicationSubscription';

const DEFAULT_LANGUAGE = 'WQL';
const PERMANENT = 2;
const CIM_XML_PROTOCOL = 2;
const ENABLED = 2;

/** Who is told what. */
export interface Subscription {
  readonly path: ObjectPath;
  readonly filter: CimInstance;
  readonly namespaces: readonly string[];
  readonly query: EventQuery;
  readonly destination: URL;
}

const textOf = ({ properties }: CimInstance, name: string): string => {
  const value = properties.get(name) ?? null;
  if (typeof value !== 'string' || value === '') throw new CimError('invalidParameter', `${name} is required`);
  return value;
};

const pathOf = ({ properties }: CimInstance, name: string): ObjectPath => {
  const value = properties.get(name) ?? null;
  if (!isPath(value)) throw new CimError('invalidParameter', `${name} must name an instance`);
  return value;
};

const listOf = (value: CimValue | undefined): readonly string[] => (Array.isArray(value) ? value.map(String) : typeof value === 'string' ? [value] : []);

/** The one property of older clients, the list of newer ones, or where the machines are. */
function namespacesOf({ properties }: CimInstance, defaultNamespace: string): readonly string[] {
  const named = [...listOf(properties.get('SourceNamespaces')), ...listOf(properties.get('SourceNamespace'))];
  return named.length > 0 ? named : [defaultNamespace];
}

const queryOf = (filter: CimInstance): EventQuery => readEventQuery(String(filter.properties.get('QueryLanguage') ?? DEFAULT_LANGUAGE), textOf(filter, 'Query'));

function requireOperator({ role }: CimCaller): void {
  if (role === 'viewer') throw new CimError('accessDenied', 'subscribing needs the role operator or administrator');
}

export interface SubscriptionsOptions {
  readonly hostName: string;
  readonly defaultNamespace: string;
  readonly namespaceOf: (text: string) => string | undefined;
  readonly records: Records;
}

export class Subscriptions {
  readonly #options: SubscriptionsOptions;
  #active: readonly Subscription[] | undefined;

  constructor(options: SubscriptionsOptions) {
    this.#options = options;
  }

  /** All of them, ready for delivery. */
  get active(): readonly Subscription[] {
    this.#active ??= this.#options.records.ofClass(SUBSCRIPTION).flatMap((instance) => this.#resolved(instance));
    return this.#active;
  }

  readonly instances: readonly InstanceProvider[] = [
    this.#provider(FILTER, (instance) => this.#filter(instance)),
    this.#provider(DESTINATION, (instance) => this.#destination(instance)),
    this.#provider(SUBSCRIPTION, (instance) => this.#subscription(instance)),
  ];

  /** So that clients find the subscriptions of a filter or destination. */
  readonly associations: readonly AssociationProvider[] = [{ namespace: INTEROP, className: SUBSCRIPTION, links: async () => this.#options.records.ofClass(SUBSCRIPTION) }];

  /** A subscription that is given up. */
  remove(path: ObjectPath): void {
    this.#options.records.remove(path);
    this.#active = undefined;
  }

  #provider(className: string, accepted: (instance: CimInstance) => CimInstance): InstanceProvider {
    return {
      namespace: INTEROP,
      className,
      instances: async () => this.#options.records.ofClass(className),
      find: async (_caller, path) => this.#options.records.find(path),
      create: async (caller, instance) => {
        requireOperator(caller);
        this.#active = undefined;
        return this.#options.records.add(accepted(instance));
      },
      modify: async (caller, path, change) => {
        requireOperator(caller);
        const { properties } = this.#options.records.find(path)!;
        this.#active = undefined;
        this.#options.records.put(accepted({ ...change, properties: new Map([...properties, ...change.properties]) }));
      },
      remove: async (caller, path) => {
        requireOperator(caller);
        this.#requireUnused(path);
        this.remove(path);
      },
    };
  }

  #named(instance: CimInstance, defaults: Readonly<Record<string, CimValue>>): CimInstance {
    textOf(instance, 'Name');
    const own = { SystemCreationClassName: 'CIM_ComputerSystem', SystemName: this.#options.hostName, CreationClassName: instance.className, ...defaults };
    return withDefaults(instance, own);
  }

  #filter(instance: CimInstance): CimInstance {
    queryOf(instance);
    const unknown = namespacesOf(instance, this.#options.defaultNamespace).find((name) => this.#options.namespaceOf(name) === undefined);
    if (unknown !== undefined) throw new CimError('invalidParameter', `there is no namespace ${unknown}`);
    return this.#named(instance, { QueryLanguage: DEFAULT_LANGUAGE, IndividualSubscriptionSupported: true });
  }

  #destination(instance: CimInstance): CimInstance {
    destinationUrl(textOf(instance, 'Destination'));
    return this.#named(instance, { PersistenceType: PERMANENT, Protocol: CIM_XML_PROTOCOL });
  }

  #subscription(instance: CimInstance): CimInstance {
    for (const role of ['Filter', 'Handler']) {
      if (this.#options.records.find(pathOf(instance, role)) === undefined) throw new CimError('invalidParameter', `${role} names no instance of ${INTEROP}`);
    }
    return withDefaults(instance, { SubscriptionState: ENABLED });
  }

  #requireUnused(path: ObjectPath): void {
    const uses = ({ properties }: CimInstance): boolean => [...properties.values()].some((value) => isPath(value) && isSamePath(value, path));
    if (this.#options.records.ofClass(SUBSCRIPTION).some(uses)) throw new CimError('failed', 'a subscription uses it; delete that first');
  }

  #resolved(instance: CimInstance): readonly Subscription[] {
    const { records, defaultNamespace, namespaceOf } = this.#options;
    const filter = records.find(pathOf(instance, 'Filter'));
    const destination = records.find(pathOf(instance, 'Handler'));
    if (filter === undefined || destination === undefined) return [];
    const namespaces = namespacesOf(filter, defaultNamespace).map((name) => namespaceOf(name) ?? name);
    const path: ObjectPath = { kind: 'path', namespace: INTEROP, className: SUBSCRIPTION, keys: new Map([['Filter', pathOf(instance, 'Filter')], ['Handler', pathOf(instance, 'Handler')]]) };
    return [{ path, filter, namespaces, query: queryOf(filter), destination: destinationUrl(textOf(destination, 'Destination')) }];
  }
}

function withDefaults(instance: CimInstance, defaults: Readonly<Record<string, CimValue>>): CimInstance {
  const missing = Object.entries(defaults).filter(([name]) => (instance.properties.get(name) ?? null) === null);
  return { ...instance, properties: new Map([...instance.properties, ...missing]) };
}
