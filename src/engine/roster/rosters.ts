/**
 * The rosters of the hosts that this one is paired with, as each told it last, and when. A host is asked when it is met, then
 * seldom; while somebody looks it is asked on and on, and answers when something has changed there. What was told is kept
 * when the host is out of reach, with its time: it is never taken for the present.
 */
import { Fault, faultOf } from '../../errors/fault.ts';
import { say } from '../../language/text.ts';
import { call } from '../calls.ts';
import type { Host } from '../host.ts';
import { readRoster } from './reading.ts';
import { changed, type RosterChanges } from './changes.ts';
import type { RosterMachine } from './roster.ts';
import { MAX_MACHINES, type RosterAnswer } from './telling.ts';

export interface KnownRoster extends Omit<RosterAnswer, 'machines' | 'changes' | 'atMs' | 'edition'> {
  /** By this host's clock. */
  readonly asOfMs: number;
  /** How far the other host's clock was ahead of this one's. */
  readonly skewMs: number;
  readonly machines: readonly RosterMachine[];
}

/** Keeps what was told for the next daemon: the host may be gone when that starts. */
export interface RosterStore {
  all(): ReadonlyMap<string, KnownRoster>;
  put(hostId: string, roster: KnownRoster): void;
  remove(hostId: string): void;
}

export interface Rosters {
  /** What the host told last; null before its first answer. */
  of(hostId: string): KnownRoster | null;
  /** Why the host tells nothing now; null while it does. */
  failureOf(hostId: string): Fault | null;
  /** Somebody looks: for a while the hosts are asked on and on. */
  look(): void;
  /** The same; resolves when what is known of these hosts is of now, or they fail, and after `withinMs` in any case. */
  refresh(hostIds: readonly string[], withinMs: number): Promise<void>;
  /** What the host told is of now, a few seconds at most. */
  isFresh(hostId: string): boolean;
  /** The host can be called, or cannot any more. */
  contact(hostId: string): void;
  /** The host is not paired any more. */
  forget(hostId: string): void;
  stop(): Promise<void>;
}

const LOOKING_LASTS_MS = 60_000;
/** How long the other host may hold its answer back until something has changed there. */
const HOLD_MS = 4_000;
const ANSWER_WITHIN_MS = 10_000;
/** Between two questions while somebody looks, and while nobody does. */
const GAP_MS = 500;
const IDLE_MS = 60_000;
/** An answer that is not older counts as one of now; while the next is being held back, for as long as that may take. */
const FRESH_MS = 1_000;
const FRESH_WHILE_HELD_MS = HOLD_MS + 2_000;
const KEEP_EVERY_MS = 30_000;

export class PeerRosters implements Rosters {
  readonly #host: Host;
  readonly #store: RosterStore;
  readonly #followers = new Map<string, Follower>();
  readonly #earlier: Map<string, KnownRoster>;
  #lookedMs = Number.NEGATIVE_INFINITY;

  constructor(host: Host, store: RosterStore) {
    this.#host = host;
    this.#store = store;
    this.#earlier = new Map(store.all());
  }

  of(hostId: string): KnownRoster | null {
    return this.#followers.get(hostId)?.known ?? this.#earlier.get(hostId) ?? null;
  }

  failureOf(hostId: string): Fault | null {
    return this.#followers.get(hostId)?.failure ?? null;
  }

  look(): void {
    const wasWatched = this.#isWatched();
    this.#lookedMs = this.#host.clock.monotonicMs();
    if (!wasWatched) for (const follower of this.#followers.values()) follower.wake();
  }

  isFresh(hostId: string): boolean {
    return this.#followers.get(hostId)?.isFresh() ?? false;
  }

  async refresh(hostIds: readonly string[], withinMs: number): Promise<void> {
    this.look();
    const stale = hostIds.map((hostId) => this.#followers.get(hostId)).filter((follower) => follower !== undefined && follower.failure === null && !follower.isFresh());
    if (stale.length === 0) return;
    const timer = new AbortController();
    const late = this.#host.clock.sleep(withinMs, timer.signal).catch(() => undefined);
    await Promise.race([Promise.all(stale.map((follower) => follower!.asked())), late]);
    timer.abort(new DOMException('all have answered', 'AbortError'));
  }

  contact(hostId: string): void {
    const follower = this.#followers.get(hostId);
    if (follower) return follower.wake();
    const begun = new Follower(this.#host, hostId, this.#store, this.#earlier.get(hostId) ?? null, () => this.#isWatched());
    this.#followers.set(hostId, begun);
    begun.start();
  }

  forget(hostId: string): void {
    void this.#followers.get(hostId)?.stop();
    this.#followers.delete(hostId);
    this.#earlier.delete(hostId);
    this.#store.remove(hostId);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#followers.values()].map((follower) => follower.stop()));
  }

  #isWatched(): boolean {
    return this.#host.clock.monotonicMs() - this.#lookedMs < LOOKING_LASTS_MS;
  }
}

/** Asks one host again and again. */
class Follower {
  known: KnownRoster | null;
  failure: Fault | null = null;
  readonly #host: Host;
  readonly #hostId: string;
  readonly #store: RosterStore;
  readonly #isWatched: () => boolean;
  readonly #life = new AbortController();
  #edition: string | null = null;
  /** The host answers the present question when something has changed there. */
  #isHeld = false;
  #kept: { readonly edition: string | null; readonly atMs: number } = { edition: null, atMs: Number.NEGATIVE_INFINITY };
  #answer = Promise.withResolvers<undefined>();
  #nap = new AbortController();
  #isWoken = false;
  #following: Promise<void> = Promise.resolve();

  constructor(host: Host, hostId: string, store: RosterStore, known: KnownRoster | null, isWatched: () => boolean) {
    this.#host = host;
    this.#hostId = hostId;
    this.#store = store;
    this.known = known;
    this.#isWatched = isWatched;
  }

  start(): void {
    this.#following = this.#follow().catch((thrown: unknown) => {
      if (!this.#life.signal.aborted) this.#host.crash(thrown);
    });
  }

  isFresh(): boolean {
    if (this.failure !== null || this.known === null) return false;
    return this.#host.clock.nowMs() - this.known.asOfMs <= (this.#isHeld ? FRESH_WHILE_HELD_MS : FRESH_MS);
  }

  /** The host is asked soon. */
  wake(): void {
    this.#isWoken = true;
    this.#nap.abort(new DOMException('the host is to be asked', 'AbortError'));
  }

  /** The next question has been answered, or has failed. */
  async asked(): Promise<void> {
    const { promise } = this.#answer;
    this.wake();
    await promise;
  }

  async stop(): Promise<void> {
    this.#life.abort(new DOMException('the host is asked no more', 'AbortError'));
    await this.#following;
    this.#answer.resolve(undefined);
    if (this.known && this.#edition !== this.#kept.edition) this.#keep(this.known);
  }

  async #follow(): Promise<void> {
    for (;;) {
      this.#isWoken = false;
      await this.#ask();
      this.#answer.resolve(undefined);
      this.#answer = Promise.withResolvers();
      if (this.failure?.code === 'host-unknown') return;
      await this.#rest(this.failure === null && this.#isWatched() ? GAP_MS : IDLE_MS);
    }
  }

  /** Ends early when the host is met, or somebody begins to look. */
  async #rest(ms: number): Promise<void> {
    const { clock } = this.#host;
    this.#nap = new AbortController();
    if (!this.#isWoken) await clock.sleep(ms, AbortSignal.any([this.#life.signal, this.#nap.signal])).catch(() => undefined);
    this.#life.signal.throwIfAborted();
  }

  async #ask(): Promise<void> {
    const { clock, peers } = this.#host;
    // What is old is not waited for until it changes.
    this.#isHeld = this.#isWatched() && this.isFresh();
    try {
      const asked = { edition: this.#edition, takesChanges: true, waitMs: this.#isHeld ? HOLD_MS : 0 };
      const value = await call(peers, this.#hostId, 'roster', asked, AbortSignal.any([this.#life.signal, clock.timeout(ANSWER_WITHIN_MS)]));
      const answer = readRoster(value);
      if (!answer) throw new Fault('peer-protocol', say('{peer} tells its machines in a way that cannot be read', { peer: this.#host.peerName(this.#hostId) }));
      this.#told(answer);
    } catch (thrown) {
      this.#life.signal.throwIfAborted();
      const fault = faultOf(thrown);
      if (!fault) throw thrown;
      this.#failed(fault);
    } finally {
      this.#isHeld = false;
    }
  }

  #told({ atMs, edition, machines, changes, ...rest }: RosterAnswer): void {
    const asOfMs = this.#host.clock.nowMs();
    const isNews = edition !== this.#edition || (!this.#isHeld && !this.isFresh());
    this.known = { ...rest, asOfMs, skewMs: atMs - asOfMs, machines: machines ?? this.#changed(changes) };
    this.#edition = edition;
    this.failure = null;
    if (edition !== this.#kept.edition && asOfMs - this.#kept.atMs >= KEEP_EVERY_MS) this.#keep(this.known);
    if (isNews) this.#host.changed('host', this.#hostId);
  }

  /** However a host goes on adding: no more machines than it could tell at once. */
  #changed(changes: RosterChanges | undefined): readonly RosterMachine[] {
    const known = this.known?.machines ?? [];
    return changes ? changed(known, changes).slice(0, MAX_MACHINES) : known;
  }

  /** What was known stays, and is kept for a daemon that starts while the host is gone. */
  #failed(fault: Fault): void {
    const isNews = fault.code !== this.failure?.code;
    this.failure = fault;
    if (this.known && this.#edition !== this.#kept.edition) this.#keep(this.known);
    if (isNews) this.#host.changed('host', this.#hostId);
  }

  #keep(roster: KnownRoster): void {
    this.#kept = { edition: this.#edition, atMs: this.#host.clock.nowMs() };
    this.#store.put(this.#hostId, roster);
  }
}
