/**
 * Keys and certificates of hosts. A host is known by the SHA-256 of its public key, so a new certificate of the same key
 * is the same host.
 */
import 'reflect-metadata';
import { createHash, createPublicKey, KeyObject, randomBytes, webcrypto, X509Certificate, type KeyObject as Key } from 'node:crypto';
import { BasicConstraintsExtension, ExtendedKeyUsage, ExtendedKeyUsageExtension, KeyUsageFlags, KeyUsagesExtension, SubjectAlternativeNameExtension, X509CertificateGenerator } from '@peculiar/x509';
import { DAY_MS } from '../language/lengths.ts';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
/** Five years: longer than the hardware's usual life between reinstallations, and renewal needs no new pairing. */
const LIFETIME_MS = 5 * 365 * DAY_MS;
/** Hosts whose clocks differ by less than this accept each other's new certificates. */
const CLOCK_SKEW_MS = DAY_MS;

/** A new P-256 private key, PKCS#8 in PEM. */
export async function createKey(): Promise<string> {
  const { privateKey } = (await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair;
  return KeyObject.from(privateKey).export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** A self-signed certificate of this key for a host, in PEM, valid for five years from one day before `nowMs`. */
export async function createCertificate(key: Key, host: { name: string; hostId: string }, nowMs: number): Promise<string> {
  const importKey = (der: Buffer, kind: 'pkcs8' | 'spki', usage: 'sign' | 'verify') => webcrypto.subtle.importKey(kind, der, ALGORITHM, true, [usage]);
  const privateKey = await importKey(key.export({ type: 'pkcs8', format: 'der' }), 'pkcs8', 'sign');
  const publicKey = await importKey(createPublicKey(key).export({ type: 'spki', format: 'der' }), 'spki', 'verify');
  const certificate = await X509CertificateGenerator.createSelfSigned(
    {
      serialNumber: serialNumber(),
      name: [{ CN: [host.name] }],
      notBefore: new Date(nowMs - CLOCK_SKEW_MS),
      notAfter: new Date(nowMs + LIFETIME_MS),
      keys: { privateKey, publicKey },
      signingAlgorithm: ALGORITHM,
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]),
        new SubjectAlternativeNameExtension([
          { type: 'dns', value: host.name },
          { type: 'url', value: `urn:uuid:${host.hostId}` },
        ]),
      ],
    },
    webcrypto,
  );
  return certificate.toString('pem');
}

/** Positive and 16 bytes long. Source: RFC 5280, 4.1.2.2 (at most 20 octets, not negative). */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = (bytes[0]! & 0x7f) | 0x40;
  return bytes.toString('hex');
}

/** SHA-256 of the certificate's public key (SPKI), lower-case hex. */
export const pinOf = (certificate: X509Certificate): string =>
  createHash('sha256').update(certificate.publicKey.export({ type: 'spki', format: 'der' })).digest('hex');

export const expiresMsOf = (certificate: X509Certificate): number => certificate.validToDate.getTime();
