/** From where on the health of a relationship is a warning, or critical. The host's own; the defaults are Hyper-V Replica's where it has one. */
import { Fault } from '../errors/fault.ts';
import { asJson, say } from '../language/text.ts';

interface LimitRow {
  readonly default: number;
  readonly min: number;
  readonly max: number;
  readonly unit: string;
  readonly basis: 'documented' | 'inferred' | 'ours';
  readonly meaning: string;
}

const row = (standard: number, [min, max]: readonly [number, number], unit: string, basis: LimitRow['basis'], meaning: string): LimitRow => ({ default: standard, min, max, unit, basis, meaning });

export const HEALTH_LIMITS = {
  missedWarningPercent: row(20, [1, 100], '%', 'documented', 'Warning when more than this share of the cycles in the monitoring interval was missed'),
  missedCriticalPercent: row(50, [1, 100], '%', 'ours', 'Critical when at least this share was missed'),
  silentMinutes: row(60, [1, 10_080], 'min', 'documented', 'Warning when nothing was sent (primary) or received (replica) for longer'),
  stalledHours: row(24, [1, 720], 'h', 'ours', 'Critical when nothing was sent or received for longer'),
  latencySeconds: row(300, [1, 86_400], 's', 'inferred', 'Warning when cycles took longer than this on average'),
  failuresInARow: row(3, [1, 100], 'tries', 'ours', 'Critical when so many tries to replicate failed one after the other'),
  lateIntervals: row(3, [2, 1_000], 'intervals', 'ours', 'Warning when the replica is further behind than so many intervals (and 30 s)'),
  testDays: row(30, [1, 3_650], 'days', 'documented', 'A reminder when no test failover was made for longer'),
} as const satisfies Record<string, LimitRow>;

export type HealthLimits = Readonly<Record<keyof typeof HEALTH_LIMITS, number>>;
export type HealthLimit = keyof typeof HEALTH_LIMITS;

export const LIMIT_NAMES = Object.keys(HEALTH_LIMITS) as readonly HealthLimit[];

export const limitsOf = (set: Partial<HealthLimits> = {}): HealthLimits =>
  Object.fromEntries(LIMIT_NAMES.map((name) => [name, set[name] ?? HEALTH_LIMITS[name].default])) as HealthLimits;

/** Fault settings-invalid names the limit, its value and what is allowed. */
export function checkLimits(set: Partial<HealthLimits>): void {
  for (const [name, value] of Object.entries(set)) {
    const limit: LimitRow | undefined = Object.hasOwn(HEALTH_LIMITS, name) ? HEALTH_LIMITS[name as HealthLimit] : undefined;
    if (!limit) throw new Fault('settings-invalid', say('there is no limit {name}: allowed are {known}', { name: name.slice(0, 100), known: { list: LIMIT_NAMES } }));
    if (value !== undefined && !(Number.isInteger(value) && value >= limit.min && value <= limit.max)) {
      throw new Fault('settings-invalid', say('{name} cannot be {value}: allowed is a whole number of {unit} from {min} to {max}', { name, value: asJson(value), unit: [limit.unit], min: limit.min, max: limit.max }));
    }
  }
}
