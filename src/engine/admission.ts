/** The check that every new replica and every cycle passes on the host that receives: is it a replica server, and for whom. */
import { Fault } from '../errors/fault.ts';
import { say, type Text } from '../language/text.ts';
import { allowsStorage, type Admission, type AuthorizationEntry } from '../relationship/authorization.ts';
import type { Host } from './host.ts';

/** The entry by which the peer's replica is taken. Faults server-off and peer-not-authorized say on the primary what to do here. */
export function admitted(host: Host, peerId: string, boundId?: string): AuthorizationEntry {
  const admission = host.admission(peerId, boundId);
  if (admission.isAdmitted) return admission.entry;
  throw new Fault(admission.why === 'server-off' ? 'server-off' : 'peer-not-authorized', refusalText(host.hostName, host.peerName(peerId), admission.why));
}

type Why = Extract<Admission, { isAdmitted: false }>['why'];

/** Directory of a new replica of the peer's: what it asks for, else the entry's. Fault settings-invalid outside the entry's storage location. */
export function storageFor(host: Host, peerId: string, entry: AuthorizationEntry, asked: string | undefined): string {
  if (asked === undefined || allowsStorage(entry, asked)) return asked ?? entry.storage;
  throw new Fault('settings-invalid', say('{host} keeps replicas of {peer} in {storage} and below it, not in {asked}', { host: host.hostName, peer: host.peerName(peerId), storage: entry.storage, asked: asked.slice(0, 200) }));
}

const refusalText = (host: string, peer: string, why: Why): Text =>
  ({
    'server-off': say('{host} takes no replicas: its replica server is switched off', { host }),
    'no-entry': say('{host} takes no replicas from {peer}: it has no authorization entry for it', { host, peer }),
    'entry-removed': say('{host} takes nothing more for this replica: the authorization entry that it was given to is gone (understudy authorization assign there gives it to another)', { host }),
    'entry-of-others': say('{host} takes nothing for this replica from {peer}: the authorization entry that it was given to is for other hosts now', { host, peer }),
  })[why];
