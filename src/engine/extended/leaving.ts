/**
 * The middle of a chain leaves the host before it: the machine goes on with the next host alone. The host before is told
 * whenever it asks by the relationship that is no more: it hears of the newer epoch, and that it is to be removed there.
 */
import type { Machine, Relationship } from '../../machine/records.ts';
import { endChronicle } from '../chronicle.ts';
import type { Host } from '../host.ts';
import { say, type Text, told } from '../../language/text.ts';

const KEPT_FORMER = 8;

/** Part of a transaction: the machine's own relationship here is no more. */
export function leaveBefore(host: Host, relationship: Relationship, why: Text): void {
  const { id: relationshipId, peerId, machineId } = relationship;
  endChronicle(host, relationship);
  host.state.removeRelationship(relationshipId);
  const machine = host.state.machine(machineId)!;
  host.state.putMachine({ ...machine, former: [...(machine.former ?? []), relationshipId].slice(-KEPT_FORMER) });
  host.state.addToOutbox(machineId, 'forget-extended', { relationshipId }, 'onward');
  host.state.addToOutbox(machineId, 'dissolve', { relationshipId, peerId, why, sinceMs: host.clock.nowMs() }, 'farewell');
  host.state.addEvent({ atMs: host.clock.nowMs(), number: null, severity: 'warning', machine: machine.name, ...told(say('{machine}: replication from {peer} has ended: {why}. What is there is kept', { machine: machine.name, peer: host.peerName(peerId), why: [why] })) });
}

/** The machine that had this relationship once. */
export const formerOf = (host: Host, relationshipId: string): Machine | undefined => host.state.machines().find(({ former }) => former?.includes(relationshipId));
