/** Calls over one control connection, this host asking. At most 64 are in flight; the rest wait in order. */
import type { Wire } from '../engine/ports/peers.ts';
import { Fault } from '../errors/fault.ts';
import { say } from '../language/text.ts';
import type { Channel } from './channel.ts';
import { thrownBy } from './failure.ts';
import type { Frame } from './frame.ts';
import { MAX_CALLS_IN_FLIGHT, MAX_CALLS_WAITING } from './limits.ts';
import { decodeMessage, encodeMessage, messageFrame, type EncodedMessage } from './message.ts';

interface Call {
  readonly method: string;
  readonly encoded: EncodedMessage;
  resolve(value: Wire): void;
  reject(reason: unknown): void;
}

export class Calls {
  readonly #channel: Channel;
  readonly #callMs: number;
  readonly #inFlight = new Map<number, Call>();
  readonly #waiting = new Set<Call>();
  #nextSequence = 0;

  constructor(channel: Channel, callMs: number) {
    this.#channel = channel;
    this.#callMs = callMs;
    channel.deliver((frame) => this.#answered(frame));
    void channel.ended.then((fault) => this.#fail(fault));
  }

  /**
   * The far side's result; throws what its handler threw. Fault peer-unreachable when the connection ends first. A call
   * that was aborted keeps its place in flight until the far side has answered, which cannot be told to stop.
   */
  async call(method: string, params: Wire, signal: AbortSignal): Promise<Wire> {
    signal.throwIfAborted();
    if (this.#channel.fault) throw this.#channel.fault;
    if (this.#waiting.size >= MAX_CALLS_WAITING) throw new Fault('peer-busy', say('{max} calls to the other host wait already', { max: MAX_CALLS_WAITING }));
    const { promise, resolve, reject } = Promise.withResolvers<Wire>();
    const call: Call = { method, encoded: encodeMessage({ method, value: params }), resolve, reject };
    const timer = setTimeout(() => reject(new Fault('peer-unreachable', say('the other host did not answer {method} in time', { method }))), this.#callMs);
    const onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    this.#waiting.add(call);
    this.#pump();
    try {
      return await promise;
    } finally {
      this.#waiting.delete(call);
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    }
  }

  #pump(): void {
    for (const call of this.#waiting) {
      if (this.#inFlight.size >= MAX_CALLS_IN_FLIGHT) return;
      this.#waiting.delete(call);
      const sequence = this.#freeSequence();
      this.#inFlight.set(sequence, call);
      this.#channel.send(...messageFrame('request', sequence, call.encoded));
    }
  }

  #freeSequence(): number {
    do this.#nextSequence = (this.#nextSequence + 1) >>> 0;
    while (this.#inFlight.has(this.#nextSequence));
    return this.#nextSequence;
  }

  #answered(frame: Frame): void {
    const { type, sequence, rawBytes } = frame.header;
    const call = this.#inFlight.get(sequence);
    if (!call || (type !== 'answer' && type !== 'failure')) throw new Fault('peer-protocol', say('the other host sent a {type} frame that nothing here waits for', { type }));
    if (type === 'failure') call.reject(thrownBy(frame, call.method));
    else call.resolve(decodeMessage(frame.payload, rawBytes).value);
    this.#inFlight.delete(sequence);
    this.#pump();
  }

  #fail(fault: Fault): void {
    for (const call of [...this.#inFlight.values(), ...this.#waiting]) call.reject(fault);
    this.#inFlight.clear();
    this.#waiting.clear();
  }
}
