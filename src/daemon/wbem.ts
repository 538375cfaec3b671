/** WS-Management and CIM-XML of this host: four listeners over one object model, one directory of users, one audit trail. */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Logger } from 'pino';
import { SignInGate } from '../api/signingate.ts';
import { compileEventQuery } from '../cim/events.ts';
import type { ObjectManager } from '../cim/manager.ts';
import { SCHEMA } from '../cim/schema/published.ts';
import { Fault } from '../errors/fault.ts';
import { deliverIndications } from '../interop/delivery.ts';
import type { Subscriptions } from '../interop/subscriptions.ts';
import { say } from '../language/text.ts';
import type { Accounts, StampedAccount } from '../state/accounts.ts';
import { AuditTrail } from '../wbem/audit.ts';
import { CimXml } from '../wbem/cimxml.ts';
import { listen, type Listener, type ListenerOptions, type Tls } from '../wbem/listener.ts';
import { signInBy, type UserDirectory } from '../wbem/signin.ts';
import { Wsman } from '../wbem/wsman/wsman.ts';
import { systemClock } from './clock.ts';
import { WBEM_PORTS, type Config } from './config.ts';

export interface WbemSurroundings {
  readonly config: Config;
  readonly accounts: Accounts;
  readonly manager: ObjectManager;
  /** Of CIM-XML listeners; their indications are sent until `close`. */
  readonly subscriptions: Subscriptions;
  /** The certificate that the peers know, as it is now: it may be renewed. */
  readonly ownTls: () => Tls;
  readonly version: string;
  readonly log: Logger;
  /** Called for each sign-in that failed. */
  readonly onSignInFailure: () => void;
}

/** Twice what MS-WSMV allows an envelope, which in UTF-16 is the same text. */
const MAX_BODY_BYTES = 1_048_576;
const HOUSEKEEPING_MS = 30_000;
/** One commit for reads of a second, not one for each: a commit costs more than the read. */
const READS_TOGETHER = 256;
const AUDIT_WITHIN_MS = 1_000;

/** Clients are answered until `close`. Fault port-in-use, settings-invalid. */
export async function openWbem(surroundings: WbemSurroundings): Promise<{ close(): Promise<void> }> {
  const { config, accounts, manager, version, log } = surroundings;
  const audit = new AuditTrail((records) => accounts.recordAudit(...records), Date.now, READS_TOGETHER);
  const onBug = (error: unknown) => log.error({ err: error }, 'a defect while answering a WBEM client');
  const onBugWithId = (id: string, error: unknown) => log.error({ id, err: error }, 'a defect while answering a WBEM client');
  const wsman = new Wsman({
    manager,
    audit,
    product: { vendor: 'Understudy', version },
    profiles: ['http/basic', 'https/basic', 'https/mutual'],
    newId: randomUUID,
    nowMs: Date.now,
    onBug: onBugWithId,
    events: {
      eventFilterOf: (namespace, language, query) => compileEventQuery({ schema: SCHEMA, namespace, host: config.hostName }, language, query),
      eventHosts: config.wbemEventHosts,
      isUser: isUserOf(accounts),
      onLost: (address, why) => log.warn({ address, why }, 'a subscription was given up: events cannot be pushed'),
    },
  });
  const strangers = { accepts: wsman.isForStrangers, handle: wsman.handleStranger };
  const cimxml = new CimXml({ manager, schema: SCHEMA, audit, host: config.hostName, nowMs: Date.now, newId: randomUUID, onBug: onBugWithId });
  const shared = { maxBodyBytes: MAX_BODY_BYTES, signIn: signInBy(directoryOf(accounts, surroundings.onSignInFailure)), onBug };
  const tls = tlsOf(surroundings);
  const plainDoor = (port: number) => ({ ...shared, address: config.wbemPlainAddress, port: port + config.portOffset });
  const tlsDoor = (port: number) => ({ ...shared, address: config.wbemAddress, port: port + config.portOffset, tls });
  const doors: ListenerOptions[] = [
    { ...plainDoor(WBEM_PORTS.wsman), handle: wsman.handle, strangers },
    { ...tlsDoor(WBEM_PORTS.wsmanTls), handle: wsman.handle, strangers },
    { ...plainDoor(WBEM_PORTS.cimxml), handle: cimxml.handle },
    { ...tlsDoor(WBEM_PORTS.cimxmlTls), handle: cimxml.handle },
  ];
  const listeners = await openAll(doors);
  const ending = new AbortController();
  deliver(surroundings, ending.signal);
  const housekeeping = setInterval(() => keepHouse(surroundings, [wsman, cimxml], listeners), HOUSEKEEPING_MS).unref();
  const auditing = setInterval(() => audit.flush(), AUDIT_WITHIN_MS).unref();
  return {
    close: async () => {
      clearInterval(housekeeping);
      ending.abort(new Fault('cancelled', say('the daemon ends')));
      wsman.close();
      await Promise.all(listeners.map((listener) => listener.close()));
      clearInterval(auditing);
      audit.flush();
    },
  };
}

function deliver({ config, manager, subscriptions, log }: WbemSurroundings, signal: AbortSignal): void {
  deliverIndications({
    manager,
    schema: SCHEMA,
    subscriptions,
    host: config.hostName,
    newId: randomUUID,
    sleep: (ms, ended) => systemClock.sleep(ms, ended),
    onLost: (destination, reason) => log.warn({ destination, reason }, 'an indication was not delivered'),
    signal,
  });
}

/** All of them, or none. */
async function openAll(doors: readonly ListenerOptions[]): Promise<Listener[]> {
  const opened: Listener[] = [];
  try {
    for (const door of doors) opened.push(await listen(door));
    return opened;
  } catch (error) {
    await Promise.all(opened.map((listener) => listener.close()));
    throw error;
  }
}

function tlsOf({ config, ownTls }: WbemSurroundings): Tls {
  if (config.wbemCertificate === null || config.wbemKey === null) return ownTls();
  try {
    return { cert: readFileSync(config.wbemCertificate, 'utf8'), key: readFileSync(config.wbemKey, 'utf8') };
  } catch (cause) {
    throw new Fault('settings-invalid', say('wbemCertificate and wbemKey cannot be read: {reason}', { reason: (cause as Error).message }), { cause });
  }
}

const isUserOf = (accounts: Accounts) => (name: string): boolean => accounts.account(name) !== undefined;

/** Contexts that nobody uses go, and what users left who are none any more; a certificate that was renewed is shown from now on. */
function keepHouse(surroundings: WbemSurroundings, protocols: readonly { sweep(): void }[], listeners: readonly Listener[]): void {
  for (const protocol of protocols) protocol.sweep();
  surroundings.subscriptions.endOrphans(isUserOf(surroundings.accounts));
  try {
    const tls = tlsOf(surroundings);
    for (const listener of listeners) listener.renew(tls);
  } catch (error) {
    surroundings.log.warn({ reason: (error as Error).message }, 'the WBEM certificate was not read again; the one before stays');
  }
}

const known = ({ name, role, stamp }: StampedAccount) => ({ name, role, stamp });

function directoryOf(accounts: Accounts, onSignInFailure: () => void): UserDirectory {
  const gate = new SignInGate();
  const audited = async (name: string, password: string, from: string): Promise<StampedAccount> => {
    try {
      return await gate.pass(from, name, () => accounts.verify(name, password));
    } catch (error) {
      onSignInFailure();
      accounts.recordAudit({ who: name.slice(0, 64), from, operation: 'sign-in', subject: 'WBEM', outcome: 'failed' });
      throw error;
    }
  };
  return {
    verify: async (name, password, from) => known(await audited(name, password, from)),
    current: (name) => accounts.account(name),
    ofCertificate: (fingerprint) => {
      const user = accounts.certificates.userOf(fingerprint);
      return user === undefined ? undefined : accounts.account(user);
    },
  };
}
