/**
 * Who this host is to other hosts: a host id made once, a name, a key that stays, and a certificate that may be renewed.
 * Kept under `<stateDir>/identity/`: key.pem (0600), certificate.pem, host.json.
 */
import { createPrivateKey, randomUUID, X509Certificate } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '../errors/fault.ts';
import { say } from '../language/text.ts';
import { createCertificate, createKey, expiresMsOf, pinOf } from './certificate.ts';
import { replaceFileDurably } from '../files/files.ts';

export interface Identity {
  readonly hostId: string;
  readonly name: string;
  readonly keyPem: string;
  readonly certificatePem: string;
  readonly pin: string;
  readonly certificateExpiresMs: number;
  /** Authority of the operator's own, when the certificate came from one. */
  readonly caPem?: string;
}

/** Host names are DNS names, because authorization entries match them as such. */
export const HOST_NAME = /^(?=.{1,253}$)[A-Za-z0-9_]([A-Za-z0-9_-]{0,62})(\.[A-Za-z0-9_]([A-Za-z0-9_-]{0,62}))*$/;

/** Files of an authority that the operator runs: its certificate, and this host's certificate and key. */
export interface OwnAuthority {
  readonly caPath: string;
  readonly certPath: string;
  readonly keyPath: string;
}

/** A certificate that has less than this left is renewed when the identity is opened. */
const RENEW_BEFORE_MS = 365 * 86_400_000;

const folderOf = (stateDir: string): string => join(stateDir, 'identity');

/**
 * This host's identity, made when it is not there yet (`name` counts only then). An interrupted first opening is
 * completed by the next. Fault state-corrupt when a file is damaged; settings-invalid for a name that is no host name.
 */
export async function openIdentity(stateDir: string, name: string, nowMs = Date.now()): Promise<Identity> {
  const folder = folderOf(stateDir);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const host = await hostRow(folder, name);
  const keyPem = await readOrMake(join(folder, 'key.pem'), 0o600, createKey);
  const makeCertificate = () => createCertificate(parse(folder, () => createPrivateKey(keyPem)), host, nowMs);
  const certificatePem = await readOrMake(join(folder, 'certificate.pem'), 0o644, makeCertificate);
  const identity = assemble(folder, host, keyPem, certificatePem);
  return identity.certificateExpiresMs - nowMs < RENEW_BEFORE_MS ? renewCertificate(stateDir, identity, nowMs) : identity;
}

/**
 * This host's identity with the certificate and key of the operator's authority. Paired hosts with the same authority
 * accept it by chain and host name, whatever its key; the others by the key. Fault settings-invalid when the files do not
 * belong together or cannot be read.
 */
export async function openCertifiedIdentity(stateDir: string, name: string, files: OwnAuthority): Promise<Identity> {
  const { hostId, name: ownName } = await openIdentity(stateDir, name);
  try {
    const [caPem, certificatePem, keyPem] = await Promise.all([files.caPath, files.certPath, files.keyPath].map((path) => readFile(path, 'utf8')));
    if (!new X509Certificate(certificatePem!).verify(new X509Certificate(caPem!).publicKey)) throw new Error('the certificate is not signed by the authority');
    return { ...assemble(stateDir, { hostId, name: ownName }, keyPem!, certificatePem!), caPem: caPem! };
  } catch (cause) {
    throw new Fault('settings-invalid', say('the authority\'s files {files} cannot be used: {reason}', { files: { list: Object.values(files) }, reason: (cause as Error).message }), { cause });
  }
}

/** The same host with a new certificate of the same key, durably. Paired hosts accept it as it is. */
export async function renewCertificate(stateDir: string, identity: Identity, nowMs = Date.now()): Promise<Identity> {
  const certificatePem = await createCertificate(createPrivateKey(identity.keyPem), identity, nowMs);
  await replaceFileDurably(join(folderOf(stateDir), 'certificate.pem'), certificatePem, 0o644);
  return assemble(folderOf(stateDir), identity, identity.keyPem, certificatePem);
}

/** The same host under another name, durably, with a certificate that says so. Paired hosts keep the name they know. */
export async function renameIdentity(stateDir: string, identity: Identity, name: string, nowMs = Date.now()): Promise<Identity> {
  checkName(name);
  await replaceFileDurably(join(folderOf(stateDir), 'host.json'), hostJson({ hostId: identity.hostId, name }), 0o644);
  return renewCertificate(stateDir, { ...identity, name }, nowMs);
}

interface HostRow {
  readonly hostId: string;
  readonly name: string;
}

const hostJson = (host: HostRow): string => `${JSON.stringify({ hostId: host.hostId, name: host.name }, null, 2)}\n`;

async function hostRow(folder: string, name: string): Promise<HostRow> {
  const text = await readOrMake(join(folder, 'host.json'), 0o644, () => {
    checkName(name);
    return Promise.resolve(hostJson({ hostId: randomUUID(), name }));
  });
  const host = parse(folder, () => JSON.parse(text) as Partial<HostRow>);
  if (typeof host.hostId !== 'string' || typeof host.name !== 'string') throw corrupt(folder);
  return { hostId: host.hostId, name: host.name };
}

function checkName(name: string): void {
  if (!HOST_NAME.test(name)) throw new Fault('settings-invalid', say('"{name}" is not a host name: letters, digits, hyphens and dots, 253 characters at most', { name }));
}

function assemble(folder: string, host: HostRow, keyPem: string, certificatePem: string): Identity {
  const certificate = parse(folder, () => new X509Certificate(certificatePem));
  if (!parse(folder, () => certificate.checkPrivateKey(createPrivateKey(keyPem)))) throw corrupt(folder);
  return { hostId: host.hostId, name: host.name, keyPem, certificatePem, pin: pinOf(certificate), certificateExpiresMs: expiresMsOf(certificate) };
}

const corrupt = (folder: string, cause?: unknown): Fault =>
  new Fault('state-corrupt', say('this host\'s identity under {folder} is damaged: restore key.pem, certificate.pem and host.json from a backup', { folder }), { cause });

function parse<T>(folder: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw corrupt(folder, cause);
  }
}

async function readOrMake(path: string, mode: number, make: () => Promise<string>): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const content = await make();
  await replaceFileDurably(path, content, mode);
  return content;
}
