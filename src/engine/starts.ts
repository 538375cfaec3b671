/** Work that begins at a moment that somebody chose, and work that somebody takes back. */
import { checkStart } from '../cycle/schedule.ts';
import { Refused, refuse } from '../errors/refusal.ts';
import type { Relationship } from '../machine/records.ts';
import { beginsIn } from '../relationship/beginning.ts';
import { allowedVerbs } from '../relationship/step.ts';
import type { Host } from './host.ts';
import { machineOf } from './spec.ts';
import { relationshipNamed, transition, update } from './transition.ts';
import { say } from '../language/text.ts';
import { standingWords } from '../relationship/state.ts';

/**
 * The initial replication, or the resynchronization, begins by itself at that moment, also when the daemon was down then: as
 * soon as it is up. A moment that was chosen before is forgotten. Refused where no such work can begin; fault
 * parameter-invalid for a moment that is not in the next seven days.
 */
export function startAt(host: Host, relationshipId: string, event: 'startInitial' | 'resynchronize', startsAtMs: number): Relationship {
  const relationship = relationshipNamed(host, relationshipId);
  if (relationship.side !== 'primary' || beginsIn(relationship.state) !== event) throw nothingToBegin(host, relationship, event);
  checkStart(startsAtMs, host.clock.nowMs());
  return update(host, relationshipId, () => ({ startsAtMs }));
}

function nothingToBegin(host: Host, relationship: Relationship, event: 'startInitial' | 'resynchronize'): Refused {
  const about = { machine: machineOf(host, relationship.machineId).name, here: standingWords(relationship) };
  return new Refused(refuse(event === 'startInitial'
    ? say('{machine}: no initial replication can be scheduled while the relationship is in: {here}', about)
    : say('{machine}: no resynchronization can be scheduled while the relationship is in: {here}', about), allowedVerbs(relationship)));
}

/**
 * A resynchronization that is under way or suspended is given up: what it has brought is dropped, and it begins from the
 * start when somebody asks for it. One that is only scheduled is not begun.
 */
export function cancelResynchronization(host: Host, relationshipId: string): Relationship {
  const { state, startsAtMs = null } = relationshipNamed(host, relationshipId);
  if (startsAtMs !== null && beginsIn(state) === 'resynchronize') return update(host, relationshipId, () => ({ startsAtMs: null, ...(state === 9 && { heldBack: true }) }));
  return transition(host, relationshipId, 'cancelResync', { change: () => ({ heldBack: true, failures: 0, lastFault: null }) });
}
