/** Two hosts, one machine that is replicated from one to the other, and everything that is known of what its disks held. */
import { emptyRelationship } from '../engine/answers.ts';
import { call } from '../engine/calls.ts';
import { offerSeed } from '../engine/replica/seeding.ts';
import { transition } from '../engine/transition.ts';
import { CLUSTER_BYTES, clusterCount } from '../extents/extent.ts';
import type { MachineDefinition } from '../machine/definition.ts';
import type { Job, Machine, Relationship } from '../machine/records.ts';
import { founded } from '../relationship/epoch.ts';
import type { Settings } from '../relationship/settings.ts';
import { stateName } from '../relationship/state.ts';
import { Properties, type Content } from './properties.ts';
import { SimulatedHost, type Watch } from './host.ts';
import { contentOf } from './instant.ts';
import { SimulatedNetwork } from './network.ts';
import { Random } from './random.ts';
import { Story, Violation } from './story.ts';
import { VirtualTime } from './time.ts';
import { MINUTE_MS } from '../language/lengths.ts';

export interface PairOptions {
  readonly seed: string;
  readonly settings?: Partial<Settings>;
  /** Clusters of each disk, by name; the last one is short. */
  readonly disks?: Readonly<Record<string, number>>;
}

export const CYCLE_MS = 20_000;
const TAIL_BYTES = 1_536;

export class Pair {
  readonly time = new VirtualTime();
  readonly random: Random;
  readonly story = new Story(this.time);
  readonly network: SimulatedNetwork;
  readonly a: SimulatedHost;
  readonly b: SimulatedHost;
  readonly properties: Properties;
  readonly disks: Readonly<Record<string, number>>;
  machineId = '';
  relationshipId = '';
  /** What the disks held at each instant, by attempt. */
  readonly instants = new Map<string, Content>();
  /** What each host of the story is watched for. */
  protected readonly watch: Watch;
  #violation: unknown = null;
  #lastValue = 0;

  constructor({ seed, disks = { a: 12, b: 5 } }: PairOptions) {
    this.random = new Random(seed);
    this.disks = disks;
    this.network = new SimulatedNetwork(this.time, this.random);
    this.network.onCall = (line) => this.story.tell(line);
    this.properties = new Properties(this);
    this.watch = {
      onInstant: (spec, attemptId, content) => {
        if (spec.instanceId === this.machineId) this.instants.set(attemptId, this.#whole(attemptId, content));
      },
      onStart: (spec) => this.noting(() => this.properties.started(spec.instanceId)),
      onCommit: (host, what) => this.noting(() => this.properties.committed(host, what)),
      onBug: (host, bug) => this.violated(bug instanceof Violation ? bug : new Violation('the engine has no defects', `${host.name}: ${bug instanceof Error ? (bug.stack ?? bug.message) : String(bug)}`)),
      onChanged: (host, kind, id) => {
        const job = kind === 'job' ? host.state.job(id) : undefined;
        if (job && job.state !== 'running') this.story.tell(`${host.name}: ${job.kind} ${job.state}${job.error ? `: ${job.error.message} (${job.error.code})` : ''}`);
      },
      onDeath: (host, where) => this.story.tell(`${host.name}: daemon dies ${where}`),
    };
    this.a = new SimulatedHost('A', this.time, this.random, this.network, this.watch);
    this.b = new SimulatedHost('B', this.time, this.random, this.network, this.watch);
  }

  /** Without the disks of which a part will still be missing. */
  #whole(attemptId: string, content: Content): Content {
    const attempt = this.hosts.map((host) => this.relationshipOn(host)?.attempt).find((each) => each?.id === attemptId);
    const missing = (attempt?.slices ?? []).filter(({ isLast }) => !isLast).map(({ disk }) => disk);
    return new Map([...content].filter(([disk]) => !missing.includes(disk)));
  }

  get hosts(): readonly [SimulatedHost, SimulatedHost, ...SimulatedHost[]] {
    return [this.a, this.b];
  }

  other(host: SimulatedHost): SimulatedHost {
    return host === this.a ? this.b : this.a;
  }

  /** The first violation stands. */
  violated(violation: unknown): void {
    if (this.#violation === null) this.story.tell(`VIOLATION ${violation instanceof Error ? violation.message : String(violation)}`);
    this.#violation ??= violation;
  }

  noting(check: () => void): void {
    try {
      check();
    } catch (thrown) {
      this.violated(thrown);
    }
  }

  throwViolation(): void {
    if (this.#violation !== null) throw this.#violation;
  }

  /** Time passes; throws what was violated meanwhile. */
  async pass(ms: number): Promise<void> {
    await this.time.pass(ms);
    this.throwViolation();
  }

  relationshipOn(host: SimulatedHost): Relationship | undefined {
    return host.state.relationship(this.relationshipId);
  }

  /** Where the machine is primary, if on exactly one host. */
  get primary(): SimulatedHost | undefined {
    const found = this.hosts.filter((host) => this.relationshipOn(host)?.side === 'primary');
    return found.length === 1 ? found[0] : undefined;
  }

  standing(): string {
    return this.hosts.map((host) => {
      const it = this.relationshipOn(host);
      const power = host.hypervisor.live.find(({ spec }) => spec.instanceId === this.machineId)?.power ?? 'off';
      return `${host.name}: ${host.life ? '' : 'down, '}${it ? `${it.side} ${it.state} (${stateName(it.state)})` : 'none'}, guest ${power}`;
    }).join('; ');
  }

  /** Both hosts are up; A has the machine, off, and it is replicated to B (states 1 and 2). */
  async enable(change: Partial<Settings> = {}, isSeeded = false): Promise<void> {
    for (const host of this.hosts) host.boot();
    const settings: Settings = { intervalSeconds: 30, compression: false, disks: Object.keys(this.disks), recoveryHistory: 3, ...change, additional: { cycleIntervalMs: CYCLE_MS, pointIntervalSeconds: 60, ...change.additional } };
    const machine = this.#machine();
    this.machineId = machine.id;
    this.a.state.putMachine(machine);
    if (isSeeded) await this.#offerCopy(machine);
    const { host } = this.a.engine!;
    const relationship: Relationship = { ...emptyRelationship, id: host.newId(), machineId: machine.id, peerId: 'B', side: 'primary', state: 0, settings, key: host.newKey().toString('base64'), overrides: {} };
    this.relationshipId = relationship.id;
    const sizes = machine.stacks.map(({ disk, sizeBytes }) => ({ disk, sizeBytes }));
    const replica = { relationshipId: relationship.id, machineId: machine.id, definition: machine.definition, settings, lineage: machine.lineage, key: relationship.key, overrides: {}, sizes };
    const created = await this.time.until(call(host.peers, 'B', 'createReplica', replica, new AbortController().signal), MINUTE_MS, 'createReplica');
    host.state.transaction(() => {
      host.state.putRelationship({ ...relationship, ...(created?.seedId && { initial: { by: 'seed' } }) });
      transition(host, relationship.id, 'enable');
    });
  }

  /** B has an old copy of the machine's disks: each cluster is as on A, or something else. */
  async #offerCopy(machine: Machine): Promise<void> {
    const stacks = machine.stacks.map(({ disk, sizeBytes, layers: [layer] }) => {
      const file = this.b.files.create(`/old/${disk}`, sizeBytes);
      for (const [cluster, value] of this.a.files.find(layer!.path).clusters) file.clusters.set(cluster, this.random.chance(0.8) ? value : this.newValue());
      return { disk, sizeBytes, layers: [{ layerId: 'old', path: file.path }] };
    });
    this.b.state.putMachine({ ...machine, name: 'old vm', stacks });
    await this.time.until(offerSeed(this.b.engine!.host, machine.id, 'A'), MINUTE_MS, 'offerSeed');
  }

  #machine(): Machine {
    const id = this.random.uuid();
    const stacks = Object.entries(this.disks).map(([disk, clusters]) => {
      const sizeBytes = (clusters - 1) * CLUSTER_BYTES + TAIL_BYTES;
      const file = this.a.files.create(`/images/${disk}`, sizeBytes);
      for (let cluster = 0; cluster < clusters; cluster++) if (this.random.chance(0.6)) file.clusters.set(cluster, this.newValue());
      return { disk, sizeBytes, layers: [{ layerId: 'base', path: file.path }] };
    });
    const definition: MachineDefinition = {
      id, name: 'vm', machineType: 'pc-q35-7.2', cpuModel: 'max', cpuCount: 1, memoryMiB: 64, nics: [], firmware: { kind: 'bios' }, tpm: false, vga: 'none', guestAgent: false, autostart: false,
      disks: stacks.map(({ disk, layers }) => ({ name: disk, path: layers[0]!.path, format: 'qcow2', bus: 'virtio' })),
    };
    return { id, name: 'vm', definition, stacks, lineage: founded(this.random.uuid(), 'A'), powerLock: null, storage: '/replicas', copyOf: null };
  }

  newValue(): number {
    return ++this.#lastValue;
  }

  guestOn(host: SimulatedHost) {
    return host.hypervisor.live.find(({ spec }) => spec.instanceId === this.machineId);
  }

  isRunning(host: SimulatedHost): boolean {
    return this.guestOn(host)?.power === 'running';
  }

  /** The guest on this host writes one value. */
  write(host: SimulatedHost, disk: string, cluster: number, value = this.newValue()): number {
    host.hypervisor.write(this.machineId, disk, cluster, value);
    return value;
  }

  /** A running guest writes somewhere: mostly something new, sometimes what is there, what was there, or zeroes. */
  guestWrites(host: SimulatedHost): void {
    const guest = this.guestOn(host);
    if (guest?.power !== 'running') return;
    const stack = this.random.pick(guest.spec.stacks);
    const { disk } = stack;
    const cluster = Math.floor(this.random.next() ** 2 * this.disks[disk]!);
    const present = host.files.read(stack, cluster);
    const value = { fresh: () => this.newValue(), same: () => present, old: () => this.random.int(0, this.#lastValue + 1), zero: () => 0 }[this.random.weighted({ fresh: 60, same: 12, old: 14, zero: 14 })]();
    this.write(host, disk, cluster, value);
  }

  /** What the machine's own disks hold on this host: on a replica, its newest layers. */
  diskContent(host: SimulatedHost): Content {
    const machine = host.state.machine(this.machineId)!;
    return contentOf(host.files, this.guestOn(host)?.spec ?? machine);
  }

  clustersOf(disk: string): number {
    return clusterCount((this.disks[disk]! - 1) * CLUSTER_BYTES + TAIL_BYTES);
  }

  /** Runs a job and waits for its end; its error is thrown. */
  async job(host: SimulatedHost, kind: string, args: Readonly<Record<string, unknown>> = {}, limitMs = 30 * MINUTE_MS) {
    const { id } = host.engine!.jobs.start(kind, this.machineId, args);
    for (let waitedMs = 0; waitedMs < limitMs; waitedMs += 500) {
      await this.pass(500);
      const job = host.state.job(id)!;
      if (job.state !== 'running') return job;
    }
    throw new Violation('every job ends', `${kind} on ${host.name} still runs: ${host.state.job(id)!.step}; ${this.standing()}`);
  }

  /** As `job`; one that does not complete is thrown. */
  async done(host: SimulatedHost, kind: string, args: Readonly<Record<string, unknown>> = {}): Promise<Job> {
    const job = await this.job(host, kind, args);
    if (job.state !== 'completed') throw new Error(`${kind} on ${host.name} ${job.state}: ${job.error?.message}; ${this.standing()}`);
    return job;
  }

  /** Time passes until it holds, a little at a time. */
  async until(holds: () => boolean, what: string, limitMs = 20 * MINUTE_MS, everyMs = 5): Promise<void> {
    for (let waitedMs = 0; !holds(); waitedMs += everyMs) {
      if (waitedMs >= limitMs) throw new Error(`${what}: not after ${limitMs} ms; ${this.standing()}`);
      await this.pass(everyMs);
    }
  }

  /** Neither host reaches the other, until `network.heal`. */
  cutOff(): void {
    this.network.cut('A', 'B');
    this.network.cut('B', 'A');
  }

  /** After another cycle no rule is broken, and the newest point is what the primary's disks hold. */
  async agrees(): Promise<void> {
    await this.done(this.primary!, 'cycle');
    await this.properties.check();
    this.properties.newestPointIsTheDisks(this.primary!);
  }
}
