/** The client's side of a connection: TCP, TLS, the pin, then hello. Nothing is sent before the pin was checked. */
import type { X509Certificate } from 'node:crypto';
import { isIP, type OnReadOpts, type Socket } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import { Fault } from '../errors/fault.ts';
import { type Said, say } from '../language/text.ts';
import { formatAddress, type Endpoint } from './address.ts';
import { certificateOf, isHost, tlsOptionsOf } from './trust.ts';
import type { Identity } from './identity.ts';

/** A connected stream to the endpoint by another way than a plain connection. */
export type RawDial = (endpoint: Endpoint, signal: AbortSignal) => Promise<Socket>;

/** Another way than a plain connection, for example through a proxy; its name is for messages. */
export interface Way {
  readonly through: Said;
  readonly dial: RawDial;
}

/** What a connection goes through until the other host is proved. */
export type DialStep = 'name' | 'port' | 'proxy' | 'tls' | 'trust';

export interface DialOptions {
  readonly identity: Identity;
  readonly timeoutMs: number;
  readonly way: Way | undefined;
  /** Told of each step as it begins. */
  readonly onStep?: (step: DialStep) => void;
}

/** Who has to answer. `name` is for messages, and for certificates of the operator's own CA. */
export interface Expected {
  readonly name: string;
  readonly pin: string;
  readonly nextPin?: string;
}

export interface Proved {
  readonly socket: TLSSocket;
  readonly certificate: X509Certificate;
}

/**
 * A TLS connection to the expected host, proved. With `onread` bytes go there (unless another way made the stream: Node then
 * emits 'data'), and may come before this resolves. Faults peer-unreachable, peer-proxy, peer-certificate, peer-protocol; rejects with
 * the signal's reason when aborted.
 */
export async function dialTls(endpoint: Endpoint, expected: Expected, options: DialOptions, signal: AbortSignal, onread?: OnReadOpts): Promise<Proved> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(options.timeoutMs)]);
  const { way, onStep = () => undefined } = options;
  const about = { name: expected.name, address: formatAddress(endpoint) };
  const where = way ? say('host {name} ({address} through {through})', { ...about, through: way.through }) : say('host {name} ({address})', about);
  let socket: TLSSocket | undefined;
  try {
    limit.throwIfAborted();
    onStep(way ? 'proxy' : isIP(endpoint.host) === 0 ? 'name' : 'port');
    const raw = await way?.dial(endpoint, limit);
    socket = connect({
      ...tlsOptionsOf(options.identity),
      ...(raw ? { socket: raw } : { host: endpoint.host, port: endpoint.port }),
      ...(onread ? { onread } : {}),
      rejectUnauthorized: false,
      checkServerIdentity: () => undefined,
    });
    socket.setNoDelay(true);
    if (raw) onStep('tls');
    else socket.once('lookup', (error: Error | null) => error ?? onStep('port')).once('connect', () => onStep('tls'));
    await secured(socket, limit);
  } catch (error) {
    socket?.destroy();
    signal.throwIfAborted();
    throw dialFault(where, error, limit.aborted, way !== undefined);
  }
  onStep('trust');
  const certificate = certificateOf(socket);
  if (certificate && isHost(socket, certificate, expected, options.identity)) return { socket, certificate };
  socket.destroy();
  throw new Fault('peer-certificate', way ? say('{where} answered with a certificate of another key than the paired one; a proxy that opens TLS cannot be used', { where }) : say('{where} answered with a certificate of another key than the paired one', { where }));
}

function secured(socket: TLSSocket, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject }: PromiseWithResolvers<void> = Promise.withResolvers();
  const onAbort = () => reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  socket.once('secureConnect', resolve);
  socket.on('error', reject);
  socket.once('close', () => reject(new Error('the connection was closed during the handshake')));
  return promise.finally(() => signal.removeEventListener('abort', onAbort));
}

function dialFault(where: Said, cause: unknown, timedOut: boolean, isAround: boolean): Fault {
  if (cause instanceof Fault) return cause;
  const outOfReach = isAround ? 'peer-proxy' : 'peer-unreachable';
  if (timedOut) return new Fault(outOfReach, say('{where} did not answer in time', { where }), { cause });
  const { code = '', message = '' } = cause as NodeJS.ErrnoException;
  if (code.startsWith('ERR_SSL_')) return new Fault('peer-protocol', say('{where} does not speak TLS 1.3 as an Understudy host does: {code}', { where, code }), { cause });
  return new Fault(outOfReach, say('{where} cannot be reached: {code}', { where, code: code || message }), { cause });
}
