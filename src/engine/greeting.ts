/**
 * Whenever two hosts of a relationship speak, they first compare epochs. A host whose newest epoch has a descendant
 * yields; where neither descends from the other, nobody overwrites anybody until an operator chooses.
 */
import { Fault, kept } from '../errors/fault.ts';
import { Refused, refuse } from '../errors/refusal.ts';
import { isSplit } from '../health/rules.ts';
import type { Relationship } from '../machine/records.ts';
import { isOnward, kindOf } from '../relationship/chain.ts';
import { kinship, newestOf, type Lineage } from '../relationship/epoch.ts';
import { call, type Greeting, type Standing } from './calls.ts';
import { demote, demoteFailedOver, promote } from './demotion.ts';
import { noticeEnd } from './failback/away.ts';
import type { Host } from './host.ts';
import { checkRestored, confirmed } from './restored.ts';
import { startedAtHome, type StartedAtHome } from './recoveries.ts';
import { machineOf } from './spec.ts';
import { relationshipNamed, update } from './transition.ts';
import { say, type Text } from '../language/text.ts';
import { sideWords } from '../relationship/state.ts';

/** The other host has forgotten the relationship, or got an older state back. */
export class RelationshipLost extends Fault {
  readonly runsThere: boolean;

  constructor(message: Text, runsThere: boolean) {
    super('replica-unknown', message);
    this.runsThere = runsThere;
  }
}

/** The peer's standing, in the same epoch as ours. Refused when this host has to yield; fault split-brain when nobody has. */
export async function greet(host: Host, relationshipId: string, signal: AbortSignal, more: Pick<Greeting, 'starting'> = {}): Promise<Standing> {
  const relationship = relationshipNamed(host, relationshipId);
  const standing = await call(host.peers, relationship.peerId, 'greet', { ...greetingOf(host, relationship), ...more }, signal);
  const { name } = machineOf(host, relationship.machineId);
  // Also a host that went on without this one says in which epoch.
  await meet(host, relationship, standing.lineage);
  if (!standing.known) throw new RelationshipLost(say('{peer} does not know the relationship of {name} any more', { peer: host.peerName(relationship.peerId), name }), standing.power !== 'off');
  noticeEnd(host, relationshipId, standing);
  const now = relationshipNamed(host, relationshipId);
  if (now.side !== relationship.side) throw new Refused(refuse(say('{name}: {peer} owns a newer epoch, so this host is {side} now', { name, peer: host.peerName(relationship.peerId), side: sideWords(now.side) }), []));
  // In one epoch with the other host, the record is as good as any.
  confirmed(host, now.machineId);
  return standing;
}

export const greetingOf = (host: Host, relationship: Relationship): Greeting => ({
  relationshipId: relationship.id,
  machineId: relationship.machineId,
  lineage: machineOf(host, relationship.machineId).lineage,
  side: relationship.side,
  state: relationship.state,
  failbackId: relationship.failback?.id ?? null,
  ...(relationship.side === 'primary' && { settings: relationship.settings }),
  ...(relationship.side === 'primary' && { kind: kindOf(relationship) }),
  ...ofStart(startedAtHome(host, relationship)),
});

const ofStart = (started: StartedAtHome | undefined): Pick<Greeting, 'startedAtHome'> => (started ? { startedAtHome: started } : {});

/** Our side of a meeting: adopts what descends from ours, yields or takes over where its owner says so. */
export async function meet(host: Host, relationship: Relationship, theirs: Lineage): Promise<void> {
  // In the middle of a chain it is the machine's own relationship that yields to, or gets the machine from, the next host.
  const own = isOnward(relationship) ? host.state.relationshipOf(relationship.machineId) : undefined;
  if (own) return meetNext(host, relationship, own, theirs);
  // A failback that comes home here stands still in its epoch until it has ended or is complete.
  if (relationship.state === 13) return;
  const machine = machineOf(host, relationship.machineId);
  const kin = kinship(machine.lineage, theirs);
  if (kin !== 'unrelated') noLongerSplit(host, relationship.id);
  if (kin === 'same' || kin === 'ours-descends') return;
  if (kin === 'unrelated') return settleUnrelated(host, relationship, theirs);
  checkRestored(host, relationship, theirs);
  const isOurs = newestOf(theirs).ownerHostId === host.hostId;
  // A primary that prepared a planned failover expects this, and its disks are exactly its newest point.
  const isPrepared = relationship.side === 'primary' && relationship.state === 4;
  if (relationship.side === 'primary' && !isOurs && !isPrepared) return demote(host, relationship, theirs);
  if (relationship.side === 'replica' && relationship.failover !== null && !isOurs) return demoteFailedOver(host, relationship, theirs);
  if (relationship.side === 'replica' && relationship.divergenceId !== null && relationship.failover === null && isOurs) return promote(host, relationship, theirs);
  host.state.putMachine({ ...machineOf(host, machine.id), lineage: theirs });
}

/**
 * The next host of a chain tells its epochs. Where both it and this host named the same owner, which is neither of the two,
 * the host nearer to the owner knows better.
 */
async function meetNext(host: Host, extended: Relationship, own: Relationship, theirs: Lineage): Promise<void> {
  const { lineage } = machineOf(host, own.machineId);
  const { ownerHostId } = newestOf(theirs);
  if (kinship(lineage, theirs) !== 'unrelated') return meet(host, own, theirs);
  if (ownerHostId !== newestOf(lineage).ownerHostId) throw splitBrain(host, extended);
  if (ownerHostId === extended.peerId) return meet(host, own, theirs);
}

/**
 * Epochs minted by both hosts for the same owner are no split brain: nobody but the owner has run the guest since. The owner's
 * lineage counts; a replica that did not yield then tells that everything has to be compared (`yieldKept`).
 */
function settleUnrelated(host: Host, relationship: Relationship, theirs: Lineage): void {
  const machine = machineOf(host, relationship.machineId);
  const { ownerHostId } = newestOf(machine.lineage);
  // The last host of a chain that owns nothing has nothing of its own to lose: its points stay.
  const isIdle = relationship.kind === 'extended' && relationship.side === 'replica' && relationship.failover === null && ownerHostId !== host.hostId;
  if (isIdle) return void host.state.putMachine({ ...machine, lineage: theirs });
  if (newestOf(theirs).ownerHostId !== ownerHostId) throw splitBrain(host, relationship);
  if (ownerHostId === host.hostId) return;
  if (relationship.side !== 'replica' || relationship.failover !== null) throw splitBrain(host, relationship);
  host.state.putMachine({ ...machine, lineage: theirs });
}

/** Somebody chose, on the other host. */
function noLongerSplit(host: Host, relationshipId: string): void {
  if (isSplit(relationshipNamed(host, relationshipId))) update(host, relationshipId, () => ({ lastFault: null, failures: 0 }));
}

function splitBrain(host: Host, relationship: Relationship): Fault {
  const { name } = machineOf(host, relationship.machineId);
  const fault = new Fault('split-brain', say('{name}: both hosts went on alone, each with changes that the other does not have', { name }));
  update(host, relationship.id, () => ({ lastFault: { ...kept(fault), atMs: host.clock.nowMs() } }));
  return fault;
}
