/**
 * The way to other hosts through an HTTP proxy. The proxy only joins two TCP connections: the hosts prove themselves to each
 * other over TLS as they do without it. Its credentials are in no message and no log.
 * Source: RFC 9110, 9.3.6 (CONNECT) and 11.7 (proxy authentication).
 */
import { connect, type Socket } from 'node:net';
import { Fault, faultOf } from '../errors/fault.ts';
import { say } from '../language/text.ts';
import { formatAddress, type Endpoint } from './address.ts';
import type { RawDial, Way } from './dial.ts';

export interface Proxy extends Endpoint {
  /** Value of Proxy-Authorization; null without credentials. */
  readonly authorization: string | null;
  /** Hosts that are dialled past it: names, `.domain` and `*.domain`, addresses, `*` for all; without case. */
  readonly except: readonly string[];
  /** One that was found in the environment does not lead to this machine itself. */
  readonly isFromEnvironment: boolean;
}

/** What a peer is reached by: through the host's proxy, or past it. */
export type Route = 'proxy' | 'direct';

const DEFAULT_PORT = 8080;
const MAX_HEADER_BYTES = 16 * 1024;
const ALLOWED = say('{one} or {other}', { one: 'http://host:port', other: 'http://user:password@host:port' });

/** Fault settings-invalid, which does not repeat the text: it may hold a password. */
export function parseProxy(text: string, { except = '', isFromEnvironment = false }: { except?: string; isFromEnvironment?: boolean } = {}): Proxy {
  const withScheme = text.includes('://') ? text : `http://${text}`;
  const url = URL.canParse(withScheme) ? new URL(withScheme) : undefined;
  const isPlain = url && url.hostname !== '' && ['', '/'].includes(url.pathname) && url.search === '' && url.hash === '';
  if (!isPlain) throw new Fault('settings-invalid', say('the proxy cannot be what is set: allowed is {allowed}', { allowed: ALLOWED }));
  if (url.protocol !== 'http:') throw new Fault('settings-invalid', say('the proxy cannot be one of {protocol}//: allowed is {allowed}', { protocol: url.protocol, allowed: ALLOWED }));
  return { host: url.hostname.replace(/^\[(.*)\]$/, '$1'), port: portOf(url, withScheme), authorization: authorizationOf(url), except: listOf(except), isFromEnvironment };
}

/** A URL does not keep port 80, which is HTTP's own. */
const portOf = ({ port }: URL, text: string): number => (port !== '' ? Number(port) : /:0*80\/?$/.test(text) ? 80 : DEFAULT_PORT);

/** Characters that are not plain in a URL are written with %. */
function authorizationOf({ username, password }: URL): string | null {
  if (username === '' && password === '') return null;
  try {
    return `Basic ${Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64')}`;
  } catch {
    throw new Fault('settings-invalid', say('the proxy\'s user and password are not written as in a URL: allowed is {allowed}, with %40 for @ and %3A for :', { allowed: ALLOWED }));
  }
}

const listOf = (text: string): string[] => text.split(/[\s,]+/).map((one) => one.trim().toLowerCase()).filter((one) => one !== '');

type Environment = Readonly<Record<string, string | undefined>>;

/** HTTPS_PROXY, else ALL_PROXY, in either case, with NO_PROXY; null when neither is set. */
export function proxyOfEnvironment(environment: Environment): Proxy | null {
  const of = (name: string): string => environment[name.toLowerCase()] ?? environment[name] ?? '';
  const text = of('HTTPS_PROXY') || of('ALL_PROXY');
  return text === '' ? null : parseProxy(text, { except: of('NO_PROXY'), isFromEnvironment: true });
}

export const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || /^127\./.test(host);

/** True when this host is reached through the proxy. */
function leadsTo(proxy: Proxy, { host, port }: Endpoint): boolean {
  const name = host.toLowerCase();
  if (proxy.isFromEnvironment && isLoopback(name)) return false;
  return !proxy.except.some((one) => one === '*' || one === name || one === `${name}:${port}` || one === `[${name}]` || name.endsWith(`.${one.replace(/^\*?\./, '')}`));
}

/** How an endpoint is reached by a route; undefined for a plain connection. */
export type WayTo = (endpoint: Endpoint, route: Route) => Way | undefined;

export const waysOf = (proxy: Proxy | null): WayTo => (endpoint, route) =>
  proxy && route === 'proxy' && leadsTo(proxy, endpoint) ? { through: say('the proxy {address}', { address: formatAddress(proxy) }), dial: dialThrough(proxy) } : undefined;

/** Addresses of the proxy and of the host behind it, for messages. */
type About = Readonly<Record<'proxy' | 'to', string>>;

/** A stream to the endpoint, opened by the proxy. Fault peer-proxy says what the proxy did instead, within the time. */
const dialThrough = (proxy: Proxy): RawDial => async (endpoint, signal) => {
  const about: About = { proxy: formatAddress(proxy), to: formatAddress(endpoint) };
  const socket = connect({ host: proxy.host, port: proxy.port });
  const { promise: lost, reject } = Promise.withResolvers<never>();
  lost.catch(() => undefined);
  let isOpen = false;
  const onAbort = () => reject(new Fault('peer-proxy', isOpen ? say('the proxy {proxy} did not answer in time on the way to {to}', about) : say('the proxy {proxy} cannot be reached in time on the way to {to}', about)));
  signal.addEventListener('abort', onAbort, { once: true });
  socket.once('connect', () => (isOpen = true));
  socket.on('error', (cause: NodeJS.ErrnoException) => reject(new Fault('peer-proxy', isOpen ? say('the proxy {proxy} broke the connection on the way to {to}', about) : say('the proxy {proxy} cannot be reached on the way to {to}: {code}', { ...about, code: cause.code ?? cause.message }), { cause })));
  socket.once('close', () => reject(new Fault('peer-proxy', say('the proxy {proxy} closed the connection on the way to {to}', about))));
  try {
    if (signal.aborted) onAbort();
    socket.write(requestOf(proxy, endpoint));
    checkAnswer(await Promise.race([headerFrom(socket, about), lost]), about);
    return socket;
  } catch (thrown) {
    socket.destroy();
    throw faultOf(thrown) ?? new Fault('peer-proxy', say('the proxy {proxy} could not be asked on the way to {to}', about), { cause: thrown });
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
};

function requestOf({ authorization }: Proxy, endpoint: Endpoint): string {
  const target = formatAddress(endpoint);
  const credentials = authorization === null ? '' : `Proxy-Authorization: ${authorization}\r\n`;
  return `CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n${credentials}\r\n`;
}

/** The answer's header; what comes after it stays in the socket. */
function headerFrom(socket: Socket, { proxy }: About): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let received = Buffer.alloc(0);
  const onReadable = () => {
    for (let chunk = socket.read() as Buffer | null; chunk !== null; chunk = socket.read() as Buffer | null) {
      received = Buffer.concat([received, chunk]);
      const end = received.indexOf('\r\n\r\n');
      if (end < 0 && received.length <= MAX_HEADER_BYTES) continue;
      socket.off('readable', onReadable);
      if (end < 0) return reject(new Fault('peer-proxy', say('the proxy {proxy} does not answer as an HTTP proxy does', { proxy })));
      if (received.length > end + 4) socket.unshift(received.subarray(end + 4));
      return resolve(received.toString('latin1', 0, end));
    }
  };
  socket.on('readable', onReadable);
  return promise;
}

function checkAnswer(header: string, about: About): void {
  const [, code, reason = ''] = /^HTTP\/1\.[01] (\d{3})(?: ([^\r\n]{0,100}))?/.exec(header) ?? [];
  if (code === undefined) throw new Fault('peer-proxy', say('the proxy {proxy} does not answer as an HTTP proxy does', about));
  if (code.startsWith('2')) return;
  const said = `${code} ${reason.replace(/[^\x20-\x7e]/g, '?')}`.trim();
  if (code === '407') throw new Fault('peer-proxy', say('the proxy {proxy} does not accept this host\'s credentials, or wants some, on the way to {to} ({said})', { ...about, said }));
  if (code === '403') throw new Fault('peer-proxy', say('the proxy {proxy} does not allow connections to {to} ({said})', { ...about, said }));
  throw new Fault('peer-proxy', say('the proxy {proxy} opened no connection to {to} ({said})', { ...about, said }));
}
