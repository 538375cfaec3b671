/** Authorization entries: the same use cases for the command line and the API, which name an entry by its id, and for CIM clients, which name it by its host. */
import { update } from '../engine/transition.ts';
import { Fault } from '../errors/fault.ts';
import { Refused, refuse } from '../errors/refusal.ts';
import { ANY_HOST, checkedEntry, checkUnique, covers, DEFAULT_TRUST_GROUP, entryFor, type AuthorizationEntry } from '../relationship/authorization.ts';
import { allowedVerbs } from '../relationship/step.ts';
import { audited, machineNamed, type Context } from './context.ts';
import type { EntryChange, Management } from './management.ts';
import type { Operations } from './operations.ts';
import { type Said, say, type Text, told } from '../language/text.ts';

type AuthorizationOperations = Pick<Operations, 'authorizationList' | 'authorizationAdd' | 'authorizationChange' | 'authorizationRemove' | 'authorizationAssign'>;
type EntryOperations = Pick<Management, 'addEntry' | 'changeEntry' | 'removeEntry' | 'bindEntry'>;

export function authorizationOperations(context: Context): AuthorizationOperations {
  const { authorizations } = context;
  return {
    authorizationList: (caller) => audited(context, caller, 'viewer', 'authorization list', null, () => [...authorizations.list()]),
    authorizationAdd: (caller, entry) => audited(context, caller, 'administrator', 'authorization add', entry.host, (context) => addEntry(context, entry)),
    authorizationChange: (caller, idOrHost, change) => audited(context, caller, 'administrator', 'authorization change', idOrHost, (context) => changeEntry(context, entryCalled(context, idOrHost), change)),
    authorizationRemove: (caller, idOrHost) => audited(context, caller, 'administrator', 'authorization remove', idOrHost, (context) => removeEntry(context, entryCalled(context, idOrHost))),
    authorizationAssign: (caller, machine, idOrHost) => audited(context, caller, 'administrator', 'authorization assign', machine, (context) => bindEntry(context, machine, entryCalled(context, idOrHost))),
  };
}

export function entryOperations(context: Context): EntryOperations {
  return {
    addEntry: (caller, entry) => audited(context, caller, 'administrator', 'authorization add', entry.host, (context) => addEntry(context, entry)),
    changeEntry: (caller, id, change) => audited(context, caller, 'administrator', 'authorization change', change.host, (context) => changeEntry(context, entryNamed(context, id, change.host), change)),
    removeEntry: (caller, host) => audited(context, caller, 'administrator', 'authorization remove', host, (context) => removeEntry(context, entryNamed(context, null, host))),
    bindEntry: (caller, machine, { id, host }) => audited(context, caller, 'administrator', 'authorization assign', machine, (context) => bindEntry(context, machine, entryNamed(context, id, host))),
  };
}

function addEntry({ authorizations, engine, defaultStorage }: Context, { host, storage, trustGroup }: EntryChange): AuthorizationEntry {
  const entry = checkedEntry({ id: engine.host.newId(), host, storage: storage ?? defaultStorage, trustGroup: trustGroup ?? DEFAULT_TRUST_GROUP });
  checkUnique(authorizations.list(), entry);
  authorizations.put(entry);
  engine.host.changed('host', engine.host.hostId);
  return entry;
}

/** Replicas that exist stay where they are. */
function changeEntry(context: Context, before: AuthorizationEntry, change: Partial<Record<'host' | 'storage' | 'trustGroup', string | null | undefined>>): AuthorizationEntry {
  const { authorizations, engine } = context;
  const entry = checkedEntry({ id: before.id, host: change.host ?? before.host, storage: change.storage ?? before.storage, trustGroup: change.trustGroup ?? before.trustGroup });
  checkUnique(authorizations.list(), entry);
  const stopped = stoppedBy(context, before, authorizations.list().map((each) => (each.id === entry.id ? entry : each)));
  authorizations.put(entry);
  report(context, say('the authorization entry for {host} was changed', { host: before.host }), stopped);
  engine.host.changed('host', engine.host.hostId);
  return entry;
}

function removeEntry(context: Context, entry: AuthorizationEntry): void {
  const { authorizations, engine } = context;
  const stopped = stoppedBy(context, entry, authorizations.list().filter(({ id }) => id !== entry.id));
  authorizations.remove(entry.id);
  report(context, say('the authorization entry for {host} was removed', { host: entry.host }), stopped);
  engine.host.changed('host', engine.host.hostId);
}

/** Names of the replicas that are taken by this entry and would not be by those. */
function stoppedBy({ engine: { host } }: Context, entry: AuthorizationEntry, next: readonly AuthorizationEntry[]): string[] {
  return host.state.relationships().flatMap(({ side, peerId, entryId, machineId }) => {
    const admission = side === 'replica' ? host.admission(peerId, entryId) : undefined;
    if (!admission?.isAdmitted || admission.entry.id !== entry.id) return [];
    const peer = host.peerName(peerId);
    const found = entryFor(next, peer);
    const isStill = entryId === undefined || found?.host === ANY_HOST ? found !== undefined : next.some((each) => each.id === entryId && covers(each, peer));
    return isStill ? [] : [host.state.machine(machineId)?.name ?? machineId];
  });
}

function report({ engine: { host } }: Context, what: Said, stopped: readonly string[]): void {
  if (stopped.length === 0) return;
  host.state.addEvent({ atMs: host.clock.nowMs(), number: null, severity: 'warning', machine: null, ...told(say('{what}: nothing more is taken for the replicas {list}; what is here stays', { what, list: { list: stopped } })) });
}

/** The replica belongs to this entry alone from now on; its layers stay where they are. */
function bindEntry(context: Context, machine: string, entry: AuthorizationEntry): void {
  const { engine } = context;
  const found = machineNamed(context, machine);
  const relationship = engine.relationshipOf(found.id);
  if (relationship.side !== 'replica') throw new Refused(refuse(say('{machine} is no replica here: only a replica belongs to an entry', { machine: found.name }), allowedVerbs(relationship)));
  const peer = engine.host.peerName(relationship.peerId);
  if (!covers(entry, peer)) throw new Fault('settings-invalid', say('the entry for {host} cannot be that of {found}: its primary\'s host is {peer}', { host: entry.host, found: found.name, peer }));
  update(engine.host, relationship.id, () => ({ entryId: entry.id }));
}

/** By its id, or the host that it is for. */
function entryCalled(context: Context, idOrHost: string): AuthorizationEntry {
  const entry = context.authorizations.list().find(({ id, host }) => id === idOrHost || host.toLowerCase() === idOrHost.toLowerCase());
  if (!entry) throw new Fault('authorization-unknown', missingText(context, idOrHost));
  return entry;
}

/** As CIM clients name it: by its id where they have that. */
function entryNamed(context: Context, id: string | null, host: string | null): AuthorizationEntry {
  const entries = context.authorizations.list();
  const entry = entries.find((each) => each.id === id) ?? (id === null ? entries.find((each) => each.host.toLowerCase() === host?.toLowerCase()) : undefined);
  if (!entry) throw new Fault('settings-invalid', missingText(context, id ?? host ?? ''));
  return entry;
}

function missingText({ authorizations }: Context, idOrHost: string): Text {
  const entry = idOrHost.slice(0, 260);
  const hosts = authorizations.list().map(({ host }) => host);
  if (hosts.length === 0) return say('there is no authorization entry "{entry}", nor any other', { entry });
  return say('there is no authorization entry "{entry}"; there are entries for {hosts}', { entry, hosts: { list: hosts } });
}
