/** The socket: bytes come in through slabs, and it ends once, with a reason. */
import { connect, type Socket } from 'node:net';
import { Fault } from '../errors/fault.ts';
import { say } from '../language/text.ts';
import { SlabReader, type FrameReader } from './slab.ts';

export type NbdAddress = { readonly socketPath: string } | { readonly host: string; readonly port: number };

/** Where bytes go that nobody wants any more. */
const SCRAP = Buffer.alloc(64 * 1024);

export class Link {
  /** Resolves with the reason when the socket is closed: nothing reads from or writes to anybody's memory then. */
  readonly closed: Promise<unknown>;
  readonly #socket: Socket;
  readonly #slabs: SlabReader;
  #endedBy: unknown;
  #isOver = false;

  /** Dials. `isBusy` tells whether anything is waited for: `silenceMs` without a byte is the end then. */
  constructor(address: NbdAddress, reader: FrameReader, isBusy: () => boolean, silenceMs: number) {
    const { promise, resolve } = Promise.withResolvers<unknown>();
    this.closed = promise;
    this.#slabs = new SlabReader(reader);
    const onread = { buffer: () => (this.#isOver ? SCRAP : this.#slabs.buffer()), callback: (byteCount: number) => this.#received(byteCount) };
    const socket = connect('socketPath' in address ? { path: address.socketPath, onread } : { ...address, noDelay: true, onread });
    this.#socket = socket;
    socket.on('error', (cause) => this.destroy(cause));
    socket.on('end', () => this.destroy(new Fault('disk-io', say('the NBD server closed the connection'))));
    socket.setTimeout(silenceMs);
    socket.on('timeout', () => isBusy() && this.destroy(new Fault('disk-io', say('the NBD server has not answered for {silenceMs} ms', { silenceMs }))));
    socket.once('close', () => {
      this.destroy(new Fault('disk-io', say('the NBD server closed the connection')));
      this.#slabs.close();
      resolve(this.#endedBy);
    });
  }

  write(bytes: Buffer): void {
    this.#socket.write(bytes);
  }

  /** Both go out as one. */
  writeBoth(header: Buffer, payload: Buffer): void {
    this.#socket.cork();
    this.#socket.write(header);
    this.#socket.write(payload);
    this.#socket.uncork();
  }

  /** Sends the last bytes and waits for the server to close. */
  end(bytes: Buffer): void {
    this.#socket.end(bytes);
  }

  /** Closes at once. The first reason counts. */
  destroy(reason: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#endedBy = reason;
    this.#socket.destroy();
  }

  #received(byteCount: number): boolean {
    if (this.#isOver) return true;
    try {
      this.#slabs.received(byteCount);
    } catch (thrown) {
      this.destroy(thrown);
      if (!(thrown instanceof Fault)) throw thrown;
    }
    return true;
  }
}
