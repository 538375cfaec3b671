/**
 * Filters, destinations and the subscriptions that join them, as clients create and delete them. What is accepted can be
 * delivered: queries are read and URLs are checked when they are created. Source: DSP1054, "Indications Profile".
 */
import { CimError } from '../cim/error.ts';
import { compileEventQuery } from '../cim/events.ts';
import type { CimInstance, CimValue, ObjectPath } from '../cim/instance.ts';
import { pathOf as instancePathOf } from '../cim/instances.ts';
import type { AssociationProvider, CimCaller, InstanceChange, InstanceProvider } from '../cim/manager.ts';
import { isPath, isSamePath } from '../cim/path.ts';
import type { Schema } from '../cim/schema/classes.ts';
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
const IGNORE = 2;

/** A change as a subscriber asked to hear of it. */
export interface AskedEvent {
  readonly event: CimInstance;
  readonly namespace: string;
  /** Names of properties; null for all. */
  readonly projection: readonly string[] | null;
}

/** Who is told what. */
export interface Subscription {
  readonly path: ObjectPath;
  readonly filterName: string;
  /** What is done when a listener does not take an indication. */
  readonly onFatalError: number;
  readonly destination: URL;
  /** Undefined when the change is none that was asked for. */
  eventOf(change: InstanceChange): AskedEvent | undefined;
}

const textOf = ({ properties }: CimInstance, name: string): string => {
  const value = properties.get(name) ?? null;
  if (typeof value !== 'string' || value === '') throw new CimError('invalidParameter', `${name} is required`);
  return value;
};

const referenceOf = ({ properties }: CimInstance, name: string): ObjectPath => {
  const value = properties.get(name) ?? null;
  if (!isPath(value)) throw new CimError('invalidParameter', `${name} must name an instance`);
  return value;
};

const listOf = (value: CimValue | undefined): readonly string[] => (Array.isArray(value) ? value.map(String) : typeof value === 'string' ? [value] : []);

function requireOperator({ role }: CimCaller): void {
  if (role === 'viewer') throw new CimError('accessDenied', 'subscribing needs the role operator or administrator');
}

export interface SubscriptionsOptions {
  readonly hostName: string;
  readonly schema: Schema;
  readonly records: Records;
}

export class Subscriptions {
  readonly #options: SubscriptionsOptions;
  readonly #listeners: (() => void)[] = [];
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

  /** Calls after each change of what is subscribed. */
  whenChanged(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** Nothing stays of whom is not a user any more, but what a subscription of somebody else uses. */
  endOrphans(isUser: (name: string) => boolean): void {
    const { records } = this.#options;
    for (const className of [SUBSCRIPTION, FILTER, DESTINATION]) {
      for (const path of records.orphansOf(className, isUser)) if (!this.#isUsed(path)) this.remove(path);
    }
  }

  /** A subscription that is given up. */
  remove(path: ObjectPath): void {
    this.#changing(() => this.#options.records.remove(path));
  }

  #changing<Result>(change: () => Result): Result {
    const result = change();
    this.#active = undefined;
    for (const listener of this.#listeners) listener();
    return result;
  }

  #provider(className: string, accepted: (instance: CimInstance) => CimInstance): InstanceProvider {
    return {
      namespace: INTEROP,
      className,
      instances: async () => this.#options.records.ofClass(className),
      find: async (_caller, path) => this.#options.records.find(path),
      create: async (caller, instance) => {
        requireOperator(caller);
        return this.#changing(() => this.#options.records.add(accepted(instance), caller.name));
      },
      modify: async (caller, path, change) => {
        requireOperator(caller);
        const { properties } = this.#options.records.find(path)!;
        this.#changing(() => this.#options.records.replace(accepted({ ...change, properties: new Map([...properties, ...change.properties]) })));
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
    this.#queriesOf(instance);
    return this.#named(instance, { QueryLanguage: DEFAULT_LANGUAGE, IndividualSubscriptionSupported: true });
  }

  /** One for each namespace. CimError invalidParameter, and that of the query. */
  #queriesOf(filter: CimInstance): readonly Subscription['eventOf'][] {
    const { schema, hostName: host } = this.#options;
    const language = String(filter.properties.get('QueryLanguage') ?? DEFAULT_LANGUAGE);
    return this.#namespacesOf(filter).map((namespace) => {
      const { projection, eventOf } = compileEventQuery({ schema, namespace, host }, language, textOf(filter, 'Query'));
      return (change) => {
        const event = eventOf(change);
        return event && { event, namespace, projection };
      };
    });
  }

  /** By the one property of older clients, the list of newer ones, or where the machines are. */
  #namespacesOf({ properties }: CimInstance): readonly string[] {
    const { schema } = this.#options;
    const sent = [...listOf(properties.get('SourceNamespaces')), ...listOf(properties.get('SourceNamespace'))];
    const names = new Set((sent.length > 0 ? sent : [schema.defaultNamespace]).map((name) => {
      const known = schema.namespaceOf(name);
      if (known === undefined) throw new CimError('invalidParameter', `there is no namespace ${name}`);
      return known;
    }));
    return [...names];
  }

  #destination(instance: CimInstance): CimInstance {
    destinationUrl(textOf(instance, 'Destination'));
    return this.#named(instance, { PersistenceType: PERMANENT, Protocol: CIM_XML_PROTOCOL });
  }

  #subscription(instance: CimInstance): CimInstance {
    for (const role of ['Filter', 'Handler']) {
      if (this.#options.records.find(referenceOf(instance, role)) === undefined) throw new CimError('invalidParameter', `${role} names no instance of ${INTEROP}`);
    }
    return withDefaults(instance, { SubscriptionState: ENABLED });
  }

  #isUsed(path: ObjectPath): boolean {
    const uses = ({ properties }: CimInstance): boolean => [...properties.values()].some((value) => isPath(value) && isSamePath(value, path));
    return this.#options.records.ofClass(SUBSCRIPTION).some(uses);
  }

  #requireUnused(path: ObjectPath): void {
    if (this.#isUsed(path)) throw new CimError('failed', 'a subscription uses it; delete that first');
  }

  #resolved(instance: CimInstance): readonly Subscription[] {
    const { records, schema } = this.#options;
    const filter = records.find(referenceOf(instance, 'Filter'));
    const destination = records.find(referenceOf(instance, 'Handler'));
    if (filter === undefined || destination === undefined) return [];
    const queries = this.#queriesOf(filter);
    return [
      {
        path: instancePathOf(schema, INTEROP, instance),
        filterName: textOf(filter, 'Name'),
        onFatalError: Number(instance.properties.get('OnFatalErrorPolicy') ?? IGNORE),
        destination: destinationUrl(textOf(destination, 'Destination')),
        eventOf: (change) => queries.map((query) => query(change)).find((asked) => asked !== undefined),
      },
    ];
  }
}

function withDefaults(instance: CimInstance, defaults: Readonly<Record<string, CimValue>>): CimInstance {
  const missing = Object.entries(defaults).filter(([name]) => (instance.properties.get(name) ?? null) === null);
  return { ...instance, properties: new Map([...instance.properties, ...missing]) };
}
