/**
 * Who may use this host: users with roles, their sessions, and the audit trail of what they did.
 * Passwords are kept as scrypt hashes and tokens as SHA-256 hashes, so that a copy of the database signs nobody in.
 */
import { createHash, randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { Fault } from '../errors/fault.ts';
import { UserCertificates } from './usercertificates.ts';

const ROLES = ['viewer', 'operator', 'administrator'] as const;
type Role = (typeof ROLES)[number];

export interface Account {
  readonly name: string;
  readonly role: Role;
}

/** The stamp is another one after each change of the password. */
export interface StampedAccount extends Account {
  readonly stamp: string;
}

export interface AuditEntry {
  readonly atMs: number;
  readonly who: string;
  readonly from: string;
  readonly operation: string;
  readonly subject: string | null;
  readonly outcome: string;
}

export const SESSION_MS = 12 * 3_600_000;
export const KEPT_AUDIT_ROWS = 100_000;
const KEPT_SESSIONS_PER_USER = 50;
const AUDIT_TEXT_CHARACTERS = 500;
const PASSWORD_CHARACTERS = { min: 8, max: 1_024 };
const USER_NAME = /^[a-z][a-z0-9._-]{0,31}$/;

/** Of equal strength to OWASP's first choice (N = 2^17, p = 1), with an eighth of its memory: 16 MiB a sign-in. */
const SCRYPT = { N: 2 ** 14, r: 8, p: 5, maxmem: 32 * 1_024 * 1_024 };
const HASH_BYTES = 32;

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS users (
    name TEXT PRIMARY KEY,
    role TEXT NOT NULL CHECK (role IN (${ROLES.map((role) => `'${role}'`).join(', ')})),
    salt BLOB NOT NULL,
    hash BLOB NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS sessions (
    token_hash BLOB PRIMARY KEY,
    name TEXT NOT NULL,
    ends_at_ms INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS sessions_by_user ON sessions (name, ends_at_ms);
  CREATE TABLE IF NOT EXISTS audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ms INTEGER NOT NULL,
    who TEXT NOT NULL,
    from_address TEXT NOT NULL,
    operation TEXT NOT NULL,
    subject TEXT,
    outcome TEXT NOT NULL
  ) STRICT;
`;

const hashOf = (password: string, salt: Uint8Array): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    scrypt(password.normalize('NFKC'), salt, HASH_BYTES, SCRYPT, (error, hash) => (error ? reject(error) : resolve(hash)));
  });

const hashOfToken = (token: string): Buffer => createHash('sha256').update(token).digest();

const clipped = (text: string): string => (text.length <= AUDIT_TEXT_CHARACTERS ? text : `${text.slice(0, AUDIT_TEXT_CHARACTERS - 1)}…`);

function checkNewUser(name: string, role: string, password: string): void {
  if (!USER_NAME.test(name)) {
    throw new Fault('settings-invalid', `a user cannot be called ${JSON.stringify(name.slice(0, 40))}: allowed are a lower-case letter, then up to 31 letters, digits, dots, dashes and underscores`);
  }
  if (!(ROLES as readonly string[]).includes(role)) throw new Fault('settings-invalid', `there is no role ${JSON.stringify(role)}: allowed is ${ROLES.join(', ')}`);
  if (password.length < PASSWORD_CHARACTERS.min || password.length > PASSWORD_CHARACTERS.max) {
    throw new Fault('settings-invalid', `the password of ${name} must have ${PASSWORD_CHARACTERS.min} to ${PASSWORD_CHARACTERS.max} characters`);
  }
}

export class Accounts {
  readonly #db: DatabaseSync;
  readonly #nowMs: () => number;
  readonly certificates: UserCertificates;
  /** Compared with for users that do not exist, so that the time taken does not tell who does. */
  readonly #nobody = { salt: randomBytes(16), hash: randomBytes(HASH_BYTES) };

  /** The tables exist afterwards. */
  constructor(db: DatabaseSync, nowMs: () => number = Date.now) {
    this.#db = db;
    this.#nowMs = nowMs;
    db.exec(SCHEMA);
    this.certificates = new UserCertificates(db);
  }

  users(): Account[] {
    return this.#db.prepare('SELECT name, role FROM users ORDER BY name').all() as unknown as Account[];
  }

  /** The user exists and can sign in. Fault settings-invalid when the name is taken or a value is not allowed. */
  async addUser(name: string, role: string, password: string): Promise<Account> {
    checkNewUser(name, role, password);
    const salt = randomBytes(16);
    const hash = await hashOf(password, salt);
    const { changes } = this.#db.prepare('INSERT INTO users (name, role, salt, hash) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING').run(name, role, salt, hash);
    if (changes === 0) throw new Fault('settings-invalid', `there is a user ${name} already`);
    return { name, role: role as Role };
  }

  /** The user is gone and every session of theirs has ended. */
  removeUser(name: string): void {
    const { changes } = this.#db.prepare('DELETE FROM users WHERE name = ?').run(name);
    if (changes === 0) throw new Fault('user-unknown', `there is no user ${clipped(name)}`);
    this.#db.prepare('DELETE FROM sessions WHERE name = ?').run(name);
    this.certificates.removeAll(name);
  }

  /** Whoever uses this host under the name now. */
  account(name: string): StampedAccount | undefined {
    const row = this.#db.prepare('SELECT name, role, salt FROM users WHERE name = ?').get(name) as { name: string; role: Role; salt: Uint8Array } | undefined;
    return row && { name: row.name, role: row.role, stamp: Buffer.from(row.salt).toString('hex') };
  }

  /** A new session of 12 hours. Fault sign-in-failed. */
  async signIn(name: string, password: string): Promise<{ token: string; user: Account; expiresAtMs: number }> {
    const { name: known, role } = await this.verify(name, password);
    return { ...this.#openSession(known), user: { name: known, role } };
  }

  /** A token of the user for a program, which signs in with no password. Ends with the user. */
  issueToken(name: string, lifeMs: number): { token: string; expiresAtMs: number } {
    if (!this.account(name)) throw new Fault('user-unknown', `there is no user ${clipped(name)}`);
    return this.#openSession(name, lifeMs);
  }

  /** The user whose password it is. Fault sign-in-failed does not say whether the name or the password was wrong. */
  async verify(name: string, password: string): Promise<StampedAccount> {
    const row = this.#db.prepare('SELECT name, role, salt, hash FROM users WHERE name = ?').get(name) as { name: string; role: Role; salt: Uint8Array; hash: Uint8Array } | undefined;
    const expected = row ?? this.#nobody;
    const right = timingSafeEqual(await hashOf(password.slice(0, PASSWORD_CHARACTERS.max + 1), expected.salt), expected.hash);
    if (!row || !right) throw new Fault('sign-in-failed', 'the sign-in failed');
    // The user may have been removed while the hash was computed.
    if (!this.#db.prepare('SELECT 1 FROM users WHERE name = ? AND hash = ?').get(name, row.hash)) throw new Fault('sign-in-failed', 'the sign-in failed');
    return { name: row.name, role: row.role, stamp: Buffer.from(row.salt).toString('hex') };
  }

  /** The user behind a token that has not ended, with the role of now. */
  userOfToken(token: string): Account | undefined {
    const row = this.#db
      .prepare('SELECT users.name AS name, users.role AS role FROM sessions JOIN users ON users.name = sessions.name WHERE token_hash = ? AND ends_at_ms > ?')
      .get(hashOfToken(token), this.#nowMs());
    return row as unknown as Account | undefined;
  }

  /** The token signs nobody in any more. */
  endSession(token: string): void {
    this.#db.prepare('DELETE FROM sessions WHERE token_hash = ?').run(hashOfToken(token));
  }

  /** The entries are the newest of the trail, in one commit; the oldest beyond 100,000 are dropped. */
  recordAudit(...entries: readonly Omit<AuditEntry, 'atMs'>[]): void {
    const insert = this.#db.prepare('INSERT INTO audit (at_ms, who, from_address, operation, subject, outcome) VALUES (?, ?, ?, ?, ?, ?)');
    const atMs = this.#nowMs();
    this.#db.exec('SAVEPOINT audit');
    for (const { who, from, operation, subject, outcome } of entries) insert.run(atMs, clipped(who), clipped(from), clipped(operation), subject === null ? null : clipped(subject), clipped(outcome));
    this.#db.prepare('DELETE FROM audit WHERE id <= (SELECT max(id) FROM audit) - ?').run(KEPT_AUDIT_ROWS);
    this.#db.exec('RELEASE audit');
  }

  /** Newest first. */
  auditTrail(limit = 100): AuditEntry[] {
    const rows = this.#db.prepare('SELECT at_ms AS atMs, who, from_address AS "from", operation, subject, outcome FROM audit ORDER BY id DESC LIMIT ?').all(limit);
    return rows as unknown as AuditEntry[];
  }

  #openSession(name: string, lifeMs = SESSION_MS): { token: string; expiresAtMs: number } {
    const token = randomBytes(32).toString('base64url');
    const expiresAtMs = this.#nowMs() + lifeMs;
    this.#db.prepare('DELETE FROM sessions WHERE ends_at_ms <= ?').run(this.#nowMs());
    this.#db
      .prepare('DELETE FROM sessions WHERE name = ?1 AND token_hash NOT IN (SELECT token_hash FROM sessions WHERE name = ?1 ORDER BY ends_at_ms DESC LIMIT ?2)')
      .run(name, KEPT_SESSIONS_PER_USER - 1);
    this.#db.prepare('INSERT INTO sessions (token_hash, name, ends_at_ms) VALUES (?, ?, ?)').run(hashOfToken(token), name, expiresAtMs);
    return { token, expiresAtMs };
  }
}
