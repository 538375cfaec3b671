/**
 * The transmission phase without I/O: the table of requests under way, by cookie, and what replies do to it. A reply
 * that fits no request, or is larger than its request allows, is known by its header, before room is made for it.
 * Source: NBD protocol, "Transmission".
 */
import type { Answer } from './answer.ts';
import { faultOfErrno } from './errno.ts';
import { MAX_ERROR_BYTES, SIMPLE_BYTES, STRUCTURED_BYTES, readError, readReplyHeader, type ReplyHeader, type SimpleReply, type StructuredChunk } from './reply.ts';
import type { Request } from './request.ts';
import type { Frame, FrameReader } from './slab.ts';
import { isErrorType, violation } from './wire.ts';

interface Failure {
  readonly errno: number;
  readonly message: string;
}

/** A request under way. Aborting its signal ends the waiting, not the request: the server has no cancellation. */
class Waiting<T> {
  readonly request: Request;
  readonly answer: Answer<T>;
  readonly #outcome = Promise.withResolvers<T>();
  readonly #signal: AbortSignal | undefined;
  #failure: Failure | undefined;
  #isAbandoned = false;
  readonly #onAbort = () => {
    this.#isAbandoned = true;
    this.#outcome.reject(this.#signal?.reason);
  };

  constructor(request: Request, answer: Answer<T>, signal: AbortSignal | undefined) {
    this.request = request;
    this.answer = answer;
    this.#signal = signal;
    signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  get promise(): Promise<T> {
    return this.#outcome.promise;
  }

  /** The first error of a reply counts. */
  noteFailure(failure: Failure): void {
    this.#failure ??= failure;
  }

  /** The reply is complete. Fault disk-io when it is not: nothing is settled then. */
  finish(place: string): void {
    if (this.#failure) return this.fail(faultOfErrno(this.#failure.errno, `${place}: ${described(this.request)}`, this.#failure.message));
    const result = this.answer.result();
    this.#signal?.removeEventListener('abort', this.#onAbort);
    if (this.#isAbandoned) this.answer.discard();
    else this.#outcome.resolve(result);
  }

  fail(reason: unknown): void {
    this.#signal?.removeEventListener('abort', this.#onAbort);
    this.answer.discard();
    this.#outcome.reject(reason);
  }
}

const described = ({ command, offsetBytes, lengthBytes }: Request): string =>
  command === 'flush' ? 'flush' : `${command} of ${lengthBytes} bytes at ${offsetBytes}`;

export class Transmission implements FrameReader {
  /** What the requests go to, for messages. */
  readonly #place: string;
  readonly #structuredReplies: boolean;
  readonly #onSettled: () => void;
  readonly #waiting = new Map<number, Waiting<unknown>>();
  #nextCookie = 1;
  /** Of the frame that was measured last. */
  #header: ReplyHeader | undefined;

  constructor(place: string, structuredReplies: boolean, onSettled: () => void) {
    this.#place = place;
    this.#structuredReplies = structuredReplies;
    this.#onSettled = onSettled;
  }

  get underWay(): number {
    return this.#waiting.size;
  }

  /** A row of the table for a request that is sent with this cookie next. */
  begin<T>(request: Request, answer: Answer<T>, signal?: AbortSignal): { cookie: number; promise: Promise<T> } {
    const cookie = this.#nextCookie++;
    const waiting = new Waiting(request, answer, signal);
    this.#waiting.set(cookie, waiting as Waiting<unknown>);
    return { cookie, promise: waiting.promise };
  }

  /** Every request under way rejects with this. */
  fail(reason: unknown): void {
    for (const [cookie, waiting] of this.#waiting) {
      waiting.fail(reason);
      this.#settle(cookie);
    }
  }

  measure(memory: Buffer, start: number, availableBytes: number): number {
    const header = readReplyHeader(memory, start, availableBytes);
    if (typeof header === 'number') return header;
    const { answer } = this.#waitingFor(header.cookie);
    this.#header = header;
    return header.kind === 'simple' ? this.#simpleBytes(header, answer) : this.#chunkBytes(header, answer);
  }

  take(frame: Frame): void {
    const header = this.#header;
    if (header === undefined) throw violation('a reply without a header');
    this.#header = undefined;
    const waiting = this.#waitingFor(header.cookie);
    if (header.kind === 'simple') takeSimple(header, frame, waiting);
    else takeChunk(header, frame, waiting);
    if (header.kind === 'structured' && !header.done) return;
    waiting.finish(this.#place);
    this.#settle(header.cookie);
  }

  #waitingFor(cookie: number): Waiting<unknown> {
    const waiting = this.#waiting.get(cookie);
    if (!waiting) throw violation('a reply to no request');
    return waiting;
  }

  #settle(cookie: number): void {
    this.#waiting.delete(cookie);
    this.#onSettled();
  }

  #simpleBytes(header: SimpleReply, answer: Answer<unknown>): number {
    if (header.errno !== 0) return SIMPLE_BYTES;
    // It could be followed by the data or not: the protocol rules this reply out for that reason.
    if (this.#structuredReplies && answer.simplePayloadBytes > 0) throw violation('a simple reply to a read, after agreeing on structured ones');
    return SIMPLE_BYTES + answer.simplePayloadBytes;
  }

  #chunkBytes(header: StructuredChunk, answer: Answer<unknown>): number {
    if (!this.#structuredReplies) throw violation('a structured reply without having agreed on them');
    const maxBytes = isErrorType(header.type) ? MAX_ERROR_BYTES : answer.maxChunkBytes;
    if (header.payloadBytes > maxBytes) throw violation(`a chunk of ${header.payloadBytes} bytes, at most ${maxBytes} were asked for`);
    return STRUCTURED_BYTES + header.payloadBytes;
  }
}

function takeSimple(header: SimpleReply, frame: Frame, waiting: Waiting<unknown>): void {
  if (header.errno !== 0) waiting.noteFailure({ errno: header.errno, message: '' });
  else waiting.answer.simple(frame);
}

function takeChunk(header: StructuredChunk, frame: Frame, waiting: Waiting<unknown>): void {
  if (isErrorType(header.type)) waiting.noteFailure(readError(header.type, frame.memory.subarray(STRUCTURED_BYTES)));
  else waiting.answer.chunk(header.type, frame);
}
