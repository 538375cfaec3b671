/**
 * The end of an extended relationship by this host's own doing: the machine is primary here, and a chain does not fan out.
 * The next host keeps what it has; it is told why nothing more comes, also when it can be reached only later.
 */
import { Fault, faultOf, kept, failureText } from '../../errors/fault.ts';
import { Refused } from '../../errors/refusal.ts';
import type { Relationship } from '../../machine/records.ts';
import { call } from '../calls.ts';
import { endChronicle } from '../chronicle.ts';
import type { Host } from '../host.ts';
import type { OutboxItem } from '../ports/state.ts';
import { transition, update } from '../transition.ts';
import { inEnglish, say, type Text, textFrom, told } from '../../language/text.ts';

const TELL_WITHIN_MS = 3_000;
/** A host that has been away for longer finds out when it is asked for something. */
const TELL_FOR_MS = 7 * 24 * 3_600_000;

/** Part of a transaction: there is no extended relationship here any more. */
export function endExtended(host: Host, machineId: string, why: Text): void {
  const extended = host.state.extendedOf(machineId);
  if (!extended) return;
  const { id: relationshipId, peerId } = extended;
  endChronicle(host, extended);
  host.state.removeRelationship(relationshipId);
  host.state.addToOutbox(machineId, 'forget-extended', { relationshipId }, 'onward');
  host.state.addToOutbox(machineId, 'dissolve', { relationshipId, peerId, why, sinceMs: host.clock.nowMs() }, 'farewell');
  const machine = host.state.machine(machineId)?.name ?? machineId;
  host.state.addEvent({ atMs: host.clock.nowMs(), number: null, severity: 'warning', machine, ...told(say('{machine}: replication from here to {peer} has ended: {why}. The disks there are kept', { machine, peer: host.peerName(peerId), why: [why] })) });
}

/** On the next host: nothing more comes, and why. What is there stays. */
export function sendingEnded(host: Host, { id, machineId, peerId }: Relationship, why: Text): void {
  const machine = host.state.machine(machineId)?.name ?? machineId;
  const fault = new Fault('sending-ended', say('{machine}: {peer} sends nothing more here: {why}', { machine, peer: host.peerName(peerId), why: [why] }));
  const lastFault = { ...kept(fault), atMs: host.clock.nowMs() };
  const { state, side } = update(host, id, () => ({ lastFault }));
  host.state.addEvent({ atMs: lastFault.atMs, number: null, severity: 'warning', machine, ...told(say('{failure}. {hint}', { failure: [failureText(fault)], hint: [fault.hint] })) });
  if (side === 'replica' && state === 3) transition(host, id, 'failHard');
}

/** Effect: the next host knows. A fault leaves it for later. */
export async function dissolve(host: Host, { payload }: OutboxItem, signal: AbortSignal): Promise<void> {
  const within = AbortSignal.any([signal, host.clock.timeout(TELL_WITHIN_MS)]);
  try {
    await call(host.peers, String(payload['peerId']), 'dissolve', { relationshipId: String(payload['relationshipId']), ...whyOf(payload['why']) }, within);
  } catch (thrown) {
    signal.throwIfAborted();
    if (!faultOf(thrown) && !(thrown instanceof Refused)) throw thrown;
    const isLate = host.clock.nowMs() - Number(payload['sinceMs']) > TELL_FOR_MS;
    if (faultOf(thrown)?.code === 'peer-unreachable' && !isLate) throw thrown;
  }
}

/** In English for a host of an older version. */
function whyOf(kept: unknown): { why: string; said: Text } {
  const said = textFrom(kept) ?? String(kept);
  return { why: inEnglish(said), said };
}
