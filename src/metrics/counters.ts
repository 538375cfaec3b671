/** What is counted since the daemon started. Nothing takes away from a count, least of all a reset of the statistics. */
import type { Observation } from '../engine/observation.ts';
import type { Job } from '../machine/records.ts';
import type { NotifierEvent } from '../notifier/events.ts';
import { CYCLE_BUCKETS } from './families.ts';

/** Counts by the values of their labels. */
class Counts<Key extends readonly string[]> {
  readonly #counts = new Map<string, { readonly key: Key; count: number }>();

  add(key: Key, by = 1): void {
    const id = key.join('\u0000');
    const known = this.#counts.get(id);
    if (known) known.count += by;
    else this.#counts.set(id, { key, count: by });
  }

  all(): Iterable<{ readonly key: Key; readonly count: number }> {
    return this.#counts.values();
  }

  /** Only these are kept. */
  keep(isKept: (key: Key) => boolean): void {
    for (const [id, { key }] of this.#counts) if (!isKept(key)) this.#counts.delete(id);
  }
}

export interface Durations {
  /** One for each bucket, of those that took no longer. */
  readonly buckets: number[];
  sum: number;
  count: number;
}

export class Counters {
  readonly cycles = new Counts<readonly [relationshipId: string, side: string, cycle: string, outcome: string]>();
  readonly errors = new Counts<readonly [relationshipId: string, code: string]>();
  readonly missed = new Counts<readonly [relationshipId: string]>();
  readonly jobs = new Counts<readonly [job: string, outcome: string]>();
  readonly requests = new Counts<readonly [method: string, route: string, status: string]>();
  readonly signInFailures = new Counts<readonly [door: string]>();
  readonly notifications = new Counts<readonly [target: string, kind: 'sent' | 'failed' | 'lost']>();
  readonly durations = new Map<string, Durations>();
  readonly #missedSeen = new Map<string, { readonly sinceMs: number; readonly missed: number }>();

  observed(observation: Observation): void {
    const { relationshipId, side, cycle } = observation;
    if (observation.kind === 'failed') {
      this.cycles.add([relationshipId, side, cycle, 'failed']);
      this.errors.add([relationshipId, observation.code]);
      return;
    }
    this.cycles.add([relationshipId, side, cycle, 'completed']);
    if (side === 'primary') this.#took(cycle, observation.tookMs / 1_000);
  }

  #took(cycle: string, seconds: number): void {
    const known = this.durations.get(cycle) ?? { buckets: CYCLE_BUCKETS.map(() => 0), sum: 0, count: 0 };
    this.durations.set(cycle, known);
    for (const [at, bound] of CYCLE_BUCKETS.entries()) if (seconds <= bound) known.buckets[at]! += 1;
    known.sum += seconds;
    known.count += 1;
  }

  /** What the statistics say now of an interval that began at `sinceMs`: what came since it was last seen is counted. */
  missedNow(relationshipId: string, sinceMs: number, missed: number): void {
    const seen = this.#missedSeen.get(relationshipId);
    // What had been missed before this daemon looked for the first time is none of its counts.
    const before = seen === undefined ? missed : seen.sinceMs === sinceMs ? seen.missed : 0;
    this.missed.add([relationshipId], Math.max(0, missed - before));
    this.#missedSeen.set(relationshipId, { sinceMs, missed: Math.max(missed, before) });
  }

  jobChanged({ kind, state }: Pick<Job, 'kind' | 'state'>): void {
    if (state !== 'running') this.jobs.add([kind, state]);
  }

  notified({ kind, target, ...more }: NotifierEvent): void {
    if (kind === 'sent' || kind === 'failed') this.notifications.add([target.name, kind]);
    else if (kind === 'lost' && 'count' in more) this.notifications.add([target.name, 'lost'], more.count);
  }

  /** What is counted of relationships that are gone goes. */
  keepOnly(relationshipIds: ReadonlySet<string>): void {
    for (const counts of [this.cycles, this.errors, this.missed]) counts.keep(([id]: readonly string[]) => relationshipIds.has(id!));
    for (const id of this.#missedSeen.keys()) if (!relationshipIds.has(id)) this.#missedSeen.delete(id);
  }
}
