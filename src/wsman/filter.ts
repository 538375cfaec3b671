/** Filters of an enumeration, by dialect. Source: DSP0226 §8.3; DSP0227 §9.2 (associations); MS-WSMV 2.2.4.36 (WQL). */
import type { CimInstance, ObjectPath } from '../cim/instance.ts';
import type { AssociatorFilter } from '../cim/manager.ts';
import { isSameName } from '../cim/name.ts';
import { childNamed, childrenNamed, elements, trimmedTextOf } from '../xml/read.ts';
import type { XmlElement } from '../xml/xml.ts';
import { selectorsOf, type Selector } from './envelope.ts';
import type { EnumerateRequest } from './enumeration.ts';
import { WsmanFault } from './fault.ts';
import { DIALECT } from './namespaces.ts';
import { referenceOf, type Naming } from './selectors.ts';

export type Filter =
  | { readonly kind: 'query'; readonly language: string; readonly text: string }
  | { readonly kind: 'selectors'; readonly selectors: readonly Selector[] }
  | AssociationFilter;

export interface AssociationFilter extends AssociatorFilter {
  readonly kind: 'associated' | 'associations';
  readonly from: ObjectPath;
  /** Null for all of them. */
  readonly properties: readonly string[] | null;
}

const cannot = (message: string): WsmanFault => new WsmanFault('CannotProcessFilter', message);

/** WsmanFault CannotProcessFilter, FilterDialectRequestedUnavailable; what an object in the filter is wrong about. */
export function readFilter({ dialect, element, text }: NonNullable<EnumerateRequest['filter']>, naming: Naming): Filter {
  switch (dialect) {
    case DIALECT.wql:
      return { kind: 'query', language: 'WQL', text };
    case DIALECT.cql:
      return { kind: 'query', language: 'DMTF:CQL', text };
    case DIALECT.selector:
      return { kind: 'selectors', selectors: selectorsOf(childNamed(element, 'SelectorSet')) };
    case DIALECT.association:
      return associationFilter(element, naming);
    default:
      throw new WsmanFault('FilterDialectRequestedUnavailable', `the filter dialect ${JSON.stringify(dialect.slice(0, 200))} is not known here; these are: ${Object.values(DIALECT).join(', ')}`);
  }
}

function associationFilter(filter: XmlElement, naming: Naming): AssociationFilter {
  const [root, ...others] = elements(filter);
  if (!root || others.length > 0) throw cannot('an association filter has one root element');
  const kind = root.local === 'AssociatedInstances' ? 'associated' : root.local === 'AssociationInstances' ? 'associations' : undefined;
  const object = childNamed(root, 'Object');
  if (!kind || !object) throw cannot('an association filter is AssociatedInstances or AssociationInstances with an Object');
  const named = (local: string): string | undefined => {
    const found = childNamed(root, local);
    return found && (trimmedTextOf(found) || undefined);
  };
  const properties = childrenNamed(root, 'IncludeResultProperty').map(trimmedTextOf);
  return {
    kind,
    from: referenceOf(object, naming),
    associationClass: named('AssociationClassName'),
    resultClass: named('ResultClassName'),
    role: named('Role'),
    resultRole: named('ResultRole'),
    properties: properties.length === 0 ? null : properties,
  };
}

/** Whether every selector is a property of the instance, a key or not, with that value. */
export const fitsSelectors = ({ properties }: CimInstance, selectors: readonly Selector[]): boolean =>
  selectors.every(({ name, value }) => {
    const own = [...properties].find(([candidate]) => isSameName(candidate, name))?.[1] ?? null;
    return own !== null && typeof own !== 'object' && typeof value === 'string' && isSameName(String(own), value.trim());
  });
