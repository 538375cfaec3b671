/**
 * Tells this host's roster. Whoever knows it already, by its edition, is answered when it has changed, or after a while that
 * it has not: so another host hears of a change at once and asks rarely. However many ask, the roster is read a few times a
 * second at most.
 */
import type { Engine } from '../engine.ts';
import { Editions, type RosterChanges } from './changes.ts';
import { rosterOf, type RosterMachine } from './roster.ts';

export interface RosterRequest {
  /** Of the roster that the asking host knows; null for none. */
  readonly edition: string | null;
  /** The asking host takes changes in place of all; absent from older versions. */
  readonly takesChanges?: boolean;
  /** How long the answer may wait for a change, `MAX_WAIT_MS` at most. */
  readonly waitMs: number;
}

export interface RosterAnswer {
  /** The clock of this host when the answer was given. */
  readonly atMs: number;
  readonly version: string;
  /** Where people reach this host's page: its address in full, or its port at any address of the host; null for only from here. */
  readonly pageUrl: string | null;
  readonly pagePort: number | null;
  /** Names what is told: another one after each change. */
  readonly edition: string;
  /** Null when the asking host knows them, but for the changes. */
  readonly machines: readonly RosterMachine[] | null;
  /** Since the edition that the asking host knows, where it takes them and this host remembers that edition. */
  readonly changes?: RosterChanges;
  /** Machines that are left out, because there are too many to tell. */
  readonly omitted: number;
}

export const MAX_WAIT_MS = 10_000;
export const MAX_MACHINES = 5_000;
/** Between two readings: changes that come together are told together. */
const GATHER_MS = 200;
/** The time changes a machine's health too. */
const READING_LASTS_MS = 2_000;

interface Reading {
  readonly edition: string;
  readonly machines: readonly RosterMachine[];
  readonly omitted: number;
}

export class RosterTelling {
  readonly #engine: Engine;
  readonly #life = new AbortController();
  #change = Promise.withResolvers<undefined>();
  #reading: Promise<Reading> | null = null;
  #readingMs = Number.NEGATIVE_INFINITY;
  readonly #editions = new Editions();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  stop(): void {
    this.#life.abort(new DOMException('understudyd ends', 'AbortError'));
    this.noticed();
  }

  /** Something about a machine may have changed. */
  noticed(): void {
    this.#reading = null;
    this.#change.resolve(undefined);
    this.#change = Promise.withResolvers();
  }

  async answer({ edition, waitMs, takesChanges = false }: RosterRequest): Promise<RosterAnswer> {
    const { clock } = this.#engine.host;
    const untilMs = clock.monotonicMs() + (Number.isFinite(waitMs) ? Math.min(Math.max(0, waitMs), MAX_WAIT_MS) : 0);
    for (;;) {
      const change = this.#change.promise;
      const reading = await this.#read();
      const leftMs = untilMs - clock.monotonicMs();
      if (reading.edition !== edition || leftMs <= 0 || this.#life.signal.aborted) return this.#answerOf(reading, edition, takesChanges);
      await this.#within(change, leftMs);
    }
  }

  #answerOf({ edition, machines, omitted }: Reading, known: string | null, takesChanges: boolean): RosterAnswer {
    const { clock, version, page } = this.#engine.host;
    const changes = edition !== known && takesChanges ? this.#editions.since(known, machines) : null;
    const isKnown = edition === known || changes !== null;
    return { atMs: clock.nowMs(), version, pageUrl: page?.url ?? null, pagePort: page?.port ?? null, edition, machines: isKnown ? null : machines, ...(changes && { changes }), omitted };
  }

  async #within(change: Promise<undefined>, ms: number): Promise<void> {
    const timer = new AbortController();
    const passed = this.#engine.host.clock.sleep(ms, timer.signal).catch(() => undefined);
    await Promise.race([change, passed]);
    timer.abort(new DOMException('there is a change', 'AbortError'));
  }

  /** Shared by all who ask until something changes. */
  #read(): Promise<Reading> {
    const nowMs = this.#engine.host.clock.monotonicMs();
    if (this.#reading && nowMs < this.#readingMs + READING_LASTS_MS) return this.#reading;
    this.#readingMs = Math.max(nowMs, this.#readingMs + GATHER_MS);
    const reading = this.#readAfter(this.#readingMs - nowMs);
    reading.catch(() => this.#forget(reading));
    return (this.#reading = reading);
  }

  /** One that failed is not kept for others. */
  #forget(reading: Promise<Reading>): void {
    if (this.#reading === reading) this.#reading = null;
  }

  async #readAfter(ms: number): Promise<Reading> {
    if (ms > 0) await this.#engine.host.clock.sleep(ms);
    const all = await rosterOf(this.#engine);
    const machines = all.slice(0, MAX_MACHINES);
    return { edition: this.#editions.of(machines, () => this.#engine.host.newId()), machines, omitted: all.length - machines.length };
  }
}
