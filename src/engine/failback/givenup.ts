/** The commit of a failback, on the host that the guest left: it is the replica now, and what only it has stays as a named point. */
import { Refused, refuse } from '../../errors/refusal.ts';
import type { ClusterSet } from '../../extents/clusterset.ts';
import type { AwayFailback, Machine, Point, Relationship, Stack } from '../../machine/records.ts';
import { newestOf } from '../../relationship/epoch.ts';
import type { ChangedDisk, GivenUp } from '../calls.ts';
import { divergenceOf, labelTop } from '../demotion.ts';
import type { Host } from '../host.ts';
import { rebaseMaps } from '../maps.ts';
import { united } from '../primary/growth.ts';
import { activeStacks, definitionOf, machineOf } from '../spec.ts';
import { relationshipNamed, transition } from '../transition.ts';
import { awayOf, between, dropPointLayers } from './away.ts';

/** This host is the replica in state 3, its disks as they are; answered the same until the first cycle arrives. `homePointId`: what went home. */
export async function giveUpMachine(host: Host, relationshipId: string, failbackId: string, homePointId: string): Promise<GivenUp> {
  const relationship = relationshipNamed(host, relationshipId);
  const { yielded, state, side } = relationship;
  if (side === 'replica' && state === 3 && yielded?.pointId === homePointId) return { pointId: yielded.basisId, changes: travelling(host.state.carried(relationshipId)) };
  const away = awayOf(relationship);
  if (away?.id !== failbackId || away.phase !== 'handedOver' || relationship.newestPointId !== homePointId) {
    throw new Refused(refuse(`${machineOf(host, relationship.machineId).name}: ${host.hostName} has no part in this failback`, []));
  }
  return yieldMachine(host, relationship, away, homePointId);
}

async function yieldMachine(host: Host, relationship: Relationship, away: AwayFailback, homePointId: string): Promise<GivenUp> {
  const written = await writtenOnTop(host, relationship);
  const changes = away.pointId === null ? new Map<string, ClusterSet>() : united(between(host, relationship, away.pointId), written);
  const machine = machineOf(host, relationship.machineId);
  const point = away.pointId === null ? lastPoint(host, relationship, homePointId) : divergenceOf(host, machine, relationship, host.newId());
  if (point.id !== homePointId) await rebaseMaps(host, relationship, homePointId, point.id, changes);
  await dropPointLayers(host, away);
  const power = await host.hypervisor.power(machine.id);
  const stacks = activeStacks(machine, relationship.failover!).map((stack) => labelTop(stack, point.id));
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
      for (const { id } of host.state.points(machine.id)) if (!isIn(stacks, id)) host.state.removePoint(id);
      host.state.addPoint(point, [], written);
      host.state.putMachine({ ...machine, stacks, powerLock: `${host.peerName(relationship.peerId)} runs this machine now: this host is its replica` });
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

/** Clusters that the failover's own layers hold; the guest is off. */
async function writtenOnTop(host: Host, { machineId, failover }: Relationship): Promise<Map<string, ClusterSet>> {
  const { stacks } = machineOf(host, machineId);
  const written = new Map<string, ClusterSet>();
  for (const { disk, layer } of failover!.layers) written.set(disk, await host.layers.allocated(layer, stacks.find((stack) => stack.disk === disk)!.sizeBytes));
  return written;
}

const isIn = (stacks: readonly Stack[], pointId: string): boolean => stacks.every(({ layers }) => layers.some((layer) => layer.pointId === pointId));

const leftOut = (machine: Machine, stacks: readonly Stack[]) => {
  const kept = new Set(stacks.flatMap(({ layers }) => layers.map(({ layerId }) => layerId)));
  return machine.stacks.flatMap(({ layers }) => layers).filter(({ layerId }) => !kept.has(layerId));
};

const travelling = (changes: ReadonlyMap<string, ClusterSet>): ChangedDisk[] => [...changes].map(([disk, set]) => ({ disk, clusters: set.clusters, bits: set.bytes }));
