/** Failovers, rehearsals and ways home as the history has them: asked for, ready, the guest started. */
import { asked, ready, started, type Recovery, type RecoveryKind } from '../history/recovery.ts';
import type { Host } from './host.ts';

/** Who asks for a failover, and since when. */
export interface Asking {
  readonly askedMs: number;
  /** It is the way home. */
  readonly isFailback?: boolean;
}

export interface Begun {
  readonly id: string;
  readonly kind: RecoveryKind;
  /** The moment of the asking when absent: now. */
  readonly askedMs: number | undefined;
  readonly point: { readonly id: string; readonly instantMs: number };
  /** Nothing was written after the point. */
  readonly isGuestOff: boolean;
}

/** Part of a transaction. */
export function recoveryBegun(host: Host, relationshipId: string, { id, kind, askedMs = host.clock.nowMs(), point, isGuestOff }: Begun): void {
  host.state.history.putRecovery(relationshipId, asked({ id, kind, askedMs, pointId: point.id, pointInstantMs: point.instantMs }, isGuestOff));
}

/** The guest could be started now. */
export const recoveryReady = (host: Host, relationshipId: string, id: string): void => change(host, relationshipId, id, (recovery) => ready(recovery, host.clock.nowMs()));

/** Of the machine that was started: it failed over, or it is a test failover's copy. Only the first start counts. */
export function recoveryStarted(host: Host, machineId: string, tookMs: number): void {
  const testedId = host.state.machine(machineId)?.copyOf ?? null;
  const relationship = host.state.relationshipOf(testedId ?? machineId);
  const id = testedId === null ? relationship?.failover?.trackId : machineId;
  if (relationship && id !== undefined) change(host, relationship.id, id, (recovery) => started(recovery, host.clock.nowMs(), tookMs));
}

/** The other host has started the guest, and says so. */
export const recoveryHandedOver = (host: Host, relationshipId: string, id: string): void => change(host, relationshipId, id, (recovery) => started(recovery, host.clock.nowMs(), 0));

function change(host: Host, relationshipId: string, id: string, to: (recovery: Recovery) => Recovery): void {
  const before = host.state.history.recovery(id);
  if (!before) return;
  const after = to(before);
  if (after !== before) host.state.history.putRecovery(relationshipId, after);
}
