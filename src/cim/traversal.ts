/** From an object along its associations. Source: DSP0200, "Associators" and "References". */
import { CimError } from './error.ts';
import type { CimInstance, ObjectPath } from './instance.ts';
import { pathOf, type Instances } from './instances.ts';
import type { AssociationProvider, AssociatorFilter, CimCaller, Located } from './manager.ts';
import { isSameName } from './name.ts';
import { isPath, keysIdentity, pathIdentity } from './path.ts';
import type { Schema } from './schema/classes.ts';
import type { PropertyDeclaration } from './schema.ts';

interface End {
  readonly role: string;
  readonly path: ObjectPath;
}

/** An association's instance, seen from one of its ends. */
interface Link {
  readonly namespace: string;
  readonly instance: CimInstance;
  readonly far: readonly End[];
}

const isReference = (property: PropertyDeclaration): boolean => property.type === 'reference';
const fits = (name: string, wanted: string | undefined): boolean => wanted === undefined || wanted === '' || isSameName(name, wanted);

const distinct = (paths: readonly ObjectPath[]): readonly ObjectPath[] => [...new Map(paths.map((path) => [pathIdentity(path), path])).values()];

export class Traversal {
  readonly #schema: Schema;
  readonly #instances: Instances;
  readonly #providers: readonly AssociationProvider[];

  constructor(schema: Schema, instances: Instances, providers: readonly AssociationProvider[]) {
    this.#schema = schema;
    this.#instances = instances;
    this.#providers = providers;
  }

  /** CimError invalidParameter for a class that does not exist, notFound for the object. */
  async associators(caller: CimCaller, from: ObjectPath, filter: AssociatorFilter): Promise<readonly Located[]> {
    const { path } = await this.#instances.get(caller, from);
    const namespace = path.namespace ?? this.#schema.defaultNamespace;
    this.#requireClass(namespace, filter.resultClass);
    const links = await this.#links(caller, path, filter.associationClass, filter.role);
    const ends = links.flatMap((link) => link.far.filter((end) => fits(end.role, filter.resultRole) && this.#canBe(end.path, filter.resultClass)).map((end) => end.path));
    const found = await this.#instances.getAll(caller, distinct(ends));
    return found.filter((located) => this.#isOfClass(located, filter.resultClass));
  }

  /** As above; `resultClass` is the association's. */
  async references(caller: CimCaller, from: ObjectPath, filter: Pick<AssociatorFilter, 'resultClass' | 'role'>): Promise<readonly Located[]> {
    const { path } = await this.#instances.get(caller, from);
    const links = await this.#links(caller, path, filter.resultClass, filter.role);
    return links.map(({ namespace, instance }) => ({ instance, path: pathOf(this.#schema, namespace, instance) }));
  }

  /** An object may be of a class below the one that the path names. */
  #canBe({ namespace, className }: ObjectPath, resultClass: string | undefined): boolean {
    if (resultClass === undefined || resultClass === '') return true;
    const at = namespace ?? this.#schema.defaultNamespace;
    return this.#schema.isA(at, className, resultClass) || this.#schema.isA(at, resultClass, className);
  }

  #isOfClass({ path, instance }: Located, className: string | undefined): boolean {
    return className === undefined || className === '' || this.#schema.isA(path.namespace ?? this.#schema.defaultNamespace, instance.className, className);
  }

  #requireClass(namespace: string, className: string | undefined): void {
    if (className === undefined || className === '' || this.#schema.find(namespace, className) !== undefined) return;
    throw new CimError('invalidParameter', `Class ${className} does not exist in namespace ${namespace}.`);
  }

  async #links(caller: CimCaller, from: ObjectPath, associationClass: string | undefined, role: string | undefined): Promise<readonly Link[]> {
    const namespace = from.namespace ?? this.#schema.defaultNamespace;
    this.#requireClass(namespace, associationClass);
    const providers = this.#providers.filter((provider) => provider.namespace === namespace && this.#canName(provider, from, associationClass));
    const links = await Promise.all(
      providers.map(async (provider) => {
        const instances = await provider.links(caller, from);
        return instances.flatMap((instance) => this.#seenFrom(namespace, instance, from, role));
      }),
    );
    return links.flat();
  }

  #canName(provider: AssociationProvider, from: ObjectPath, associationClass: string | undefined): boolean {
    const { namespace, className } = provider;
    if (associationClass !== undefined && associationClass !== '' && !this.#schema.isA(namespace, className, associationClass)) return false;
    return this.#schema.classOf(namespace, className).properties.some((property) => isReference(property) && this.#schema.isA(namespace, from.className, property.class ?? ''));
  }

  /** Nothing when no end of that role is the object; an association of an object with itself is seen from both ends but counts once. */
  #seenFrom(namespace: string, instance: CimInstance, from: ObjectPath, role: string | undefined): readonly Link[] {
    const ends = this.#endsOf(namespace, instance);
    const near = ends.find((end) => fits(end.role, role) && this.#isSameObject(namespace, end.path, from));
    return near === undefined ? [] : [{ namespace, instance, far: ends.filter((end) => end !== near) }];
  }

  #endsOf(namespace: string, { className, properties }: CimInstance): readonly End[] {
    return this.#schema
      .classOf(namespace, className)
      .properties.filter(isReference)
      .flatMap(({ name }) => {
        const path = properties.get(name) ?? null;
        return isPath(path) ? [{ role: name, path: { ...path, namespace: path.namespace ?? namespace } }] : [];
      });
  }

  /** A reference may name the object by a class above or below its own. */
  #isSameObject(namespace: string, left: ObjectPath, right: ObjectPath): boolean {
    const isRelated = this.#schema.isA(namespace, left.className, right.className) || this.#schema.isA(namespace, right.className, left.className);
    return isRelated && keysIdentity(left.keys) === keysIdentity(right.keys);
  }
}
