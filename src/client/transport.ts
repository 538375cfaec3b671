/** What the client needs of the world: one request, one answer. A unix socket, HTTP or a browser's fetch stand behind it. */

export interface TransportRequest {
  readonly method: string;
  /** With its query, beginning with "/". */
  readonly path: string;
  /** JSON. */
  readonly body: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

export interface TransportAnswer {
  readonly status: number;
  /** The body, in pieces as they come. Throws a failure daemon-unreachable when it breaks off. */
  readonly text: AsyncIterable<string>;
  /** The same as it came. One of the two is read. */
  readonly bytes: AsyncIterable<Uint8Array>;
}

/**
 * Resolves as soon as the head of the answer has come, whatever its status. Throws a failure daemon-unreachable when
 * none comes, and the signal's reason when that was the cause.
 */
export type Transport = (request: TransportRequest) => Promise<TransportAnswer>;
