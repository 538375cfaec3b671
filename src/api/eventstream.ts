/**
 * /api/events/stream: server-sent events. `event: change` names what to read again; `event: event` is an entry of the
 * event log and has an id, so a client that reconnects with Last-Event-ID misses none. `event: alive` comes first, and
 * every few seconds while nothing happens. Each client's waiting changes are a set with a bound: a slow client gets `event: reset` (read everything again) and never costs memory.
 */
import type { ServerResponse } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from '@fastify/type-provider-typebox';
import type { Change, Changes, Operations } from '../service/operations.ts';
import type { Caller } from '../service/accessviews.ts';
import type { ApiInstance } from './routes.ts';
import { StreamPlaces } from './streamplaces.ts';
import { STREAM_MESSAGES } from './streammessages.ts';
import { ERROR_VIEW } from './schemas.ts';

const MAX_WAITING = 1_000;
const EVENTS_AT_ONCE = 200;
/** Clients take four times as long without a word for a lost connection. */
const HEARTBEAT_MS = 5_000;
/** A client that takes nothing for so many heartbeats is given up: its place is for others. */
const HEARTBEATS_TO_TAKE = 12;

export interface StreamOptions {
  readonly operations: Operations;
  readonly changes: Changes;
  /** The caller again, or a fault when the session has ended meanwhile. */
  readonly callerAgain: (request: FastifyRequest) => Promise<Caller>;
  readonly heartbeatMs?: number;
}

/** Resolves once `arm`'s callback was called or the signal has aborted; nothing stays registered. */
function until(signal: AbortSignal, arm: (wake: () => void) => () => void): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const wake = () => {
      disarm();
      signal.removeEventListener('abort', wake);
      resolve();
    };
    const disarm = arm(wake);
    signal.addEventListener('abort', wake);
  });
}

/** Changes that were not sent yet: each once, at most `MAX_WAITING`. */
class Waiting {
  #changes = new Map<string, Change>();
  #overflowed = false;
  #wake: () => void = () => undefined;

  add(change: Change): void {
    this.#changes.set(`${change.kind} ${change.id}`, change);
    if (this.#changes.size > MAX_WAITING) {
      this.#changes = new Map();
      this.#overflowed = true;
    }
    this.#wake();
  }

  /** Resolves when there is something to send, when the signal aborts, or after `ms`. */
  async some(ms: number, signal: AbortSignal): Promise<void> {
    if (this.#changes.size > 0 || this.#overflowed) return;
    await until(signal, (wake) => {
      this.#wake = wake;
      const timer = setTimeout(wake, ms);
      return () => clearTimeout(timer);
    });
  }

  take(): { changes: Change[]; overflowed: boolean } {
    const taken = { changes: [...this.#changes.values()], overflowed: this.#overflowed };
    this.#changes = new Map();
    this.#overflowed = false;
    return taken;
  }
}

const message = (event: string, data: unknown, id?: number): string => `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;

/** Clients see that the connection stands, and what this host's clock says. */
const alive = (): string => message('alive', { atMs: Date.now() });

/** Writes, and resolves once the client has taken enough of it; one that takes nothing is cut off. */
async function write(response: ServerResponse, text: string, signal: AbortSignal, withinMs: number): Promise<void> {
  if (text === '' || signal.aborted || response.write(text)) return;
  const tooLate = AbortSignal.timeout(withinMs);
  await until(AbortSignal.any([signal, tooLate]), (wake) => {
    response.once('drain', wake);
    return () => response.off('drain', wake);
  });
  if (response.writableNeedDrain) response.destroy();
}

/** Where the client is in the event log: after what it names, else at its end. */
async function startOf(request: FastifyRequest, operations: Operations): Promise<number> {
  const named = Number(request.headers['last-event-id'] ?? (request.query as { afterId?: number }).afterId ?? Number.NaN);
  if (Number.isSafeInteger(named) && named >= 0) return named;
  const newest = await operations.events(request.caller, { limit: 1 });
  return Math.max(0, ...newest.map((event) => event.id));
}

/** Who may sign in is known to administrators, and to everybody of themselves. */
const mayKnow = ({ role, name }: Caller, { kind, id }: Change): boolean => kind !== 'user' || role === 'administrator' || id === name;

class Client {
  readonly #options: StreamOptions;
  readonly #request: FastifyRequest;
  readonly #response: ServerResponse;
  readonly #signal: AbortSignal;
  readonly #waiting = new Waiting();
  readonly #heartbeatMs: number;
  #afterId: number;

  constructor(options: StreamOptions, request: FastifyRequest, response: ServerResponse, signal: AbortSignal, afterId: number) {
    this.#options = options;
    this.#request = request;
    this.#response = response;
    this.#signal = signal;
    this.#afterId = afterId;
    this.#heartbeatMs = options.heartbeatMs ?? HEARTBEAT_MS;
  }

  /** Returns when the client has gone, the daemon ends, or the session has ended. */
  async run(): Promise<void> {
    const unsubscribe = this.#options.changes.subscribe((change) => this.#waiting.add(change));
    try {
      await this.#write(alive());
      await this.#sendEvents(this.#request.caller);
      while (!this.#signal.aborted) {
        await this.#waiting.some(this.#heartbeatMs, this.#signal);
        const caller = await this.#options.callerAgain(this.#request);
        await this.#send(caller);
      }
    } finally {
      unsubscribe();
    }
  }

  #write(text: string): Promise<void> {
    return write(this.#response, text, this.#signal, HEARTBEATS_TO_TAKE * this.#heartbeatMs);
  }

  async #send(caller: Caller): Promise<void> {
    const { changes, overflowed } = this.#waiting.take();
    if (changes.length === 0 && !overflowed) return this.#write(alive());
    if (overflowed) await this.#write(message('reset', {}));
    if (overflowed || changes.some((change) => change.kind === 'event')) await this.#sendEvents(caller);
    const others = changes.filter((change) => change.kind !== 'event' && mayKnow(caller, change));
    await this.#write(others.map(({ kind, id }) => message('change', { kind, id })).join(''));
  }

  async #sendEvents(caller: Caller): Promise<void> {
    while (!this.#signal.aborted) {
      const events = await this.#options.operations.events(caller, { afterId: this.#afterId, limit: EVENTS_AT_ONCE });
      const fresh = events.filter((event) => event.id > this.#afterId).sort((a, b) => a.id - b.id);
      if (fresh.length === 0) return;
      await this.#write(fresh.map((event) => message('event', event, event.id)).join(''));
      this.#afterId = fresh.at(-1)!.id;
    }
  }
}

const STREAM_HEADERS = { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' };
const AFTER = Type.Object({ afterId: Type.Optional(Type.Integer({ minimum: 0, description: 'As Last-Event-ID, for a first connection' })), language: Type.Optional(Type.String({ maxLength: 35, description: 'As Accept-Language, for what cannot send it' })) });

export function streamRoute(app: ApiInstance, options: StreamOptions): void {
  const places = new StreamPlaces();
  app.addHook('preClose', () => places.end());

  const stream = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const place = places.take(request.caller);
    reply.raw.once('close', () => place.abort());
    try {
      const afterId = await startOf(request, options.operations);
      reply.hijack();
      reply.raw.writeHead(200, { ...(reply.getHeaders() as Record<string, string>), ...STREAM_HEADERS });
      if (request.method !== 'HEAD') await new Client(options, request, reply.raw, place.signal, afterId).run();
    } catch (error) {
      if (!reply.sent) throw error;
      request.log.debug(error, 'an event stream ended');
    } finally {
      places.leave(place);
      if (reply.raw.headersSent) reply.raw.end();
    }
  };

  const schema = { operationId: 'eventStream', tags: ['events'], summary: 'Server-sent events: what changed, and the event log from Last-Event-ID on', querystring: AFTER, response: { 200: STREAM_MESSAGES, '4xx': ERROR_VIEW, '5xx': ERROR_VIEW } };
  app.get('/api/events/stream', { schema }, stream);
}
