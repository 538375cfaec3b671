/** The receiving end of a lane: the TLS client. Bytes go from the socket into slabs and from there to the handler in place. */
import type { OnReadOpts } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { LaneHandler } from '../engine/ports/peers.ts';
import { Fault } from '../errors/fault.ts';
import { say } from '../language/text.ts';
import { failureFrame, isBug } from './failure.ts';
import { frameBytes, HEADER_BYTES, headerOf } from './frame.ts';
import { checkAnswer } from './greeting.ts';
import { helloFrame } from './hello.ts';
import { Intake } from './intake.ts';
import type { Patience } from './limits.ts';
import { Liveness } from './liveness.ts';
import { SlabReader, type SlabFrame } from './slab.ts';

export interface LaneGreeting {
  readonly ownId: string;
  readonly senderId: string;
  readonly token: string;
}

/** Where bytes go that nobody wants any more. */
const SCRAP = Buffer.alloc(64 * 1024);

/** Opens the lane's connection with what reads from it. */
type Dial = (onread: OnReadOpts) => Promise<{ readonly socket: TLSSocket }>;

/**
 * Everything that the sender of the lane sent was handled when this resolves. Rejects with what ended it otherwise; no
 * handler call is under way any more in either case.
 */
export async function receiveLane(dial: Dial, greeting: LaneGreeting, handler: LaneHandler, patience: Patience, signal: AbortSignal, told: { onHeard(): void; onOpen(): void }): Promise<void> {
  const lane = new LaneReceiver(greeting, handler, patience, told);
  const onAbort = () => lane.give(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    lane.begin((await dial(lane.onread)).socket);
    await lane.done;
  } finally {
    signal.removeEventListener('abort', onAbort);
    await lane.settled();
  }
}

class LaneReceiver {
  readonly #greeting: LaneGreeting;
  readonly #patience: Patience;
  readonly #told: { onHeard(): void; onOpen(): void };
  readonly #reader = new SlabReader((frame) => this.#take(frame));
  readonly #intake: Intake;
  readonly #outcome: PromiseWithResolvers<void> = Promise.withResolvers();
  #socket: TLSSocket | undefined;
  #liveness: Liveness | undefined;
  #greetLimit: NodeJS.Timeout | undefined;
  #greeted = false;
  #full = false;
  #over = false;

  readonly onread = {
    buffer: () => (this.#over ? SCRAP : this.#reader.buffer()),
    callback: (byteCount: number) => this.#received(byteCount),
  };

  constructor(greeting: LaneGreeting, handler: LaneHandler, patience: Patience, told: { onHeard(): void; onOpen(): void }) {
    this.#greeting = greeting;
    this.#patience = patience;
    this.#told = told;
    this.#outcome.promise.catch(() => undefined);
    this.#intake = new Intake(handler, {
      durable: (journalBytes) => this.#socket?.write(frameBytes(headerOf('durable', { offset: journalBytes }))),
      ended: () => this.#finish(),
      failed: (error) => this.give(error),
      full: (full) => this.#pause(full),
    });
  }

  get done(): Promise<void> {
    return this.#outcome.promise;
  }

  settled(): Promise<void> {
    return this.#intake.stop();
  }

  /** Says hello over the proved connection. */
  begin(socket: TLSSocket): void {
    this.#socket = socket;
    const broken = (cause?: unknown) => this.#end(new Fault('peer-unreachable', say('the lane to the other host broke'), { cause }));
    socket.on('error', broken);
    socket.once('close', () => broken());
    // Only a connection that came through a raw dial emits data: Node does not read those into a given buffer.
    socket.on('data', (bytes: Buffer) => this.#copyIn(bytes));
    if (this.#over) {
      socket.destroy();
      return;
    }
    this.#greetLimit = setTimeout(() => this.#end(new Fault('peer-unreachable', say('the other host did not answer in time'))), this.#patience.greetMs);
    this.#liveness = new Liveness({ heartbeat: () => this.#heartbeat(), deaf: () => this.#full, dead: () => this.#end(new Fault('peer-unreachable', say('the other host has fallen silent on a lane'))) }, this.#patience.tickMs);
    socket.write(helloFrame({ hostId: this.#greeting.ownId, kind: 'lane', token: this.#greeting.token }));
  }

  /** Ends the lane with this reason, which the sender is told. */
  give(error: unknown): void {
    if (this.#over) return;
    if (!this.#socket || this.#socket.destroyed) return this.#end(error);
    const socket = this.#socket;
    this.#conclude();
    this.#outcome.reject(error);
    // Closing with bytes unread would reset the connection before the sender has read why: read on until it has closed.
    socket.end(failureFrame(error));
    socket.resume();
    this.#linger(socket);
  }

  #finish(): void {
    const socket = this.#socket;
    if (this.#over || !socket) return;
    this.#conclude();
    socket.end(frameBytes(headerOf('finished')), () => this.#outcome.resolve());
    socket.once('close', () => this.#outcome.reject(new Fault('peer-unreachable', say('the lane to the other host broke at its end'))));
    this.#linger(socket);
  }

  #end(error: unknown): void {
    if (this.#over) return;
    this.#conclude();
    this.#socket?.destroy();
    this.#outcome.reject(error);
  }

  #conclude(): void {
    this.#over = true;
    this.#liveness?.stop();
    clearTimeout(this.#greetLimit);
    void this.#intake.stop();
  }

  #linger(socket: TLSSocket): void {
    const timer = setTimeout(() => socket.destroy(), this.#patience.lingerMs);
    socket.once('close', () => clearTimeout(timer));
  }

  #heartbeat(): void {
    if (this.#socket?.writableLength === 0) this.#socket.write(frameBytes(headerOf('heartbeat')));
  }

  #pause(full: boolean): void {
    if (full === this.#full) return;
    this.#full = full;
    if (full) this.#socket?.pause();
    else this.#socket?.resume();
  }

  /** False stops Node from reading on. */
  #received(byteCount: number): boolean {
    if (this.#over) return true;
    this.#liveness?.heard();
    try {
      if (!this.#socket) throw new Fault('peer-protocol', say('the other host spoke before it was asked'));
      this.#reader.received(byteCount);
    } catch (error) {
      this.give(error);
      if (isBug(error)) throw error;
    }
    return !this.#full;
  }

  #copyIn(bytes: Buffer): void {
    for (let rest = bytes; rest.length > 0 && !this.#over; ) {
      const target = this.#reader.buffer();
      const count = rest.copy(target);
      this.#received(count);
      rest = rest.subarray(count);
    }
  }

  #take(frame: SlabFrame): void {
    this.#told.onHeard();
    if (frame.header.type === 'heartbeat') return frame.release();
    if (this.#greeted) return this.#intake.push(frame);
    checkAnswer({ header: frame.header, payload: frame.memory.subarray(HEADER_BYTES) }, this.#greeting.senderId);
    frame.release();
    this.#greeted = true;
    this.#told.onOpen();
    clearTimeout(this.#greetLimit);
  }
}
