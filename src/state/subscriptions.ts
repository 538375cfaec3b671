/** What CIM clients subscribed to, as texts by id, beside the rest of the state in the same file. */
import type { DatabaseSync } from 'node:sqlite';

const SCHEMA = 'CREATE TABLE IF NOT EXISTS cim_subscriptions (id TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT, WITHOUT ROWID;';

export class SubscriptionRows {
  readonly #db: DatabaseSync;

  /** The table exists afterwards. */
  constructor(db: DatabaseSync) {
    this.#db = db;
    db.exec(SCHEMA);
  }

  rows(): readonly string[] {
    return this.#db.prepare('SELECT body FROM cim_subscriptions ORDER BY id').all().map((row) => (row as { body: string }).body);
  }

  put(id: string, body: string): void {
    this.#db.prepare('INSERT OR REPLACE INTO cim_subscriptions VALUES (?, ?)').run(id, body);
  }

  remove(id: string): void {
    this.#db.prepare('DELETE FROM cim_subscriptions WHERE id = ?').run(id);
  }
}
