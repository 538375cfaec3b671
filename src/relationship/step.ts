/** The step function and what else follows from the table. */
import { isOnward, type Kind } from './chain.ts';
import { refuse, type Outcome } from '../errors/refusal.ts';
import { CONDITIONS, ROWS, type Condition, type Effect, type Event } from './table.ts';
import { beginsIn } from './beginning.ts';
import { ALL_STATES, standingWords, type Side, type State } from './state.ts';
import { say } from '../language/text.ts';

export interface Standing {
  readonly side: Side;
  readonly state: State;
}

export interface Step extends Standing {
  readonly effects: readonly Effect[];
}

export type Facts = Partial<Record<Condition, boolean>>;

/** Where the event leads, or a refusal that says what is allowed now. */
export function step(from: Standing, event: Event, facts: Facts): Outcome<Step> {
  const row = ROWS.find((candidate) => candidate.event === event && candidate.side === from.side && candidate.from.includes(from.state));
  const here = standingWords(from);
  if (!row) return refuse(say('"{event}" is not possible while the relationship is in: {here}', { event: verbOf(event), here }), allowedVerbs(from));
  if (!row.supported) return refuse(say('"{event}" is an operation of other replication providers and not supported', { event: row.verb ?? event }), allowedVerbs(from));
  const missing = row.requires.filter((condition) => facts[condition] !== true);
  if (missing.length > 0) return refuse(say('{conditions} ({here})', { conditions: missing.map((condition) => ({ text: CONDITIONS[condition], values: {} })), here }), allowedVerbs(from));
  return { ok: true, value: { side: row.becomes ?? from.side, state: row.to, effects: row.effects } };
}

/** What people call the event; the event's own name when only the engine brings it about. */
const verbOf = (event: Event): string => ROWS.find((row) => row.event === event && row.verb !== null)?.verb ?? event;

/** The operator's verbs whose state allows them now (their conditions may still refuse). */
export function allowedVerbs(from: Standing): string[] {
  const verbs = ROWS.filter((row) => row.supported && row.verb !== null && row.side === from.side && row.from.includes(from.state)).map((row) => row.verb!);
  return [...new Set(verbs)].sort();
}

/** For the database: a CHECK that no other state can be written. */
export const sqlStateCheck = (column: string): string => `${column} IN (${ALL_STATES.join(', ')})`;

/** Long-running work that belongs to a standing; the supervisor keeps exactly this running. */
export type Activity = 'initial-replication' | 'cycles' | 'resynchronization' | 'await-start' | 'announce' | 'failed-over' | 'send-home' | 'send-on' | 'disk-update' | 'none';

const ACTIVITIES: Readonly<Record<Side, Partial<Record<State, Activity>>>> = {
  primary: { 2: 'initial-replication', 3: 'cycles', 9: 'await-start', 10: 'resynchronization', 15: 'disk-update', 16: 'cycles' },
  replica: { 2: 'announce', 5: 'failed-over', 6: 'failed-over', 14: 'announce' },
};

/** In the middle of a chain points are sent, not what a guest writes. */
const ONWARD_ACTIVITIES: Partial<Record<State, Activity>> = { 2: 'send-on', 3: 'send-on', 9: 'await-start', 10: 'send-on' };

/** What a standing's failback adds to it: on the host that the guest leaves, the difference travels. */
interface Failing {
  readonly failback?: { readonly at: 'home' } | { readonly at: 'away'; readonly phase: string } | null;
}

/** Somebody chose when the work that the standing waits for begins. */
interface Scheduled {
  readonly startsAtMs?: number | null;
}

export function activityOf({ kind, side, state, failback, startsAtMs = null }: Standing & Failing & Scheduled & { readonly kind?: Kind }): Activity {
  if (failback?.at === 'away') return failback.phase === 'handedOver' ? 'announce' : 'send-home';
  if (side === 'primary' && startsAtMs !== null && beginsIn(state)) return 'await-start';
  return (kind !== undefined && isOnward({ kind, side }) ? ONWARD_ACTIVITIES : ACTIVITIES[side])[state] ?? 'none';
}
