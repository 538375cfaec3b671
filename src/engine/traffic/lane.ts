/** A lane whose frames leave as the limits allow: while the transfer has its turn, and no more bytes in a second than may. */
import type { Chunk } from '../ports/diskview.ts';
import type { DataFrame, LaneSender } from '../ports/peers.ts';

export type Allowed = (bytes: number) => Promise<void>;

export class LimitedLane implements LaneSender {
  readonly #lane: LaneSender;
  readonly #allowed: Allowed;

  constructor(lane: LaneSender, allowed: Allowed) {
    this.#lane = lane;
    this.#allowed = allowed;
  }

  get bytesSent(): number {
    return this.#lane.bytesSent;
  }

  async data(frame: DataFrame, chunk: Chunk): Promise<void> {
    await this.#allowed(chunk.memory.length);
    return this.#lane.data(frame, chunk);
  }

  async journal(records: Uint8Array): Promise<void> {
    await this.#allowed(records.length);
    return this.#lane.journal(records);
  }

  onDurable(listener: (journalBytes: number) => void): void {
    this.#lane.onDurable(listener);
  }

  finish(signal: AbortSignal): Promise<void> {
    return this.#lane.finish(signal);
  }

  destroy(): void {
    this.#lane.destroy();
  }
}
