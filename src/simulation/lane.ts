/** A lane between simulated hosts: frames arrive late and in order, or not at all once it has broken. */
import { Fault } from '../errors/fault.ts';
import { payloadOf, type Chunk } from '../engine/ports/diskview.ts';
import type { DataFrame, LaneHandler, LaneSender } from '../engine/ports/peers.ts';
import type { VirtualTime } from './time.ts';

export interface LanePlan {
  readonly from: string;
  readonly to: string;
  readonly handler: LaneHandler;
  /** So many frames pass. */
  readonly breaksAfter: number;
  readonly time: VirtualTime;
  readonly latencyMs: () => number;
}

const isTellable = (reason: unknown): reason is Error => reason instanceof Error && reason.name !== 'AbortError';

export class SimulatedLane implements LaneSender {
  readonly from: string;
  readonly to: string;
  bytesSent = 0;
  readonly #plan: LanePlan;
  readonly #received = Promise.withResolvers<undefined>();
  readonly #broken = Promise.withResolvers<never>();
  #failure: Error | undefined;
  #arrivals: Promise<unknown> = Promise.resolve();
  readonly #handling = new Set<Promise<void>>();
  #frames = 0;
  #listener: (journalBytes: number) => void = () => undefined;

  constructor(plan: LanePlan) {
    this.#plan = plan;
    this.from = plan.from;
    this.to = plan.to;
    this.#received.promise.catch(() => undefined);
    this.#broken.promise.catch(() => undefined);
  }

  /** The receiver's side of it: everything was handled, or why not. */
  get received(): Promise<void> {
    return this.#received.promise;
  }

  async data(frame: DataFrame, chunk: Chunk): Promise<void> {
    const memory = Buffer.from(payloadOf(chunk));
    // A header is written in place of what is before the payload.
    chunk.memory.fill(0xee, 0, chunk.headroomBytes);
    await this.#send(memory.length, async () => {
      const handled = this.#plan.handler.data(frame, { memory, headroomBytes: 0 }).catch((thrown: unknown) => this.give(thrown));
      this.#handling.add(handled);
      void handled.finally(() => this.#handling.delete(handled));
    });
  }

  async journal(records: Uint8Array): Promise<void> {
    const memory = Buffer.from(records);
    await this.#send(memory.length, async () => {
      await Promise.all(this.#handling);
      if (this.#failure) return;
      const durable = await this.#plan.handler.journal(memory);
      if (durable !== undefined) this.#plan.time.after(this.#plan.latencyMs(), () => !this.#failure && this.#listener(durable));
    });
  }

  onDurable(listener: (journalBytes: number) => void): void {
    this.#listener = listener;
  }

  async finish(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    await this.#send(0, async () => {
      await Promise.all(this.#handling);
      if (!this.#failure) this.#received.resolve(undefined);
    });
    await Promise.race([this.#arrivals, this.#broken.promise]);
    if (this.#failure) throw this.#failure;
  }

  destroy(): void {
    this.break(new Fault('peer-unreachable', 'the lane was given up'));
  }

  /** Both sides learn of it. */
  break(reason: Fault): void {
    if (this.#failure) return;
    this.#failure = reason;
    this.#received.reject(reason);
    this.#broken.reject(reason);
  }

  /** The receiver ends it and says why. */
  give(reason: unknown): void {
    if (this.#failure) return;
    this.#failure = isTellable(reason) ? reason : new Fault('peer-unreachable', 'the other host gave the lane up');
    this.#received.reject(reason);
    this.#broken.reject(this.#failure);
  }

  /** Resolves when there is room for more; the frame arrives after all before it. */
  async #send(bytes: number, arrive: () => Promise<void>): Promise<void> {
    if (this.#failure) throw this.#failure;
    this.bytesSent += bytes;
    if (++this.#frames > this.#plan.breaksAfter) this.break(new Fault('peer-unreachable', 'the lane broke'));
    const { time, latencyMs } = this.#plan;
    this.#arrivals = this.#arrivals.then(async () => {
      if (this.#failure) return;
      await time.sleep(latencyMs() / 4);
      if (this.#failure) return;
      await arrive().catch((thrown: unknown) => this.give(thrown));
    });
    await Promise.race([time.sleep(0), this.#broken.promise]);
  }
}
