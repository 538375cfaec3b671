/**
 * Whether a request is this host's own, for what needs no sign-in here. The address that it comes from does not tell: a page that
 * rebinds its name to 127.0.0.1 has a browser on this host (or at the end of a tunnel) ask from there, and so does a proxy for
 * everybody. Both ask for a name of their own.
 */
import { isIP } from 'node:net';
import type { FastifyRequest } from 'fastify';

const LOOPBACK = new Set(['127.0.0.1', '::1', '::ffff:127.0.0.1']);

/** Without port, brackets and the root's dot, in lower case; undefined when it is no name. */
const nameIn = (host: string): string | undefined => URL.parse(`http://${host}`)?.hostname.replace(/^\[|\]$|\.$/g, '').toLowerCase();

/** It comes from this host, and asks for an address, localhost, or one of the names. */
export function isFromHere({ ip, headers: { host } }: Pick<FastifyRequest, 'ip' | 'headers'>, names: readonly string[]): boolean {
  const asked = nameIn(host ?? 'localhost');
  return LOOPBACK.has(ip) && asked !== undefined && (isIP(asked) !== 0 || asked === 'localhost' || names.some((name) => name.toLowerCase() === asked));
}
