/** A story of three hosts from a seed: everything fails, people fail over and give back anywhere; then all is healed, and checked. */
import { kinship, newestOf } from '../relationship/epoch.ts';
import { Chain } from './chain.ts';
import type { SimulatedHost } from './host.ts';
import { contentOf } from './instant.ts';
import { prefixOf } from '../points/stack.ts';
import { difference } from './properties.ts';
import { Violation } from './story.ts';
import { MINUTE_MS } from '../language/lengths.ts';

const SETTLE_MINUTES = 60;

export class ChainStory {
  readonly chain: Chain;

  constructor(seed: string) {
    this.chain = new Chain({ seed });
  }

  async run(steps: number): Promise<void> {
    const { chain } = this;
    await chain.enable({ recoveryHistory: chain.random.int(0, 4) });
    await chain.job(chain.a, 'start');
    await chain.job(chain.a, 'initial');
    await chain.extend(chain.random.int(0, 4));
    this.#do(chain.b, 'initial', { extended: true });
    for (let step = 0; step < steps; step++) await this.#step();
    await this.#settle();
  }

  async #step(): Promise<void> {
    const { chain } = this;
    const { random } = chain;
    for (const host of chain.hosts) for (let left = random.int(0, 4); left > 0; left--) chain.guestWrites(host);
    if (random.chance(0.35)) this.#trouble();
    if (random.chance(0.3)) for (const host of chain.hosts) if (!host.life) host.boot();
    if (random.chance(0.3)) this.#operator();
    await chain.pass(random.next() ** 2 * 40_000);
    await chain.properties.check();
  }

  #trouble(): void {
    const { chain } = this;
    const { random, network } = chain;
    const host = random.pick(chain.hosts);
    const [from, to] = random.pick([['A', 'B'], ['B', 'A'], ['B', 'C'], ['C', 'B']] as const);
    ({
      kill: () => host.kill(),
      power: () => host.losePower(),
      cut: () => network.cut(from, to),
      heal: () => network.heal(),
    })[random.weighted({ kill: 3, power: 2, cut: 2, heal: 3 })]();
  }

  /** What people do that can be given back. A failover may be asked for while nobody can be asked: then two guests may run until the hosts have met. */
  #operator(): void {
    const { chain } = this;
    const { random } = chain;
    const host = random.pick([chain.b, chain.c]);
    const points = host.state.points(chain.machineId);
    ({
      failover: () => {
        chain.properties.mayRunTwice = true;
        this.#do(host, 'unplanned', { start: random.chance(0.7), force: random.chance(0.4), ...(points.length > 0 && random.chance(0.5) && { point: random.pick(points).id }) });
      },
      revert: () => this.#do(host, 'revert'),
      planned: () => this.#do(chain.b, 'planned', { start: true, extended: true }),
      cancel: () => this.#do(random.pick([chain.a, chain.b]), 'cancelPlanned', random.chance(0.5) ? { extended: true } : {}),
      start: () => this.#do(random.pick(chain.hosts), 'start'),
      suspend: () => this.#do(chain.b, 'suspend', { extended: true }),
      resume: () => this.#do(chain.b, 'resume', { extended: true }),
      resynchronize: () => this.#do(chain.b, 'resynchronize', { extended: true }),
      test: () => this.#do(host, 'test', { start: true }),
      testEnd: () => this.#do(host, 'testEnd'),
    })[random.weighted({ failover: 5, revert: 6, planned: 1, cancel: 2, start: 2, suspend: 1, resume: 2, resynchronize: 1, test: 1, testEnd: 1 })]();
  }

  /** Whether it is allowed is the engine's to say. */
  #do(host: SimulatedHost, kind: string, args: Readonly<Record<string, unknown>> = {}): void {
    host.engine?.jobs.start(kind, this.chain.machineId, args);
  }

  /** All is given back, until the guest runs on A, and a point of now is on C. */
  async #settle(): Promise<void> {
    const { chain } = this;
    chain.story.tell('— everything is healed —');
    chain.network.heal();
    for (let minute = 0; minute < SETTLE_MINUTES; minute++) {
      for (const host of chain.hosts) if (!host.life) host.boot();
      await chain.pass(MINUTE_MS);
      if (!chain.extended && chain.primary) return chain.properties.oneGuestAtMost();
      if (this.#isSettled()) return this.#check();
      this.#advise();
    }
    throw new Violation('a healed chain settles', `${chain.standing()}; ${JSON.stringify(chain.extended?.lastFault)}`);
  }

  #advise(): void {
    const { chain } = this;
    const own = (host: SimulatedHost) => chain.relationshipOn(host);
    for (const host of chain.hosts) if (chain.guestOn(host)?.power === 'paused' && own(host)?.side === 'replica') this.#do(host, 'turnOff');
    const split = this.#split();
    if (split) return this.#do(split, 'becomeReplica');
    for (const host of [chain.c, chain.b]) {
      if (own(host)?.failover) this.#do(host, 'revert');
      if (own(host)?.testCopy) this.#do(host, 'testEnd');
    }
    if (chain.extended?.state === 4) this.#do(chain.b, 'cancelPlanned', { extended: true });
    if (own(chain.a)?.state === 4) this.#do(chain.a, 'cancelPlanned');
    if (chain.extended && [7, 8].includes(chain.extended.state)) this.#do(chain.b, 'resume', { extended: true });
    if ([7, 8].includes(own(chain.a)!.state)) this.#do(chain.a, 'resume');
    if (chain.extended?.state === 1) this.#do(chain.b, 'initial', { extended: true });
    if (own(chain.a)?.side === 'primary' && own(chain.a)!.state === 3 && !chain.isRunning(chain.a)) this.#do(chain.a, 'start');
  }

  /** Of two hosts with epochs of which neither descends from the other, the one further on: it gives way. */
  #split(): SimulatedHost | undefined {
    const { a, b, c, machineId } = this.chain;
    const lineageOn = ({ state }: SimulatedHost) => state.machine(machineId)!.lineage;
    if (kinship(lineageOn(b), lineageOn(c)) === 'unrelated') return c;
    return kinship(lineageOn(a), lineageOn(b)) === 'unrelated' ? b : undefined;
  }

  #isSettled(): boolean {
    const { chain } = this;
    const owners = new Set(chain.hosts.map((host) => newestOf(host.state.machine(chain.machineId)!.lineage).id));
    const states = [chain.relationshipOn(chain.a), chain.relationshipOn(chain.b), chain.extended, chain.relationshipOn(chain.c)].map((it) => it?.state);
    return owners.size === 1 && states.every((state) => state === 3) && chain.isRunning(chain.a);
  }

  async #check(): Promise<void> {
    const { chain } = this;
    chain.properties.oneGuestAtMost();
    const sinceMs = chain.a.nowMs();
    for (let waitedMs = 0; (chain.relationshipOn(chain.c)?.newestInstantMs ?? 0) <= sinceMs; waitedMs += 5_000) {
      if (waitedMs > 40 * MINUTE_MS) throw new Violation('a healed chain gets new points by itself', chain.standing());
      await chain.pass(5_000);
    }
    const newestId = chain.relationshipOn(chain.c)!.newestPointId!;
    const stacks = chain.c.state.machine(chain.machineId)!.stacks.map((stack) => prefixOf(stack, newestId)!);
    const wrong = difference(contentOf(chain.c.files, { stacks }), chain.diskContent(chain.a));
    if (wrong) throw new Violation('the third host\'s newest point is the primary\'s disks', wrong);
    await chain.properties.check();
  }
}
