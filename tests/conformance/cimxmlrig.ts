/** CIM-XML on a real socket over a world in memory, and the smallest client for it. */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { request } from 'node:http';
import type { CimCaller } from '../../src/cim/manager.ts';
import { createObjectManager, type PublishingObjectManager } from '../../src/cim/objectmanager.ts';
import { SCHEMA } from '../../src/cim/schema/published.ts';
import { deliverIndications } from '../../src/interop/delivery.ts';
import { interopProviders } from '../../src/interop/interop.ts';
import { Records, type RecordStore, type StoredRecord } from '../../src/interop/records.ts';
import { Subscriptions } from '../../src/interop/subscriptions.ts';
import { AuditTrail, type AuditRecord } from '../../src/wbem/audit.ts';
import { CimXml } from '../../src/wbem/cimxml.ts';
import { listen } from '../../src/wbem/listener.ts';
import { cimXmlWorld, type Invoked } from './cimxmlworld.ts';

const ROLES: Readonly<Record<string, CimCaller['role']>> = { vera: 'viewer', otto: 'operator', anna: 'administrator' };
export const HOST_NAME = 'host1.example';

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

export interface CimXmlRig {
  readonly port: number;
  readonly manager: PublishingObjectManager;
  readonly invoked: Invoked[];
  readonly bugs: unknown[];
  readonly audited: AuditRecord[];
  /** Why indications were given up. */
  readonly lost: readonly string[];
  /** How long delivery waited before it tried again, each time. */
  readonly waits: readonly number[];
  /** Only those are users from now on, as housekeeping sees it. */
  usersAre(...names: readonly string[]): void;
  /** Whether somebody looks for changes. */
  readonly isWatched: boolean;
  /** What the enumerations' clock says; tests move it. */
  clockMs: number;
  post(body: string | Uint8Array, headers?: Readonly<Record<string, string>>): Promise<HttpAnswer>;
  wbemcli(operation: string, object: string, ...rest: readonly string[]): Promise<{ readonly out: string; readonly error: string; readonly code: number }>;
  close(): Promise<void>;
}

export interface RigOptions {
  readonly machines?: number;
  readonly user?: string;
  readonly store?: RecordStore;
}

/** Rows that outlive a rig. */
export function memoryStore(): RecordStore & { clear(): void } {
  const rows = new Map<string, StoredRecord>();
  return { rows: () => [...rows.values()], put: (id, record) => void rows.set(id, record), remove: (id) => void rows.delete(id), clear: () => rows.clear() };
}

export async function openCimXmlRig({ machines = 3, user = 'anna', store = memoryStore() }: RigOptions = {}): Promise<CimXmlRig> {
  const model = cimXmlWorld(machines);
  const subscriptions = new Subscriptions({ schema: SCHEMA, hostName: HOST_NAME, records: new Records(SCHEMA, store) });
  const interop = interopProviders({ hostName: HOST_NAME, version: '1.2.3', namespaces: SCHEMA.namespaces });
  const lost: string[] = [];
  const waits: number[] = [];
  const ending = new AbortController();
  let isWatched = false;
  const manager = createObjectManager({
    schema: SCHEMA,
    host: HOST_NAME,
    instances: [...model.instances, ...interop, ...subscriptions.instances],
    associations: [...model.associations, ...subscriptions.associations],
    onWatched: (watched) => (isWatched = watched),
  });
  deliverIndications({ manager, schema: SCHEMA, subscriptions, host: HOST_NAME, newId: randomUUID, sleep: async (ms) => void waits.push(ms), onLost: (_url, why) => lost.push(why), signal: ending.signal });
  const bugs: unknown[] = [];
  const clock = { ms: 1_000_000 };
  const audited: AuditRecord[] = [];
  const audit = new AuditTrail((records) => audited.push(...records), () => clock.ms);
  const cimxml = new CimXml({ manager, schema: SCHEMA, audit, host: HOST_NAME, nowMs: () => clock.ms, newId: randomUUID, onBug: (_id, error) => bugs.push(error) });
  const { port, close } = await listen({
    address: '127.0.0.1',
    port: 0,
    maxBodyBytes: 4 * 1024 * 1024,
    signIn: async ({ authorization = '', from }) => {
      const name = Buffer.from(authorization.replace(/^Basic /, ''), 'base64').toString().split(':')[0]!;
      return { name, role: ROLES[name] ?? 'viewer', from };
    },
    handle: cimxml.handle,
    onBug: (error) => bugs.push(error),
  });
  return {
    port,
    manager,
    invoked: model.invoked,
    bugs,
    audited,
    lost,
    waits,
    usersAre: (...names) => subscriptions.endOrphans((name) => names.includes(name)),
    get isWatched() {
      return isWatched;
    },
    get clockMs() {
      return clock.ms;
    },
    set clockMs(ms: number) {
      clock.ms = ms;
    },
    post: (body, headers = {}) => post(port, user, body, headers),
    wbemcli: (operation, object, ...rest) => wbemcli([operation, `http://${user}:secret@127.0.0.1:${port}/${object}`, ...rest]),
    close: async () => {
      ending.abort();
      await close();
    },
  };
}

function post(port: number, user: string, body: string | Uint8Array, headers: Readonly<Record<string, string>>): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const auth = `${user}:secret`;
    const outgoing = request({ host: '127.0.0.1', port, method: 'POST', path: '/cimom', agent: false, auth, headers: { 'content-type': 'application/xml; charset="utf-8"', 'content-length': String(Buffer.byteLength(body)), ...headers } }, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('error', reject);
      incoming.on('end', () => resolve({ status: incoming.statusCode!, headers: incoming.headers, text: Buffer.concat(chunks).toString() }));
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

const wbemcli = (parameters: readonly string[]): Promise<{ out: string; error: string; code: number }> =>
  new Promise((resolve) => {
    execFile('wbemcli', parameters, { timeout: 20_000, maxBuffer: 64 * 1024 * 1024 }, (failure, out, error) => resolve({ out, error, code: failure ? Number(failure.code ?? 1) : 0 }));
  });
