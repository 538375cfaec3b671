/** A request's body, read to its end or to its bound, whichever comes first. */
import type { IncomingMessage } from 'node:http';

export const TOO_LARGE = Symbol('body too large');

/** The bytes, or TOO_LARGE as soon as more than `maxBytes` are announced or have come. Rejects when the client hangs up. */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<Uint8Array | typeof TOO_LARGE> {
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) return TOO_LARGE;
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    length += piece.length;
    if (length > maxBytes) return TOO_LARGE;
    pieces.push(piece);
  }
  return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
}
