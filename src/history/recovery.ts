/** A failover, a rehearsal of one, or a way home: how long it took until the guest was started on the other host, and what was lost. */
export const RECOVERY_KINDS = ['planned', 'unplanned', 'failback', 'test'] as const;
export type RecoveryKind = (typeof RECOVERY_KINDS)[number];

export interface Recovery {
  readonly id: string;
  readonly kind: RecoveryKind;
  readonly askedMs: number;
  readonly pointId: string;
  readonly pointInstantMs: number;
  /** From the point's instant to the asking: what the guest had written in that time is not in the point. 0 where the guest was shut down first. */
  readonly lostMs: number;
  /** How long it took until the guest could be started. */
  readonly readyMs: number | null;
  /** That, and until the guest was started; null until it is. */
  readonly recoveryMs: number | null;
  readonly startedMs: number | null;
}

export function asked(asking: Pick<Recovery, 'id' | 'kind' | 'askedMs' | 'pointId' | 'pointInstantMs'>, isGuestOff: boolean): Recovery {
  return { ...asking, lostMs: isGuestOff ? 0 : Math.max(0, asking.askedMs - asking.pointInstantMs), readyMs: null, recoveryMs: null, startedMs: null };
}

export const ready = (recovery: Recovery, nowMs: number): Recovery => (recovery.readyMs === null ? { ...recovery, readyMs: Math.max(0, nowMs - recovery.askedMs) } : recovery);

/** Somebody who starts the guest later, by a request of its own, does not make the failover longer by the time between. */
export const started = (recovery: Recovery, nowMs: number, startTookMs: number): Recovery =>
  recovery.recoveryMs === null ? { ...recovery, startedMs: nowMs, recoveryMs: Math.round((recovery.readyMs ?? Math.max(0, nowMs - startTookMs - recovery.askedMs)) + startTookMs) } : recovery;
