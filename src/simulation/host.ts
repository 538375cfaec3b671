/**
 * A simulated host: what outlives its daemon (files, guests, state, clock), and the daemon's present life, in which the
 * real engine runs.
 */
import { Engine } from '../engine/engine.ts';
import type { Host } from '../engine/host.ts';
import type { Clock } from '../engine/ports/clock.ts';
import { DEFAULT_TRAFFIC, type TrafficLimits } from '../engine/traffic/limits.ts';
import { Traffic } from '../engine/traffic/traffic.ts';
import { Fault } from '../errors/fault.ts';
import { Fingerprints } from '../fingerprints/store.ts';
import { openInMemory } from '../state/database.ts';
import { SqliteState } from '../state/state.ts';
import { Files } from './files.ts';
import { MemoryDirectory } from './fingerprints.ts';
import { SimulatedHypervisor, type Surroundings } from './hypervisor.ts';
import { SimulatedLayers } from './layers.ts';
import { Life, lived } from './life.ts';
import { SimulatedMedia } from './media.ts';
import type { SimulatedNetwork } from './network.ts';
import type { Random } from './random.ts';
import { livedState } from './state.ts';
import { SimulatedTestResults } from './testresults.ts';
import type { VirtualTime } from './time.ts';

export interface Watch extends Pick<Surroundings, 'onInstant' | 'onStart'> {
  onCommit(host: SimulatedHost, what: string): void;
  onBug(host: SimulatedHost, bug: unknown): void;
  onChanged(host: SimulatedHost, kind: string, id: string): void;
  onDeath(host: SimulatedHost, where: string): void;
}

const EPOCH_MS = 1_700_000_000_000;

export class SimulatedHost {
  readonly name: string;
  readonly files = new Files();
  readonly directory = new MemoryDirectory();
  readonly media = new SimulatedMedia(this.files);
  readonly testResults = new SimulatedTestResults();
  readonly state = new SqliteState(openInMemory());
  readonly hypervisor: SimulatedHypervisor;
  /** What this host says to a peer that would send replicas. */
  admits: Host['admission'] = () => ({ isAdmitted: true, entry: { id: 'entry', host: '*', storage: '/replicas', trustGroup: 'DEFAULT' } });
  traffic: TrafficLimits = DEFAULT_TRAFFIC;
  /** How far this host's clock is off. */
  skewMs = 0;
  life: Life | null = null;
  engine: Engine | null = null;
  readonly #time: VirtualTime;
  readonly #random: Random;
  readonly #network: SimulatedNetwork;
  readonly #watch: Watch;

  constructor(name: string, time: VirtualTime, random: Random, network: SimulatedNetwork, watch: Watch) {
    this.name = name;
    this.#time = time;
    this.#random = random;
    this.#network = network;
    this.#watch = watch;
    const around: Surroundings = { nowMs: () => this.nowMs(), sleep: (ms) => time.sleep(ms), onInstant: watch.onInstant, onStart: watch.onStart };
    this.hypervisor = new SimulatedHypervisor(this.files, around);
    this.directory.onOperation = (operation, path) => {
      if (operation === 'write' && this.files.isFull) throw new Fault('space-exhausted', `${path}: no space left`);
    };
  }

  nowMs(): number {
    return EPOCH_MS + this.#time.nowMs + this.skewMs;
  }

  /** The daemon runs, in a new life. */
  boot(): Engine {
    const life = new Life(() => this.#time.sleep(this.#random.next() * 4), () => this.#time.nowMs);
    this.life = life;
    const engine = new Engine(this.#parts(life));
    this.engine = engine;
    life.onEnd = (where) => {
      this.#network.down(this.name);
      this.engine = null;
      this.life = null;
      engine.jobs.stop();
      this.files.letGoOfDaemon();
      this.#watch.onDeath(this, where);
    };
    this.#network.up(this.name, (from, method, params) => engine.handle(from, method, params));
    engine.start();
    return engine;
  }

  /** The daemon is killed. Guests go on. */
  kill(where = 'killed'): void {
    this.life?.end(where);
  }

  /** The whole host loses power; files keep what was synced, and anything of the rest. */
  losePower(): void {
    this.kill('power lost');
    this.hypervisor.losePower();
    this.files.losePower(() => this.#random.chance(0.5));
    this.directory.crash(() => this.#random.next());
  }

  #parts(life: Life): Host {
    const layers = new SimulatedLayers(this.files, { between: () => life.during('a cluster of a merge', () => undefined) });
    const clock = this.#clock(life);
    const traffic = new Traffic({ clock, limits: () => this.traffic, relationship: (id) => this.state.relationship(id), nameOf: (id) => this.state.machine(id)?.name ?? id });
    return {
      hostId: this.name,
      hostName: this.name,
      version: 'simulated',
      clock, traffic,
      hypervisor: lived(this.hypervisor, life, { name: 'hypervisor', opening: ['openPointInTime', 'openLive', 'openStacks'] }),
      layers: lived(layers, life, { name: 'layers', opening: ['open'] }),
      fingerprints: new Fingerprints(lived(this.directory, life, { name: 'fingerprints', opening: ['open'], isQuick: true })),
      testResults: lived(this.testResults, life, { name: 'test results', opening: [], isQuick: true }),
      media: lived(this.media, life, { name: 'media', opening: ['make', 'find'], isQuick: true }),
      peers: lived(this.#network.of(this.name), life, { name: 'peers', opening: ['acceptLane'], isQuick: true }),
      compression: { compress: () => Promise.resolve(null), decompress: () => Promise.reject(new Fault('integrity', 'nothing is compressed')) },
      state: livedState(this.state, life, (what) => this.#watch.onCommit(this, what)),
      newId: () => this.#random.uuid(),
      newKey: () => this.#random.bytes(32),
      admission: (peerId, boundId) => this.admits(peerId, boundId),
      monitoring: () => ({ startSeconds: 0, intervalSeconds: 43_200 }),
      missingFiles: () => Promise.resolve([]),
      peerName: (hostId) => hostId,
      crash: (bug) => {
        if (life.isAlive) this.#watch.onBug(this, bug);
      },
      changed: (kind, id) => life.isAlive && this.#watch.onChanged(this, kind, id),
    };
  }

  #clock(life: Life): Clock {
    return {
      nowMs: () => Math.floor(this.nowMs()),
      minutesEast: () => 0,
      monotonicMs: () => this.#time.nowMs,
      timeout: (ms) => {
        const controller = new AbortController();
        this.#time.after(ms, () => life.isAlive && controller.abort(new Fault('peer-unreachable', 'the other host did not answer in time')));
        return controller.signal;
      },
      sleep: (ms, signal) =>
        new Promise((resolve, reject) => {
          if (signal?.aborted) return reject(signal.reason);
          const cancel = this.#time.after(ms, () => {
            signal?.removeEventListener('abort', onAbort);
            if (life.isAlive) resolve();
          });
          const onAbort = () => {
            cancel();
            reject(signal!.reason);
          };
          signal?.addEventListener('abort', onAbort, { once: true });
        }),
    };
  }
}
