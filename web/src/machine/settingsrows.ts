/** The settings of a relationship in words. Pure. */
import type { SettingsView } from '../../../src/service/relationshipviews.ts';
import { counted, t } from '../language.ts';
import { length } from '../moments.ts';

export interface Row {
  readonly name: string;
  readonly value: string;
}

const two = (value: number): string => String(value).padStart(2, '0');
const clock = (seconds: number): string => `${two(Math.floor(seconds / 3_600))}:${two(Math.floor((seconds % 3_600) / 60))}`;
const yesNo = (value: boolean): string => (value ? t('yes') : t('no'));

function resynchronizing({ resynchronizationWindow: window, additional }: SettingsView): string {
  if (additional.resynchronization === 'manual') return t('when somebody asks for it');
  return window ? t('by itself from {from} to {until}', { from: clock(window.fromSeconds), until: clock(window.untilSeconds) }) : t('by itself at once');
}

const bandwidthText = (rules: SettingsView['additional']['bandwidth']): string =>
  (rules ?? []).map(({ from, until, mbitPerSecond }) => (from === undefined || until === undefined ? t('{rate} Mbit/s all day', { rate: mbitPerSecond }) : t('{rate} Mbit/s from {from} to {until}', { rate: mbitPerSecond, from, until }))).join('\n');

function additionalRows({ additional }: SettingsView): Row[] {
  const rows: (Row | undefined)[] = [
    additional.pointIntervalSeconds === undefined ? undefined : { name: t('Spacing of recovery points'), value: length(1_000 * additional.pointIntervalSeconds) },
    additional.compressionLevel === undefined ? undefined : { name: t('Level of the compression'), value: String(additional.compressionLevel) },
    additional.fleecingBudgetMiB === undefined ? undefined : { name: t('Old data kept aside at most'), value: t('{count} MiB', { count: additional.fleecingBudgetMiB }) },
    additional.commitAfterSeconds ? { name: t('A failover commits itself'), value: t('after {length}', { length: length(1_000 * additional.commitAfterSeconds) }) } : undefined,
    additional.demotion === 'stop' ? { name: t('A guest without the right to run'), value: t('is stopped') } : undefined,
    additional.bandwidth && additional.bandwidth.length > 0 ? { name: t('Bandwidth'), value: bandwidthText(additional.bandwidth) } : undefined,
  ];
  return rows.filter((row) => row !== undefined);
}

/** What is never set for a relationship that sends on is left out. */
export function settingsRows(settings: SettingsView, onward: boolean): readonly Row[] {
  const { intervalSeconds, recoveryHistory, applicationConsistentHours: hours, additional } = settings;
  return [
    { name: t('Interval'), value: length(additional.cycleIntervalMs ?? 1_000 * intervalSeconds) },
    { name: t('Recovery points'), value: recoveryHistory === 0 ? t('only the newest') : t('the newest and {count} others', { count: recoveryHistory }) },
    ...(onward ? [] : [{ name: t('Application-consistent points'), value: hours === 0 ? t('none') : counted(hours, 'every hour', 'every {count} hours') }]),
    { name: t('Disks'), value: settings.disks.join(', ') },
    { name: t('Compression'), value: yesNo(settings.compression) },
    { name: t('Resynchronizes'), value: resynchronizing(settings) },
    { name: t('The guest is told its host'), value: yesNo(settings.replicateHostItems) },
    { name: t('Past the proxy'), value: yesNo(settings.bypassProxy) },
    ...additionalRows(settings),
  ];
}
