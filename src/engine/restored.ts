/** Machines whose record comes from a backup of the state: what happened since is known to the other host, or to nobody. */
import { Refused, refuse } from '../errors/refusal.ts';
import type { Machine, Relationship } from '../machine/records.ts';
import { say, type Text } from '../language/text.ts';
import { newestOf, type Lineage } from '../relationship/epoch.ts';
import { allowedVerbs } from '../relationship/step.ts';
import type { Host } from './host.ts';
import { machineOf } from './spec.ts';

/** Why a guest is not started here yet. */
export const restoredRefusal = ({ name, restoredMs = 0 }: Machine, relationship: Relationship | undefined): Text =>
  relationship
    ? say('its record was restored from the backup of {time}, and the other host has not confirmed since that it does not run there. It is asked at each start; where it is gone for good: understudy vm start {machine} --force', { time: { atMs: restoredMs }, machine: name })
    : say('its record was restored from the backup of {time}, and nobody can be asked whether it was moved to another host since. Make sure that none runs it, then: understudy vm start {machine} --force', { time: { atMs: restoredMs }, machine: name });

/** The record counts as it is from now on. */
export function confirmed(host: Host, machineId: string): void {
  const { restoredMs, ...machine } = machineOf(host, machineId);
  if (restoredMs !== undefined) host.state.putMachine(machine);
}

/** Nothing of the restored record is believed, neither here nor there: whoever asks is told how this host stands all the same. */
export class RecordIsBehind extends Refused {}

/**
 * The other host knows newer epochs than the record. Owned by another host: this one yields as ever, and its disks are compared.
 * Owned by this host: the guest has come home since, maybe onto other layers, and what the record calls its disks is not what
 * they are. Refused then, before anything is taken over or sent.
 */
export function checkRestored(host: Host, relationship: Relationship, theirs: Lineage): void {
  const machine = machineOf(host, relationship.machineId);
  if (machine.restoredMs === undefined) return;
  if (newestOf(theirs).ownerHostId !== host.hostId) return confirmed(host, machine.id);
  throw new RecordIsBehind(refuse(
    say('{machine} came back to {host} after the backup of {time} was made: the restored record does not know its disks of today. Nothing is sent and nothing starts. Fail over on {peer} (understudy failover {machine} --unplanned --force): a guest that runs here is held, this host becomes the replica, and its disks are compared', {
      machine: machine.name, host: host.hostName, time: { atMs: machine.restoredMs }, peer: host.peerName(relationship.peerId),
    }),
    allowedVerbs(relationship),
  ));
}
