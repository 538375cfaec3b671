/** The client of /api: over the unix socket of this host, or over HTTP to another with the token of a sign-in. */
import { request as httpRequest, type ClientRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { join } from 'node:path';
import type { ErrorView } from '../api/schemas.ts';
import { Failure } from './failure.ts';

const ANSWER_MS = 180_000;
const ANSWER_BYTES = 64 * 1_024 * 1_024;
const MESSAGE_CHARACTERS = 1_048_576;

export type Target = { readonly runDir: string } | { readonly url: URL; readonly token: string | undefined };

function isErrorView(value: unknown): value is ErrorView {
  const error = (value as { error?: { code?: unknown; message?: unknown } } | null)?.error;
  return typeof error?.code === 'string' && typeof error.message === 'string';
}

function parsed(text: string, status: number): unknown {
  try {
    return text === '' ? null : JSON.parse(text);
  } catch {
    throw new Failure('bug', `the answer (${status}) is not JSON`, 'Is it understudyd that answers at this address?');
  }
}

function failureOf(value: unknown, status: number): Failure {
  if (!isErrorView(value)) return new Failure('bug', `the answer was ${status} without an explanation`, 'Is it understudyd that answers at this address?');
  const { code, message, hint, allowed } = value.error;
  return new Failure(code, message, hint, allowed ?? []);
}

async function textOf(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > ANSWER_BYTES) throw new Failure('bug', `the answer is larger than ${ANSWER_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

export class Connection {
  readonly #target: Target;

  constructor(target: Target) {
    this.#target = target;
  }

  /** Whether the daemon is on this host, so that its paths can be opened here. */
  get isLocal(): boolean {
    return 'runDir' in this.#target;
  }

  get address(): string {
    return 'runDir' in this.#target ? join(this.#target.runDir, 'api.sock') : this.#target.url.origin;
  }

  get<T>(path: string): Promise<T> {
    return this.#call<T>('GET', path);
  }

  post<T>(path: string, body?: object): Promise<T> {
    return this.#call<T>('POST', path, body);
  }

  patch<T>(path: string, body: object): Promise<T> {
    return this.#call<T>('PATCH', path, body);
  }

  put<T = null>(path: string, body: object): Promise<T> {
    return this.#call<T>('PUT', path, body);
  }

  delete(path: string): Promise<null> {
    return this.#call<null>('DELETE', path);
  }

  /** The messages of the event stream, until the daemon ends it or the signal aborts. */
  async *messages(signal: AbortSignal): AsyncGenerator<string> {
    const incoming = await this.#answered(this.#request('GET', '/api/events/stream', {}, signal));
    if (incoming.statusCode !== 200) throw failureOf(parsed(await textOf(incoming), incoming.statusCode ?? 0), incoming.statusCode ?? 0);
    incoming.setEncoding('utf8');
    let rest = '';
    for await (const chunk of incoming as AsyncIterable<string>) {
      const messages = (rest + chunk).split('\n\n');
      rest = messages.pop() ?? '';
      if (rest.length > MESSAGE_CHARACTERS) throw new Failure('bug', 'a message of the event stream does not end');
      yield* messages;
    }
  }

  async #call<T>(method: string, path: string, body?: object): Promise<T> {
    const payload = body === undefined ? undefined : JSON.stringify(body);
    const headers = payload === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) };
    const outgoing = this.#request(method, path, headers, AbortSignal.timeout(ANSWER_MS));
    const incoming = await this.#answered(outgoing, payload);
    const status = incoming.statusCode ?? 0;
    const text = await textOf(incoming).catch((error: unknown) => {
      throw error instanceof Failure ? error : this.#unreachable(error as NodeJS.ErrnoException);
    });
    const value = parsed(text, status);
    if (status < 200 || status > 299) throw failureOf(value, status);
    return value as T;
  }

  #request(method: string, path: string, headers: RequestOptions['headers'] & object, signal: AbortSignal): ClientRequest {
    const target = this.#target;
    if ('runDir' in target) return httpRequest({ socketPath: join(target.runDir, 'api.sock'), method, path, headers: { ...headers, host: 'localhost' }, signal, agent: false });
    const request = target.url.protocol === 'https:' ? httpsRequest : httpRequest;
    const authorization = target.token === undefined ? {} : { authorization: `Bearer ${target.token}` };
    return request(new URL(path, target.url), { method, headers: { ...headers, ...authorization }, signal, agent: false });
  }

  #answered(outgoing: ClientRequest, payload?: string): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      outgoing.once('response', resolve);
      outgoing.once('error', (error: NodeJS.ErrnoException) => reject(this.#unreachable(error)));
      outgoing.end(payload);
    });
  }

  #unreachable(error: NodeJS.ErrnoException): Failure {
    if (error.code === 'EACCES') return new Failure('role-missing', `you may not open ${this.address}`, 'Only root may. Use sudo, or sign in: understudy --host http://localhost:7480 sign-in.');
    const why = error.name === 'TimeoutError' || error.name === 'AbortError' ? 'no answer in time' : (error.code ?? error.message);
    const hint = 'url' in this.#target ? 'Is understudyd running there, and does it listen at this address (apiAddress in its configuration, port 7480)?' : '';
    return new Failure('daemon-unreachable', `understudyd does not answer at ${this.address} (${why})`, hint);
  }
}
