/**
 * Addresses in a Windows guest, by netsh: those go with the next boot, except the DNS servers, for which netsh knows no other
 * way than to keep them. Source: netsh interface ipv4 and ipv6, "set address", "add address", "add route", "set dnsservers".
 */
import { maskText } from '../../machine/address.ts';
import type { GuestAddresses } from '../../machine/guestnetwork.ts';

const isSix = (text: string): boolean => text.includes(':');
const FOR_NOW = 'store=active';

/** Arguments of guest-exec, one run after the other. */
export function windowsCommands(device: string, { dhcp, addresses, gateways, dnsServers }: GuestAddresses): readonly Readonly<Record<string, unknown>>[] {
  const commands: string[][] = [];
  const four = addresses.filter(({ address }) => !isSix(address));
  if (dhcp) commands.push(['ipv4', 'set', 'address', `name=${device}`, 'source=dhcp']);
  for (const [at, { address, prefix }] of four.entries()) {
    const subnet = [`address=${address}`, `mask=${maskText(prefix)}`, FOR_NOW];
    commands.push(at === 0 ? ['ipv4', 'set', 'address', `name=${device}`, 'source=static', ...subnet] : ['ipv4', 'add', 'address', `name=${device}`, ...subnet]);
  }
  for (const { address, prefix } of addresses.filter((each) => isSix(each.address))) commands.push(['ipv6', 'add', 'address', `interface=${device}`, `address=${address}/${prefix}`, FOR_NOW]);
  for (const [at, gateway] of gateways.entries()) {
    const [family, everything] = isSix(gateway) ? ['ipv6', '::/0'] : ['ipv4', '0.0.0.0/0'];
    commands.push([family, 'add', 'route', `prefix=${everything}`, `interface=${device}`, `nexthop=${gateway}`, `metric=${at + 1}`, FOR_NOW]);
  }
  for (const family of ['ipv4', 'ipv6']) {
    const servers = dnsServers.filter((server) => isSix(server) === (family === 'ipv6'));
    for (const [at, server] of servers.entries()) commands.push(at === 0 ? [family, 'set', 'dnsservers', `name=${device}`, 'source=static', `address=${server}`, 'validate=no'] : [family, 'add', 'dnsservers', `name=${device}`, `address=${server}`, `index=${at + 1}`, 'validate=no']);
  }
  return commands.map((command) => ({ path: 'netsh.exe', arg: ['interface', ...command], 'capture-output': true }));
}
