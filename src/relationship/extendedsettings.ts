/** The settings of an extended relationship: fewer of them, within what the primary's allow. Source: Hyper-V Replica, "extend replication". */
import { changed, cycleIntervalMs, defaultSettings, type Settings, type SettingsChange } from './settings.ts';
import { Fault } from '../errors/fault.ts';
import { say, type Text } from '../language/text.ts';

const bad = (message: Text): never => {
  throw new Fault('settings-invalid', message);
};

/** 300 s, or the primary's interval when that is longer; the primary's disks and compression; a history of its own. */
export const defaultExtendedSettings = ({ intervalSeconds, disks, compression }: Settings): Settings => ({ ...defaultSettings(disks), intervalSeconds: intervalSeconds === 900 ? 900 : 300, compression });

/** The settings with the change applied. Fault settings-invalid says what an extended relationship does not have, and what is allowed. */
export function extendedChanged(settings: Settings, change: SettingsChange, primary: Settings): Settings {
  if (change.disks && !isSame(change.disks, primary.disks)) bad(say('the disks of an extended relationship are those that the primary replicates: {disks}', { disks: { list: primary.disks } }));
  if (change.declared?.applicationConsistentHours) bad(say('an extended relationship has no application-consistent recovery points of its own: allowed is 0'));
  const next = changed(settings, { ...change, disks: primary.disks }, primary.disks);
  if (next.intervalSeconds === 30) bad(say('the interval of an extended relationship cannot be 30: allowed is 300 or 900 seconds'));
  if (cycleIntervalMs(next) < cycleIntervalMs(primary)) bad(say('the interval of an extended relationship cannot be {seconds} s: it is at least the primary\'s, {least} s', { seconds: cycleIntervalMs(next) / 1_000, least: cycleIntervalMs(primary) / 1_000 }));
  return next;
}

const isSame = (left: readonly string[], right: readonly string[]): boolean => left.length === right.length && left.every((each) => right.includes(each));
