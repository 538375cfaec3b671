/** The transport of the page: fetch, to the daemon that served it. The session is the browser's cookie. */
import { say } from '../language/text.ts';
import { Failure } from './failure.ts';
import type { Transport } from './transport.ts';

const unreachable = (error: unknown): Failure =>
  new Failure('daemon-unreachable', say('understudyd does not answer ({reason})', { reason: error instanceof Error ? error.message : String(error) }), say('Is the host up, and understudyd on it? What is shown is as it was when the connection was lost.'));

/** Read piece by piece: not every browser can iterate over a body. */
async function* bytesOf(body: ReadableStream<Uint8Array<ArrayBuffer>> | null, signal: AbortSignal): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  if (!body) return;
  const reader = body.getReader();
  try {
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) yield piece.value;
  } catch (error) {
    throw signal.aborted ? signal.reason : unreachable(error);
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

async function* textOf(bytes: AsyncIterable<Uint8Array<ArrayBuffer>>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  for await (const piece of bytes) yield decoder.decode(piece, { stream: true });
}

/** To the page's own daemon; another origin is for tests. */
export const browserTransport = (origin = ''): Transport => async ({ method, path, body, headers, signal }) => {
  try {
    const answer = await fetch(`${origin}${path}`, { method, headers, body: body ?? null, signal, credentials: 'same-origin', cache: 'no-store', redirect: 'error' });
    const bytes = bytesOf(answer.body, signal);
    return { status: answer.status, text: textOf(bytes), bytes };
  } catch (error) {
    throw signal.aborted ? signal.reason : unreachable(error);
  }
};
