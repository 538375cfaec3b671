/**
 * Qualifiers: which there are, and which a declaration has. One table gives both GetQualifier's answers and the flavors
 * that every use of a qualifier repeats. Source: DSP0004, "Qualifiers"; DSP0201, "QUALIFIER".
 */
import type { ClassDeclaration, MethodDeclaration, ParameterDeclaration, PropertyDeclaration, ValueDeclaration } from '../cim/schema.ts';
import { inLanguage } from '../language/domain.ts';
import type { Language } from '../language/language.ts';
import { element, text, type Markup } from '../xml/write.ts';

type Scope = 'CLASS' | 'ASSOCIATION' | 'INDICATION' | 'PROPERTY' | 'REFERENCE' | 'METHOD' | 'PARAMETER';

interface QualifierType {
  readonly type: 'boolean' | 'string' | 'uint32';
  readonly array?: boolean;
  readonly default?: 'FALSE' | 'TRUE';
  readonly scopes: readonly Scope[];
  /** Absent flavors have DSP0201's defaults: overridable, inherited, not translatable. */
  readonly flavors?: Readonly<Record<string, 'true' | 'false'>>;
}

const FIXED = { OVERRIDABLE: 'false' } as const;
const OWN = { TOSUBCLASS: 'false' } as const;
const VALUED: readonly Scope[] = ['PROPERTY', 'METHOD', 'PARAMETER'];

export const QUALIFIER_TYPES = {
  Abstract: { type: 'boolean', default: 'FALSE', scopes: ['CLASS', 'ASSOCIATION', 'INDICATION'], flavors: OWN },
  Association: { type: 'boolean', default: 'FALSE', scopes: ['ASSOCIATION'], flavors: FIXED },
  EmbeddedInstance: { type: 'string', scopes: VALUED },
  EmbeddedObject: { type: 'boolean', default: 'FALSE', scopes: VALUED, flavors: FIXED },
  In: { type: 'boolean', default: 'TRUE', scopes: ['PARAMETER'], flavors: FIXED },
  Indication: { type: 'boolean', default: 'FALSE', scopes: ['CLASS', 'INDICATION'], flavors: FIXED },
  Key: { type: 'boolean', default: 'FALSE', scopes: ['PROPERTY', 'REFERENCE'], flavors: FIXED },
  MaxLen: { type: 'uint32', scopes: VALUED },
  Out: { type: 'boolean', default: 'FALSE', scopes: ['PARAMETER'], flavors: FIXED },
  ValueMap: { type: 'string', array: true, scopes: VALUED },
  Values: { type: 'string', array: true, scopes: VALUED, flavors: { TRANSLATABLE: 'true' } },
  Write: { type: 'boolean', default: 'FALSE', scopes: ['PROPERTY', 'REFERENCE'] },
} as const satisfies Readonly<Record<string, QualifierType>>;
export type QualifierName = keyof typeof QUALIFIER_TYPES;

const typeOf = (name: QualifierName): QualifierType => QUALIFIER_TYPES[name];

const valueElement = (value: string): Markup => element('VALUE', {}, text(value));
const valueArray = (values: readonly string[]): Markup => element('VALUE.ARRAY', {}, values.map(valueElement));

/** One qualifier of a declaration. */
export function qualifier(name: QualifierName, value: boolean | string | readonly string[], propagated = false): Markup {
  const { type, flavors } = typeOf(name);
  const content = typeof value === 'object' ? valueArray(value) : valueElement(typeof value === 'boolean' ? (value ? 'TRUE' : 'FALSE') : value);
  return element('QUALIFIER', { NAME: name, TYPE: type, PROPAGATED: propagated ? 'true' : undefined, ...flavors }, content);
}

/** What GetQualifier says of a qualifier. */
export function qualifierDeclaration(name: QualifierName): Markup {
  const { type, array, default: initial, scopes, flavors } = typeOf(name);
  const scope = element('SCOPE', Object.fromEntries(scopes.map((each) => [each, 'true'])));
  return element('QUALIFIER.DECLARATION', { NAME: name, TYPE: type, ISARRAY: array ? 'true' : 'false', ...flavors }, initial === undefined ? scope : [scope, valueElement(initial)]);
}

const when = (has: boolean | undefined, name: QualifierName): readonly Markup[] => (has ? [qualifier(name, true)] : []);

const valueMap = (values: Readonly<Record<string, string>> | undefined, language: Language): readonly Markup[] =>
  values === undefined ? [] : [qualifier('ValueMap', Object.keys(values)), qualifier('Values', Object.values(values).map((words) => inLanguage(words, language)))];

/** An embedded instance whose class is not known beforehand is an embedded object. */
function embedded(value: ValueDeclaration): readonly Markup[] {
  const className = embeddedClass(value);
  return className === undefined ? when(value.type === 'instance', 'EmbeddedObject') : [qualifier('EmbeddedInstance', className)];
}

const maxLength = ({ maxLength: length }: ValueDeclaration): readonly Markup[] => (length === undefined ? [] : [qualifier('MaxLen', String(length))]);

const embeddedClass = ({ type, embeddedInstance, class: className }: ValueDeclaration): string | undefined => embeddedInstance ?? (type === 'instance' ? className : undefined);

/** The attribute that tells a client to read the string as an instance. */
export function embeddedAttribute(value: ValueDeclaration): string | undefined {
  if (embeddedClass(value) !== undefined) return 'instance';
  return value.type === 'instance' ? 'object' : undefined;
}

export const classQualifiers = ({ isAssociation, isIndication, isAbstract }: ClassDeclaration): readonly Markup[] => [
  ...when(isAssociation, 'Association'),
  ...when(isIndication, 'Indication'),
  ...when(isAbstract, 'Abstract'),
];

export const propertyQualifiers = (property: PropertyDeclaration, language: Language): readonly Markup[] => [
  ...when(property.key, 'Key'),
  ...when(property.writable, 'Write'),
  ...maxLength(property),
  ...embedded(property),
  ...valueMap(property.values, language),
];

export const methodQualifiers = ({ returnValues }: MethodDeclaration, language: Language): readonly Markup[] => valueMap(returnValues, language);

export const parameterQualifiers = (parameter: ParameterDeclaration, language: Language): readonly Markup[] => [
  qualifier('In', parameter.direction !== 'out'),
  ...when(parameter.direction !== 'in', 'Out'),
  ...maxLength(parameter),
  ...embedded(parameter),
  ...valueMap(parameter.values, language),
];
