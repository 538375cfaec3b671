/** One simulated story from a seed: the pair works, people ask for anything, everything fails; then all is healed, settles, and is checked. */
import { newestOf } from '../relationship/epoch.ts';
import { kinship } from '../relationship/epoch.ts';
import { Operator } from './operator.ts';
import { Pair } from './pair.ts';
import { Violation } from './story.ts';
import { Troubles } from './weather.ts';
import { MINUTE_MS } from '../language/lengths.ts';

export interface SimulationOptions {
  readonly seed: string;
  readonly steps: number;
  /** Probability of trouble at each step. */
  readonly troubles?: number;
  readonly onLine?: (line: string) => void;
}

export interface Outcome {
  readonly seed: string;
  readonly points: number;
  /** An operator had to choose between two hosts that went on alone. */
  readonly wasSplit: boolean;
  readonly virtualMinutes: number;
}

const SETTLE_ROUNDS = 90;

export class Simulation {
  readonly pair: Pair;
  readonly operator: Operator;
  readonly troubles: Troubles;
  readonly #options: SimulationOptions;
  #isQuiet = false;

  constructor(options: SimulationOptions) {
    this.#options = options;
    this.pair = new Pair({ seed: options.seed });
    if (options.onLine) this.pair.story.onLine = options.onLine;
    this.operator = new Operator(this.pair);
    this.troubles = new Troubles(this.pair);
  }

  async run(): Promise<Outcome> {
    const { pair } = this;
    await pair.enable({ recoveryHistory: pair.random.int(0, 5) });
    this.#guestsWrite();
    this.operator.do('start', pair.a);
    this.operator.do('initial', pair.a);
    const troubles = this.#options.troubles ?? pair.random.pick([0, 0.15, 0.4]);
    for (let step = 0; step < this.#options.steps; step++) await this.#step(troubles);
    return this.#end();
  }

  async #step(troubles: number): Promise<void> {
    const { pair } = this;
    const { random } = pair;
    if (random.chance(0.35)) this.operator.any();
    if (random.chance(troubles)) this.troubles.any();
    if (random.chance(0.3)) this.troubles.restart();
    await pair.pass(random.next() ** 3 * 40_000);
    await pair.properties.check();
    pair.throwViolation();
  }

  /** Running guests write now and again, for as long as they may. */
  #guestsWrite(): void {
    const { pair } = this;
    const next = () => {
      if (this.#isQuiet) return;
      for (const host of pair.hosts) for (let left = pair.random.int(0, 4); left > 0; left--) pair.guestWrites(host);
      pair.time.after(pair.random.next() ** 2 * 5_000, next);
    };
    next();
  }

  /** Everything is healed; the pair replicates again, with an operator who follows the advice; then it is compared. */
  async #end(): Promise<Outcome> {
    const { pair } = this;
    pair.story.tell(`— everything is healed (${pair.standing()}) —`);
    this.troubles.end();
    const wasSplit = await this.#settle();
    await pair.properties.check();
    this.#isQuiet = true;
    await this.#newPoint();
    pair.properties.oneGuestAtMost();
    pair.properties.newestPointIsTheDisks(pair.primary!);
    await pair.properties.check();
    pair.throwViolation();
    return { seed: this.#options.seed, points: pair.instants.size, wasSplit, virtualMinutes: Math.round(pair.time.nowMs / MINUTE_MS) };
  }

  /** True when an operator had to choose for it. */
  async #settle(): Promise<boolean> {
    const { pair } = this;
    let quietRounds = 0;
    let wasSplit = false;
    for (let round = 0; round < SETTLE_ROUNDS; round++) {
      await pair.pass(MINUTE_MS / 2);
      if (this.#isSplit() && round > 10) {
        wasSplit = true;
        this.operator.choose();
      }
      const isQuiet = this.operator.advise() && pair.primary !== undefined;
      quietRounds = isQuiet ? quietRounds + 1 : 0;
      if (quietRounds > 3) return wasSplit;
    }
    throw new Violation('a healed pair settles', `${pair.standing()}; ${this.#jobs()}`);
  }

  #isSplit(): boolean {
    const [ours, theirs] = this.pair.hosts.map((host) => host.state.machine(this.pair.machineId)!.lineage);
    return kinship(ours!, theirs!) === 'unrelated';
  }

  #jobs(): string {
    return this.pair.hosts.flatMap(({ name, state }) => state.jobs().filter((job) => job.state === 'running').map((job) => `${name} runs ${job.kind}: ${job.step}`)).join('; ');
  }

  /** Liveness: a point whose instant is from now on comes by itself. */
  async #newPoint(): Promise<void> {
    const { pair } = this;
    const before = pair.relationshipOn(pair.primary!)!.newestPointId;
    for (let waitedMs = 0; waitedMs < 40 * MINUTE_MS; waitedMs += 7_300) {
      await pair.pass(7_300);
      const primary = pair.primary;
      const { newestPointId, state } = (primary && pair.relationshipOn(primary)) ?? {};
      const isThere = primary !== undefined && state === 3 && newestPointId !== before && pair.relationshipOn(pair.other(primary))?.newestPointId === newestPointId;
      if (isThere && pair.relationshipOn(primary)!.attempt === null) return;
    }
    throw new Violation('a healed relationship gets new points by itself', `${pair.standing()}, newest epoch ${newestOf(pair.a.state.machine(pair.machineId)!.lineage).number}`);
  }
}
