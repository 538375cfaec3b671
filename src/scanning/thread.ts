/** A scanning thread's program: takes units of its tasks, reads them over NBD and writes their fingerprints to shared memory. */
import { parentPort } from 'node:worker_threads';
import { faultOf, Fault } from '../errors/fault.ts';
import { ClusterSet } from '../extents/clusterset.ts';
import { CLUSTER_BYTES, clusterCount, type Extent } from '../extents/extent.ts';
import { FINGERPRINT_BYTES, Fingerprinter } from '../fingerprints/fingerprint.ts';
import { say, told } from '../language/text.ts';
import { openReading, type Reading } from './reading.ts';
import { UNIT_CLUSTERS, type Order, type Report, type Task } from './task.ts';

/** Few and large: more would only push each other out of the processor's cache. */
const READS_UNDER_WAY = 2;

const givingUp = new Map<number, AbortController>();

async function scan(task: Task, signal: AbortSignal): Promise<void> {
  const reading = await openReading(task.disk, signal);
  try {
    const part = new Part(task, reading, signal);
    await Promise.all(Array.from({ length: READS_UNDER_WAY }, () => part.work()));
  } finally {
    await reading.close();
  }
}

/** This thread's part of a task. */
class Part {
  readonly #task: Task;
  readonly #reading: Reading;
  readonly #signal: AbortSignal;
  readonly #fingerprinter: Fingerprinter;
  readonly #among: ClusterSet;
  readonly #entries: Buffer;
  readonly #next: Int32Array;

  constructor(task: Task, reading: Reading, signal: AbortSignal) {
    this.#task = task;
    this.#reading = reading;
    this.#signal = signal;
    this.#fingerprinter = new Fingerprinter(task.key);
    this.#among = new ClusterSet(clusterCount(task.lengthBytes), new Uint8Array(task.among));
    this.#entries = Buffer.from(task.entries);
    this.#next = new Int32Array(task.next);
  }

  async work(): Promise<void> {
    const { clusters } = this.#among;
    for (let first = this.#take(); first < clusters; first = this.#take()) {
      for (const run of this.#among.runs(first, Math.min(first + UNIT_CLUSTERS, clusters))) await this.#look(run.first, run.count);
    }
  }

  #take(): number {
    return Atomics.add(this.#next, 0, 1) * UNIT_CLUSTERS;
  }

  #look(first: number, count: number): Promise<void> {
    return this.#reading.look(this.#extent(first, count), this.#signal, (bytes) => {
      for (let i = 0; i < count; i++) this.#fingerprinter.write(bytes.subarray(i * CLUSTER_BYTES, (i + 1) * CLUSTER_BYTES), this.#entries, (first + i) * FINGERPRINT_BYTES);
    });
  }

  #extent(first: number, count: number): Extent {
    const { offsetBytes, lengthBytes } = this.#task;
    const from = first * CLUSTER_BYTES;
    return { offsetBytes: offsetBytes + from, lengthBytes: Math.min(count * CLUSTER_BYTES, lengthBytes - from) };
  }
}

async function perform(task: Task): Promise<void> {
  const controller = new AbortController();
  givingUp.set(task.id, controller);
  const report = await scan(task, controller.signal).then(
    (): Report => ({ id: task.id, fault: null }),
    (thrown: unknown): Report => ({ id: task.id, fault: reportOf(thrown) }),
  );
  givingUp.delete(task.id);
  parentPort!.postMessage(report);
}

/** A defect ends the thread, and so is told. */
function reportOf(thrown: unknown): Report['fault'] {
  const fault = faultOf(thrown);
  if (!fault) throw thrown;
  return { code: fault.code, ...told(fault.said) };
}

parentPort!.on('message', (order: Order) => {
  if (order.kind === 'scan') void perform(order.task);
  else givingUp.get(order.id)?.abort(new Fault('cancelled', say('the scan was given up')));
});
