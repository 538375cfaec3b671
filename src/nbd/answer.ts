/** What a request makes of the chunks of its reply, by kind of request. Source: NBD protocol, "Structured reply types". */
import { REQUEST_BYTES } from './request.ts';
import { SIMPLE_BYTES, STRUCTURED_BYTES } from './reply.ts';
import type { LoanedChunk } from './chunk.ts';
import type { Extent } from '../extents/extent.ts';
import type { Frame } from './slab.ts';
import { CHUNK_TYPE, readSafeUInt64, violation } from './wire.ts';

export interface Answer<T> {
  /** Largest payload of a chunk that this reply may have, errors aside. */
  readonly maxChunkBytes: number;
  /** What follows a simple reply that reports success. */
  readonly simplePayloadBytes: number;
  /** A simple reply that reports success, header included. */
  simple(frame: Frame): void;
  /** A chunk that is no error, header included. */
  chunk(type: number, frame: Frame): void;
  /** The result, after the last chunk. Fault disk-io when something is missing. */
  result(): T;
  /** Gives back memory that nobody will see. */
  discard(): void;
}

/** Writes, write zeroes and flushes have nothing to say but that they are done. */
export class Acknowledgement implements Answer<void> {
  readonly maxChunkBytes = 0;
  readonly simplePayloadBytes = 0;

  simple(): void {}

  chunk(type: number): void {
    if (type !== CHUNK_TYPE.none) throw violation(`a chunk of type ${type} for a request that has no data`);
  }

  result(): void {}
  discard(): void {}
}

const OFFSET_BYTES = 8;
const HEADER_BYTES = STRUCTURED_BYTES + OFFSET_BYTES;
const MAX_PIECES = 65_536;

/** A read's bytes: in place when they came as one chunk, which is the rule; else put together. */
export class ReadAnswer implements Answer<LoanedChunk> {
  readonly maxChunkBytes: number;
  readonly simplePayloadBytes: number;
  readonly #extent: Extent;
  /** Where bytes came to, relative to the extent. */
  readonly #pieces: Extent[] = [];
  #whole: LoanedChunk | undefined;
  #assembly: Buffer | undefined;

  constructor(extent: Extent) {
    this.#extent = extent;
    this.maxChunkBytes = OFFSET_BYTES + Math.max(extent.lengthBytes, 4);
    this.simplePayloadBytes = extent.lengthBytes;
  }

  simple({ memory }: Frame): void {
    const { lengthBytes } = this.#extent;
    this.#place(0, lengthBytes).set(memory.subarray(SIMPLE_BYTES));
  }

  chunk(type: number, frame: Frame): void {
    if (type === CHUNK_TYPE.offsetData) this.#data(frame);
    else if (type === CHUNK_TYPE.offsetHole) this.#hole(frame.memory);
    else if (type !== CHUNK_TYPE.none) throw violation(`a chunk of type ${type} in the reply to a read`);
  }

  result(): LoanedChunk {
    const { lengthBytes } = this.#extent;
    if (this.#whole && this.#pieces.length === 1) return this.#whole;
    let endBytes = 0;
    for (const piece of this.#pieces.sort((a, b) => a.offsetBytes - b.offsetBytes)) {
      if (piece.offsetBytes !== endBytes) throw violation('it left out a part of a read, or sent it twice');
      endBytes += piece.lengthBytes;
    }
    if (endBytes !== lengthBytes || !this.#assembly) throw violation('it ended a read before all of it was sent');
    return { memory: this.#assembly, headroomBytes: REQUEST_BYTES, release: () => undefined };
  }

  discard(): void {
    this.#whole?.release();
    this.#whole = undefined;
  }

  #data(frame: Frame): void {
    const { memory } = frame;
    if (memory.length <= HEADER_BYTES) throw violation('a data chunk without data');
    const offset = readSafeUInt64(memory, STRUCTURED_BYTES) - this.#extent.offsetBytes;
    const lengthBytes = memory.length - HEADER_BYTES;
    if (offset === 0 && lengthBytes === this.#extent.lengthBytes && this.#pieces.length === 0) {
      this.#pieces.push({ offsetBytes: 0, lengthBytes });
      this.#whole = { memory, headroomBytes: HEADER_BYTES, release: frame.lend() };
    } else this.#place(offset, lengthBytes).set(memory.subarray(HEADER_BYTES));
  }

  #hole(memory: Buffer): void {
    if (memory.length !== HEADER_BYTES + 4) throw violation(`a hole chunk of ${memory.length} bytes`);
    const offset = readSafeUInt64(memory, STRUCTURED_BYTES) - this.#extent.offsetBytes;
    this.#place(offset, memory.readUInt32BE(HEADER_BYTES)).fill(0);
  }

  /** The memory of a part of the extent, noted as having come. */
  #place(offsetBytes: number, lengthBytes: number): Buffer {
    const isInside = offsetBytes >= 0 && lengthBytes > 0 && offsetBytes + lengthBytes <= this.#extent.lengthBytes;
    if (!isInside || this.#whole || this.#pieces.length >= MAX_PIECES) throw violation('data outside of what was asked for');
    this.#pieces.push({ offsetBytes, lengthBytes });
    this.#assembly ??= Buffer.allocUnsafeSlow(REQUEST_BYTES + this.#extent.lengthBytes);
    const start = REQUEST_BYTES + offsetBytes;
    return this.#assembly.subarray(start, start + lengthBytes);
  }
}

export interface Descriptor {
  readonly lengthBytes: number;
  readonly flags: number;
}

const CONTEXT_ID_BYTES = 4;
const DESCRIPTOR_BYTES = 8;
/** nbdkit stops at a million descriptors, QEMU at an eighth of that. */
const MAX_STATUS_BYTES = CONTEXT_ID_BYTES + DESCRIPTOR_BYTES * 1024 * 1024;

/** One context's descriptors, from the beginning of what was asked. */
export class StatusAnswer implements Answer<readonly Descriptor[]> {
  readonly maxChunkBytes = MAX_STATUS_BYTES;
  readonly simplePayloadBytes = 0;
  readonly #contextId: number;
  #descriptors: Descriptor[] | undefined;

  constructor(contextId: number) {
    this.#contextId = contextId;
  }

  simple(): void {
    throw violation('a simple reply to a block status request');
  }

  chunk(type: number, { memory }: Frame): void {
    if (type === CHUNK_TYPE.none) return;
    if (type !== CHUNK_TYPE.blockStatus) throw violation(`a chunk of type ${type} in the reply to a block status request`);
    const payload = memory.subarray(STRUCTURED_BYTES);
    if (payload.length < CONTEXT_ID_BYTES || (payload.length - CONTEXT_ID_BYTES) % DESCRIPTOR_BYTES !== 0) throw violation(`a block status of ${payload.length} bytes`);
    if (payload.readUInt32BE(0) !== this.#contextId) return;
    if (this.#descriptors) throw violation('it answered twice for one metadata context');
    this.#descriptors = readDescriptors(payload);
  }

  result(): readonly Descriptor[] {
    if (!this.#descriptors || this.#descriptors.length === 0) throw violation('a block status without the metadata context that was negotiated');
    return this.#descriptors;
  }

  discard(): void {}
}

function readDescriptors(payload: Buffer): Descriptor[] {
  const descriptors: Descriptor[] = [];
  for (let at = CONTEXT_ID_BYTES; at < payload.length; at += DESCRIPTOR_BYTES) {
    const lengthBytes = payload.readUInt32BE(at);
    if (lengthBytes === 0) throw violation('a block status descriptor of no length');
    descriptors.push({ lengthBytes, flags: payload.readUInt32BE(at + 4) });
  }
  return descriptors;
}
