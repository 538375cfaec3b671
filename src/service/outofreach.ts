/** What to do about a relationship while its other host does not answer. Its health says so only once the replica is late. */
import { adviceOf } from '../engine/roster/roster.ts';
import { say, type Text } from '../language/text.ts';
import type { Relationship } from '../machine/records.ts';
import type { State } from '../relationship/state.ts';

const REPLICATING: State = 3;

export interface Silence {
  readonly side: Relationship['side'];
  readonly state: number;
  readonly machine: string;
  /** The other host. */
  readonly peer: string;
}

/** Null where what the state itself advises is what to do. */
export function adviceInSilence({ side, state, machine, peer }: Silence): Text | null {
  if (state !== REPLICATING) return null;
  if (side === 'primary') return say('{peer} does not answer. Nothing is lost: what the guest writes is sent later. Find the step that fails: understudy host test {peer}.', { peer });
  return say('{peer} does not answer. Look at {peer} itself, not at the network: while it lives the guest may run there. Where it is gone, start the guest here: understudy failover {machine} --unplanned.', { machine, peer });
}

/** What to do next with the relationship. */
export const adviceNow = (relationship: Relationship, machine: string, peer: string, isConnected: boolean): Text =>
  (isConnected ? null : adviceInSilence({ side: relationship.side, state: relationship.state, machine, peer })) ?? adviceOf(relationship);
