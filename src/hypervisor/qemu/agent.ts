/**
 * A connection to the guest agent of a running machine. QEMU serves one client of its port at a time: a second one is
 * connected, and heard only when the first has gone; so each user has its turn (Host.agent) and lets go soon.
 * Source: QEMU guest agent protocol: one JSON object a line, answers in order, guest-sync-delimited to begin afresh.
 */
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Fault } from '../../errors/fault.ts';
import { say, type Said } from '../../language/text.ts';

const MAX_ANSWER_BYTES = 1024 * 1024;
/** Makes an agent that hangs in the middle of an earlier message start afresh; and begins the answer to that. */
const DELIMITER = '\xff';
const CONNECT_MS = 5_000;

/** The agent answered with an error: it is there, and will not or cannot. */
export class AgentError extends Error {
  readonly description: string;

  constructor(command: string, description: string) {
    super(`the guest agent answered ${command} with: ${description}`);
    this.name = 'AgentError';
    this.description = description;
  }
}

interface Waiting {
  readonly command: string;
  readonly answered: (value: unknown) => void;
  readonly failed: (error: Error) => void;
}

export class GuestAgent {
  readonly #socket: Socket;
  readonly #waiting: Waiting[] = [];
  #heard = '';
  #syncToken: number | null = null;
  #end: Error | null = null;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => this.#hear(text));
    socket.on('error', (cause) => this.#ended(silent(say('the agent\'s port broke: {reason}', { reason: cause.message }), cause)));
    socket.on('close', () => this.#ended(silent(say('QEMU closed the agent\'s port'))));
  }

  /**
   * An agent that answers. Fault agent-silent when nobody answers in time; `cause` is the socket's error when there is no
   * QEMU behind the path.
   */
  static async connect(socketPath: string, withinMs = CONNECT_MS): Promise<GuestAgent> {
    const agent = await GuestAgent.#open(socketPath);
    try {
      await agent.#synchronize(withinMs);
      return agent;
    } catch (thrown) {
      agent.close();
      throw thrown;
    }
  }

  static async #open(socketPath: string): Promise<GuestAgent> {
    const socket = connect({ path: socketPath });
    try {
      await once(socket, 'connect', { signal: AbortSignal.timeout(CONNECT_MS) });
    } catch (cause) {
      socket.destroy();
      throw silent(say('the machine has no port for a guest agent'), cause);
    }
    return new GuestAgent(socket);
  }

  /** What the agent returns. AgentError when it refuses; fault agent-silent when it does not answer, and then this connection is of no more use. */
  async execute<T>(command: string, args: object, withinMs: number): Promise<T> {
    if (this.#end) throw this.#end;
    const { promise, resolve, reject }: PromiseWithResolvers<unknown> = Promise.withResolvers();
    this.#waiting.push({ command, answered: resolve, failed: reject });
    this.#write({ execute: command, arguments: args });
    return (await this.#within(promise, withinMs, (seconds) => say('{command} was not answered in {seconds} s', { command, seconds }))) as T;
  }

  /** An order that the agent does not answer when it obeys (guest-shutdown). Resolves when QEMU has taken it. */
  async order(command: string, args: object): Promise<void> {
    if (this.#end) throw this.#end;
    await new Promise<void>((resolve, reject) => this.#socket.write(lineOf({ execute: command, arguments: args }), 'latin1', (cause) => (cause ? reject(cause) : resolve())));
  }

  close(): void {
    this.#socket.end();
    this.#ended(silent(say('the connection was closed')));
  }

  async #synchronize(withinMs: number): Promise<void> {
    const token = randomInt(1, 2 ** 31);
    const { promise, resolve, reject }: PromiseWithResolvers<unknown> = Promise.withResolvers();
    this.#syncToken = token;
    this.#waiting.push({ command: 'guest-sync-delimited', answered: resolve, failed: reject });
    this.#socket.write(DELIMITER, 'latin1');
    this.#write({ execute: 'guest-sync-delimited', arguments: { id: token } });
    await this.#within(promise, withinMs, (seconds) => say('nobody answers at the agent\'s port in {seconds} s', { seconds }));
  }

  async #within<T>(answer: Promise<T>, withinMs: number, late: (seconds: number) => Said): Promise<T> {
    const seconds = Math.ceil(withinMs / 1_000);
    const timer = setTimeout(() => this.#ended(silent(late(seconds))), withinMs);
    try {
      return await answer;
    } finally {
      clearTimeout(timer);
    }
  }

  #write(message: object): void {
    this.#socket.write(lineOf(message), 'latin1');
  }

  #hear(text: string): void {
    this.#heard += text;
    if (this.#heard.length > MAX_ANSWER_BYTES) return this.#ended(silent(say('the agent\'s answer has no end')));
    const lines = this.#heard.split('\n');
    this.#heard = lines.pop()!;
    for (const line of lines) this.#answer(line.slice(line.lastIndexOf(DELIMITER) + 1));
  }

  /** Until the token comes back, what is heard answers an earlier client. */
  #answer(line: string): void {
    const { return: value, error } = parsed(line);
    if (this.#syncToken !== null) {
      if (value !== this.#syncToken) return;
      this.#syncToken = null;
    }
    const waiting = this.#waiting.shift();
    if (error !== undefined) waiting?.failed(new AgentError(waiting.command, String((error as { desc?: unknown }).desc ?? 'no reason')));
    else waiting?.answered(value);
  }

  #ended(error: Fault): void {
    this.#end ??= error;
    this.#socket.destroy();
    for (const { failed } of this.#waiting.splice(0)) failed(this.#end);
  }
}

const silent = (what: Said, cause?: unknown): Fault => new Fault('agent-silent', what, { cause });

/** ASCII only, whatever is in it: the agent reads bytes. */
const lineOf = (message: object): string =>
  `${JSON.stringify(message).replace(/[\u0080-\uffff]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)}\n`;

function parsed(line: string): { readonly return?: unknown; readonly error?: unknown } {
  try {
    const value: unknown = JSON.parse(Buffer.from(line, 'latin1').toString('utf8'));
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}
