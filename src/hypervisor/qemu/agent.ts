/**
 * The guest agent's protocol: one question per connection. The port has room for one client, so questions to one guest wait for
 * each other. Source: QEMU guest agent protocol, guest-sync-delimited: the answer that counts follows the token.
 */
import { randomInt } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { Fault } from '../../errors/fault.ts';

const SYNC_TIMEOUT_MS = 2_000;
const ANSWER_TIMEOUT_MS = 15_000;
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;
/** Makes an agent that hangs in the middle of an earlier message start afresh. */
const RESET = '\xff';

interface Answer {
  readonly return?: unknown;
  readonly error?: { readonly class?: string; readonly desc?: string };
}

/** One connection: what is asked, and the answers in their order. */
class Conversation {
  readonly #socket: Socket;
  readonly #ended = Promise.withResolvers<never>();
  readonly #answers: Answer[] = [];
  #heard = '';
  #arrived: PromiseWithResolvers<void> = Promise.withResolvers();

  constructor(socket: Socket, signal: AbortSignal) {
    this.#socket = socket;
    this.#ended.promise.catch(() => undefined);
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => this.#take(text));
    socket.on('error', () => this.#end('no guest agent can be reached'));
    socket.on('close', () => this.#end('the guest agent\'s connection ended'));
    signal.addEventListener('abort', () => this.#ended.reject(signal.reason), { once: true });
  }

  #end(why: string): void {
    this.#ended.reject(new Fault('agent-not-responding', why));
  }

  #take(text: string): void {
    this.#heard += text;
    if (this.#heard.length > MAX_ANSWER_BYTES) return this.#end('the guest agent does not stop talking');
    const lines = this.#heard.split('\n');
    this.#heard = lines.pop()!;
    this.#answers.push(...lines.flatMap((line) => answerIn(line) ?? []));
    this.#arrived.resolve();
  }

  say(command: string, args: object | null, prefix = ''): void {
    this.#socket.write(`${prefix}${ascii(JSON.stringify({ execute: command, ...(args && { arguments: args }) }))}\n`, 'latin1');
  }

  /** The next answer that is one to the question. */
  async answerTo(command: string, timeoutMs: number, isOne: (answer: Answer) => boolean = () => true): Promise<Answer> {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject(new Fault('agent-not-responding', `the guest agent did not answer "${command}" in ${timeoutMs / 1_000} s`)), timeoutMs);
    try {
      for (;;) {
        for (let answer = this.#answers.shift(); answer; answer = this.#answers.shift()) if (isOne(answer)) return answer;
        this.#arrived = Promise.withResolvers();
        await Promise.race([this.#arrived.promise, this.#ended.promise, late.promise]);
      }
    } finally {
      clearTimeout(timer);
    }
  }

  /** What the agent was asked before, by whomever, is behind us. */
  async synchronize(): Promise<void> {
    const token = randomInt(1, 2 ** 31);
    this.say('guest-sync-delimited', { id: token }, RESET);
    await this.answerTo('guest-sync-delimited', SYNC_TIMEOUT_MS, (answer) => answer.return === token);
  }
}

/** Every character beyond ASCII as an escape: the wire is bytes. */
const ascii = (text: string): string => text.replaceAll(/[\u0080-\uffff]/g, (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`);

function answerIn(line: string): Answer | undefined {
  const text = Buffer.from(line.replaceAll(RESET, ''), 'latin1').toString('utf8').trim();
  if (text === '') return undefined;
  try {
    return JSON.parse(text) as Answer;
  } catch {
    return undefined;
  }
}

async function conversing<T>(socketPath: string, signal: AbortSignal, work: (conversation: Conversation) => Promise<T>): Promise<T> {
  signal.throwIfAborted();
  const socket = connect({ path: socketPath });
  try {
    const conversation = new Conversation(socket, signal);
    await conversation.synchronize();
    return await work(conversation);
  } finally {
    socket.destroy();
  }
}

/** The agent's answer. Fault agent-not-responding when there is none in time, agent-refused when it says no. */
export function askAgent(socketPath: string, command: string, args: object | null, signal: AbortSignal): Promise<unknown> {
  return conversing(socketPath, signal, async (conversation) => {
    conversation.say(command, args);
    const answer = await conversation.answerTo(command, ANSWER_TIMEOUT_MS);
    if (answer.error) throw new Fault('agent-refused', `the guest agent refused "${command}": ${answer.error.desc ?? answer.error.class ?? 'no reason given'}`);
    return answer.return;
  });
}

/** True when an agent took the request: the guest begins to shut down. It says nothing more then. */
export async function askAgentToShutDown(socketPath: string): Promise<boolean> {
  const socket = connect({ path: socketPath });
  try {
    await new Conversation(socket, new AbortController().signal).synchronize();
    await new Promise<void>((resolve) => socket.end(`${JSON.stringify({ execute: 'guest-shutdown', arguments: { mode: 'powerdown' } })}\n`, () => resolve()));
    return true;
  } catch (thrown) {
    if (!(thrown instanceof Fault)) throw thrown;
    socket.destroy();
    return false;
  }
}
