/**
 * Frames over one TLS connection whose other end is proved. Frames are pulled: while nobody takes them the connection is
 * not read from. Ends once, with the fault that ended it; heartbeats end it when the other side falls silent.
 */
import type { TLSSocket } from 'node:tls';
import { faultOf, Fault } from '../errors/fault.ts';
import { say } from '../language/text.ts';
import { frameBytes, headerOf, type Frame } from './frame.ts';
import { FrameReader } from './framereader.ts';
import { MAX_GREETING_BYTES } from './limits.ts';
import { Liveness } from './liveness.ts';

export class Channel {
  readonly socket: TLSSocket;
  /** The fault that ended the connection. Never rejects. */
  readonly ended: Promise<Fault>;
  readonly #end: (fault: Fault) => void;
  readonly #reader = new FrameReader(MAX_GREETING_BYTES);
  #take: ((frame: Frame) => void) | undefined;
  #liveness: Liveness | undefined;
  #fault: Fault | undefined;
  #paused = false;
  /** Called with every arrival of bytes. */
  onHeard: () => void = () => undefined;

  constructor(socket: TLSSocket) {
    this.socket = socket;
    const { promise, resolve } = Promise.withResolvers<Fault>();
    this.ended = promise;
    this.#end = resolve;
    socket.on('data', (bytes: Buffer) => this.#received(bytes));
    socket.on('error', (cause) => this.end(broken(cause)));
    socket.on('close', () => this.end(broken()));
    socket.pause();
  }

  get fault(): Fault | undefined {
    return this.#fault;
  }

  /** Heartbeats go both ways from now on, and frames of full length are accepted. */
  establish(tickMs: number, maxPayloadBytes: number): void {
    this.#reader.maxPayloadBytes = maxPayloadBytes;
    const heartbeat = frameBytes(headerOf('heartbeat'));
    this.#liveness = new Liveness(
      {
        heartbeat: () => {
          if (this.socket.writableLength === 0) this.send(heartbeat);
        },
        deaf: () => this.#paused,
        dead: () => this.end(new Fault('peer-unreachable', say('the other host has fallen silent'))),
      },
      tickMs,
    );
    if (this.#fault) this.#liveness.stop();
  }

  /** Every frame from now on goes to `take`, in order; heartbeats do not. */
  deliver(take: (frame: Frame) => void): void {
    this.#take = take;
    this.#drain();
  }

  /** The next frame alone. Rejects with the fault that ends the connection first. */
  nextFrame(): Promise<Frame> {
    const { promise, resolve, reject } = Promise.withResolvers<Frame>();
    void this.ended.then(reject);
    this.deliver((frame) => {
      this.#take = undefined;
      resolve(frame);
    });
    return promise;
  }

  /** Stops or goes on reading; a paused connection does not count the other side's silence. */
  pause(paused: boolean): void {
    if (paused === this.#paused) return;
    this.#paused = paused;
    this.#drain();
  }

  /** Queues the parts to be sent as they are, one after another. Nothing on an ended connection. */
  send(...parts: readonly Uint8Array[]): void {
    if (this.#fault) return;
    this.socket.cork();
    for (const part of parts) this.socket.write(part);
    this.socket.uncork();
  }

  /** Ends the connection at once with this fault, unless it has ended. */
  end(fault: Fault): void {
    if (this.#fault) return;
    this.#fault = fault;
    this.#liveness?.stop();
    this.socket.destroy();
    this.#end(fault);
  }

  /** Sends what is queued and a last frame, then ends; after `lingerMs` at the latest. */
  endWith(lastFrame: Buffer, fault: Fault, lingerMs: number): void {
    if (this.#fault) return;
    this.deliver(() => undefined);
    this.send(lastFrame);
    this.socket.end();
    const timer = setTimeout(() => this.end(fault), lingerMs);
    void this.ended.then(() => clearTimeout(timer));
  }

  #received(bytes: Buffer): void {
    this.#liveness?.heard();
    this.onHeard();
    this.#reader.push(bytes);
    this.#drain();
  }

  #drain(): void {
    try {
      while (this.#take && !this.#paused && !this.#fault) {
        const frame = this.#reader.next();
        if (!frame) break;
        if (frame.header.type !== 'heartbeat') this.#take(frame);
      }
    } catch (error) {
      this.end(faultOf(error) ?? new Fault('peer-protocol', say('the other host sent something that this host cannot handle'), { cause: error }));
      if (!faultOf(error)) throw error;
    }
    if (this.#take && !this.#paused) this.socket.resume();
    else this.socket.pause();
  }
}

const broken = (cause?: unknown): Fault => new Fault('peer-unreachable', say('the connection to the other host broke'), { cause });
