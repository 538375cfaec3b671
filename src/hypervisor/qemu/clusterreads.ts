/**
 * Reads of a point in time on a QEMU before 8.0, cluster by cluster. There a read that begins in a cluster which the
 * guest has overwritten since, and goes on into one that it has not, returns the guest's new data for the first.
 * Source: QEMU commit "hbitmap: fix hbitmap_status() return value for first dirty bit case".
 */
import { CLUSTER_BYTES, endOf, type Extent } from '../../extents/extent.ts';
import { HEADROOM_BYTES, payloadOf, type LoanedChunk } from '../../engine/ports/diskview.ts';
import type { NbdConnection } from '../../nbd/nbd.ts';
import type { Qmp } from '../../qmp/qmp.ts';

const FIRST_SOUND_MAJOR = 8;
/** Of memory that is kept for the next reads. */
const MAX_KEPT = 16;

export async function hasSoundSnapshots(qmp: Qmp): Promise<boolean> {
  const { qemu } = await qmp.execute<{ qemu: { major: number } }>('query-version');
  return qemu.major >= FIRST_SOUND_MAJOR;
}

export class ClusterReads {
  readonly #free: Buffer[] = [];
  readonly #bufferBytes: number;

  constructor(maxReadBytes: number) {
    this.#bufferBytes = HEADROOM_BYTES + maxReadBytes;
  }

  async read(connection: NbdConnection, extent: Extent, signal: AbortSignal): Promise<LoanedChunk> {
    const pieces = [...piecesOf(extent)];
    if (pieces.length === 1) return connection.read(extent, signal);
    const memory = this.#free.pop() ?? Buffer.allocUnsafeSlow(this.#bufferBytes);
    const results = await Promise.allSettled(pieces.map((piece) => readInto(connection, piece, memory, extent.offsetBytes, signal)));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) {
      this.#keep(memory);
      throw failed.reason;
    }
    return { memory: memory.subarray(0, HEADROOM_BYTES + extent.lengthBytes), headroomBytes: HEADROOM_BYTES, release: () => this.#keep(memory) };
  }

  #keep(memory: Buffer): void {
    if (this.#free.length < MAX_KEPT) this.#free.push(memory);
  }
}

async function readInto(connection: NbdConnection, piece: Extent, memory: Buffer, originBytes: number, signal: AbortSignal): Promise<void> {
  const chunk = await connection.read(piece, signal);
  payloadOf(chunk).copy(memory, HEADROOM_BYTES + piece.offsetBytes - originBytes);
  chunk.release();
}

function* piecesOf(extent: Extent): Generator<Extent> {
  for (let offsetBytes = extent.offsetBytes; offsetBytes < endOf(extent); ) {
    const nextBytes = Math.min((Math.floor(offsetBytes / CLUSTER_BYTES) + 1) * CLUSTER_BYTES, endOf(extent));
    yield { offsetBytes, lengthBytes: nextBytes - offsetBytes };
    offsetBytes = nextBytes;
  }
}
