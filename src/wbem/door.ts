/** What stands between a listener and a protocol: an authenticated request, read to its end, and an answer made whole. */
import type { CimCaller } from '../cim/manager.ts';

export interface WbemRequest {
  readonly method: string;
  /** As the client sent it, without the query. */
  readonly path: string;
  /** Names in lower case; repeated headers joined by ", ". */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  readonly caller: CimCaller;
  /** Aborted when the client hangs up or the daemon ends. */
  readonly signal: AbortSignal;
}

export interface WbemAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** Never rejects for what a client sent: a fault of the protocol is an answer. Whatever is thrown is a bug. */
export type WbemHandler = (request: WbemRequest) => Promise<WbemAnswer>;
