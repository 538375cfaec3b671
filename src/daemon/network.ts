/** Pairing and contact, as the service uses them: the peer network, this host's identity and its certificates. */
import { X509Certificate } from 'node:crypto';
import { networkInterfaces } from 'node:os';
import { normalAddress } from '../peer/address.ts';
import { CertificateStore, thumbprintOf, type InstalledCertificate } from '../peer/certificatestore.ts';
import { renameIdentity, renewCertificate, type Identity } from '../peer/identity.ts';
import type { PeerNetwork } from '../peer/peer.ts';
import type { Network } from '../service/context.ts';

const JOIN_WITHIN_MS = 30_000;
const TELL_WITHIN_MS = 5_000;

export interface NetworkParts {
  readonly peers: PeerNetwork;
  readonly stateDir: string;
  /** What the peer listener is bound to. */
  readonly peerAddress: string;
  /** With the key that this host made itself; the peers may be shown another. */
  readonly own: Identity;
}

export function networkOf(parts: NetworkParts): Network {
  const { peers, stateDir, peerAddress } = parts;
  const bound = ['0.0.0.0', '::'].includes(peerAddress) ? undefined : peerAddress;
  return {
    invite: ({ storage, expiresMs, addresses }) => peers.invite({ ...(storage && { storage }), ...(expiresMs && { expiresMs }), ...((addresses ?? bound) && { addresses: addresses ?? [normalAddress(bound!, peers.port)] }) }),
    join: async (invitation, { address, bypassProxy }) => {
      const { host } = await peers.join(invitation, { ...(address !== undefined && { address }), route: bypassProxy === true ? 'direct' : 'proxy' }, AbortSignal.timeout(JOIN_WITHIN_MS));
      return { host, storage: null };
    },
    test: (hostId, bypassProxy, onStep, signal) => peers.probe(hostId, bypassProxy ? 'direct' : 'proxy', onStep, signal),
    connected: (hostId) => peers.connected(hostId),
    lastContactMs: (hostId) => peers.lastContactMs(hostId) ?? null,
    forget: (hostId) => peers.forget(hostId),
    normalAddress: (text) => normalAddress(text),
    listenOn: (port) => peers.listenOn({ host: peerAddress, port }),
    tell: (hostId, announcement) => peers.announce(hostId, announcement, AbortSignal.timeout(TELL_WITHIN_MS)),
    ...identityOf(parts, stateDir),
    get self() {
      const { hostId, name, pin, certificateExpiresMs, certificatePem } = peers.identity;
      const certificate = new X509Certificate(certificatePem);
      return { hostId, name, pin, certificateExpiresMs, certificatePem, thumbprint: thumbprintOf(certificate), fingerprint: certificate.fingerprint256, address: normalAddress(bound ?? ownAddress(), peers.port) };
    },
  };
}

/** The own key stays while a certificate of another is shown, to go back to. */
function identityOf({ peers, own: opened }: NetworkParts, stateDir: string): Pick<Network, 'rename' | 'renewCertificate' | 'certificates' | 'present'> {
  const store = new CertificateStore(stateDir);
  let own = opened;
  const isOwn = () => peers.identity.keyPem === own.keyPem;
  const changeOwn = async (make: (identity: Identity) => Promise<Identity>) => {
    const wasOwn = isOwn();
    own = await make(own);
    peers.present(wasOwn ? own : { ...peers.identity, name: own.name });
  };
  return {
    rename: (name) => changeOwn((identity) => renameIdentity(stateDir, identity, name)),
    renewCertificate: () => changeOwn((identity) => renewCertificate(stateDir, identity)),
    certificates: {
      list: async () => [ownCertificate(own), ...(await store.list(own.name)).map((each) => ({ ...each, isOwn: false }))],
      install: async (files) => ({ ...(await store.install(files, own.name)), isOwn: false }),
      remove: (thumbprint) => store.remove(thumbprint),
    },
    present: async (thumbprint, tell) => {
      const identity = thumbprint === null ? own : await store.identityWith(thumbprint, own);
      if (!identity) return false;
      if (identity.pin !== peers.identity.pin) await tell(identity.pin);
      peers.present(identity);
      return true;
    },
  };
}

function ownCertificate({ certificatePem, certificateExpiresMs }: Identity): InstalledCertificate & { readonly isOwn: boolean } {
  const certificate = new X509Certificate(certificatePem);
  return { thumbprint: thumbprintOf(certificate), fingerprint: certificate.fingerprint256, subject: certificate.subject, expiresMs: certificateExpiresMs, unfit: null, certificatePem, isOwn: true };
}

const ownAddress = (): string =>
  Object.values(networkInterfaces()).flatMap((each) => each ?? []).find(({ internal, family }) => !internal && family === 'IPv4')?.address ?? '127.0.0.1';
