/**
 * What an operator can do with one machine, as data: when it is offered, what it asks for, what will happen, what is lost, and
 * the call that does it. Pure: whoever shows an operation gives it the situation as it is now.
 */
import type { Role } from '../../../src/service/accessviews.ts';
import type { RelationshipView } from '../../../src/service/relationshipviews.ts';
import type { AuthorizationView, FailoverNetworkView, HostView, MachineView, PointView } from '../../../src/service/views.ts';
import type { Field, Values } from './field.ts';

export interface Situation {
  /** Name of this host. */
  readonly host: string;
  readonly machine: MachineView;
  /** The machine's definition as TOML; null where it is not known. */
  readonly toml: string | null;
  /** What the operation is about; null for a machine that is not replicated. */
  readonly relationship: RelationshipView | null;
  /** How far the replica is behind at this moment. */
  readonly lagMs: number | null;
  /** In the middle of a chain: the machine's other relationship here. */
  readonly other: RelationshipView | null;
  /** Newest first. */
  readonly points: readonly PointView[];
  /** The recovery point that was picked. */
  readonly picked: PointView | null;
  readonly hosts: readonly HostView[];
  readonly network: FailoverNetworkView | null;
  readonly entries: readonly AuthorizationView[];
  /** Of a planned failover that was prepared here: the other host has failed over since. */
  readonly hasPeerFailedOver: boolean;
  readonly nowMs: number;
}

/** What an operation is called by. */
export type About = Pick<Situation, 'relationship'>;

export type Family = 'replication' | 'failover' | 'failback' | 'points' | 'guest' | 'disks' | 'network' | 'more';

/** `loss`: the machine has to be named before it is done. */
export type Danger = 'none' | 'caution' | 'loss';

export interface Request {
  readonly method: 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly body?: object;
}

export interface Operation {
  readonly id: string;
  readonly family: Family;
  /** The command that does the same. */
  readonly command: string;
  /** The operations of the OpenAPI document that it uses. */
  readonly api: readonly string[];
  /** It is offered while the relationship allows this. */
  readonly verb?: string;
  /** Also about the relationship by which a replica is sent on to a third host. */
  readonly isOnwardToo?: true;
  readonly role?: Role;
  /** Besides the verb. */
  readonly isOffered?: (situation: Situation) => boolean;
  readonly title: (about: About) => string;
  readonly fields?: (situation: Situation) => readonly Field[];
  /** What will happen, a sentence each. */
  readonly happens: (situation: Situation, values: Values) => readonly string[];
  /** What cannot be had back, a sentence each. */
  readonly loses?: (situation: Situation, values: Values) => readonly string[];
  readonly danger: (situation: Situation, values: Values) => Danger;
  /** Asked before, again with every change: what stands in the way. */
  readonly plan?: (situation: Situation, values: Values) => Request;
  readonly request: (situation: Situation, values: Values) => Request;
  /** What the answer is: a job to follow, or that it is done. */
  readonly answer: 'job' | 'done' | ((values: Values) => 'job' | 'done');
}

/** It would leave everything as it is. */
export const isEmptyChange = ({ method, body }: Request): boolean => method === 'PATCH' && body !== undefined && Object.keys(body).length === 0;

const RANK: Readonly<Record<Role, number>> = { viewer: 0, operator: 1, administrator: 2 };

export const isOnward = ({ relationship }: About): boolean => relationship?.kind === 'extended' && relationship.side === 'primary';

export function isOffered(operation: Operation, situation: Situation, role: Role): boolean {
  if (RANK[role] < RANK[operation.role ?? 'operator']) return false;
  if (isOnward(situation) && operation.isOnwardToo !== true) return false;
  if (operation.verb !== undefined && situation.relationship?.allowed.includes(operation.verb) !== true) return false;
  return operation.isOffered?.(situation) ?? true;
}

/** A call about the relationship, by its own id: a machine in the middle of a chain has two. */
export const relationshipPath = ({ relationship, machine }: Situation, rest = ''): string => `/api/relationships/${encodeURIComponent(relationship?.id ?? machine.id)}${rest}`;
/** A call about the machine, by its id: its name may hold anything. */
export const machinePath = ({ machine }: Situation, rest = ''): string => `/api/machines/${encodeURIComponent(machine.id)}${rest}`;

export const peerOf = ({ relationship }: Situation): string => relationship?.peer ?? '';

/** A name that anybody can type is typed; of any other machine the first eight characters of its UUID are. */
export const nameToType = ({ id, name }: Pick<MachineView, 'id' | 'name'>): string => (/^[\x21-\x7e]+( [\x21-\x7e]+)*$/.test(name) && name.length <= 64 ? name : id.slice(0, 8));
