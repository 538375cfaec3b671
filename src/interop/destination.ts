/** Where indications are sent: what of a client's URL is accepted, and one POST to it. */
import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { CimError } from '../cim/error.ts';

const MAX_URL = 1_024;
const MAX_ANSWER_BYTES = 64 * 1024;

const refuse = (why: string): CimError => new CimError('invalidParameter', `Destination: ${why}`);

/** CimError invalidParameter when the text is no URL that indications may be sent to. */
export function destinationUrl(text: string): URL {
  if (text.length > MAX_URL) throw refuse(`longer than ${MAX_URL} characters`);
  if (!URL.canParse(text)) throw refuse('not a URL');
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw refuse('only http and https');
  if (url.username !== '' || url.password !== '') throw refuse('a URL with a name or password');
  if (url.hostname === '' || url.port === '0') throw refuse('a URL without host or port');
  return url;
}

/** The listener did not take the indication. */
export class DeliveryError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'DeliveryError';
  }
}

export interface Sending {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** The text of a 200 answer. Redirects are not followed. DeliveryError for everything else. */
export async function post(url: URL, { headers, body, timeoutMs, signal }: Sending): Promise<string> {
  const bounded = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  const open = url.protocol === 'https:' ? httpsRequest : httpRequest;
  try {
    const outgoing = open(url, { method: 'POST', agent: false, headers: { ...headers, 'Content-Length': body.length }, signal: bounded });
    const answer = await answerOf(outgoing, body);
    if (answer.statusCode !== 200) throw new DeliveryError(`the listener answered with status ${answer.statusCode}`);
    return await textOf(answer);
  } catch (error) {
    if (error instanceof DeliveryError) throw error;
    throw new DeliveryError(bounded.aborted ? 'the listener did not answer in time' : (error as Error).message, error);
  }
}

const answerOf = (outgoing: ClientRequest, body: Uint8Array): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    outgoing.on('response', resolve).on('error', reject);
    outgoing.end(body);
  });

async function textOf(answer: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of answer as AsyncIterable<Buffer>) {
    length += piece.length;
    if (length > MAX_ANSWER_BYTES) throw new DeliveryError(`the listener's answer is longer than ${MAX_ANSWER_BYTES} bytes`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString();
}
