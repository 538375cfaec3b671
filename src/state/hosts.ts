/** Paired hosts, invitations and authorization entries, beside the engine's state in the same file. */
import type { DatabaseSync } from 'node:sqlite';
import type { AuthorizationEntry } from '../relationship/authorization.ts';
import { Statements } from './statements.ts';

export interface HostRow {
  readonly hostId: string;
  readonly name: string;
  readonly address: string;
  readonly pin: string;
  /** Of the key that the host announced to show next. */
  readonly nextPin?: string;
  readonly certificateExpiresMs: number;
}

export interface InvitationRow {
  readonly secretHash: string;
  readonly expiresAtMs: number;
  readonly storage: string | null;
}

const bodyOf = <T>(row: unknown): T | undefined => (row === undefined ? undefined : (JSON.parse((row as { body: string }).body) as T));

export class PairedHosts {
  readonly #db: Statements;

  constructor(db: DatabaseSync) {
    this.#db = new Statements(db);
  }

  get(hostId: string): HostRow | undefined {
    return bodyOf(this.#db.prepare('SELECT body FROM hosts WHERE id = ?').get(hostId));
  }

  byPin(pin: string): HostRow | undefined {
    return bodyOf(this.#db.prepare('SELECT body FROM hosts WHERE pin = ?').get(pin));
  }

  byName(name: string): HostRow | undefined {
    return bodyOf(this.#db.prepare('SELECT body FROM hosts WHERE name = ? OR id = ?').get(name, name));
  }

  list(): readonly HostRow[] {
    return this.#db.prepare('SELECT body FROM hosts ORDER BY name').all().map((row) => bodyOf<HostRow>(row)!);
  }

  put(host: HostRow): void {
    this.#db
      .prepare('INSERT INTO hosts VALUES (?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET name = excluded.name, pin = excluded.pin, body = excluded.body')
      .run(host.hostId, host.name, host.pin, JSON.stringify(host));
  }

  remove(hostId: string): void {
    this.#db.prepare('DELETE FROM hosts WHERE id = ?').run(hostId);
  }
}

export class Invitations {
  readonly #db: DatabaseSync;

  constructor(db: DatabaseSync) {
    this.#db = db;
  }

  add(invitation: InvitationRow): void {
    this.#db.prepare('INSERT INTO invitations VALUES (?, ?, ?)').run(invitation.secretHash, invitation.expiresAtMs, JSON.stringify(invitation));
  }

  /** The invitation, once, while it has not expired. */
  take(secretHash: string, nowMs: number): InvitationRow | undefined {
    this.#db.prepare('DELETE FROM invitations WHERE expires_ms <= ?').run(nowMs);
    return bodyOf(this.#db.prepare('DELETE FROM invitations WHERE secret_hash = ? RETURNING body').get(secretHash));
  }
}

export class Authorizations {
  readonly #db: Statements;

  constructor(db: DatabaseSync) {
    this.#db = new Statements(db);
  }

  list(): readonly AuthorizationEntry[] {
    return this.#db.prepare('SELECT body FROM authorizations ORDER BY id').all().map((row) => bodyOf<AuthorizationEntry>(row)!);
  }

  put(entry: AuthorizationEntry): void {
    this.#db.prepare('INSERT OR REPLACE INTO authorizations VALUES (?, ?)').run(entry.id, JSON.stringify(entry));
  }

  /** False when there was none. */
  remove(id: string): boolean {
    return this.#db.prepare('DELETE FROM authorizations WHERE id = ?').run(id).changes > 0;
  }
}
