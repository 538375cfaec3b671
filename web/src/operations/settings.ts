/** The settings of a relationship as fields, and what of them was changed. */
import type { SettingsView } from '../../../src/service/relationshipviews.ts';
import { t } from '../language.ts';
import { namesIn, numberIn, textIn, type Choice, type Field, type Value, type Values } from './field.ts';
import { isOnward, peerOf, relationshipPath, type Operation, type Situation } from './operation.ts';

const MOST_POINTS = 24;
const MOST_HOURS = 12;
const RULES_AT_MOST = 24;

const two = (value: number): string => String(value).padStart(2, '0');
const clock = (seconds: number): string => `${two(Math.floor(seconds / 3_600))}:${two(Math.floor((seconds % 3_600) / 60))}`;
const orEmpty = (value: number | undefined): string => (value === undefined ? '' : String(value));

/** As the field for it takes it: the largest unit that fits. */
function whileText(seconds: number | undefined): string {
  if (seconds === undefined || seconds === 0) return '';
  const [unit, name] = ([[86_400, 'd'], [3_600, 'h'], [60, 'm']] as const).find(([each]) => seconds % each === 0) ?? [1, 's'];
  return `${seconds / unit}${name}`;
}

const bandwidthText = (rules: SettingsView['additional']['bandwidth'] = []): string =>
  rules.map(({ from, until, mbitPerSecond }) => (from === undefined || until === undefined ? String(mbitPerSecond) : `${from}-${until}=${mbitPerSecond}`)).join('\n');

const intervals = (least: number): Choice[] => [
  { value: '30', label: t('30 seconds') }, { value: '300', label: t('5 minutes') }, { value: '900', label: t('15 minutes') },
].filter(({ value }) => Number(value) >= least);

function usual(settings: SettingsView, onward: boolean): Field[] {
  const { intervalSeconds, recoveryHistory, applicationConsistentHours } = settings;
  return [
    { kind: 'choice', name: 'intervalSeconds', label: t('Interval'), choices: intervals(onward ? 300 : 0), initial: String(intervalSeconds), isNeeded: true },
    { kind: 'whole', name: 'recoveryHistory', label: t('Recovery points besides the newest'), hint: t('24 are advised: with 0, damage that replicates cannot be undone.'), least: 0, most: MOST_POINTS, initial: String(recoveryHistory), isNeeded: true },
    ...(onward ? [] : [{ kind: 'whole', name: 'applicationConsistentHours', label: t('Hours from one application-consistent point to the next'), hint: t('0: none. Only with a recovery history.'), least: 0, most: MOST_HOURS, initial: String(applicationConsistentHours), isNeeded: true } satisfies Field]),
  ];
}

function seldom({ compression, replicateHostItems, bypassProxy, resynchronizationWindow: window, additional }: SettingsView): Field[] {
  return [
    { kind: 'tick', name: 'compression', label: t('Compress what travels'), initial: compression, isSeldom: true },
    { kind: 'tick', name: 'replicateHostItems', label: t('Tell the guest which host it runs on'), initial: replicateHostItems, isSeldom: true },
    { kind: 'tick', name: 'bypassProxy', label: t('Reach the other host past the proxy'), initial: bypassProxy, isSeldom: true },
    { kind: 'choice', name: 'resynchronization', label: t('A resynchronization that is required'), initial: additional.resynchronization === 'manual' ? 'manual' : window ? 'window' : 'automatic', isSeldom: true, choices: [{ value: 'automatic', label: t('Begins at once') }, { value: 'window', label: t('Begins within a time of day') }, { value: 'manual', label: t('Waits until somebody asks for it') }] },
    { kind: 'timeOfDay', name: 'windowFrom', label: t('From'), initial: window ? clock(window.fromSeconds) : '18:30', isNeeded: true, isSeldom: true, isAsked: (values) => values['resynchronization'] === 'window' },
    { kind: 'timeOfDay', name: 'windowUntil', label: t('Until'), initial: window ? clock(window.untilSeconds) : '06:00', isNeeded: true, isSeldom: true, isAsked: (values) => values['resynchronization'] === 'window' },
    { kind: 'whole', name: 'pointIntervalSeconds', label: t('Seconds between the recovery points that are kept'), hint: t('3,600 when this is empty.'), least: 1, most: 86_400, initial: orEmpty(additional.pointIntervalSeconds), isSeldom: true },
    { kind: 'whole', name: 'cycleIntervalMs', label: t('Interval in milliseconds, below 30 seconds'), hint: t('It takes the place of the interval above.'), least: 200, most: 29_999, initial: orEmpty(additional.cycleIntervalMs), isSeldom: true },
    { kind: 'whole', name: 'compressionLevel', label: t('Level of the compression'), least: -7, most: 19, initial: orEmpty(additional.compressionLevel), isSeldom: true },
    { kind: 'whole', name: 'fleecingBudgetMiB', label: t('Old data that may be kept aside for one cycle, in MiB'), least: 4, most: 1_048_576, initial: orEmpty(additional.fleecingBudgetMiB), isSeldom: true },
    { kind: 'while', name: 'commitAfterSeconds', label: t('A failover commits itself after'), hint: t('Such as 2h or 1d. Empty: never.'), initial: whileText(additional.commitAfterSeconds), isSeldom: true },
    { kind: 'choice', name: 'demotion', label: t('A guest that runs without the right to'), initial: additional.demotion ?? 'pause', isSeldom: true, choices: [{ value: 'pause', label: t('Is held, with its memory') }, { value: 'stop', label: t('Is stopped') }] },
    { kind: 'bandwidth', name: 'bandwidth', label: t('Limits of the bandwidth in Mbit/s, one a line'), hint: t('100 all day, or 08:00-18:00=20. At most {count} lines.', { count: RULES_AT_MOST }), initial: bandwidthText(additional.bandwidth), isSeldom: true },
  ];
}

export function settingsFields(settings: SettingsView, disks: readonly string[], onward: boolean): readonly Field[] {
  const disksField: Field = { kind: 'several', name: 'disks', label: t('Disks that replicate'), choices: disks.map((disk) => ({ value: disk, label: disk })), initial: settings.disks, isNeeded: true };
  return [...usual(settings, onward), ...(onward ? [] : [disksField]), ...seldom(settings)];
}

const ADDITIONAL_NUMBERS = ['pointIntervalSeconds', 'cycleIntervalMs', 'compressionLevel', 'fleecingBudgetMiB'] as const;

function additionalIn(values: Values, before: SettingsView['additional']): Record<string, unknown> {
  const after: Record<string, unknown> = {};
  for (const name of ADDITIONAL_NUMBERS) {
    const value = numberIn(values, name);
    if (value !== undefined && value !== before[name]) after[name] = value;
  }
  const commit = numberIn(values, 'commitAfterSeconds') ?? 0;
  if (commit !== (before.commitAfterSeconds ?? 0)) after['commitAfterSeconds'] = commit;
  const demotion = textIn(values, 'demotion') ?? 'pause';
  if (demotion !== (before.demotion ?? 'pause')) after['demotion'] = demotion;
  const manual = values['resynchronization'] === 'manual' ? 'manual' : 'automatic';
  if (manual !== (before.resynchronization ?? 'automatic')) after['resynchronization'] = manual;
  const bandwidth = (values['bandwidth'] ?? []) as Value;
  if (JSON.stringify(bandwidth) !== JSON.stringify(before.bandwidth ?? [])) after['bandwidth'] = bandwidth;
  return after;
}

function windowIn(values: Values): SettingsView['resynchronizationWindow'] {
  const [fromSeconds, untilSeconds] = [numberIn(values, 'windowFrom'), numberIn(values, 'windowUntil')];
  return values['resynchronization'] === 'window' && fromSeconds !== undefined && untilSeconds !== undefined ? { fromSeconds, untilSeconds } : null;
}

/** Only what differs from what is set. */
export function settingsChange(values: Values, before: SettingsView): object {
  const asked: Record<string, unknown> = {
    intervalSeconds: Number(textIn(values, 'intervalSeconds') ?? before.intervalSeconds),
    recoveryHistory: numberIn(values, 'recoveryHistory') ?? before.recoveryHistory,
    applicationConsistentHours: numberIn(values, 'applicationConsistentHours') ?? before.applicationConsistentHours,
    compression: values['compression'],
    replicateHostItems: values['replicateHostItems'],
    bypassProxy: values['bypassProxy'],
    resynchronizationWindow: windowIn(values),
    disks: namesIn(values, 'disks') ?? before.disks,
  };
  const known = before as unknown as Readonly<Record<string, unknown>>;
  const changed = Object.entries(asked).filter(([name, value]) => value !== undefined && JSON.stringify(value) !== JSON.stringify(known[name]));
  const additional = additionalIn(values, before.additional);
  return { ...Object.fromEntries(changed), ...(Object.keys(additional).length > 0 && { additional }) };
}

/** The API has no way to take such a value back. */
const isEmptied = (values: Values, { additional }: SettingsView): boolean => ADDITIONAL_NUMBERS.some((name) => additional[name] !== undefined && numberIn(values, name) === undefined);

const words = (situation: Situation) => ({ machine: situation.machine.name, peer: peerOf(situation) });

function settingsHappen(situation: Situation, values: Values): string[] {
  const before = situation.relationship!.settings;
  const change = settingsChange(values, before) as { disks?: string[]; recoveryHistory?: number };
  const kept = isEmptied(values, before) ? [t('A field that was emptied keeps its value: give another one.')] : [];
  if (Object.keys(change).length === 0) return [t('Nothing is changed yet.'), ...kept];
  const added = (change.disks ?? before.disks).filter((disk) => !before.disks.includes(disk));
  return [
    t('Both hosts go by the new settings of {machine} from now on.', words(situation)),
    ...(added.length > 0 ? [t('These disks are copied to {peer} while the guest runs: {disks}. The others go on replicating.', { ...words(situation), disks: added.join(', ') })] : []),
    ...kept,
  ];
}

function settingsLose(situation: Situation, values: Values): string[] {
  const before = situation.relationship!.settings;
  const { disks = before.disks, recoveryHistory = before.recoveryHistory } = settingsChange(values, before) as { disks?: readonly string[]; recoveryHistory?: number };
  const gone = before.disks.filter((disk) => !disks.includes(disk));
  return [
    ...(gone.length > 0 ? [t('These disks do not replicate any more: {disks}. A failover would not have them as they are from now on.', { disks: gone.join(', ') })] : []),
    ...(recoveryHistory < before.recoveryHistory ? [t('Older recovery points beyond the newest and {count} others are removed.', { count: recoveryHistory })] : []),
  ];
}

const change: Operation = {
  id: 'settings', family: 'replication', command: 'settings', api: ['settingsChange'], verb: 'settings', isOnwardToo: true, answer: 'done',
  title: (situation) => (isOnward(situation) ? t('Change the settings of sending on') : t('Change the settings')),
  fields: (situation) => settingsFields(situation.relationship!.settings, situation.machine.disks.map(({ name }) => name), isOnward(situation)),
  happens: settingsHappen,
  loses: settingsLose,
  danger: (situation, values) => (settingsLose(situation, values).length > 0 ? 'loss' : 'none'),
  request: (situation, values) => ({ method: 'PATCH', path: relationshipPath(situation), body: settingsChange(values, situation.relationship!.settings) }),
};

export const SETTINGS: readonly Operation[] = [change];
