/**
 * The sending end of a lane, which the receiver dialled. A frame's header is written into the room before its payload, and
 * both leave in one write. Frames leave in the order of the calls; the rest wait here, with their callers.
 */
import type { Socket } from 'node:net';
import type { Chunk } from '../engine/ports/diskview.ts';
import type { DataFrame, LaneSender } from '../engine/ports/peers.ts';
import { assert } from '../errors/bug.ts';
import { Fault } from '../errors/fault.ts';
import { say } from '../language/text.ts';
import type { Channel } from './channel.ts';
import { thrownBy } from './failure.ts';
import { COMPRESSED, frameBytes, HEADER_BYTES, headerOf, writeHeader, type Frame } from './frame.ts';
import { MAX_GREETING_BYTES, MAX_LANE_PAYLOAD_BYTES } from './limits.ts';

/**
 * Written at once: one large frame, or a few small ones. Node copies what it has to write together, so more costs 10 % CPU
 * time and gains nothing.
 */
const WRITE_BYTES = 512 * 1024;

interface Outgoing {
  readonly bytes: Buffer;
  resolve(): void;
  reject(reason: unknown): void;
}

export class ChannelLaneSender implements LaneSender {
  readonly #channel: Channel;
  readonly #tcp: Socket;
  readonly #queued: Outgoing[] = [];
  readonly #writing = new Set<Outgoing>();
  #writingBytes = 0;
  readonly #finished: PromiseWithResolvers<void> = Promise.withResolvers();
  readonly #durableListeners = new Set<(journalBytes: number) => void>();
  #durableBytes = 0;
  #sequence = 0;
  #failure: unknown;

  /** `tcp` is the connection below the channel's TLS. */
  constructor(channel: Channel, tcp: Socket, tickMs: number) {
    this.#channel = channel;
    this.#tcp = tcp;
    this.#finished.promise.catch(() => undefined);
    channel.establish(tickMs, MAX_GREETING_BYTES);
    channel.deliver((frame) => this.#received(frame));
    void channel.ended.then((fault) => this.#fail(fault));
  }

  get bytesSent(): number {
    return this.#tcp.bytesWritten;
  }

  data(frame: DataFrame, chunk: Chunk): Promise<void> {
    const start = chunk.headroomBytes - HEADER_BYTES;
    const payloadBytes = chunk.memory.length - chunk.headroomBytes;
    assert(start >= 0, `a chunk with ${chunk.headroomBytes} bytes of headroom`);
    assert(payloadBytes <= MAX_LANE_PAYLOAD_BYTES && frame.rawBytes <= MAX_LANE_PAYLOAD_BYTES, `a data frame of ${payloadBytes} bytes for ${frame.rawBytes}`);
    const header = headerOf('data', {
      flags: frame.compressed ? COMPRESSED : 0,
      disk: frame.disk,
      rawBytes: frame.rawBytes,
      payloadBytes,
      offset: frame.offsetBytes,
      sequence: this.#nextSequence(),
    });
    writeHeader(chunk.memory, start, header);
    return this.#enqueue(chunk.memory.subarray(start));
  }

  journal(records: Uint8Array): Promise<void> {
    assert(records.length <= MAX_LANE_PAYLOAD_BYTES, `a journal batch of ${records.length} bytes`);
    return this.#enqueue(frameBytes(headerOf('journal', { sequence: this.#nextSequence() }), records));
  }

  onDurable(listener: (journalBytes: number) => void): void {
    this.#durableListeners.add(listener);
    if (this.#durableBytes > 0) listener(this.#durableBytes);
  }

  async finish(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { promise: aborted, reject } = Promise.withResolvers<never>();
    const onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      // The receiver's confirmation may come before this side has learnt that its last write is done.
      this.#enqueue(frameBytes(headerOf('end', { sequence: this.#nextSequence() }))).catch(() => undefined);
      await Promise.race([this.#finished.promise, aborted]);
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  destroy(): void {
    this.#fail(new Fault('cancelled', say('the lane was given up')));
  }

  #nextSequence(): number {
    const sequence = this.#sequence;
    this.#sequence = (sequence + 1) >>> 0;
    return sequence;
  }

  #enqueue(bytes: Buffer): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const { promise, resolve, reject }: PromiseWithResolvers<void> = Promise.withResolvers();
    this.#queued.push({ bytes, resolve, reject });
    this.#pump();
    return promise;
  }

  #pump(): void {
    while (this.#queued.length > 0 && this.#writingBytes < WRITE_BYTES && this.#failure === undefined) {
      const outgoing = this.#queued.shift()!;
      this.#writing.add(outgoing);
      this.#writingBytes += outgoing.bytes.length;
      this.#channel.socket.write(outgoing.bytes, (error) => {
        if (error) return;
        this.#writing.delete(outgoing);
        this.#writingBytes -= outgoing.bytes.length;
        outgoing.resolve();
        this.#pump();
      });
    }
  }

  #received(frame: Frame): void {
    if (frame.header.type === 'durable') this.#durable(frame.header.offset);
    else if (frame.header.type === 'failure') this.#fail(thrownBy(frame, 'the lane'));
    else if (frame.header.type === 'finished') this.#confirmed();
    else throw new Fault('peer-protocol', say('the other host sent a {type} frame to the sender of a lane', { type: frame.header.type }));
  }

  /** The receiver has handled everything, so every write is done. */
  #confirmed(): void {
    for (const outgoing of this.#writing) outgoing.resolve();
    this.#finished.resolve();
    this.#fail(new Fault('cancelled', say('the lane has finished')));
  }

  #durable(journalBytes: number): void {
    if (journalBytes <= this.#durableBytes) return;
    this.#durableBytes = journalBytes;
    for (const listener of this.#durableListeners) listener(journalBytes);
  }

  #fail(failure: unknown): void {
    if (this.#failure !== undefined) return;
    this.#failure = failure;
    this.#channel.end(failure instanceof Fault ? failure : new Fault('cancelled', say('the lane was refused')));
    this.#finished.reject(failure);
    for (const outgoing of [...this.#writing, ...this.#queued]) outgoing.reject(failure);
    this.#queued.length = 0;
  }
}
