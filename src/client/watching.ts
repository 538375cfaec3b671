/** The event stream for as long as somebody looks: a connection that is lost is said, and made again. */
import { say } from '../language/text.ts';
import type { Client } from './client.ts';
import { Failure } from './failure.ts';
import type { Message } from './messages.ts';

const LEAST_WAIT_MS = 500;
const MOST_WAIT_MS = 5_000;

/** "connected": from here on nothing is missed; what is shown is to be read again. "lost": what is shown grows old. */
export type Watched = Message | { readonly event: 'connected' } | { readonly event: 'lost'; readonly failure: Failure };

/** Passes by itself: the daemon restarts, or has too many readers of its event stream. */
const mayPass = (error: unknown): error is Failure => error instanceof Failure && (error.code === 'daemon-unreachable' || error.code === 'busy');

const ENDED = new Failure('daemon-unreachable', say('understudyd ended the connection'));

/** Resolves after the time, or when the signal aborts. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end);
    if (signal.aborted) end();
  });
}

/** The last event of the log: those after it are new. */
async function newestEvent(client: Client, signal: AbortSignal): Promise<number> {
  const events = await client.get('/api/events', { query: { limit: 1 }, signal });
  return Math.max(0, ...events.map(({ id }) => id));
}

/**
 * Messages until the signal aborts; over every connection each event of the log after `afterId` comes once, in order.
 * Throws what does not pass by itself, such as sign-in-failed.
 */
export async function* watch(client: Client, { afterId, signal }: { readonly afterId?: number; readonly signal: AbortSignal }): AsyncGenerator<Watched> {
  let known = afterId;
  for (let waitMs = LEAST_WAIT_MS; !signal.aborted; waitMs = Math.min(waitMs * 2, MOST_WAIT_MS)) {
    let failure: Failure | undefined;
    try {
      known ??= await newestEvent(client, signal);
      let isConnected = false;
      for await (const message of client.messages({ afterId: known, signal })) {
        if (!isConnected) yield { event: 'connected' };
        isConnected = true;
        waitMs = LEAST_WAIT_MS;
        if (message.event === 'event') known = message.data.id;
        yield message;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (!mayPass(error)) throw error;
      failure = error;
    }
    if (signal.aborted) return;
    yield { event: 'lost', failure: failure ?? client.worded(ENDED) };
    await pause(waitMs, signal);
  }
}
