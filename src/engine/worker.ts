/**
 * Looks after one machine: keeps exactly the work running that its standing asks for, runs what the outbox holds, merges
 * what was retired, and lets one operation at a time have the machine. In the middle of a chain a second one looks after
 * the relationship by which it is sent on.
 */
import { Fault, faultOf, failureText } from '../errors/fault.ts';
import { Refused } from '../errors/refusal.ts';
import { say, type Text } from '../language/text.ts';
import type { Relationship } from '../machine/records.ts';
import type { Desk } from '../relationship/chain.ts';
import { activityOf, type Activity } from '../relationship/step.ts';
import { ACTIVITIES } from './activities.ts';
import { runOutbox } from './effects.ts';
import { isSendable } from './extended/source.ts';
import type { Host } from './host.ts';
import { giveUp, letGo } from './primary/attempt.ts';
import type { Progress } from './primary/shipment.ts';
import { mergeRetired, merges } from './replica/merging.ts';
import { report } from './report.ts';

const OUTBOX_RETRY_MS = 5_000;

interface Running {
  readonly activity: Activity;
  readonly controller: AbortController;
  readonly done: Promise<void>;
}

export class Worker {
  readonly #host: Host;
  readonly #machineId: string;
  readonly #own: Worker | null;
  readonly #life = new AbortController();
  #running: Running | null = null;
  #merging: { readonly controller: AbortController; readonly done: Promise<void> } | null = null;
  #operation: Text | null = null;
  #tending: Promise<void> = Promise.resolve();
  #tendQueued = false;
  #wanted: (() => void) | null = null;
  #retrying = false;
  #mergeFault: string | null = null;
  /** How far the present work is. */
  progress: Progress | null = null;
  nextAtMs: number | null = null;

  /** `own` is the machine's other worker, for the one by which it is sent on. */
  constructor(host: Host, machineId: string, own: Worker | null = null) {
    this.#host = host;
    this.#machineId = machineId;
    this.#own = own;
  }

  /** What has the machine now. */
  get operation(): Text | null {
    return this.#operation;
  }

  /** The standing may have changed. */
  wake(): void {
    if (this.#tendQueued || this.#life.signal.aborted) return;
    this.#tendQueued = true;
    this.#tending = this.#tending.then(() => this.#tend()).catch((thrown: unknown) => this.#ended(thrown));
  }

  /** Resolves when what the standing asked for at the call was begun, and the outbox was tried. */
  async tended(): Promise<void> {
    this.wake();
    await this.#tending;
  }

  /** A cycle now, or a retry. */
  poke(): void {
    this.#wanted?.();
  }

  /** The operation has the machine: its activity is halted, another operation is refused. */
  async exclusive<T>(name: Text, work: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    if (this.#operation !== null) throw new Fault('machine-busy', say('another operation holds this machine: {operation}', { operation: [this.#operation] }));
    this.#operation = name;
    try {
      await this.#tending;
      await this.#halt();
      await this.settleEffects(signal);
      const result = await work(AbortSignal.any([signal, this.#life.signal]));
      await this.settleEffects(signal);
      return result;
    } finally {
      this.#operation = null;
      this.wake();
    }
  }

  /** Runs the outbox within an operation: what follows needs its effects. */
  settleEffects(signal: AbortSignal): Promise<void> {
    return runOutbox(this.#host, this.#machineId, this.#desk, signal);
  }

  /** A failover beats merging: it is killed and reaped; it is done again later. */
  async stopMerging(): Promise<void> {
    this.#merging?.controller.abort(new DOMException('a failover goes first', 'AbortError'));
    await this.#merging?.done;
  }

  async stop(): Promise<void> {
    this.#life.abort(new DOMException('understudyd ends', 'AbortError'));
    await this.#halt();
    await this.stopMerging();
    await this.#tending;
  }

  get #desk(): Desk {
    return this.#own ? 'onward' : 'own';
  }

  get #relationship(): Relationship | undefined {
    return this.#own ? this.#host.state.extendedOf(this.#machineId) : this.#host.state.relationshipOf(this.#machineId);
  }

  /** Points are sent on only while they arrive here, or might. */
  #activity(relationship: Relationship | undefined): Activity {
    if (!relationship || (this.#own && !isSendable(this.#host.state.relationshipOf(this.#machineId)))) return 'none';
    return activityOf(relationship);
  }

  async #tend(): Promise<void> {
    this.#tendQueued = false;
    if (this.#operation !== null || this.#life.signal.aborted) return;
    // What is under way for a standing that is past would go on writing what the effects undo.
    if (this.#running && this.#running.activity !== this.#activity(this.#relationship)) await this.#halt();
    await this.#effects();
    const relationship = this.#relationship;
    const activity = this.#activity(relationship);
    if (this.#running?.activity !== activity) {
      await this.#halt();
      if (activity === 'none') await this.#quiesce();
      else if (this.#operation === null) this.#begin(activity, relationship!.id);
    }
    this.#merge();
  }

  /** Effects that fail are tried again; the rest of the machine goes on. */
  async #effects(): Promise<void> {
    try {
      await this.settleEffects(this.#life.signal);
      if (this.#own) await runOutbox(this.#host, this.#machineId, 'farewell', this.#life.signal);
    } catch (thrown) {
      if (!faultOf(thrown)) throw thrown;
      this.#retryLater();
    }
  }

  #retryLater(): void {
    if (this.#retrying) return;
    this.#retrying = true;
    this.#host.clock.sleep(OUTBOX_RETRY_MS, this.#life.signal).then(
      () => {
        this.#retrying = false;
        this.wake();
      },
      () => undefined,
    );
  }

  /** An attempt whose work was stopped by an operator lets go of its instant; its changes are in the record again. */
  async #quiesce(): Promise<void> {
    const relationship = this.#relationship;
    if (!relationship?.attempt || relationship.side !== 'primary') return;
    if (relationship.state === 11) await letGo(this.#host, relationship, this.#life.signal);
    else await giveUp(this.#host, relationship.id, this.#life.signal);
  }

  #begin(activity: Exclude<Activity, 'none'>, relationshipId: string): void {
    const controller = new AbortController();
    const around = {
      host: this.#host,
      relationshipId,
      onProgress: (progress: Progress) => {
        this.progress = progress;
      },
      wait: (ms: number, signal: AbortSignal) => this.#wait(ms, signal),
      stopMerging: () => (this.#own ?? this).stopMerging(),
    };
    const done = ACTIVITIES[activity](around, controller.signal)
      .catch((thrown: unknown) => this.#ended(thrown))
      .finally(() => {
        this.progress = null;
        if (this.#running?.controller === controller) this.#running = null;
        this.#continue(activity);
      });
    this.#running = { activity, controller, done };
  }

  /** Work that ended without changing the standing is not begun again at once. */
  #continue(ended: Activity): void {
    const relationship = this.#relationship;
    if (relationship && this.#activity(relationship) === ended) this.#retryLater();
    else this.wake();
  }

  async #wait(ms: number, signal: AbortSignal): Promise<void> {
    const waiting = new AbortController();
    this.nextAtMs = this.#host.clock.nowMs() + ms;
    this.#wanted = () => waiting.abort();
    try {
      await this.#host.clock.sleep(ms, AbortSignal.any([signal, waiting.signal]));
    } catch {
      signal.throwIfAborted();
    } finally {
      this.#wanted = null;
      this.nextAtMs = null;
    }
  }

  async #halt(): Promise<void> {
    const running = this.#running;
    this.#running = null;
    running?.controller.abort(new DOMException('another operation goes first', 'AbortError'));
    await running?.done;
  }

  #merge(): void {
    const relationship = this.#relationship;
    if (this.#merging || !relationship || !merges(relationship)) return;
    const controller = new AbortController();
    const done = mergeRetired(this.#host, this.#machineId, controller.signal)
      .then(() => {
        this.#mergeFault = null;
      })
      .catch((thrown: unknown) => {
        this.#mergeFailed(thrown);
      })
      .finally(() => {
        this.#merging = null;
      });
    this.#merging = { controller, done };
  }

  /** Said once, until it succeeds or fails for another cause. */
  #mergeFailed(thrown: unknown): void {
    const fault = faultOf(thrown);
    if (!fault) return this.#ended(thrown);
    if (this.#mergeFault !== fault.code) report(this.#host, 'merge-failed', this.#host.state.machine(this.#machineId)?.name ?? this.#machineId, [failureText(fault)]);
    this.#mergeFault = fault.code;
    this.#retryLater();
  }

  /** Aborting is how work is ended; anything else that is no fault is a bug. */
  #ended(thrown: unknown): void {
    if (thrown instanceof DOMException && thrown.name === 'AbortError') return;
    if (faultOf(thrown) || thrown instanceof Refused) this.#retryLater();
    else this.#host.crash(thrown);
  }
}
