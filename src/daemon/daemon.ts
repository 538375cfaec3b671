/** One host's daemon: the only place that makes the drivers and joins them to the engine, the service and the API. */
import { randomBytes, randomUUID } from 'node:crypto';
import { accessSync, constants, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { createApi, type Api } from '../api/api.ts';
import type { ObjectManager } from '../cim/manager.ts';
import { Engine } from '../engine/engine.ts';
import type { Host } from '../engine/host.ts';
import { Fault, faultOf } from '../errors/fault.ts';
import { RealDirectory } from '../fingerprints/files.ts';
import { Fingerprints } from '../fingerprints/store.ts';
import { directoryMedia } from '../media/media.ts';
import { QemuHypervisor } from '../hypervisor/qemu/qemu.ts';
import { probeDisks } from '../hypervisor/qemu/probe.ts';
import { Qcow2Layers } from '../layers/layers.ts';
import { createRawWrapper } from '../layers/rawwrapper.ts';
import type { MachineDefinition } from '../machine/definition.ts';
import { parseDefinition, renderDefinition } from '../machine/parse.ts';
import { admissionOf } from '../relationship/authorization.ts';
import { formatAddress } from '../peer/address.ts';
import { CertificateStore } from '../peer/certificatestore.ts';
import { openIdentity, type Identity } from '../peer/identity.ts';
import { PeerNetwork } from '../peer/peer.ts';
import { waysOf } from '../peer/proxy.ts';
import type { Notifier } from '../notifier/notifier.ts';
import type { Context, Machines } from '../service/context.ts';
import { authorizePaired } from '../service/hosts.ts';
import { notePeerPort, tellPort } from '../service/peering.ts';
import { createOperations } from '../service/service.ts';
import { Storages, type StorageUse } from '../service/storages.ts';
import type { Subscriptions } from '../interop/subscriptions.ts';
import { pageRoutes } from '../page/page.ts';
import { Accounts } from '../state/accounts.ts';
import { openDatabase } from '../state/database.ts';
import { lockState } from '../state/lock.ts';
import { Authorizations, Invitations, PairedHosts } from '../state/hosts.ts';
import { RosterRows } from '../state/rosters.ts';
import { ServiceSettingsRow } from '../state/servicesettings.ts';
import { DiskScanner } from '../scanning/scanning.ts';
import { SqliteState } from '../state/state.ts';
import { TestResultFiles } from '../testresults/testresults.ts';
import { startMachine } from '../engine/power.ts';
import { PeerRosters, type KnownRoster } from '../engine/roster/rosters.ts';
import { report } from '../engine/report.ts';
import { takeStock } from '../engine/replica/stocktaking.ts';
import { ChangeFeed } from './changefeed.ts';
import { cimHostOf, objectManagerOf } from './cim.ts';
import { systemClock } from './clock.ts';
import { zstd } from './compression.ts';
import { API_PORT, type Config } from './config.ts';
import { hardwareOf } from './hardware.ts';
import { imageHeader } from './imageheader.ts';
import type { Counters } from '../metrics/counters.ts';
import { Metrics } from '../metrics/metrics.ts';
import { logEvent } from './log.ts';
import { countAnswer, countersOf } from './metering.ts';
import { networkOf } from './network.ts';
import { notifyingOf } from './notifying.ts';
import { interopOf, subscriptionsOf } from './interop.ts';
import { routed, routeTo } from './routing.ts';
import { sabotaged } from './sabotage.ts';
import { tellRestored } from './restored.ts';
import { trafficOf } from './traffic.ts';
import { openWbem } from './wbem.ts';
import { say } from '../language/text.ts';

const PAGE_DIRECTORY = join(import.meta.dirname, '../../web/dist');

interface Parts {
  readonly subscriptions: Subscriptions;
  readonly hypervisor: QemuHypervisor;
  readonly layers: Qcow2Layers;
  readonly fingerprints: Fingerprints;
  readonly scanner: DiskScanner;
  readonly notifier: Notifier;
  readonly counters: Counters;
  close(): void;
}

export class Daemon {
  readonly context: Context;
  readonly cim: ObjectManager;
  readonly #config: Config;
  readonly #log: Logger;
  readonly #peers: PeerNetwork;
  readonly #api: Api;
  readonly #parts: Parts;
  readonly #opened: () => void;
  #wbem: { close(): Promise<void> } | null = null;

  private constructor(config: Config, log: Logger, context: Context, cim: ObjectManager, peers: PeerNetwork, api: Api, parts: Parts, opened: () => void) {
    this.#config = config;
    this.#log = log;
    this.context = context;
    this.cim = cim;
    this.#peers = peers;
    this.#api = api;
    this.#parts = parts;
    this.#opened = opened;
  }

  /** The host is up: peers and people are answered, and what a crash left half done goes on. */
  static async start(config: Config, version: string, log: Logger, crash: (bug: unknown) => void): Promise<Daemon> {
    makeDirectories(config);
    const lock = lockState(config.stateDir);
    const database = openDatabase(config.stateDir);
    const [hosts, authorizations] = [new PairedHosts(database), new Authorizations(database)];
    const feed = new ChangeFeed();
    const accounts = new Accounts(database, Date.now, (name) => feed.publish({ kind: 'user', id: name }));
    const serviceSettings = new ServiceSettingsRow(database);
    const hypervisor = new QemuHypervisor({ runDir: config.runDir, stateDir: config.stateDir });
    const layers = await Qcow2Layers.start(join(config.runDir, 'layers'));
    const scanner = new DiskScanner();
    const fingerprints = new Fingerprints(new RealDirectory(join(config.stateDir, 'fingerprints')));
    const contextLater: { current?: Context } = {};
    const state = new SqliteState(database, (id) => feed.publish({ kind: 'event', id: String(id) }));
    const counters = countersOf(feed, state);
    const own = await openIdentity(config.stateDir, config.hostName);
    const peers = peersOf({ config, log, state, hosts, invitations: new Invitations(database), identity: await identityInForce(config.stateDir, own, serviceSettings, log), context: () => contextLater.current! });
    const host: Host = {
      hostId: peers.identity.hostId,
      hostName: config.hostName, version, page: pageOf(config),
      clock: systemClock,
      ...sabotaged(config.sabotage, { hypervisor, layers, state }),
      fingerprints,
      media: directoryMedia, testResults: new TestResultFiles(join(config.stateDir, 'test-results')),
      peers: routed(peers, state),
      compression: zstd, scanner, traffic: trafficOf(state, serviceSettings),
      newId: randomUUID,
      newKey: () => randomBytes(32),
      admission: (hostId, boundId) => admissionOf(serviceSettings.get().acceptsReplicas, authorizations.list(), hosts.get(hostId)?.name ?? '', boundId),
      monitoring: () => serviceSettings.monitoring,
      missingFiles: async (definition) => missingFiles(definition),
      peerName: (hostId) => hosts.get(hostId)?.name ?? hostId,
      crash, changed: (kind, id) => feed.publish({ kind, id }), observed: (observation) => counters.observed(observation),
    };
    const engine = new Engine(host);
    const network = networkOf({ peers, own, stateDir: config.stateDir, peerAddress: config.peerAddress });
    const { rows: notifications, notifier } = notifyingOf({ host, database, sendmail: config.sendmail, proxy: config.proxy, context: () => contextLater.current!, counted: (event) => counters.notified(event) });
    followFeed(feed, { state, notifier, log });
    const storages = new Storages({ host, paths: () => storagePaths(config, contextLater.current!) });
    const context: Context = { engine, accounts, notifications, messenger: notifier, storages, hosts, authorizations, serviceSettings, network, machines: machinesOf(hypervisor, config), rosters: new PeerRosters(engine.host, new RosterRows<KnownRoster>(database)), defaultStorage: config.storage, configuredPeerPort: config.peerPort, proxy: config.proxy && formatAddress(config.proxy), fleecingDirectory: join(config.stateDir, 'machines') };
    const operations = createOperations((contextLater.current = context));
    const subscriptions = subscriptionsOf(database, config.hostName);
    const cim = objectManagerOf(cimHostOf(context, operations, hardwareOf(host.hostId)), { others: interopOf(subscriptions, config.hostName, version), hostName: config.hostName, changes: feed, sleep: (ms) => systemClock.sleep(ms), onBug: (bug) => log.error({ err: bug }, 'a defect while telling a change over CIM') });
    const opened = Promise.withResolvers<undefined>();
    const metrics = new Metrics(context, counters);
    const api = await createApi({
      opened: opened.promise, operations, changes: feed, hostNames: [hostname(), config.hostName],
      metrics: (format) => metrics.text(format), onAnswer: (answer) => countAnswer(counters, answer),
      version,
      endSession: (token) => accounts.endSession(token),
      onBug: ({ id, request, error }) => log.error({ id, request, err: error }, 'a defect while answering'),
    });
    const daemon = new Daemon(config, log, context, cim, peers, api, { hypervisor, layers, fingerprints, scanner, subscriptions, notifier, counters, close: () => (database.close(), lock.close()) }, () => opened.resolve(undefined));
    await daemon.#open();
    return daemon;
  }

  /** The local socket first: it is what tells that another daemon runs here. Nobody is answered before stock was taken. */
  async #open(): Promise<void> {
    const { apiAddress, peerAddress, peerPort, portOffset, runDir } = this.#config;
    pageRoutes(this.#api.app, PAGE_DIRECTORY);
    await this.#api.listenLocal(join(runDir, 'api.sock'));
    const { engine, hosts, authorizations, rosters, serviceSettings, defaultStorage } = this.context;
    await this.#parts.hypervisor.reap();
    await takeStock(engine.host, [defaultStorage, ...authorizations.list().map(({ storage }) => storage), ...(serviceSettings.get().restored?.storages ?? [])]);
    tellRestored(this.context);
    const port = serviceSettings.get().peerPort ?? peerPort;
    await this.#peers.listen({ host: peerAddress, port }, engine.handle);
    notePeerPort(this.context, port);
    this.#peers.onContact(({ hostId, connected }) => {
      this.#log.info({ host: hosts.get(hostId)?.name ?? hostId, connected }, connected ? 'in contact with the host' : 'the host is out of reach');
      engine.host.changed('host', hostId);
      rosters.contact(hostId);
      if (!connected) return;
      engine.contact(hostId);
      void tellPort(this.context, hostId);
    });
    void this.#thaw();
    engine.start();
    this.#opened();
    for (const { hostId } of hosts.list()) this.#peers.keepContact(hostId);
    await this.#api.listenTcp({ host: apiAddress, port: API_PORT + portOffset });
    const ownTls = () => ({ key: this.#peers.identity.keyPem, cert: this.#peers.identity.certificatePem });
    this.#wbem = await openWbem({ config: this.#config, accounts: this.context.accounts, manager: this.cim, subscriptions: this.#parts.subscriptions, ownTls, version: versionOf(), log: this.#log, onSignInFailure: () => this.#parts.counters.signInFailures.add(['wbem']) });
    this.#parts.notifier.start();
    void this.#autostart();
  }

  /** A daemon that died while a guest was frozen may have left it so, if its watchdog died too. */
  async #thaw(): Promise<void> {
    const { host } = this.context.engine;
    await this.#parts.hypervisor.thawAll((machine, fileSystems) => {
      if (fileSystems === null) report(host, 'guest-frozen', machine, 'its guest was frozen when the daemon ended, and its agent does not confirm that it goes on');
      else report(host, 'guest-thawed', machine, say('its guest was frozen when the daemon ended; {count} of its file systems were thawed', { count: fileSystems }));
    });
  }

  /** Each asks its peer first. One that may not start, or fails, does not keep the others. */
  async #autostart(): Promise<void> {
    const { engine } = this.context;
    const lifetime = new AbortController();
    for (const machine of engine.host.state.machines()) {
      if (!machine.definition.autostart || machine.copyOf !== null || engine.host.state.relationshipOf(machine.id)?.side === 'replica') continue;
      try {
        if ((await engine.host.hypervisor.power(machine.id)) === 'off') await engine.worker(machine.id).exclusive('autostart', (signal) => startMachine(engine.host, machine.id, signal), lifetime.signal);
      } catch (thrown) {
        this.#log.warn({ machine: machine.name, reason: (thrown as Error).message, hint: faultOf(thrown)?.hint }, 'the machine was not started');
      }
    }
  }

  /** Guests run on; open attempts and jobs wait for the next daemon. */
  async stop(): Promise<void> {
    await Promise.all([this.#api.close(), this.#wbem?.close()]);
    await this.#parts.notifier.stop();
    await this.context.rosters.stop();
    await this.context.engine.stop();
    await this.#peers.close();
    await this.#parts.scanner.stop();
    await this.#parts.layers.stop();
    await this.#parts.fingerprints.close();
    await this.#parts.hypervisor.close();
    this.#parts.close();
  }
}

function makeDirectories({ stateDir, runDir }: Config): void {
  for (const path of [stateDir, runDir]) {
    try {
      mkdirSync(path, { recursive: true, mode: 0o700 });
      accessSync(path, constants.W_OK);
    } catch (cause) {
      throw new Fault('settings-invalid', say('the directory {path} cannot be used: {reason}', { path, reason: (cause as Error).message }), { cause });
    }
  }
}

interface PeerParts {
  readonly config: Config;
  readonly log: Logger;
  readonly state: SqliteState;
  readonly hosts: PairedHosts;
  readonly invitations: Invitations;
  readonly identity: Identity;
  /** Asked only once a host pairs. */
  readonly context: () => Context;
}

const peersOf = ({ config, log, state, hosts, invitations, identity, context }: PeerParts): PeerNetwork =>
  new PeerNetwork({
    identity, directory: hosts, invitations,
    reportBug: (error, subject) => log.error({ err: error, subject }, 'a defect while answering a peer'),
    onPaired: (host, storage) => authorizePaired(context(), host.name, storage),
    wayTo: waysOf(config.proxy), routeTo: (hostId) => routeTo(state, hostId),
  });

/** That of the certificate that was chosen; a host whose certificate is gone goes on by its own key, and says so. */
async function identityInForce(stateDir: string, own: Identity, settings: ServiceSettingsRow, log: Logger): Promise<Identity> {
  const { certificate } = settings.get();
  if (certificate === null) return own;
  const chosen = await new CertificateStore(stateDir).identityWith(certificate, own);
  if (!chosen) log.error({ certificate }, 'the certificate that was chosen is not there any more: other hosts are shown this host\'s own, which they may not know (understudy server certificate add)');
  return chosen ?? own;
}

/** What changes is looked at for notifications, and each entry of the event log is in the daemon's log, too. */
function followFeed(feed: ChangeFeed, { state, notifier, log }: { readonly state: SqliteState; readonly notifier: Notifier; readonly log: Logger }): void {
  feed.subscribe(({ kind, id }) => {
    notifier.changed();
    if (kind === 'event') for (const event of state.events(Number(id) - 1, 1)) logEvent(log, event);
  });
}

/** Where replicas are kept, and where this host's own state is. */
function storagePaths(config: Config, { authorizations, engine, serviceSettings, defaultStorage }: Context): readonly { readonly use: StorageUse; readonly path: string }[] {
  const replicas = engine.host.state.relationships().some(({ side }) => side === 'replica') ? engine.host.state.machines().map(({ storage }) => storage) : [];
  const offered = serviceSettings.get().acceptsReplicas ? [defaultStorage, ...authorizations.list().map(({ storage }) => storage)] : [];
  return [{ use: 'state', path: config.stateDir }, ...[...new Set([...replicas, ...offered])].map((path) => ({ use: 'replicas', path }) as const)];
}
/** A page that only this host can open is not told of. */
const pageOf = ({ pageUrl, apiAddress, portOffset }: Config): NonNullable<Host['page']> => {
  if (pageUrl !== null) return { url: pageUrl, port: null };
  if (isLoopback(apiAddress)) return { url: null, port: null };
  return { url: null, port: API_PORT + portOffset };
};
const isLoopback = (address: string): boolean => address.startsWith('127.') || ['::1', 'localhost'].includes(address);

const missingFiles = (definition: MachineDefinition): string[] =>
  [definition.directBoot?.kernelPath, definition.directBoot?.initrdPath, definition.firmware.codePath, definition.firmware.variablesTemplatePath].filter(
    (path): path is string => path !== undefined && !existsSync(path),
  );

const machinesOf = (hypervisor: QemuHypervisor, config: Config): Machines => ({
  parse: (toml) => parseDefinition(toml, randomUUID()),
  render: renderDefinition,
  probeDisks: (definition) => probeDisks(definition, { wrapperPath: (machineId, disk) => join(config.stateDir, 'machines', machineId, `${disk}.wrapper.qcow2`), createRawWrapper }),
  console: (machineId) => hypervisor.console(machineId),
  pid: (machineId) => hypervisor.pid(machineId),
  upMs: (machineId) => hypervisor.upMs(machineId),
  ioThreads: async (machineId) => (await (await hypervisor.monitor(machineId)).execute<readonly unknown[]>('query-iothreads')).length,
  imageHeader,
  forget: (machineId) => hypervisor.forget(machineId),
});

export const versionOf = (): string => {
  const path = new URL('../../package.json', import.meta.url);
  if (!existsSync(path)) throw new Fault('state-corrupt', say('package.json is missing'));
  return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version;
};
