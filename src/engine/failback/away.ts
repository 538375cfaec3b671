/**
 * A failback, on the host that the guest leaves. Its row stays as it is for everybody who looks (failed over, its own
 * points and record of changes untouched) until it has consented to the other host's epoch, durably and with its power
 * locked. Before that it may give the failback up by itself; afterwards only by the other host's word, or by force.
 */
import { Fault } from '../../errors/fault.ts';
import { Refused, refuse } from '../../errors/refusal.ts';
import type { ClusterSet } from '../../extents/clusterset.ts';
import type { AwayFailback } from '../../machine/failback.ts';
import type { Machine, Relationship } from '../../machine/records.ts';
import { kinship, mint, newestOf, type Lineage } from '../../relationship/epoch.ts';
import { allowedVerbs } from '../../relationship/step.ts';
import type { Basis, Greeting, ParamsOf } from '../calls.ts';
import { coverLostTracking } from '../failovertracking.ts';
import type { Host } from '../host.ts';
import { rebaseMaps } from '../maps.ts';
import { giveUp, specFor } from '../primary/attempt.ts';
import { united } from '../primary/growth.ts';
import { wentHome } from '../recoveries.ts';
import { returnSetOf } from '../reverse.ts';
import { machineOf, pointStacks } from '../spec.ts';
import { highestSequence, relationshipNamed, update } from '../transition.ts';
import { say, phrase, type Text } from '../../language/text.ts';

const LOCKED = phrase('a failback is under way: the guest stays off here so that nothing is written after the last cycle');

export const awayOf = ({ failback }: Relationship): AwayFailback | null => (failback?.at === 'away' ? failback : null);

const refused = (host: Host, relationship: Relationship, why: Text): Refused =>
  new Refused(refuse(say('{machine}: {why}', { machine: machineOf(host, relationship.machineId).name, why: [why] }), allowedVerbs(relationship)));

export interface AwayRequest {
  readonly failbackId: string;
  readonly lineage: Lineage;
  readonly basis: Basis;
  readonly pointId: string | null;
}

/** What differs from what the other host holds is on record and begins to travel. Repeats change nothing. */
export async function beginAway(host: Host, relationshipId: string, request: AwayRequest, signal: AbortSignal): Promise<void> {
  const found = relationshipNamed(host, relationshipId);
  const former = awayOf(found);
  if (former?.id === request.failbackId) return;
  if (former?.phase === 'handedOver') throw refused(host, found, say('{peer} runs it after another failback', { peer: host.peerName(found.peerId) }));
  if (former) {
    changePhase(host, relationshipId, 'ending');
    await endAway(host, relationshipId, signal);
  }
  checkBegins(host, relationshipNamed(host, relationshipId), request);
  const relationship = await coverLostTracking(host, relationshipNamed(host, relationshipId));
  const carried = united(returnSetOf(host, relationship, request.basis), request.pointId === null ? new Map() : between(host, relationship, request.pointId));
  await rebaseMaps(host, relationship, relationship.newestPointId, request.basis.pointId, carried);
  host.state.transaction(() => {
    host.state.putCarried(relationshipId, carried);
    update(host, relationshipId, (before) => ({
      failback: freshAway(host, before, request), sequence: Math.max(highestSequence(host, before), request.basis.sequence), newestPointId: request.basis.pointId, trackId: null, attempt: null, doubtful: null, lastCycle: null, lastFault: null, failures: 0,
    }));
  });
}

function checkBegins(host: Host, relationship: Relationship, { lineage, pointId }: AwayRequest): void {
  if (relationship.side !== 'replica' || ![5, 6].includes(relationship.state)) throw refused(host, relationship, say('{host} has not failed over', { host: host.hostName }));
  const machine = machineOf(host, relationship.machineId);
  if (newestOf(machine.lineage).id !== newestOf(lineage).id) throw refused(host, relationship, phrase('the two hosts are in different epochs'));
  if (machine.powerLock !== null) throw refused(host, relationship, machine.powerLock);
  if (pointId !== null && host.state.point(pointId)?.machineId !== machine.id) throw new Fault('point-unknown', say('{machine} has no recovery point {point} on {host}', { machine: machine.name, point: pointId, host: host.hostName }));
}

function freshAway(host: Host, relationship: Relationship, { failbackId, pointId }: AwayRequest): AwayFailback {
  const { newestPointId, newestInstantMs, trackId, lastCycle } = relationship;
  const machine = machineOf(host, relationship.machineId);
  const layers = pointId === null ? [] : pointStacks(machine, pointId).map(({ disk }) => ({ disk, layer: host.layers.layerAt(machine.storage, machine.id, disk, host.newId()) }));
  return { at: 'away', id: failbackId, pointId, phase: 'sending', rounds: 0, bytesShipped: 0, shutdownMs: 0, stoppedGuest: false, before: { newestPointId, newestInstantMs, trackId, lastCycle }, layers };
}

/** Clusters in which this point and the one that was failed over to may differ: those of all points after the older of the two. */
export function between(host: Host, { machineId, failover }: Relationship, pointId: string): Map<string, ClusterSet> {
  const points = host.state.points(machineId);
  const [older, newer] = [pointId, failover!.pointId].map((id) => points.findIndex((point) => point.id === id)).sort((left, right) => left - right);
  return points.slice(older! + 1, newer! + 1).reduce((all, { id }) => united(all, host.state.clustersOf(id)), new Map<string, ClusterSet>());
}

/** The row after a change of the phase; `from` are the phases that it may be in. Undefined when it is in another, or in none. */
export function changePhase(host: Host, relationshipId: string, phase: AwayFailback['phase'], from: readonly AwayFailback['phase'][] = ['sending', 'finishing', 'shipped'], more: Partial<AwayFailback> = {}): Relationship | undefined {
  return host.state.transaction(() => {
    const away = awayOf(relationshipNamed(host, relationshipId));
    return away && from.includes(away.phase) ? update(host, relationshipId, () => ({ failback: { ...away, ...more, phase } })) : undefined;
  });
}

/** The guest is about to be shut down: it cannot be started here any more. Only when all but its last changes are over there. */
export async function finishAway(host: Host, relationshipId: string, failbackId: string, shutdownMs: number): Promise<void> {
  const relationship = relationshipNamed(host, relationshipId);
  const away = checkedAway(host, relationship, failbackId);
  if (away.phase !== 'sending') return;
  const stoppedGuest = (await host.hypervisor.power(relationship.machineId)) !== 'off';
  host.state.transaction(() => {
    if (!changePhase(host, relationshipId, 'finishing', ['sending'], { shutdownMs, stoppedGuest })) throw refused(host, relationship, phrase('the failback was given up'));
    host.state.putMachine({ ...machineOf(host, relationship.machineId), powerLock: LOCKED });
  });
}

function checkedAway(host: Host, relationship: Relationship, failbackId: string): AwayFailback {
  const away = awayOf(relationship);
  if (away?.id !== failbackId || away.phase === 'ending') throw refused(host, relationship, say('{host} has given this failback up', { host: host.hostName }));
  return away;
}

/** Consent to the other host's epoch: the guest is off and stays off here. Repeats of the same change nothing. */
export async function handOverAway(host: Host, relationshipId: string, { failbackId, lineage, comingHome }: Omit<ParamsOf<'failbackHandOver'>, 'relationshipId'>): Promise<void> {
  const found = relationshipNamed(host, relationshipId);
  const isOff = (await host.hypervisor.power(found.machineId)) === 'off';
  host.state.transaction(() => {
    const relationship = relationshipNamed(host, relationshipId);
    const away = checkedAway(host, relationship, failbackId);
    const machine = machineOf(host, relationship.machineId);
    const kin = kinship(machine.lineage, lineage);
    if (away.phase === 'handedOver' && kin === 'same') return;
    if (!isOff || away.phase !== 'shipped' || kin !== 'theirs-descends' || newestOf(lineage).ownerHostId !== relationship.peerId) throw refused(host, relationship, phrase('the failback is not ready for this'));
    changePhase(host, relationshipId, 'handedOver', ['shipped']);
    if (comingHome) wentHome(host, relationshipId, failbackId, comingHome);
    host.state.putMachine({ ...machine, lineage, powerLock: say('{peer} runs this machine now: commit or revert the failback there', { peer: host.peerName(relationship.peerId) }) });
  });
}

/** After a meeting: the other host has no part in this failback any more, or gave the machine back. */
export function noticeEnd(host: Host, relationshipId: string, { failbackId }: Pick<Greeting, 'failbackId'>): void {
  const relationship = host.state.relationship(relationshipId);
  const away = relationship && awayOf(relationship);
  if (!away || away.phase === 'ending') return;
  if (away.phase !== 'handedOver') {
    if (failbackId !== away.id) changePhase(host, relationshipId, 'ending');
  } else if (newestOf(machineOf(host, relationship.machineId).lineage).ownerHostId === host.hostId) {
    changePhase(host, relationshipId, 'ending', ['handedOver'], { stoppedGuest: false });
  }
}

/** By force, since the other host cannot be asked: this host owns the machine again, in an epoch of its own. */
export function takeBack(host: Host, relationshipId: string): void {
  host.state.transaction(() => {
    const relationship = changePhase(host, relationshipId, 'ending', ['handedOver'], { stoppedGuest: false });
    if (!relationship) return;
    const machine = machineOf(host, relationship.machineId);
    host.state.putMachine({ ...machine, lineage: mint(machine.lineage, host.newId(), host.hostId) });
  });
}

/** A failback that is given up leaves no trace: the row is as before, and the guest runs if it was shut down for it. */
export async function endAway(host: Host, relationshipId: string, signal: AbortSignal): Promise<void> {
  const found = relationshipNamed(host, relationshipId);
  const away = awayOf(found);
  if (away?.phase !== 'ending') return;
  await giveUp(host, relationshipId, signal);
  const relationship = relationshipNamed(host, relationshipId);
  if (relationship.doubtful) await host.fingerprints.removeJournal(relationshipId, relationship.doubtful.id);
  const { newestPointId } = away.before;
  if (newestPointId !== null) await rebaseMaps(host, relationship, relationship.newestPointId, newestPointId, await writtenHere(host, relationship, signal));
  if (relationship.trackId !== null) await host.hypervisor.untrack(specFor(host, relationship), relationship.trackId);
  await dropPointLayers(host, away);
  host.state.transaction(() => {
    if (awayOf(relationshipNamed(host, relationshipId))?.id !== away.id) return;
    // A refusal only says that the other host has ended it.
    update(host, relationshipId, ({ lastFault }) => ({ ...away.before, failback: null, doubtful: null, failures: 0, lastFault: lastFault?.code === 'refused' ? null : lastFault }));
    const machine = machineOf(host, relationship.machineId);
    host.state.putMachine({ ...machine, powerLock: null });
    if (away.stoppedGuest) host.state.addToOutbox(machine.id, 'start-guest', { relationshipId });
  });
}

/** All that is carried and all that the failed-over guest wrote; null when its bitmap is not whole. */
async function writtenHere(host: Host, relationship: Relationship, signal: AbortSignal): Promise<ReadonlyMap<string, ClusterSet> | null> {
  const spec = specFor(host, relationship);
  const { trackId } = relationship.failover!;
  const { broken, points } = await host.hypervisor.tracking(spec);
  if (broken || !points.includes(trackId)) return null;
  return united(host.state.carried(relationship.id), await host.hypervisor.changesSince(spec, trackId, signal));
}

/** What the chosen point was read through is gone. */
export async function dropPointLayers(host: Host, { id, layers }: AwayFailback): Promise<void> {
  if (layers.length === 0) return;
  for (const { layer } of layers) await host.layers.remove(layer);
  await host.hypervisor.forget(id);
}

/** The machine that reads the chosen point: its stack under layers that nobody writes. */
export const pointReader = (machine: Machine, { id, pointId, layers }: AwayFailback) => ({
  instanceId: id,
  definition: { ...machine.definition, id, name: `${machine.name} - failback` },
  stacks: pointStacks(machine, pointId!).map((stack) => ({ ...stack, layers: [...stack.layers, layers.find(({ disk }) => disk === stack.disk)!.layer] })),
  isolated: true,
});
