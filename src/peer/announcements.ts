/**
 * What a host tells the hosts that know it about itself: the key that it will show next, and the port that it listens on now.
 * Told over connections that the present key proved; so that nobody has to pair anew.
 */
import type { Wire } from '../engine/ports/peers.ts';
import { Fault } from '../errors/fault.ts';
import { say } from '../language/text.ts';
import { formatAddress, parseAddress } from './address.ts';
import type { PairedHost, PeerDirectory } from './directory.ts';

export type Announcement =
  | { readonly method: 'nextKey'; readonly params: { readonly pin: string } }
  | { readonly method: 'portChanged'; readonly params: { readonly from: number; readonly to: number } };

const isPort = (value: unknown): value is number => Number.isInteger(value) && Number(value) > 0 && Number(value) < 65_536;

/** True when the call is an announcement; what it tells is kept then. Fault peer-protocol when it makes no sense. */
export function noteAnnouncement(directory: PeerDirectory, hostId: string, method: string, params: Wire): boolean {
  if (method !== 'nextKey' && method !== 'portChanged') return false;
  const host = directory.get(hostId);
  const told = (params ?? {}) as { readonly pin?: unknown; readonly from?: unknown; readonly to?: unknown };
  if (method === 'nextKey') {
    if (typeof told.pin !== 'string' || !/^[0-9a-f]{64}$/.test(told.pin)) throw new Fault('peer-protocol', say('the other host announced a key that is none'));
    if (host && host.pin !== told.pin) directory.put({ ...host, nextPin: told.pin });
  } else {
    if (!isPort(told.from) || !isPort(told.to)) throw new Fault('peer-protocol', say('the other host announced a port that is none'));
    if (host) followPort(directory, host, told.from, told.to);
  }
  return true;
}

/** An address with another port than the former one was given on purpose, and stays. */
function followPort(directory: PeerDirectory, host: PairedHost, from: number, to: number): void {
  const endpoint = parseAddress(host.address);
  if (endpoint.port === from) directory.put({ ...host, address: formatAddress({ ...endpoint, port: to }) });
}
