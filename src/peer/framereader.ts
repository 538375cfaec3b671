/**
 * Cuts a stream of bytes into frames. Memory follows what has arrived, never what a header announces: the buffer of a
 * payload starts small and doubles.
 */
import { Fault } from '../errors/fault.ts';
import { say } from '../language/text.ts';
import { HEADER_BYTES, readHeader, type Frame, type FrameHeader } from './frame.ts';

const FIRST_BUFFER_BYTES = 64 * 1024;

export class FrameReader {
  /** Longest payload accepted now, below the type's own limit: small until the other side is known. */
  maxPayloadBytes: number;
  #unread: Buffer = Buffer.alloc(0);
  readonly #head = Buffer.alloc(HEADER_BYTES);
  #headBytes = 0;
  #header: FrameHeader | undefined;
  #payload: Buffer = Buffer.alloc(0);
  #payloadBytes = 0;

  constructor(maxPayloadBytes: number) {
    this.maxPayloadBytes = maxPayloadBytes;
  }

  push(bytes: Buffer): void {
    this.#unread = this.#unread.length === 0 ? bytes : Buffer.concat([this.#unread, bytes]);
  }

  /** The next whole frame, or undefined until more bytes are pushed. Fault peer-protocol for bytes that are no frames. */
  next(): Frame | undefined {
    const header = (this.#header ??= this.#nextHeader());
    if (!header) return undefined;
    while (this.#payloadBytes < header.payloadBytes && this.#unread.length > 0) this.#fill(header.payloadBytes);
    if (this.#payloadBytes < header.payloadBytes) return undefined;
    const frame = { header, payload: this.#payload };
    this.#header = undefined;
    this.#headBytes = 0;
    return frame;
  }

  #nextHeader(): FrameHeader | undefined {
    this.#headBytes += this.#take(this.#head, this.#headBytes, HEADER_BYTES);
    if (this.#headBytes < HEADER_BYTES) return undefined;
    const header = readHeader(this.#head, 0);
    if (header.payloadBytes > this.maxPayloadBytes) throw new Fault('peer-protocol', say('the other host sent a {type} frame of {payloadBytes} bytes before it may', { type: header.type, payloadBytes: String(header.payloadBytes) }));
    this.#payload = Buffer.allocUnsafeSlow(Math.min(header.payloadBytes, FIRST_BUFFER_BYTES));
    this.#payloadBytes = 0;
    return header;
  }

  #fill(payloadBytes: number): void {
    if (this.#payloadBytes === this.#payload.length) {
      const larger = Buffer.allocUnsafeSlow(Math.min(payloadBytes, this.#payload.length * 2));
      larger.set(this.#payload);
      this.#payload = larger;
    }
    this.#payloadBytes += this.#take(this.#payload, this.#payloadBytes, this.#payload.length);
  }

  /** Moves unread bytes into `target` from `at` up to `end`; returns how many. */
  #take(target: Buffer, at: number, end: number): number {
    const count = Math.min(end - at, this.#unread.length);
    this.#unread.copy(target, at, 0, count);
    this.#unread = this.#unread.subarray(count);
    return count;
  }
}
