/** The host that a client names, and how it is reached: only paired hosts are, each at its own address, by certificates. */
import { say } from '../../language/text.ts';
import type { HostSnapshot } from '../../service/inventory.ts';
import type { HostView } from '../../service/views.ts';
import { badValue, Rejection, RETURNS } from './rejection.ts';

const CERTIFICATES = 2;
const KERBEROS = 1;
const MAX_THUMBPRINT_CHARACTERS = 128;

const isSame = (left: string, right: string): boolean => left.toLowerCase() === right.toLowerCase();
const hostPart = (address: string): string => address.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');

export const portIn = (address: string): number => Number(/:(\d+)$/.exec(address)?.[1] ?? 0);

export const isNamed = (host: HostView, text: string): boolean => [host.name, host.id, host.address, hostPart(host.address)].some((name) => isSame(name, text));

/** The paired host of this name, id or address. */
export function pairedHost({ self, peers }: HostSnapshot, name: string, text: string): HostView {
  const wanted = text.trim();
  const host = peers.find((each) => isNamed(each, wanted)) ?? peers.find((each) => isSame(each.name.split('.')[0]!, wanted));
  if (host) return host;
  if (isNamed(self, wanted)) throw badValue(name, text, say('another host; this is {self} itself', { self: self.name }));
  throw new Rejection(
    RETURNS.notAvailable,
    say('{name}: {self} is not paired with a host "{text}".', { name, self: self.name, text: text.slice(0, 100) }),
    say('Pair them first: understudy host invite on one, understudy host join on the other. Paired are: {peers}.', { peers: peers.length === 0 ? say('none') : { list: peers.map((each) => each.name) } }),
  );
}

export function checkAuthentication(name: string, value: number | null): void {
  if (value === null || value === CERTIFICATES) return;
  if (value === KERBEROS) throw new Rejection(RETURNS.notSupported, say('{name} 1 (Kerberos) is not supported: use 2 (certificates).', { name }));
  throw badValue(name, value, say('2 (certificates)'));
}

/** Null and 0 stand for the port that the host was paired with. */
export function checkPort(name: string, value: number | null, host: HostView): void {
  const port = portIn(host.address);
  if (value !== null && value !== 0 && value !== port) throw badValue(name, value, say('0 or {port}, the port of {host}', { port: String(port), host: host.name }));
}

const digits = (thumbprint: string): string => thumbprint.replace(/[^0-9a-z]/gi, '').toLowerCase();

/** True when the value is the thumbprint (SHA-1), or a SHA-256, of the certificate that other hosts are shown. */
export function isInForce(name: string, value: string, { self, certificate }: HostSnapshot): boolean {
  if (value.length > MAX_THUMBPRINT_CHARACTERS) throw badValue(name, value, say('{max} characters at most', { max: MAX_THUMBPRINT_CHARACTERS }));
  return [certificate.thumbprint, certificate.fingerprint, self.fingerprint].some((known) => digits(known) === digits(value));
}

/** A relationship goes by the host's one certificate, which its service settings choose. */
export function checkThumbprint(name: string, value: string | null, host: HostSnapshot): void {
  if (value === null || value === '' || isInForce(name, value, host)) return;
  throw badValue(name, value, say('null or {thumbprint}, the certificate of {self}: another is chosen in Msvm_ReplicationServiceSettingData', { thumbprint: host.certificate.thumbprint, self: host.self.name }));
}
