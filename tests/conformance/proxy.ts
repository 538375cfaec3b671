/** A real HTTP proxy for CONNECT on the loopback, which can be told to refuse, to fall silent, or to answer nonsense. */
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';

export type ProxyMood = 'works' | 'forbids' | 'wants-credentials' | 'bad-gateway' | 'hangs' | 'closes' | 'speaks-nonsense' | 'never-ends' | 'closes-after-opening';

export class TestProxy {
  mood: ProxyMood = 'works';
  /** `user:password` that it wants; null for none. */
  credentials: string | null = null;
  /** Targets that were asked for. */
  readonly asked: string[] = [];
  readonly #server = createServer();
  readonly #sockets = new Set<Socket>();

  static async start(): Promise<TestProxy> {
    const proxy = new TestProxy();
    proxy.#server.on('connect', (request: IncomingMessage, socket: Socket) => proxy.#connect(request, socket));
    proxy.#server.on('connection', (socket: Socket) => proxy.#keep(socket));
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Open connections are cut; new ones are met by the mood. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => this.#sockets.delete(socket));
  }

  #connect(request: IncomingMessage, client: Socket): void {
    this.asked.push(request.url ?? '');
    if (this.mood === 'hangs') return;
    if (this.mood === 'closes') return void client.destroy();
    if (this.mood === 'speaks-nonsense') return void client.write('220 mail.example.com ESMTP\r\n\r\n');
    if (this.mood === 'never-ends') return void client.write(`HTTP/1.1 200 OK\r\nX: ${'x'.repeat(40_000)}`);
    if (this.mood === 'closes-after-opening') return void client.end('HTTP/1.1 200 Connection established\r\n\r\n');
    if (this.mood === 'forbids') return void client.end('HTTP/1.1 403 Forbidden\r\n\r\n');
    if (this.mood === 'bad-gateway') return void client.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
    const expected = this.credentials === null ? undefined : `Basic ${Buffer.from(this.credentials).toString('base64')}`;
    if (this.mood === 'wants-credentials' || request.headers['proxy-authorization'] !== expected) return void client.end('HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="x"\r\n\r\n');
    this.#join(client, request.url ?? '');
  }

  #join(client: Socket, target: string): void {
    const [, host, port] = /^\[?([^\]]+)\]?:(\d+)$/.exec(target) ?? [];
    const upstream = connect(Number(port), host);
    this.#keep(upstream);
    upstream.on('connect', () => {
      client.write('HTTP/1.1 200 Connection established\r\nVia: test\r\n\r\n');
      client.pipe(upstream).pipe(client);
    });
    upstream.on('close', () => client.destroy());
    client.on('close', () => upstream.destroy());
  }
}
