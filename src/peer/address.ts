/** Addresses of peer ports: `host:port`, `[ipv6]:port`, or either without the port. */
import { Fault } from '../errors/fault.ts';
import { say } from '../language/text.ts';

export const DEFAULT_PEER_PORT = 7443;

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

const PATTERN = /^(?:\[(?<ipv6>[0-9A-Fa-f:.]+(?:%[\w.-]+)?)\]|(?<host>[A-Za-z0-9._-]{1,253}))(?::(?<port>\d{1,5}))?$/;

/** Fault settings-invalid when the text is no address. */
export function parseAddress(text: string, defaultPort = DEFAULT_PEER_PORT): Endpoint {
  const groups = PATTERN.exec(text)?.groups;
  const host = groups?.['ipv6'] ?? groups?.['host'];
  const port = groups?.['port'] === undefined ? defaultPort : Number(groups['port']);
  if (host === undefined || port < 1 || port > 65_535) throw new Fault('settings-invalid', say('"{text}" is not an address: host:port, or [IPv6 address]:port', { text: text.slice(0, 300) }));
  return { host, port };
}

export const formatAddress = (endpoint: Endpoint): string => (endpoint.host.includes(':') ? `[${endpoint.host}]:${endpoint.port}` : `${endpoint.host}:${endpoint.port}`);

/** The address in full, with its port. */
export const normalAddress = (text: string, defaultPort = DEFAULT_PEER_PORT): string => formatAddress(parseAddress(text, defaultPort));

/** An IPv4 client of a dual-stack listener shows as `::ffff:a.b.c.d`. */
export const plainIp = (remoteAddress: string): string => (remoteAddress.startsWith('::ffff:') && remoteAddress.includes('.') ? remoteAddress.slice(7) : remoteAddress);
