/**
 * Instances as elements. Every property of the class is there, null ones without a value. Source: DSP0201, "INSTANCE",
 * "VALUE.NAMEDINSTANCE", "VALUE.OBJECTWITHPATH", "VALUE.INSTANCEWITHPATH".
 */
import type { CimInstance, CimValue } from '../cim/instance.ts';
import type { Located } from '../cim/manager.ts';
import type { ClassDeclaration, PropertyDeclaration } from '../cim/schema.ts';
import { instanceNameElement } from '../cim/xmlpath.ts';
import { element, type Markup } from '../xml/write.ts';
import { wireType } from './classes.ts';
import { instancePath, type Place } from './objectnames.ts';
import { isLocal, lineageOf, originOf } from './origins.ts';
import { embeddedAttribute } from './qualifiers.ts';
import { valueElements } from './values.ts';

/** What of an instance is asked for. */
export interface InstanceShape {
  /** Only what the instance's own class declares. */
  readonly localOnly: boolean;
  readonly classOrigin: boolean;
  /** Lower-case names; null for all. Names that the class does not have are no error. */
  readonly properties: ReadonlySet<string> | null;
}

export const WHOLE_INSTANCE: InstanceShape = { localOnly: false, classOrigin: false, properties: null };

export class AnswerWriter {
  readonly #place: Place;
  readonly #shape: InstanceShape;
  /** One per class: what does not change from instance to instance. */
  readonly #columns = new Map<ClassDeclaration, readonly ((instance: CimInstance) => Markup)[]>();

  constructor(place: Place, shape: InstanceShape = WHOLE_INSTANCE) {
    this.#place = place;
    this.#shape = shape;
  }

  instance(instance: CimInstance, namespace = this.#place.namespace): Markup {
    const declaration = this.#place.schema.classOf(namespace, instance.className);
    return element('INSTANCE', { CLASSNAME: declaration.name }, this.#columnsOf(namespace, declaration).map((column) => column(instance)));
  }

  named({ path, instance }: Located): Markup {
    return element('VALUE.NAMEDINSTANCE', {}, [instanceNameElement(path), this.#located({ path, instance })]);
  }

  objectWithPath({ path, instance }: Located): Markup {
    return element('VALUE.OBJECTWITHPATH', {}, [instancePath(path, this.#place), this.#located({ path, instance })]);
  }

  withPath({ path, instance }: Located): Markup {
    return element('VALUE.INSTANCEWITHPATH', {}, [instancePath(path, this.#place), this.#located({ path, instance })]);
  }

  #located({ path, instance }: Located): Markup {
    return this.instance(instance, path.namespace ?? this.#place.namespace);
  }

  #columnsOf(namespace: string, declaration: ClassDeclaration): readonly ((instance: CimInstance) => Markup)[] {
    const known = this.#columns.get(declaration);
    if (known !== undefined) return known;
    const lineage = lineageOf(this.#place.schema, namespace, declaration);
    const columns = declaration.properties.filter((each) => this.#selects(lineage, each)).map((each) => this.#columnOf(lineage, each));
    this.#columns.set(declaration, columns);
    return columns;
  }

  #selects(lineage: readonly ClassDeclaration[], property: PropertyDeclaration): boolean {
    const { properties, localOnly } = this.#shape;
    if (properties !== null && !properties.has(property.name.toLowerCase())) return false;
    return !localOnly || isLocal(lineage, 'properties', property);
  }

  #columnOf(lineage: readonly ClassDeclaration[], property: PropertyDeclaration): (instance: CimInstance) => Markup {
    const origin = this.#shape.classOrigin ? originOf(lineage, 'properties', property.name) : undefined;
    return ({ properties }) => propertyElement(property, properties.get(property.name), origin, this.#place);
  }
}

function propertyElement(property: PropertyDeclaration, value: CimValue | undefined, origin: string | undefined, place: Place): Markup {
  const { name, type, array } = property;
  const content = valueElements(property, value, place);
  if (type === 'reference') return element('PROPERTY.REFERENCE', { NAME: name, REFERENCECLASS: property.class, CLASSORIGIN: origin }, content);
  const attributes = { NAME: name, TYPE: wireType(property), CLASSORIGIN: origin, EmbeddedObject: holdsPaths(value) ? undefined : embeddedAttribute(property) };
  return element(array ? 'PROPERTY.ARRAY' : 'PROPERTY', attributes, content);
}

/** IncludedDisks is declared to hold instances and holds object paths as Windows does: a client would read them as XML. */
const holdsPaths = (value: CimValue | undefined): boolean => [value ?? []].flat().some((item) => typeof item === 'string' && !item.startsWith('<'));
