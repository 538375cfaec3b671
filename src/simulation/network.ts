/**
 * The network between simulated hosts: calls that are late, lost on either way or come twice, and lanes that break after
 * some frames. Whatever crosses is a copy.
 */
import { Fault } from '../errors/fault.ts';
import { Refused } from '../errors/refusal.ts';
import type { LaneAbout, LaneHandler, LaneSender, PeerHandler, Peers, Wire } from '../engine/ports/peers.ts';
import { SimulatedLane } from './lane.ts';
import { Dead } from './life.ts';
import type { Random } from './random.ts';
import type { VirtualTime } from './time.ts';

export interface Weather {
  readonly latencyMs: number;
  /** Of calls: the request, the answer, or a second copy of the request. */
  readonly lostRequests: number;
  readonly lostAnswers: number;
  readonly repeated: number;
  /** Of lanes: how many break, within their first frames. */
  readonly brokenLanes: number;
}

export const FAIR: Weather = { latencyMs: 2, lostRequests: 0, lostAnswers: 0, repeated: 0, brokenLanes: 0 };

const SILENCE_MS = 8_000;
const LANE_PATIENCE_MS = 5_000;

interface Waiting {
  readonly accept: (lane: SimulatedLane) => void;
}

const unreachable = (why: string): Fault => new Fault('peer-unreachable', why);
const copied = <T>(value: T): T => structuredClone(value);

export class SimulatedNetwork implements Disposable {
  weather: Weather = FAIR;
  /** Tells the story: who asked whom what, and what became of it. */
  onCall: (line: string) => void = () => undefined;
  /** Called with each request that arrives; returns true to lose its answer. */
  losesAnswer: (method: string) => boolean = () => false;
  readonly #time: VirtualTime;
  readonly #random: Random;
  readonly #handlers = new Map<string, PeerHandler>();
  readonly #cut = new Set<string>();
  readonly #lanes = new Set<SimulatedLane>();
  readonly #waiting = new Map<string, Waiting>();
  /** Calls that a host has been asked and has not answered. */
  readonly #open = new Map<(reason: Fault) => void, { from: string; to: string }>();

  constructor(time: VirtualTime, random: Random) {
    this.#time = time;
    this.#random = random;
  }

  [Symbol.dispose](): void {
    this.#handlers.clear();
  }

  up(hostId: string, handler: PeerHandler): void {
    this.#handlers.set(hostId, handler);
  }

  /** The host's daemon is gone, and with it every connection. */
  down(hostId: string): void {
    this.#handlers.delete(hostId);
    for (const lane of [...this.#lanes]) if (lane.from === hostId || lane.to === hostId) this.#break(lane, 'the other host is gone');
    for (const [fail, { to }] of [...this.#open]) if (to === hostId) this.#time.after(this.#latency(), () => fail(unreachable('the other host is gone')));
  }

  /** Nothing crosses in this direction until it is healed. */
  cut(from: string, to: string): void {
    this.#cut.add(`${from} ${to}`);
    for (const lane of [...this.#lanes]) if ([`${lane.from} ${lane.to}`, `${lane.to} ${lane.from}`].includes(`${from} ${to}`)) this.#break(lane, 'the network is cut');
  }

  heal(): void {
    this.#cut.clear();
  }

  get isWhole(): boolean {
    return this.#cut.size === 0;
  }

  canTalk(one: string, other: string): boolean {
    return !this.#isCut(one, other) && !this.#isCut(other, one) && this.#handlers.has(one) && this.#handlers.has(other);
  }

  /** What a host sees of the others. */
  of(hostId: string): Peers {
    return {
      call: (to, method, params, signal) => this.#call(hostId, to, method, params, signal),
      acceptLane: (from, token, signal) => this.#accept(hostId, from, token, signal),
      dialLane: (to, token, handler, signal, about) => this.#dial(hostId, to, token, handler, signal, about),
    };
  }

  #isCut(from: string, to: string): boolean {
    return this.#cut.has(`${from} ${to}`);
  }

  #latency(): number {
    return this.weather.latencyMs * (0.5 + this.#random.next());
  }

  #call(from: string, to: string, method: string, params: Wire, signal: AbortSignal): Promise<Wire> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const fail = (reason: unknown) => {
        signal.removeEventListener('abort', onAbort);
        this.#open.delete(fail);
        reject(reason);
      };
      const onAbort = () => fail(signal.reason);
      signal.addEventListener('abort', onAbort, { once: true });
      this.#open.set(fail, { from, to });
      const request = copied(params);
      const { lostRequests, repeated } = this.weather;
      const told = (what: string) => this.onCall(`${from} → ${to} ${method}: ${what}`);
      if (this.#isCut(from, to) || !this.#handlers.has(to)) return void this.#time.after(this.#latency() * 50, () => fail(unreachable('no connection')));
      if (this.#random.chance(lostRequests)) {
        told('the request is lost');
        return void this.#time.after(SILENCE_MS, () => fail(unreachable('no answer')));
      }
      if (this.#random.chance(repeated)) this.#time.after(this.#latency() * this.#random.int(1, 500), () => void this.#deliver(from, to, method, copied(params)).catch(() => undefined));
      this.#time.after(this.#latency(), () => {
        void this.#deliver(from, to, method, request).then(
          (answer) => this.#answer(from, to, method, () => {
            signal.removeEventListener('abort', onAbort);
            this.#open.delete(fail);
            if (!['jobShow', 'readiness'].includes(method)) told(`answered ${short(answer)}`);
            resolve(answer);
          }, fail),
          (thrown) => this.#answer(from, to, method, () => {
            told(`failed: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
            fail(thrown);
          }, fail),
        );
      });
    });
  }

  async #deliver(from: string, to: string, method: string, params: Wire): Promise<Wire> {
    const handler = this.#handlers.get(to);
    if (!handler || this.#isCut(from, to)) throw unreachable('no connection');
    try {
      return copied(await handler(from, method, params));
    } catch (thrown) {
      throw asTravelled(thrown);
    }
  }

  #answer(from: string, to: string, method: string, arrive: () => void, fail: (reason: Fault) => void): void {
    if (this.#isCut(to, from) || this.#random.chance(this.weather.lostAnswers) || this.losesAnswer(method)) {
      this.onCall(`${from} → ${to} ${method}: the answer is lost`);
      this.#time.after(SILENCE_MS, () => fail(unreachable('no answer')));
    } else this.#time.after(this.#latency(), arrive);
  }

  #accept(hostId: string, from: string, token: string, signal: AbortSignal): Promise<LaneSender> {
    return new Promise((resolve, reject) => {
      const key = `${hostId} ${from} ${token}`;
      const onAbort = () => {
        this.#waiting.delete(key);
        reject(signal.reason);
      };
      if (signal.aborted) return onAbort();
      signal.addEventListener('abort', onAbort, { once: true });
      this.#waiting.set(key, {
        accept: (lane) => {
          signal.removeEventListener('abort', onAbort);
          this.#waiting.delete(key);
          resolve(lane);
        },
      });
    });
  }

  async #dial(hostId: string, to: string, token: string, handler: LaneHandler, signal: AbortSignal, about?: LaneAbout): Promise<void> {
    signal.throwIfAborted();
    const waiting = await this.#awaited(`${to} ${hostId} ${token}`, signal);
    signal.throwIfAborted();
    if (!waiting || this.#isCut(hostId, to) || this.#isCut(to, hostId) || !this.#handlers.has(to)) throw unreachable('the lane could not be opened');
    const breaksAfter = this.#random.chance(this.weather.brokenLanes) ? this.#random.int(0, 8) : Infinity;
    const lane = new SimulatedLane({ from: to, to: hostId, handler, breaksAfter, time: this.#time, latencyMs: () => this.#latency() });
    this.#lanes.add(lane);
    const onAbort = () => lane.give(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    waiting.accept(lane);
    about?.onOpen?.();
    try {
      await lane.received;
    } finally {
      signal.removeEventListener('abort', onAbort);
      this.#lanes.delete(lane);
    }
  }

  async #awaited(key: string, signal: AbortSignal): Promise<Waiting | undefined> {
    for (let waitedMs = 0; waitedMs < LANE_PATIENCE_MS && !signal.aborted; waitedMs += 100) {
      await this.#time.sleep(waitedMs === 0 ? this.#latency() : 100);
      const waiting = this.#waiting.get(key);
      if (waiting) return waiting;
    }
    return undefined;
  }

  #break(lane: SimulatedLane, why: string): void {
    this.#lanes.delete(lane);
    lane.break(unreachable(why));
  }
}

/** What the far side threw, as the near side has it. */
function asTravelled(thrown: unknown): Error {
  if (thrown instanceof Dead) return unreachable('the other host is gone');
  if (thrown instanceof Fault) return new Fault(thrown.code, thrown.message);
  if (thrown instanceof Refused) return new Refused(copied(thrown.refusal));
  if (thrown instanceof Error && thrown.name === 'AbortError') return new Fault('cancelled', 'the other host gave the operation up');
  throw thrown;
}

/** An answer in a few words; ids by their first letters. */
function short(answer: Wire): string {
  const text = JSON.stringify(answer, (key, value: unknown) => (value instanceof Uint8Array ? `${value.length} bytes` : key === 'lineage' ? (value as { id: string }[]).at(-1)!.id : value));
  const brief = text.replaceAll(/([0-9a-f]{4})[0-9a-f]{4}-[0-9a-f-]{27}/g, '$1').replaceAll('"', '');
  return brief.length > 200 ? `${brief.slice(0, 200)}…` : brief;
}
