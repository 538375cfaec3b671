/**
 * The replica's side of an attempt: a detached overlay per disk that no one else sees, then one catalog commit that makes
 * the point. Only the same attempt goes on with its overlays; a new one begins with empty ones.
 */
import { Fault } from '../../errors/fault.ts';
import { Refused, refuse } from '../../errors/refusal.ts';
import type { Receiving, Relationship } from '../../machine/records.ts';
import { newestOf } from '../../relationship/epoch.ts';
import { allowedVerbs } from '../../relationship/step.ts';
import { sideWords, stateWords } from '../../relationship/state.ts';
import type { BeginAttempt, Begun } from '../calls.ts';
import type { Host } from '../host.ts';
import type { DiskSize } from '../ports/diskview.ts';
import { machineOf } from '../spec.ts';
import { relationshipNamed, update } from '../transition.ts';
import { checkLimits } from './limits.ts';
import { say } from '../../language/text.ts';

/** Receives only in the same epoch, as a replica, in a state that takes points; those of a failback only while it is under way. */
export function checkReceives(host: Host, relationship: Relationship, { epochId, failbackId }: Pick<BeginAttempt, 'epochId' | 'failbackId'>): void {
  const machine = machineOf(host, relationship.machineId);
  const isOpen = (failbackId ?? null) === null ? [2, 3].includes(relationship.state) : relationship.state === 13 && relationship.failback?.id === failbackId && relationship.failover === null;
  if (relationship.side !== 'replica' || !isOpen) {
    throw new Refused(refuse(say('{machine}: {host} takes no recovery points now: {state} ({side})', { machine: machine.name, host: host.hostName, state: stateWords(relationship.state), side: sideWords(relationship.side) }), allowedVerbs(relationship)));
  }
  if (newestOf(machine.lineage).id !== epochId) throw new Refused(refuse(say('{machine}: the cycle is of another epoch than {host}\'s', { machine: machine.name, host: host.hostName }), []));
}

/** The attempt can be received; returns how much of its journal is durable here already. */
export async function begin(host: Host, request: BeginAttempt): Promise<Begun> {
  const relationship = relationshipNamed(host, request.relationshipId);
  checkReceives(host, relationship, request);
  if (request.attemptId === relationship.newestPointId) return { durableBytes: 0, isSealed: true };
  if (request.parentId !== relationship.newestPointId) throw misparented(host, relationship);
  if (request.comparedWith && request.comparedWith !== (relationship.newestPointId ?? relationship.seed?.id)) throw misparented(host, relationship);
  checkGround(host, relationship, request);
  await checkLimits(host, relationship.id);
  // With nothing durable yet, a crash may have come before the layers were made.
  const hasContent = relationship.receiving?.id === request.attemptId && (await host.fingerprints.journal(relationship.id, request.attemptId)).sizeBytes > 0;
  if (!hasContent || !sameSizes(relationship.receiving!, request.disks)) {
    await dropReceiving(host, relationship.id);
    await create(host, relationshipNamed(host, request.relationshipId), request);
  }
  if (request.comparedWith) update(host, relationship.id, ({ receiving }) => ({ receiving: { ...receiving!, comparedWith: request.comparedWith! } }));
  const journal = await host.fingerprints.journal(request.relationshipId, request.attemptId);
  return { durableBytes: journal.sizeBytes, isSealed: false };
}

/** Of each disk that does not travel whole, this host has what the parent held; and no older point has a larger disk of the name. */
function checkGround(host: Host, relationship: Relationship, { kind, parentId, disks, fromStart = [] }: BeginAttempt): void {
  const machine = machineOf(host, relationship.machineId);
  for (const { disk, sizeBytes } of disks) {
    const stack = machine.stacks.find((each) => each.disk === disk);
    if (stack && !relationship.seed && sizeBytes < stack.sizeBytes) throw new Fault('settings-invalid', say('{machine}: recovery points on {host} hold a larger disk named {disk}; a new disk needs another name while they are kept', { machine: machine.name, host: host.hostName, disk }));
    const isWhole = parentId === null || kind === 'resync' || fromStart.includes(disk);
    const isStep = relationship.partial?.pointId === parentId && relationship.partial?.disks.includes(disk) === true;
    // What the media hold is not here yet: the first of what comes before them starts from there.
    const isOnMedia = stack === undefined && relationship.awaited?.pointId === parentId;
    if (!isWhole && !isStep && !isOnMedia && stack?.layers.at(-1)?.pointId !== parentId) throw new Fault('tracking-lost', say('{machine}: {host} does not have what the cycle changes on disk {disk}', { machine: machine.name, host: host.hostName, disk }));
  }
}

const misparented = (host: Host, relationship: Relationship): Fault =>
  new Fault('tracking-lost', say('{machine}: the cycle starts from another recovery point than the newest on {host}', { machine: machineOf(host, relationship.machineId).name, host: host.hostName }));

const sameSizes = (receiving: Receiving, disks: readonly DiskSize[]): boolean =>
  receiving.layers.length === disks.length && disks.every((disk, index) => receiving.layers[index]!.disk === disk.disk && receiving.layers[index]!.sizeBytes === disk.sizeBytes);

/** Recorded first, then made: a crash leaves no layer that nobody knows. */
async function create(host: Host, relationship: Relationship, request: BeginAttempt): Promise<void> {
  const machine = machineOf(host, relationship.machineId);
  const layers = request.disks.map(({ disk, sizeBytes }) => ({ disk, sizeBytes, layer: host.layers.layerAt(machine.storage, machine.id, disk, host.newId()) }));
  const receiving: Receiving = {
    id: request.attemptId,
    kind: request.kind,
    parentId: request.parentId,
    sequence: request.sequence,
    epochId: request.epochId,
    comparedWith: request.comparedWith ?? null,
    layers,
    ...(request.partial && request.partial.length > 0 && { partial: request.partial }),
  };
  update(host, relationship.id, () => ({ receiving }));
  for (const { layer, sizeBytes } of layers) await host.layers.create(layer, sizeBytes);
}

/** The attempt that was being received is gone, with its layers and journal. */
export async function dropReceiving(host: Host, relationshipId: string): Promise<void> {
  const { receiving } = relationshipNamed(host, relationshipId);
  if (!receiving) return;
  for (const { layer } of receiving.layers) await host.layers.remove(layer);
  await host.fingerprints.removeJournal(relationshipId, receiving.id);
  update(host, relationshipId, (before) => (before.receiving?.id === receiving.id ? { receiving: null } : {}));
}

