/**
 * Server-sent events as messages of the event stream.
 * Source: HTML Living Standard, "Server-sent events", interpreting an event stream.
 */
import { say } from '../language/text.ts';
import { Failure } from './failure.ts';
import type { StreamMessage } from './operation.ts';

const MESSAGE_CHARACTERS = 1_048_576;
/** The daemon says every 5 s that it is there. */
export const SILENCE_MS = 20_000;

export type Message = StreamMessage;

const NAMES: readonly string[] = ['alive', 'change', 'event', 'reset'] satisfies StreamMessage['event'][];

/** The message in one block; undefined for a comment, and for a name that a later daemon may send. */
function messageIn(block: string): Message | undefined {
  const fields = block.split('\n').map((line): [string, string] => {
    const colon = line.indexOf(':');
    return colon < 0 ? [line, ''] : [line.slice(0, colon), line.slice(colon + 1).replace(/^ /, '')];
  });
  const event = fields.find(([name]) => name === 'event')?.[1];
  if (event === undefined || !NAMES.includes(event)) return undefined;
  const data = fields.filter(([name]) => name === 'data').map(([, text]) => text).join('\n');
  try {
    return { event, data: JSON.parse(data) } as StreamMessage;
  } catch {
    throw new Failure('bug', say('a message of the event stream is not JSON'), say('Is it understudyd that answers at this address?'));
  }
}

export async function* messagesIn(text: AsyncIterable<string>): AsyncGenerator<Message> {
  let rest = '';
  for await (const piece of text) {
    const blocks = (rest + piece).replaceAll('\r\n', '\n').split('\n\n');
    rest = blocks.pop() ?? '';
    if (rest.length > MESSAGE_CHARACTERS) throw new Failure('bug', say('a message of the event stream does not end'));
    for (const block of blocks) {
      const message = messageIn(block);
      if (message) yield message;
    }
  }
}

/** Ends a connection on which nothing has come for so long: it is lost, although nobody closed it. */
export class Silence {
  readonly #broken = new AbortController();
  readonly signal: AbortSignal;
  #timer: ReturnType<typeof setTimeout>;

  /** The time runs from now on. */
  constructor(signal: AbortSignal) {
    this.signal = AbortSignal.any([signal, this.#broken.signal]);
    this.#timer = this.#armed();
  }

  get isTooLong(): boolean {
    return this.#broken.signal.aborted;
  }

  /** The same pieces; the time that the reader takes for them is not silence. */
  async *brokenBy(text: AsyncIterable<string>): AsyncGenerator<string> {
    for await (const piece of text) {
      this.end();
      yield piece;
      this.#timer = this.#armed();
    }
  }

  end(): void {
    clearTimeout(this.#timer);
  }

  #armed(): ReturnType<typeof setTimeout> {
    return setTimeout(() => this.#broken.abort(), SILENCE_MS);
  }
}
