/**
 * TLS between hosts: 1.3 only, both sides show a certificate, and the public key's pin decides, not a chain. Where the
 * operator brought a CA of their own, a certificate of that CA for the paired host's name counts too.
 */
import type { X509Certificate } from 'node:crypto';
import type { SecureContextOptions, TLSSocket } from 'node:tls';
import type { PairedHost, PeerDirectory } from './directory.ts';
import { pinOf } from './certificate.ts';
import type { Identity } from './identity.ts';

/** AES-128-GCM first: the fastest with AES instructions. */
const CIPHERS = 'TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256';

export const tlsOptionsOf = (identity: Identity): SecureContextOptions => ({
  key: identity.keyPem,
  cert: identity.certificatePem,
  // An empty list, or else Node trusts the public authorities.
  ca: identity.caPem === undefined ? [] : [identity.caPem],
  minVersion: 'TLSv1.3',
  maxVersion: 'TLSv1.3',
  ciphers: CIPHERS,
});

/**
 * The certificate whose key the other side has proved to hold in this very handshake, or undefined. To be asked once: a
 * client's socket does not answer a second time (Node 24).
 */
export const certificateOf = (socket: TLSSocket): X509Certificate | undefined => (socket.isSessionReused() ? undefined : socket.getPeerX509Certificate());

/** True when the other side is this paired host. */
export const isHost = (socket: TLSSocket, certificate: X509Certificate, host: { readonly pin: string; readonly nextPin?: string; readonly name: string }, own: Identity): boolean =>
  pinOf(certificate) === host.pin || pinOf(certificate) === host.nextPin || certifiedFor(host.name, socket, certificate, own);

/** The paired host at the other end, or undefined for a stranger. */
export const hostAt = (socket: TLSSocket, certificate: X509Certificate, directory: PeerDirectory, own: Identity): PairedHost | undefined =>
  directory.byPin(pinOf(certificate)) ?? directory.list().find((host) => host.nextPin === pinOf(certificate) || certifiedFor(host.name, socket, certificate, own));

/** `authorized` says that the chain ends at the operator's authority, and nothing where there is none. */
const certifiedFor = (name: string, socket: TLSSocket, certificate: X509Certificate, own: Identity): boolean =>
  own.caPem !== undefined && socket.authorized && certificate.checkHost(name, { subject: 'never', wildcards: false }) !== undefined;
