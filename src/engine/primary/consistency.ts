/**
 * Application-consistent points: the guest's agent holds its file systems still at the instant of an ordinary cycle. A guest
 * that cannot be held still gets a crash-consistent point all the same, which is counted and said.
 */
import { isConsistencyDue } from '../../cycle/consistency.ts';
import type { CycleKind } from '../../history/piece.ts';
import type { Attempt, AttemptKind, PointKind, Relationship } from '../../machine/records.ts';
import { isOnward } from '../../relationship/chain.ts';
import { applicationConsistentHours } from '../../relationship/settings.ts';
import type { Host } from '../host.ts';
import { countedConsistencyFailure } from '../../health/statistics.ts';
import { counting } from '../monitoring.ts';
import { report } from '../report.ts';
import type { PointInTime } from '../ports/hypervisor.ts';
import { machineOf } from '../spec.ts';
import { update } from '../transition.ts';
import { say } from '../../language/text.ts';
import { failureText } from '../../errors/fault.ts';

/** Whether this attempt's instant is to be application-consistent: by the settings, or because somebody asked for it. */
export function isToBeConsistent(host: Host, relationship: Relationship, { kind }: Pick<Attempt, 'kind'>): boolean {
  if (kind !== 'cycle' || isOnward(relationship)) return false;
  const { settings, lastConsistentMs: lastMs = null, consistencyFailedMs: failedMs = null, isConsistencyAsked } = relationship;
  return isConsistencyAsked === true || isConsistencyDue({ hours: applicationConsistentHours(settings), historyPoints: settings.recoveryHistory, lastMs, failedMs }, host.clock.nowMs());
}

/** A freeze that failed is counted once, and said. It is tried again later; whoever asked for the point has the answer. */
export function noteFreeze(host: Host, { id, machineId, attempt }: Relationship, { freezeFault, attemptId }: Pick<PointInTime, 'freezeFault' | 'attemptId'>): void {
  if (freezeFault === null || attempt?.freezeFailed === true) return;
  const nowMs = host.clock.nowMs();
  host.state.transaction(() => {
    update(host, id, (before) => ({
      consistencyFailedMs: nowMs,
      isConsistencyAsked: false,
      ...counting(host, before, countedConsistencyFailure),
      ...(before.attempt?.id === attemptId && { attempt: { ...before.attempt, freezeFailed: true } }),
    }));
    report(host, 'consistency-failed', machineOf(host, machineId).name, say('{failure}. The recovery point is crash-consistent.', { failure: [failureText(freezeFault)] }), freezeFault.hint);
  });
}

const KINDS: Partial<Record<Attempt['kind'], PointKind>> = { planned: 'planned' };

export const pointKindOf = ({ kind, isConsistent }: Pick<Attempt, 'kind' | 'isConsistent'>): PointKind => (isConsistent === true ? 'application-consistent' : (KINDS[kind] ?? 'standard'));

/** As the history names it: by how it came, or by what it is. */
export const cycleKindOf = (kind: AttemptKind, pointKind: PointKind): CycleKind => (kind === 'cycle' ? (pointKind === 'application-consistent' ? pointKind : 'standard') : kind);

/** What the row says of a point that has become the newest. */
export function asNewest(point: { readonly id: string; readonly instantMs: number; readonly sequence: number; readonly kind: PointKind }): Partial<Relationship> {
  const consistent = point.kind === 'application-consistent' ? { lastConsistentMs: point.instantMs, consistencyFailedMs: null, isConsistencyAsked: false } : {};
  return { newestPointId: point.id, newestInstantMs: point.instantMs, newestKind: point.kind, sequence: point.sequence, ...consistent };
}
