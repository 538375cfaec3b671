/**
 * The peer port. Lets nobody say more than hello before the certificate told who it is, and lets a stranger do nothing but
 * join. Strangers (connections without a valid hello) are few and short-lived: the newest pushes out the oldest.
 */
import type { X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import { Fault } from '../errors/fault.ts';
import { notListening } from '../errors/listening.ts';
import { say } from '../language/text.ts';
import { Channel } from './channel.ts';
import type { PairedHost } from './directory.ts';
import { failureFrame, isBug } from './failure.ts';
import { readHello, type Hello } from './hello.ts';
import type { Identity } from './identity.ts';
import { MAX_CONNECTIONS, MAX_STRANGERS, type Patience } from './limits.ts';
import { certificateOf, tlsOptionsOf } from './trust.ts';

/** A connection whose host is proved and that has said hello; the server's answer to it is not sent yet. */
export interface Visitor {
  readonly channel: Channel;
  /** The TCP connection below TLS. */
  readonly tcp: Socket;
  readonly certificate: X509Certificate;
  readonly hello: Hello;
}

export interface Reception {
  /** Who holds this certificate's key, or undefined for a stranger. */
  hostAt(socket: TLSSocket, certificate: X509Certificate): PairedHost | undefined;
  /** A paired host wants control or a lane. */
  visit(visitor: Visitor, host: PairedHost): void;
  /** Anyone with a certificate wants to join. The connection stays a stranger's, with its time limit. */
  join(visitor: Visitor): void;
  reportBug(error: unknown, subject: string): void;
}

export class Listener {
  readonly #server: Server;
  readonly #reception: Reception;
  readonly #patience: Patience;
  /** TCP connections without a valid hello, oldest first, with their time limit. */
  readonly #strangers = new Map<Socket, NodeJS.Timeout>();
  readonly #connections = new Set<Socket>();

  private constructor(identity: Identity, reception: Reception, patience: Patience) {
    this.#reception = reception;
    this.#patience = patience;
    this.#server = createServer({ ...tlsOptionsOf(identity), requestCert: true, rejectUnauthorized: false, handshakeTimeout: patience.greetMs });
    this.#server.maxConnections = MAX_CONNECTIONS;
    this.#server.on('connection', (tcp: Socket) => this.#accepted(tcp));
    this.#server.on('secureConnection', (socket) => this.#secured(socket));
    this.#server.on('tlsClientError', (_error, socket) => socket.destroy());
  }

  /** Listens. Fault port-in-use when another program does already; port 0 takes a free one. */
  static async open(identity: Identity, bind: { host?: string; port: number }, reception: Reception, patience: Patience): Promise<Listener> {
    const listener = new Listener(identity, reception, patience);
    const { promise, resolve, reject }: PromiseWithResolvers<void> = Promise.withResolvers();
    listener.#server.once('error', reject);
    listener.#server.listen(bind.port, bind.host, resolve);
    try {
      await promise;
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw notListening(cause, bind.host ?? '', bind.port);
      throw new Fault('port-in-use', say('the peer port {port} is taken', { port: String(bind.port) }), { cause });
    }
    return listener;
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  /** Connections accepted from now on are shown this identity's certificate. */
  present(identity: Identity): void {
    this.#server.setSecureContext(tlsOptionsOf(identity));
  }

  /** Nothing listens any more; accepted connections go on until they end. */
  retire(): void {
    this.#server.close();
  }

  /** Nothing listens and every accepted connection is closed. */
  async close(): Promise<void> {
    const { promise, resolve }: PromiseWithResolvers<void> = Promise.withResolvers();
    this.#server.close(() => resolve());
    for (const tcp of this.#connections) tcp.destroy();
    await promise;
  }

  #accepted(tcp: Socket): void {
    this.#connections.add(tcp);
    tcp.setNoDelay(true);
    const oldest = this.#strangers.size >= MAX_STRANGERS ? this.#strangers.keys().next().value : undefined;
    oldest?.destroy();
    if (oldest) this.#introduced(oldest);
    this.#strangers.set(tcp, setTimeout(() => tcp.destroy(), this.#patience.greetMs));
    tcp.on('error', () => undefined);
    tcp.once('close', () => {
      this.#introduced(tcp);
      this.#connections.delete(tcp);
    });
  }

  #introduced(tcp: Socket): void {
    clearTimeout(this.#strangers.get(tcp));
    this.#strangers.delete(tcp);
  }

  #secured(socket: TLSSocket): void {
    const certificate = certificateOf(socket);
    const tcp = this.#strangerAt(socket);
    if (!certificate || !tcp) {
      socket.on('error', () => undefined).destroy();
      return;
    }
    const channel = new Channel(socket);
    this.#greet(channel, tcp, certificate).catch((error: unknown) => this.#refuse(channel, error));
  }

  /** TLS connections do not tell which TCP connection is below them; the addresses do. */
  #strangerAt(socket: TLSSocket): Socket | undefined {
    for (const tcp of this.#strangers.keys()) {
      if (tcp.remotePort === socket.remotePort && tcp.remoteAddress === socket.remoteAddress) return tcp;
    }
    return undefined;
  }

  async #greet(channel: Channel, tcp: Socket, certificate: X509Certificate): Promise<void> {
    const hello = readHello(await channel.nextFrame());
    const visitor = { channel, tcp, certificate, hello };
    if (hello.kind === 'join') {
      this.#reception.join(visitor);
      return;
    }
    const host = this.#reception.hostAt(channel.socket, certificate);
    if (host?.hostId !== hello.hostId) throw new Fault('peer-certificate', say('the other host does not know the certificate of this one: pair them again'));
    this.#introduced(tcp);
    this.#reception.visit(visitor, host);
  }

  #refuse(channel: Channel, error: unknown): void {
    if (isBug(error)) this.#reception.reportBug(error, 'greeting another host');
    channel.endWith(failureFrame(error), new Fault('peer-protocol', say('refused')), this.#patience.lingerMs);
  }
}
