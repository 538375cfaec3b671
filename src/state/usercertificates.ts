/** Which user a TLS client certificate stands for. The certificate itself is known, not who issued it: nobody else's signature adds a user. */
import { X509Certificate } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { Fault } from '../errors/fault.ts';
import { say } from '../language/text.ts';

export interface UserCertificate {
  readonly user: string;
  /** SHA-256 of the certificate, lower-case hexadecimal. */
  readonly fingerprint: string;
  readonly subject: string;
  readonly expiresAtMs: number;
}

const PEM_CHARACTERS = 65_536;
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS user_certificates (
    fingerprint TEXT PRIMARY KEY,
    user TEXT NOT NULL,
    subject TEXT NOT NULL,
    expires_at_ms INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
`;
const COLUMNS = 'user, fingerprint, subject, expires_at_ms AS expiresAtMs';

function certificateOf(pem: string): X509Certificate {
  try {
    if (pem.length > PEM_CHARACTERS) throw new Error('it is too long');
    return new X509Certificate(pem);
  } catch (cause) {
    throw new Fault('settings-invalid', say('this is no certificate in PEM: {reason}', { reason: (cause as Error).message }), { cause });
  }
}

export class UserCertificates {
  readonly #db: DatabaseSync;
  readonly #changed: (user: string) => void;

  /** The table exists afterwards. */
  constructor(db: DatabaseSync, changed: (user: string) => void) {
    this.#db = db;
    this.#changed = changed;
    db.exec(SCHEMA);
  }

  /** The certificate stands for the user. Fault settings-invalid when it is none, or stands for somebody else already. */
  add(user: string, pem: string): UserCertificate {
    const { fingerprint256, subject, validToDate } = certificateOf(pem);
    const added = { user, fingerprint: fingerprint256.replaceAll(':', '').toLowerCase(), subject: subject.replaceAll('\n', ', ').slice(0, 500), expiresAtMs: validToDate.getTime() };
    const owner = this.userOf(added.fingerprint);
    if (owner !== undefined && owner !== user) throw new Fault('settings-invalid', say('this certificate stands for the user {owner} already', { owner }));
    this.#db.prepare('INSERT INTO user_certificates (fingerprint, user, subject, expires_at_ms) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING').run(added.fingerprint, user, added.subject, added.expiresAtMs);
    this.#changed(user);
    return added;
  }

  of(user: string): UserCertificate[] {
    return this.#db.prepare(`SELECT ${COLUMNS} FROM user_certificates WHERE user = ? ORDER BY fingerprint`).all(user) as unknown as UserCertificate[];
  }

  userOf(fingerprint: string): string | undefined {
    return (this.#db.prepare('SELECT user FROM user_certificates WHERE fingerprint = ?').get(fingerprint) as { user: string } | undefined)?.user;
  }

  /** The certificate stands for nobody. Fault user-unknown when it did not stand for the user. */
  remove(user: string, fingerprint: string): void {
    const { changes } = this.#db.prepare('DELETE FROM user_certificates WHERE user = ? AND fingerprint = ?').run(user, fingerprint.replaceAll(':', '').toLowerCase());
    if (changes === 0) throw new Fault('user-unknown', say('{user} has no certificate {fingerprint}', { user, fingerprint: fingerprint.slice(0, 100) }));
    this.#changed(user);
  }

  removeAll(user: string): void {
    this.#db.prepare('DELETE FROM user_certificates WHERE user = ?').run(user);
  }
}
