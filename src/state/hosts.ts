/** Paired hosts, invitations and authorization entries, beside the engine's state in the same file. */
import type { DatabaseSync } from 'node:sqlite';
import { Statements } from './statements.ts';

export interface HostRow {
  readonly hostId: string;
  readonly name: string;
  readonly address: string;
  readonly pin: string;
  readonly certificateExpiresMs: number;
}

export interface InvitationRow {
  readonly secretHash: string;
  readonly expiresAtMs: number;
  readonly storage: string | null;
}

export interface AuthorizationRow {
  readonly id: string;
  /** A paired host's name, or `*.domain`. */
  readonly host: string;
  readonly storage: string;
  readonly trustGroup: string;
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

  list(): readonly AuthorizationRow[] {
    return this.#db.prepare('SELECT body FROM authorizations ORDER BY id').all().map((row) => bodyOf<AuthorizationRow>(row)!);
  }

  put(entry: AuthorizationRow): void {
    this.#db.prepare('INSERT OR REPLACE INTO authorizations VALUES (?, ?)').run(entry.id, JSON.stringify(entry));
  }

  /** False when there was none. */
  remove(id: string): boolean {
    return this.#db.prepare('DELETE FROM authorizations WHERE id = ?').run(id).changes > 0;
  }

  /** The entry for a host of this name. */
  forHost(name: string): AuthorizationRow | undefined {
    return entryFor(this.list(), name);
  }
}

/** A host's own entry comes before one of its domain. */
export const entryFor = (entries: readonly AuthorizationRow[], name: string): AuthorizationRow | undefined =>
  entries.find(({ host }) => host === name) ?? entries.find(({ host }) => host.startsWith('*.') && name.endsWith(host.slice(1)));
