/** Instances as they are emitted: every property of the class is there, in the schema's order; what nobody gives is the class's default, or null. */
import { readDatetime, timestamp } from '../cim/datetime.ts';
import type { CimInstance, CimScalar, CimTimestamp, CimValue } from '../cim/instance.ts';
import type { CimDefault, ClassDeclaration, PropertyDeclaration } from '../cim/schema.ts';
import { assert } from '../errors/bug.ts';

/** Properties by the schema's names. */
export type Values = Readonly<Record<string, CimValue>>;

export type Emit = (values: Values) => CimInstance;

/** Ms since 1970 as CIM has it. */
export const moment = (ms: number | null): CimTimestamp | null => (ms === null ? null : timestamp(Math.floor(ms)));

/** Makes instances of the class. Giving a property that the class does not have is a defect. */
export function emitter({ name, properties }: ClassDeclaration): Emit {
  const template = new Map<string, CimValue>(properties.map((property) => [property.name, defaultOf(property)]));
  return (values) => {
    const filled = new Map(template);
    for (const [property, value] of Object.entries(values)) {
      assert(template.has(property), `${name} has no property ${property}`);
      filled.set(property, value);
    }
    return { kind: 'instance', className: name, properties: filled };
  };
}

function defaultOf({ type, default: value }: PropertyDeclaration): CimValue {
  if (value === undefined || value === null) return null;
  return Array.isArray(value) ? value.map((each) => typed(type, each)) : typed(type, value as boolean | number | string);
}

function typed(type: PropertyDeclaration['type'], value: Exclude<CimDefault, null | readonly unknown[]>): CimScalar {
  if (type === 'uint64' || type === 'sint64') return BigInt(value);
  if (type !== 'datetime') return value;
  const time = readDatetime(String(value));
  assert(time, `a default of ${String(value)} is no datetime`);
  return time;
}
