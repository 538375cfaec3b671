/**
 * A chain of hosts: primary, replica, extended replica. A machine has one relationship on the first host and on the last;
 * on the one in the middle it has two: the simple one, by which recovery points arrive, and the extended one, by which
 * they are sent on. Source: Msvm_ReplicationRelationship.InstanceID, which ends in 0 or 1.
 */
import type { Side } from './state.ts';

export type Kind = 'simple' | 'extended';

/**
 * What a relationship is to the machine on this host: its own, or the one by which it is sent on. They do not hold each other
 * up. What another host is told of one that has ended holds up neither.
 */
export type Desk = 'own' | 'onward' | 'farewell';

interface Link {
  readonly kind?: Kind;
  readonly side: Side;
}

export const kindOf = ({ kind = 'simple' }: Pick<Link, 'kind'>): Kind => kind;

/** True in the middle of a chain, of the relationship by which recovery points are sent on. */
export const isOnward = ({ kind, side }: Link): boolean => kind === 'extended' && side === 'primary';

export const deskOf = (link: Link): Desk => (isOnward(link) ? 'onward' : 'own');
