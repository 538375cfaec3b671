/**
 * The object manager: what both protocols ask, and what providers answer. Protocols know nothing of the domain, providers
 * nothing of XML. Errors are `CimError`; a method's own failure is its return value.
 */
import type { Language } from '../language/language.ts';
import type { CimInstance, CimValue, ObjectPath } from './instance.ts';
import type { ClassDeclaration } from './schema.ts';

/** Who asks; the role is what the service checks. Same shape as the service's Caller. */
export interface CimCaller {
  readonly name: string;
  readonly role: 'viewer' | 'operator' | 'administrator';
  readonly from: string;
  /** What the client's people read; English when absent. */
  readonly language?: Language;
}

export interface AssociatorFilter {
  readonly associationClass?: string | undefined;
  readonly resultClass?: string | undefined;
  readonly role?: string | undefined;
  readonly resultRole?: string | undefined;
}

export interface Located {
  readonly path: ObjectPath;
  readonly instance: CimInstance;
}

export interface MethodOutcome {
  readonly returnValue: number;
  /** Out parameters by name; an absent one is null. */
  readonly out: ReadonlyMap<string, CimValue>;
}

export interface QueryResult {
  readonly items: readonly Located[];
  /** Names that were selected, as the schema spells them; null for `*`. */
  readonly projection: readonly string[] | null;
}

/** What a protocol front end stands on. Every namespace is spelled with forward slashes. */
export interface ObjectManager {
  readonly defaultNamespace: string;
  hasNamespace(namespace: string): boolean;
  /** CimError invalidNamespace, invalidClass. */
  classOf(namespace: string, className: string): ClassDeclaration;
  /** All classes, or the (deep or direct) subclasses of one. */
  classes(namespace: string, of?: { readonly className: string; readonly deep: boolean }): readonly ClassDeclaration[];
  /** Keys may be partial: then they must identify one instance. CimError notFound. */
  get(caller: CimCaller, path: ObjectPath): Promise<Located>;
  /** Instances of the class and its subclasses. */
  instances(caller: CimCaller, namespace: string, className: string): Promise<readonly Located[]>;
  associators(caller: CimCaller, from: ObjectPath, filter: AssociatorFilter): Promise<readonly Located[]>;
  references(caller: CimCaller, from: ObjectPath, filter: Pick<AssociatorFilter, 'resultClass' | 'role'>): Promise<readonly Located[]>;
  /** WQL, or CQL as far as it is the same. CimError queryLanguageNotSupported, invalidQuery. */
  query(caller: CimCaller, namespace: string, language: string, text: string): Promise<QueryResult>;
  modify(caller: CimCaller, path: ObjectPath, change: CimInstance): Promise<void>;
  /** Only for classes of the Interop namespace whose instances a client makes. */
  create(caller: CimCaller, namespace: string, instance: CimInstance): Promise<ObjectPath>;
  remove(caller: CimCaller, path: ObjectPath): Promise<void>;
  /** In parameters are typed by the class already. CimError methodNotFound (unknown), notFound, invalidParameter. */
  invoke(caller: CimCaller, path: ObjectPath, method: string, parameters: ReadonlyMap<string, CimValue>): Promise<MethodOutcome>;
  /** Instance modifications and creations, for subscriptions. The listener is told after each; the call returned ends it. */
  watch(listener: (change: InstanceChange) => void): () => void;
}

export interface InstanceChange {
  readonly kind: 'creation' | 'modification' | 'deletion';
  readonly target: Located;
  readonly previous: CimInstance | null;
  readonly atMs: number;
}

export type CimMethod = (caller: CimCaller, path: ObjectPath, parameters: ReadonlyMap<string, CimValue>) => Promise<MethodOutcome>;

/** One class's instances. */
export interface InstanceProvider {
  readonly namespace: string;
  readonly className: string;
  instances(caller: CimCaller): Promise<readonly CimInstance[]>;
  /** Faster than looking through `instances`; keys are complete. */
  find?(caller: CimCaller, path: ObjectPath): Promise<CimInstance | undefined>;
  readonly methods?: Readonly<Record<string, CimMethod>>;
  modify?(caller: CimCaller, path: ObjectPath, change: CimInstance): Promise<void>;
  create?(caller: CimCaller, instance: CimInstance): Promise<ObjectPath>;
  remove?(caller: CimCaller, path: ObjectPath): Promise<void>;
}

/** One association class: its instances, all or those that name an object. */
export interface AssociationProvider {
  readonly namespace: string;
  readonly className: string;
  links(caller: CimCaller, from: ObjectPath | null): Promise<readonly CimInstance[]>;
}
