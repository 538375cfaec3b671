/**
 * QEMU Machine Protocol client over a unix socket: one command at a time on the wire is not needed, each has an id.
 * Source: QEMU docs/interop/qmp-spec. A monitor serves one client; a second one waits until the first has left.
 */
import { connect, type Socket } from 'node:net';
import { Fault } from '../errors/fault.ts';
import { say } from '../language/text.ts';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };
export type Arguments = { readonly [key: string]: Json | undefined };

export interface QmpEvent {
  readonly event: string;
  readonly data: Arguments;
}

/** QEMU's own answer to a command that it refuses, for callers that expect one (for example "not found"). */
export class QmpError extends Fault {
  readonly errorClass: string;
  readonly description: string;

  constructor(command: string, errorClass: string, description: string) {
    super('qemu-protocol', say('QEMU refused {command}: {description}', { command, description }));
    this.errorClass = errorClass;
    this.description = description;
  }
}

interface Waiting {
  readonly command: string;
  resolve(value: unknown): void;
  reject(reason: unknown): void;
}

const MAX_MESSAGE_BYTES = 64 * 1024 * 1024;
const DEFAULT_TIMEOUT_MS = 30_000;

export class Qmp {
  readonly #socket: Socket;
  readonly #waiting = new Map<number, Waiting>();
  readonly #listeners = new Set<(event: QmpEvent) => void>();
  readonly #greeting: PromiseWithResolvers<void> = Promise.withResolvers();
  #closedBy: Fault | undefined;
  #nextId = 1;
  #partial: Buffer[] = [];
  #partialBytes = 0;
  readonly closed: Promise<void>;

  private constructor(socket: Socket) {
    this.#socket = socket;
    const { promise, resolve }: PromiseWithResolvers<void> = Promise.withResolvers();
    this.closed = promise;
    socket.on('data', (bytes) => this.#received(bytes));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#fail(new Fault('qemu-failed', say('QEMU closed its monitor: it ended or was killed')));
      resolve();
    });
  }

  /** A monitor that answers commands. Fault qemu-failed when nobody answers within the time. */
  static async connect(path: string, timeoutMs = DEFAULT_TIMEOUT_MS): Promise<Qmp> {
    const socket = connect({ path });
    const qmp = new Qmp(socket);
    const timer = setTimeout(() => socket.destroy(), timeoutMs);
    try {
      await qmp.#greeting.promise;
      await qmp.execute('qmp_capabilities', {}, { timeoutMs });
      return qmp;
    } catch (cause) {
      socket.destroy();
      throw new Fault('qemu-failed', say('no monitor answers on {path}', { path }), { cause });
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * QEMU's return value. QmpError when QEMU refuses; fault qemu-failed when it ends or does not answer in time.
   * Aborting stops the waiting, not the command: QEMU has no cancellation.
   */
  async execute<T = unknown>(command: string, args: Arguments = {}, options: { timeoutMs?: number; signal?: AbortSignal } = {}): Promise<T> {
    options.signal?.throwIfAborted();
    if (this.#closedBy) throw this.#closedBy;
    const id = this.#nextId++;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#waiting.set(id, { command, resolve, reject });
    const timer = setTimeout(
      () => reject(new Fault('qemu-failed', say('QEMU did not answer {command} in time', { command }))),
      options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    );
    const onAbort = () => reject(options.signal?.reason);
    options.signal?.addEventListener('abort', onAbort, { once: true });
    this.#socket.write(`${JSON.stringify({ execute: command, arguments: args, id })}\n`);
    try {
      return (await promise) as T;
    } finally {
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', onAbort);
      this.#waiting.delete(id);
    }
  }

  onEvent(listener: (event: QmpEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Resolves with the first event that matches; start listening before the command that causes it. */
  waitFor(matches: (event: QmpEvent) => boolean, timeoutMs: number, signal?: AbortSignal): Promise<QmpEvent> {
    const { promise, resolve, reject } = Promise.withResolvers<QmpEvent>();
    const stop = this.onEvent((event) => {
      if (matches(event)) resolve(event);
    });
    const timer = setTimeout(() => reject(new Fault('qemu-failed', say('QEMU did not report an expected event in time'))), timeoutMs);
    const onAbort = () => reject(signal?.reason);
    signal?.addEventListener('abort', onAbort, { once: true });
    void this.closed.then(() => reject(new Fault('qemu-failed', say('QEMU closed its monitor: it ended or was killed'))));
    return promise.finally(() => {
      stop();
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #received(bytes: Buffer): void {
    let rest = bytes;
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      const line = Buffer.concat([...this.#partial, rest.subarray(0, end)]);
      this.#partial = [];
      this.#partialBytes = 0;
      rest = rest.subarray(end + 1);
      if (line.length > 1) this.#message(line);
    }
    if (rest.length === 0) return;
    this.#partial.push(rest);
    this.#partialBytes += rest.length;
    if (this.#partialBytes > MAX_MESSAGE_BYTES) this.#socket.destroy();
  }

  #message(line: Buffer): void {
    let message;
    try {
      message = JSON.parse(line.toString('utf8'));
    } catch {
      this.#socket.destroy();
      return;
    }
    if ('QMP' in message) this.#greeting.resolve();
    else if ('event' in message) for (const listener of this.#listeners) listener({ event: message.event, data: message.data ?? {} });
    else this.#answer(message);
  }

  #answer(message: { id?: number; return?: unknown; error?: { class: string; desc: string } }): void {
    const waiting = this.#waiting.get(message.id ?? -1);
    if (!waiting) return;
    if (message.error) waiting.reject(new QmpError(waiting.command, message.error.class, message.error.desc));
    else waiting.resolve(message.return);
  }

  #fail(fault: Fault): void {
    this.#closedBy ??= fault;
    this.#greeting.reject(fault);
    for (const waiting of this.#waiting.values()) waiting.reject(fault);
  }
}
