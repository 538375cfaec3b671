/**
 * Pairing: the joining host proves that it holds the invitation's secret over a connection to the invitation's pin; then
 * each host stores the other. Repeating it with the same host updates name and address; it never replaces a paired key.
 */
import { Fault } from '../errors/fault.ts';
import { say } from '../language/text.ts';
import { formatAddress, normalAddress, parseAddress, plainIp } from './address.ts';
import { expiresMsOf, pinOf } from './certificate.ts';
import type { InvitationStore, PairedHost, PeerDirectory } from './directory.ts';
import { jsonOf, type Frame } from './frame.ts';
import { HOST_ID, secretHashOf } from './invitation.ts';
import { HOST_NAME, type Identity } from './identity.ts';
import type { Visitor } from './listener.ts';

/** What the joining host tells. */
export interface JoinRequest {
  readonly secret: string;
  readonly name: string;
  /** Where its peer port is; combined with the address it comes from unless it names one. */
  readonly port: number;
  readonly address?: string;
}

export interface Admission {
  readonly host: PairedHost;
  readonly storage: string | null;
}

export interface PairingStores {
  readonly directory: PeerDirectory;
  readonly invitations: InvitationStore;
}

/** Fault invitation-invalid when the frame is no join request. */
export function readJoinRequest(frame: Frame): JoinRequest {
  const { secret, name, port, address } = frame.header.type === 'join' ? jsonOf(frame) : {};
  const fits = typeof secret === 'string' && typeof name === 'string' && HOST_NAME.test(name) && Number.isInteger(port) && (address === undefined || typeof address === 'string');
  if (!fits) throw new Fault('invitation-invalid', say('the joining host did not say who it is and where'));
  return { secret, name, port: port as number, ...(address === undefined ? {} : { address }) };
}

/**
 * The joining host is stored in the directory and the invitation is used up. Fault invitation-invalid for a wrong, used or
 * expired secret, which also says so to a host that was invited by itself; peer-certificate when the host id or the key
 * belongs to a paired host already.
 */
export function admit(visitor: Visitor, request: JoinRequest, identity: Identity, stores: PairingStores, nowMs: number): Admission {
  const { hostId } = visitor.hello;
  if (!HOST_ID.test(hostId)) throw new Fault('invitation-invalid', say('the joining host has no valid host id'));
  const pin = pinOf(visitor.certificate);
  const address = addressOf(request, visitor);
  checkNotSelf({ hostId, pin }, identity);
  const invitation = stores.invitations.take(secretHashOf(request.secret), nowMs);
  if (!invitation) throw new Fault('invitation-invalid', say('host {identity} knows no such invitation: it was used, it expired, or it is of another host', { identity: identity.name }));
  checkSameKey({ hostId, pin }, stores.directory);
  const host = { hostId, name: nameFor(hostId, request.name, identity, stores.directory), address, pin, certificateExpiresMs: expiresMsOf(visitor.certificate) };
  stores.directory.put(host);
  return { host, storage: invitation.storage };
}

function addressOf(request: JoinRequest, visitor: Visitor): string {
  if (request.address !== undefined) return normalAddress(request.address, request.port);
  const { host } = parseAddress(formatAddress({ host: plainIp(visitor.tcp.remoteAddress ?? ''), port: request.port }));
  return formatAddress({ host, port: request.port });
}

interface Known {
  readonly hostId: string;
  readonly pin: string;
}

/** Fault invitation-invalid for an invitation of this very host. */
export function checkNotSelf(other: Known, identity: Identity): void {
  if (other.hostId === identity.hostId || other.pin === identity.pin) throw new Fault('invitation-invalid', say('this invitation is of this very host: use it on the other one'));
}

/** Fault peer-certificate when one of host id and key is paired, but not both together. */
export function checkSameKey(other: Known, directory: PeerDirectory): void {
  const known = directory.get(other.hostId) ?? directory.byPin(other.pin);
  if (known && (known.hostId !== other.hostId || known.pin !== other.pin)) {
    throw new Fault('peer-certificate', say('host {known} is paired already, with another key or host id: remove it first if it was reinstalled', { known: known.name }));
  }
}

/**
 * The name under which the other host is known here: the one it is paired under already, else its own, with `-2`, `-3` …
 * before the domain when this host or another paired one has it, because authorization entries go by name.
 */
export function nameFor(hostId: string, ownName: string, identity: Identity, directory: PeerDirectory): string {
  const known = directory.get(hostId);
  if (known) return known.name;
  const taken = new Set([identity, ...directory.list()].map((host) => host.name.toLowerCase()));
  const [label = '', ...domain] = ownName.split('.');
  for (let number = 1; ; number++) {
    const candidate = [number === 1 ? label : `${label.slice(0, 50)}-${number}`, ...domain].join('.');
    if (!taken.has(candidate.toLowerCase())) return candidate;
  }
}
