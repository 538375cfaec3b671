/** What CIM clients subscribed to, as texts by id with whom they are of, beside the rest of the state in the same file. */
import type { DatabaseSync } from 'node:sqlite';

interface Row {
  readonly text: string;
  /** Null of those from before it was kept. */
  readonly owner: string | null;
}

const SCHEMA = 'CREATE TABLE IF NOT EXISTS cim_subscriptions (id TEXT PRIMARY KEY, body TEXT NOT NULL, owner TEXT) STRICT, WITHOUT ROWID;';
const COLUMNS = "SELECT name FROM pragma_table_info('cim_subscriptions')";

export class SubscriptionRows {
  readonly #db: DatabaseSync;

  /** The table exists afterwards, as it is now: version 0.1.0 kept no owner. */
  constructor(db: DatabaseSync) {
    this.#db = db;
    db.exec(SCHEMA);
    if (!db.prepare(COLUMNS).all().some((column) => (column as { name: string }).name === 'owner')) db.exec('ALTER TABLE cim_subscriptions ADD COLUMN owner TEXT');
  }

  rows(): readonly Row[] {
    return this.#db.prepare('SELECT body AS text, owner FROM cim_subscriptions ORDER BY id').all().map((row) => row as unknown as Row);
  }

  put(id: string, { text, owner }: Row): void {
    this.#db.prepare('INSERT OR REPLACE INTO cim_subscriptions (id, body, owner) VALUES (?, ?, ?)').run(id, text, owner);
  }

  remove(id: string): void {
    this.#db.prepare('DELETE FROM cim_subscriptions WHERE id = ?').run(id);
  }
}
