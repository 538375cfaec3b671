/**
 * A seed: a copy of the machine that is on the replica's host already, which the primary compares with, so that only what
 * differs travels. Somebody offered it there, or it was that primary's replica before. Nothing is written to it before the
 * first recovery point is whole; until then it can be had back.
 */
import { Fault } from '../../errors/fault.ts';
import { Refused, refuse } from '../../errors/refusal.ts';
import type { Layer } from '../../machine/definition.ts';
import type { Seed } from '../../machine/initial.ts';
import type { LabelledLayer, Machine, Point, Relationship, Stack } from '../../machine/records.ts';
import { newestOf } from '../../relationship/epoch.ts';
import { defaultSettings } from '../../relationship/settings.ts';
import { allowedVerbs } from '../../relationship/step.ts';
import { emptyRelationship } from '../answers.ts';
import type { CreateReplica } from '../calls.ts';
import type { Host } from '../host.ts';
import type { LabelledDisk } from '../ports/layers.ts';
import { machineOf } from '../spec.ts';
import { transition } from '../transition.ts';
import { labelOf, placeOf, plain } from './labels.ts';
import { say } from '../../language/text.ts';

const isOfferTo = (relationship: Relationship | undefined, primaryId: string): boolean => relationship?.seed?.isOffer === true && relationship.peerId === primaryId;

/** How a machine of this UUID may become the replica of that host; null when it may not, or there is none. */
export function seedKind(host: Host, primaryId: string, machineId: string): 'offered' | 'former' | null {
  const relationship = host.state.relationshipOf(machineId);
  if (isOfferTo(relationship, primaryId)) return 'offered';
  return !relationship && host.state.machine(machineId)?.replicaOf === primaryId ? 'former' : null;
}

interface TakenUp {
  readonly machine: Machine;
  readonly seed: Seed;
  /** The offer's row, which the relationship takes the place of. */
  readonly offerId: string | null;
}

/** The machine here that the replica begins with; undefined when there is none of its UUID. Fault machine-exists, seed-unfit. */
export async function takeUp(host: Host, primaryId: string, { machineId, sizes, settings, useExisting }: CreateReplica): Promise<TakenUp | undefined> {
  const machine = host.state.machine(machineId);
  if (!machine) return undefined;
  const kind = seedKind(host, primaryId, machineId);
  if (kind === null || (kind === 'former' && !useExisting)) throw new Fault('machine-exists', say('{host} has a machine with the UUID of {machine} already', { host: host.hostName, machine: machine.name }));
  if ((await host.hypervisor.power(machineId)) !== 'off') throw new Fault('seed-unfit', say('{machine} runs on {host}: shut it down there, then it can become the replica', { machine: machine.name, host: host.hostName }));
  const wanted = sizes.filter(({ disk }) => settings.disks.includes(disk));
  const stacks = wanted.map(({ disk, sizeBytes }) => {
    const stack = machine.stacks.find((each) => each.disk === disk);
    if (!stack) throw new Fault('seed-unfit', say('{machine} has no disk {disk} on {host}', { machine: machine.name, disk, host: host.hostName }));
    if (stack.sizeBytes !== sizeBytes) throw new Fault('seed-unfit', say('disk {disk} of {machine} has {here} bytes on {host} and {there} on {peer}', { disk, machine: machine.name, here: String(stack.sizeBytes), host: host.hostName, there: String(sizeBytes), peer: host.peerName(primaryId) }));
    return stack;
  });
  const offer = host.state.relationshipOf(machineId);
  const { replicaOf: _replicaOf, ...kept } = machine;
  return { machine: { ...kept, stacks }, seed: offer?.seed ? { ...offer.seed, isOffer: false } : { id: host.newId(), isOffer: false, before: beforeOf(machine) }, offerId: offer?.id ?? null };
}

const beforeOf = ({ name, definition, stacks, lineage, powerLock }: Machine): Seed['before'] => ({ name, definition, stacks, lineage, powerLock });

/** The machine waits as a replica (state 2) for that host, whose machine of the same UUID it is a copy of. */
export async function offerSeed(host: Host, machineId: string, primaryId: string): Promise<Relationship> {
  const machine = machineOf(host, machineId);
  const existing = host.state.relationshipOf(machineId);
  if (existing) throw new Refused(refuse(say('{machine} is replicated already', { machine: machine.name }), allowedVerbs(existing)));
  if (machine.copyOf !== null) throw new Refused(refuse(say('{machine} is a test failover\'s copy', { machine: machine.name }), ['test-end']));
  const isOff = (await host.hypervisor.power(machineId)) === 'off';
  return host.state.transaction(() => {
    const seed: Seed = { id: host.newId(), isOffer: true, before: beforeOf(machine) };
    const id = host.newId();
    host.state.putRelationship({ ...emptyRelationship, id, machineId, peerId: primaryId, side: 'replica', state: 0, settings: defaultSettings(machine.definition.disks.map(({ name }) => name)), key: '', overrides: {}, seed });
    return transition(host, id, 'offerSeed', { facts: { 'guest-off-here': isOff } });
  });
}

/** The machine as it was before it was a replica: nothing has been written to the seed yet. */
export const withoutSeed = (machine: Machine, { before }: Seed): Machine => ({ ...machine, ...before });

/**
 * Something is about to stand on the seed's layers: each gets a label, durably, so that what is there can be told apart when the state is lost.
 * Templates stay as they are, and are the ground of the first layer above them.
 */
export async function labelSeed(host: Host, relationship: Relationship): Promise<void> {
  const { seed, machineId } = relationship;
  if (!seed) return;
  const machine = machineOf(host, machineId);
  for (const stack of machine.stacks) {
    let standsOn: string | null = null;
    for (const [index, layer] of stack.layers.entries()) {
      if (layer.readOnly) continue;
      const pointId = index === stack.layers.length - 1 ? seed.id : host.newId();
      const place = placeOf(host, machine, stack.disk, layer);
      const label = labelOf(relationship, machine, pointNamed(machine, pointId), [], [labelledDisk(stack, layer, place, standsOn)]);
      await host.layers.relabel(place, { ...label, retired: true });
      standsOn = pointId;
    }
  }
}

const labelledDisk = ({ disk, sizeBytes, layers }: Stack, layer: LabelledLayer, place: Layer, standsOn: string | null): LabelledDisk => ({
  disk, layerId: layer.layerId, sizeBytes, standsOn, ground: standsOn === null ? layers.filter(({ readOnly }) => readOnly).map(plain) : [], elsewhere: place.path === layer.path ? null : plain(layer),
});

/** No recovery point: only a step to the first one. */
const pointNamed = (machine: Machine, id: string): Point => ({
  id, machineId: machine.id, parentId: null, epochId: newestOf(machine.lineage).id, sequence: 0, kind: 'standard', instantMs: 0, definition: machine.definition, sizeBytes: 0, digest: '', name: null, pinned: false,
});
