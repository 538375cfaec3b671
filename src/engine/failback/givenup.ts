/** The commit of a failback, on the host that the guest left: it is the replica now, and what only it has stays as a named point. */
import { Refused, refuse } from '../../errors/refusal.ts';
import { ClusterSet } from '../../extents/clusterset.ts';
import { clusterCount } from '../../extents/extent.ts';
import type { AwayFailback } from '../../machine/failback.ts';
import type { LabelledLayer, Machine, Point, Relationship, Stack } from '../../machine/records.ts';
import { newestOf } from '../../relationship/epoch.ts';
import type { ChangedDisk, GivenUp } from '../calls.ts';
import { divergenceOf, isPlainReplica, labelTops } from '../demotion.ts';
import type { Host } from '../host.ts';
import { rebaseMaps } from '../maps.ts';
import { united } from '../primary/growth.ts';
import { recordedDisks } from '../primary/incoming.ts';
import { prefixOf, withoutLabel } from '../../points/stack.ts';
import { activeStacks, definitionOf, machineOf, otherStacks } from '../spec.ts';
import { relationshipNamed, transition } from '../transition.ts';
import { awayOf, between, dropPointLayers } from './away.ts';
import { say } from '../../language/text.ts';

/** This host is the replica in state 3, its disks as they are; answered the same until the first cycle arrives. `homePointId`: what went home. */
export async function giveUpMachine(host: Host, relationshipId: string, failbackId: string, homePointId: string): Promise<GivenUp> {
  const relationship = relationshipNamed(host, relationshipId);
  const { yielded, state, side } = relationship;
  if (side === 'replica' && state === 3 && yielded?.pointId === homePointId) return { pointId: yielded.basisId, changes: travelling(host.state.carried(relationshipId)) };
  // It took the machine back by force, and gave it to the other host again.
  if (isPlainReplica(relationship) && relationship.newestPointId !== null && newestOf(machineOf(host, relationship.machineId).lineage).ownerHostId === relationship.peerId) return keepAll(host, relationship);
  const away = awayOf(relationship);
  if (away?.id !== failbackId || away.phase !== 'handedOver' || relationship.newestPointId !== homePointId) {
    throw new Refused(refuse(say('{machine}: {host} has no part in this failback', { machine: machineOf(host, relationship.machineId).name, host: host.hostName }), []));
  }
  return yieldMachine(host, relationship, away, homePointId);
}

/** Nobody can tell what differs, so everything is compared; the points here stay. */
function keepAll(host: Host, { id, machineId }: Relationship): GivenUp {
  const { newestPointId } = transition(host, id, 'yieldKept');
  const all = machineOf(host, machineId).stacks.map(({ disk, sizeBytes }) => [disk, ClusterSet.full(clusterCount(sizeBytes))] as const);
  return { pointId: newestPointId!, changes: travelling(new Map(all)) };
}

async function yieldMachine(host: Host, relationship: Relationship, away: AwayFailback, homePointId: string): Promise<GivenUp> {
  const changes = away.pointId === null ? new Map<string, ClusterSet>() : await since(host, relationship, away.pointId);
  const written = await heldAbove(host, relationship, ({ pointId }) => pointId !== undefined);
  const machine = machineOf(host, relationship.machineId);
  const point = away.pointId === null ? lastPoint(host, relationship, homePointId) : divergenceOf(host, machine, relationship, host.newId());
  if (point.id !== homePointId) await rebaseMaps(host, relationship, homePointId, point.id, changes);
  await dropPointLayers(host, away);
  const power = await host.hypervisor.power(machine.id);
  const active = activeStacks(machine, relationship.failover!);
  const disks = point.id === homePointId ? recordedDisks(relationship) : active.map(({ disk }) => disk);
  const stacks = [...labelTops(active, disks, point.id), ...otherStacks(machine, active)];
  const gone = host.state.points(machine.id).filter(({ id }) => !isKept(machine, stacks, id));
  transition(host, relationship.id, 'yieldHome', {
    facts: { 'guest-off-here': power === 'off' },
    change: () => ({
      failback: null, failover: null, token: null, attempt: null, doubtful: null, trackId: null, newestPointId: point.id, lastFault: null, failures: 0,
      yielded: { pointId: homePointId, attemptId: null, basisId: point.id }, divergenceId: point.kind === 'divergence' ? point.id : null,
    }),
    payload: () => ({ layers: leftOut(machine, stacks) }),
    also: () => {
      host.state.clearCarried(relationship.id);
      host.state.putCarried(relationship.id, changes);
      for (const { id } of gone) host.state.removePoint(id);
      host.state.addPoint(point, [], written);
      host.state.putMachine({ ...machine, stacks: stacks.map((stack) => gone.reduce((left, { id }) => withoutLabel(left, id), stack)), powerLock: say('{peer} runs this machine now: this host is its replica', { peer: host.peerName(relationship.peerId) }) });
    },
  });
  return { pointId: point.id, changes: travelling(changes) };
}

/** The last cycle's point: it is what the disks here hold. */
function lastPoint(host: Host, relationship: Relationship, id: string): Point {
  const { machineId, sequence, newestInstantMs } = relationship;
  const { lineage } = machineOf(host, machineId);
  return {
    id, machineId, sequence, kind: 'planned', parentId: relationship.failover!.pointId, epochId: newestOf(lineage).id, instantMs: newestInstantMs ?? host.clock.nowMs(),
    definition: definitionOf(host, relationship), sizeBytes: 0, digest: '', name: null, pinned: false,
  };
}

/** Clusters in which the disks here may differ from that point; the guest is off. */
async function since(host: Host, relationship: Relationship, pointId: string): Promise<Map<string, ClusterSet>> {
  const { failover, machineId } = relationship;
  if (isIn(activeStacks(machineOf(host, machineId), failover!), pointId)) return heldAbove(host, relationship, (layer) => layer.pointId === pointId);
  return united(between(host, relationship, pointId), await heldAbove(host, relationship, (layer) => layer.pointId === failover!.pointId));
}

/** Clusters that the layers above the highest such layer hold, on what the guest here ran. */
async function heldAbove(host: Host, { machineId, failover }: Relationship, isGround: (layer: LabelledLayer) => boolean): Promise<Map<string, ClusterSet>> {
  const held = new Map<string, ClusterSet>();
  for (const { disk, sizeBytes, layers } of activeStacks(machineOf(host, machineId), failover!)) {
    const set = new ClusterSet(clusterCount(sizeBytes));
    for (const layer of layers.slice(layers.findLastIndex(isGround) + 1)) set.addAll(await host.layers.allocated(layer, sizeBytes));
    held.set(disk, set);
  }
  return held;
}

const isIn = (stacks: readonly Stack[], pointId: string): boolean => stacks.some(({ layers }) => layers.some((layer) => layer.pointId === pointId));

/** Each disk that the point has, has it still. */
const isKept = (machine: Machine, stacks: readonly Stack[], pointId: string): boolean =>
  machine.stacks.every((stack) => !prefixOf(stack, pointId) || stacks.some((kept) => kept.disk === stack.disk && prefixOf(kept, pointId)));

const leftOut = (machine: Machine, stacks: readonly Stack[]) => {
  const kept = new Set(stacks.flatMap(({ layers }) => layers.map(({ layerId }) => layerId)));
  return machine.stacks.flatMap(({ layers }) => layers).filter(({ layerId }) => !kept.has(layerId));
};

const travelling = (changes: ReadonlyMap<string, ClusterSet>): ChangedDisk[] => [...changes].map(([disk, set]) => ({ disk, clusters: set.clusters, bits: set.bytes }));
