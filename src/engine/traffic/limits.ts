/** What is set for everything that leaves this host for replicas. Source: MaximumActiveTransfers, KB2767928: 1 to 1024, 3 unless set. */
import { checkBandwidth, type BandwidthRule } from '../../cycle/bandwidth.ts';
import { Fault } from '../../errors/fault.ts';
import { asJson, say } from '../../language/text.ts';

export interface TrafficLimits {
  /** Transfers at once, to all hosts. */
  readonly transfers: number;
  /** Resynchronizations at once. */
  readonly resynchronizations: number;
  readonly bandwidth: readonly BandwidthRule[];
}

export const DEFAULT_TRAFFIC: TrafficLimits = { transfers: 3, resynchronizations: 2, bandwidth: [] };
export const MAX_AT_ONCE = 1_024;

/** Fault settings-invalid names what cannot be. */
export function checkTraffic(change: { readonly [K in keyof TrafficLimits]?: unknown }): void {
  for (const [name, value] of [[say('transfers at once'), change.transfers], [say('resynchronizations at once'), change.resynchronizations]] as const) {
    if (value !== undefined && !(Number.isInteger(value) && Number(value) >= 1 && Number(value) <= MAX_AT_ONCE)) {
      throw new Fault('settings-invalid', say('the number of {name} cannot be {value}: allowed is a whole number from 1 to {max}', { name, value: asJson(value), max: MAX_AT_ONCE }));
    }
  }
  if (change.bandwidth !== undefined) checkBandwidth(change.bandwidth);
}
