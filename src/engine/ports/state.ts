/**
 * The host's durable state. Every method is synchronous; a transaction's writes are all on stable storage when it
 * returns, or none is. Reads outside a transaction see the last committed state.
 */
import type { Attachment } from '../../machine/definition.ts';
import type { ClusterSet } from '../../extents/clusterset.ts';
import type { Desk } from '../../relationship/chain.ts';
import type { History } from './history.ts';
import type { EventRecord, Job, Machine, Point, Relationship } from '../../machine/records.ts';

export interface OutboxItem {
  readonly id: number;
  readonly machineId: string;
  readonly effect: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

export interface State {
  transaction<T>(work: () => T): T;

  machine(id: string): Machine | undefined;
  machines(): readonly Machine[];
  putMachine(machine: Machine): void;
  removeMachine(id: string): void;

  relationship(id: string): Relationship | undefined;
  /** The machine's own: the simple one, and on the last host of a chain the extended one. */
  relationshipOf(machineId: string): Relationship | undefined;
  /** In the middle of a chain: the one by which the machine's recovery points are sent on. */
  extendedOf(machineId: string): Relationship | undefined;
  relationships(): readonly Relationship[];
  putRelationship(relationship: Relationship): void;
  removeRelationship(id: string): void;

  /** Oldest first. */
  points(machineId: string): readonly Point[];
  pointCount(machineId: string): number;
  /** By machine, of those that have points. */
  pointCounts(): ReadonlyMap<string, number>;
  /** By machine, of those that have points; damaged are those of which a verification found damage. */
  pointFigures(): ReadonlyMap<string, { readonly points: number; readonly damaged: number }>;
  point(id: string): Point | undefined;
  /** When the machine's newest application-consistent point was; null when there is none. */
  lastConsistentMs(machineId: string): number | null;
  addPoint(point: Point, attachments: readonly Attachment[], clusters: ReadonlyMap<string, ClusterSet>): void;
  putPoint(point: Point): void;
  removePoint(id: string): void;
  attachmentsOf(pointId: string): readonly Attachment[];
  clustersOf(pointId: string): ReadonlyMap<string, ClusterSet>;
  putClusters(pointId: string, clusters: ReadonlyMap<string, ClusterSet>): void;

  /** Changes that the daemon itself holds for the relationship's next attempt (return sets, compares, grown areas). */
  carried(relationshipId: string): ReadonlyMap<string, ClusterSet>;
  putCarried(relationshipId: string, clusters: ReadonlyMap<string, ClusterSet>): void;
  clearCarried(relationshipId: string): void;

  /** Each desk has an outbox of its own: what one cannot do now does not hold up the other. 'own' when absent. */
  addToOutbox(machineId: string, effect: string, payload: Readonly<Record<string, unknown>>, desk?: Desk): void;
  outbox(machineId: string, desk?: Desk): readonly OutboxItem[];
  takeFromOutbox(id: number): void;

  putJob(job: Job): void;
  job(id: string): Job | undefined;
  jobs(): readonly Job[];

  addEvent(event: Omit<EventRecord, 'id'>): EventRecord;
  /** The oldest `limit` events after that one; without it the newest. In order, of one machine or of these severities where that is asked for. */
  events(afterId: number | null, limit: number, which?: { readonly machine?: string | undefined; readonly severities?: readonly EventRecord['severity'][] }): readonly EventRecord[];

  readonly history: History;
}
