/**
 * Failing over to a recovery point, trying another, keeping one. The new epoch and what the way back must carry are
 * durable in the very transaction that enters state 12; later seals are refused from then on.
 */
import { Fault, faultOf, kept } from '../errors/fault.ts';
import { Refused, refuse } from '../errors/refusal.ts';
import type { ClusterSet } from '../extents/clusterset.ts';
import type { Layer } from '../machine/definition.ts';
import type { GuestNetwork } from '../machine/guestnetwork.ts';
import type { Failover, Machine, Point, Relationship, Stack } from '../machine/records.ts';
import { chosen, missingText } from '../points/choosing.ts';
import { withoutBranch, withoutLabel } from '../points/stack.ts';
import { mint, ownerBefore } from '../relationship/epoch.ts';
import { branchPoints } from './branch/thinning.ts';
import { begun } from './commitdeadline.ts';
import { carryAside } from './extended/carrying.ts';
import type { Host } from './host.ts';
import { united } from './primary/growth.ts';
import { labelLive } from './replica/labels.ts';
import { machineOf, overridden, pointStacks } from './spec.ts';
import { recoveryBegun, recoveryReady, type Asking } from './recoveries.ts';
import { relationshipNamed, transition } from './transition.ts';
import { say } from '../language/text.ts';

export interface FailoverRequest {
  readonly pointId: string | null;
  readonly planned: boolean;
  /** 0 for never; as the settings say when null. */
  readonly commitAfterSeconds?: number | null;
  readonly asking?: Asking;
}

/** The point that a failover would boot; undefined when there is none yet. */
export function chosenPoint(host: Host, machine: Machine, pointId: string | null): Point | undefined {
  const point = chosen(host.state.points(machine.id), pointId);
  if (!point && pointId !== null) throw new Fault('point-unknown', missingText(machine.name, pointId));
  return point;
}

/** The relationship is in state 12, in an epoch owned here. */
export function beginFailover(host: Host, relationshipId: string, { pointId, planned, commitAfterSeconds = null, asking }: FailoverRequest): Relationship {
  const relationship = relationshipNamed(host, relationshipId);
  const machine = machineOf(host, relationship.machineId);
  const point = chosenPoint(host, machine, pointId);
  return transition(host, relationshipId, 'failover', {
    facts: { 'has-point': point !== undefined },
    change: (before) => ({ failover: { ...failoverTo(host, machine, point!, planned, before), commit: commitTime(commitAfterSeconds ?? before.settings.additional.commitAfterSeconds ?? 0) } }),
    also: (_before, after) => {
      const kind = asking?.isFailback ? 'failback' : planned ? 'planned' : 'unplanned';
      recoveryBegun(host, relationshipId, { id: after.failover!.trackId, kind, askedMs: asking?.askedMs, point: point!, isGuestOff: planned });
      const newer = newerThan(host, machine.id, point!);
      host.state.putCarried(relationshipId, newer);
      carryAside(host, machine.id, newer);
      host.state.putMachine({ ...machineOf(host, machine.id), lineage: mint(machine.lineage, host.newId(), host.hostId), powerLock: null, network: arrived(machine) });
    },
  });
}

const commitTime = (afterSeconds: number): NonNullable<Failover['commit']> | null => (afterSeconds === 0 ? null : { afterMs: afterSeconds * 1_000, dueMs: null, isWarned: false });

/** From now on the guest gets this host's addresses and bridges when it starts here. */
export const arrived = ({ network }: Machine): GuestNetwork => ({ adapters: [], ...network, hasArrived: true, outcome: null });

const failoverTo = (host: Host, machine: Machine, point: Point, planned: boolean, before: Relationship): Failover => ({
  pointId: point.id,
  kind: point.kind,
  planned,
  trackId: host.newId(),
  layers: pointStacks(machine, point.id).map(({ disk }) => ({ disk, layer: host.layers.layerAt(machine.storage, machine.id, disk, host.newId()) })),
  fromState: before.state,
});

/** Clusters of all points after the chosen one: on the way back they travel too. */
function newerThan(host: Host, machineId: string, point: Point): Map<string, ClusterSet> {
  const points = host.state.points(machineId);
  const newer = points.slice(points.findIndex(({ id }) => id === point.id) + 1);
  return newer.reduce((all, { id }) => united(all, host.state.clustersOf(id)), new Map<string, ClusterSet>());
}

/** Effect: the chosen point's active layers exist and the relationship is in state 5; or all is as before the failover. */
export async function makeFailover(host: Host, relationshipId: string): Promise<void> {
  const relationship = relationshipNamed(host, relationshipId);
  if (relationship.state !== 12) return;
  try {
    await makeLayers(host, relationship);
  } catch (thrown) {
    const fault = faultOf(thrown);
    if (!fault) throw thrown;
    giveBack(host, relationship, fault);
    return;
  }
  transition(host, relationshipId, 'failedOver', {
    change: (before) => ({ failover: begun(host, before.failover!) }),
    also: ({ failover }) => recoveryReady(host, relationshipId, failover!.trackId),
  });
}

/** The chosen point's active layers exist, labelled, and its small files are in place. */
export async function makeLayers(host: Host, relationship: Relationship): Promise<void> {
  const failover = relationship.failover!;
  const machine = machineOf(host, relationship.machineId);
  for (const stack of pointStacks(machine, failover.pointId)) {
    const { layer } = failover.layers.find(({ disk }) => disk === stack.disk)!;
    await host.layers.createActive(layer, stack.sizeBytes, failover.trackId);
  }
  await labelLive(host, relationship, failover);
  const point = host.state.point(failover.pointId)!;
  const spec = { instanceId: machine.id, definition: overridden(point.definition, relationship.overrides), stacks: [], isolated: false };
  await host.hypervisor.restoreAttachments(spec, host.state.attachmentsOf(point.id));
}

/** The epoch minted for the failover is followed by one that names the old owner again. */
function giveBack(host: Host, relationship: Relationship, fault: Fault): void {
  transition(host, relationship.id, relationship.yielded ? 'failoverFailedYielded' : 'failoverFailed', {
    change: () => ({ failover: null, lastFault: { ...kept(fault), atMs: host.clock.nowMs() } }),
    also: () => returnEpoch(host, relationship),
    payload: (before) => ({ layers: before.failover!.layers.map(({ layer }) => layer) }),
  });
}

function returnEpoch(host: Host, relationship: Relationship): void {
  host.state.clearCarried(relationship.id);
  const machine = machineOf(host, relationship.machineId);
  host.state.putMachine({ ...machine, lineage: mint(machine.lineage, host.newId(), formerOwner(machine, relationship, host.hostId)) });
}

/** At the end of a chain the host before is not where the guest belongs. */
const formerOwner = ({ lineage }: Machine, { kind, peerId }: Relationship, hostId: string): string => (kind === 'extended' ? ownerBefore(lineage, hostId) : undefined) ?? peerId;

/** The replica is as before the failover; the guest's writes here are gone. The guest must be off. */
export async function revert(host: Host, relationshipId: string): Promise<Relationship> {
  const relationship = relationshipNamed(host, relationshipId);
  refuseUnderTest(host, relationship, branchPoints(host, relationship.machineId));
  const power = await host.hypervisor.power(relationship.machineId);
  return transition(host, relationshipId, relationship.yielded ? 'revertYielded' : 'revert', {
    facts: { 'guest-off-here': power === 'off', 'had-yielded': relationship.yielded !== null, 'had-not-yielded': relationship.yielded === null },
    change: () => ({ failover: null }),
    also: () => {
      returnEpoch(host, relationship);
      dropBranch(host, relationship.machineId);
    },
    payload: (before) => ({ layers: writtenHere(host, before) }),
  });
}

/** Layers that the failed-over guest wrote, lowest first: while they go, those above lead to no point. */
function writtenHere(host: Host, { machineId, failover }: Relationship): readonly Layer[] {
  const branches = machineOf(host, machineId).stacks.flatMap(({ branch }) => branch?.layers ?? []);
  return [...branches, ...failover!.layers.map(({ layer }) => layer), ...(failover!.next?.layers ?? []).map(({ layer }) => layer)];
}

function dropBranch(host: Host, machineId: string): void {
  for (const { id } of branchPoints(host, machineId)) host.state.removePoint(id);
  const machine = machineOf(host, machineId);
  host.state.putMachine({ ...machine, stacks: machine.stacks.map(withoutBranch) });
}

/** A test failover stands on the layers of its point. */
function refuseUnderTest(host: Host, { testCopy, machineId }: Relationship, going: readonly Point[]): void {
  if (!testCopy || !going.some(({ id }) => id === testCopy.pointId)) return;
  throw new Refused(refuse(say('a test failover of {machine} runs on a recovery point that would be removed: end it first', { machine: machineOf(host, machineId).name }), ['test-end']));
}

/** Only the chosen point and those made here since are left; no way back to the others. What the old primary must hear of stays recorded. */
export function commit(host: Host, relationshipId: string): Relationship {
  const relationship = relationshipNamed(host, relationshipId);
  if (relationship.failover) refuseUnderTest(host, relationship, otherPoints(host, relationship));
  return transition(host, relationshipId, 'commit', {
    also: (before) => keepOnly(host, before),
    payload: (before) => ({ layers: layersAbove(host, before) }),
  });
}

/** Layers that are left out when only the chosen point stays. */
export function layersAbove(host: Host, { machineId, failover }: Relationship): readonly Layer[] {
  const machine = machineOf(host, machineId);
  const kept = new Set(keptStacks(host, machine, failover!.pointId).flatMap(({ layers }) => layers.map(({ layerId }) => layerId)));
  return machine.stacks.flatMap(({ layers }) => layers.filter(({ layerId }) => !kept.has(layerId)));
}

/** The stacks up to the point. Of a disk that the point does not have nothing is left, unless it is a disk of the machine's own, from before it was replicated. */
function keptStacks(host: Host, machine: Machine, pointId: string): Stack[] {
  return machine.stacks.flatMap((stack) => {
    const top = stack.layers.findIndex((layer) => layer.pointId === pointId);
    if (top >= 0) return [{ ...stack, layers: stack.layers.slice(0, top + 1) }];
    return isReceived(host, machine, stack) ? [] : [stack];
  });
}

/** All of it came from the other host. */
export const isReceived = (host: Host, machine: Machine, { disk, layers }: Stack): boolean =>
  host.layers.layerAt(machine.storage, machine.id, disk, layers[0]!.layerId).path === layers[0]!.path;

function otherPoints(host: Host, { machineId, failover }: Relationship): readonly Point[] {
  const kept = new Set([failover!.pointId, ...branchPoints(host, machineId).map(({ id }) => id)]);
  return host.state.points(machineId).filter(({ id }) => !kept.has(id));
}

export function keepOnly(host: Host, relationship: Relationship): void {
  const { machineId, failover } = relationship;
  const machine = machineOf(host, machineId);
  const others = otherPoints(host, relationship);
  let stacks = keptStacks(host, machine, failover!.pointId);
  for (const { id } of others) {
    host.state.removePoint(id);
    stacks = stacks.map((stack) => withoutLabel(stack, id));
  }
  host.state.putMachine({ ...machine, stacks });
}
