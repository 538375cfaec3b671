/**
 * A failback, on the host that the guest goes home to. It receives as a replica does, above what its disks held before, so
 * that giving the failback up is only to take layers away. It owns the machine once the other host has consented to an
 * epoch that was recorded here first.
 */
import { Refused, refuse } from '../../errors/refusal.ts';
import { ClusterSet } from '../../extents/clusterset.ts';
import type { HomeFailback } from '../../machine/failback.ts';
import type { Failover, Machine, Relationship } from '../../machine/records.ts';
import { mint, newestOf, type Lineage } from '../../relationship/epoch.ts';
import { sideWords, stateWords } from '../../relationship/state.ts';
import { allowedVerbs } from '../../relationship/step.ts';
import { admitted } from '../admission.ts';
import { call } from '../calls.ts';
import { demote, isInCustody, labelTops } from '../demotion.ts';
import { arrived, makeLayers } from '../failover.ts';
import { coverLostTracking } from '../failovertracking.ts';
import { greet } from '../greeting.ts';
import type { Host } from '../host.ts';
import { rebaseMaps } from '../maps.ts';
import { specFor } from '../primary/attempt.ts';
import { united } from '../primary/growth.ts';
import { disksOnceHere, recordedDisks } from '../primary/incoming.ts';
import { checkReadyHere } from '../readiness.ts';
import { recoveryBegun, recoveryReady, type HomeComing } from '../recoveries.ts';
import { settledMachine, takeOver } from '../reverse.ts';
import { arriving, machineOf, pointStacks } from '../spec.ts';
import { relationshipNamed, transition, update } from '../transition.ts';
import { basisOf } from '../yielding.ts';
import { say } from '../../language/text.ts';

export const homeOf = ({ failback }: Relationship): HomeFailback | null => (failback?.at === 'home' ? failback : null);

/** On the host that failed over, or that is primary, there is nothing to come home to. */
export function refuseElsewhere(host: Host, relationship: Relationship): void {
  if (allowedVerbs(relationship).includes('initiate-failback')) return;
  const name = machineOf(host, relationship.machineId).name;
  if (relationship.side === 'replica' && relationship.failover === null && relationship.state === 3) {
    throw new Refused(refuse(say('{name}: replication was reversed, so it comes home by a planned failover, which loses nothing: understudy failback {name}', { name }), allowedVerbs(relationship)));
  }
  throw new Refused(refuse(say('{name}: a failback is asked of the host that the guest goes home to (here: {state}, {side})', { name, state: stateWords(relationship.state), side: sideWords(relationship.side) }), allowedVerbs(relationship)));
}

/** State 13. Nothing has travelled yet. */
export async function enterFailback(host: Host, relationshipId: string, asked: Pick<HomeFailback, 'pointId' | 'askedMs'>, signal: AbortSignal): Promise<HomeFailback> {
  const relationship = relationshipNamed(host, relationshipId);
  refuseElsewhere(host, relationship);
  const machine = machineOf(host, relationship.machineId);
  admitted(host, relationship.peerId, relationship.entryId);
  await checkReadyHere(host, arriving(machine, relationship, machine.definition));
  const standing = await greet(host, relationshipId, signal);
  const { lineage } = machineOf(host, machine.id);
  const isAway = newestOf(lineage).ownerHostId === relationship.peerId && standing.side === 'replica' && [5, 6].includes(standing.state);
  if (isAway) await endHeldGuest(host, relationshipNamed(host, relationshipId));
  if (isAway && relationship.side === 'primary' && !(await isInCustody(host, relationship))) await demote(host, relationship, lineage);
  const power = await host.hypervisor.power(machine.id);
  const home = freshHome(host, relationshipNamed(host, relationshipId), asked);
  transition(host, relationshipId, 'failback', {
    facts: { 'guest-off-here': power === 'off', 'peer-failed-over': isAway },
    change: (before) => ({ failback: home, receiving: null, token: null, ...(before.side === 'primary' && yieldedAt(before)) }),
    also: (before) => {
      if (before.side === 'primary') keepPlannedPoint(host, before);
    },
  });
  return home;
}

/** A guest that was held when this host yielded stands on the layers that are kept as a recovery point, below what arrives. */
async function endHeldGuest(host: Host, { side, machineId }: Relationship): Promise<void> {
  if (side === 'replica' && (await host.hypervisor.power(machineId)) === 'paused') await host.hypervisor.stop(machineId);
}

function freshHome(host: Host, relationship: Relationship, asked: Pick<HomeFailback, 'pointId' | 'askedMs'>): HomeFailback {
  const { side, state, newestPointId, newestInstantMs, token, yielded } = relationship;
  const { stacks, powerLock, definition } = machineOf(host, relationship.machineId);
  return { at: 'home', id: host.newId(), ...asked, begun: false, epoch: null, committing: false, before: { side, state, newestPointId, newestInstantMs, token, yielded, stacks, powerLock, definition } };
}

/** Nothing was written here since the planned point: the disks hold it. */
const yieldedAt = ({ newestPointId }: Relationship): Partial<Relationship> => ({ yielded: { pointId: newestPointId, attemptId: null, basisId: newestPointId! } });

function keepPlannedPoint(host: Host, relationship: Relationship): void {
  const { machineId, newestPointId, newestInstantMs, sequence } = relationship;
  const machine = machineOf(host, machineId);
  host.state.putMachine({ ...machine, stacks: labelTops(machine.stacks, recordedDisks(relationship), newestPointId!) });
  host.state.addPoint({
    id: newestPointId!, machineId, parentId: null, epochId: newestOf(machine.lineage).id, sequence, kind: 'planned', instantMs: newestInstantMs ?? host.clock.nowMs(),
    definition: machine.definition, sizeBytes: 0, digest: '', name: null, pinned: false,
  }, [], new Map());
}

/** The other host knows what the disks here hold, and sends what differs. */
export async function beginHome(host: Host, relationshipId: string, signal: AbortSignal): Promise<void> {
  const relationship = relationshipNamed(host, relationshipId);
  const home = checkedHome(host, relationship);
  if (home.begun) return;
  const basis = await basisOf(host, relationship, signal);
  // A record of changes that is not whole must not be believed when the failback is given up.
  const spec = specFor(host, relationship);
  if (relationship.trackId !== null && (await host.hypervisor.tracking(spec)).broken) await host.hypervisor.untrack(spec, relationship.trackId);
  const { lineage } = machineOf(host, relationship.machineId);
  await call(host.peers, relationship.peerId, 'failbackBegin', { relationshipId, failbackId: home.id, lineage, basis, pointId: home.pointId }, signal);
  changeHome(host, relationshipId, home.id, { begun: true });
}

function checkedHome(host: Host, relationship: Relationship): HomeFailback {
  const home = homeOf(relationship);
  if (!home) throw new Refused(refuse(say('{machine}: the failback was cancelled', { machine: machineOf(host, relationship.machineId).name }), allowedVerbs(relationship)));
  return home;
}

function changeHome(host: Host, relationshipId: string, failbackId: string, change: Partial<HomeFailback>): HomeFailback {
  const after = update(host, relationshipId, (before) => {
    const home = checkedHome(host, before);
    return home.id === failbackId ? { failback: { ...home, ...change } } : {};
  });
  return checkedHome(host, after);
}

/** State 14: the layers that the guest will write exist, and the other host has consented to an epoch that is owned here. */
export async function takeOverHome(host: Host, relationshipId: string, signal: AbortSignal): Promise<void> {
  const relationship = relationshipNamed(host, relationshipId);
  if (relationship.state === 14) return;
  const home = checkedHome(host, relationship);
  const machine = machineOf(host, relationship.machineId);
  if (!relationship.failover) update(host, relationshipId, (before) => ({ failover: arrival(host, machine, before, home) }));
  await makeLayers(host, relationshipNamed(host, relationshipId));
  const { epoch } = home.epoch ? home : changeHome(host, relationshipId, home.id, { epoch: mint(machine.lineage, host.newId(), host.hostId).at(-1)! });
  const lineage: Lineage = [...machine.lineage, epoch!];
  const { failover } = relationshipNamed(host, relationshipId);
  const comingHome = { askedAgoMs: Math.max(0, host.clock.nowMs() - (home.askedMs ?? host.clock.nowMs())), point: pointNamed(host, failover!.pointId), isGuestOff: failover!.planned };
  await call(host.peers, relationship.peerId, 'failbackHandOver', { relationshipId, failbackId: home.id, lineage, comingHome }, signal);
  transition(host, relationshipId, 'failedBack', {
    facts: { 'peer-gave-up': homeOf(relationshipNamed(host, relationshipId))?.id === home.id },
    also: (_before, { failover }) => {
      host.state.putMachine({ ...machineOf(host, machine.id), lineage, powerLock: null, network: arrived(machineOf(host, machine.id)) });
      recoverHome(host, relationshipId, failover!, home);
    },
  });
}

function pointNamed(host: Host, pointId: string): HomeComing['point'] {
  const { id, instantMs } = host.state.point(pointId)!;
  return { id, instantMs };
}

/** Where no point was chosen, the guest was shut down before its last cycle. */
function recoverHome(host: Host, relationshipId: string, { trackId, pointId, planned }: Failover, { askedMs }: HomeFailback): void {
  recoveryBegun(host, relationshipId, { id: trackId, kind: 'failback', askedMs, point: pointNamed(host, pointId), isGuestOff: planned });
  recoveryReady(host, relationshipId, trackId);
}

const arrival = (host: Host, machine: Machine, { newestPointId, state }: Relationship, { pointId }: HomeFailback): Failover => ({
  pointId: newestPointId!,
  planned: pointId === null,
  trackId: host.newId(),
  layers: pointStacks(machine, newestPointId!).map(({ disk }) => ({ disk, layer: host.layers.layerAt(machine.storage, machine.id, disk, host.newId()) })),
  fromState: state,
});

/** What came home is dropped, this host is what it was before. Also while the other host cannot be asked: it hears of it when they meet. */
export async function giveBack(host: Host, relationshipId: string): Promise<Relationship> {
  const relationship = relationshipNamed(host, relationshipId);
  const home = checkedHome(host, relationship);
  if (home.committing) throw new Refused(refuse(say('{machine}: its commit was begun, and the other host may be the replica already', { machine: machineOf(host, relationship.machineId).name }), ['commit']));
  await returnMaps(host, relationship, home);
  const power = await host.hypervisor.power(relationship.machineId);
  const isPrepared = home.before.side === 'primary';
  const events = relationship.state === 14 ? (['revertFailback', 'revertFailbackPrepared'] as const) : (['cancelFailback', 'cancelFailbackPrepared'] as const);
  return transition(host, relationshipId, events[isPrepared ? 1 : 0], {
    facts: { 'guest-off-here': power === 'off', 'was-replica': !isPrepared, 'was-prepared': isPrepared },
    change: () => {
      const { newestPointId, newestInstantMs, token, yielded } = home.before;
      return { newestPointId, newestInstantMs, token, yielded, failback: null, failover: null, receiving: null };
    },
    payload: (before) => cameHome(machineOf(host, before.machineId), before, home),
    also: (before) => restoreMachine(host, before, home),
  });
}

function cameHome(machine: Machine, { receiving, failover }: Relationship, { before }: HomeFailback) {
  const kept = new Set(before.stacks.flatMap(({ layers }) => layers.map(({ layerId }) => layerId)));
  const received = machine.stacks.flatMap(({ layers }) => layers).filter(({ layerId }) => !kept.has(layerId));
  const others = [receiving, failover].flatMap((held) => held?.layers.map(({ layer }) => layer) ?? []);
  return { layers: [...received, ...others], journalId: receiving?.id ?? null };
}

/** An epoch that the other host may have consented to is followed by one that names it again. */
function restoreMachine(host: Host, { machineId, peerId }: Relationship, { epoch, before }: HomeFailback): void {
  const machine = machineOf(host, machineId);
  const asked = epoch && newestOf(machine.lineage).id !== epoch.id ? [...machine.lineage, epoch] : machine.lineage;
  const { stacks, powerLock, definition } = before;
  host.state.putMachine({ ...machine, stacks, powerLock, definition, lineage: epoch ? mint(asked, host.newId(), peerId) : machine.lineage });
  const kept = new Set(stacks.flatMap(({ layers }) => layers.map(({ pointId }) => pointId)));
  for (const { id } of host.state.points(machineId)) if (!kept.has(id)) host.state.removePoint(id);
}

/** The maps speak of what the disks held before again, but for what has come since. */
async function returnMaps(host: Host, relationship: Relationship, { before }: HomeFailback): Promise<void> {
  const basisId = relationship.yielded?.basisId;
  if (!basisId || !relationship.newestPointId) return;
  const came = host.state.points(relationship.machineId).filter(({ id }) => !before.stacks.some(({ layers }) => layers.some(({ pointId }) => pointId === id)));
  const clusters = came.reduce((all, { id }) => united(all, host.state.clustersOf(id)), new Map<string, ClusterSet>());
  const disks = machineOf(host, relationship.machineId).stacks.map(({ disk }) => disk);
  await rebaseMaps(host, relationship, relationship.newestPointId, basisId, new Map(disks.map((disk) => [disk, clusters.get(disk) ?? new ClusterSet(0)])));
}

/** This host is primary (state 3), the other its replica; the first cycle ships what the guest wrote here, and what only the other host has. */
export async function commitHome(host: Host, relationshipId: string, signal: AbortSignal): Promise<Relationship> {
  const found = relationshipNamed(host, relationshipId);
  const { id: failbackId } = checkedHome(host, found);
  const relationship = await coverLostTracking(host, found);
  changeHome(host, relationshipId, failbackId, { committing: true });
  const homePointId = relationship.failover!.pointId;
  const given = await call(host.peers, relationship.peerId, 'failbackCommit', { relationshipId, failbackId, pointId: homePointId }, signal);
  const changes = new Map(given.changes.map(({ disk, clusters, bits }) => [disk, new ClusterSet(clusters, new Uint8Array(bits))]));
  if (given.pointId !== homePointId) await rebaseMaps(host, relationship, homePointId, given.pointId, changes);
  const { machineId, failover } = relationship;
  const settled = settledMachine(host, machineOf(host, machineId), failover!);
  const disks = disksOnceHere(relationship, settled.stacks.map(({ disk }) => disk), failover!.layers.map(({ disk }) => disk));
  return transition(host, relationshipId, 'commitFailback', {
    facts: { 'peer-yielded': true },
    change: (before) => ({
      failback: null, failover: null, trackId: before.failover!.trackId, newestPointId: given.pointId, yielded: null, divergenceId: null,
      attempt: null, doubtful: null, receiving: null, partial: null, token: null, lastCycle: null, lastFault: null, failures: 0, ...disks,
    }),
    also: () => {
      host.state.putCarried(relationshipId, united(host.state.carried(relationshipId), changes));
      takeOver(host, machineId, settled);
    },
  });
}

