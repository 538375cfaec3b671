/**
 * What leaves this host for replicas, all machines together: how many transfers and resynchronizations at once, how many bytes
 * in a second, for the host and for each relationship. Whoever waits says for what.
 */
import { bytesPerSecond } from '../../cycle/bandwidth.ts';
import type { Relationship } from '../../machine/records.ts';
import { cycleIntervalMs } from '../../relationship/settings.ts';
import type { Clock } from '../ports/clock.ts';
import { Bucket } from './bucket.ts';
import type { Allowed } from './lane.ts';
import type { TrafficLimits } from './limits.ts';
import { Turns } from './turns.ts';
import { type Text, say } from '../../language/text.ts';

/** A first copy or a resynchronization that others wait for goes on so long before it stands in line again. */
const SLICE_MS = 5_000;
/** Until when such a long transfer wants its next turn: behind every cycle that is due sooner. */
const LONG_DUE_MS = 900_000;
/** What is set counts after so long at the latest. */
const LOOK_EVERY_MS = 500;

interface Surroundings {
  readonly clock: Clock;
  limits(): TrafficLimits;
  relationship(id: string): Relationship | undefined;
  nameOf(machineId: string): string;
}

type Kind = 'transfers' | 'resynchronizations';

export class Traffic {
  readonly #around: Surroundings;
  readonly #turns: Readonly<Record<Kind, Turns>>;
  readonly #bucket: Bucket;
  readonly #buckets = new Map<string, Bucket>();
  readonly #notes = new Map<string, Kind>();
  readonly #held = new Map<string, TransferTurn>();

  constructor(around: Surroundings) {
    this.#around = around;
    this.#turns = { transfers: new Turns(() => around.limits().transfers), resynchronizations: new Turns(() => around.limits().resynchronizations) };
    this.#bucket = new Bucket(around.clock, this.#rateOf(() => around.limits().bandwidth));
  }

  /** What the relationship's work waits for; null when it does not. */
  waitingFor(relationshipId: string): Text | null {
    const kind = this.#notes.get(relationshipId);
    if (!kind) return null;
    const { holders } = this.#turns[kind];
    const about = { limit: this.#around.limits()[kind], machines: { list: holders } };
    if (kind === 'transfers') return say('waits for its turn: this host sends to replicas for at most {limit} machines at once, now {machines}', about);
    return say('waits for its turn: this host resynchronizes at most {limit} machines at once, now {machines}', about);
  }

  /** Names of the machines that have a turn. */
  now(): { transferring: string[]; resynchronizing: string[] } {
    return { transferring: [...this.#turns.transfers.holders], resynchronizing: [...this.#turns.resynchronizations.holders] };
  }

  /** What is set was changed. */
  changed(): void {
    for (const turns of Object.values(this.#turns)) turns.admit();
  }

  /** The work runs as one of the resynchronizations at once. */
  async resynchronizing<T>(relationship: Relationship, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const giveBack = await this.#take('resynchronizations', relationship, this.#around.clock.monotonicMs(), signal);
    try {
      return await work();
    } finally {
      giveBack();
    }
  }

  /** The work runs as one of the transfers at once. `isLong`: behind every cycle that is due sooner. */
  async transferring<T>(relationship: Relationship, isLong: boolean, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const dueInMs = isLong ? LONG_DUE_MS : cycleIntervalMs(relationship.settings);
    const turn = new TransferTurn(this.#around.clock, this.#turns.transfers, (nowMs) => this.#take('transfers', relationship, nowMs + dueInMs, signal));
    await turn.take();
    this.#held.set(relationship.id, turn);
    try {
      return await work();
    } finally {
      this.#held.delete(relationship.id);
      turn.giveBack();
    }
  }

  /** Others may have the relationship's turn for as long as the work takes. */
  async pausing(relationshipId: string, work: () => Promise<void>): Promise<void> {
    const turn = this.#held.get(relationshipId);
    turn?.giveBack();
    await work();
    await turn?.take();
  }

  /**
   * Resolves when so many bytes of the relationship may leave: within the bandwidth, and while it has its turn. What has none,
   * since somebody waits for it (a planned failover), stands in no line. `mayYield`: no instant is held meanwhile.
   */
  allowance(relationshipId: string, mayYield: boolean, signal: AbortSignal): Allowed {
    const own = this.#ownBucket(relationshipId);
    return async (bytes) => {
      if (mayYield) await this.#held.get(relationshipId)?.yielding();
      await own.take(bytes, signal);
      await this.#bucket.take(bytes, signal);
    };
  }

  #ownBucket(relationshipId: string): Bucket {
    let bucket = this.#buckets.get(relationshipId);
    if (!bucket) this.#buckets.set(relationshipId, (bucket = new Bucket(this.#around.clock, this.#rateOf(() => this.#around.relationship(relationshipId)?.settings.additional.bandwidth ?? []))));
    return bucket;
  }

  async #take(kind: Kind, { id, machineId }: Relationship, dueMs: number, signal: AbortSignal): Promise<() => void> {
    this.#notes.set(id, kind);
    try {
      return await this.#turns[kind].take(this.#around.nameOf(machineId), dueMs, signal);
    } finally {
      this.#notes.delete(id);
    }
  }

  /** The rate by the rules of the moment. Rules are looked up now and then only: for each frame it would be too dear. */
  #rateOf(rules: () => Parameters<typeof bytesPerSecond>[0]): () => number | null {
    const { clock } = this.#around;
    let lookedMs = -Infinity;
    let rate: number | null = null;
    return () => {
      const nowMs = clock.monotonicMs();
      if (nowMs - lookedMs >= LOOK_EVERY_MS) {
        rate = bytesPerSecond(rules(), clock.nowMs(), (atMs) => clock.minutesEast(atMs));
        lookedMs = nowMs;
      }
      return rate;
    };
  }
}

/** One transfer's turn, which a long one gives back now and then for those that wait. */
class TransferTurn {
  readonly #clock: Clock;
  readonly #turns: Turns;
  readonly #ask: (nowMs: number) => Promise<() => void>;
  #giveBack: (() => void) | null = null;
  #sinceMs = 0;
  #again: Promise<void> | null = null;

  constructor(clock: Clock, turns: Turns, ask: (nowMs: number) => Promise<() => void>) {
    this.#clock = clock;
    this.#turns = turns;
    this.#ask = ask;
  }

  async take(): Promise<void> {
    this.#giveBack = await this.#ask(this.#clock.monotonicMs());
    this.#sinceMs = this.#clock.monotonicMs();
  }

  giveBack(): void {
    this.#giveBack?.();
    this.#giveBack = null;
  }

  /** When its slice is over and others wait, it resolves with the next slice; otherwise at once. */
  async yielding(): Promise<void> {
    const isOver = this.#turns.hasWaiting && this.#clock.monotonicMs() - this.#sinceMs >= SLICE_MS;
    if (isOver && this.#giveBack) this.#again ??= this.#yield();
    await this.#again;
  }

  async #yield(): Promise<void> {
    this.giveBack();
    try {
      await this.take();
    } finally {
      this.#again = null;
    }
  }
}
