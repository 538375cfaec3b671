/** What people ask of the pair: anything at any time, or, when it is to settle, what each state's advice says. */
import { endFailback, FAILBACK_JOB } from '../engine/failback/failback.ts';
import { cancelPrepared } from '../engine/planned.ts';
import { putSettings } from '../engine/stepkinds.ts';
import { relationshipNamed, transition, update } from '../engine/transition.ts';
import { Fault } from '../errors/fault.ts';
import { CLUSTER_BYTES } from '../extents/extent.ts';
import { Refused } from '../errors/refusal.ts';
import type { Relationship } from '../machine/records.ts';
import { newestOf } from '../relationship/epoch.ts';
import type { State } from '../relationship/state.ts';
import type { Event } from '../relationship/table.ts';
import { Dead } from './life.ts';
import type { SimulatedHost } from './host.ts';
import type { Pair } from './pair.ts';

const CANCEL_WITHIN_MS = 30_000;

/** Deeds, and how often each. */
const DEEDS = {
  start: 8, stop: 3, stopForced: 3, cycle: 6, suspend: 2, resume: 4, initial: 3, stopInitial: 0.5, resynchronize: 3, test: 2, testEnd: 2, planned: 4, plannedReverse: 3,
  cancelPlanned: 3, unplanned: 3, unplannedForced: 2, commit: 2, revert: 3, reverse: 6, failback: 2, failbackStart: 8, cancelJob: 2,
  preparePlanned: 1, failOver: 1, reverseHere: 2, pause: 0.5, reset: 0.5, becomeReplica: 0.5, disks: 5,
} as const;
export type Deed = keyof typeof DEEDS;

const PRIMARY_ADVICE: Partial<Record<State, Deed>> = { 1: 'initial', 7: 'resume', 8: 'resume', 9: 'resynchronize', 11: 'resume', 16: 'resume' };
const REPLICA_ADVICE: Partial<Record<State, Deed>> = { 5: 'reverse', 6: 'reverse', 7: 'resume', 8: 'resume', 13: 'cancelPlanned', 14: 'commit' };

const RESUMING: Partial<Record<State, Event>> = { 11: 'continueResync', 16: 'retryDisks' };

export class Operator {
  readonly #pair: Pair;

  constructor(pair: Pair) {
    this.#pair = pair;
  }

  /** Something, somewhere: mostly where it makes sense. */
  any(): void {
    this.do(this.#pair.random.weighted(DEEDS), this.#pair.random.pick(this.#pair.hosts));
  }

  /** Refusals and faults are answers like any other. */
  do(deed: Deed, host: SimulatedHost): void {
    if (!host.engine) return;
    this.#pair.story.tell(`${host.name}: ${deed}`);
    try {
      this.#deeds[deed](host);
    } catch (thrown) {
      this.#answered(host, deed, thrown);
    }
  }

  #answered(host: SimulatedHost, deed: string, thrown: unknown): void {
    if (thrown instanceof Dead) return;
    if (!(thrown instanceof Refused) && !(thrown instanceof Fault)) throw thrown;
    this.#pair.story.tell(`${host.name}: ${deed} answered: ${thrown.message}`);
  }

  readonly #job = (host: SimulatedHost, kind: string, args: Readonly<Record<string, unknown>> = {}): void => {
    host.engine!.jobs.start(kind, this.#pair.machineId, args);
  };

  readonly #step = (host: SimulatedHost, event: Event): void => {
    transition(host.engine!.host, this.#pair.relationshipId, event);
  };

  readonly #point = (host: SimulatedHost, often = 0.6): Readonly<Record<string, unknown>> => {
    const points = host.state.points(this.#pair.machineId).filter(({ kind }) => kind !== 'divergence');
    return points.length > 0 && this.#pair.random.chance(often) ? { point: this.#pair.random.pick(points).id } : {};
  };

  readonly #unplanned = (host: SimulatedHost, force: boolean): void => {
    this.#pair.properties.mayRunTwice = true;
    this.#job(host, 'unplanned', { ...this.#point(host), start: this.#pair.random.chance(0.8), force });
  };

  readonly #deeds: Readonly<Record<Deed, (host: SimulatedHost) => void>> = {
    start: (host) => this.#job(host, 'start'),
    stop: (host) => this.#job(host, 'stop', { timeoutSeconds: 10 }),
    stopForced: (host) => this.#job(host, 'stop', { force: true }),
    cycle: (host) => this.#job(host, 'cycle'),
    suspend: (host) => this.#step(host, this.#pair.relationshipOn(host)?.state === 10 ? 'suspendResync' : 'suspend'),
    resume: (host) => this.#step(host, RESUMING[this.#pair.relationshipOn(host)?.state ?? 0] ?? 'resume'),
    initial: (host) => this.#job(host, 'initial'),
    stopInitial: (host) => this.#step(host, 'stopInitial'),
    resynchronize: (host) => this.#job(host, 'resynchronize'),
    test: (host) => this.#job(host, 'test', { ...this.#point(host), start: this.#pair.random.chance(0.5) }),
    testEnd: (host) => this.#job(host, 'testEnd'),
    planned: (host) => this.#job(host, 'planned', { start: this.#pair.random.chance(0.8), timeoutSeconds: 10 }),
    plannedReverse: (host) => this.#job(host, 'planned', { start: this.#pair.random.chance(0.8), reverse: true, timeoutSeconds: 10 }),
    cancelPlanned: (host) => this.#cancelPlanned(host),
    unplanned: (host) => this.#unplanned(host, false),
    unplannedForced: (host) => this.#unplanned(host, true),
    commit: (host) => this.#job(host, 'commit'),
    revert: (host) => this.#job(host, 'revert'),
    reverse: (host) => this.#job(host, 'reverse'),
    failback: (host) => this.#job(host, 'failback', { start: true, timeoutSeconds: 10 }),
    failbackStart: (host) => this.#job(host, FAILBACK_JOB, { ...this.#point(this.#pair.other(host), 0.3), timeoutSeconds: 10 }),
    preparePlanned: (host) => this.#job(host, 'preparePlanned', { timeoutSeconds: 10 }),
    failOver: (host) => {
      this.#pair.properties.mayRunTwice = true;
      this.#job(host, 'failOver', this.#point(host));
    },
    reverseHere: (host) => this.#job(host, 'reverseHere'),
    becomeReplica: (host) => this.#job(host, 'becomeReplica'),
    pause: (host) => this.#job(host, 'pause'),
    reset: (host) => this.#job(host, 'reset'),
    disks: (host) => this.#changeDisks(host),
    cancelJob: (host) => {
      const running = host.state.jobs().filter(({ state }) => state === 'running');
      if (running.length > 0) host.engine!.jobs.cancel(this.#pair.random.pick(running).id);
    },
  };

  /** Any of the machine's disks are to replicate; what is new travels in parts of a few clusters. */
  #changeDisks(host: SimulatedHost): void {
    const { machineId, relationshipId, random } = this.#pair;
    const { host: parts } = host.engine!;
    const relationship = this.#pair.relationshipOn(host);
    const all = host.state.machine(machineId)!.stacks.map(({ disk }) => disk);
    const disks = all.filter(() => random.chance(0.6));
    if (!relationship || disks.length === 0) return;
    const sliceBytes = random.int(1, 8) * CLUSTER_BYTES;
    const changing = host.engine!.worker(machineId).exclusive('change settings', async (signal) => {
      await putSettings(parts, relationshipId, { ...relationshipNamed(parts, relationshipId).settings, disks }, signal);
      update(parts, relationshipId, ({ incoming }) => (incoming ? { incoming: { ...incoming, sliceBytes } } : {}));
    }, parts.clock.timeout(CANCEL_WITHIN_MS));
    changing.catch((thrown: unknown) => this.#pair.noting(() => this.#answered(host, 'disks', thrown)));
  }

  #cancelPlanned(host: SimulatedHost): void {
    const engine = host.engine!;
    const { machineId, relationshipId } = this.#pair;
    const relationship = this.#pair.relationshipOn(host);
    const limit = engine.host.clock.timeout(CANCEL_WITHIN_MS);
    const cancelling = relationship?.failback
      ? endFailback(engine, relationship, limit)
      : engine.worker(machineId).exclusive('cancel planned failover', (signal) => cancelPrepared(engine.host, relationshipId, false, signal), limit);
    cancelling.catch((thrown: unknown) => this.#pair.noting(() => this.#answered(host, 'cancelPlanned', thrown)));
  }

  /** What the state's advice says; true when there is nothing to do. */
  advise(): boolean {
    const underWay = this.#pair.hosts.flatMap(({ state }) => state.jobs().filter((job) => job.state === 'running').map(({ kind }) => kind));
    let isQuiet = underWay.length === 0;
    for (const host of this.#pair.hosts) {
      const deed = this.#advice(host);
      if (deed !== null) isQuiet = false;
      if (deed !== null && deed !== 'wait' && !underWay.includes(deed)) this.do(deed, host);
    }
    return isQuiet;
  }

  #advice(host: SimulatedHost): Deed | 'wait' | null {
    const relationship = this.#pair.relationshipOn(host);
    const there = this.#pair.relationshipOn(this.#pair.other(host));
    if (!relationship || !there) return 'wait';
    const { side, state, testCopy } = relationship;
    if (testCopy) return 'testEnd';
    if (relationship.failback) return this.#failbackAdvice(host, relationship);
    if (side === 'primary') {
      if (state === 3) return null;
      if (state === 4) return there.failover ? 'wait' : 'cancelPlanned';
      return PRIMARY_ADVICE[state] ?? 'wait';
    }
    if (state === 3) return null;
    return REPLICA_ADVICE[state] ?? 'wait';
  }

  /** Both hosts went on alone: one of them yields. When each gave the machine to the other, one of them takes it. */
  choose(): void {
    if (this.#pair.hosts.some(({ state }) => state.jobs().some((job) => job.state === 'running'))) return;
    const owns = (host: SimulatedHost): boolean => newestOf(host.state.machine(this.#pair.machineId)!.lineage).ownerHostId === host.name;
    const yielding = this.#pair.hosts.filter((host) => owns(this.#pair.other(host)));
    if (yielding.length > 0) this.do('becomeReplica', this.#pair.random.pick(yielding));
    else this.do('unplanned', this.#pair.random.pick(this.#pair.hosts));
  }

  /** A failback that is complete is kept; one that nobody goes on with is given up, where it came home to. */
  #failbackAdvice(host: SimulatedHost, { state, failback }: Relationship): Deed | 'wait' {
    if (failback?.at === 'away') return 'wait';
    const isFollowed = host.state.jobs().some((job) => job.kind === FAILBACK_JOB && job.state === 'running');
    return isFollowed ? 'wait' : (REPLICA_ADVICE[state] ?? 'wait');
  }
}
