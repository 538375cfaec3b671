/** What happened to a try at a recovery point, for those who count on this host. */
import type { AttemptKind, Relationship } from '../machine/records.ts';
import type { Side, State } from '../relationship/state.ts';

interface Common {
  readonly relationshipId: string;
  readonly side: Side;
  readonly cycle: AttemptKind;
}

export type Observation = (Common & { readonly kind: 'completed'; readonly tookMs: number }) | (Common & { readonly kind: 'failed'; readonly code: string });

const TRIED: Partial<Record<State, AttemptKind>> = { 2: 'initial', 10: 'resync', 15: 'disks' };

/** What the relationship tries in its state, where no attempt is open that says so. */
export const triedKind = ({ attempt, state }: Pick<Relationship, 'attempt' | 'state'>): AttemptKind => attempt?.kind ?? TRIED[state] ?? 'cycle';
