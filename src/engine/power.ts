/** Starting and stopping guests: who may run here, with tracking from the first instruction. */
import { faultOf } from '../errors/fault.ts';
import { Refused, refuse } from '../errors/refusal.ts';
import type { Machine, Relationship } from '../machine/records.ts';
import { allowedVerbs } from '../relationship/step.ts';
import { coverLostTracking } from './failovertracking.ts';
import { greet } from './greeting.ts';
import { confirmed, restoredRefusal } from './restored.ts';
import type { Host } from './host.ts';
import { expectAddresses } from './network/addressing.ts';
import type { LaunchSpec } from './ports/hypervisor.ts';
import { letGo } from './primary/attempt.ts';
import { recordedDisks } from './primary/incoming.ts';
import { recoveryStarted } from './recoveries.ts';
import { machineOf, specOf } from './spec.ts';
import { transition } from './transition.ts';
import { say, type Text } from '../language/text.ts';
import { stateWords } from '../relationship/state.ts';

const ASK_PEER_WITHIN_MS = 5_000;

/** Why the guest may not be started here now, or null. */
export function startRefusal(machine: Machine, relationship: Relationship | undefined): Text | null {
  if (machine.powerLock !== null) return machine.powerLock;
  if (machine.restoredMs !== undefined) return restoredRefusal(machine, relationship);
  if (!relationship || relationship.side === 'primary') return null;
  if (relationship.failover && [5, 6, 14].includes(relationship.state)) return null;
  return say('it is a replica ({state}): fail over to run it here', { state: stateWords(relationship.state) });
}

/**
 * The guest runs. Refused when the other host may run it; the other host is asked first, and when it does not answer the guest
 * starts. Not so a machine whose record comes from a backup: that takes the other host's word, or force.
 */
export async function startMachine(host: Host, machineId: string, signal: AbortSignal, { force = false } = {}): Promise<void> {
  if (force) confirmed(host, machineId);
  const asked = host.state.relationshipOf(machineId);
  if (asked?.side === 'primary') await askPeer(host, asked, signal);
  const machine = machineOf(host, machineId);
  let relationship = host.state.relationshipOf(machineId);
  if (relationship?.failover) relationship = await coverLostTracking(host, relationship);
  const refusal = startRefusal(machine, relationship);
  if (refusal !== null) throw new Refused(refuse(say('{machine} may not be started on {host}: {refusal}', { machine: machine.name, host: host.hostName, refusal: [refusal] }), relationship ? allowedVerbs(relationship) : []));
  const sends = relationship?.side === 'primary' || relationship?.failback?.at === 'away';
  if (relationship && sends && (await host.hypervisor.power(machineId)) === 'off') await letGo(host, relationship, signal);
  const spec = { ...specOf(host, machine, relationship), ...(machine.copyOf !== null && isolation(machine)) };
  const trackId = relationship?.failover?.trackId ?? (relationship?.side === 'primary' ? relationship.trackId : null);
  const tracked = trackId === null || trackId === undefined ? {} : { trackSince: { pointId: trackId, replacementPointId: host.newId(), ...(relationship?.side === 'primary' && { disks: recordedDisks(relationship) }) } };
  expectAddresses(host, machineId, spec.definition);
  const askedMs = host.clock.monotonicMs();
  const { intact } = await host.hypervisor.start(spec, tracked, signal);
  recoveryStarted(host, machineId, host.clock.monotonicMs() - askedMs);
  if (relationship?.failback?.at === 'home') host.state.addToOutbox(machineId, 'tell-peer', { relationshipId: relationship.id });
  if (!intact && relationship && tracked.trackSince) lostTracking(host, relationship);
  if (!relationship) ownNow(host, machineOf(host, machineId));
  host.changed('machine', machineId);
}

/** It has run by itself: it is nobody's former replica any more. */
function ownNow(host: Host, { replicaOf, ...machine }: Machine): void {
  if (replicaOf !== undefined) host.state.putMachine(machine);
}

/** A test failover's copy reaches its test networks, and nothing else. */
const isolation = ({ network }: Machine): Pick<LaunchSpec, 'isolated' | 'testBridges'> => ({
  isolated: true,
  testBridges: Object.fromEntries((network?.adapters ?? []).flatMap(({ mac, testBridge }) => (testBridge === undefined ? [] : [[mac, testBridge] as const]))),
});

/** Hearing of a newer epoch demotes this host; that is what the question is for. */
async function askPeer(host: Host, relationship: Relationship, signal: AbortSignal): Promise<void> {
  try {
    await greet(host, relationship.id, AbortSignal.any([signal, host.clock.timeout(ASK_PEER_WITHIN_MS)]), { starting: true });
  } catch (thrown) {
    signal.throwIfAborted();
    if (thrown instanceof Refused) throw thrown;
    if (faultOf(thrown)?.code === 'split-brain') throw thrown;
  }
}

/**
 * What was written before has to be found by comparing. The relationship goes on naming the bitmap that is gone, so that
 * whoever needs it finds that out; the fresh one does not count from any point.
 */
function lostTracking(host: Host, relationship: Relationship): void {
  if (relationship.side === 'primary' && [3, 8, 15, 16].includes(relationship.state)) transition(host, relationship.id, 'requireResync');
}
