/**
 * Fingerprints of whole disks, computed on threads of their own: each has its own connection to the disk's server. They start
 * with the first scan and end when there was none for a while.
 */
import { availableParallelism } from 'node:os';
import { extname, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Scan, Scanner, ServedDisk } from '../engine/ports/scanner.ts';
import { Fault, type FaultCode } from '../errors/fault.ts';
import { clusterCount } from '../extents/extent.ts';
import { FINGERPRINT_BYTES } from '../fingerprints/fingerprint.ts';
import { say, saidOf } from '../language/text.ts';
import type { Order, Report, Task } from './task.ts';

/** Beside this file, and like it: a source, or what was built from one. */
const PROGRAM = join(import.meta.dirname, `thread${extname(import.meta.filename)}`);
/** The disk's server is one thread; more than two of ours would wait for it. */
const MAX_THREADS = 2;
const IDLE_MS = 60_000;

interface Waiting {
  resolve(): void;
  reject(reason: unknown): void;
}

class Thread {
  readonly #worker = new Worker(PROGRAM);
  readonly #waiting = new Map<number, Waiting>();
  #endedBy: unknown;

  constructor() {
    this.#worker.unref();
    this.#worker.on('message', ({ id, fault }: Report) => this.#settle(id, (it) => (fault ? it.reject(new Fault(fault.code as FaultCode, saidOf(fault))) : it.resolve())));
    this.#worker.on('error', (thrown) => this.#end(thrown));
    this.#worker.on('exit', () => this.#end(new Fault('cancelled', say('the scan was given up'))));
  }

  get isOver(): boolean {
    return this.#endedBy !== undefined;
  }

  /** The thread has nothing left to do for the task. */
  perform(task: Task): Promise<void> {
    if (this.isOver) return Promise.reject(this.#endedBy);
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    this.#waiting.set(task.id, { resolve: () => resolve(undefined), reject });
    this.#order({ kind: 'scan', task });
    return promise;
  }

  giveUp(id: number): void {
    if (!this.isOver) this.#order({ kind: 'giveUp', id });
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }

  #order(order: Order): void {
    this.#worker.postMessage(order);
  }

  #settle(id: number, settle: (waiting: Waiting) => void): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (waiting) settle(waiting);
  }

  #end(reason: unknown): void {
    this.#endedBy ??= reason;
    for (const id of [...this.#waiting.keys()]) this.#settle(id, (it) => it.reject(this.#endedBy));
  }
}

export class DiskScanner implements Scanner {
  #threads: Thread[] = [];
  #scans = 0;
  #lastId = 0;
  #idle: NodeJS.Timeout | undefined;

  prepare(): void {
    this.#started();
    if (this.#scans === 0) this.#endWhenIdle();
  }

  async fingerprints(disk: ServedDisk, scan: Scan, signal: AbortSignal): Promise<Buffer> {
    signal.throwIfAborted();
    const task = taskOf(++this.#lastId, disk, scan);
    const threads = this.#started();
    const giveUp = () => threads.forEach((thread) => thread.giveUp(task.id));
    signal.addEventListener('abort', giveUp, { once: true });
    this.#scans++;
    try {
      // All of them, also when one has failed: then nothing writes to the shared memory any more.
      const ends = await Promise.allSettled(threads.map((thread) => thread.perform(task).catch((thrown: unknown) => this.#failed(thrown, giveUp))));
      signal.throwIfAborted();
      for (const end of ends) if (end.status === 'rejected') throw end.reason;
      return Buffer.from(task.entries);
    } finally {
      signal.removeEventListener('abort', giveUp);
      this.#ended();
    }
  }

  /** Scans under way fail. */
  async stop(): Promise<void> {
    clearTimeout(this.#idle);
    await Promise.all(this.#threads.splice(0).map((thread) => thread.stop()));
  }

  /** What one thread could not read is not read by the others either. */
  #failed(thrown: unknown, giveUp: () => void): never {
    giveUp();
    throw thrown;
  }

  #started(): readonly Thread[] {
    clearTimeout(this.#idle);
    this.#threads = this.#threads.filter((thread) => !thread.isOver);
    while (this.#threads.length < Math.min(MAX_THREADS, availableParallelism())) this.#threads.push(new Thread());
    return [...this.#threads];
  }

  #ended(): void {
    if (--this.#scans === 0) this.#endWhenIdle();
  }

  #endWhenIdle(): void {
    this.#idle = setTimeout(() => void this.stop(), IDLE_MS);
    this.#idle.unref();
  }
}

function taskOf(id: number, disk: ServedDisk, { window, among, key }: Scan): Task {
  const shared = new SharedArrayBuffer(among.bytes.length);
  new Uint8Array(shared).set(among.bytes);
  const entries = new SharedArrayBuffer(clusterCount(window.lengthBytes) * FINGERPRINT_BYTES);
  return { id, disk, ...window, key, among: shared, entries, next: new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT) };
}
