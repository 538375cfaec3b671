/**
 * The object manager over providers: it finds, traverses, queries and dispatches; what the objects are is theirs to know.
 * Whoever calls gives names in any case and values in any form of the wire; providers get them as the schema has them.
 */
import { CimError } from './error.ts';
import type { CimInstance, CimScalar, CimValue, ObjectPath } from './instance.ts';
import { Instances } from './instances.ts';
import type { AssociationProvider, CimCaller, CimMethod, InstanceChange, InstanceProvider, Located, MethodOutcome, ObjectManager, QueryResult } from './manager.ts';
import { isSameName } from './name.ts';
import { isPath } from './path.ts';
import { methodNamed, type Schema } from './schema/classes.ts';
import type { MethodDeclaration } from './schema.ts';
import { Traversal } from './traversal.ts';
import { typedInstance, typedParameters, typedPath } from './typed.ts';
import { parseQueryIn } from './wql/language.ts';
import { compileSelect } from './wql/select.ts';
import type { SelectQuery } from './wql/wql.ts';

export interface ObjectManagerParts {
  readonly schema: Schema;
  readonly instances: readonly InstanceProvider[];
  readonly associations: readonly AssociationProvider[];
  /** This host's name, which paths and `__SERVER` say. */
  readonly host?: string;
  /** Told when the first listener has come to `watch`, and when the last has left. */
  readonly onWatched?: (isWatched: boolean) => void;
}

export interface PublishingObjectManager extends ObjectManager {
  /** Tells every listener of `watch`. */
  publish(change: InstanceChange): void;
}

/** An association class has instances like any other; one whose instances clients make has a provider of its own for them. */
function withLinks(instances: readonly InstanceProvider[], associations: readonly AssociationProvider[]): readonly InstanceProvider[] {
  const known = new Set(instances.map(({ namespace, className }) => `${namespace}:${className}`));
  const missing = associations.filter(({ namespace, className }) => !known.has(`${namespace}:${className}`));
  const listed = missing.map((provider): InstanceProvider => {
    const { namespace, className } = provider;
    return { namespace, className, instances: (caller) => provider.links(caller, null) };
  });
  return [...instances, ...listed];
}

const located = ({ path, instance }: Located): Located => ({ path, instance });

function methodOf(provider: InstanceProvider, name: string): CimMethod | undefined {
  return Object.entries(provider.methods ?? {}).find(([candidate]) => isSameName(candidate, name))?.[1];
}

class ProviderObjectManager implements PublishingObjectManager {
  readonly defaultNamespace: string;
  readonly #schema: Schema;
  readonly #host: string;
  readonly #instances: Instances;
  readonly #traversal: Traversal;
  readonly #listeners = new Set<(change: InstanceChange) => void>();
  readonly #onWatched: (isWatched: boolean) => void;

  constructor({ schema, instances, associations, host = 'localhost', onWatched = () => undefined }: ObjectManagerParts) {
    this.#onWatched = onWatched;
    this.defaultNamespace = schema.defaultNamespace;
    this.#schema = schema;
    this.#host = host;
    this.#instances = new Instances(schema, withLinks(instances, associations));
    this.#traversal = new Traversal(schema, this.#instances, associations);
  }

  hasNamespace(namespace: string): boolean {
    return this.#schema.namespaceOf(namespace) !== undefined;
  }

  classOf: ObjectManager['classOf'] = (namespace, className) => this.#schema.classOf(namespace, className);

  classes: ObjectManager['classes'] = (namespace, of) =>
    of === undefined ? this.#schema.classes(namespace) : this.#schema.subclasses(namespace, of.className, of.deep ? 'deep' : 'direct');

  async get(caller: CimCaller, path: ObjectPath): Promise<Located> {
    return located(await this.#instances.get(caller, path));
  }

  async instances(caller: CimCaller, namespace: string, className: string): Promise<readonly Located[]> {
    return (await this.#instances.list(caller, namespace, className)).map(located);
  }

  associators: ObjectManager['associators'] = (caller, from, filter) => this.#traversal.associators(caller, from, filter);

  references: ObjectManager['references'] = (caller, from, filter) => this.#traversal.references(caller, from, filter);

  async query(caller: CimCaller, namespace: string, language: string, text: string): Promise<QueryResult> {
    const canonical = this.#schema.namespaceOf(namespace);
    if (canonical === undefined) throw new CimError('invalidNamespace', `Namespace ${namespace} does not exist.`);
    const query = parseQueryIn(language, text);
    if (query.kind === 'select') return await this.#select(caller, canonical, query);
    const from = { ...query.path, namespace: query.path.namespace ?? canonical };
    const items = query.kind === 'associators' ? await this.associators(caller, from, query) : await this.references(caller, from, query);
    return { items, projection: null };
  }

  async #select(caller: CimCaller, namespace: string, query: SelectQuery): Promise<QueryResult> {
    const { className, projection, fits } = compileSelect({ schema: this.#schema, namespace, host: this.#host }, query);
    const all = await this.instances(caller, namespace, className);
    return { items: all.filter(fits), projection };
  }

  async modify(caller: CimCaller, path: ObjectPath, change: CimInstance): Promise<void> {
    const { provider, path: found, instance } = await this.#instances.get(caller, path);
    if (provider.modify === undefined) throw new CimError('notSupported', `Instances of ${instance.className} are changed by methods only.`);
    await provider.modify(caller, found, typedInstance(this.#schema, provider.namespace, { ...change, className: instance.className }, 'noSuchProperty'));
  }

  async create(caller: CimCaller, namespace: string, instance: CimInstance): Promise<ObjectPath> {
    const typed = typedInstance(this.#schema, namespace, instance);
    const provider = this.#instances.providerOf(this.#schema.namespaceOf(namespace) ?? namespace, typed.className);
    if (provider?.create === undefined) throw new CimError('notSupported', `Instances of ${typed.className} are not created by clients.`);
    return await provider.create(caller, typed);
  }

  async remove(caller: CimCaller, path: ObjectPath): Promise<void> {
    const { provider, path: found, instance } = await this.#instances.get(caller, path);
    if (provider.remove === undefined) throw new CimError('notSupported', `Instances of ${instance.className} are not deleted by clients.`);
    await provider.remove(caller, found);
  }

  async invoke(caller: CimCaller, path: ObjectPath, method: string, parameters: ReadonlyMap<string, CimValue>): Promise<MethodOutcome> {
    const declaration = this.#methodDeclared(path, method);
    const { provider, path: found } = await this.#instances.get(caller, path);
    const implementation = methodOf(provider, declaration.name);
    if (implementation === undefined) throw new CimError('methodNotAvailable', `${provider.className} does not offer ${declaration.name}.`);
    return await implementation(caller, found, this.#typed(found, declaration, parameters));
  }

  watch(listener: (change: InstanceChange) => void): () => void {
    this.#listeners.add(listener);
    if (this.#listeners.size === 1) this.#onWatched(true);
    return () => {
      if (this.#listeners.delete(listener) && this.#listeners.size === 0) this.#onWatched(false);
    };
  }

  publish(change: InstanceChange): void {
    for (const listener of [...this.#listeners]) listener(change);
  }

  /** A method of a subclass may be called by a path of its superclass, so the instance's class decides only afterwards. */
  #methodDeclared({ namespace, className }: ObjectPath, method: string): MethodDeclaration {
    const at = namespace ?? this.defaultNamespace;
    const classes = [this.#schema.classOf(at, className), ...this.#schema.subclasses(at, className)];
    const found = classes.map((declaration) => methodNamed(declaration, method)).find((declaration) => declaration !== undefined);
    if (found === undefined) throw new CimError('methodNotFound', `${className} has no method ${method}.`);
    return found;
  }

  #typed(path: ObjectPath, declaration: MethodDeclaration, parameters: ReadonlyMap<string, CimValue>): ReadonlyMap<string, CimValue> {
    const namespace = path.namespace ?? this.defaultNamespace;
    const method = methodNamed(this.#schema.classOf(namespace, path.className), declaration.name) ?? declaration;
    return new Map([...typedParameters(method, parameters)].map(([name, value]) => [name, this.#resolved(name, value, namespace)]));
  }

  #resolved(name: string, value: CimValue, namespace: string): CimValue {
    const resolve = (item: CimScalar): CimScalar => (isPath(item) ? this.#reference(name, item, namespace) : item);
    if (value === null) return null;
    return typeof value === 'object' && !('kind' in value) ? value.map(resolve) : resolve(value);
  }

  #reference(name: string, path: ObjectPath, namespace: string): ObjectPath {
    try {
      return typedPath(this.#schema, path, namespace);
    } catch (error) {
      if (error instanceof CimError) throw new CimError('invalidParameter', `${name}: ${error.message}`);
      throw error;
    }
  }
}

export const createObjectManager = (parts: ObjectManagerParts): PublishingObjectManager => new ProviderObjectManager(parts);
