/** A host behind the object manager: the real engine, service and providers over a state in memory; the peer never answers. */
import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CimCaller, ObjectManager } from '../../src/cim/manager.ts';
import { ChangeFeed } from '../../src/daemon/changefeed.ts';
import { cimHostOf, objectManagerOf } from '../../src/daemon/cim.ts';
import { systemClock } from '../../src/daemon/clock.ts';
import { emptyRelationship } from '../../src/engine/answers.ts';
import { Engine } from '../../src/engine/engine.ts';
import { PeerRosters, type KnownRoster } from '../../src/engine/roster/rosters.ts';
import { DEFAULT_TRAFFIC } from '../../src/engine/traffic/limits.ts';
import { Traffic } from '../../src/engine/traffic/traffic.ts';
import type { Host as EngineHost } from '../../src/engine/host.ts';
import { Fault } from '../../src/errors/fault.ts';
import { Fingerprints } from '../../src/fingerprints/store.ts';
import type { MachineDefinition } from '../../src/machine/definition.ts';
import { macOf } from '../../src/machine/parse.ts';
import type { Job, Machine, Point, Relationship } from '../../src/machine/records.ts';
import type { Hardware } from '../../src/providers/domain.ts';
import type { Host } from '../../src/providers/methods/invocation.ts';
import { founded } from '../../src/relationship/epoch.ts';
import { defaultSettings } from '../../src/relationship/settings.ts';
import type { Context } from '../../src/service/context.ts';
import { createOperations } from '../../src/service/service.ts';
import { Files } from '../../src/simulation/files.ts';
import { MemoryDirectory } from '../../src/simulation/fingerprints.ts';
import { SimulatedHypervisor } from '../../src/simulation/hypervisor.ts';
import { SimulatedLayers } from '../../src/simulation/layers.ts';
import { SimulatedMedia } from '../../src/simulation/media.ts';
import { SimulatedTestResults } from '../../src/simulation/testresults.ts';
import { Accounts } from '../../src/state/accounts.ts';
import { openInMemory } from '../../src/state/database.ts';
import { Authorizations, PairedHosts } from '../../src/state/hosts.ts';
import { Storages } from '../../src/service/storages.ts';
import { NotificationRows } from '../../src/state/notifications.ts';
import { RosterRows } from '../../src/state/rosters.ts';
import { ServiceSettingsRow } from '../../src/state/servicesettings.ts';
import { SqliteState } from '../../src/state/state.ts';

export const HOST = 'alpha.example';
export const PEER = 'beta.example';
export const PEER_ID = '0b5e1fcd-6d5c-4f4e-9d10-30d3a9c6a001';
export const VIEWER: CimCaller = { name: 'vera', role: 'viewer', from: 'test' };

export const HARDWARE: Hardware = {
  manufacturer: 'Acme', model: 'Server 1', serialNumber: 'SN-7', uuid: '4c4c4544-0000-2010-8020-80c04f202020',
  processors: [0, 1].map(() => ({ name: 'Test CPU', manufacturer: 'GenuineTest', cores: 4, threads: 8, clockMhz: 2_400, architecture: 'x64' })),
  memoryBytes: 64 * 2 ** 30, freeMemoryBytes: () => 32 * 2 ** 30, loadPercent: () => 7,
  system: { name: 'Debian GNU/Linux 12 (bookworm)', version: '12', kernel: '6.1.0', bootedMs: Date.now() - 3_600_000, installedMs: 1_700_000_000_000, architecture: 'x64' },
};

export class CimHost {
  readonly database = openInMemory();
  readonly state = new SqliteState(this.database);
  readonly hosts = new PairedHosts(this.database);
  readonly authorizations = new Authorizations(this.database);
  readonly feed = new ChangeFeed();
  readonly files = new Files();
  readonly hypervisor = new SimulatedHypervisor(this.files, { nowMs: () => Date.now(), sleep: (ms) => sleep(ms), onInstant: () => undefined, onStart: () => undefined });
  readonly context: Context = this.#context();
  readonly host: Host = cimHostOf(this.context, createOperations(this.context), HARDWARE);
  readonly bugs: unknown[] = [];
  readonly manager: ObjectManager = objectManagerOf(this.host, { hostName: HOST, changes: this.feed, sleep, onBug: (bug) => this.bugs.push(bug) });


  constructor() {
    this.hosts.put({ hostId: PEER_ID, name: PEER, address: '192.0.2.7:7543', pin: 'cc'.repeat(32), certificateExpiresMs: Date.now() + 86_400_000 });
    this.authorizations.put({ id: randomUUID(), host: PEER, storage: '/replicas', trustGroup: 'DEFAULT' });
    this.authorizations.put({ id: randomUUID(), host: '*.other.example', storage: '/others', trustGroup: 'other' });
  }

  /** A machine that is off and not replicated. */
  addMachine(name: string, more: Partial<MachineDefinition> = {}, copyOf: string | null = null): Machine {
    const id = randomUUID();
    const definition: MachineDefinition = {
      id, name, machineType: 'pc-q35-7.2', cpuModel: 'max', cpuCount: 2, memoryMiB: 1_024,
      disks: [{ name: 'root', path: `/images/${name}.qcow2`, format: 'qcow2', bus: 'virtio' }, { name: 'data', path: `/images/${name}-data.raw`, format: 'raw', bus: 'virtio' }],
      nics: [{ kind: 'bridge', mac: macOf(id, 0), bridge: 'br0' }, { kind: 'none', mac: macOf(id, 1) }],
      firmware: { kind: 'bios' }, tpm: false, vga: 'none', guestAgent: false, autostart: false, ...more,
    };
    const stacks = definition.disks.map((disk) => ({ disk: disk.name, sizeBytes: 2 ** 30, layers: [{ layerId: 'base', path: this.files.create(`/layers/${id}/${disk.name}`, 2 ** 30).path }] }));
    const machine: Machine = { id, name, definition, stacks, lineage: founded(randomUUID(), 'self'), powerLock: null, storage: '/replicas', copyOf };
    this.state.putMachine(machine);
    return machine;
  }

  addRelationship(machine: Machine, more: Pick<Relationship, 'side' | 'state'> & Partial<Relationship>): Relationship {
    const relationship: Relationship = {
      ...emptyRelationship, id: randomUUID(), machineId: machine.id, peerId: PEER_ID, key: '', overrides: {},
      settings: { ...defaultSettings(['root', 'data']), recoveryHistory: 4, additional: { pointIntervalSeconds: 600 } }, ...more,
    };
    this.state.putRelationship(relationship);
    return relationship;
  }

  addPoint(machine: Machine, sequence: number, more: Partial<Point> = {}): Point {
    const point: Point = {
      id: randomUUID(), machineId: machine.id, parentId: null, epochId: 'e', sequence, kind: 'standard', instantMs: 1_700_000_000_000 + sequence * 60_000, definition: machine.definition,
      sizeBytes: 1_024, digest: '', name: null, pinned: false, ...more,
    };
    this.state.addPoint(point, [], new Map());
    return point;
  }

  addJob(kind: string, machineId: string | null, more: Partial<Job> = {}): Job {
    const job: Job = {
      id: randomUUID(), kind, machineId, args: {}, state: 'completed', percent: 100, step: 'done', startedMs: 1_700_000_000_000, finishedMs: 1_700_000_002_500, cancellable: true, error: null, result: {}, ...more,
    };
    this.state.putJob(job);
    return job;
  }

  async start(machine: Machine, paused = false): Promise<void> {
    await this.hypervisor.start({ instanceId: machine.id, definition: machine.definition, stacks: machine.stacks, isolated: false }, { paused });
  }

  #context(): Context {
    const unreachable = () => Promise.reject(new Fault('peer-unreachable', `${PEER} does not answer`));
    const host: EngineHost = {
      hostId: randomUUID(), hostName: HOST, version: '0.0.1',
      clock: systemClock, traffic: new Traffic({ clock: systemClock, limits: () => DEFAULT_TRAFFIC, relationship: (id) => this.state.relationship(id), nameOf: (id) => id }),
      hypervisor: this.hypervisor,
      layers: new SimulatedLayers(this.files, { between: () => Promise.resolve() }),
      fingerprints: new Fingerprints(new MemoryDirectory()),
      media: new SimulatedMedia(this.files),
      testResults: new SimulatedTestResults(),
      peers: { call: unreachable, acceptLane: unreachable, dialLane: unreachable },
      compression: { compress: () => Promise.resolve(null), decompress: unreachable },
      state: this.state, newId: randomUUID, newKey: () => randomBytes(32), admission: () => ({ isAdmitted: true, entry: { id: 'entry', host: '*', storage: '/replicas', trustGroup: 'DEFAULT' } }), monitoring: () => ({ startSeconds: 0, intervalSeconds: 43_200 }), missingFiles: () => Promise.resolve([]),
      peerName: (hostId) => this.hosts.get(hostId)?.name ?? hostId,
      crash: (bug) => this.bugs.push(bug),
      changed: (kind, id) => this.feed.publish({ kind, id }),
    };
    const self = { hostId: host.hostId, name: HOST, pin: 'aa'.repeat(32), address: '192.0.2.1:7443', certificateExpiresMs: Date.now() + 86_400_000, certificatePem: '', thumbprint: 'AA'.repeat(20), fingerprint: 'AB' };
    const engine = new Engine(host);
    return {
      engine, rosters: new PeerRosters(host, new RosterRows<KnownRoster>(this.database)), accounts: new Accounts(this.database), hosts: this.hosts, authorizations: this.authorizations, serviceSettings: new ServiceSettingsRow(this.database), defaultStorage: '/replicas', configuredPeerPort: 7_443, proxy: null, fleecingDirectory: '/machines',
      notifications: new NotificationRows(this.database), messenger: { test: unreachable, targetChanged: () => undefined }, storages: new Storages({ host, paths: () => [] }),
      network: {
        self, invite: () => ({ invitation: '', expiresAtMs: 0 }), join: unreachable, test: unreachable, connected: () => false, lastContactMs: () => null, forget: () => undefined,
        rename: () => Promise.resolve(), renewCertificate: () => Promise.resolve(), listenOn: () => Promise.resolve(), tell: () => Promise.resolve(), present: () => Promise.resolve(true),
        certificates: { list: () => Promise.resolve([]), install: unreachable, remove: () => Promise.resolve() }, normalAddress: (text) => text,
      },
      machines: {
        parse: () => { throw new Fault('definition-invalid', 'no definitions are read here'); },
        render: () => '', probeDisks: () => Promise.resolve([]), console: () => ({ socketPath: '', logPath: '' }), forget: () => Promise.resolve(), ioThreads: () => Promise.resolve(0), imageHeader: () => Promise.resolve(null),
        pid: (machineId) => (this.hypervisor.live.some(({ spec }) => spec.instanceId === machineId) ? 4_711 : null), upMs: (machineId) => (this.hypervisor.live.some(({ spec }) => spec.instanceId === machineId) ? 60_000 : null),
      },
    };
  }
}

export interface Scene {
  readonly host: CimHost;
  readonly plain: Machine;
  readonly primary: Machine;
  readonly replica: Machine;
  readonly copy: Machine;
  readonly failedOver: Machine;
  readonly points: readonly Point[];
  readonly failoverPoint: Point;
  readonly jobs: readonly Job[];
}

/** One machine of every standing, with points, a test failover's copy and jobs. */
export async function sceneOf(): Promise<Scene> {
  const host = new CimHost();
  const plain = host.addMachine('plain', { firmware: { kind: 'uefi' }, autostart: true });
  const primary = host.addMachine('primary');
  const replica = host.addMachine('replica');
  const copy = host.addMachine('replica - Test', {}, replica.id);
  const failedOver = host.addMachine('failed-over');
  host.addRelationship(primary, { side: 'primary', state: 3, newestPointId: randomUUID(), newestInstantMs: Date.now() - 20_000, lastCycle: { pointId: 'p', finishedMs: Date.now(), durationMs: 1_500, bytesChanged: 4_096, bytesShipped: 2_048 } });
  const points = [
    host.addPoint(replica, 1), host.addPoint(replica, 2, { kind: 'application-consistent' }), host.addPoint(replica, 3, { kind: 'divergence', name: 'kept', pinned: true }), host.addPoint(replica, 4, { kind: 'planned' }),
  ];
  const newest = points.at(-1)!;
  host.addRelationship(replica, { side: 'replica', state: 3, newestPointId: newest.id, newestInstantMs: newest.instantMs, testCopy: { instanceId: copy.id, pointId: newest.id, layers: [] } });
  const failoverPoint = host.addPoint(failedOver, 1);
  const failover = { pointId: failoverPoint.id, planned: false, trackId: 't', layers: [], fromState: 3 as const };
  host.addRelationship(failedOver, { side: 'replica', state: 5, newestPointId: failoverPoint.id, newestInstantMs: failoverPoint.instantMs, failover });
  await host.start(primary);
  await host.start(failedOver, true);
  const error = { code: 'refused', message: 'the state is wrong', hint: '', allowed: ['resume'] };
  const jobs = [
    host.addJob('cycle', primary.id), host.addJob('initial', primary.id, { state: 'running', percent: 40, step: 'initial replication', finishedMs: null }),
    host.addJob('unplanned', replica.id, { state: 'failed', error, result: null, percent: 10 }), host.addJob('stop', plain.id, { state: 'cancelled', error: { ...error, code: 'cancelled' }, result: null, args: { force: true } }),
    host.addJob('testEnd', randomUUID()), host.addJob('connectionTest', null),
  ];
  return { host, plain, primary, replica, copy, failedOver, points, failoverPoint, jobs };
}
