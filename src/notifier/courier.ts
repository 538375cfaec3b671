/**
 * Delivers what waits for one target, in order. What is not taken is tried again, later and later, for a day; then it is given
 * up, and said. A message may arrive twice when the daemon dies between the sending and the note of it: its id tells.
 */
import type { Clock } from '../engine/ports/clock.ts';
import { failureText, type Fault, faultOf, kept } from '../errors/fault.ts';
import type { Notification } from '../notifications/notification.ts';
import type { Delivery, Target } from '../notifications/target.ts';
import { shown, type NotifierEvent } from './events.ts';
import type { Rows } from './rows.ts';
import { MINUTE_MS, SECOND_MS } from '../language/lengths.ts';
import type { Text } from '../language/text.ts';

const RETRY_DELAYS_MS = [10 * SECOND_MS, 30 * SECOND_MS, MINUTE_MS, 2 * MINUTE_MS, 5 * MINUTE_MS, 10 * MINUTE_MS, 30 * MINUTE_MS] as const;
const GIVEN_UP_AFTER_MS = 24 * 60 * MINUTE_MS;
/** From here on the target counts as failing. */
export const FAILING_FROM = 3;

export const isFailing = ({ failures }: Delivery): boolean => failures >= FAILING_FROM;

export interface CourierOptions {
  readonly rows: Rows;
  readonly clock: Clock;
  /** What the other side answered. A fault when it did not take the notification. */
  readonly deliver: (target: Target, notification: Notification, signal: AbortSignal) => Promise<Text>;
  readonly onEvent: (event: NotifierEvent) => void;
  readonly crash: (bug: unknown) => void;
}

export class Courier {
  readonly #targetId: string;
  readonly #options: CourierOptions;
  readonly #life = new AbortController();
  #retryNow = new AbortController();
  #isWorking = false;

  constructor(targetId: string, options: CourierOptions) {
    this.#targetId = targetId;
    this.#options = options;
  }

  /** Whatever waits is tried now, or is being tried. */
  go(): void {
    if (this.#isWorking || this.#life.signal.aborted) return;
    this.#isWorking = true;
    void this.#work()
      .catch((thrown: unknown) => {
        if (!this.#life.signal.aborted) this.#options.crash(thrown);
      })
      .finally(() => (this.#isWorking = false));
  }

  /** What waits for its next try is tried at once: the target was changed, or a test has passed. */
  retry(): void {
    this.#retryNow.abort();
    this.go();
  }

  stop(): void {
    this.#life.abort(new DOMException('the target is gone, or the daemon ends', 'AbortError'));
  }

  async #work(): Promise<void> {
    for (let waiting = this.#options.rows.next(this.#targetId); waiting; waiting = this.#options.rows.next(this.#targetId)) {
      const target = this.#options.rows.targets().find(({ id }) => id === this.#targetId);
      if (!target?.isEnabled) return;
      const fault = await this.#tryOnce(target, waiting.notification);
      this.#life.signal.throwIfAborted();
      if (!fault) this.#options.rows.take(waiting.id);
      else if (this.#options.clock.nowMs() - waiting.notification.atMs >= GIVEN_UP_AFTER_MS) this.#giveUp(target, waiting.id, fault);
      else await this.#pause();
    }
  }

  async #pause(): Promise<void> {
    const { failures } = this.#options.rows.delivery(this.#targetId);
    this.#retryNow = new AbortController();
    const sooner = this.#retryNow.signal;
    await this.#options.clock.sleep(RETRY_DELAYS_MS[Math.min(failures, RETRY_DELAYS_MS.length) - 1]!, AbortSignal.any([this.#life.signal, sooner])).catch((thrown: unknown) => {
      if (!sooner.aborted || this.#life.signal.aborted) throw thrown;
    });
  }

  /** Undefined when it was taken. */
  async #tryOnce(target: Target, notification: Notification): Promise<Fault | undefined> {
    try {
      await this.#options.deliver(target, notification, this.#life.signal);
      this.succeeded(target);
      return undefined;
    } catch (thrown) {
      this.#life.signal.throwIfAborted();
      const fault = faultOf(thrown);
      if (!fault) throw thrown;
      this.failed(target, fault);
      return fault;
    }
  }

  succeeded(target: Target): void {
    const { rows, clock, onEvent } = this.#options;
    const before = rows.delivery(target.id);
    rows.putDelivery(target.id, { lastSuccessMs: clock.nowMs(), lastFailure: null, failures: 0 });
    onEvent({ kind: 'sent', target: shown(target) });
    if (isFailing(before)) onEvent({ kind: 'restored', target: shown(target) });
  }

  failed(target: Target, fault: Fault): void {
    const { rows, clock, onEvent } = this.#options;
    const before = rows.delivery(target.id);
    const after = { ...before, lastFailure: { ...kept(fault), atMs: clock.nowMs() }, failures: before.failures + 1 };
    rows.putDelivery(target.id, after);
    onEvent({ kind: 'failed', target: shown(target) });
    if (isFailing(after) && !isFailing(before)) onEvent({ kind: 'failing', target: shown(target), message: failureText(fault), hint: fault.hint });
  }

  #giveUp(target: Target, waitingId: number, fault: Fault): void {
    this.#options.rows.take(waitingId);
    this.#options.onEvent({ kind: 'lost', target: shown(target), count: 1, message: failureText(fault), hint: fault.hint });
  }
}
