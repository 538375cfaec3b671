/**
 * One listener for a WBEM protocol: HTTP or TLS, with bounds on headers, bodies, times and connections. A request reaches
 * the protocol only when somebody has signed in and its body has arrived; the answer is whole before its first byte is sent.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Server as NetServer } from 'node:net';
import { Server as TlsServer, type TLSSocket } from 'node:tls';
import type { CimCaller } from '../cim/manager.ts';
import { Fault, faultOf } from '../errors/fault.ts';
import { notListening } from '../errors/listening.ts';
import { say } from '../language/text.ts';
import { readBody, TOO_LARGE } from './body.ts';
import type { WbemAnswer, WbemHandler, WbemRequest } from './door.ts';
import { NOBODY, type SignIn } from './signin.ts';

const LIMITS = {
  maxHeaderSize: 16_384,
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  keepAliveTimeout: 60_000,
  connectionsCheckingInterval: 5_000,
};
const HANDSHAKE_MS = 10_000;
/** Longer than any answer is held back for (an event that is waited for). */
const SILENT_SOCKET_MS = 150_000;
const MAX_CONNECTIONS = 512;
const LAST_ANSWERS_MS = 2_000;
const STRANGERS_BODY_BYTES = 16_384;
const EMPTY = new Uint8Array(0);

export interface Tls {
  readonly key: string;
  readonly cert: string;
}

export interface ListenerOptions {
  readonly address: string;
  /** 0 for a free one. */
  readonly port: number;
  readonly tls?: Tls | undefined;
  readonly maxBodyBytes: number;
  readonly signIn: SignIn;
  readonly handle: WbemHandler;
  /** What may be asked without signing in. */
  readonly strangers?: Strangers;
  readonly onBug: (error: unknown) => void;
}

export interface Strangers {
  accepts(request: Omit<WbemRequest, 'caller'>): boolean;
  handle(request: Omit<WbemRequest, 'caller'>): Promise<WbemAnswer>;
}

export interface Listener {
  readonly port: number;
  /** New connections see this certificate. */
  renew(tls: Tls): void;
  /** No new connections; those that still answer get a moment. */
  close(): Promise<void>;
}

/** Listens. Fault port-in-use, settings-invalid. */
export async function listen(options: ListenerOptions): Promise<Listener> {
  const ending = new AbortController();
  const answer = (request: IncomingMessage, response: ServerResponse) => void respond(options, ending.signal, request, response);
  const server = options.tls
    ? createTlsServer({ ...LIMITS, ...options.tls, handshakeTimeout: HANDSHAKE_MS, minVersion: 'TLSv1.2', requestCert: true, rejectUnauthorized: false }, answer)
    : createServer(LIMITS, answer);
  server.maxConnections = MAX_CONNECTIONS;
  server.setTimeout(SILENT_SOCKET_MS);
  await bind(server, options);
  let shown = options.tls;
  return {
    port: (server.address() as AddressInfo).port,
    renew: (tls) => {
      if (!(server instanceof TlsServer) || (tls.cert === shown?.cert && tls.key === shown.key)) return;
      server.setSecureContext({ ...tls, minVersion: 'TLSv1.2' });
      shown = tls;
    },
    close: () => {
      ending.abort(new Fault('cancelled', say('the daemon ends')));
      return closed(server);
    },
  };
}

async function bind(server: Server, { address, port }: ListenerOptions): Promise<void> {
  const started = Promise.race([once(server, 'listening'), once(server, 'error').then(([error]) => Promise.reject(error as Error))]);
  server.listen({ host: address, port });
  await started.catch((error: unknown) => {
    throw notListening(error, address, port);
  });
}

async function closed(server: Server): Promise<void> {
  const ended = new Promise<void>((resolve) => (server as NetServer).close(() => resolve()));
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), LAST_ANSWERS_MS);
  await ended;
  clearTimeout(timer);
}

async function respond(options: ListenerOptions, ending: AbortSignal, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const hungUp = new AbortController();
  response.on('close', () => hungUp.abort(new Fault('cancelled', say('the client hung up'))));
  try {
    send(response, await answerOf(options, request, AbortSignal.any([ending, hungUp.signal])));
  } catch (error) {
    if (hungUp.signal.aborted) return;
    options.onBug(error);
    send(response, plain(500));
  }
}

async function answerOf(options: ListenerOptions, request: IncomingMessage, signal: AbortSignal): Promise<WbemAnswer> {
  const { strangers, maxBodyBytes, signIn, handle } = options;
  const facts = { method: request.method ?? '', path: (request.url ?? '/').split('?', 1)[0]!, headers: headersOf(request), body: EMPTY, signal };
  if (strangers?.accepts(facts)) {
    const body = await readBody(request, STRANGERS_BODY_BYTES);
    return body === TOO_LARGE ? plain(413, { connection: 'close' }) : strangers.handle({ ...facts, body });
  }
  const caller = await callerOf(signIn, request);
  if ('status' in caller) return caller;
  const body = await readBody(request, maxBodyBytes);
  return body === TOO_LARGE ? plain(413, { connection: 'close' }) : handle({ ...facts, body, caller });
}

async function callerOf(signIn: SignIn, request: IncomingMessage): Promise<CimCaller | WbemAnswer> {
  const socket = request.socket as TLSSocket;
  try {
    const certificate = 'encrypted' in socket ? socket.getPeerX509Certificate() : undefined;
    const caller = await signIn({ authorization: request.headers.authorization, certificate, from: socket.remoteAddress ?? 'unknown' });
    return caller === NOBODY ? plain(401, { 'www-authenticate': 'Basic realm="WSMAN"' }) : caller;
  } catch (error) {
    const fault = faultOf(error);
    if (!fault) throw error;
    return plain(fault.row.httpStatus, fault.row.httpStatus === 401 ? { 'www-authenticate': 'Basic realm="WSMAN"' } : {});
  }
}

const plain = (status: number, headers: Record<string, string> = {}): WbemAnswer => ({ status, headers, body: EMPTY });

const headersOf = (request: IncomingMessage): Record<string, string> =>
  Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : (value ?? '')]));

function send(response: ServerResponse, { status, headers, body }: WbemAnswer): void {
  if (response.destroyed || response.headersSent) return;
  response.writeHead(status, { ...headers, 'content-length': body.length });
  response.end(body);
}
