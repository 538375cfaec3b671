/**
 * The states of a relationship: CIM's numbers, on the wire and in the database. PowerShell numbers them differently;
 * that mapping is here and nowhere else.
 * Source: Msvm_ReplicationRelationship.ReplicationState; Hyper-V module, VMReplicationState.
 */
import { phrase, say, type Said } from '../language/text.ts';

interface StateRow {
  readonly name: string;
  /** PowerShell's number; where it depends on the side, the replica's is `powerShellReplica`. */
  readonly powerShell: number | null;
  readonly powerShellReplica?: number;
  /** What to do next in this state, in words, per side; empty when there is nothing to do. */
  readonly advice: { readonly primary: string; readonly replica: string };
}

const quiet = { primary: '', replica: '' };
const both = (text: string) => ({ primary: text, replica: text });

export const STATES = {
  0: { name: 'Disabled', powerShell: 0, advice: quiet },
  1: { name: 'Ready for initial replication', powerShell: 1, advice: both('Start the initial replication: understudy start-replication.') },
  2: { name: 'Initial replication in progress', powerShell: 2, powerShellReplica: 3, advice: quiet },
  3: { name: 'Replicating', powerShell: 4, advice: quiet },
  4: { name: 'Prepared for planned failover', powerShell: 5, advice: { primary: 'Where it runs on the other host by now: understudy reverse there. Else fail over there, or cancel: understudy cancel-failover.', replica: '' } },
  5: { name: 'Failed over, not committed', powerShell: 6, advice: both('Check the guest (understudy vm start, where it is off). Then keep this point (understudy commit, or understudy reverse, which commits) or try another (understudy revert).') },
  6: { name: 'Failed over, committed', powerShell: 7, advice: both('Protect the guest again: understudy reverse. Or bring it home: understudy failback.') },
  7: { name: 'Suspended', powerShell: 8, advice: both('Go on with understudy resume.') },
  8: { name: 'Critical', powerShell: 9, advice: both('Mend the cause shown, then understudy resume.') },
  9: { name: 'Resynchronization required', powerShell: 10, advice: both('understudy resynchronize compares the disks and ships what differs.') },
  10: { name: 'Resynchronizing', powerShell: 11, advice: quiet },
  11: { name: 'Resynchronization suspended', powerShell: 12, advice: both('Go on with understudy resume.') },
  12: { name: 'Failover in progress', powerShell: 13, advice: quiet },
  13: { name: 'Failback in progress', powerShell: 14, advice: both('The difference comes home. Give it up with understudy cancel-failover.') },
  14: { name: 'Failback complete', powerShell: 15, advice: both('Start the guest here and look at it. Then keep it (understudy commit) or give it back (understudy revert).') },
  15: { name: 'Disk update in progress', powerShell: 16, advice: quiet },
  16: { name: 'Disk update critical', powerShell: 17, advice: both('Mend the cause shown, then understudy resume; or leave the new disk out again: understudy settings --disks. The other disks go on replicating.') },
  17: { name: 'Unknown', powerShell: null, advice: quiet },
  18: { name: 'Repurpose in progress', powerShell: 18, advice: quiet },
  19: { name: 'Prepared for synchronous replication', powerShell: 19, advice: quiet },
  20: { name: 'Prepared for group reverse replication', powerShell: 20, advice: quiet },
  21: { name: 'Fire drill in progress', powerShell: 21, advice: quiet },
} as const satisfies Record<number, StateRow>;

export type State = keyof typeof STATES;
export type Side = 'primary' | 'replica';

export const ALL_STATES = Object.keys(STATES).map(Number) as State[];

const rowOf = (state: State): StateRow => STATES[state];

export const stateName = (state: State): string => rowOf(state).name;
/** The state's name as part of a text. */
export const stateWords = (state: State): Said => ({ text: stateName(state), values: {} });
export const sideWords = (side: Side): Said => (side === 'primary' ? say('primary') : say('replica'));
/** Where a relationship stands, as part of a text. */
export const standingWords = ({ state, side }: { readonly state: State; readonly side: Side }): Said => say('{state} (state {number}, {side})', { state: stateWords(state), number: state, side: sideWords(side) });
export const adviceFor = (state: State, side: Side): string => rowOf(state).advice[side];

/** What to do where a guest was held, since the other host runs it in a newer epoch. */
export const ADVICE_AFTER_YIELDING =
  'The guest here is held, and what it wrote is a recovery point of its own (understudy points). Look at the guest on the other host. To go on there: understudy reverse; to bring it home with all that it wrote there: understudy initiate-failback here; to give up what it wrote there, while that is not committed: understudy revert there, then the guest here goes on.';

/** What to do where both hosts went on alone. */
export const ADVICE_IN_SPLIT_BRAIN =
  phrase('Look at the guests on both hosts and decide whose changes go on. On the other host: understudy become-replica; then on the one that goes on: understudy reverse.');

/** What to do where the guest was handed over to its home, which waits to keep it or to give it back. */
export const ADVICE_AFTER_HANDING_OVER = 'The guest went home to the other host. Look at it there. Then keep it (understudy commit there) or take it back (understudy revert there).';

export function powerShellState(state: State, side: Side): number | null {
  const row = rowOf(state);
  return side === 'replica' ? (row.powerShellReplica ?? row.powerShell) : row.powerShell;
}
