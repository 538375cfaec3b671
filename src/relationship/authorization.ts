/**
 * Who may replicate to this host. Each entry lets one host, or the hosts of a domain, send replicas, and says where they are
 * kept; the entry for any host takes the place of all others. Names are compared as DNS does, whatever their case.
 * Source: Msvm_ReplicationAuthorizationSettingData.
 */
import { Fault } from '../errors/fault.ts';
import { notAllowed } from '../errors/notallowed.ts';
import { type Said, say, verbatim } from '../language/text.ts';

export interface AuthorizationEntry {
  readonly id: string;
  /** A paired host's name, `*.domain`, or `*` for any paired host. */
  readonly host: string;
  /** Directory that its replicas are made in; those that exist stay where they are when this changes. */
  readonly storage: string;
  /** A machine's replica may be sent on by another host of the same group. */
  readonly trustGroup: string;
}

export const ANY_HOST = '*';
export const DEFAULT_TRUST_GROUP = 'DEFAULT';

const LABEL = '[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?';
const NAME = new RegExp(`^(?=.{1,253}$)${LABEL}(\\.${LABEL})*$`);
const MAX_STORAGE_CHARACTERS = 4_096;
const MAX_GROUP_CHARACTERS = 256;

const bad = (name: Said, value: string, allowed: Said): Fault => notAllowed(name, value.slice(0, 100), allowed);

const isDomain = (host: string): boolean => host.startsWith('*.');
const isSameName = (left: string, right: string): boolean => left.toLowerCase() === right.toLowerCase();

/** The entry, when it can be one. Fault settings-invalid names the field and what is allowed. */
export function checkedEntry<E extends AuthorizationEntry>(entry: E): E {
  const { host, storage, trustGroup } = entry;
  const name = isDomain(host) ? host.slice(2) : host;
  if (host !== ANY_HOST && !NAME.test(name)) throw bad(say('the host of an entry'), host, say('a paired host\'s name, *.domain with the wildcard in the first label only, or * for any paired host'));
  checkStorage(storage);
  if (trustGroup.trim() === '' || trustGroup.length > MAX_GROUP_CHARACTERS) throw bad(say('the trust group'), trustGroup, say('1 to {max} characters', { max: MAX_GROUP_CHARACTERS }));
  if (host === ANY_HOST && trustGroup !== DEFAULT_TRUST_GROUP) throw bad(say('the trust group of the entry for any host'), trustGroup, verbatim(DEFAULT_TRUST_GROUP));
  return entry;
}

const isPlainPath = (path: string): boolean => path.startsWith('/') && path.length <= MAX_STORAGE_CHARACTERS && !path.includes('\0') && !path.split('/').includes('..');

export function checkStorage(storage: string): void {
  if (!isPlainPath(storage)) throw bad(say('the storage location'), storage, say('an absolute path without ".."'));
}

/** True when a replica may be kept there: in the entry's storage location or below it. */
export function allowsStorage({ storage }: Pick<AuthorizationEntry, 'storage'>, place: string): boolean {
  const location = storage.replace(/\/+$/, '');
  return isPlainPath(place) && (place === storage || `${place}/`.startsWith(`${location}/`));
}

/** Fault settings-invalid when another entry is for the same host. */
export function checkUnique(entries: readonly AuthorizationEntry[], { id, host }: Pick<AuthorizationEntry, 'id' | 'host'>): void {
  const other = entries.find((entry) => entry.id !== id && isSameName(entry.host, host));
  if (other) throw new Fault('settings-invalid', say('there is an entry for {host} already ({id}): change that one', { host: other.host, id: other.id }));
}

/** True when the entry lets the host of this name in. */
export const covers = ({ host }: Pick<AuthorizationEntry, 'host'>, name: string): boolean =>
  host === ANY_HOST || isSameName(host, name) || (isDomain(host) && name.toLowerCase().endsWith(host.slice(1).toLowerCase()));

/** The entry for any host comes before all others, a host's own before those of its domains, and of these the nearest. */
export function entryFor<E extends AuthorizationEntry>(entries: readonly E[], name: string): E | undefined {
  const fitting = entries.filter((entry) => covers(entry, name));
  return fitting.find(({ host }) => host === ANY_HOST) ?? fitting.find(({ host }) => !isDomain(host)) ?? fitting.toSorted((left, right) => right.host.length - left.host.length)[0];
}

/** Whether a host's replicas are taken, by which entry, or why not. */
export type Admission =
  | { readonly isAdmitted: true; readonly entry: AuthorizationEntry }
  | { readonly isAdmitted: false; readonly why: 'server-off' | 'no-entry' | 'entry-removed' | 'entry-of-others' };

/**
 * `boundId`: of the entry that the replica was given to by name, which counts for it alone as long as it is there. While any
 * host is allowed no other entry counts.
 */
export function admissionOf(isServerOn: boolean, entries: readonly AuthorizationEntry[], name: string, boundId?: string): Admission {
  if (!isServerOn) return { isAdmitted: false, why: 'server-off' };
  const found = entryFor(entries, name);
  if (boundId === undefined || found?.host === ANY_HOST) return found ? { isAdmitted: true, entry: found } : { isAdmitted: false, why: 'no-entry' };
  const bound = entries.find(({ id }) => id === boundId);
  if (!bound) return { isAdmitted: false, why: 'entry-removed' };
  return covers(bound, name) ? { isAdmitted: true, entry: bound } : { isAdmitted: false, why: 'entry-of-others' };
}
