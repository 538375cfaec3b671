/**
 * Reads frames in place: the socket fills a slab of 4 MiB, and each frame is handed on as a slice of it, header and all.
 * A slab is used again when every slice of it was given back. Node asks for the next buffer right after it has reported
 * what it put into the last one, and at no other time: only there may the slab change, and the buffer is never empty.
 */
import { assert } from '../errors/bug.ts';
import { Fault } from '../errors/fault.ts';
import { say } from '../language/text.ts';
import { HEADER_BYTES, readHeader, type FrameHeader } from './frame.ts';
import { MAX_LANE_PAYLOAD_BYTES } from './limits.ts';

const SLAB_BYTES = 4 * 1024 * 1024;
const MAX_SPARE_SLABS = 4;

export interface SlabFrame {
  readonly header: FrameHeader;
  /** The header's 28 bytes, then the payload. */
  readonly memory: Buffer;
  /** To be called once, when nothing uses the memory any more. */
  release(): void;
}

interface Slab {
  readonly memory: Buffer;
  slices: number;
}

export class SlabReader {
  readonly #take: (frame: SlabFrame) => void;
  readonly #spare: Slab[] = [];
  #slab: Slab = newSlab();
  /** Of the frame that is being read. */
  #start = 0;
  #end = 0;
  #header: FrameHeader | undefined;
  #slabs = 1;

  constructor(take: (frame: SlabFrame) => void) {
    this.#take = take;
  }

  /** Slabs allocated so far: what bounds the memory. */
  get slabs(): number {
    return this.#slabs;
  }

  /** Where the next bytes go. To be called once before the first bytes, and then after each `received`. */
  buffer(): Buffer {
    const frameBytes = HEADER_BYTES + (this.#header?.payloadBytes ?? 0);
    if (this.#slab.slices === 0 && this.#start === this.#end) this.#moveTo(this.#slab);
    else if (this.#start + frameBytes > SLAB_BYTES) this.#moveTo(this.#slab.slices === 0 ? this.#slab : this.#nextSlab());
    return this.#slab.memory.subarray(this.#end);
  }

  /** Hands on every frame that is whole now. Fault peer-protocol for bytes that are no frames. */
  received(byteCount: number): void {
    this.#end += byteCount;
    while (this.#end - this.#start >= HEADER_BYTES) {
      const header = (this.#header ??= this.#nextHeader());
      const frameEnd = this.#start + HEADER_BYTES + header.payloadBytes;
      if (frameEnd > this.#end) return;
      const memory = this.#slab.memory.subarray(this.#start, frameEnd);
      this.#start = frameEnd;
      this.#header = undefined;
      this.#take({ header, memory, release: this.#lend(this.#slab) });
    }
  }

  #nextHeader(): FrameHeader {
    const header = readHeader(this.#slab.memory, this.#start);
    if (header.payloadBytes > MAX_LANE_PAYLOAD_BYTES) throw new Fault('peer-protocol', say('the other host sent a {type} frame of {payloadBytes} bytes on a lane', { type: header.type, payloadBytes: String(header.payloadBytes) }));
    return header;
  }

  #lend(slab: Slab): () => void {
    slab.slices++;
    let lent = true;
    return () => {
      assert(lent, 'a slice of a slab was released twice');
      lent = false;
      if (--slab.slices > 0 || slab === this.#slab) return;
      if (this.#spare.length < MAX_SPARE_SLABS) this.#spare.push(slab);
      else this.#slabs--;
    };
  }

  #nextSlab(): Slab {
    const spare = this.#spare.pop();
    if (spare) return spare;
    this.#slabs++;
    return newSlab();
  }

  /** The part of a frame that is there moves to the beginning of the slab. */
  #moveTo(slab: Slab): void {
    this.#slab.memory.copy(slab.memory, 0, this.#start, this.#end);
    this.#end -= this.#start;
    this.#start = 0;
    this.#slab = slab;
  }
}

const newSlab = (): Slab => ({ memory: Buffer.allocUnsafeSlow(SLAB_BYTES), slices: 0 });
