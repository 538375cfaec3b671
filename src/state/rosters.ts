/** What paired hosts told of their machines last, beside the rest of the state in the same file. */
import type { DatabaseSync } from 'node:sqlite';

const SCHEMA = 'CREATE TABLE IF NOT EXISTS rosters (host_id TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT, WITHOUT ROWID;';

export class RosterRows<T> {
  readonly #db: DatabaseSync;

  /** The table exists afterwards. */
  constructor(db: DatabaseSync) {
    this.#db = db;
    db.exec(SCHEMA);
  }

  all(): ReadonlyMap<string, T> {
    const rows = this.#db.prepare('SELECT host_id, body FROM rosters').all() as { host_id: string; body: string }[];
    return new Map(rows.map(({ host_id: hostId, body }) => [hostId, JSON.parse(body) as T]));
  }

  put(hostId: string, roster: T): void {
    this.#db.prepare('INSERT OR REPLACE INTO rosters VALUES (?, ?)').run(hostId, JSON.stringify(roster));
  }

  remove(hostId: string): void {
    this.#db.prepare('DELETE FROM rosters WHERE host_id = ?').run(hostId);
  }
}
