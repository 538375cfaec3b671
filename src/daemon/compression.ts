/**
 * zstd on the thread pool of Node. Coders are kept and used again: a new one for every run of clusters would make the
 * garbage collector, which counts their memory, take more time than the compression.
 */
import { availableParallelism } from 'node:os';
import { constants, createZstdCompress, createZstdDecompress, type ZstdCompress, type ZstdDecompress } from 'node:zlib';
import type { Compression } from '../engine/ports/compression.ts';
import { Fault } from '../errors/fault.ts';
import { say } from '../language/text.ts';

/** A frame that saves less is not worth the other side's work. */
const WORTHWHILE = 0.9;
/** Of each kind; the thread pool has four threads. More runs wait in line. */
const MAX_CODERS = Math.min(4, availableParallelism());
/** Relationships may have levels of their own; coders of more than these are made anew. */
const MAX_LEVELS = 3;
/** Memory that a coder fills with output before it takes more. */
const OUTPUT_BYTES = 1024 * 1024;

/** One zstd context. One run of bytes at a time: in with `write`, out before its callback. */
class Coder {
  readonly #stream: ZstdCompress | ZstdDecompress;
  #pieces: Buffer[] = [];
  #lengthBytes = 0;
  #maxBytes = 0;
  #fail: (cause: unknown) => void = () => undefined;

  constructor(stream: ZstdCompress | ZstdDecompress) {
    this.#stream = stream;
    stream.on('data', (piece: Buffer) => this.#take(piece));
    stream.on('error', (cause) => this.#fail(cause));
  }

  get isUsable(): boolean {
    return !this.#stream.destroyed;
  }

  /** What the bytes become. Rejects, and the coder is of no more use, when they are damaged or become more than `maxBytes`. */
  run(bytes: Uint8Array, maxBytes: number): Promise<Buffer> {
    this.#pieces = [];
    this.#lengthBytes = 0;
    this.#maxBytes = maxBytes;
    const takenBefore = this.#stream.bytesWritten;
    const { promise, resolve, reject }: PromiseWithResolvers<Buffer> = Promise.withResolvers();
    this.#fail = reject;
    this.#stream.write(bytes, (cause) => {
      if (cause) reject(cause);
      else if (this.#lengthBytes > maxBytes) reject(new Error(`more than ${maxBytes} bytes came out`));
      else if (this.#stream.bytesWritten - takenBefore !== bytes.length) reject(new Error('something follows the end of the frame'));
      else resolve(this.#output());
    });
    return promise;
  }

  close(): void {
    this.#stream.destroy();
  }

  /** A stream that is destroyed decodes no further, and its last write is called back. */
  #take(piece: Buffer): void {
    this.#pieces.push(piece);
    this.#lengthBytes += piece.length;
    if (this.#lengthBytes > this.#maxBytes) this.close();
  }

  #output(): Buffer {
    const pieces = this.#pieces;
    this.#pieces = [];
    return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces, this.#lengthBytes);
  }
}

/** A bounded number of coders; whoever finds all of them busy waits in line. */
class Coders {
  readonly #make: () => Coder;
  readonly #idle: Coder[] = [];
  readonly #waiting: ((coder: Coder) => void)[] = [];
  #made = 0;
  #isClosed = false;

  constructor(make: () => Coder) {
    this.#make = make;
  }

  /** At most `maxBytes`, and at least as many when `minBytes` says so. */
  async run(bytes: Uint8Array, maxBytes: number, minBytes = 0): Promise<Buffer> {
    const coder = await this.#take();
    try {
      const output = await coder.run(bytes, maxBytes);
      if (output.length < minBytes) throw new Error(`only ${output.length} bytes came out`);
      return output;
    } catch (cause) {
      coder.close();
      throw cause;
    } finally {
      this.#give(coder.isUsable ? coder : this.#make());
    }
  }

  /** Coders at work end when they are done. */
  close(): void {
    this.#isClosed = true;
    for (const coder of this.#idle.splice(0)) coder.close();
  }

  #take(): Coder | Promise<Coder> {
    const idle = this.#idle.pop();
    if (idle) return idle;
    if (this.#made < MAX_CODERS) {
      this.#made++;
      return this.#make();
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #give(coder: Coder): void {
    const next = this.#waiting.shift();
    if (next) next(coder);
    else if (this.#isClosed) coder.close();
    else this.#idle.push(coder);
  }
}

const compressors = (level: number): Coders =>
  // With this flush every write is a frame of its own.
  new Coders(() => new Coder(createZstdCompress({ flush: constants.ZSTD_e_end, chunkSize: OUTPUT_BYTES, params: { [constants.ZSTD_c_compressionLevel]: level } })));

/** By level, the one in use longest first. */
const byLevel = new Map<number, Coders>();
const decompressors = new Coders(() => new Coder(createZstdDecompress({ chunkSize: OUTPUT_BYTES })));

function ofLevel(level: number): Coders {
  const found = byLevel.get(level);
  if (found) return found;
  const [oldest] = byLevel.keys();
  if (oldest !== undefined && byLevel.size >= MAX_LEVELS) {
    byLevel.get(oldest)!.close();
    byLevel.delete(oldest);
  }
  const made = compressors(level);
  byLevel.set(level, made);
  return made;
}

export const zstd: Compression = {
  compress: async (bytes, level) => {
    // A little more than the input comes out when it does not compress.
    const frame = await ofLevel(level).run(bytes, 2 * bytes.length + OUTPUT_BYTES);
    return frame.length < bytes.length * WORTHWHILE ? frame : null;
  },
  decompress: async (bytes, rawBytes) => {
    try {
      return await decompressors.run(bytes, rawBytes, rawBytes);
    } catch (cause) {
      throw new Fault('integrity', say('a compressed run of clusters arrived damaged, or is not {rawBytes} bytes', { rawBytes: String(rawBytes) }), { cause });
    }
  },
};
