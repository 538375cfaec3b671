/**
 * One transition: read, step, write the new standing and the effects to run, in one transaction. Nothing else writes a
 * relationship's state.
 */
import { Refused, refuse } from '../errors/refusal.ts';
import { beginsIn } from '../relationship/beginning.ts';
import { deskOf, isOnward } from '../relationship/chain.ts';
import { step, type Facts, type Standing } from '../relationship/step.ts';
import { sideWords, stateWords } from '../relationship/state.ts';
import type { Event } from '../relationship/table.ts';
import type { EventName } from '../health/events.ts';
import type { Relationship } from '../machine/records.ts';
import { acrossPieces, endChronicle } from './chronicle.ts';
import { carryAllOn } from './extended/carrying.ts';
import { endExtended } from './extended/ending.ts';
import type { Host } from './host.ts';
import { acrossTransition } from './monitoring.ts';
import { report } from './report.ts';
import { say } from '../language/text.ts';
import { failureText } from '../errors/fault.ts';

export interface Transition {
  readonly facts?: Facts;
  /** What else changes in the row. */
  readonly change?: (before: Relationship) => Partial<Relationship>;
  /** More writes of the same transaction. */
  readonly also?: (before: Relationship, after: Relationship) => void;
  /** What the effects need to know. */
  readonly payload?: (before: Relationship) => Readonly<Record<string, unknown>>;
}

/** The relationship afterwards; throws Refused when the table does not allow the event now. */
export function transition(host: Host, relationshipId: string, event: Event, { facts = {}, change, also, payload }: Transition = {}): Relationship {
  const after = host.state.transaction(() => {
    const before = relationshipNamed(host, relationshipId);
    const outcome = step(before, event, { ...factsOf(before), ...facts });
    if (!outcome.ok) throw new Refused(outcome);
    const { effects, ...standing } = outcome.value;
    const next = ofKind(before, acrossPieces(host, before, acrossTransition(host, before, { ...before, ...change?.(before), ...standing, ...outlived(before, standing), ...(event === 'unscheduleInitial' && { startsAtMs: null }) })));
    const details = { relationshipId, ...(event === 'stopInitial' && before.initial?.by === 'media' && { directory: before.initial.directory }), ...payload?.(before) };
    for (const effect of effects) host.state.addToOutbox(before.machineId, effect, details, deskOf(before));
    if (next.state === 0) endChronicle(host, next);
    if (next.state === 0) host.state.removeRelationship(relationshipId);
    else host.state.putRelationship(next);
    also?.(before, next);
    followChain(host, before, next, event);
    if (before.state !== next.state || before.side !== next.side) record(host, event, before, next);
    return next;
  });
  host.changed('relationship', after.machineId);
  return after;
}

/** Only from primary to replica to the next is it a chain. */
function ofKind(before: Relationship, after: Relationship): Relationship {
  if (before.side === after.side) return after;
  const { kind: _kind, ...simple } = after;
  return simple;
}

/** Events after which this host's disks are not what its points say that they were. */
const GONE_ANOTHER_WAY: readonly Event[] = ['demote', 'yieldHome', 'yieldKept', 'failedBack'];

/** What the machine's own relationship does is felt by the one by which it is sent on. */
function followChain(host: Host, before: Relationship, after: Relationship, event: Event): void {
  if (isOnward(before) || event === 'changeMode') return;
  if (GONE_ANOTHER_WAY.includes(event)) carryAllOn(host, before.machineId);
  if (before.side === 'replica' && after.side === 'primary') endExtended(host, before.machineId, say('the machine is primary on {host} now, which replicates to {peer}', { host: host.hostName, peer: host.peerName(before.peerId) }));
}

/** What the row itself says. */
const factsOf = ({ failback, startsAtMs = null, initial, awaited }: Relationship): Facts => ({
  'no-failback': !failback, scheduled: startsAtMs !== null, 'not-exported': !initial?.exported, 'media-awaited': Boolean(initial?.exported ?? awaited),
});

/** What was chosen for a state that waits does not outlive the waiting, nor how the first copy travels its arrival. */
function outlived(before: Relationship, { side, state }: Standing): Partial<Relationship> {
  const isOver = side !== 'primary' || beginsIn(state) !== beginsIn(before.state);
  if (before.initial && (state === 3 || (state === 1 && before.initial.by === 'media'))) return { ...outlived({ ...before, initial: null }, { side, state }), initial: null };
  return { ...(isOver && (before.startsAtMs ?? null) !== null && { startsAtMs: null }), ...(state !== 9 && before.heldBack && { heldBack: false }) };
}

function record(host: Host, event: Event, before: Relationship, after: Relationship): void {
  const machine = host.state.machine(before.machineId)?.name ?? before.machineId;
  const standings = { before: stateWords(before.state), after: stateWords(after.state) };
  const cause = event === 'failHard' ? after.lastFault : null;
  const change = before.side === after.side ? say('{before} → {after}', standings) : say('{before} → {after}, now {side}', { ...standings, side: sideWords(after.side) });
  report(host, LOGGED[event] ?? 'state-changed', machine, cause ? say('{change}: {failure}', { change, failure: [failureText(cause)] }) : change, cause?.hint);
}

/** Events of the table that are events of the log too. */
const LOGGED: Partial<Record<Event, EventName>> = { failHard: 'suspended', requireResync: 'resync-required', resynchronize: 'resync-started', continueResync: 'resync-started', resynchronized: 'resync-completed' };

/** Changes fields that are not the standing. */
export function update(host: Host, relationshipId: string, change: (before: Relationship) => Partial<Omit<Relationship, 'state' | 'side'>>): Relationship {
  const after = host.state.transaction(() => {
    const before = relationshipNamed(host, relationshipId);
    const next = { ...before, ...change(before) };
    host.state.putRelationship(next);
    return next;
  });
  host.changed('relationship', after.machineId);
  return after;
}

/** Of all points that there are here; the next point of the machine, on whichever host, has a higher one. */
export const highestSequence = (host: Host, { machineId, sequence }: Relationship): number => Math.max(sequence, ...host.state.points(machineId).map((point) => point.sequence));

export function relationshipNamed(host: Host, id: string): Relationship {
  const relationship = host.state.relationship(id);
  if (!relationship) throw new Refused(refuse('the relationship does not exist any more', ['enable']));
  return relationship;
}
