/** What an operator can set on a relationship; every value is checked here, wherever it comes from. */
import { checkBandwidth, type BandwidthRule } from '../cycle/bandwidth.ts';
import type { DailyWindow } from '../cycle/window.ts';
import { notAllowed } from '../errors/notallowed.ts';
import { type Said, say, verbatim } from '../language/text.ts';

export interface AdditionalSettings {
  /** Below 30 s, for tests and demanding machines. */
  readonly cycleIntervalMs?: number;
  /** Spacing of kept recovery points; 3,600 when absent. */
  readonly pointIntervalSeconds?: number;
  readonly compressionLevel?: number;
  /** Old data that QEMU may keep aside for one cycle, over all disks. */
  readonly fleecingBudgetMiB?: number;
  /** What happens to a guest that runs here without the right to: held with its memory, or stopped. */
  readonly demotion?: 'pause' | 'stop';
  /** A failover that nobody has committed by then commits itself; never for 0. */
  readonly commitAfterSeconds?: number;
  /** A resynchronization that is required begins by itself (at once, or in its window), or only when somebody asks. */
  readonly resynchronization?: 'automatic' | 'manual';
  /** What may leave for this replica, besides the host's own limits. */
  readonly bandwidth?: readonly BandwidthRule[];
}

/** Settings that are kept only where they are not the default; both hosts go by them. */
export interface DeclaredSettings {
  /** Hours between application-consistent points, 1 to 12; 0 for none. Only with a recovery history. */
  readonly applicationConsistentHours?: number;
  /** True: a resynchronization that is needed waits for the window. Otherwise it begins by itself at once. */
  readonly autoResynchronize?: boolean;
  /** The window for resynchronizing, seconds after the host's midnight; it may reach across it. */
  readonly resynchronizeFromSeconds?: number;
  readonly resynchronizeUntilSeconds?: number;
  /** Whether the guest is told which host it runs on: by the primary, and by the replica's host after a failover. */
  readonly replicateHostItems?: boolean;
  /** Whether the other host is reached past this host's proxy, on each side of the relationship. */
  readonly bypassProxy?: boolean;
}

export interface Settings {
  readonly intervalSeconds: 30 | 300 | 900;
  readonly compression: boolean;
  readonly disks: readonly string[];
  readonly recoveryHistory: number;
  readonly additional: AdditionalSettings;
  readonly declared?: DeclaredSettings;
}

export const DEFAULT_INTERVAL_SECONDS = 300;
const DEFAULT_POINT_INTERVAL_SECONDS = 3_600;
export const DEFAULT_FLEECING_BUDGET_MIB = 1_024;
export const ADVISED_HISTORY = 24;
/** Half past six in the evening until six in the morning. Source: Msvm_ReplicationSettingData. */
export const DEFAULT_RESYNCHRONIZATION_WINDOW: DailyWindow = { fromSeconds: 66_600, untilSeconds: 21_600 };

export const defaultSettings = (disks: readonly string[]): Settings => ({
  intervalSeconds: DEFAULT_INTERVAL_SECONDS,
  compression: true,
  disks,
  recoveryHistory: 0,
  additional: {},
});

export type SettingsChange = { readonly [K in keyof Settings]?: Settings[K] | undefined };

const TRUE_OR_FALSE = say('{one} or {other}', { one: 'true', other: 'false' });
/** A field of `declared` is named as it is written there. */
const bad = (name: Said | string, value: unknown, allowed: Said): never => {
  throw notAllowed(name, value, allowed);
};

function checkWhole(name: Said | string, value: unknown, min: number, max: number): void {
  if (value !== undefined && !(Number.isInteger(value) && Number(value) >= min && Number(value) <= max)) {
    bad(name, value, say('a whole number from {min} to {max}', { min: String(min), max: String(max) }));
  }
}

/** A minute to 30 days. */
export const COMMIT_AFTER_SECONDS = { min: 60, max: 2_592_000 } as const;

const ADDITIONAL_CHECKS: Record<keyof AdditionalSettings, (value: unknown) => void> = {
  cycleIntervalMs: (value) => checkWhole('cycleIntervalMs', value, 200, 29_999),
  pointIntervalSeconds: (value) => checkWhole('pointIntervalSeconds', value, 1, 86_400),
  compressionLevel: (value) => checkWhole('compressionLevel', value, -7, 19),
  fleecingBudgetMiB: (value) => checkWhole('fleecingBudgetMiB', value, 4, 1_048_576),
  commitAfterSeconds: (value) => {
    if (value !== 0) checkWhole('commitAfterSeconds', value, COMMIT_AFTER_SECONDS.min, COMMIT_AFTER_SECONDS.max);
  },
  demotion: (value) => {
    if (value !== undefined && value !== 'pause' && value !== 'stop') bad('demotion', value, say('{one} or {other}', { one: '"pause"', other: '"stop"' }));
  },
  bandwidth: (value) => {
    if (value !== undefined) checkBandwidth(value);
  },
  resynchronization: (value) => {
    if (value !== undefined && value !== 'automatic' && value !== 'manual') bad('resynchronization', value, say('{one} or {other}', { one: '"automatic"', other: '"manual"' }));
  },
};

function checkAdditional(additional: AdditionalSettings): void {
  for (const [name, value] of Object.entries(additional)) {
    if (!Object.hasOwn(ADDITIONAL_CHECKS, name)) bad('AdditionalSettings', name, verbatim(Object.keys(ADDITIONAL_CHECKS).join(', ')));
    ADDITIONAL_CHECKS[name as keyof AdditionalSettings](value);
  }
}

const DECLARED_DEFAULTS: Required<DeclaredSettings> = {
  applicationConsistentHours: 0, autoResynchronize: false, resynchronizeFromSeconds: 18.5 * 3_600, resynchronizeUntilSeconds: 6 * 3_600, replicateHostItems: true, bypassProxy: false,
};

/** A value that is the default is not kept: settings that are read and sent back are the same settings. */
function declaredAfter(before: DeclaredSettings = {}, change: DeclaredSettings = {}): Pick<Settings, 'declared'> {
  const kept = Object.entries({ ...before, ...change }).filter(([name, value]) => value !== DECLARED_DEFAULTS[name as keyof DeclaredSettings]);
  return kept.length > 0 ? { declared: Object.fromEntries(kept) as DeclaredSettings } : {};
}

function checkDeclared({ applicationConsistentHours: hours, bypassProxy, replicateHostItems, resynchronizeFromSeconds, resynchronizeUntilSeconds }: DeclaredSettings, recoveryHistory: number): void {
  checkWhole(say('the interval of application-consistent points in hours'), hours, 0, 12);
  if (hours && recoveryHistory === 0) bad(say('the interval of application-consistent points in hours'), hours, say('0 while the recovery history is 0'));
  if (typeof (bypassProxy ?? false) !== 'boolean') bad(say('going past the proxy'), bypassProxy, TRUE_OR_FALSE);
  if (typeof (replicateHostItems ?? true) !== 'boolean') bad(say('telling the guest of its host'), replicateHostItems, TRUE_OR_FALSE);
  checkWhole(say('the start of the window for resynchronizing'), resynchronizeFromSeconds, 0, 86_399);
  checkWhole(say('the end of the window for resynchronizing'), resynchronizeUntilSeconds, 0, 86_399);
}

/** The settings with the change applied. Fault settings-invalid names the field, the value and what is allowed. */
export function changed(settings: Settings, change: SettingsChange, machineDisks: readonly string[]): Settings {
  const next: Settings = {
    intervalSeconds: change.intervalSeconds ?? settings.intervalSeconds,
    compression: change.compression ?? settings.compression,
    disks: change.disks ?? settings.disks,
    recoveryHistory: change.recoveryHistory ?? settings.recoveryHistory,
    additional: { ...settings.additional, ...change.additional },
    ...declaredAfter(settings.declared, change.declared),
  };
  if (![30, 300, 900].includes(next.intervalSeconds)) bad(say('the interval'), next.intervalSeconds, say('30, 300 or 900 seconds'));
  if (typeof next.compression !== 'boolean') bad(say('compression'), next.compression, TRUE_OR_FALSE);
  checkWhole(say('the recovery history'), next.recoveryHistory, 0, 24);
  const unknown = next.disks.filter((disk) => !machineDisks.includes(disk));
  if (unknown.length > 0) bad(say('the list of disks'), unknown, verbatim(machineDisks.join(', ')));
  if (new Set(next.disks).size < next.disks.length) bad(say('the list of disks'), next.disks, say('each disk once'));
  if (next.disks.length === 0) bad(say('the list of disks'), [], say('one or more of {disks}', { disks: { list: machineDisks } }));
  checkAdditional(next.additional);
  if (next.declared) checkDeclared(next.declared, next.recoveryHistory);
  return next;
}

export const bypassesProxy = ({ declared }: Settings): boolean => declared?.bypassProxy === true;

export const cycleIntervalMs = (settings: Settings): number => settings.additional.cycleIntervalMs ?? settings.intervalSeconds * 1_000;

/** Hours between application-consistent points; 0 for none. */
export const applicationConsistentHours = ({ declared }: Settings): number => declared?.applicationConsistentHours ?? DECLARED_DEFAULTS.applicationConsistentHours;

/** What retention goes by. */
export const pointsKept = (settings: Settings) => ({
  history: settings.recoveryHistory,
  intervalSeconds: settings.additional.pointIntervalSeconds ?? DEFAULT_POINT_INTERVAL_SECONDS,
  keepsLastConsistent: applicationConsistentHours(settings) > 0,
});

export const tellsHostItems = ({ declared }: Settings): boolean => declared?.replicateHostItems ?? DECLARED_DEFAULTS.replicateHostItems;

/** When resynchronizations may begin by themselves; null for at any time. */
export function resynchronizationWindow({ declared = {} }: Settings): DailyWindow | null {
  if (declared.autoResynchronize !== true) return null;
  const { fromSeconds, untilSeconds } = DEFAULT_RESYNCHRONIZATION_WINDOW;
  return { fromSeconds: declared.resynchronizeFromSeconds ?? fromSeconds, untilSeconds: declared.resynchronizeUntilSeconds ?? untilSeconds };
}
