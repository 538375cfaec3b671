/**
 * Looks at every relationship again and again: a rule of the health that begins to hold is written to the log once, a monitoring
 * interval ends although no cycle does, and what is pending is asked of a bounded number of guests each time.
 */
import { faultOf } from '../errors/fault.ts';
import { EVENTS } from '../health/events.ts';
import { rulesThatHold } from '../health/health.ts';
import { limitsOf, type HealthLimits } from '../health/limits.ts';
import type { Machine, Relationship } from '../machine/records.ts';
import type { Host } from './host.ts';
import { inInterval, isIntervalOver } from './monitoring.ts';
import type { PendingBytes } from './pending.ts';
import { report } from './report.ts';
import { hintOf, saidOf } from '../language/text.ts';
import { update } from './transition.ts';

const LOOK_EVERY_MS = 30_000;
const GUESTS_AT_ONCE = 64;
/** Longer than any freeze that goes well. */
const STANDS_STILL_AFTER_MS = 60_000;

export class HealthWatch {
  readonly #host: Host;
  readonly #pending: PendingBytes;
  readonly #life = new AbortController();
  #watching: Promise<void> = Promise.resolve();
  #nextGuest = 0;

  constructor(host: Host, pending: PendingBytes) {
    this.#host = host;
    this.#pending = pending;
  }

  start(): void {
    this.#watching = this.#watch().catch((thrown: unknown) => {
      if (!this.#life.signal.aborted) this.#host.crash(thrown);
    });
  }

  async stop(): Promise<void> {
    this.#life.abort(new DOMException('understudyd ends', 'AbortError'));
    await this.#watching;
  }

  async #watch(): Promise<void> {
    for (;;) {
      await this.#host.clock.sleep(LOOK_EVERY_MS, this.#life.signal);
      const relationships = this.#host.state.relationships();
      const machines = new Map(this.#host.state.machines().map((machine) => [machine.id, machine]));
      const limits = limitsOf(this.#host.monitoring().limits);
      for (const relationship of relationships) {
        const machine = machines.get(relationship.machineId);
        const present = machine && (await withStandstill(this.#host, relationship));
        if (present) look(this.#host, present, machine, limits);
      }
      await this.#askGuests(relationships);
    }
  }

  /** Each in its turn. A guest that does not answer is asked again next time. */
  async #askGuests(relationships: readonly Relationship[]): Promise<void> {
    this.#pending.keepOnly(new Set(relationships.map(({ id }) => id)));
    const live = new Set(await this.#host.hypervisor.instances());
    const sending = relationships.filter(({ side, machineId }) => side === 'primary' && live.has(machineId));
    const first = this.#nextGuest < sending.length ? this.#nextGuest : 0;
    const asked = sending.slice(first, first + GUESTS_AT_ONCE);
    this.#nextGuest = first + asked.length;
    for (const { id } of asked) await this.#ask(id);
  }

  async #ask(relationshipId: string): Promise<void> {
    this.#life.signal.throwIfAborted();
    const relationship = this.#host.state.relationship(relationshipId);
    if (!relationship) return;
    try {
      await this.#pending.look(relationship);
    } catch (thrown) {
      if (!faultOf(thrown)) throw thrown;
    }
  }
}

/** The relationship as it is now, with whether its guest may be frozen still; undefined when it is gone. */
async function withStandstill(host: Host, { id, machineId }: Relationship): Promise<Relationship | undefined> {
  const sinceMs = await host.hypervisor.standsStillSinceMs(machineId);
  const relationship = host.state.relationship(id);
  if (!relationship) return undefined;
  const standsStillSinceMs = sinceMs !== null && host.clock.nowMs() - sinceMs > STANDS_STILL_AFTER_MS ? sinceMs : null;
  return (relationship.standsStillSinceMs ?? null) === standsStillSinceMs ? relationship : update(host, relationship.id, () => ({ standsStillSinceMs }));
}

/** What changed since it was last looked at is in the log, and the counts are those of the present interval. Mostly nothing has, and nothing is written. */
function look(host: Host, relationship: Relationship, machine: Machine, limits: HealthLimits): void {
  const holding = rulesThatHold({ relationship, machine, peer: host.peerName(relationship.peerId), nowMs: host.clock.nowMs(), limits });
  const now = holding.map(({ rule }) => rule.id);
  const before = relationship.issues ?? [];
  if (now.join() === before.join() && !isIntervalOver(host, relationship)) return;
  host.state.transaction(() => {
    for (const { rule, issue } of holding) if (rule.event !== null && !before.includes(rule.id)) report(host, rule.event, machine.name, saidOf(issue), hintOf(issue));
    if (now.length === 0 && before.length > 0) report(host, 'health-restored', machine.name, EVENTS['health-restored'].when);
    const counts = inInterval(host, relationship);
    update(host, relationship.id, () => ({ ...counts, issues: now }));
  });
}
