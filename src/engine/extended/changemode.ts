/**
 * After a committed failover in the middle of a chain: this host is primary, and the host that its replica was sent on to is
 * its replica. Nothing is copied again: what that host has not got is carried already, and the bitmap of the guest's present
 * layers goes on. Source: Msvm_ReplicationService.ChangeReplicationModeToPrimary.
 */
import { Fault } from '../../errors/fault.ts';
import { Refused, refuse } from '../../errors/refusal.ts';
import { say } from '../../language/text.ts';
import type { Relationship } from '../../machine/records.ts';
import type { Engine } from '../engine.ts';
import { coverLostTracking } from '../failovertracking.ts';
import { giveUp } from '../primary/attempt.ts';
import { settledMachine, takeOver } from '../reverse.ts';
import { machineOf } from '../spec.ts';
import { relationshipNamed, transition } from '../transition.ts';
import { leaveBefore } from './leaving.ts';

/** Done again when it is done, it changes nothing. */
export async function changeMode(engine: Engine, machineId: string, signal: AbortSignal): Promise<void> {
  const own = engine.relationshipOf(machineId);
  const extended = engine.host.state.extendedOf(machineId);
  if (!extended) {
    if (own.side === 'primary') return;
    throw new Fault('not-replicated', say('{machine} is not sent on to a third host, so there is none to be its replica', { machine: machineOf(engine.host, machineId).name }));
  }
  if (own.testCopy) throw new Refused(refuse('a test failover is there: end it first', ['test-end']));
  await engine.worker(machineId).exclusive('change mode', (during) =>
    engine.worker(machineId, 'onward').exclusive('change mode', async () => {
      await giveUp(engine.host, extended.id, during);
      await change(engine, own, extended.id);
    }, during), signal);
}

async function change({ host }: Engine, own: Relationship, extendedId: string): Promise<void> {
  // Refused before anything is changed when the state does not allow it.
  if (own.state !== 6) return void transition(host, own.id, 'changeMode');
  await coverLostTracking(host, own);
  transition(host, own.id, 'changeMode', {
    facts: { 'has-extended': true },
    also: (before) => {
      takeOver(host, before.machineId, settledMachine(host, machineOf(host, before.machineId), before.failover!));
      leaveBefore(host, before, say('{host} is primary now, which replicates to {peer}', { host: host.hostName, peer: host.peerName(relationshipNamed(host, extendedId).peerId) }));
      host.state.putRelationship(promoted(relationshipNamed(host, extendedId), before));
    },
  });
}

/** The extended relationship is the machine's own. It goes on from where it was; the bitmap holds what was written since the last point made here. */
function promoted(extended: Relationship, { failover, settings: { disks } }: Relationship): Relationship {
  const { kind: _kind, sentPointId: _sentPointId, ...rest } = extended;
  return { ...rest, settings: { ...rest.settings, disks }, trackId: failover!.trackId, attempt: null, lastCycle: null };
}
