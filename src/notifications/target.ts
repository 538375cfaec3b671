/** Where notifications go: what a target may be. Secrets are in the record and in nothing that is shown. */
import { Fault } from '../errors/fault.ts';
import type { Severity } from './concern.ts';
import { asJson, say, type Text, type Told } from '../language/text.ts';

interface Common {
  readonly id: string;
  /** Unique on this host. */
  readonly name: string;
  /** Nothing that is less bad is told to it. */
  readonly minimum: Severity;
  readonly isEnabled: boolean;
}

export interface WebhookTarget extends Common {
  readonly kind: 'webhook';
  /** May hold a secret: only its origin is shown. */
  readonly url: string;
  /** Messages are signed with it. */
  readonly secret: string | null;
  /** Sent with every message; the values may be secrets. */
  readonly headers: Readonly<Record<string, string>>;
  /** Certificates in PEM that its certificate may be signed by, besides those that the system trusts. */
  readonly authority: string | null;
}

export interface MailTarget extends Common {
  readonly kind: 'mail';
  readonly address: string;
  /** Of the sender; understudy@ and this host's name when null. */
  readonly from: string | null;
}

export type Target = WebhookTarget | MailTarget;

/** How it went so far. */
export interface Delivery {
  readonly lastSuccessMs: number | null;
  /** The last try, while it has not been made good. */
  readonly lastFailure: (Told & { readonly code: string; readonly hint: string; readonly atMs: number }) | null;
  /** Tries that failed one after the other. */
  readonly failures: number;
}

export const NOT_TRIED: Delivery = { lastSuccessMs: null, lastFailure: null, failures: 0 };

export const MAX_TARGETS = 16;
const MAX_URL = 2_048;
const MAX_HEADERS = 16;
const MAX_HEADER_VALUE = 4_096;
const SECRET_CHARACTERS = { min: 16, max: 256 };
const MAX_AUTHORITY = 65_536;
const NAME = /^[\p{L}\p{N}][\p{L}\p{N} ._@:/-]{0,63}$/u;
/** Source: RFC 9110, "token". */
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}$/;
const HEADER_VALUE = /^[\t\u0020-\u007e\u00a0-\u00ff]*$/;
/** Those that frame the message, or that this program writes itself. */
const OWN_HEADERS = /^(host|content-.*|transfer-encoding|connection|keep-alive|te|trailer|upgrade|expect|user-agent|x-understudy-.*)$/i;
/** A mailbox as mail transports take it without quoting. Source: RFC 5322, "dot-atom"; RFC 5321, 4.5.3.1. */
const ADDRESS = /^(?!-)[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$/;
const LOCAL_PART_CHARACTERS = 64;

const invalid = (message: Text): Fault => new Fault('settings-invalid', message);

/** Fault settings-invalid names the field and what is allowed, never a secret. */
export function checkTarget(target: Target): void {
  if (!NAME.test(target.name)) throw invalid(say('the name of a target cannot be that: allowed are 1 to 64 letters, digits, spaces and . _ @ : / -, starting with a letter or digit'));
  if (target.kind === 'mail') checkMail(target);
  else checkWebhook(target);
}

function checkMail({ address, from }: MailTarget): void {
  for (const [field, value] of [['address', address], ['from', from]] as const) {
    if (value !== null && !isAddress(value)) throw invalid(say('{field} cannot be {value}: allowed is one mail address such as oncall@example.org, without a name and without spaces', { field, value: asJson(value.slice(0, 100)) }));
  }
}

export const isAddress = (text: string): boolean => text.length <= 254 && ADDRESS.test(text) && text.lastIndexOf('@') <= LOCAL_PART_CHARACTERS;

function checkWebhook({ url, secret, headers, authority }: WebhookTarget): void {
  checkUrl(url);
  if (secret !== null && (secret.length < SECRET_CHARACTERS.min || secret.length > SECRET_CHARACTERS.max)) throw invalid(say('the secret must have {min} to {max} characters', SECRET_CHARACTERS));
  if (authority !== null && (authority.length > MAX_AUTHORITY || !authority.includes('-----BEGIN CERTIFICATE-----'))) throw invalid(say('authority must be certificates in PEM, of {max} characters at most', { max: MAX_AUTHORITY }));
  const names = Object.keys(headers);
  if (names.length > MAX_HEADERS) throw invalid(say('there are {count} headers: allowed are {max}', { count: names.length, max: MAX_HEADERS }));
  for (const name of names) checkHeader(name, headers[name]!);
}

function checkHeader(name: string, value: string): void {
  if (!HEADER_NAME.test(name)) throw invalid(say('a header cannot be called {name}: allowed are 1 to 64 letters, digits and dashes', { name: asJson(name.slice(0, 64)) }));
  if (OWN_HEADERS.test(name)) throw invalid(say('the header {name} is written by Understudy itself', { name }));
  if (value.length > MAX_HEADER_VALUE || !HEADER_VALUE.test(value)) throw invalid(say('the value of the header {name} cannot be that: allowed is one line of at most {max} characters', { name, max: MAX_HEADER_VALUE }));
}

function checkUrl(text: string): void {
  const allowed = say('allowed is a URL that begins with https:// or http://, without a user and password in it (give them as a header)');
  if (text.length > MAX_URL) throw invalid(say('the URL is longer than {max} characters', { max: MAX_URL }));
  if (!URL.canParse(text)) throw invalid(say('the URL cannot be read: {allowed}', { allowed }));
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw invalid(say('the URL cannot begin with {protocol}: {allowed}', { protocol: asJson(url.protocol.slice(0, 20)), allowed }));
  if (url.username !== '' || url.password !== '') throw invalid(say('the URL names a user: {allowed}', { allowed }));
  if (url.hostname === '' || url.port === '0') throw invalid(say('the URL has no host or port: {allowed}', { allowed }));
}

/** Of a webhook: its origin, and that there is more. Such URLs are keys themselves. */
export function shownAddress(target: Target): string {
  if (target.kind === 'mail') return target.address;
  const { origin, pathname, search } = new URL(target.url);
  return pathname === '/' && search === '' ? origin : `${origin}/…`;
}
