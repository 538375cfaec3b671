/**
 * The answer of a host in the middle of a chain to the next host's reverse: it leaves the host before, and is the next host's
 * replica with the points that it has. What its disks differ in from what was sent on is known: it is what is carried.
 */
import { Refused, refuse } from '../../errors/refusal.ts';
import type { Relationship } from '../../machine/records.ts';
import { newestOf, type Lineage } from '../../relationship/epoch.ts';
import type { Basis } from '../calls.ts';
import { meet } from '../greeting.ts';
import type { Host } from '../host.ts';
import { rebaseMaps } from '../maps.ts';
import { giveUp } from '../primary/attempt.ts';
import { dropReceiving } from '../replica/receiving.ts';
import { machineOf } from '../spec.ts';
import { highestSequence, relationshipNamed, transition } from '../transition.ts';
import { leaveBefore } from './leaving.ts';
import { say } from '../../language/text.ts';

export async function yieldOnward(host: Host, before: Relationship, theirs: Lineage, signal: AbortSignal): Promise<Basis> {
  await meet(host, before, theirs);
  const { machineId, peerId } = before;
  const machine = machineOf(host, machineId);
  const own = host.state.relationshipOf(machineId);
  const isTheirs = newestOf(machine.lineage).ownerHostId === peerId;
  // What the disks here hold: the newest point received, or what the guest here had written when it was held.
  const pointId = own?.newestPointId;
  if (!own || own.side !== 'replica' || own.failover || own.failback || !isTheirs || !pointId || !host.state.point(pointId)) {
    throw new Refused(refuse(say('{machine}: {host} does not yield to {peer} now', { machine: machine.name, host: host.hostName, peer: host.peerName(peerId) }), []));
  }
  await giveUp(host, before.id, signal);
  await dropReceiving(host, own.id);
  const extended = relationshipNamed(host, before.id);
  const carried = host.state.carried(extended.id);
  await rebaseMaps(host, extended, extended.newestPointId, pointId, carried);
  return host.state.transaction(() => {
    leaveBefore(host, own, say('{peer} is primary now, and {host} its replica', { peer: host.peerName(peerId), host: host.hostName }));
    const sequence = highestSequence(host, extended);
    const attemptId = extended.doubtful?.id ?? null;
    transition(host, extended.id, 'yieldChain', {
      change: () => ({ newestPointId: pointId, newestInstantMs: host.state.point(pointId)!.instantMs, sequence, attempt: null, doubtful: null, token: null, yielded: { pointId: extended.newestPointId, attemptId, basisId: pointId } }),
      also: () => {
        host.state.clearCarried(extended.id);
        host.state.putMachine({ ...machineOf(host, machineId), powerLock: say('{peer} runs this machine now', { peer: host.peerName(peerId) }) });
      },
    });
    const changes = [...carried].map(([disk, set]) => ({ disk, clusters: set.clusters, bits: set.bytes }));
    return { pointId, sequence, sincePointId: extended.newestPointId, openAttemptId: attemptId, changes };
  });
}
