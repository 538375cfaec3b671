/** The client's side of a connection: TCP, TLS, the pin, then hello. Nothing is sent before the pin was checked. */
import type { X509Certificate } from 'node:crypto';
import type { OnReadOpts, Socket } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import { Fault } from '../errors/fault.ts';
import { formatAddress, type Endpoint } from './address.ts';
import { certificateOf, isHost, tlsOptionsOf } from './trust.ts';
import type { Identity } from './identity.ts';

/** A connected stream to the endpoint by another way than a plain connection, for example through a proxy. */
export type RawDial = (endpoint: Endpoint, signal: AbortSignal) => Promise<Socket>;

export interface DialOptions {
  readonly identity: Identity;
  readonly timeoutMs: number;
  readonly rawDial: RawDial | undefined;
}

/** Who has to answer. `name` is for messages, and for certificates of the operator's own CA. */
export interface Expected {
  readonly name: string;
  readonly pin: string;
}

export interface Proved {
  readonly socket: TLSSocket;
  readonly certificate: X509Certificate;
}

/**
 * A TLS connection to the expected host, proved. With `onread` bytes go there (unless a raw dial made the stream: Node then
 * emits 'data'), and may come before this resolves. Faults peer-unreachable, peer-certificate, peer-protocol; rejects with
 * the signal's reason when aborted.
 */
export async function dialTls(endpoint: Endpoint, expected: Expected, options: DialOptions, signal: AbortSignal, onread?: OnReadOpts): Promise<Proved> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(options.timeoutMs)]);
  const where = `host ${expected.name} (${formatAddress(endpoint)})`;
  let socket: TLSSocket | undefined;
  try {
    limit.throwIfAborted();
    const raw = await options.rawDial?.(endpoint, limit);
    socket = connect({
      ...tlsOptionsOf(options.identity),
      ...(raw ? { socket: raw } : { host: endpoint.host, port: endpoint.port }),
      ...(onread ? { onread } : {}),
      rejectUnauthorized: false,
      checkServerIdentity: () => undefined,
    });
    socket.setNoDelay(true);
    await secured(socket, limit);
  } catch (error) {
    socket?.destroy();
    signal.throwIfAborted();
    throw dialFault(where, error, limit.aborted);
  }
  const certificate = certificateOf(socket);
  if (certificate && isHost(socket, certificate, expected, options.identity)) return { socket, certificate };
  socket.destroy();
  throw new Fault('peer-certificate', `${where} answered with a certificate of another key than the paired one`);
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

function dialFault(where: string, cause: unknown, timedOut: boolean): Fault {
  if (cause instanceof Fault) return cause;
  if (timedOut) return new Fault('peer-unreachable', `${where} did not answer in time`, { cause });
  const { code = '', message = '' } = cause as NodeJS.ErrnoException;
  if (code.startsWith('ERR_SSL_')) return new Fault('peer-protocol', `${where} does not speak TLS 1.3 as an Understudy host does: ${code}`, { cause });
  return new Fault('peer-unreachable', `${where} cannot be reached: ${code || message}`, { cause });
}
