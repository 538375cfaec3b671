/**
 * The client of /api, of the command line and of the page. Paths, parameters, bodies and answers are those of the
 * OpenAPI document, checked by the compiler; whatever goes wrong is a `Failure`.
 */
import { inEnglish, say, type Text } from '../language/text.ts';
import { Failure } from './failure.ts';
import { messagesIn, Silence, SILENCE_MS, type Message } from './messages.ts';
import type { AnswerOf, Given, Method, PathOf, PicturePath, View } from './operation.ts';
import type { Transport, TransportAnswer } from './transport.ts';

const ANSWER_MS = 180_000;
const ANSWER_CHARACTERS = 64 * 1_024 * 1_024;
const ANSWER_BYTES = 64 * 1_024 * 1_024;
const NOT_OURS = say('Is it understudyd that answers at this address?');

type Parameter = string | number | boolean;

interface Request {
  readonly path?: Readonly<Record<string, Parameter>> | undefined;
  readonly query?: Readonly<Record<string, Parameter | undefined>> | undefined;
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

/** The template with its parameters in place, and the query. */
export function pathText(template: string, { path = {}, query = {} }: Pick<Request, 'path' | 'query'>): string {
  const filled = template.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(path[name])));
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  const text = given.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`);
  return text.length === 0 ? filled : `${filled}?${text.join('&')}`;
}

async function whole(text: AsyncIterable<string>): Promise<string> {
  const pieces: string[] = [];
  let characters = 0;
  for await (const piece of text) {
    characters += piece.length;
    if (characters > ANSWER_CHARACTERS) throw new Failure('bug', say('the answer is longer than {limit} characters', { limit: ANSWER_CHARACTERS }));
    pieces.push(piece);
  }
  return pieces.join('');
}

async function wholeBytes(bytes: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of bytes) {
    length += piece.byteLength;
    if (length > ANSWER_BYTES) throw new Failure('bug', say('the answer is longer than {limit} bytes', { limit: ANSWER_BYTES }));
    pieces.push(piece);
  }
  const all = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.byteLength;
  }
  return all;
}

async function jsonIn({ status, text }: TransportAnswer): Promise<unknown> {
  const json = await whole(text);
  try {
    return json === '' ? null : JSON.parse(json);
  } catch {
    throw new Failure('bug', say('the answer ({status}) is not JSON', { status: String(status) }), NOT_OURS);
  }
}

function isError(value: unknown): value is View<'Error'> {
  const error = (value as { error?: { code?: unknown; message?: unknown } } | null)?.error;
  return typeof error?.code === 'string' && typeof error.message === 'string';
}

async function failureIn(answer: TransportAnswer): Promise<Failure> {
  const value = await jsonIn(answer);
  // So the server under the daemon answers while it ends, before it listens no more.
  if (!isError(value) && answer.status === 503) return new Failure('daemon-unreachable', say('understudyd is ending, or not ready yet (503)'));
  if (!isError(value)) return new Failure('bug', say('the answer was {status} without an explanation', { status: String(answer.status) }), NOT_OURS);
  const { code, message, hint, allowed } = value.error;
  return new Failure(code, message, hint, allowed ?? []);
}

const isSuccess = (status: number): boolean => status >= 200 && status <= 299;

export class Client {
  readonly #transport: Transport;

  readonly #words: (text: Text) => string;

  /** `words` puts what goes wrong on the way into the reader's language. */
  constructor(transport: Transport, words: (text: Text) => string = inEnglish) {
    this.#transport = transport;
    this.#words = words;
  }

  /** A failure in the reader's words; whatever else is thrown as it is. */
  worded<T>(error: T): T | Failure {
    return error instanceof Failure ? error.worded(this.#words) : error;
  }

  get<P extends PathOf<'get'>>(path: P, ...[request]: Given<'get', P>): Promise<AnswerOf<'get', P>> {
    return this.#call('get', path, request);
  }

  post<P extends PathOf<'post'>>(path: P, ...[request]: Given<'post', P>): Promise<AnswerOf<'post', P>> {
    return this.#call('post', path, request);
  }

  put<P extends PathOf<'put'>>(path: P, ...[request]: Given<'put', P>): Promise<AnswerOf<'put', P>> {
    return this.#call('put', path, request);
  }

  patch<P extends PathOf<'patch'>>(path: P, ...[request]: Given<'patch', P>): Promise<AnswerOf<'patch', P>> {
    return this.#call('patch', path, request);
  }

  delete<P extends PathOf<'delete'>>(path: P, ...[request]: Given<'delete', P>): Promise<AnswerOf<'delete', P>> {
    return this.#call('delete', path, request);
  }

  /** A picture of a machine, as PNG. */
  picture(path: PicturePath, machine: string): Promise<Uint8Array> {
    return this.#answered('get', path, { path: { machine } }, ({ bytes }) => wholeBytes(bytes));
  }

  /**
   * The messages of the event stream until the daemon ends it or the signal aborts. `afterId` is the last event of the
   * log that is known; without it the log begins with what happens from now on.
   */
  async *messages({ afterId, signal }: { readonly afterId?: number | undefined; readonly signal: AbortSignal }): AsyncGenerator<Message> {
    const path = pathText('/api/events/stream', { query: { afterId } });
    const silence = new Silence(signal);
    try {
      const answer = await this.#transport({ method: 'GET', path, body: undefined, headers: { accept: 'text/event-stream' }, signal: silence.signal });
      if (!isSuccess(answer.status)) throw await failureIn(answer);
      yield* messagesIn(silence.brokenBy(answer.text));
    } catch (error) {
      throw this.worded(silence.isTooLong ? new Failure('daemon-unreachable', say('understudyd has not been heard of for {time}', { time: { lengthMs: SILENCE_MS } })) : error);
    } finally {
      silence.end();
    }
  }

  #call<T>(method: Method, template: string, request?: Request): Promise<T> {
    return this.#answered(method, template, request, (answer) => jsonIn(answer) as Promise<T>);
  }

  async #answered<T>(method: Method, template: string, request: Request = {}, read: (answer: TransportAnswer) => Promise<T>): Promise<T> {
    const body = request.body === undefined ? undefined : JSON.stringify(request.body);
    const headers: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' };
    const inTime = AbortSignal.timeout(ANSWER_MS);
    const signal = request.signal ? AbortSignal.any([request.signal, inTime]) : inTime;
    try {
      const answer = await this.#transport({ method: method.toUpperCase(), path: pathText(template, request), body, headers, signal });
      if (!isSuccess(answer.status)) throw await failureIn(answer);
      return await read(answer);
    } catch (error) {
      throw this.worded(error === inTime.reason ? new Failure('daemon-unreachable', say('understudyd did not answer within {time}', { time: { lengthMs: ANSWER_MS } })) : error);
    }
  }
}
