/**
 * Reads frames in place: the socket fills a slab of 4 MiB, and a frame is handed on as a slice of it. A slab is used
 * again when every slice of it was given back. Node asks for the next buffer right after it has reported what it put
 * into the last one, and at no other time: only there may the slab change, and the buffer is never empty.
 */
import { assert } from '../errors/bug.ts';

const SLAB_BYTES = 4 * 1024 * 1024;
/** Of all connections together; more are left to the garbage collector. */
const MAX_SPARE_SLABS = 8;
const spareSlabs: Slab[] = [];

interface Slab {
  readonly memory: Buffer;
  slices: number;
}

/** One frame as it lies in the slab. It is valid until `take` returns, or longer when it was lent. */
export interface Frame {
  readonly memory: Buffer;
  /** Keeps the memory until the returned function was called, once. */
  lend(): () => void;
}

export interface FrameReader {
  /** How many bytes from `start` make the frame, or how many there must be to know more: then more than are available. */
  measure(memory: Buffer, start: number, availableBytes: number): number;
  take(frame: Frame): void;
}

export class SlabReader {
  readonly #reader: FrameReader;
  #slab: Slab = spareSlabs.pop() ?? newSlab(SLAB_BYTES);
  /** Of the frame that is being read. */
  #start = 0;
  #end = 0;
  /** Of that frame, or of the last one while nothing of the next is there. */
  #frameBytes = 1;

  constructor(reader: FrameReader) {
    this.#reader = reader;
  }

  /** Where the next bytes go. To be called once before the first bytes, and then after each `received`. */
  buffer(): Buffer {
    const isBetweenFrames = this.#start === this.#end;
    if (isBetweenFrames && this.#slab.slices === 0) this.#start = this.#end = 0;
    if (this.#start + this.#frameBytes > this.#slab.memory.length) this.#moveOn();
    return this.#slab.memory.subarray(this.#end);
  }

  /** Hands on every frame that is whole now. Throws what the reader throws; the rest is then not to be read. */
  received(byteCount: number): void {
    this.#end += byteCount;
    while (this.#end > this.#start) {
      this.#frameBytes = this.#reader.measure(this.#slab.memory, this.#start, this.#end - this.#start);
      const frameEnd = this.#start + this.#frameBytes;
      if (frameEnd > this.#end) return;
      const memory = this.#slab.memory.subarray(this.#start, frameEnd);
      this.#start = frameEnd;
      this.#reader.take({ memory, lend: () => this.#lend() });
    }
  }

  /** Gives the slab back. To be called once, when nothing will be received any more. */
  close(): void {
    if (this.#slab.slices === 0) keep(this.#slab);
    this.#slab = { memory: Buffer.alloc(0), slices: 0 };
  }

  #lend(): () => void {
    const slab = this.#slab;
    slab.slices++;
    let isLent = true;
    return () => {
      assert(isLent, 'a chunk was released twice');
      isLent = false;
      slab.slices--;
      if (slab.slices === 0 && slab !== this.#slab) keep(slab);
    };
  }

  /** The part of a frame that is there moves to the beginning of a slab that has room for all of it. */
  #moveOn(): void {
    const old = this.#slab;
    const isFree = old.slices === 0;
    const slab = isFree && this.#frameBytes <= old.memory.length ? old : slabFor(this.#frameBytes);
    old.memory.copy(slab.memory, 0, this.#start, this.#end);
    this.#end -= this.#start;
    this.#start = 0;
    this.#slab = slab;
    if (isFree && slab !== old) keep(old);
  }
}

const newSlab = (bytes: number): Slab => ({ memory: Buffer.allocUnsafeSlow(bytes), slices: 0 });
const slabFor = (frameBytes: number): Slab => (frameBytes <= SLAB_BYTES && spareSlabs.pop()) || newSlab(Math.max(SLAB_BYTES, frameBytes));

function keep(slab: Slab): void {
  if (slab.memory.length === SLAB_BYTES && spareSlabs.length < MAX_SPARE_SLABS) spareSlabs.push(slab);
}
