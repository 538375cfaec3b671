/**
 * Where events are pushed to. Not anywhere a client names: only to the host that it asks from, or to one that the
 * configuration names; and to the address that was looked up then, whatever the name says later.
 */
import { lookup } from 'node:dns/promises';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import { WsmanFault } from '../../wsman/fault.ts';

export interface SinkTarget {
  readonly url: URL;
  readonly address: string;
}

const ANSWER_MS = 10_000;
const ANSWER_BYTES = 65_536;
const URL_CHARACTERS = 1_024;
const LOOPBACK = /^(127\.|::1$)/;

const plainAddress = (address: string): string => address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/^\[|\]$/g, '').toLowerCase();

const refused = (message: string): WsmanFault => new WsmanFault('DeliveryRefused', message);

const isSameHost = (address: string, from: string): boolean => address === from || (LOOPBACK.test(address) && LOOPBACK.test(from));

/** WsmanFault DeliveryRefused. */
export async function sinkTarget(written: string, from: string, allowedHosts: readonly string[]): Promise<SinkTarget> {
  if (written.length > URL_CHARACTERS || !URL.canParse(written)) throw refused('events are pushed to a URL');
  const url = new URL(written);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw refused('events are pushed over http or https');
  if (url.username !== '' || url.password !== '') throw refused('a URL with a name or password in it is not taken');
  const host = plainAddress(url.hostname);
  const address = isIP(host) ? host : await addressOf(host);
  const isAllowed = allowedHosts.includes(host) || allowedHosts.includes(address) || isSameHost(address, plainAddress(from));
  if (!isAllowed) throw refused(`events are pushed to the host that subscribes, or to one in wbemEventHosts of the configuration; ${url.host} is neither`);
  return { url, address };
}

async function addressOf(host: string): Promise<string> {
  try {
    return plainAddress((await lookup(host)).address);
  } catch {
    throw refused(`the host ${host.slice(0, 100)} is not known here`);
  }
}

export interface SinkAnswer {
  readonly status: number;
  readonly body: Buffer;
}

/** One POST over a connection of its own; redirects are not followed. Rejects when no whole answer comes in time. */
export function sendTo({ url, address }: SinkTarget, body: Uint8Array, contentType: string, signal: AbortSignal): Promise<SinkAnswer> {
  const open = url.protocol === 'https:' ? httpsRequest : httpRequest;
  const family = isIP(address);
  return new Promise((resolve, reject) => {
    const request = open(url, {
      method: 'POST',
      agent: false,
      headers: { 'content-type': contentType, 'content-length': body.length },
      signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]),
      lookup: (_host, options, done) => (options.all ? done(null, [{ address, family }]) : done(null, address, family)),
    });
    request.on('error', reject).on('response', (response) => {
      const pieces: Buffer[] = [];
      let length = 0;
      response.on('error', reject).on('data', (piece: Buffer) => {
        length += piece.length;
        if (length > ANSWER_BYTES) request.destroy(new Error(`the answer is longer than ${ANSWER_BYTES} bytes`));
        else pieces.push(piece);
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(pieces) }));
    });
    request.end(body);
  });
}
