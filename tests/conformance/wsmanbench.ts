/** A WS-Management listener over the small host of the protocol tests, and a plain client of it. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { compileEventQuery } from '../../src/cim/events.ts';
import { SCHEMA } from '../../src/cim/schema/published.ts';
import { Fault } from '../../src/errors/fault.ts';
import { createCertificate, createKey } from '../../src/peer/certificate.ts';
import { AuditTrail, type AuditRecord } from '../../src/wbem/audit.ts';
import { listen, type Listener, type Tls } from '../../src/wbem/listener.ts';
import { signInBy, type KnownUser, type UserDirectory } from '../../src/wbem/signin.ts';
import { Wsman } from '../../src/wbem/wsman/wsman.ts';
import { childNamed, elements, textOf } from '../../src/xml/read.ts';
import { parseXml } from '../../src/xml/parse.ts';
import type { XmlElement } from '../../src/xml/xml.ts';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { cimModel, type CimModel } from './cimmodel.ts';

export const PASSWORD = 'correct-horse-battery';

export interface Users extends UserDirectory {
  readonly users: Map<string, KnownUser>;
  readonly certificates: Map<string, string>;
  verifications: number;
}

/** ada is an administrator, vera a viewer; certificates are added by tests. */
export function testUsers(): Users {
  const users = new Map<string, KnownUser>([
    ['ada', { name: 'ada', role: 'administrator', stamp: '1' }],
    ['vera', { name: 'vera', role: 'viewer', stamp: '1' }],
  ]);
  const certificates = new Map<string, string>();
  const directory: Users = {
    users,
    certificates,
    verifications: 0,
    verify: (name, password) => {
      directory.verifications += 1;
      const user = users.get(name);
      return user && password === PASSWORD ? Promise.resolve(user) : Promise.reject(new Fault('sign-in-failed', 'the sign-in failed'));
    },
    current: (name) => users.get(name),
    ofCertificate: (fingerprint) => users.get(certificates.get(fingerprint) ?? ''),
  };
  return directory;
}

export interface WsmanAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly bytes: Buffer;
  readonly text: string;
}

export interface WsmanBench {
  readonly model: CimModel;
  readonly users: Users;
  readonly audit: AuditRecord[];
  /** Sinks that were given up. */
  readonly lost: string[];
  /** Who is no user any more. */
  readonly gone: Set<string>;
  readonly wsman: Wsman;
  readonly port: number;
  readonly url: string;
  post(body: string | Uint8Array, more?: PostOptions): Promise<WsmanAnswer>;
  /** Nobody is answered any more. Throws when a defect was met. */
  close(): Promise<void>;
}

export interface PostOptions {
  readonly method?: string;
  readonly path?: string;
  /** Replaces those of the client altogether when it is given; undefined takes one away. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly cert?: string;
  readonly key?: string;
}

export interface BenchOptions {
  readonly tls?: Tls;
  readonly machineCount?: number;
  readonly nowMs?: () => number;
}

export const basic = (name = 'ada', password = PASSWORD): string => `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`;

export async function openWsman({ tls, machineCount, nowMs = Date.now }: BenchOptions = {}): Promise<WsmanBench> {
  const model = cimModel(machineCount);
  const users = testUsers();
  const audit: AuditRecord[] = [];
  const bugs: unknown[] = [];
  const lost: string[] = [];
  const gone = new Set<string>();
  const wsman = new Wsman({
    manager: model.manager,
    product: { vendor: 'Understudy', version: '1.0' },
    profiles: ['https/basic', 'https/mutual'],
    audit: new AuditTrail((records) => audit.push(...records), nowMs),
    newId: randomUUID,
    nowMs,
    onBug: (_id, error) => bugs.push(error),
    events: {
      eventFilterOf: (namespace, language, text) => compileEventQuery({ schema: SCHEMA, namespace, host: 'host-a' }, language, text),
      eventHosts: [],
      isUser: (name) => !gone.has(name),
      onLost: (address, why) => lost.push(`${address}: ${why}`),
    },
  });
  const listener: Listener = await listen({
    address: '127.0.0.1',
    port: 0,
    tls,
    maxBodyBytes: 1_048_576,
    signIn: signInBy(users, nowMs),
    handle: wsman.handle,
    strangers: { accepts: wsman.isForStrangers, handle: wsman.handleStranger },
    onBug: (error) => bugs.push(error),
  });
  const url = `${tls ? 'https' : 'http'}://127.0.0.1:${listener.port}`;
  const close = async (): Promise<void> => {
    wsman.close();
    await listener.close();
    assert.deepEqual(bugs, []);
  };
  return { model, users, audit, lost, gone, wsman, port: listener.port, url, post: (body, more) => post(url, body, more), close };
}

/** One request over a connection of its own. */
export function post(url: string, body: string | Uint8Array, { method = 'POST', path = '/wsman', headers = {}, cert, key }: PostOptions = {}): Promise<WsmanAnswer> {
  const all = { 'content-type': 'application/soap+xml;charset=UTF-8', authorization: basic(), ...headers };
  const sent = Object.fromEntries(Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined));
  const secure = url.startsWith('https:') ? { rejectUnauthorized: false, cert, key } : {};
  return new Promise((resolve, reject) => {
    const request = (url.startsWith('https:') ? httpsRequest : httpRequest)(`${url}${path}`, { method, headers: sent, agent: false, ...secure }, (response) => {
      const pieces: Buffer[] = [];
      response.on('data', (piece: Buffer) => pieces.push(piece));
      response.on('end', () => {
        const bytes = Buffer.concat(pieces);
        resolve({ status: response.statusCode ?? 0, headers: response.headers, bytes, text: bytes.toString('utf8') });
      });
      response.on('error', reject);
    });
    request.on('error', reject);
    request.end(body);
  });
}

/** A key and a self-signed certificate of it. */
export async function selfSigned(name: string): Promise<{ key: string; cert: string; fingerprint: string }> {
  const key = await createKey();
  const cert = await createCertificate(createPrivateKey(key), { name, hostId: randomUUID() }, Date.now());
  return { key, cert, fingerprint: new X509Certificate(cert).fingerprint256.replaceAll(':', '').toLowerCase() };
}

export interface EnvelopeOptions {
  readonly action: string;
  readonly resource?: string;
  readonly selectors?: Readonly<Record<string, string>>;
  /** Markup of further headers. */
  readonly headers?: string;
  readonly body?: string;
}

export const WMI = 'http://schemas.microsoft.com/wbem/wsman/1/wmi/root/virtualization/v2';
export const DMTF = 'http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2';
const TRANSFER = 'http://schemas.xmlsoap.org/ws/2004/09/transfer';
const ENUMERATION = 'http://schemas.xmlsoap.org/ws/2004/09/enumeration';
export const actionOf = (name: string): string => (['Get', 'Put', 'Create', 'Delete'].includes(name) ? `${TRANSFER}/${name}` : `${ENUMERATION}/${name}`);

export function envelopeText({ action, resource = `${WMI}/Msvm_ComputerSystem`, selectors = {}, headers = '', body = '' }: EnvelopeOptions): string {
  const set = Object.entries(selectors).map(([name, value]) => `<w:Selector Name="${name}">${value}</w:Selector>`).join('');
  return `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:n="http://schemas.xmlsoap.org/ws/2004/09/enumeration" xmlns:e="http://schemas.xmlsoap.org/ws/2004/08/eventing" xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd" xmlns:b="http://schemas.dmtf.org/wbem/wsman/1/cimbinding.xsd" xmlns:x="http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd"><s:Header><a:Action s:mustUnderstand="true">${action}</a:Action><a:To>http://127.0.0.1/wsman</a:To><a:MessageID>uuid:11111111-2222-4333-8444-555555555555</a:MessageID><a:ReplyTo><a:Address>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:Address></a:ReplyTo><w:ResourceURI s:mustUnderstand="true">${resource}</w:ResourceURI>${set === '' ? '' : `<w:SelectorSet>${set}</w:SelectorSet>`}${headers}</s:Header><s:Body>${body}</s:Body></s:Envelope>`;
}

/** The first element of the answer's body. */
export function bodyOf(answer: Pick<WsmanAnswer, 'text'>): XmlElement {
  return elements(childNamed(parseXml(answer.text), 'Body')!)[0]!;
}

export const headersOf = (answer: Pick<WsmanAnswer, 'text'>): XmlElement => childNamed(parseXml(answer.text), 'Header')!;

/** Of a fault: `w:InternalError`. */
export function subcodeOf(answer: Pick<WsmanAnswer, 'text'>): string {
  const code = childNamed(bodyOf(answer), 'Code');
  const subcode = code && childNamed(code, 'Subcode');
  return subcode ? textOf(childNamed(subcode, 'Value')!) : `no subcode in ${answer.text.slice(0, 600)}`;
}
