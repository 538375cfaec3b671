/**
 * Yielding to a newer epoch. The guest that runs here without the right to is held, not killed; what it wrote since the
 * last acknowledged point is named as a recovery point of its own; nothing is written to its disks. All of it can be taken
 * back while the other host has not committed.
 */
import { Refused, refuse } from '../errors/refusal.ts';
import type { LabelledLayer, Machine, Point, Relationship, Stack } from '../machine/records.ts';
import { kindOf } from '../relationship/chain.ts';
import { kinship, newestOf, type Lineage } from '../relationship/epoch.ts';
import { allowedVerbs } from '../relationship/step.ts';
import type { Host } from './host.ts';
import { call } from './calls.ts';
import { greetingOf } from './greeting.ts';
import { settleNext } from './branch/newpoint.ts';
import { keepOnly, layersAbove } from './failover.ts';
import { specFor } from './primary/attempt.ts';
import { activeStacks, machineOf, otherStacks } from './spec.ts';
import { highestSequence, relationshipNamed, transition, update } from './transition.ts';
import { say, type Text } from '../language/text.ts';

/** In a chain it may be a host further on. */
function yielded(host: Host, relationship: Relationship, theirs: Lineage): Text {
  const { ownerHostId } = newestOf(theirs);
  const peer = host.peerName(relationship.peerId);
  return ownerHostId === relationship.peerId
    ? say('{peer} runs this machine now (a newer epoch): this host is its replica', { peer })
    : say('a host that {peer} sends on to runs this machine now (a newer epoch)', { peer });
}

/**
 * An operator chose between two hosts that went on alone: this one is the replica, what it wrote is set aside as a named
 * point. The other one's disks are compared in full, since no common point can be trusted. Refused while the other host
 * does not own the epoch that this one would yield to.
 */
export async function becomeReplica(host: Host, relationshipId: string, signal: AbortSignal): Promise<void> {
  const relationship = relationshipNamed(host, relationshipId);
  const { lineage } = await call(host.peers, relationship.peerId, 'greet', greetingOf(host, relationship), signal);
  const now = relationshipNamed(host, relationshipId);
  const kin = kinship(machineOf(host, now.machineId).lineage, lineage);
  // At the end of a chain the owner may be a host before the other one.
  const owner = newestOf(lineage).ownerHostId;
  const isTheirs = kindOf(now) === 'extended' ? owner !== host.hostId : owner === now.peerId;
  if (kin === 'same' && isTheirs && isPlainReplica(now)) return;
  if (kin === 'same' || kin === 'ours-descends' || !isTheirs) {
    throw new Refused(refuse(say('{machine}: {peer} does not own it in an epoch of its own, so there is nothing to yield to', { machine: machineOf(host, now.machineId).name, peer: host.peerName(now.peerId) }), allowedVerbs(now)));
  }
  await yieldTo(host, now, lineage);
  update(host, relationshipId, () => ({ lastFault: null }));
}

async function yieldTo(host: Host, relationship: Relationship, theirs: Lineage): Promise<void> {
  if (relationship.side === 'primary') return demote(host, relationship, theirs);
  if (relationship.failover === null) {
    host.state.putMachine({ ...machineOf(host, relationship.machineId), lineage: theirs });
    return;
  }
  await settleNext(host, relationship);
  await demoteFailedOver(host, relationshipNamed(host, relationship.id), theirs);
}

/** It runs nothing, and did not yield: it holds recovery points of the other host, as before any failover. */
export const isPlainReplica = ({ side, failover, failback, yielded }: Relationship): boolean => side === 'replica' && !failover && !failback && yielded === null;

/** Nobody but QEMU has written the disks since the last point: with a planned failover prepared, they are exactly that. */
export async function isInCustody(host: Host, relationship: Relationship): Promise<boolean> {
  const { broken, points } = await host.hypervisor.tracking(specFor(host, relationship));
  return !broken && relationship.trackId !== null && points.includes(relationship.trackId);
}

/** What failed while this host was the primary is nobody's trouble any more. */
const AS_REPLICA = { lastFault: null, failures: 0 } as const;

/** This host is the replica; its guest is held by the effect that follows. */
export async function demote(host: Host, relationship: Relationship, theirs: Lineage): Promise<void> {
  const machine = machineOf(host, relationship.machineId);
  const divergenceId = host.newId();
  transition(host, relationship.id, 'demote', {
    facts: { 'newer-epoch': true },
    change: (before) => ({
      ...AS_REPLICA,
      divergenceId,
      newestPointId: divergenceId,
      yielded: { pointId: before.newestPointId, attemptId: before.attempt?.id ?? before.doubtful?.id ?? null, basisId: divergenceId },
      trackId: isComparing(before) ? null : before.trackId,
    }),
    also: () => {
      host.state.addPoint(divergenceOf(host, machine, relationship, divergenceId), [], new Map());
      host.state.putMachine({ ...machine, lineage: theirs, powerLock: yielded(host, relationship, theirs), stacks: machine.stacks.map((stack) => labelTop(stack, divergenceId)) });
    },
  });
}

/**
 * Both hosts failed over, one after the other, and this one first: as `demote`, for what its guest wrote on the chosen point.
 * Nobody can tell from which point its disks differ. While the failover is still being made ready, or its guest is getting
 * other layers, nothing changes yet.
 */
export async function demoteFailedOver(host: Host, relationship: Relationship, theirs: Lineage): Promise<void> {
  if (relationship.state === 12 || relationship.failover?.next) return;
  const divergenceId = host.newId();
  transition(host, relationship.id, 'demote', {
    facts: { 'newer-epoch': true },
    change: () => ({ ...AS_REPLICA, failover: null, failback: null, attempt: null, doubtful: null, divergenceId, newestPointId: divergenceId, yielded: { pointId: null, attemptId: null, basisId: divergenceId } }),
    payload: (before) => ({ layers: layersAbove(host, before) }),
    also: (before) => {
      keepOnly(host, before);
      const machine = machineOf(host, before.machineId);
      const active = activeStacks(machine, before.failover!);
      host.state.addPoint(divergenceOf(host, machine, before, divergenceId), [], new Map());
      host.state.putMachine({ ...machine, lineage: theirs, powerLock: yielded(host, before, theirs), stacks: [...active.map((stack) => labelTop(stack, divergenceId)), ...otherStacks(machine, active)] });
    },
  });
}

/** While a resynchronization is under way the bitmap counts from its beginning, not from the newest point. */
const isComparing = ({ state, attempt }: Relationship): boolean => [10, 11].includes(state) || attempt?.kind === 'resync';

export const divergenceOf = (host: Host, machine: Machine, relationship: Relationship, id: string): Point => ({
  id,
  machineId: machine.id,
  parentId: relationship.newestPointId,
  epochId: newestOf(machine.lineage).id,
  sequence: highestSequence(host, relationship),
  kind: 'divergence',
  instantMs: host.clock.nowMs(),
  definition: machine.definition,
  sizeBytes: 0,
  digest: '',
  name: `what ${host.hostName} wrote until it yielded`,
  pinned: true,
});

/** Of the disks that the point has. */
export const labelTops = (stacks: readonly Stack[], disks: readonly string[], pointId: string): Stack[] => stacks.map((stack) => (disks.includes(stack.disk) ? labelTop(stack, pointId) : stack));

export const labelTop = (stack: Stack, pointId: string): Stack => ({
  ...stack,
  layers: stack.layers.map((layer, index): LabelledLayer => (index === stack.layers.length - 1 ? { ...layer, pointId } : layer)),
});

/** The other host gave the machine back before anything of it came here: this host is primary as before. */
export async function promote(host: Host, relationship: Relationship, theirs: Lineage): Promise<void> {
  const machine = machineOf(host, relationship.machineId);
  transition(host, relationship.id, 'promote', {
    facts: { 'newer-epoch': true },
    change: (before) => ({ divergenceId: null, yielded: null, newestPointId: before.yielded?.pointId ?? null }),
    also: () => {
      host.state.removePoint(relationship.divergenceId!);
      host.state.putMachine({ ...machine, lineage: theirs, powerLock: null, stacks: machine.stacks.map(unlabelTop) });
    },
  });
}

const unlabelTop = (stack: Stack): Stack => ({
  ...stack,
  layers: stack.layers.map((layer, index) => {
    if (index < stack.layers.length - 1) return layer;
    const { pointId: _pointId, ...rest } = layer;
    return rest;
  }),
});
