/** Runs the negotiation over bytes as they come. */
import type { Negotiated, Negotiation } from './negotiation.ts';
import type { Frame, FrameReader } from './slab.ts';

export class Handshake implements FrameReader {
  readonly #negotiation: Negotiation;
  readonly #send: (bytes: Buffer) => void;
  readonly #done: (negotiated: Negotiated) => void;
  #needBytes = 1;

  constructor(negotiation: Negotiation, send: (bytes: Buffer) => void, done: (negotiated: Negotiated) => void) {
    this.#negotiation = negotiation;
    this.#send = send;
    this.#done = done;
    this.#go(negotiation.next());
  }

  measure(): number {
    return this.#needBytes;
  }

  take({ memory }: Frame): void {
    this.#go(this.#negotiation.next(memory));
  }

  #go(step: ReturnType<Negotiation['next']>): void {
    if (step.done) return this.#done(step.value);
    this.#needBytes = step.value.needBytes;
    if (step.value.send) this.#send(step.value.send);
  }
}
