/** Limits that hold for the host as a whole: what leaves it for replicas, and from where on the health is bad. */
import { HEALTH_LIMITS, LIMIT_NAMES } from '../../../src/health/limits.ts';
import type { HealthLimitsView } from '../../../src/service/healthviews.ts';
import type { TrafficView } from '../../../src/service/views.ts';
import type { Action } from '../asking/action.ts';
import { t } from '../language.ts';
import type { Field, Value, Values } from '../operations/field.ts';
import { LIMIT_WORDS } from './words.ts';

const AT_ONCE_AT_MOST = 1_024;
const RULES_AT_MOST = 24;

const ruleText = ({ from, until, mbitPerSecond }: TrafficView['bandwidth'][number]): string => (from === undefined || until === undefined ? String(mbitPerSecond) : `${from}-${until}=${mbitPerSecond}`);

const trafficFields = ({ transfers, resynchronizations, bandwidth }: TrafficView): readonly Field[] => [
  { kind: 'whole', name: 'transfers', label: t('Machines that are sent at once'), hint: t('To all hosts together; the others wait for their turn.'), least: 1, most: AT_ONCE_AT_MOST, initial: String(transfers), isNeeded: true },
  { kind: 'whole', name: 'resynchronizations', label: t('Machines that resynchronize at once'), least: 1, most: AT_ONCE_AT_MOST, initial: String(resynchronizations), isNeeded: true },
  { kind: 'bandwidth', name: 'bandwidth', label: t('Limits of the bandwidth in Mbit/s, one a line'), hint: t('100 all day, or 08:00-18:00=20. At most {count} lines; of those that are open the lowest counts. Empty: no limit.', { count: RULES_AT_MOST }), initial: bandwidth.map(ruleText).join('\n') },
];

const changed = (values: Values, before: Readonly<Record<string, unknown>>, names: readonly string[]): Record<string, Value> =>
  Object.fromEntries(names.flatMap((name) => (values[name] === undefined || JSON.stringify(values[name]) === JSON.stringify(before[name]) ? [] : [[name, values[name]]])));

export const traffic = (now: TrafficView): Action => {
  const change = (values: Values) => changed({ bandwidth: [], ...values }, now as unknown as Readonly<Record<string, unknown>>, ['transfers', 'resynchronizations', 'bandwidth']);
  return {
    command: 'traffic set', role: 'operator', title: t('Change the limits of what leaves this host'), label: t('Change'), fields: trafficFields(now),
    happens: (values) => (Object.keys(change(values)).length === 0 ? [t('Nothing is changed yet.')] : [t('What is under way goes by the new limits at once.'), t('A limit that is too low makes replicas fall behind.')]),
    request: (values) => ({ method: 'PATCH', path: '/api/traffic', body: change(values) }),
  };
};

export const healthLimits = (now: HealthLimitsView): Action => ({
  command: 'health limits', role: 'operator', title: t('Change when a machine counts as in danger'), label: t('Change'),
  fields: LIMIT_NAMES.map((name): Field => ({
    kind: 'whole', name, label: LIMIT_WORDS[name].meaning(), hint: t('{least} to {most}; {standard} by default.', { least: HEALTH_LIMITS[name].min, most: LIMIT_WORDS[name].value(HEALTH_LIMITS[name].max), standard: LIMIT_WORDS[name].value(HEALTH_LIMITS[name].default) }),
    least: HEALTH_LIMITS[name].min, most: HEALTH_LIMITS[name].max, initial: String(now[name]), isNeeded: true,
  })),
  happens: () => [t('All machines of this host are judged by the new limits from now on. The other hosts have limits of their own.')],
  request: (values) => ({ method: 'PATCH', path: '/api/health/limits', body: changed(values, now, LIMIT_NAMES) }),
});
