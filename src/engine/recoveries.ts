/** Failovers, rehearsals and ways home as the history has them: asked for, ready, the guest started. */
import { asked, ready, started, type Recovery, type RecoveryKind } from '../history/recovery.ts';
import type { Relationship } from '../machine/records.ts';
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

/** Of a guest that goes home, for the host that it leaves. In ages, since the hosts' clocks may differ. */
export interface HomeComing {
  readonly askedAgoMs: number;
  readonly point: Begun['point'];
  readonly isGuestOff: boolean;
}

export interface StartedAtHome {
  readonly failbackId: string;
  readonly startedAgoMs: number;
  readonly recoveryMs: number;
}

const wentHomeId = (failbackId: string): string => `went home ${failbackId}`;

/** The other host owns the machine by that failback. Part of a transaction. */
export function wentHome(host: Host, relationshipId: string, failbackId: string, { askedAgoMs, point, isGuestOff }: HomeComing): void {
  const id = wentHomeId(failbackId);
  recoveryBegun(host, relationshipId, { id, kind: 'failback', askedMs: host.clock.nowMs() - askedAgoMs, point, isGuestOff });
  recoveryReady(host, relationshipId, id);
}

/** What the other host hears of the guest that came home here; undefined before it was started, and where none did. */
export function startedAtHome(host: Host, { failback, failover }: Relationship): StartedAtHome | undefined {
  const recovery = failback?.at === 'home' && failover ? host.state.history.recovery(failover.trackId) : undefined;
  if (!failback || !recovery) return undefined;
  const { startedMs, recoveryMs } = recovery;
  return startedMs === null || recoveryMs === null ? undefined : { failbackId: failback.id, startedAgoMs: Math.max(0, host.clock.nowMs() - startedMs), recoveryMs };
}

/** The other host said so. */
export const noteStartedAtHome = (host: Host, relationshipId: string, { failbackId, startedAgoMs, recoveryMs }: StartedAtHome): void =>
  change(host, relationshipId, wentHomeId(failbackId), (recovery) => (recovery.recoveryMs === null ? { ...recovery, recoveryMs, startedMs: host.clock.nowMs() - startedAgoMs } : recovery));

function change(host: Host, relationshipId: string, id: string, to: (recovery: Recovery) => Recovery): void {
  const before = host.state.history.recovery(id);
  if (!before) return;
  const after = to(before);
  if (after !== before) host.state.history.putRecovery(relationshipId, after);
}
