/** A lane that ends on this host: what is shipped is taken in at once. */
import type { Chunk } from '../ports/diskview.ts';
import type { DataFrame, LaneHandler, LaneSender } from '../ports/peers.ts';

export class MediaLane implements LaneSender {
  readonly #taker: LaneHandler;
  bytesSent = 0;

  constructor(taker: LaneHandler) {
    this.#taker = taker;
  }

  async data(frame: DataFrame, chunk: Chunk): Promise<void> {
    await this.#taker.data(frame, chunk);
    this.bytesSent += frame.rawBytes;
  }

  async journal(records: Uint8Array): Promise<void> {
    await this.#taker.journal(Buffer.from(records));
  }

  onDurable(): void {
    // Whoever ships asks the journal itself.
  }

  async finish(): Promise<void> {
    // Every call has waited for its own end.
  }

  destroy(): void {
    // Nothing is held.
  }
}
