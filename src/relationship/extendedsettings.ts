/** The settings of an extended relationship: fewer of them, within what the primary's allow. Source: Hyper-V Replica, "extend replication". */
import { changed, cycleIntervalMs, defaultSettings, type Settings, type SettingsChange } from './settings.ts';
import { Fault } from '../errors/fault.ts';

const bad = (message: string): never => {
  throw new Fault('settings-invalid', message);
};

/** 300 s, or the primary's interval when that is longer; the primary's disks and compression; a history of its own. */
export const defaultExtendedSettings = ({ intervalSeconds, disks, compression }: Settings): Settings => ({ ...defaultSettings(disks), intervalSeconds: intervalSeconds === 900 ? 900 : 300, compression });

/** The settings with the change applied. Fault settings-invalid says what an extended relationship does not have, and what is allowed. */
export function extendedChanged(settings: Settings, change: SettingsChange, primary: Settings): Settings {
  if (change.disks && !isSame(change.disks, primary.disks)) bad(`the disks of an extended relationship are those that the primary replicates: ${primary.disks.join(', ')}`);
  if (change.declared?.applicationConsistentHours) bad('an extended relationship has no application-consistent recovery points of its own: allowed is 0');
  const next = changed(settings, { ...change, disks: primary.disks }, primary.disks);
  if (next.intervalSeconds === 30) bad('the interval of an extended relationship cannot be 30: allowed is 300 or 900 seconds');
  if (cycleIntervalMs(next) < cycleIntervalMs(primary)) bad(`the interval of an extended relationship cannot be ${cycleIntervalMs(next) / 1_000} s: it is at least the primary's, ${cycleIntervalMs(primary) / 1_000} s`);
  return next;
}

const isSame = (left: readonly string[], right: readonly string[]): boolean => left.length === right.length && left.every((each) => right.includes(each));
