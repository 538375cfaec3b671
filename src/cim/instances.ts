/** Instances across providers: a class's instances are those of every provider at, below or above it. */
import { CimError } from './error.ts';
import type { CimInstance, ObjectPath } from './instance.ts';
import type { CimCaller, InstanceProvider, Located } from './manager.ts';
import { isSameName } from './name.ts';
import { isSameKey, keysIdentity, pathText, type KeyValue } from './path.ts';
import { keysOf, type Schema } from './schema/classes.ts';
import { typedPath } from './typed.ts';

export interface Found extends Located {
  readonly provider: InstanceProvider;
}

/** The path by which the instance is found again. Its keys are in alphabetical order, as WMI writes them. */
export function pathOf(schema: Schema, namespace: string, { className, properties }: CimInstance): ObjectPath {
  const names = keysOf(schema.classOf(namespace, className)).map(({ name }) => name).sort();
  const keys = names.map((name): [string, KeyValue] => [name, (properties.get(name) ?? '') as KeyValue]);
  return { kind: 'path', namespace, className, keys: new Map(keys) };
}

const hasKeys = ({ path }: Located, keys: ObjectPath['keys']): boolean =>
  [...keys].every(([name, value]) => {
    const own = path.keys.get(name);
    return own !== undefined && isSameKey(own, value);
  });

/** What one request has read of the providers that cannot find by key, so that each is read once. */
type Listing = Map<InstanceProvider, Promise<ReadonlyMap<string, Found>>>;

export class Instances {
  readonly #schema: Schema;
  readonly #providers: readonly InstanceProvider[];
  readonly #byClass = new Map<string, readonly InstanceProvider[]>();

  constructor(schema: Schema, providers: readonly InstanceProvider[]) {
    this.#schema = schema;
    this.#providers = providers;
  }

  /** CimError invalidNamespace, invalidClass. */
  async list(caller: CimCaller, namespace: string, className: string): Promise<readonly Found[]> {
    const declaration = this.#schema.classOf(namespace, className);
    const canonical = this.#schema.namespaceOf(namespace) ?? namespace;
    const lists = await Promise.all(this.#providersOf(canonical, declaration.name).map((provider) => this.#listOf(caller, provider)));
    return lists.flat().filter(({ instance }) => this.#schema.isA(canonical, instance.className, declaration.name));
  }

  /** The one instance that the keys, all or some, name. CimError notFound, and invalidParameter when they fit several. */
  async get(caller: CimCaller, path: ObjectPath): Promise<Found> {
    const typed = typedPath(this.#schema, path);
    const found = await this.#matching(caller, typed);
    const [first] = found;
    if (first === undefined) throw new CimError('notFound', `${pathText(typed)} does not exist.`);
    if (found.length > 1) throw new CimError('invalidParameter', `${pathText(typed)} fits ${found.length} instances; more keys are needed.`);
    return first;
  }

  /** Those of the objects that exist, in the order of the paths, whose keys are complete. */
  async getAll(caller: CimCaller, paths: readonly ObjectPath[]): Promise<readonly Found[]> {
    const listing: Listing = new Map();
    const found = await Promise.all(paths.map((path) => this.#lookUp(caller, typedPath(this.#schema, path), listing)));
    return found.filter((each) => each !== undefined);
  }

  /** The provider of exactly this class. */
  providerOf(namespace: string, className: string): InstanceProvider | undefined {
    return this.#providers.find((provider) => provider.namespace === namespace && isSameName(provider.className, className));
  }

  /** Both names as the schema spells them: what clients write must not fill the map. */
  #providersOf(namespace: string, className: string): readonly InstanceProvider[] {
    const key = `${namespace}:${className}`;
    const known = this.#byClass.get(key);
    if (known !== undefined) return known;
    const isRelated = (other: string): boolean => this.#schema.isA(namespace, other, className) || this.#schema.isA(namespace, className, other);
    const providers = this.#providers.filter((provider) => provider.namespace === namespace && isRelated(provider.className));
    this.#byClass.set(key, providers);
    return providers;
  }

  async #listOf(caller: CimCaller, provider: InstanceProvider): Promise<readonly Found[]> {
    return (await provider.instances(caller)).map((instance) => this.#foundAt(provider, instance));
  }

  #foundAt(provider: InstanceProvider, instance: CimInstance): Found {
    return { provider, instance, path: pathOf(this.#schema, provider.namespace, instance) };
  }

  #canFind(provider: InstanceProvider, { keys }: ObjectPath): boolean {
    return provider.find !== undefined && keysOf(this.#schema.classOf(provider.namespace, provider.className)).every(({ name }) => keys.has(name));
  }

  async #findBy(caller: CimCaller, provider: InstanceProvider, path: ObjectPath): Promise<readonly Found[]> {
    const instance = await provider.find?.(caller, path);
    return instance === undefined ? [] : [this.#foundAt(provider, instance)];
  }

  async #matching(caller: CimCaller, path: ObjectPath): Promise<readonly Found[]> {
    const namespace = path.namespace ?? this.#schema.defaultNamespace;
    const lists = await Promise.all(
      this.#providersOf(namespace, path.className).map((provider) => (this.#canFind(provider, path) ? this.#findBy(caller, provider, path) : this.#listOf(caller, provider))),
    );
    return lists.flat().filter((found) => hasKeys(found, path.keys) && this.#schema.isA(namespace, found.instance.className, path.className));
  }

  async #lookUp(caller: CimCaller, path: ObjectPath, listing: Listing): Promise<Found | undefined> {
    for (const provider of this.#providersOf(path.namespace ?? this.#schema.defaultNamespace, path.className)) {
      const [found] = this.#canFind(provider, path) ? await this.#findBy(caller, provider, path) : [(await this.#listed(caller, provider, listing)).get(keysIdentity(path.keys))];
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #listed(caller: CimCaller, provider: InstanceProvider, listing: Listing): Promise<ReadonlyMap<string, Found>> {
    const known = listing.get(provider);
    if (known !== undefined) return known;
    const list = this.#listOf(caller, provider).then((all) => new Map(all.map((found) => [keysIdentity(found.path.keys), found])));
    listing.set(provider, list);
    return list;
  }
}
