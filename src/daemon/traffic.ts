/** The host's traffic by what is set for it now. */
import { DEFAULT_TRAFFIC } from '../engine/traffic/limits.ts';
import { Traffic } from '../engine/traffic/traffic.ts';
import type { ServiceSettingsRow } from '../state/servicesettings.ts';
import type { SqliteState } from '../state/state.ts';
import { systemClock } from './clock.ts';

export const trafficOf = (state: SqliteState, settings: ServiceSettingsRow): Traffic =>
  new Traffic({
    clock: systemClock,
    limits: () => ({ ...DEFAULT_TRAFFIC, ...settings.get().traffic }),
    relationship: (id) => state.relationship(id),
    nameOf: (machineId) => state.machine(machineId)?.name ?? machineId,
  });
