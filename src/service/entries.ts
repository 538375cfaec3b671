/** Authorization entries as CIM clients change them: by the host that they are for. */
import { update } from '../engine/transition.ts';
import { Fault } from '../errors/fault.ts';
import { Refused, refuse } from '../errors/refusal.ts';
import { allowedVerbs } from '../relationship/step.ts';
import type { AuthorizationRow } from '../state/hosts.ts';
import { audited, machineNamed, type Context } from './context.ts';
import { checkEntry } from './hosts.ts';
import type { Management } from './management.ts';

type EntryOperations = Pick<Management, 'addEntry' | 'changeEntry' | 'removeEntry' | 'bindEntry'>;

const DEFAULT_TRUST_GROUP = 'DEFAULT';

export function entryOperations(context: Context): EntryOperations {
  const { authorizations, engine, defaultStorage } = context;
  const forHost = (host: string) => authorizations.list().find((entry) => entry.host === host);
  return {
    addEntry: (caller, { host, storage, trustGroup }) =>
      audited(context, caller, 'administrator', 'authorization add', host, () => {
        if (forHost(host)) throw new Fault('settings-invalid', `there is an entry for ${host} already: change that one`);
        const entry = checkEntry({ id: engine.host.newId(), host, storage: storage ?? defaultStorage, trustGroup: trustGroup ?? DEFAULT_TRUST_GROUP });
        authorizations.put(entry);
        return entry;
      }),
    changeEntry: (caller, id, { host, storage, trustGroup }) =>
      audited(context, caller, 'administrator', 'authorization change', host, () => {
        const before = entryNamed(context, id, host);
        const namesake = forHost(host ?? before.host);
        if (namesake && namesake.id !== before.id) throw new Fault('settings-invalid', `there is another entry for ${namesake.host} already`);
        const entry = checkEntry({ ...before, host: host ?? before.host, storage: storage ?? before.storage, trustGroup: trustGroup ?? before.trustGroup });
        authorizations.put(entry);
        return entry;
      }),
    removeEntry: (caller, host) =>
      audited(context, caller, 'administrator', 'authorization remove', host, () => {
        authorizations.remove(entryNamed(context, null, host).id);
      }),
    bindEntry: (caller, machine, { id, host }) =>
      audited(context, caller, 'administrator', 'authorization set', machine, () => {
        const found = machineNamed(context, machine);
        const relationship = engine.relationshipOf(found.id);
        if (relationship.side !== 'replica') throw new Refused(refuse(`${found.name} is no replica here: only a replica belongs to an entry`, allowedVerbs(relationship)));
        const entry = entryNamed(context, id, host);
        const peer = engine.host.peerName(relationship.peerId);
        const isForPeer = entry.host === peer || (entry.host.startsWith('*.') && peer.endsWith(entry.host.slice(1)));
        if (!isForPeer) throw new Fault('settings-invalid', `the entry for ${entry.host} cannot be that of ${found.name}: its primary's host is ${peer}`);
        update(engine.host, relationship.id, () => ({ entryId: entry.id }));
      }),
  };
}

function entryNamed({ authorizations }: Context, id: string | null, host: string | null): AuthorizationRow {
  const entries = authorizations.list();
  const entry = entries.find((each) => each.id === id) ?? (id === null ? entries.find((each) => each.host === host) : undefined);
  if (!entry) throw new Fault('settings-invalid', `there is no authorization entry ${(id === null ? `for ${host ?? ''}` : id).slice(0, 260)}; there are entries for: ${entries.map((each) => each.host).join(', ') || 'nobody'}`);
  return entry;
}
