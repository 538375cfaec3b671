/** The classes of every namespace, found by name. */
import { CimError } from '../error.ts';
import { isSameName, nameKey, named } from '../name.ts';
import type { ClassDeclaration, MethodDeclaration, PropertyDeclaration } from '../schema.ts';

export interface NamespaceDeclaration {
  readonly name: string;
  /** Other names that clients use for it. */
  readonly aliases: readonly string[];
  readonly classes: readonly ClassDeclaration[];
}

interface Namespace {
  readonly name: string;
  readonly classes: ReadonlyMap<string, ClassDeclaration>;
  /** Class → its direct subclasses. */
  readonly below: ReadonlyMap<string, readonly ClassDeclaration[]>;
}

function indexed({ name, classes }: NamespaceDeclaration): Namespace {
  const below = Map.groupBy(classes, (declaration) => nameKey(declaration.superclass ?? ''));
  return { name, classes: new Map(classes.map((declaration) => [nameKey(declaration.name), declaration])), below };
}

/** Both slashes separate; those around the name and doubled ones say nothing. */
const namespaceKey = (text: string): string => nameKey(text.split(/[\\/]+/).filter((part) => part !== '').join('/'));

export class Schema {
  readonly defaultNamespace: string;
  readonly #namespaces: ReadonlyMap<string, Namespace>;

  /** The first namespace is the default. */
  constructor(declarations: readonly [NamespaceDeclaration, ...NamespaceDeclaration[]]) {
    this.defaultNamespace = declarations[0].name;
    this.#namespaces = new Map(declarations.flatMap((declaration) => {
      const namespace = indexed(declaration);
      return [declaration.name, ...declaration.aliases].map((name) => [namespaceKey(name), namespace]);
    }));
  }

  get namespaces(): readonly string[] {
    return [...new Set(this.#namespaces.values())].map((namespace) => namespace.name);
  }

  /** As the schema spells it, whichever slashes, case or alias the text has; undefined when there is no such namespace. */
  namespaceOf(text: string): string | undefined {
    return this.#namespaces.get(namespaceKey(text))?.name;
  }

  /** CimError invalidNamespace. */
  classes(namespace: string): readonly ClassDeclaration[] {
    return [...this.#in(namespace).classes.values()];
  }

  /** CimError invalidNamespace. */
  find(namespace: string, className: string): ClassDeclaration | undefined {
    return this.#in(namespace).classes.get(nameKey(className));
  }

  /** CimError invalidNamespace, invalidClass. */
  classOf(namespace: string, className: string): ClassDeclaration {
    const found = this.find(namespace, className);
    if (found === undefined) throw new CimError('invalidClass', `Class ${className} does not exist in namespace ${this.#in(namespace).name}.`);
    return found;
  }

  /** Without the class itself. CimError invalidNamespace, invalidClass. */
  subclasses(namespace: string, className: string, depth: 'direct' | 'deep' = 'deep'): readonly ClassDeclaration[] {
    const direct = this.#in(namespace).below.get(nameKey(this.classOf(namespace, className).name)) ?? [];
    if (depth === 'direct') return direct;
    return direct.flatMap((declaration) => [declaration, ...this.subclasses(namespace, declaration.name)]);
  }

  /** The class is the other one or below it. Names that do not exist are below nothing. */
  isA(namespace: string, className: string, ancestor: string): boolean {
    for (let at = this.find(namespace, className); at !== undefined; at = at.superclass === null ? undefined : this.find(namespace, at.superclass)) {
      if (isSameName(at.name, ancestor)) return true;
    }
    return false;
  }

  #in(namespace: string): Namespace {
    const found = this.#namespaces.get(namespaceKey(namespace));
    if (found === undefined) throw new CimError('invalidNamespace', `Namespace ${namespace} does not exist. There are ${this.namespaces.join(', ')}.`);
    return found;
  }
}

export const propertyNamed = (declaration: ClassDeclaration, name: string): PropertyDeclaration | undefined => named(declaration.properties, name);

export const methodNamed = (declaration: ClassDeclaration, name: string): MethodDeclaration | undefined => named(declaration.methods, name);

export const keysOf = (declaration: ClassDeclaration): readonly PropertyDeclaration[] => declaration.properties.filter((property) => property.key);
