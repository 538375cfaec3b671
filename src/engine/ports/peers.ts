/**
 * The other host. Control calls are requests with one answer; bulk data goes over a lane of its own, which the
 * receiving host dials (reading as a TLS client is faster in Node, and a full lane never delays control).
 * A call or lane that is about a relationship says which (`relationshipId`): the way to the peer may depend on it.
 * Faults: peer-unreachable, peer-proxy, peer-certificate, peer-not-authorized, peer-protocol, and any fault of the far side, by its code.
 */
import type { Chunk } from './diskview.ts';

/** Parameters and results are JSON; `Uint8Array` values travel as they are. */
export type Wire = null | boolean | number | string | Uint8Array | readonly Wire[] | { readonly [key: string]: Wire | undefined };

export interface Peers {
  call(hostId: string, method: string, params: Wire, signal: AbortSignal): Promise<Wire>;
  /** Waits until the peer dials the lane of this token. */
  acceptLane(hostId: string, token: string, signal: AbortSignal): Promise<LaneSender>;
  /**
   * Dials a lane and hands every frame to the handler, in order, at most `MAX_HANDLED_BYTES` under way at once. Resolves
   * when the sender has finished and everything was handled; rejects when the connection broke or the handler threw.
   */
  dialLane(hostId: string, token: string, handler: LaneHandler, signal: AbortSignal, about?: LaneAbout): Promise<void>;
}

export interface LaneAbout {
  readonly relationshipId?: string;
  /** Called once when the peer has answered on the lane: until then it could not be opened. */
  readonly onOpen?: () => void;
}

/** Answers the peer's control calls. `hostId` is who asks, proved by certificate. */
export type PeerHandler = (hostId: string, method: string, params: Wire) => Promise<Wire>;

/** One run of clusters of one disk. The chunk's payload is the run's bytes, or their zstd frame when `compressed`. */
export interface DataFrame {
  /** Index of the disk in the attempt's list. */
  readonly disk: number;
  readonly offsetBytes: number;
  /** Length of the run before compression. */
  readonly rawBytes: number;
  readonly compressed: boolean;
}

export interface LaneSender {
  /** Resolves when the chunk's memory is free again and the lane has room. */
  data(frame: DataFrame, chunk: Chunk): Promise<void>;
  /** A batch of journal records (see fingerprints/journal.ts), 1 MiB at most; every data frame they speak of was sent before. */
  journal(records: Uint8Array): Promise<void>;
  /** Calls back with the number of journal bytes that the receiver has made durable, whenever that grows. */
  onDurable(listener: (journalBytes: number) => void): void;
  /** Everything was handled by the receiver. */
  finish(signal: AbortSignal): Promise<void>;
  destroy(): void;
  /** Bytes written to the socket, TLS included, so far. */
  readonly bytesSent: number;
}

export interface LaneHandler {
  /** The memory is the handler's until the promise resolves. */
  data(frame: DataFrame, chunk: Chunk): Promise<void>;
  /** Called when all earlier frames were handled. Returns the number of journal bytes that are durable now, or undefined. */
  journal(records: Buffer): Promise<number | undefined>;
}
