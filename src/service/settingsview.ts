/** Settings as people and programs see and change them: all in one row, whatever is kept where. */
import { applicationConsistentHours, bypassesProxy, resynchronizationWindow, tellsHostItems, type Settings, type SettingsChange } from '../relationship/settings.ts';
import { definedOnly } from './options.ts';
import type { SettingsView } from './relationshipviews.ts';

const additionalView = ({ bandwidth, ...rest }: Settings['additional']): SettingsView['additional'] => ({ ...rest, ...(bandwidth && { bandwidth: bandwidth.map((rule) => ({ ...rule })) }) });

export const settingsView = (settings: Settings): SettingsView => ({
  intervalSeconds: settings.intervalSeconds,
  compression: settings.compression,
  disks: [...settings.disks],
  recoveryHistory: settings.recoveryHistory,
  applicationConsistentHours: applicationConsistentHours(settings),
  replicateHostItems: tellsHostItems(settings),
  bypassProxy: bypassesProxy(settings),
  resynchronizationWindow: resynchronizationWindow(settings),
  additional: additionalView(settings.additional),
});

/** What is not named stays as it is. */
export function settingsChangeOf({ applicationConsistentHours: hours, replicateHostItems, bypassProxy, resynchronizationWindow: window, ...plain }: Partial<SettingsView>): SettingsChange {
  const autoResynchronize = window === undefined ? undefined : window !== null;
  const declared = { applicationConsistentHours: hours, replicateHostItems, bypassProxy, autoResynchronize, resynchronizeFromSeconds: window?.fromSeconds, resynchronizeUntilSeconds: window?.untilSeconds };
  return { ...(plain as SettingsChange), declared: definedOnly(declared) };
}
