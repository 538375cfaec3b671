/** The limits of the health in the page's language: what each means, and a value of it. */
import type { HealthLimit } from '../../../src/health/limits.ts';
import { t } from '../language.ts';

interface Words {
  readonly meaning: () => string;
  readonly value: (value: number) => string;
}

export const LIMIT_WORDS: Readonly<Record<HealthLimit, Words>> = {
  missedWarningPercent: { meaning: () => t('Warning when more than this share of the cycles in the monitoring interval was missed'), value: (value) => t('{value} %', { value }) },
  missedCriticalPercent: { meaning: () => t('Critical when at least this share was missed'), value: (value) => t('{value} %', { value }) },
  silentMinutes: { meaning: () => t('Warning when nothing was sent (primary) or received (replica) for longer'), value: (value) => t('{value} min', { value }) },
  stalledHours: { meaning: () => t('Critical when nothing was sent or received for longer'), value: (value) => t('{value} h', { value }) },
  latencySeconds: { meaning: () => t('Warning when cycles took longer than this on average'), value: (value) => t('{value} s', { value }) },
  failuresInARow: { meaning: () => t('Critical when so many tries to replicate failed one after the other'), value: (value) => t('{value} tries', { value }) },
  lateIntervals: { meaning: () => t('Warning when the replica is further behind than so many intervals (and 30 s)'), value: (value) => t('{value} intervals', { value }) },
  testDays: { meaning: () => t('A reminder when no test failover was made for longer'), value: (value) => t('{value} days', { value }) },
};
