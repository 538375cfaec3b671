/**
 * Who may use this host: users with roles, their sessions, and the audit trail of what they did.
 * Passwords are kept as scrypt hashes and tokens as SHA-256 hashes, so that a copy of the database signs nobody in.
 */
import { createHash, randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { Fault } from '../errors/fault.ts';
import { Refused, refuse } from '../errors/refusal.ts';
import { say } from '../language/text.ts';
import { UserCertificates } from './usercertificates.ts';

const ROLES = ['viewer', 'operator', 'administrator'] as const;
type Role = (typeof ROLES)[number];

export interface Account {
  readonly name: string;
  readonly role: Role;
}

/** What is to be different; what is absent stays. */
export interface AccountChange {
  readonly role?: string | undefined;
  readonly password?: string | undefined;
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

function checkName(name: string): void {
  if (USER_NAME.test(name)) return;
  throw new Fault('settings-invalid', say('a user cannot be called {name}: allowed are a lower-case letter, then up to 31 letters, digits, dots, dashes and underscores', { name: JSON.stringify(name.slice(0, 40)) }));
}

function roleCalled(role: string): Role {
  const known = ROLES.find((each) => each === role);
  if (!known) throw new Fault('settings-invalid', say('there is no role {role}: allowed are {roles}', { role: JSON.stringify(role.slice(0, 40)), roles: { list: ROLES } }));
  return known;
}

function checkPassword(name: string, { length }: string): void {
  const { min, max } = PASSWORD_CHARACTERS;
  if (length < min || length > max) throw new Fault('settings-invalid', say('the password of {name} must have {min} to {max} characters', { name, min: String(min), max: String(max) }));
}

const unknown = (name: string): Fault => new Fault('user-unknown', say('there is no user {name}', { name: clipped(name) }));

interface Hashed {
  readonly salt: Uint8Array;
  readonly hash: Uint8Array;
}

async function hashed(password: string): Promise<Hashed> {
  const salt = randomBytes(16);
  return { salt, hash: await hashOf(password, salt) };
}

const stampOf = (salt: Uint8Array): string => Buffer.from(salt).toString('hex');

export class Accounts {
  readonly #db: DatabaseSync;
  readonly #nowMs: () => number;
  readonly #changed: (name: string) => void;
  readonly certificates: UserCertificates;
  /** Compared with for users that do not exist, so that the time taken does not tell who does. */
  readonly #nobody = { salt: randomBytes(16), hash: randomBytes(HASH_BYTES) };

  /** The tables exist afterwards. `changed` is called with the name of a user who came, went or is not as before. */
  constructor(db: DatabaseSync, nowMs: () => number = Date.now, changed: (name: string) => void = () => undefined) {
    this.#db = db;
    this.#nowMs = nowMs;
    this.#changed = changed;
    db.exec(SCHEMA);
    this.certificates = new UserCertificates(db, changed);
  }

  users(): Account[] {
    return this.#db.prepare('SELECT name, role FROM users ORDER BY name').all() as unknown as Account[];
  }

  /** The user exists and can sign in. Fault settings-invalid when the name is taken or a value is not allowed. */
  async addUser(name: string, role: string, password: string): Promise<Account> {
    checkName(name);
    const user = { name, role: roleCalled(role) };
    checkPassword(name, password);
    const { salt, hash } = await hashed(password);
    const { changes } = this.#db.prepare('INSERT INTO users (name, role, salt, hash) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING').run(name, user.role, salt, hash);
    if (changes === 0) throw new Fault('settings-invalid', say('there is a user {name} already', { name }));
    this.#changed(name);
    return user;
  }

  /**
   * The user has that role, that password, or both; with another password every session and token of theirs has ended. Fault
   * user-unknown, settings-invalid; refused for the last administrator's role.
   */
  async changeUser(name: string, change: AccountChange): Promise<Account> {
    const role = change.role === undefined ? undefined : roleCalled(change.role);
    if (change.password !== undefined) checkPassword(name, change.password);
    this.#checkChange(name, role);
    const secret = change.password === undefined ? undefined : await hashed(change.password);
    // Others may have changed or removed users while the hash was computed.
    const { role: before } = this.#checkChange(name, role);
    this.#db.prepare('UPDATE users SET role = ?, salt = coalesce(?, salt), hash = coalesce(?, hash) WHERE name = ?').run(role ?? before, secret?.salt ?? null, secret?.hash ?? null, name);
    if (secret) this.#endSessions(name);
    this.#changed(name);
    return { name, role: role ?? before };
  }

  /**
   * The user who knows the present password has another one; of their sessions and tokens only that of `token` goes on. Fault
   * settings-invalid, also when the present password is not that.
   */
  async changePassword(name: string, change: { readonly password: string; readonly newPassword: string; readonly token?: string | undefined }): Promise<void> {
    checkPassword(name, change.newPassword);
    if (!this.account(name)) throw unknown(name);
    const verified = await this.#verified(name, change.password);
    const secret = verified && (await hashed(change.newPassword));
    // Whoever got another password meanwhile did not mean this one.
    if (!secret || this.account(name)?.stamp !== verified.stamp) throw new Fault('settings-invalid', say('that is not the present password of {name}', { name }));
    this.#db.prepare('UPDATE users SET salt = ?, hash = ? WHERE name = ?').run(secret.salt, secret.hash, name);
    this.#endSessions(name, change.token);
    this.#changed(name);
  }

  /** The user is gone and every session of theirs has ended. Fault user-unknown; refused for the last administrator. */
  removeUser(name: string): void {
    this.#checkChange(name, null);
    this.#db.prepare('DELETE FROM users WHERE name = ?').run(name);
    this.#endSessions(name);
    this.certificates.removeAll(name);
    this.#changed(name);
  }

  /** Whoever uses this host under the name now. */
  account(name: string): StampedAccount | undefined {
    const row = this.#db.prepare('SELECT name, role, salt FROM users WHERE name = ?').get(name) as { name: string; role: Role; salt: Uint8Array } | undefined;
    return row && { name: row.name, role: row.role, stamp: stampOf(row.salt) };
  }

  /** A new session of 12 hours. Fault sign-in-failed. */
  async signIn(name: string, password: string): Promise<{ token: string; user: Account; expiresAtMs: number }> {
    const { name: known, role } = await this.verify(name, password);
    return { ...this.#openSession(known), user: { name: known, role } };
  }

  /** A token of the user for a program, which signs in with no password. Ends with the user. */
  issueToken(name: string, lifeMs: number): { token: string; expiresAtMs: number } {
    if (!this.account(name)) throw unknown(name);
    return this.#openSession(name, lifeMs);
  }

  /** The user whose password it is. Fault sign-in-failed does not say whether the name or the password was wrong. */
  async verify(name: string, password: string): Promise<StampedAccount> {
    const user = await this.#verified(name, password);
    if (!user) throw new Fault('sign-in-failed', say('the sign-in failed'));
    return user;
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

  /** The user whose password it is, or undefined after the same time. */
  async #verified(name: string, password: string): Promise<StampedAccount | undefined> {
    const row = this.#db.prepare('SELECT salt, hash FROM users WHERE name = ?').get(name) as Hashed | undefined;
    const expected = row ?? this.#nobody;
    const isRight = timingSafeEqual(await hashOf(password.slice(0, PASSWORD_CHARACTERS.max + 1), expected.salt), expected.hash);
    if (!row || !isRight) return undefined;
    // The user may have been removed or changed while the hash was computed.
    const user = this.account(name);
    return user?.stamp === stampOf(row.salt) ? user : undefined;
  }

  /** The user as they are. Refused when this host would be without an administrator afterwards; `role` null is for who goes. */
  #checkChange(name: string, role: Role | null | undefined): StampedAccount {
    const user = this.account(name);
    if (!user) throw unknown(name);
    const isAdministrator = (each: Account) => each.role === 'administrator';
    const stays = role === undefined || role === 'administrator';
    if (!stays && isAdministrator(user) && this.users().filter(isAdministrator).length === 1) {
      throw new Refused(refuse(say('{name} is the last administrator of this host: make somebody else an administrator first', { name }), ['user add', 'user set']));
    }
    return user;
  }

  #endSessions(name: string, except = ''): void {
    this.#db.prepare('DELETE FROM sessions WHERE name = ? AND token_hash <> ?').run(name, hashOfToken(except));
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
