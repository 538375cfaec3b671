/** A notification to a webhook: one POST of JSON, signed where there is a secret. Redirects are not followed. */
import { createHmac } from 'node:crypto';
import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls, getCACertificates } from 'node:tls';
import { failureText, Fault, faultOf } from '../errors/fault.ts';
import { say } from '../language/text.ts';
import { payloadOf, type Notification } from '../notifications/notification.ts';
import { shownAddress, type WebhookTarget } from '../notifications/target.ts';
import { oneLine } from '../text/oneline.ts';

const ANSWER_WITHIN_MS = 15_000;
const MAX_ANSWER_BYTES = 4_096;
const SHOWN_CHARACTERS = 200;
/** Of OpenSSL and Node: what is wrong with a certificate. */
const CERTIFICATE_CODES = /^(CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|ERR_TLS_CERT_|HOSTNAME_MISMATCH|INVALID_CA|ERR_SSL_|EPROTO)/;

/** `sha256=` and the HMAC-SHA-256 in hexadecimal of the time, a dot and the body. */
export const signatureOf = (secret: string, timestamp: string, body: string): string => `sha256=${createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex')}`;

interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** A stream to the endpoint, opened by a proxy, or a fault that says what the proxy did instead. */
type Tunnel = (endpoint: Endpoint, signal: AbortSignal) => Promise<Duplex>;

export interface Sender {
  readonly version: string;
  /** Seconds since 1970 of this try. */
  readonly nowSeconds: number;
  readonly signal: AbortSignal;
  /** How the endpoint is reached; undefined for a plain connection. */
  readonly wayTo?: (endpoint: Endpoint) => Tunnel | undefined;
}

/** What the other side answered, in words. Faults webhook-unreachable, webhook-certificate and webhook-refused. */
export async function postNotification(target: WebhookTarget, notification: Notification, { version, nowSeconds, signal, wayTo = () => undefined }: Sender): Promise<string> {
  const body = JSON.stringify(payloadOf(notification));
  const timestamp = String(nowSeconds);
  const headers = {
    ...target.headers,
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    'user-agent': `Understudy/${version}`,
    'x-understudy-notification': notification.id,
    'x-understudy-timestamp': timestamp,
    ...(target.secret !== null && { 'x-understudy-signature': signatureOf(target.secret, timestamp, body) }),
  };
  const within = AbortSignal.timeout(ANSWER_WITHIN_MS);
  const ending = AbortSignal.any([signal, within]);
  try {
    const endpoint = endpointOf(target);
    const stream = await wayTo(endpoint)?.(endpoint, ending);
    const answer = await answerOf(open(target, headers, ending, stream), body);
    return accepted(target, answer, await beginningOf(answer));
  } catch (thrown) {
    signal.throwIfAborted();
    const fault = faultOf(thrown);
    if (fault?.code === 'peer-proxy') throw new Fault('webhook-unreachable', say('{where} cannot be reached: {reason}', { where: shownAddress(target), reason: [failureText(fault)] }), { cause: thrown });
    throw fault ?? notAnswered(target, thrown as NodeJS.ErrnoException, within.aborted);
  }
}

function endpointOf({ url }: WebhookTarget): Endpoint {
  const { hostname, port, protocol } = new URL(url);
  return { host: hostname.replace(/^\[(.*)\]$/, '$1'), port: Number(port) || (protocol === 'https:' ? 443 : 80) };
}

/** Over the stream, where a proxy opened one. */
function open(target: WebhookTarget, headers: Record<string, string | number>, signal: AbortSignal, stream: Duplex | undefined): ClientRequest {
  const { url, authority } = target;
  const options = { method: 'POST', headers, signal } as const;
  if (!url.startsWith('https:')) return httpRequest(url, { ...options, ...(stream ? { createConnection: () => stream } : { agent: false }) });
  const ca = [...getCACertificates('default'), ...getCACertificates('system'), ...(authority === null ? [] : [authority])];
  if (!stream) return httpsRequest(url, { ...options, ca, agent: false });
  const { host } = endpointOf(target);
  return httpsRequest(url, { ...options, createConnection: () => connectTls({ socket: stream, host, ...(isIP(host) === 0 && { servername: host }), ca }) });
}

const answerOf = (outgoing: ClientRequest, body: string): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    outgoing.on('response', resolve).on('error', reject);
    outgoing.end(body);
  });

/** As much of the answer as a person may want to see. */
async function beginningOf(answer: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of answer as AsyncIterable<Buffer>) {
    pieces.push(piece);
    bytes += piece.length;
    if (bytes >= MAX_ANSWER_BYTES) break;
  }
  answer.destroy();
  return oneLine(Buffer.concat(pieces).toString().trim(), SHOWN_CHARACTERS);
}

function accepted(target: WebhookTarget, { statusCode: status = 0, statusMessage = '', headers }: IncomingMessage, text: string): string {
  const said = `HTTP ${status}${statusMessage === '' ? '' : ` ${oneLine(statusMessage, SHOWN_CHARACTERS)}`}${text === '' ? '' : `: ${text}`}`;
  if (status >= 200 && status < 300) return said;
  const about = { where: shownAddress(target), said };
  const isElsewhere = status >= 300 && status < 400 && headers.location !== undefined;
  throw new Fault('webhook-refused', isElsewhere ? say('{where} answered with {said} (a redirect, which is not followed)', about) : say('{where} answered with {said}', about));
}

function notAnswered(target: WebhookTarget, error: NodeJS.ErrnoException, isLate: boolean): Fault {
  const where = shownAddress(target);
  if (isLate) return new Fault('webhook-unreachable', say('{where} did not answer within {seconds} s', { where, seconds: ANSWER_WITHIN_MS / 1_000 }));
  const code = error.code ?? '';
  const why = oneLine(`${code === '' || error.message.includes(code) ? '' : `${code}: `}${error.message}`, SHOWN_CHARACTERS);
  return new Fault(CERTIFICATE_CODES.test(code) ? 'webhook-certificate' : 'webhook-unreachable', say('{where} cannot be reached: {why}', { where, why }), { cause: error });
}
