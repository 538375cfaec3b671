/** Targets of notifications, what each was told, and what is yet to be told to it, beside the rest of the state in the same file. */
import type { DatabaseSync } from 'node:sqlite';
import type { Notification } from '../notifications/notification.ts';
import { NOT_TRIED, type Delivery, type Target } from '../notifications/target.ts';
import type { Standing } from '../notifications/telling.ts';
import { Statements } from './statements.ts';

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS notification_targets (id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, body TEXT NOT NULL, delivery TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS notification_standings (target_id TEXT NOT NULL, key TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (target_id, key)) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS notification_outbox (id INTEGER PRIMARY KEY AUTOINCREMENT, target_id TEXT NOT NULL, body TEXT NOT NULL) STRICT;
  CREATE INDEX IF NOT EXISTS notification_outbox_by_target ON notification_outbox (target_id, id);
`;

export interface Waiting {
  readonly id: number;
  readonly notification: Notification;
}

export class NotificationRows {
  readonly #db: Statements;
  readonly #database: DatabaseSync;

  /** The tables exist afterwards. */
  constructor(database: DatabaseSync) {
    database.exec(SCHEMA);
    this.#database = database;
    this.#db = new Statements(database);
  }

  /** By name. */
  targets(): readonly Target[] {
    return this.#db.prepare('SELECT body FROM notification_targets ORDER BY name').all().map(bodyOf<Target>);
  }

  /** How it went so far is kept. */
  putTarget(target: Target): void {
    this.#db
      .prepare('INSERT INTO notification_targets VALUES (?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET name = excluded.name, body = excluded.body')
      .run(target.id, target.name, JSON.stringify(target), JSON.stringify(NOT_TRIED));
  }

  /** With what it was told and what waits for it. */
  removeTarget(id: string): void {
    this.#transaction(() => {
      for (const table of ['notification_standings', 'notification_outbox']) this.#db.prepare(`DELETE FROM ${table} WHERE target_id = ?`).run(id);
      this.#db.prepare('DELETE FROM notification_targets WHERE id = ?').run(id);
    });
  }

  delivery(targetId: string): Delivery {
    const row = this.#db.prepare('SELECT delivery FROM notification_targets WHERE id = ?').get(targetId) as { delivery: string } | undefined;
    return row ? (JSON.parse(row.delivery) as Delivery) : NOT_TRIED;
  }

  putDelivery(targetId: string, delivery: Delivery): void {
    this.#db.prepare('UPDATE notification_targets SET delivery = ? WHERE id = ?').run(JSON.stringify(delivery), targetId);
  }

  standings(targetId: string): ReadonlyMap<string, Standing> {
    const rows = this.#db.prepare('SELECT key, body FROM notification_standings WHERE target_id = ?').all(targetId) as { key: string; body: string }[];
    return new Map(rows.map(({ key, body }) => [key, JSON.parse(body) as Standing]));
  }

  /** The notification waits, and the target counts as told. What waits longest goes where more than `atMost` would wait: how many went. */
  tell(targetId: string, notification: Notification, standings: ReadonlyMap<string, Standing | null>, atMost: number): number {
    return this.#transaction(() => {
      for (const [key, standing] of standings) this.#putStanding(targetId, key, standing);
      this.#db.prepare('INSERT INTO notification_outbox (target_id, body) VALUES (?, ?)').run(targetId, JSON.stringify(notification));
      const { changes } = this.#db.prepare('DELETE FROM notification_outbox WHERE target_id = ?1 AND id NOT IN (SELECT id FROM notification_outbox WHERE target_id = ?1 ORDER BY id DESC LIMIT ?2)').run(targetId, atMost);
      return Number(changes);
    });
  }

  #putStanding(targetId: string, key: string, standing: Standing | null): void {
    if (standing === null) this.#db.prepare('DELETE FROM notification_standings WHERE target_id = ? AND key = ?').run(targetId, key);
    else this.#db.prepare('INSERT OR REPLACE INTO notification_standings VALUES (?, ?, ?)').run(targetId, key, JSON.stringify(standing));
  }

  /** What was to be told next to the target. */
  next(targetId: string): Waiting | undefined {
    const row = this.#db.prepare('SELECT id, body FROM notification_outbox WHERE target_id = ? ORDER BY id LIMIT 1').get(targetId) as { id: number; body: string } | undefined;
    return row && { id: row.id, notification: JSON.parse(row.body) as Notification };
  }

  waiting(targetId: string): number {
    return (this.#db.prepare('SELECT count(*) AS count FROM notification_outbox WHERE target_id = ?').get(targetId) as { count: number }).count;
  }

  take(id: number): void {
    this.#db.prepare('DELETE FROM notification_outbox WHERE id = ?').run(id);
  }

  #transaction<T>(work: () => T): T {
    this.#database.exec('SAVEPOINT notifications');
    try {
      const result = work();
      this.#database.exec('RELEASE notifications');
      return result;
    } catch (thrown) {
      this.#database.exec('ROLLBACK TO notifications; RELEASE notifications');
      throw thrown;
    }
  }
}

const bodyOf = <T>(row: unknown): T => JSON.parse((row as { body: string }).body) as T;
