/** The engine's state on SQLite: rows hold their record as JSON beside the columns that are searched or checked. */
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import type { State, OutboxItem } from '../engine/ports/state.ts';
import { kindOf, type Desk } from '../relationship/chain.ts';
import type { EventRecord, Job, Machine, Point, Relationship } from '../machine/records.ts';
import type { Attachment } from '../machine/definition.ts';
import type { ClusterSet } from '../extents/clusterset.ts';
import { clusterMap, packClusters, type StoredClusters } from './clusterbits.ts';
import { packAttachments, unpackAttachments } from './attachments.ts';
import { IS_CONSISTENT, IS_DAMAGED } from './database.ts';
import { SqliteHistory } from './history.ts';
import { Statements } from './statements.ts';

const KEPT_EVENTS = 10_000;
const KEPT_JOBS = 500;
/** A client that started a job has this long to read how it ended, unless far too many came after it. Source: Msvm_ConcreteJob.TimeBeforeRemoval. */
const KEPT_AFTER_END_MS = 5 * 60_000;
const KEPT_JOBS_AT_MOST = 5_000;
const REMOVE_JOBS = `DELETE FROM jobs WHERE json_extract(body, '$.state') <> 'running' AND (
  (id NOT IN (SELECT id FROM jobs ORDER BY started_ms DESC LIMIT ${KEPT_JOBS}) AND coalesce(json_extract(body, '$.finishedMs'), 0) < ?)
  OR id NOT IN (SELECT id FROM jobs ORDER BY started_ms DESC LIMIT ${KEPT_JOBS_AT_MOST}))`;

export class SqliteState implements State {
  readonly #database: DatabaseSync;
  readonly #statements: Statements;
  readonly history: SqliteHistory;
  readonly #onEvent: (id: number) => void;
  /** Events of the transaction that is open. */
  #added: number[] = [];
  #depth = 0;

  /** `onEvent` is called with the id of each event of the log once it is kept. */
  constructor(database: DatabaseSync, onEvent: (id: number) => void = () => undefined) {
    this.#onEvent = onEvent;
    this.#database = database;
    this.#statements = new Statements(database);
    this.history = new SqliteHistory(database);
  }

  transaction<T>(work: () => T): T {
    if (this.#depth > 0) return work();
    this.#database.exec('BEGIN IMMEDIATE');
    this.#depth++;
    let result: T;
    try {
      result = work();
      this.#database.exec('COMMIT');
    } catch (thrown) {
      this.#database.exec('ROLLBACK');
      this.#added = [];
      throw thrown;
    } finally {
      this.#depth--;
    }
    this.#tellEvents();
    return result;
  }

  #tellEvents(): void {
    for (const id of this.#added.splice(0)) this.#onEvent(id);
  }

  machine(id: string): Machine | undefined {
    return this.#one('SELECT body FROM machines WHERE id = ?', id);
  }
  machines(): readonly Machine[] {
    return this.#all('SELECT body FROM machines ORDER BY name');
  }
  putMachine(machine: Machine): void {
    this.#run('INSERT INTO machines VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET name = excluded.name, body = excluded.body', machine.id, machine.name, JSON.stringify(machine));
  }
  removeMachine(id: string): void {
    this.transaction(() => {
      this.#run('DELETE FROM points WHERE machine_id = ?', id);
      this.#run('DELETE FROM outbox WHERE machine_id = ?', id);
      this.#run('DELETE FROM machines WHERE id = ?', id);
    });
  }

  relationship(id: string): Relationship | undefined {
    return this.#one('SELECT body FROM relationships WHERE id = ?', id);
  }
  relationshipOf(machineId: string): Relationship | undefined {
    return this.#one("SELECT body FROM relationships WHERE machine_id = ? AND NOT (kind = 'extended' AND side = 'primary')", machineId);
  }
  extendedOf(machineId: string): Relationship | undefined {
    return this.#one("SELECT body FROM relationships WHERE machine_id = ? AND kind = 'extended' AND side = 'primary'", machineId);
  }
  relationships(): readonly Relationship[] {
    return this.#all('SELECT body FROM relationships');
  }
  putRelationship(it: Relationship): void {
    this.#run(
      'INSERT INTO relationships (id, machine_id, kind, side, state, body) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, side = excluded.side, state = excluded.state, body = excluded.body',
      it.id, it.machineId, kindOf(it), it.side, it.state, JSON.stringify(it),
    );
  }
  removeRelationship(id: string): void {
    this.#run('DELETE FROM relationships WHERE id = ?', id);
  }

  points(machineId: string): readonly Point[] {
    return this.#all('SELECT body FROM points WHERE machine_id = ? ORDER BY sequence, rowid', machineId);
  }
  pointCount(machineId: string): number {
    return (this.#statements.prepare('SELECT count(*) AS count FROM points WHERE machine_id = ?').get(machineId) as { count: number }).count;
  }
  pointCounts(): ReadonlyMap<string, number> {
    return this.#pointCounts('true');
  }
  pointFigures(): ReadonlyMap<string, { readonly points: number; readonly damaged: number }> {
    const damaged = this.#pointCounts(IS_DAMAGED);
    return new Map([...this.pointCounts()].map(([machineId, points]) => [machineId, { points, damaged: damaged.get(machineId) ?? 0 }]));
  }
  lastConsistentMs(machineId: string): number | null {
    const newest = this.#one<Point>(`SELECT body FROM points WHERE machine_id = ? AND ${IS_CONSISTENT} ORDER BY sequence DESC LIMIT 1`, machineId);
    return newest?.instantMs ?? null;
  }
  point(id: string): Point | undefined {
    return this.#one('SELECT body FROM points WHERE id = ?', id);
  }
  addPoint(point: Point, attachments: readonly Attachment[], clusters: ReadonlyMap<string, ClusterSet>): void {
    this.transaction(() => {
      this.#run('INSERT OR REPLACE INTO points VALUES (?, ?, ?, ?, ?)', point.id, point.machineId, point.sequence, JSON.stringify(point), packAttachments(attachments));
      this.putClusters(point.id, clusters);
    });
  }
  putPoint(point: Point): void {
    this.#run('UPDATE points SET body = ?, sequence = ? WHERE id = ?', JSON.stringify(point), point.sequence, point.id);
  }
  removePoint(id: string): void {
    this.#run('DELETE FROM points WHERE id = ?', id);
  }
  attachmentsOf(pointId: string): readonly Attachment[] {
    const found = this.#statements.prepare('SELECT attachments FROM points WHERE id = ?').get(pointId) as { attachments: Uint8Array | null } | undefined;
    return unpackAttachments(found?.attachments ?? null);
  }
  clustersOf(pointId: string): ReadonlyMap<string, ClusterSet> {
    return clusterMap(this.#statements.prepare('SELECT disk, clusters, bits FROM point_clusters WHERE point_id = ?').all(pointId) as unknown as StoredClusters[]);
  }
  putClusters(pointId: string, clusters: ReadonlyMap<string, ClusterSet>): void {
    for (const [disk, set] of clusters) this.#run('INSERT OR REPLACE INTO point_clusters VALUES (?, ?, ?, ?)', pointId, disk, set.clusters, packClusters(set));
  }

  carried(relationshipId: string): ReadonlyMap<string, ClusterSet> {
    return clusterMap(this.#statements.prepare('SELECT disk, clusters, bits FROM carried WHERE relationship_id = ?').all(relationshipId) as unknown as StoredClusters[]);
  }
  putCarried(relationshipId: string, clusters: ReadonlyMap<string, ClusterSet>): void {
    for (const [disk, set] of clusters) this.#run('INSERT OR REPLACE INTO carried VALUES (?, ?, ?, ?)', relationshipId, disk, set.clusters, packClusters(set));
  }
  clearCarried(relationshipId: string): void {
    this.#run('DELETE FROM carried WHERE relationship_id = ?', relationshipId);
  }

  addToOutbox(machineId: string, effect: string, payload: Readonly<Record<string, unknown>>, desk: Desk = 'own'): void {
    this.#run('INSERT INTO outbox (machine_id, effect, payload, desk) VALUES (?, ?, ?, ?)', machineId, effect, JSON.stringify(payload), desk);
  }
  outbox(machineId: string, desk: Desk = 'own'): readonly OutboxItem[] {
    const rows = this.#statements.prepare('SELECT id, effect, payload FROM outbox WHERE machine_id = ? AND desk = ? ORDER BY id').all(machineId, desk) as { id: number; effect: string; payload: string }[];
    return rows.map((row) => ({ id: row.id, machineId, effect: row.effect, payload: JSON.parse(row.payload) }));
  }
  takeFromOutbox(id: number): void {
    this.#run('DELETE FROM outbox WHERE id = ?', id);
  }

  putJob(job: Job): void {
    this.#run('INSERT OR REPLACE INTO jobs VALUES (?, ?, ?)', job.id, job.startedMs, JSON.stringify(job));
    this.#run(REMOVE_JOBS, (job.finishedMs ?? job.startedMs) - KEPT_AFTER_END_MS);
  }
  job(id: string): Job | undefined {
    return this.#one('SELECT body FROM jobs WHERE id = ?', id);
  }
  jobs(): readonly Job[] {
    return this.#all('SELECT body FROM jobs ORDER BY started_ms DESC');
  }

  addEvent(event: Omit<EventRecord, 'id'>): EventRecord {
    const { lastInsertRowid } = this.#statements.prepare('INSERT INTO events (body) VALUES (?)').run(JSON.stringify(event));
    const id = Number(lastInsertRowid);
    this.#run('DELETE FROM events WHERE id <= ?', id - KEPT_EVENTS);
    this.#added.push(id);
    if (this.#depth === 0) this.#tellEvents();
    return { ...event, id };
  }
  events(afterId: number | null, limit: number, { machine, severities }: { readonly machine?: string | undefined; readonly severities?: readonly EventRecord['severity'][] } = {}): readonly EventRecord[] {
    const conditions = [
      ...(machine === undefined ? [] : [[" AND body ->> '$.machine' = ?", machine] as const]),
      ...(severities === undefined ? [] : [[" AND body ->> '$.severity' IN (SELECT value FROM json_each(?))", JSON.stringify(severities)] as const]),
    ];
    const named = conditions.map(([condition]) => condition).join('');
    const values = conditions.map(([, value]) => value);
    const rows = (
      afterId === null
        ? this.#statements.prepare(`SELECT id, body FROM (SELECT id, body FROM events WHERE id > 0${named} ORDER BY id DESC LIMIT ?) ORDER BY id`).all(...values, limit)
        : this.#statements.prepare(`SELECT id, body FROM events WHERE id > ?${named} ORDER BY id LIMIT ?`).all(afterId, ...values, limit)
    ) as { id: number; body: string }[];
    return rows.map((row) => ({ ...JSON.parse(row.body), id: row.id }));
  }

  #pointCounts(condition: string): Map<string, number> {
    const rows = this.#statements.prepare(`SELECT machine_id AS machineId, count(*) AS count FROM points WHERE ${condition} GROUP BY machine_id`).all() as { machineId: string; count: number }[];
    return new Map(rows.map(({ machineId, count }) => [machineId, count]));
  }
  #one<T>(sql: string, ...values: SQLInputValue[]): T | undefined {
    const row = this.#statements.prepare(sql).get(...values) as { body: string } | undefined;
    return row && JSON.parse(row.body);
  }
  #all<T>(sql: string, ...values: SQLInputValue[]): T[] {
    return (this.#statements.prepare(sql).all(...values) as { body: string }[]).map((row) => JSON.parse(row.body));
  }
  #run(sql: string, ...values: SQLInputValue[]): void {
    this.#statements.prepare(sql).run(...values);
  }
}
