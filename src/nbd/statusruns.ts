/** Block status as runs that cover an extent: clipped at its end, neighbours of equal flags united. */
import { endOf, type Extent } from '../extents/extent.ts';
import type { Descriptor } from './answer.ts';
import { violation } from './wire.ts';

export interface FlagRun extends Extent {
  /** Bits whose meaning is the metadata context's. */
  readonly flags: number;
}

/** Bits of the context base:allocation. A hole may well read as zeroes without saying so. */
export const ALLOCATION_FLAG = { hole: 1, zero: 2 } as const;
/** The bit of a context qemu:dirty-bitmap:… */
export const DIRTY_FLAG = 1;

/** A GiB in which every other sector differs. */
const MAX_RUNS = 2 * 1024 * 1024;

export class StatusRuns {
  readonly runs: FlagRun[] = [];
  readonly #endBytes: number;
  #coveredToBytes: number;

  constructor(extent: Extent) {
    this.#endBytes = endOf(extent);
    this.#coveredToBytes = extent.offsetBytes;
  }

  /** What is not covered yet, or undefined. */
  get rest(): Extent | undefined {
    const lengthBytes = this.#endBytes - this.#coveredToBytes;
    return lengthBytes > 0 ? { offsetBytes: this.#coveredToBytes, lengthBytes } : undefined;
  }

  /** Goes on where the last descriptor ended. What lies beyond the extent is left out. */
  add({ lengthBytes: reportedBytes, flags }: Descriptor): void {
    const offsetBytes = this.#coveredToBytes;
    const lengthBytes = Math.min(reportedBytes, this.#endBytes - offsetBytes);
    if (lengthBytes === 0) return;
    const last = this.runs.at(-1);
    if (last?.flags === flags) this.runs[this.runs.length - 1] = { ...last, lengthBytes: last.lengthBytes + lengthBytes };
    else this.runs.push({ offsetBytes, lengthBytes, flags });
    if (this.runs.length > MAX_RUNS) throw violation('a block status of more than two million pieces');
    this.#coveredToBytes += lengthBytes;
  }
}
