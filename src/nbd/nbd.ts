/**
 * NBD client: one connection to one export, many requests under way at once. Reads hand on the memory that the socket
 * filled, with the reply's header as the room before the payload; a write puts its header there, and both go out as
 * one buffer. Source: NetworkBlockDevice/nbd, doc/proto.md.
 */
import { assert } from '../errors/bug.ts';
import { Fault } from '../errors/fault.ts';
import { endOf, type Extent } from '../extents/extent.ts';
import { say } from '../language/text.ts';
import { Acknowledgement, ReadAnswer, StatusAnswer, type Answer } from './answer.ts';
import type { Chunk, LoanedChunk } from './chunk.ts';
import { Handshake } from './handshake.ts';
import { Link, type NbdAddress } from './link.ts';
import { negotiation, type Negotiated } from './negotiation.ts';
import { REQUEST_BYTES, requestBytes, writeRequest, type Request } from './request.ts';
import type { Frame, FrameReader } from './slab.ts';
import { Slots } from './slots.ts';
import { StatusRuns, type FlagRun } from './statusruns.ts';
import { Transmission } from './transmission.ts';
import { COMMAND_FLAG, type Command } from './wire.ts';

export type NbdOptions = NbdAddress & {
  readonly exportName: string;
  /** Wanted, by full name: base:allocation, qemu:dirty-bitmap:…; `negotiated.contexts` has those that were granted. */
  readonly metaContexts?: readonly string[];
  readonly signal?: AbortSignal;
  /** Requests under way at once; more wait in line. */
  readonly maxInFlight?: number;
  readonly connectTimeoutMs?: number;
  /** The connection ends when requests are under way and not a byte comes or goes for so long. */
  readonly silenceTimeoutMs?: number;
};

/** QEMU serves this many requests of one client at once. */
const DEFAULT_IN_FLIGHT = 16;
const DEFAULT_CONNECT_TIMEOUT_MS = 15_000;
/** A flush may take minutes on slow storage. */
const DEFAULT_SILENCE_TIMEOUT_MS = 300_000;
const CLOSE_TIMEOUT_MS = 5_000;
/** The length on the wire has 32 bits; this keeps the pieces aligned. */
const MAX_PIECE_BYTES = 1024 * 1024 * 1024;

export class NbdConnection {
  /** Resolves when the connection has ended, however it came about. */
  readonly closed: Promise<void>;
  readonly #place: string;
  readonly #link: Link;
  readonly #slots: Slots;
  readonly #negotiating = Promise.withResolvers<Negotiated>();
  #phase: FrameReader;
  #negotiated: Negotiated | undefined;
  #transmission: Transmission | undefined;
  #endedBy: unknown;

  private constructor(options: NbdOptions) {
    this.#place = `export ${options.exportName} on ${'socketPath' in options ? options.socketPath : `${options.host}:${options.port}`}`;
    this.#slots = new Slots(options.maxInFlight ?? DEFAULT_IN_FLIGHT);
    const conversation = negotiation(options.exportName, options.metaContexts ?? []);
    this.#phase = new Handshake(conversation, (bytes) => this.#link.write(bytes), (negotiated) => this.#begin(negotiated));
    const reader: FrameReader = {
      measure: (memory, start, availableBytes) => this.#phase.measure(memory, start, availableBytes),
      take: (frame: Frame) => this.#phase.take(frame),
    };
    const address = 'socketPath' in options ? { socketPath: options.socketPath } : { host: options.host, port: options.port };
    this.#link = new Link(address, reader, () => (this.#transmission?.underWay ?? 0) > 0, options.silenceTimeoutMs ?? DEFAULT_SILENCE_TIMEOUT_MS);
    this.#negotiating.promise.catch(() => undefined);
    this.closed = this.#link.closed.then((reason) => this.#ended(reason));
  }

  /** A connection that takes requests. Fault disk-io when nobody answers in time, or there is no such export. */
  static async connect(options: NbdOptions): Promise<NbdConnection> {
    const { signal, connectTimeoutMs = DEFAULT_CONNECT_TIMEOUT_MS } = options;
    signal?.throwIfAborted();
    const connection = new NbdConnection(options);
    const link = connection.#link;
    const timer = setTimeout(() => link.destroy(new Fault('disk-io', say('the NBD server did not answer within {connectTimeoutMs} ms', { connectTimeoutMs }))), connectTimeoutMs);
    const onAbort = () => link.destroy(new Fault('cancelled', say('the connection was given up')));
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      await connection.#negotiating.promise;
      return connection;
    } catch (thrown) {
      signal?.throwIfAborted();
      throw thrown;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    }
  }

  get negotiated(): Negotiated {
    assert(this.#negotiated, 'the connection is negotiated before anybody has it');
    return this.#negotiated;
  }

  get sizeBytes(): number {
    return this.negotiated.sizeBytes;
  }

  /** The extent's bytes, at most `maxRequestBytes` (32 MiB), with at least 28 bytes of room before them. */
  async read(extent: Extent, signal?: AbortSignal): Promise<LoanedChunk> {
    this.#assertExtent(extent);
    const flags = this.negotiated.structuredReplies && this.negotiated.canDontFragment ? COMMAND_FLAG.dontFragment : 0;
    return this.#request(requestOf('read', extent, flags), new ReadAnswer(extent), { signal });
  }

  /** The server took the payload; the chunk's memory is free again, also when this rejects. Room of 28 bytes is overwritten. */
  async write(offsetBytes: number, chunk: Chunk): Promise<void> {
    const extent = { offsetBytes, lengthBytes: chunk.memory.length - chunk.headroomBytes };
    this.#assertExtent(extent);
    return this.#request(requestOf('write', extent), new Acknowledgement(), { chunk });
  }

  /**
   * The range reads as zeroes. Without `mayPunchHole` it stays allocated. With `fast`, fault not-supported when the
   * server could do no better than writing zeroes.
   */
  async writeZeroes(offsetBytes: number, lengthBytes: number, { mayPunchHole = true, fast = false } = {}): Promise<void> {
    this.#assertInside({ offsetBytes, lengthBytes });
    if (!this.negotiated.canWriteZeroes) throw new Fault('not-supported', say('{place}: the NBD server cannot write zeroes', { place: this.#place }));
    if (fast && !this.negotiated.canZeroFast) throw new Fault('not-supported', say('{place}: the NBD server does not know fast zeroes', { place: this.#place }));
    const flags = (mayPunchHole ? 0 : COMMAND_FLAG.noHole) | (fast ? COMMAND_FLAG.fastZero : 0);
    for (const piece of piecesOf({ offsetBytes, lengthBytes })) await this.#request(requestOf('writeZeroes', piece, flags), new Acknowledgement());
  }

  /** Everything whose write was answered before this call survives a power loss. */
  async flush(): Promise<void> {
    if (!this.negotiated.canFlush) throw new Fault('not-supported', say('{place}: the NBD server cannot flush', { place: this.#place }));
    return this.#request(requestOf('flush', { offsetBytes: 0, lengthBytes: 0 }), new Acknowledgement());
  }

  /** Runs that cover the extent without gaps, in order, neighbours differing in flags. The context must have been granted. */
  async blockStatus(extent: Extent, context: string, signal?: AbortSignal): Promise<readonly FlagRun[]> {
    this.#assertInside(extent);
    const contextId = this.negotiated.contexts.get(context);
    if (contextId === undefined) throw new Fault('disk-io', say('{place}: the NBD server has no {context}', { place: this.#place, context }));
    const covered = new StatusRuns(extent);
    for (let rest = covered.rest; rest; rest = covered.rest) {
      const piece = { ...rest, lengthBytes: Math.min(rest.lengthBytes, MAX_PIECE_BYTES) };
      for (const descriptor of await this.#request(requestOf('blockStatus', piece), new StatusAnswer(contextId), { signal })) covered.add(descriptor);
    }
    return covered.runs;
  }

  /** The server was told and the socket is closed. Requests under way are answered, or reject when it does not wait for them. */
  async close(): Promise<void> {
    if (this.#endedBy === undefined) {
      this.#endedBy = new Fault('disk-io', say('{place}: the connection was closed', { place: this.#place }));
      this.#link.end(requestBytes(requestOf('disconnect', { offsetBytes: 0, lengthBytes: 0 }), 0));
    }
    const timer = setTimeout(() => this.#link.destroy(new Fault('disk-io', say('the NBD server did not close the connection'))), CLOSE_TIMEOUT_MS);
    await this.closed;
    clearTimeout(timer);
  }

  async #request<T>(request: Request, answer: Answer<T>, { chunk, signal }: { chunk?: Chunk; signal?: AbortSignal | undefined } = {}): Promise<T> {
    signal?.throwIfAborted();
    const turn = this.#slots.take(signal);
    if (turn) await turn;
    if (this.#endedBy !== undefined || signal?.aborted) {
      this.#slots.give();
      throw this.#endedBy ?? signal?.reason;
    }
    const { cookie, promise } = this.#transmission!.begin(request, answer, signal);
    this.#send(request, cookie, chunk);
    return promise;
  }

  #send(request: Request, cookie: number, chunk: Chunk | undefined): void {
    if (!chunk) return this.#link.write(requestBytes(request, cookie));
    const start = chunk.headroomBytes - REQUEST_BYTES;
    if (start < 0) return this.#link.writeBoth(requestBytes(request, cookie), chunk.memory.subarray(chunk.headroomBytes));
    writeRequest(chunk.memory, start, request, cookie);
    this.#link.write(start === 0 ? chunk.memory : chunk.memory.subarray(start));
  }

  #begin(negotiated: Negotiated): void {
    this.#negotiated = negotiated;
    this.#transmission = new Transmission(this.#place, negotiated.structuredReplies, () => this.#slots.give());
    this.#phase = this.#transmission;
    this.#negotiating.resolve(negotiated);
  }

  #ended(reason: unknown): void {
    const code = reason instanceof Fault ? reason.code : 'disk-io';
    const fault = new Fault(code, say('{place}: {reason}', { place: this.#place, reason: reason instanceof Fault ? [reason.said] : reason instanceof Error ? reason.message : say('the connection broke') }), { cause: reason });
    this.#endedBy ??= fault;
    this.#negotiating.reject(fault);
    this.#transmission?.fail(fault);
  }

  #assertInside({ offsetBytes, lengthBytes }: Extent): void {
    const isWhole = Number.isSafeInteger(offsetBytes) && Number.isSafeInteger(lengthBytes);
    assert(isWhole && offsetBytes >= 0 && lengthBytes > 0, `${this.#place}: ${lengthBytes} bytes at ${offsetBytes}`);
    assert(offsetBytes + lengthBytes <= this.sizeBytes, `${this.#place}: ${lengthBytes} bytes at ${offsetBytes} of ${this.sizeBytes}`);
  }

  #assertExtent(extent: Extent): void {
    this.#assertInside(extent);
    assert(extent.lengthBytes <= this.negotiated.maxRequestBytes, `${this.#place}: a request of ${extent.lengthBytes} bytes`);
  }
}

const requestOf = (command: Command, { offsetBytes, lengthBytes }: Extent, flags = 0): Request => ({ command, flags, offsetBytes, lengthBytes });

function* piecesOf(extent: Extent): Generator<Extent> {
  for (let offsetBytes = extent.offsetBytes; offsetBytes < endOf(extent); offsetBytes += MAX_PIECE_BYTES) {
    yield { offsetBytes, lengthBytes: Math.min(MAX_PIECE_BYTES, endOf(extent) - offsetBytes) };
  }
}
