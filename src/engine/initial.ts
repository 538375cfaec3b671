/** How the first copy travels is decided when it is asked for, or when its start is scheduled. */
import { Fault } from '../errors/fault.ts';
import { say } from '../language/text.ts';
import type { InitialTransfer } from '../machine/initial.ts';
import type { Relationship } from '../machine/records.ts';
import { greet } from './greeting.ts';
import type { Host } from './host.ts';
import { machineOf } from './spec.ts';
import { startAt } from './starts.ts';
import { relationshipNamed, transition, update } from './transition.ts';

/** As it was chosen before when `transfer` is null; over the network when nothing was. */
export const transferOf = ({ initial }: Relationship, transfer: InitialTransfer | null): InitialTransfer => transfer ?? initial?.by ?? 'network';

/** The first copy begins now (state 2). Fault seed-unfit when there is no copy to start from. */
export async function beginInitial(host: Host, relationshipId: string, transfer: InitialTransfer | null, signal: AbortSignal): Promise<void> {
  const by = transferOf(relationshipNamed(host, relationshipId), transfer);
  await checkSeed(host, relationshipId, by, signal);
  transition(host, relationshipId, 'startInitial', { change: () => ({ initial: { by } }) });
}

/** It begins at that moment. Refused, and fault parameter-invalid, as `startAt` says; fault seed-unfit. */
export async function beginInitialAt(host: Host, relationshipId: string, transfer: InitialTransfer | null, startsAtMs: number, signal: AbortSignal): Promise<Relationship> {
  const by = transferOf(relationshipNamed(host, relationshipId), transfer);
  await checkSeed(host, relationshipId, by, signal);
  startAt(host, relationshipId, 'startInitial', startsAtMs);
  return update(host, relationshipId, () => ({ initial: { by } }));
}

/** Fault seed-unfit when the first copy is to begin with one that is not there. */
export async function checkSeed(host: Host, relationshipId: string, by: InitialTransfer, signal: AbortSignal): Promise<void> {
  const { side, state, machineId, peerId, newestPointId } = relationshipNamed(host, relationshipId);
  // After a reverse the other host's disks are a copy in any case.
  if (by !== 'seed' || side !== 'primary' || state !== 1 || newestPointId !== null) return;
  const { seedId } = await greet(host, relationshipId, signal);
  if (!seedId) throw new Fault('seed-unfit', say('{machine}: {peer} has no copy of it to start from', { machine: machineOf(host, machineId).name, peer: host.peerName(peerId) }));
}
