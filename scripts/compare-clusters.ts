/**
 * Counts the 64 KiB clusters in which two disks differ, byte by byte, without any code of the engine's: qemu-nbd opens
 * each disk, nbdcopy (libnbd) reads it to the end, and the two streams are compared here. Sums of bytes changed that
 * the engine claims are held against this.
 *
 *   node scripts/compare-clusters.ts <image> <image>     an image is a path to a qcow2 file, or QEMU's json:{…}
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';

const CLUSTER_BYTES = 65_536;

export interface Comparison {
  readonly sizeBytes: number;
  readonly differingClusters: number;
  /** 64 KiB for each: what has to travel at least. */
  readonly differingBytes: number;
  /** The first ones' offsets, at most ten, for messages. */
  readonly firstOffsets: readonly number[];
}

/** QEMU's options for an image file. It may be open in a running QEMU: nothing is locked, and what is read may change. */
export function imageOptions(path: string, format: 'qcow2' | 'raw' = 'qcow2'): string {
  return `json:${JSON.stringify({ driver: format, 'force-share': true, file: { driver: 'file', filename: path } })}`;
}

/** Each image is QEMU's `json:{…}` (see `imageOptions`). Where one is longer, its excess counts as different. */
export async function compareClusters(left: string, right: string, signal?: AbortSignal): Promise<Comparison> {
  const [lefts, rights] = [clustersOf(left, signal), clustersOf(right, signal)];
  try {
    return await compareStreams(lefts, rights);
  } finally {
    // Where one failed, the other's programs still run.
    await Promise.allSettled([lefts.return(undefined), rights.return(undefined)]);
  }
}

type Clusters = AsyncGenerator<Buffer, undefined>;

async function compareStreams(lefts: Clusters, rights: Clusters): Promise<Comparison> {
  let [index, differing, sizeBytes] = [0, 0, 0];
  const firstOffsets: number[] = [];
  for (;;) {
    const [one, other] = await Promise.all([lefts.next(), rights.next()]);
    if (one.done && other.done) break;
    sizeBytes += Math.max(one.value?.length ?? 0, other.value?.length ?? 0);
    if (one.done || other.done || !one.value.equals(other.value)) {
      differing += 1;
      if (firstOffsets.length < 10) firstOffsets.push(index * CLUSTER_BYTES);
    }
    index += 1;
  }
  return { sizeBytes, differingClusters: differing, differingBytes: differing * CLUSTER_BYTES, firstOffsets };
}

/** The disk's clusters in order; the last may be short. */
async function* clustersOf(image: string, signal?: AbortSignal): Clusters {
  const child = spawn('nbdcopy', ['--', '[', 'qemu-nbd', '--read-only', image, ']', '-'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(signal && { signal }),
  });
  const complaint = text(child.stderr);
  const exit = once(child, 'exit');
  try {
    yield* inClusters(child.stdout);
    const [code] = await exit;
    if (code !== 0) throw new Error(`${image} cannot be read: ${(await complaint).trim()}`);
  } finally {
    child.kill();
  }
}

async function* inClusters(stream: Readable): Clusters {
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  for await (const piece of stream as AsyncIterable<Buffer>) {
    pending.push(piece);
    pendingBytes += piece.length;
    if (pendingBytes < CLUSTER_BYTES) continue;
    const whole = Buffer.concat(pending);
    let at = 0;
    for (; whole.length - at >= CLUSTER_BYTES; at += CLUSTER_BYTES) yield whole.subarray(at, at + CLUSTER_BYTES);
    pending = [whole.subarray(at)];
    pendingBytes = whole.length - at;
  }
  if (pendingBytes > 0) yield Buffer.concat(pending);
}

if (import.meta.main) {
  const images = process.argv.slice(2).map((argument) => (argument.startsWith('json:') ? argument : imageOptions(argument)));
  if (images.length !== 2) {
    console.error('usage: node scripts/compare-clusters.ts <image> <image>');
    process.exit(2);
  }
  const comparison = await compareClusters(images[0]!, images[1]!);
  console.log(JSON.stringify(comparison));
  process.exitCode = comparison.differingClusters === 0 ? 0 : 1;
}
