/** Instances as they are emitted: every property of the class is there, in the schema's order; what nobody gives is the class's default, or null. */
import type { CimInstance, CimInterval, CimTimestamp, CimValue } from '../cim/instance.ts';
import type { CimDefault, ClassDeclaration, PropertyDeclaration } from '../cim/schema.ts';
import { assert } from '../errors/bug.ts';

/** Properties by the schema's names. */
export type Values = Readonly<Record<string, CimValue>>;

export type Emit = (values: Values) => CimInstance;

export function timestamp(ms: number): CimTimestamp;
export function timestamp(ms: number | null): CimTimestamp | null;
export function timestamp(ms: number | null): CimTimestamp | null {
  return ms === null ? null : { kind: 'timestamp', epochMs: Math.floor(ms), micros: 0 };
}

export const interval = (ms: number): CimInterval => ({ kind: 'interval', microseconds: BigInt(Math.round(ms)) * 1_000n });

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

const INTERVAL = /^(\d{8})(\d\d)(\d\d)(\d\d)\.(\d{6}):000$/;

function defaultOf({ type, default: value }: PropertyDeclaration): CimValue {
  if (value === undefined || value === null) return null;
  return Array.isArray(value) ? value.map((each) => typed(type, each)) : typed(type, value as boolean | number | string);
}

function typed(type: PropertyDeclaration['type'], value: Exclude<CimDefault, null | readonly unknown[]>): boolean | number | bigint | string | CimInterval {
  if (type === 'uint64' || type === 'sint64') return BigInt(value);
  if (type !== 'datetime') return value;
  const fields = INTERVAL.exec(String(value));
  assert(fields, `a default of ${String(value)} is no interval`);
  const [days, hours, minutes, seconds, micros] = fields.slice(1).map(BigInt) as [bigint, bigint, bigint, bigint, bigint];
  return { kind: 'interval', microseconds: (((days * 24n + hours) * 60n + minutes) * 60n + seconds) * 1_000_000n + micros };
}
