/**
 * Certificates of the operator's own authority that were installed on this host, with their keys, each called by its
 * thumbprint as Windows writes it. Kept under `<stateDir>/identity/certificates/`: `<thumbprint>.json` (0600).
 */
import { createHash, createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '../errors/fault.ts';
import { say, type Said } from '../language/text.ts';
import { pinOf } from './certificate.ts';
import { replaceFileDurably } from '../files/files.ts';
import type { Identity } from './identity.ts';

/** What is installed, in PEM; the certificate may be followed by those between it and the authority. */
export interface CertificateFiles {
  readonly certificate: string;
  readonly key: string;
  readonly authority?: string;
}

export interface InstalledCertificate {
  /** SHA-1 of the certificate, upper-case hex: Windows' thumbprint. */
  readonly thumbprint: string;
  readonly fingerprint: string;
  readonly subject: string;
  readonly expiresMs: number;
  /** Why hosts cannot be shown it, or null. */
  readonly unfit: Said | null;
  readonly certificatePem: string;
}

const MAX_PEM_CHARACTERS = 65_536;
const SERVER_AND_CLIENT = ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2'];
const PEM = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

export const thumbprintOf = (certificate: X509Certificate): string => createHash('sha1').update(certificate.raw).digest('hex').toUpperCase();
const bare = (thumbprint: string): string => thumbprint.replace(/[^0-9a-zA-Z]/g, '').toUpperCase();

export class CertificateStore {
  readonly #folder: string;

  constructor(stateDir: string) {
    this.#folder = join(stateDir, 'identity', 'certificates');
  }

  /** `hostName`: whom they have to be for. */
  async list(hostName: string, nowMs = Date.now()): Promise<InstalledCertificate[]> {
    const names = await readdir(this.#folder).catch(() => []);
    const files = await Promise.all(names.filter((name) => /^[0-9A-F]{40}\.json$/.test(name)).map((name) => this.#read(name)));
    return files.map((each) => installed(each, hostName, nowMs));
  }

  /** The certificate is kept, fit or not: that can change with the host's name and the time. Fault settings-invalid when the texts do not belong together. */
  async install(files: CertificateFiles, hostName: string, nowMs = Date.now()): Promise<InstalledCertificate> {
    checkTogether(files);
    const certificate = installed(files, hostName, nowMs);
    if (certificate.unfit !== null) throw new Fault('settings-invalid', say('the certificate {thumbprint} cannot be used: {unfit}', { thumbprint: certificate.thumbprint, unfit: certificate.unfit }));
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    await replaceFileDurably(join(this.#folder, `${certificate.thumbprint}.json`), JSON.stringify(files), 0o600);
    return certificate;
  }

  async remove(thumbprint: string): Promise<void> {
    await rm(join(this.#folder, `${bare(thumbprint)}.json`));
  }

  /** Who this host is with that certificate; null when there is none. */
  async identityWith(thumbprint: string, own: Identity): Promise<Identity | null> {
    const name = `${bare(thumbprint)}.json`;
    if (!/^[0-9A-F]{40}\.json$/.test(name)) return null;
    const files = await this.#read(name).catch(() => null);
    if (!files) return null;
    const certificate = leafOf(files);
    return { hostId: own.hostId, name: own.name, keyPem: files.key, certificatePem: files.certificate, pin: pinOf(certificate), certificateExpiresMs: certificate.validToDate.getTime(), ...(files.authority !== undefined && { caPem: files.authority }) };
  }

  async #read(name: string): Promise<CertificateFiles> {
    return JSON.parse(await readFile(join(this.#folder, name), 'utf8')) as CertificateFiles;
  }
}

const leafOf = ({ certificate }: CertificateFiles): X509Certificate => new X509Certificate(certificate);

function installed(files: CertificateFiles, hostName: string, nowMs: number): InstalledCertificate {
  const certificate = leafOf(files);
  return { thumbprint: thumbprintOf(certificate), fingerprint: certificate.fingerprint256, subject: certificate.subject, expiresMs: certificate.validToDate.getTime(), unfit: unfitness(certificate, files, hostName, nowMs), certificatePem: files.certificate };
}

function checkTogether(files: CertificateFiles): void {
  const bad = (why: Said, cause?: unknown) => new Fault('settings-invalid', say('the certificate cannot be installed: {why}', { why }), { cause });
  if ([files.certificate, files.key, files.authority ?? ''].some((text) => text.length > MAX_PEM_CHARACTERS)) throw bad(say('a text is longer than {max} characters', { max: MAX_PEM_CHARACTERS }));
  let certificate: X509Certificate;
  try {
    certificate = leafOf(files);
    if (files.authority !== undefined) new X509Certificate(files.authority);
  } catch (cause) {
    throw bad(say('it is no certificate in PEM'), cause);
  }
  try {
    if (certificate.checkPrivateKey(createPrivateKey(files.key))) return;
  } catch (cause) {
    throw bad(say('its key is no private key in PEM without a password'), cause);
  }
  throw bad(say('the key is of another certificate'));
}

/** Source: Hyper-V Replica's requirements of certificates. */
function unfitness(certificate: X509Certificate, { certificate: chain, authority }: CertificateFiles, hostName: string, nowMs: number): Said | null {
  if (certificate.validFromDate.getTime() > nowMs) return say('it is valid only from {time} on', { time: { atMs: certificate.validFromDate.getTime() } });
  if (certificate.validToDate.getTime() <= nowMs) return say('it expired at {time}', { time: { atMs: certificate.validToDate.getTime() } });
  if (SERVER_AND_CLIENT.some((usage) => !(certificate.keyUsage ?? []).includes(usage))) return say('its extended key usage has to name both server and client authentication');
  if (certificate.checkHost(hostName) === undefined) return say('it is not for {host}: its subject or an alternative name has to be this host\'s name', { host: hostName });
  return authority === undefined || isIssuedBy(certificate, chain, authority) ? null : say('it does not lead to the authority that was given with it');
}

/** Each is issued by the next of the chain, and the last by the authority. */
function isIssuedBy(certificate: X509Certificate, chain: string, authority: string): boolean {
  const between = (chain.match(PEM) ?? []).slice(1).map((pem) => new X509Certificate(pem));
  const issuers = [...between, ...(authority.match(PEM) ?? []).map((pem) => new X509Certificate(pem))];
  let current = certificate;
  for (let steps = 0; steps <= issuers.length; steps += 1) {
    const issuer = issuers.find((each) => each.subject === current.issuer && current.verify(each.publicKey));
    if (!issuer) return false;
    if (!between.includes(issuer)) return true;
    current = issuer;
  }
  return false;
}
