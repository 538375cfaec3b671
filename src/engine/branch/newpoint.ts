/**
 * One recovery point of a failed-over guest: fresh layers are laid on top of those that it writes, on all disks in one
 * instant, and the layers that it wrote until then get the point's label. What is about to happen is recorded first, so that
 * after a crash it is finished when QEMU may have taken the layers, and dropped when it cannot.
 */
import { assert } from '../../errors/bug.ts';
import { faultOf } from '../../errors/fault.ts';
import type { ClusterSet } from '../../extents/clusterset.ts';
import type { Failover, NextLayers, Point, Relationship } from '../../machine/records.ts';
import { withBranchTop } from '../../points/stack.ts';
import { newestOf } from '../../relationship/epoch.ts';
import type { Host } from '../host.ts';
import type { Instant } from '../ports/hypervisor.ts';
import { carryAside } from '../extended/carrying.ts';
import { united } from '../primary/growth.ts';
import { closedLabel, labelLive } from '../replica/labels.ts';
import { machineOf, specOf } from '../spec.ts';
import { highestSequence, relationshipNamed, update } from '../transition.ts';
import { branchPoints, isFailedOver, thin } from './thinning.ts';

/** The point exists and the guest writes on, in fresh layers. After a fault the guest writes where it did, and there is no point. */
export async function takePoint(host: Host, relationshipId: string, signal: AbortSignal): Promise<void> {
  const relationship = relationshipNamed(host, relationshipId);
  // The hosts may have met meanwhile, and this one yielded.
  if (!isFailedOver(relationship)) return;
  const next = record(host, relationship);
  try {
    await make(host, relationship, next);
    signal.throwIfAborted();
    changeFailover(host, relationship.id, next.trackId, { next: { ...next, phase: 'laying' } });
  } catch (thrown) {
    dropNext(host, relationship.id, next);
    throw thrown;
  }
  await settleNext(host, relationshipNamed(host, relationship.id));
}

/** No other layers are about to be the active ones: those that were are, or will not be. */
export async function settleNext(host: Host, relationship: Relationship): Promise<Relationship> {
  const next = relationship.failover?.next;
  if (!next || !isFailedOver(relationship)) return relationship;
  if (next.phase === 'making') dropNext(host, relationship.id, next);
  else await finish(host, relationship, next);
  return relationshipNamed(host, relationship.id);
}

function record(host: Host, relationship: Relationship): NextLayers {
  const { id, storage } = machineOf(host, relationship.machineId);
  const layers = relationship.failover!.layers.map(({ disk }) => ({ disk, layer: host.layers.layerAt(storage, id, disk, host.newId()) }));
  const next: NextLayers = { phase: 'making', trackId: host.newId(), layers };
  update(host, relationship.id, ({ failover }) => {
    assert(failover && !failover.next, 'no other layers are being made');
    return { failover: { ...failover, next } };
  });
  return next;
}

/** Their label says that they stand on what the present layers lead to: these have that id now, and as a point later. */
async function make(host: Host, relationship: Relationship, next: NextLayers): Promise<void> {
  const failover = relationship.failover!;
  const sizes = await host.hypervisor.sizes(specOf(host, machineOf(host, relationship.machineId), relationship));
  for (const { disk, layer } of next.layers) await host.layers.createActive(layer, sizes.find((each) => each.disk === disk)!.sizeBytes, next.trackId);
  await labelLive(host, relationship, { ...failover, trackId: next.trackId, layers: next.layers }, failover.trackId);
}

/** The layers are on top. QEMU's own word decides whether they are: only when it surely does not write them are they dropped. */
async function finish(host: Host, relationship: Relationship, next: NextLayers): Promise<void> {
  const spec = specOf(host, machineOf(host, relationship.machineId), relationship);
  const fresh = { pointId: relationship.failover!.trackId, trackId: next.trackId, layers: next.layers };
  let instant: Instant;
  try {
    instant = await host.hypervisor.layOnTop(spec, fresh, new AbortController().signal);
  } catch (thrown) {
    if (!faultOf(thrown)) throw thrown;
    const isSurelyNot = (await host.hypervisor.power(spec.instanceId)) !== 'off' && !(await host.hypervisor.isOnTop(spec, fresh));
    if (isSurelyNot) dropNext(host, relationship.id, next);
    throw thrown;
  }
  await seal(host, relationship, next, instant);
}

/** The layers that the guest wrote until now are a point; without it when they cannot be labelled. All that they hold travels back. */
async function seal(host: Host, relationship: Relationship, next: NextLayers, instant: Instant): Promise<void> {
  const failover = relationship.failover!;
  const { stacks } = machineOf(host, relationship.machineId);
  const written = new Map<string, ClusterSet>();
  let sizeBytes = 0;
  for (const { disk, layer } of failover.layers) {
    written.set(disk, await host.layers.allocated(layer, stacks.find((stack) => stack.disk === disk)!.sizeBytes));
    sizeBytes += await host.layers.allocatedBytes(layer);
  }
  const point = { ...pointOf(host, relationship, instant), sizeBytes };
  const fault = await label(host, relationship, point, instant);
  host.state.transaction(() => {
    const isStill = changeFailover(host, relationship.id, next.trackId, { trackId: next.trackId, layers: next.layers, next: null });
    if (!isStill) return;
    host.state.putCarried(relationship.id, united(host.state.carried(relationship.id), written));
    carryAside(host, relationship.machineId, written);
    close(host, relationship, fault ? null : point.id);
    if (fault) return;
    host.state.addPoint(point, instant.attachments, written);
    thin(host, relationshipNamed(host, relationship.id));
  });
  if (fault) throw fault;
}

async function label(host: Host, relationship: Relationship, point: Point, { attachments }: Instant): Promise<unknown> {
  const failover = relationship.failover!;
  try {
    await host.layers.seal(failover.layers.map(({ layer }) => layer), await closedLabel(host, relationship, failover, point, attachments));
    return undefined;
  } catch (thrown) {
    if (!faultOf(thrown)) throw thrown;
    return thrown;
  }
}

/** The layers that were the active ones are the branch's top. */
function close(host: Host, { machineId, failover }: Relationship, pointId: string | null): void {
  const { pointId: chosenId, layers }: Failover = failover!;
  const machine = machineOf(host, machineId);
  const stacks = machine.stacks.map((stack) => {
    const written = layers.find(({ disk }) => disk === stack.disk)?.layer;
    return written ? withBranchTop(stack, chosenId, pointId === null ? written : { ...written, pointId }) : stack;
  });
  host.state.putMachine({ ...machine, stacks });
}

function pointOf(host: Host, relationship: Relationship, { instantMs }: Instant): Point {
  const failover = relationship.failover!;
  const machine = machineOf(host, relationship.machineId);
  return {
    id: failover.trackId, machineId: machine.id, parentId: branchPoints(host, machine.id).at(-1)?.id ?? failover.pointId, epochId: newestOf(machine.lineage).id,
    sequence: highestSequence(host, relationship) + 1, kind: 'standard', instantMs, definition: host.state.point(failover.pointId)?.definition ?? machine.definition, sizeBytes: 0, digest: '', name: null, pinned: false,
  };
}

/** Nobody writes the layers that were to be the next ones: they go. */
function dropNext(host: Host, relationshipId: string, next: NextLayers): void {
  host.state.transaction(() => {
    if (!changeFailover(host, relationshipId, next.trackId, { next: null })) return;
    host.state.addToOutbox(relationshipNamed(host, relationshipId).machineId, 'drop-failover-layers', { relationshipId, layers: next.layers.map(({ layer }) => layer) });
  });
}

/** False, and no change, when those layers are not the next ones any more. */
function changeFailover(host: Host, relationshipId: string, nextTrackId: string, change: Partial<Failover>): boolean {
  const failover = host.state.relationship(relationshipId)?.failover;
  if (failover?.next?.trackId !== nextTrackId) return false;
  update(host, relationshipId, () => ({ failover: { ...failover, ...change } }));
  return true;
}
