/** Pairing and contact, as the service uses them: the peer network and this host's identity. */
import { networkInterfaces } from 'node:os';
import { normalAddress } from '../peer/address.ts';
import { renameIdentity, renewCertificate, type Identity } from '../peer/identity.ts';
import type { PeerNetwork } from '../peer/peer.ts';
import type { Network } from '../service/context.ts';

const JOIN_WITHIN_MS = 30_000;

/** `peerAddress`: what the peer listener is bound to. */
export function networkOf(peers: PeerNetwork, stateDir: string, peerAddress: string): Network {
  const bound = ['0.0.0.0', '::'].includes(peerAddress) ? undefined : peerAddress;
  const present = async (make: (identity: Identity) => Promise<Identity>) => peers.present(await make(peers.identity));
  return {
    invite: ({ storage, expiresMs, addresses }) => peers.invite({ ...(storage && { storage }), ...(expiresMs && { expiresMs }), ...((addresses ?? bound) && { addresses: addresses ?? [normalAddress(bound!, peers.port)] }) }),
    join: async (invitation, { address, bypassProxy }) => {
      const { host } = await peers.join(invitation, { ...(address !== undefined && { address }), route: bypassProxy === true ? 'direct' : 'proxy' }, AbortSignal.timeout(JOIN_WITHIN_MS));
      return { host, storage: null };
    },
    connected: (hostId) => peers.connected(hostId),
    lastContactMs: (hostId) => peers.lastContactMs(hostId) ?? null,
    forget: (hostId) => peers.forget(hostId),
    rename: (name) => present((identity) => renameIdentity(stateDir, identity, name)),
    renewCertificate: () => present((identity) => renewCertificate(stateDir, identity)),
    normalAddress: (text) => normalAddress(text),
    get self() {
      const { hostId, name, pin, certificateExpiresMs, certificatePem } = peers.identity;
      return { hostId, name, pin, certificateExpiresMs, certificatePem, address: normalAddress(bound ?? ownAddress(), peers.port) };
    },
  };
}

const ownAddress = (): string =>
  Object.values(networkInterfaces()).flatMap((each) => each ?? []).find(({ internal, family }) => !internal && family === 'IPv4')?.address ?? '127.0.0.1';
