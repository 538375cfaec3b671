/** A class as `<CLASS>`, for GetClass of both protocols. Source: DSP0201, "CLASS"; MS-WSMV 3.1.4.1.38. */
import type { ClassDeclaration, MethodDeclaration, ParameterDeclaration, PropertyDeclaration, ValueDeclaration } from '../cim/schema.ts';
import type { Language } from '../language/language.ts';
import { element, text, type Attributes, type Markup } from '../xml/write.ts';
import { isLocal, lineageOf, originOf, type Declarations } from './origins.ts';
import { classQualifiers, embeddedAttribute, methodQualifiers, parameterQualifiers, propertyQualifiers } from './qualifiers.ts';

export interface ClassShape {
  /** Without what an ancestor declares in the same way. */
  readonly localOnly: boolean;
  readonly qualifiers: boolean;
  readonly classOrigin: boolean;
  /** Lower-case names of the properties to write; null for all. */
  readonly properties: ReadonlySet<string> | null;
  /** With the names of all ancestors, nearest first. WS-Management has this, CIM-XML does not. */
  readonly derivation?: boolean;
  /** Of what is worded for people; English when absent. */
  readonly language?: Language | undefined;
}

export const WHOLE_CLASS: ClassShape = { localOnly: false, qualifiers: true, classOrigin: false, properties: null };

/** What the wire calls a type: an embedded instance is a string there. */
export const wireType = ({ type }: Pick<ValueDeclaration, 'type'>): string => (type === 'instance' ? 'string' : type);

class ClassWriter {
  readonly #lineage: readonly ClassDeclaration[];
  readonly #shape: ClassShape;

  constructor(lineage: readonly ClassDeclaration[], shape: ClassShape) {
    this.#lineage = lineage;
    this.#shape = shape;
  }

  write(): Markup {
    const [declaration, ...ancestors] = this.#lineage;
    const { name, superclass, properties, methods } = declaration!;
    const derivation = this.#shape.derivation && ancestors.length > 0 ? ancestors.map((each) => each.name).join(',') : undefined;
    return element('CLASS', { NAME: name, SUPERCLASS: superclass ?? undefined, DERIVATION: derivation }, [
      ...this.#when(classQualifiers(declaration!)),
      ...properties.filter((each) => this.#selects(each)).map((each) => this.#property(each)),
      ...methods.filter((each) => this.#isWanted('methods', each)).map((each) => this.#method(each)),
    ]);
  }

  get #language(): Language {
    return this.#shape.language ?? 'en';
  }

  #when(qualifiers: readonly Markup[]): readonly Markup[] {
    return this.#shape.qualifiers ? qualifiers : [];
  }

  #isWanted(kind: 'properties' | 'methods', each: { readonly name: string }): boolean {
    return !this.#shape.localOnly || isLocal(this.#lineage, kind, each);
  }

  #selects(property: PropertyDeclaration): boolean {
    return this.#isWanted('properties', property) && (this.#shape.properties?.has(property.name.toLowerCase()) ?? true);
  }

  #origin(kind: 'properties' | 'methods', each: { readonly name: string }): Attributes {
    return {
      CLASSORIGIN: this.#shape.classOrigin ? originOf(this.#lineage, kind, each.name) : undefined,
      PROPAGATED: isLocal(this.#lineage, kind, each) ? undefined : 'true',
    };
  }

  #property(property: PropertyDeclaration): Markup {
    const qualifiers = this.#when(propertyQualifiers(property, this.#language));
    const origin = this.#origin('properties', property);
    if (property.type === 'reference') return element('PROPERTY.REFERENCE', { NAME: property.name, REFERENCECLASS: property.class, ...origin }, qualifiers);
    const attributes = { NAME: property.name, TYPE: wireType(property), ...origin, EmbeddedObject: embeddedAttribute(property) };
    return element(property.array ? 'PROPERTY.ARRAY' : 'PROPERTY', attributes, [...qualifiers, ...defaultValue(property)]);
  }

  #method(method: MethodDeclaration): Markup {
    return element('METHOD', { NAME: method.name, TYPE: wireType({ type: method.returns }), ...this.#origin('methods', method) }, [
      ...this.#when(methodQualifiers(method, this.#language)),
      ...method.parameters.map((each) => this.#parameter(each)),
    ]);
  }

  #parameter(parameter: ParameterDeclaration): Markup {
    const qualifiers = this.#when(parameterQualifiers(parameter, this.#language));
    const { name, array } = parameter;
    if (parameter.type === 'reference') return element(array ? 'PARAMETER.REFARRAY' : 'PARAMETER.REFERENCE', { NAME: name, REFERENCECLASS: parameter.class }, qualifiers);
    return element(array ? 'PARAMETER.ARRAY' : 'PARAMETER', { NAME: name, TYPE: wireType(parameter) }, qualifiers);
  }
}

const literal = (value: boolean | number | string): string => (typeof value === 'boolean' ? (value ? 'TRUE' : 'FALSE') : String(value));
const literalElement = (value: boolean | number | string): Markup => element('VALUE', {}, text(literal(value)));

function defaultValue({ default: value, array }: PropertyDeclaration): readonly Markup[] {
  if (value === undefined || value === null) return [];
  if (typeof value !== 'object' && !array) return [literalElement(value)];
  return [element('VALUE.ARRAY', {}, (typeof value === 'object' ? value : [value]).map(literalElement))];
}

export function classElement(declarations: Declarations, namespace: string, declaration: ClassDeclaration, shape: ClassShape): Markup {
  return new ClassWriter(lineageOf(declarations, namespace, declaration), shape).write();
}
