/** Two simulated hosts with the real engine, service, providers and methods, asked as a protocol asks: through the object manager. */
import assert from 'node:assert/strict';
import { embeddedText } from '../../src/cim/embeddedtext.ts';
import type { CimValue, ObjectPath } from '../../src/cim/instance.ts';
import type { CimCaller, MethodOutcome, ObjectManager } from '../../src/cim/manager.ts';
import { SCHEMA, VIRTUALIZATION } from '../../src/cim/schema/published.ts';
import { ChangeFeed } from '../../src/daemon/changefeed.ts';
import { objectManagerOf } from '../../src/daemon/cim.ts';
import { PeerRosters, type KnownRoster } from '../../src/engine/roster/rosters.ts';
import type { Hardware } from '../../src/providers/domain.ts';
import type { Host } from '../../src/providers/methods/invocation.ts';
import { instancePath, machinePath, servicePath } from '../../src/providers/objectpaths.ts';
import type { Context, HostCertificate } from '../../src/service/context.ts';
import { createInventory } from '../../src/service/inventory.ts';
import { createManagement } from '../../src/service/management.ts';
import { createOperations } from '../../src/service/service.ts';
import { founded } from '../../src/relationship/epoch.ts';
import { Pair } from '../../src/simulation/pair.ts';
import type { SimulatedHost } from '../../src/simulation/host.ts';
import { Accounts } from '../../src/state/accounts.ts';
import { openInMemory } from '../../src/state/database.ts';
import { Authorizations, PairedHosts } from '../../src/state/hosts.ts';
import { Storages } from '../../src/service/storages.ts';
import { NotificationRows } from '../../src/state/notifications.ts';
import { RosterRows } from '../../src/state/rosters.ts';
import { ServiceSettingsRow } from '../../src/state/servicesettings.ts';

export const ADMINISTRATOR: CimCaller = { name: 'ada', role: 'administrator', from: 'test' };
export const OPERATOR: CimCaller = { name: 'olga', role: 'operator', from: 'test' };
export const VIEWER: CimCaller = { name: 'vic', role: 'viewer', from: 'test' };

const LIMIT_MS = 10 * 60_000;

const HARDWARE: Hardware = {
  manufacturer: null, model: null, serialNumber: null, uuid: '00000000-0000-4000-8000-000000000001', processors: [], memoryBytes: 0,
  system: { name: 'Debian', version: '12', kernel: '6.1', bootedMs: 0, installedMs: null, architecture: 'x86_64' },
  freeMemoryBytes: () => 0,
  loadPercent: () => 0,
};

export type Parameters = Readonly<Record<string, CimValue>>;

/** One host's CIM side, over the engine that lives now. */
export class CimHost {
  /** What it was told to listen on, and to show. */
  listensOn: number | null = null;
  presented: string | null = null;
  readonly certificates: HostCertificate[] = [{ thumbprint: 'AA'.repeat(20), fingerprint: 'AB', subject: 'CN=own', expiresMs: 0, unfit: null, certificatePem: '-----BEGIN CERTIFICATE-----\nAAEC\n-----END CERTIFICATE-----\n', isOwn: true }];
  readonly simulated: SimulatedHost;
  readonly context: Context;
  readonly manager: ObjectManager;
  readonly host: Host;

  constructor(simulated: SimulatedHost, peer: string, ...others: readonly string[]) {
    this.simulated = simulated;
    const engine = simulated.engine!;
    const database = openInMemory();
    const hosts = new PairedHosts(database);
    hosts.put({ hostId: peer, name: peer, address: `10.0.0.${peer === 'A' ? 1 : 2}:7443`, pin: 'cc:dd', certificateExpiresMs: 0 });
    for (const other of others) hosts.put({ hostId: other, name: other, address: '10.0.0.3:7443', pin: 'ee:ff', certificateExpiresMs: 0 });
    this.context = {
      engine, hosts, rosters: new PeerRosters(engine.host, new RosterRows<KnownRoster>(database)), accounts: new Accounts(database), authorizations: new Authorizations(database), serviceSettings: new ServiceSettingsRow(database), defaultStorage: '/replicas', configuredPeerPort: 7_443, proxy: null, fleecingDirectory: '/machines',
      notifications: new NotificationRows(database), messenger: { test: () => assert.fail(), targetChanged: () => undefined }, storages: new Storages({ host: engine.host, paths: () => [] }),
      network: {
        invite: () => assert.fail(), join: () => assert.fail(), test: () => Promise.resolve(), connected: () => true, lastContactMs: () => null, forget: () => undefined, rename: () => assert.fail(), renewCertificate: () => assert.fail(), listenOn: (port) => { this.listensOn = port; return Promise.resolve(); }, tell: () => Promise.resolve(),
        certificates: { list: () => Promise.resolve(this.certificates), install: () => assert.fail(), remove: () => assert.fail() },
        present: async (thumbprint, tell) => { await tell('ab'.repeat(32)); this.presented = thumbprint; return true; },
        normalAddress: (text) => text,
        self: { hostId: simulated.name, name: simulated.name, pin: 'aa:bb', address: `10.0.0.${peer === 'A' ? 2 : 1}:7443`, certificateExpiresMs: 0, thumbprint: 'AA'.repeat(20), fingerprint: 'AB', certificatePem: '-----BEGIN CERTIFICATE-----\nAAEC\n-----END CERTIFICATE-----\n' },
      },
      machines: {
        parse: () => assert.fail(), render: () => '', probeDisks: () => assert.fail(), console: () => ({ socketPath: '', logPath: '' }), pid: () => null, upMs: () => 1_000, forget: () => Promise.resolve(), ioThreads: () => Promise.resolve(0), imageHeader: () => Promise.resolve(null),
      },
    };
    this.host = {
      operations: createOperations(this.context), inventory: createInventory(this.context), management: createManagement(this.context), hardware: HARDWARE, requestedStates: new Map(),
      nowMs: () => engine.host.clock.nowMs(), newId: () => engine.host.newId(),
    };
    this.manager = objectManagerOf(this.host, { hostName: 'bench', changes: new ChangeFeed(), sleep: (ms) => engine.host.clock.sleep(ms), onBug: (bug) => assert.fail(String(bug)) });
  }

  get service(): ObjectPath {
    return servicePath('Msvm_ReplicationService', this.simulated.name);
  }
}

export interface Answer extends MethodOutcome {
  readonly job: Readonly<Record<string, CimValue>>;
}

export class CimBench {
  readonly pair: Pair;
  a!: CimHost;
  b!: CimHost;

  protected constructor(pair: Pair) {
    this.pair = pair;
  }

  /** The machine is enabled (states 1 and 2), its guest off. */
  static async enabled(seed: string): Promise<CimBench> {
    const pair = new Pair({ seed });
    const bench = new CimBench(pair);
    await pair.enable();
    bench.revive();
    return bench;
  }

  /** The guest runs and replicates (3 and 3), with a few recovery points. */
  static async replicating(seed: string): Promise<CimBench> {
    const bench = await CimBench.enabled(seed);
    const { pair } = bench;
    await pair.job(pair.a, 'start');
    await pair.job(pair.a, 'initial');
    await bench.cycles(3);
    return bench;
  }

  /** After a daemon was killed and booted. */
  revive(): void {
    this.a = new CimHost(this.pair.a, 'B');
    this.b = new CimHost(this.pair.b, 'A');
  }

  async cycles(count: number): Promise<void> {
    for (let cycle = 0; cycle < count; cycle += 1) {
      this.pair.guestWrites(this.pair.a);
      await this.pair.job(this.pair.a, 'cycle');
      await this.pair.pass(61_000);
    }
  }

  /** Another machine on A, of two disks, that is not replicated. Its id. */
  addMachine(name = 'other'): string {
    const { a } = this.pair;
    const template = a.state.machine(this.pair.machineId)!;
    const id = this.pair.random.uuid();
    const stacks = template.stacks.map((stack) => {
      const file = a.files.create(`/images/${name}-${stack.disk}`, stack.sizeBytes);
      return { ...stack, layers: [{ layerId: 'base', path: file.path }] };
    });
    a.state.putMachine({ ...template, id, name, definition: { ...template.definition, id, name }, stacks, lineage: founded(this.pair.random.uuid(), 'A') });
    return id;
  }

  get machine(): ObjectPath {
    return machinePath(this.pair.machineId);
  }

  state(at: CimHost): number | undefined {
    return at.simulated.state.relationship(this.pair.relationshipId)?.state;
  }

  side(at: CimHost): string | undefined {
    return at.simulated.state.relationship(this.pair.relationshipId)?.side;
  }

  within<T>(promise: Promise<T>, what: string): Promise<T> {
    return this.pair.time.until(promise, LIMIT_MS, what);
  }

  invoke(at: CimHost, path: ObjectPath, method: string, parameters: Parameters = {}, caller = ADMINISTRATOR): Promise<MethodOutcome> {
    return this.within(at.manager.invoke(caller, path, method, new Map(Object.entries(parameters))), method);
  }

  /** The method of Msvm_ReplicationService, about the machine unless the parameters say otherwise. */
  call(at: CimHost, method: string, parameters: Parameters = {}, caller = ADMINISTRATOR): Promise<MethodOutcome> {
    return this.invoke(at, at.service, method, { ComputerSystem: this.machine, ...parameters }, caller);
  }

  async get(at: CimHost, path: ObjectPath): Promise<Readonly<Record<string, CimValue>>> {
    const { instance } = await this.within(at.manager.get(ADMINISTRATOR, path), 'get');
    return Object.fromEntries(instance.properties);
  }

  text(at: CimHost, path: ObjectPath): Promise<string> {
    return this.within(at.manager.get(ADMINISTRATOR, path), 'get').then(({ instance }) => embeddedText({ schema: SCHEMA, namespace: VIRTUALIZATION, host: at.simulated.name }, instance));
  }

  settingsText(at: CimHost, machineId = this.pair.machineId): Promise<string> {
    return this.text(at, instancePath('Msvm_ReplicationSettingData', machineId));
  }

  /** The answer's job, once it has ended. */
  async ended(at: CimHost, { out }: MethodOutcome): Promise<Readonly<Record<string, CimValue>>> {
    const path = out.get('Job') as ObjectPath;
    assert.ok(path, 'there is a job');
    for (let waitedMs = 0; waitedMs < LIMIT_MS; waitedMs += 500) {
      const job = await this.get(at, path);
      if (job['JobState'] !== 4) return job;
      await this.pair.pass(500);
    }
    return assert.fail('the job does not end');
  }

  /** A call that starts a job which completes. */
  async succeeds(at: CimHost, call: Promise<MethodOutcome>): Promise<Answer> {
    const outcome = await call;
    const why = outcome.returnValue === 4_096 ? '' : `${outcome.returnValue}: ${String((await this.ended(at, outcome))['ErrorDescription'])}`;
    assert.equal(outcome.returnValue, 4_096, why);
    const job = await this.ended(at, outcome);
    assert.equal(job['JobState'], 7, String(job['ErrorDescription']));
    return { ...outcome, job };
  }

  /** A call that is answered with the number, and leaves a job that says why. */
  async fails(at: CimHost, call: Promise<MethodOutcome>, returnValue: number, why: RegExp): Promise<Answer> {
    const outcome = await call;
    assert.equal(outcome.returnValue, returnValue);
    const job = await this.ended(at, outcome);
    assert.deepEqual([job['JobState'], job['ErrorCode']], [10, returnValue]);
    assert.match(String(job['ErrorDescription']), why);
    return { ...outcome, job };
  }
}

/** The text with one property's value replaced, in the form that the writer gives it. */
export function withValue(text: string, property: string, value: string | null): string {
  const pattern = new RegExp(`(<PROPERTY NAME="${property}"[^>]*?)(/>|>.*?</PROPERTY>)`);
  assert.match(text, pattern, property);
  return text.replace(pattern, (_whole, head: string) => `${head}>${value === null ? '' : `<VALUE>${value}</VALUE>`}</PROPERTY>`);
}
