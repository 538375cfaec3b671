/**
 * The listeners of the API: TCP, and the unix socket that only root of this host can open. Each bounds headers, times
 * and connections, so that slow or many clients cannot hold the daemon; a flood over TCP does not shut local root out.
 */
import { once } from 'node:events';
import { chmodSync, lstatSync, unlinkSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { connect, type AddressInfo, type Server as NetServer, type Socket } from 'node:net';
import { Fault } from '../errors/fault.ts';
import { notListening } from '../errors/listening.ts';
import { say } from '../language/text.ts';

const LIMITS = {
  maxHeaderSize: 16_384,
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  keepAliveTimeout: 15_000,
  connectionsCheckingInterval: 5_000,
};
const MAX_CONNECTIONS = 512;
const PROBE_MS = 1_000;
/** What still answers when the daemon ends is given this long. */
const LAST_ANSWERS_MS = 2_000;
const SOCKET_PATH_BYTES = 107;
const ONLY_OWNER = 0o600;

export interface Tls {
  readonly key: string;
  readonly cert: string;
}

const codeOf = (error: unknown): string => String((error as { code?: unknown }).code ?? '');

async function listening(server: Server, start: () => void): Promise<void> {
  const started = Promise.race([once(server, 'listening'), once(server, 'error').then(([error]) => Promise.reject(error as Error))]);
  start();
  await started;
}

async function isAnswered(socketPath: string): Promise<boolean> {
  const probe = connect({ path: socketPath, timeout: PROBE_MS });
  try {
    return await new Promise<boolean>((resolve) => probe.on('connect', () => resolve(true)).on('error', () => resolve(false)).on('timeout', () => resolve(true)));
  } finally {
    probe.destroy();
  }
}

/** A socket left by a daemon that was killed is gone afterwards. Anything else at the path stays and is a fault. */
async function clearPath(socketPath: string): Promise<void> {
  const left = lstatSync(socketPath, { throwIfNoEntry: false });
  if (!left) return;
  if (!left.isSocket()) throw new Fault('daemon-running', say('{socketPath} is there already and is not a socket', { socketPath }));
  if (await isAnswered(socketPath)) throw new Fault('daemon-running', say('another understudyd listens on {socketPath}', { socketPath }));
  unlinkSync(socketPath);
}

export class Doors {
  readonly #handler: RequestListener;
  readonly #servers: Server[] = [];
  readonly #local = new WeakSet<object>();

  constructor(handler: RequestListener) {
    this.#handler = handler;
  }

  /** Whether the connection came through the unix socket. */
  isLocal(socket: Socket): boolean {
    return this.#local.has(socket);
  }

  /** Listens on TCP; the port is the one that was given, or a free one for 0. Fault port-in-use, settings-invalid. */
  async openTcp(address: { host: string; port: number; tls?: Tls }): Promise<{ port: number }> {
    const { host, port, tls } = address;
    const server = tls ? createTlsServer({ ...LIMITS, ...tls }, this.#handler) : createServer(LIMITS, this.#handler);
    server.maxConnections = MAX_CONNECTIONS;
    try {
      await listening(server, () => server.listen({ host, port }));
    } catch (error) {
      throw notListening(error, host, port);
    }
    this.#servers.push(server);
    return { port: (server.address() as AddressInfo).port };
  }

  /** Listens on a unix socket of mode 0600. Fault daemon-running when another daemon answers there. */
  async openLocal(socketPath: string): Promise<void> {
    if (Buffer.byteLength(socketPath) > SOCKET_PATH_BYTES) throw new Fault('settings-invalid', say('the path of the socket is longer than {max} bytes: {socketPath}; give a shorter --run-dir', { max: String(SOCKET_PATH_BYTES), socketPath }));
    await clearPath(socketPath);
    const server = createServer(LIMITS, this.#handler);
    server.maxConnections = MAX_CONNECTIONS;
    server.prependListener('connection', (socket: Socket) => this.#local.add(socket));
    const bound = listening(server, () => {
      const before = process.umask(0o177);
      server.listen(socketPath);
      process.umask(before);
    });
    await bound.catch((error: unknown) => {
      throw new Fault('settings-invalid', say('the socket {socketPath} cannot be made ({code}): its directory must be there and be ours', { socketPath, code: codeOf(error) }), { cause: error });
    });
    chmodSync(socketPath, ONLY_OWNER);
    this.#servers.push(server);
  }

  /** No new connections; those that still answer get a moment. */
  async close(): Promise<void> {
    await Promise.all(this.#servers.splice(0).map((server) => closed(server)));
  }
}

async function closed(server: Server): Promise<void> {
  const ended = new Promise<void>((resolve) => (server as NetServer).close(() => resolve()));
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), LAST_ANSWERS_MS);
  await ended;
  clearTimeout(timer);
}
