/**
 * Tells people what is wrong: looks at this host's concerns, decides for each target what it has to hear, and has it delivered.
 * What is to be told is durable before it is sent, so that it survives a restart.
 */
import type { Concern } from '../notifications/concern.ts';
import { notificationOf } from '../notifications/notification.ts';
import type { Target } from '../notifications/target.ts';
import { decide, type Pace } from '../notifications/telling.ts';
import { faultOf } from '../errors/fault.ts';
import { Courier, type CourierOptions } from './courier.ts';
import { shown } from './events.ts';
import { phrase, say, type Text } from '../language/text.ts';

const LOOK_EVERY_MS = 10_000;
/** Changes that come together are looked at once. */
const LOOK_AT_MOST_EVERY_MS = 2_000;
/** For each target. */
const MAX_WAITING = 100;

export interface NotifierOptions extends CourierOptions {
  readonly host: { readonly id: string; readonly name: string };
  readonly newId: () => string;
  /** What is wrong on this host now. */
  readonly concerns: () => readonly Concern[];
  readonly pace: () => Pace;
}

export class Notifier {
  readonly #options: NotifierOptions;
  readonly #couriers = new Map<string, Courier>();
  /** By target and key. What was about to be told begins to wait anew with the daemon: nobody saw that it held. */
  readonly #differsSinceMs = new Map<string, ReadonlyMap<string, number>>();
  readonly #life = new AbortController();
  #wake = new AbortController();
  #watching: Promise<void> = Promise.resolve();

  constructor(options: NotifierOptions) {
    this.#options = options;
  }

  /** Looks again and again; what waited when a former daemon ended is sent. */
  start(): void {
    this.#watching = this.#watch().catch((thrown: unknown) => {
      if (!this.#life.signal.aborted) this.#options.crash(thrown);
    });
  }

  async stop(): Promise<void> {
    this.#life.abort(new DOMException('understudyd ends', 'AbortError'));
    for (const courier of this.#couriers.values()) courier.stop();
    await this.#watching;
  }

  /** Something changed: it is looked at soon. */
  changed(): void {
    this.#wake.abort();
  }

  /** The target was changed or removed: what waits for it is tried at once, or is sent no more. */
  targetChanged(id: string): void {
    if (this.#options.rows.targets().some((target) => target.id === id)) this.#courier(id).retry();
    else {
      this.#couriers.get(id)?.stop();
      this.#couriers.delete(id);
      this.#differsSinceMs.delete(id);
    }
    this.changed();
  }

  /** A message is sent now, past all that waits: what the other side answered. A fault when it did not take it. */
  async test(target: Target, signal: AbortSignal): Promise<Text> {
    const { deliver, clock, host, newId } = this.#options;
    const courier = this.#courier(target.id);
    try {
      const answer = await deliver(target, { id: newId(), atMs: clock.nowMs(), host, isTest: true, told: [], more: 0 }, AbortSignal.any([signal, this.#life.signal]));
      courier.succeeded(target);
      courier.retry();
      return answer;
    } catch (thrown) {
      const fault = faultOf(thrown);
      if (fault) courier.failed(target, fault);
      throw thrown;
    }
  }

  async #watch(): Promise<void> {
    for (;;) {
      this.#wake = new AbortController();
      this.look();
      await this.#options.clock.sleep(LOOK_AT_MOST_EVERY_MS, this.#life.signal);
      await this.#sleepUntilChange();
    }
  }

  async #sleepUntilChange(): Promise<void> {
    const woken = this.#wake.signal;
    if (woken.aborted) return;
    await this.#options.clock.sleep(LOOK_EVERY_MS - LOOK_AT_MOST_EVERY_MS, AbortSignal.any([this.#life.signal, woken])).catch((thrown: unknown) => {
      if (!woken.aborted || this.#life.signal.aborted) throw thrown;
    });
  }

  /** Every target has been told, durably, what it has to hear by now. */
  look(): void {
    const targets = this.#options.rows.targets().filter(({ isEnabled }) => isEnabled);
    if (targets.length === 0) return;
    const concerns = this.#options.concerns();
    for (const target of targets) {
      this.#tell(target, concerns);
      this.#courier(target.id).go();
    }
  }

  #tell(target: Target, all: readonly Concern[]): void {
    const { rows, clock, host, newId, pace, onEvent } = this.#options;
    const nowMs = clock.nowMs();
    // A target that fails cannot be told that it does.
    const concerns = all.filter(({ key }) => key !== `target:${target.id}`);
    const { repeatMs, delayMs } = pace();
    const isHeldUp = rows.next(target.id) !== undefined;
    const { told, standings, differsSinceMs } = decide({
      minimum: target.minimum, concerns, standings: rows.standings(target.id), differsSinceMs: this.#differsSinceMs.get(target.id) ?? new Map(), nowMs,
      pace: { delayMs, repeatMs: isHeldUp ? 0 : repeatMs },
    });
    this.#differsSinceMs.set(target.id, differsSinceMs);
    if (told.length === 0) return;
    const count = rows.tell(target.id, notificationOf({ id: newId(), atMs: nowMs, host }, told), standings, MAX_WAITING);
    if (count > 0) onEvent({ kind: 'lost', target: shown(target), count, message: say('more than {max} notifications wait for it', { max: MAX_WAITING }), hint: phrase('The oldest of them are not sent any more. See why it fails: understudy notify list.') });
  }

  #courier(targetId: string): Courier {
    const courier = this.#couriers.get(targetId) ?? new Courier(targetId, this.#options);
    this.#couriers.set(targetId, courier);
    return courier;
  }
}
