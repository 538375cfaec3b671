/** Sends under way on a lane: a bounded number, each with its share of a chunk's memory. */
import { HEADROOM_BYTES, type Chunk, type LoanedChunk } from '../ports/diskview.ts';
import type { Compression } from '../ports/compression.ts';
import type { LaneSender } from '../ports/peers.ts';

const SENDS_UNDER_WAY = 8;
/**
 * With so many waiting for the lane it is the line that takes the time, and a smaller payload pays. Where the line takes
 * them as they come, compressing would only make them later.
 */
const BACKLOG = 4;

/** A read chunk that several sends share; it is released when the last has ended. */
class Loan {
  readonly chunk: LoanedChunk;
  #holders = 1;

  constructor(chunk: LoanedChunk) {
    this.chunk = chunk;
  }

  hold(): void {
    this.#holders++;
  }

  done(): void {
    if (--this.#holders === 0) this.chunk.release();
  }
}

export interface Part {
  readonly disk: number;
  readonly offsetBytes: number;
  /** Within the chunk's payload. */
  readonly fromBytes: number;
  readonly untilBytes: number;
}

export class Sends {
  readonly #lane: LaneSender;
  readonly #compression: { readonly with: Compression; readonly level: number } | null;
  readonly #underWay = new Set<Promise<void>>();
  /** Handed to the lane and not gone yet. */
  #inLane = 0;
  #failure: unknown;

  constructor(lane: LaneSender, compression: { readonly with: Compression; readonly level: number } | null) {
    this.#lane = lane;
    this.#compression = compression;
  }

  loan(chunk: LoanedChunk): Loan {
    return new Loan(chunk);
  }

  /** Resolves when there is room for another; the bytes before the part may be overwritten by its header. */
  async data(loan: Loan, part: Part): Promise<void> {
    if (this.#failure) throw this.#failure;
    loan.hold();
    const sending = this.#send(loan, part)
      .catch((thrown: unknown) => {
        this.#failure ??= thrown;
      })
      .finally(() => {
        loan.done();
        this.#underWay.delete(sending);
      });
    this.#underWay.add(sending);
    if (this.#underWay.size >= SENDS_UNDER_WAY) await Promise.race(this.#underWay);
    if (this.#failure) throw this.#failure;
  }

  async settled(): Promise<void> {
    await Promise.all(this.#underWay);
    if (this.#failure) throw this.#failure;
  }

  async #send({ chunk }: Loan, { disk, offsetBytes, fromBytes, untilBytes }: Part): Promise<void> {
    const start = chunk.headroomBytes + fromBytes;
    const end = chunk.headroomBytes + untilBytes;
    const frame = { disk, offsetBytes, rawBytes: untilBytes - fromBytes };
    const small = await this.#compressed(chunk.memory.subarray(start, end));
    this.#inLane++;
    try {
      if (small) await this.#lane.data({ ...frame, compressed: true }, withHeadroom(small));
      else await this.#lane.data({ ...frame, compressed: false }, { memory: chunk.memory.subarray(start - HEADROOM_BYTES, end), headroomBytes: HEADROOM_BYTES });
    } finally {
      this.#inLane--;
    }
  }

  /** Null when that does not pay. */
  async #compressed(bytes: Buffer): Promise<Buffer | null> {
    if (!this.#compression || this.#inLane < BACKLOG) return null;
    return this.#compression.with.compress(bytes, this.#compression.level);
  }
}

function withHeadroom(bytes: Buffer): Chunk {
  const memory = Buffer.allocUnsafe(HEADROOM_BYTES + bytes.length);
  bytes.copy(memory, HEADROOM_BYTES);
  return { memory, headroomBytes: HEADROOM_BYTES };
}
