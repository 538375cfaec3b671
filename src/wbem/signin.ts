/**
 * Who asks over WBEM: a user by name and password (Basic), or the user that a TLS client certificate belongs to.
 * A password that was right is remembered for a minute by a keyed hash, so that each request of a client does not cost
 * a password hash; whoever is removed or gets another password is turned away at once all the same.
 */
import { createHmac, randomBytes, type X509Certificate } from 'node:crypto';
import type { CimCaller } from '../cim/manager.ts';

/** No credentials came, or none that mean anything here: the client is told how to sign in. */
export const NOBODY = Symbol('nobody');

export interface SignInFacts {
  readonly authorization: string | undefined;
  /** Its holder has proved the key; nothing else about it was checked. */
  readonly certificate: X509Certificate | undefined;
  readonly from: string;
}

export type SignIn = (facts: SignInFacts) => Promise<CimCaller | typeof NOBODY>;

/** A user as the accounts know them now; the stamp is another one after each change of the password. */
export interface KnownUser {
  readonly name: string;
  readonly role: CimCaller['role'];
  readonly stamp: string;
}

export interface UserDirectory {
  /** Costs a password hash. Fault sign-in-failed, sign-in-locked. */
  verify(name: string, password: string, from: string): Promise<KnownUser>;
  current(name: string): KnownUser | undefined;
  /** By the SHA-256 of the certificate, in hexadecimal without separators. */
  ofCertificate(fingerprint: string): KnownUser | undefined;
}

interface Remembered {
  readonly name: string;
  readonly stamp: string;
  readonly untilMs: number;
}

const MUTUAL = 'http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/https/mutual';
const REMEMBERED_MS = 60_000;
const KEPT = 1_000;

/** Signs in by the directory. `nowMs` is the clock of validity and of remembering. */
export function signInBy(directory: UserDirectory, nowMs: () => number = Date.now): SignIn {
  const passwords = new Passwords(directory, nowMs);
  return async ({ authorization, certificate, from }) => {
    const [scheme = ''] = (authorization ?? '').trim().split(/\s/, 1);
    if (scheme.toLowerCase() === 'basic') {
      const credentials = basicCredentials(authorization!.trim().slice(scheme.length));
      return credentials ? callerFor(await passwords.userOf(credentials.name, credentials.password, from), from) : NOBODY;
    }
    if (scheme !== '' && scheme !== MUTUAL) return NOBODY;
    const user = certificate && isValid(certificate, nowMs()) ? directory.ofCertificate(certificate.fingerprint256.replaceAll(':', '').toLowerCase()) : undefined;
    return user ? callerFor(user, from) : NOBODY;
  };
}

const callerFor = ({ name, role }: KnownUser, from: string): CimCaller => ({ name, role, from });

const isValid = (certificate: X509Certificate, nowMs: number): boolean => certificate.validFromDate.getTime() <= nowMs && nowMs <= certificate.validToDate.getTime();

/** RFC 7617; what is not UTF-8 is read with replacement characters and fits no password. */
function basicCredentials(encoded: string): { name: string; password: string } | undefined {
  const text = Buffer.from(encoded.trim(), 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon > 0 ? { name: text.slice(0, colon), password: text.slice(colon + 1) } : undefined;
}

class Passwords {
  readonly #directory: UserDirectory;
  readonly #nowMs: () => number;
  readonly #key = randomBytes(32);
  readonly #remembered = new Map<string, Remembered>();
  /** Verifications under way: a client's parallel first requests share one. */
  readonly #pending = new Map<string, Promise<KnownUser>>();

  constructor(directory: UserDirectory, nowMs: () => number) {
    this.#directory = directory;
    this.#nowMs = nowMs;
  }

  async userOf(name: string, password: string, from: string): Promise<KnownUser> {
    const digest = createHmac('sha256', this.#key).update(`${name}\0${password}`).digest('base64');
    const remembered = this.#remembered.get(digest);
    const current = remembered && remembered.untilMs > this.#nowMs() ? this.#directory.current(remembered.name) : undefined;
    if (current && current.stamp === remembered?.stamp) return current;
    this.#remembered.delete(digest);
    return this.#verify(digest, name, password, from);
  }

  #verify(digest: string, name: string, password: string, from: string): Promise<KnownUser> {
    const key = `${digest} ${from}`;
    const pending = this.#pending.get(key);
    if (pending) return pending;
    const verified = this.#directory.verify(name, password, from).then((user) => this.#remember(digest, user)).finally(() => this.#pending.delete(key));
    this.#pending.set(key, verified);
    return verified;
  }

  #remember(digest: string, user: KnownUser): KnownUser {
    this.#remembered.set(digest, { name: user.name, stamp: user.stamp, untilMs: this.#nowMs() + REMEMBERED_MS });
    if (this.#remembered.size > KEPT) this.#remembered.delete(this.#remembered.keys().next().value!);
    return user;
  }
}
