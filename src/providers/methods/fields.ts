/** The properties of an embedded instance as a client gave them: one that was left out is undefined, one without a value null. */
import type { CimInstance, CimInterval, CimScalar, CimValue } from '../../cim/instance.ts';
import { say } from '../../language/text.ts';
import { badValue } from './rejection.ts';

const DAY_SECONDS = 86_400;
const MICROS_PER_SECOND = 1_000_000n;

/** The property by a name of ours, when it has a value. */
export const given = <N extends string, V>(name: N, value: V | null): { readonly [K in N]?: V } => (value === null ? {} : ({ [name]: value } as { readonly [K in N]: V }));

export class Fields {
  readonly #properties: ReadonlyMap<string, CimValue>;

  constructor(instance: Pick<CimInstance, 'properties'>) {
    this.#properties = instance.properties;
  }

  /** Neither left out nor null. */
  has(name: string): boolean {
    return this.value(name) !== null;
  }

  isGiven(name: string): boolean {
    return this.#properties.has(name);
  }

  value(name: string): CimValue {
    return this.#properties.get(name) ?? null;
  }

  text(name: string): string | null {
    return this.value(name) as string | null;
  }

  number(name: string): number | null {
    const value = this.value(name);
    return value === null ? null : Number(value);
  }

  truth(name: string): boolean | null {
    return this.value(name) as boolean | null;
  }

  list(name: string): readonly CimScalar[] | null {
    return this.value(name) as readonly CimScalar[] | null;
  }

  /** Of an interval that is a time of day. */
  secondsOfDay(name: string): number | null {
    const value = this.value(name);
    if (value === null) return null;
    const { kind, microseconds } = value as CimInterval;
    const seconds = kind === 'interval' ? Number(microseconds / MICROS_PER_SECOND) : -1;
    if (seconds < 0 || seconds >= DAY_SECONDS) throw badValue(name, kind === 'interval' ? `${seconds} seconds` : 'a moment', say('an interval below 24 hours, the time after midnight'));
    return seconds;
  }
}
