/** The way to a daemon: the unix socket of this host, or HTTP to another with the token of a sign-in. */
import type { ClientRequest, IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { Failure } from '../client/failure.ts';
import type { Transport, TransportRequest } from '../client/transport.ts';
import { t } from './language.ts';

/** An import would touch every export of the module, and so load WebSocket and with it a third of Node.js: 30 ms of each command. */
const { request: httpRequest } = process.getBuiltinModule('node:http');
const { connect } = process.getBuiltinModule('node:net');

export type Target = { readonly runDir: string } | { readonly url: URL; readonly token: string | undefined };

const addressOf = (target: Target): string => ('runDir' in target ? join(target.runDir, 'api.sock') : target.url.origin);

function unreachable(target: Target, error: NodeJS.ErrnoException): Failure {
  const address = addressOf(target);
  if (error.code === 'EACCES') return new Failure('role-missing', t('you may not open {address}', { address }), t('Only root may. Use sudo, or sign in: understudy --host http://localhost:7480 sign-in.'));
  const hint = 'url' in target ? t('Is understudyd running there, and does it listen at this address (apiAddress in its configuration, port 7480)?') : '';
  return new Failure('daemon-unreachable', t('understudyd does not answer at {address} ({code})', { address, code: error.code ?? error.message }), hint);
}

/** TLS is loaded only for who needs it. */
function outgoingTo(target: Target, { method, path, body, headers, signal }: TransportRequest): ClientRequest {
  const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
  if ('runDir' in target) return httpRequest({ createConnection: () => connect(addressOf(target)), method, path, headers: { ...headers, ...length, host: 'localhost' }, signal });
  const request = target.url.protocol === 'https:' ? process.getBuiltinModule('node:https').request : httpRequest;
  const authorization = target.token === undefined ? {} : { authorization: `Bearer ${target.token}` };
  return request(new URL(path, target.url), { method, headers: { ...headers, ...length, ...authorization }, signal, agent: false });
}

async function* piecesOf<T>(incoming: IncomingMessage, encoding: 'utf8' | null, failureFor: (error: unknown) => unknown): AsyncGenerator<T> {
  if (encoding !== null) incoming.setEncoding(encoding);
  try {
    yield* incoming as AsyncIterable<T>;
  } catch (error) {
    throw failureFor(error);
  }
}

export function transportTo(target: Target): Transport {
  return async (request) => {
    const failureFor = (error: unknown) => (request.signal.aborted ? request.signal.reason : unreachable(target, error as NodeJS.ErrnoException)) as unknown;
    const outgoing = outgoingTo(target, request);
    const incoming = await new Promise<IncomingMessage>((resolve, reject) => {
      outgoing.once('response', resolve);
      outgoing.once('error', (error) => reject(failureFor(error)));
      outgoing.end(request.body);
    });
    return { status: incoming.statusCode ?? 0, text: piecesOf<string>(incoming, 'utf8', failureFor), bytes: piecesOf<Uint8Array>(incoming, null, failureFor) };
  };
}
