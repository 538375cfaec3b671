/** What goes wrong in the world of a pair, at random: network, daemons, hosts, disks, clocks. */
import type { Pair } from './pair.ts';
import type { SimulatedHost } from './host.ts';
import { FAIR } from './network.ts';
import { MINUTE_MS } from '../language/lengths.ts';

/** Kinds of trouble, and how often each. */
const TROUBLES = { lossy: 3, cut: 4, oneWay: 2, killNow: 3, killAtCall: 8, killAtCommit: 8, killQemu: 2, losePower: 1, fill: 2, breakInstant: 2, clock: 1, deaf: 1, foreign: 0.5 } as const;
type Trouble = keyof typeof TROUBLES;

/** What befalls one host: its daemon, its QEMU, its power, its storage, its clock, its guest. */
function hostTroubles(pair: Pair, later: (run: () => void) => void): Readonly<Record<Exclude<Trouble, 'lossy' | 'cut' | 'oneWay'>, (host: SimulatedHost) => void>> {
  const { random, story } = pair;
  return {
    killNow: (host) => host.kill(),
    killAtCall: (host) => {
      if (host.life) host.life.callsLeft = random.int(1, 150);
    },
    killAtCommit: (host) => {
      if (host.life) host.life.commitsLeft = random.int(0, 8);
    },
    killQemu: (host) => {
      if (!pair.guestOn(host)) return;
      story.tell(`${host.name}: QEMU is killed`);
      host.hypervisor.kill(pair.machineId);
    },
    losePower: (host) => {
      story.tell(`${host.name}: power is lost`);
      host.losePower();
    },
    fill: (host) => {
      story.tell(`${host.name}: the storage is full`);
      host.files.isFull = true;
      later(() => void (host.files.isFull = false));
    },
    breakInstant: (host) => {
      for (const instant of pair.guestOn(host)?.instants ?? []) {
        story.tell(`${host.name}: the space for overwritten data runs out`);
        instant.isBroken = true;
      }
    },
    clock: (host) => {
      host.skewMs += random.int(-120, 120) * MINUTE_MS;
      story.tell(`${host.name}: the clock jumps to ${host.skewMs / MINUTE_MS} minutes off`);
    },
    deaf: (host) => {
      const guest = pair.guestOn(host);
      if (guest) guest.isDeaf = !guest.isDeaf;
    },
    foreign: (host) => {
      const relationship = pair.relationshipOn(host);
      // A label that is about to go from these disks is believed only by who has lost the state, too.
      const isForgetting = host.state.outbox(pair.machineId).some(({ effect }) => effect === 'forget-failback' || effect === 'free-guest');
      if (pair.guestOn(host) || relationship?.side !== 'primary' || isForgetting) return;
      const machine = host.state.machine(pair.machineId)!;
      story.tell(`${host.name}: another program writes a disk`);
      const { disk } = random.pick(machine.stacks);
      host.hypervisor.changeImage({ instanceId: machine.id, definition: machine.definition, stacks: machine.stacks, isolated: false }, disk, random.int(0, pair.clustersOf(disk)), pair.newValue());
    },
  };
}

export class Troubles {
  readonly #pair: Pair;
  readonly #kinds: Readonly<Record<Trouble, (host: SimulatedHost) => void>>;

  constructor(pair: Pair) {
    this.#pair = pair;
    const { random, network, time, story } = pair;
    const later = (run: () => void) => void time.after(random.next() * 2 * MINUTE_MS, run);
    this.#kinds = {
      lossy: () => {
        network.weather = { latencyMs: random.pick([2, 20, 150]), lostRequests: random.next() * 0.1, lostAnswers: random.next() * 0.15, repeated: random.next() * 0.1, brokenLanes: random.next() * 0.4 };
        story.tell(`the network loses ${(network.weather.lostAnswers * 100).toFixed(0)} % of the answers`);
        later(() => void (network.weather = FAIR));
      },
      cut: (host) => {
        story.tell('the network is cut');
        network.cut(host.name, pair.other(host).name);
        network.cut(pair.other(host).name, host.name);
        later(() => this.healNetwork());
      },
      oneWay: (host) => {
        story.tell(`nothing gets from ${host.name} to ${pair.other(host).name}`);
        network.cut(host.name, pair.other(host).name);
        later(() => this.healNetwork());
      },
      ...hostTroubles(pair, later),
    };
  }

  any(): void {
    this.#kinds[this.#pair.random.weighted(TROUBLES)](this.#pair.random.pick(this.#pair.hosts));
  }

  healNetwork(): void {
    if (this.#pair.network.isWhole) return;
    this.#pair.story.tell('the network is whole again');
    this.#pair.network.heal();
    this.contact();
  }

  /** Daemons that are down start again. */
  restart(): void {
    for (const host of this.#pair.hosts) {
      if (host.life) continue;
      this.#pair.story.tell(`${host.name}: the daemon starts`);
      host.boot();
    }
    this.contact();
  }

  contact(): void {
    const { a, b, network } = this.#pair;
    if (!network.canTalk('A', 'B')) return;
    a.engine?.contact('B');
    b.engine?.contact('A');
  }

  /** Nothing goes wrong any more. */
  end(): void {
    this.healNetwork();
    this.#pair.network.weather = FAIR;
    for (const host of this.#pair.hosts) {
      host.files.isFull = false;
      if (host.life) host.life.callsLeft = host.life.commitsLeft = Infinity;
      const guest = this.#pair.guestOn(host);
      if (guest) guest.isDeaf = false;
    }
    this.restart();
  }
}
