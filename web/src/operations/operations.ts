/** Everything that an operator can do with one machine: the table that menus, dialogs and the tests go by. */
import type { Role } from '../../../src/service/accessviews.ts';
import type { RelationshipView } from '../../../src/service/relationshipviews.ts';
import { DISKS } from './disks.ts';
import { ENABLING } from './enabling.ts';
import { FAILBACKS } from './failback.ts';
import { FAILOVERS } from './failover.ts';
import { FIRST_COPY } from './firstcopy.ts';
import { GUEST } from './guest.ts';
import { NETWORK } from './network.ts';
import { isOffered, type Operation, type Situation } from './operation.ts';
import { POINTS } from './points.ts';
import { REPLICATION, UPKEEP } from './replication.ts';
import { SETTINGS } from './settings.ts';

/** In the order in which they are shown. */
export const OPERATIONS: readonly Operation[] = [...ENABLING, ...FIRST_COPY, ...REPLICATION, ...SETTINGS, ...FAILOVERS, ...FAILBACKS, ...POINTS, ...GUEST, ...DISKS, ...NETWORK, ...UPKEEP];

export const offered = (situation: Situation, role: Role): readonly Operation[] => OPERATIONS.filter((operation) => isOffered(operation, situation, role));

/**
 * What an operator most probably wants next, by the state that a relationship is in: the first of these that is offered. In
 * state 2 there is none: a copy is on its way, by the network or on media, or the guest here is held and one has to look first.
 */
const NEXT: Readonly<Record<number, readonly string[]>> = {
  1: ['start-replication'],
  3: ['test-end', 'test'],
  4: ['cancel-failover', 'initiate-failback'],
  5: ['commit', 'reverse'],
  6: ['reverse', 'failback'],
  7: ['resume'],
  8: ['resume'],
  9: ['resynchronize'],
  11: ['resume'],
  13: ['cancel-failover'],
  14: ['vm-start', 'commit'],
  16: ['resume'],
};

/** Both hosts went on alone: that comes first, whatever the state. */
const IN_A_SPLIT = ['become-replica'];

/** The host that the guest belongs to does not answer: a rehearsal is not what anybody wants then. */
const WHILE_CUT = ['test-end', 'failover-unplanned'];

const isCut = ({ state, side, peerConnected }: RelationshipView): boolean => state === 3 && side === 'replica' && !peerConnected;

/** Undefined when nothing suggests itself. */
export function nextOf(situation: Situation, role: Role): Operation | undefined {
  const { relationship, hasPeerFailedOver } = situation;
  const wanted = relationship === null ? ['enable'] : hasPeerFailedOver ? [] : [...IN_A_SPLIT, ...(isCut(relationship) ? WHILE_CUT : (NEXT[relationship.state] ?? []))];
  const all = offered(situation, role);
  return wanted.map((id) => all.find((operation) => operation.id === id)).find((operation) => operation !== undefined);
}

/** What a refusal allows, by the names of the buttons. */
export const allowedText = (verb: string): string => (OPERATIONS.find(({ id, command }) => id === verb || command === verb) ?? OPERATIONS.find((each) => each.verb === verb))?.title({ relationship: null }) ?? verb;
