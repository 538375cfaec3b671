/**
 * What a machine's network adapters are to be like on the host that it fails over to: addresses that are set in the guest, the
 * bridge that they are plugged into, and the one for a test failover. Each host has its own; every value is checked here,
 * wherever it comes from. Source: Msvm_FailoverNetworkAdapterSettingData.
 */
import { Fault } from '../errors/fault.ts';
import { notAllowed } from '../errors/notallowed.ts';
import { type Said, say, type Told, verbatim } from '../language/text.ts';
import { addressText, isInSubnet, isLinkLocal, parseAddress, parsePrefix, unusable, type Address } from './address.ts';
import type { MachineDefinition, NicDefinition } from './definition.ts';

/** Of which family addresses are set. `unknown` and `other` leave it to the addresses. */
export type AddressProtocol = 'unknown' | 'other' | 'ipv4' | 'ipv6' | 'both';

export interface SubnetAddress {
  readonly address: string;
  readonly prefix: number;
}

export interface GuestAddresses {
  readonly protocol: AddressProtocol;
  /** IPv4 addresses come from a DHCP server. */
  readonly dhcp: boolean;
  readonly addresses: readonly SubnetAddress[];
  /** In the order in which they are preferred. */
  readonly gateways: readonly string[];
  readonly dnsServers: readonly string[];
}

export interface AdapterChoice {
  /** Names the adapter, as its definition does. */
  readonly mac: string;
  readonly addresses?: GuestAddresses;
  /** Of this host; instead of what the definition says. */
  readonly bridge?: string;
  /** Of this host, for a test failover's copy; without one the copy's adapter reaches nothing. */
  readonly testBridge?: string;
}

/** How setting the addresses in the guest went, the last time. */
export interface AddressOutcome extends Told {
  readonly state: 'waiting' | 'applied' | 'failed';
  readonly atMs: number;
  readonly hint: string;
}

/** A machine's choices on one host. */
export interface GuestNetwork {
  readonly adapters: readonly AdapterChoice[];
  /** The machine came to this host by a failover: its guest gets the addresses whenever it starts here. */
  readonly hasArrived?: boolean;
  readonly outcome?: AddressOutcome | null;
}

/** As people and programs give it: addresses and subnets belong together by their places. */
export interface AddressRequest {
  readonly protocol?: AddressProtocol | undefined;
  readonly dhcp?: boolean | undefined;
  readonly addresses: readonly string[];
  /** A prefix length or an IPv4 mask for each address; those after a slash when absent. */
  readonly subnets?: readonly string[] | undefined;
  readonly gateways: readonly string[];
  readonly dnsServers: readonly string[];
}

const MOST = { addresses: 32, gateways: 5, dnsServers: 16 } as const;

const ADDRESS = say('an address');
const GATEWAY = say('a gateway');
const DNS_SERVER = say('a DNS server');

/** The addresses that the request asks for; null when it asks for none. Fault settings-invalid names the field, the value and what is allowed. */
export function addressesOf(request: AddressRequest): GuestAddresses | null {
  const { protocol = 'both', dhcp = false } = request;
  for (const [name, most] of Object.entries(MOST)) {
    const count = request[name as keyof typeof MOST].length;
    if (count > most) throw notAllowed(WORDS[name as keyof typeof MOST], count, say('at most {most}', { most }));
  }
  const addresses = subnetAddresses(request);
  const gateways = request.gateways.map((text) => addressIn(GATEWAY, text));
  const dnsServers = request.dnsServers.map((text) => addressIn(DNS_SERVER, text));
  if (!dhcp && addresses.length + gateways.length + dnsServers.length === 0) return null;
  checkFamilies(protocol, [...addresses.map(({ address }) => [ADDRESS, address] as const), ...gateways.map((each) => [GATEWAY, each] as const), ...dnsServers.map((each) => [DNS_SERVER, each] as const)]);
  if (dhcp) checkDhcp(protocol, addresses, gateways);
  for (const gateway of gateways) checkGateway(gateway, addresses);
  return {
    protocol, dhcp,
    addresses: addresses.map(({ address, prefix }) => ({ address: addressText(address), prefix })),
    gateways: unique(GATEWAY, gateways),
    dnsServers: unique(DNS_SERVER, dnsServers),
  };
}

const WORDS: Readonly<Record<keyof typeof MOST, Said>> = { addresses: say('the number of addresses'), gateways: say('the number of gateways'), dnsServers: say('the number of DNS servers') };

interface Placed {
  readonly address: Address;
  readonly prefix: number;
}

function subnetAddresses({ addresses, subnets }: AddressRequest): Placed[] {
  if (subnets && subnets.length !== addresses.length) throw notAllowed(say('the list of subnets'), subnets, say('one for each of the {count} addresses', { count: addresses.length }));
  const placed = addresses.map((text, at): Placed => {
    const [ip, slashed, ...more] = text.split('/');
    const address = addressIn(ADDRESS, more.length > 0 ? text : ip!);
    const subnet = subnets?.[at] ?? slashed;
    const what = address.family === 4 ? say('an IPv4 prefix length from 1 to 32, or a mask such as 255.255.255.0') : say('an IPv6 prefix length from 1 to 128');
    if (subnet === undefined) throw notAllowed(ADDRESS, text, say('one with its prefix length, such as {example}', { example: `${text}/${address.family === 4 ? 24 : 64}` }));
    const prefix = parsePrefix(subnet, address.family);
    if (prefix === undefined) throw notAllowed(say('the subnet of {ip}', { ip: ip! }), subnet, what);
    const why = unusable(address, prefix);
    if (why !== null) throw notAllowed(ADDRESS, text, say('one that an adapter can have; {why}', { why }));
    return { address, prefix };
  });
  unique(ADDRESS, placed.map(({ address }) => address));
  return placed;
}

function addressIn(name: Said, text: string): Address {
  const address = parseAddress(text);
  if (!address) throw notAllowed(name, text, say('an IPv4 or IPv6 address, such as 192.0.2.10 or 2001:db8::10'));
  return address;
}

function unique(name: Said, addresses: readonly Address[]): string[] {
  const texts = addresses.map(addressText);
  const twice = texts.find((text, at) => texts.indexOf(text) !== at);
  if (twice !== undefined) throw notAllowed(name, twice, say('each one once'));
  return texts;
}

function checkFamilies(protocol: AddressProtocol, all: readonly (readonly [name: Said, address: Address])[]): void {
  const only = { ipv4: 4, ipv6: 6 }[protocol as string];
  for (const [name, address] of all) if (only !== undefined && address.family !== only) throw notAllowed(name, addressText(address), say('an IPv{family} address, since the protocol is IPv{family} alone', { family: only }));
}

function checkDhcp(protocol: AddressProtocol, addresses: readonly Placed[], gateways: readonly Address[]): void {
  if (protocol === 'ipv6') throw notAllowed(verbatim('DHCP'), true, say('false when the protocol is IPv6 alone: DHCP is for IPv4'));
  const fixed = [...addresses.map(({ address }) => address), ...gateways].find(({ family }) => family === 4);
  if (fixed) throw notAllowed(say('an IPv4 address or gateway'), addressText(fixed), say('none with DHCP, which gives both'));
}

function checkGateway(gateway: Address, addresses: readonly Placed[]): void {
  const text = addressText(gateway);
  const own = addresses.filter(({ address }) => address.family === gateway.family);
  if (own.some(({ address }) => address.value === gateway.value)) throw notAllowed(GATEWAY, text, say('another address than the adapter\'s own'));
  if (gateway.family === 6 && isLinkLocal(gateway) && own.length > 0) return;
  if (own.some(({ address, prefix }) => isInSubnet(address, prefix, gateway))) return;
  const subnets = { list: own.map(({ address, prefix }) => `${addressText(address)}/${prefix}`) };
  throw notAllowed(GATEWAY, text, own.length > 0 ? say('one in the subnet of {subnets}', { subnets }) : say('one beside an IPv{family} address', { family: gateway.family }));
}

/** The adapter by its place in the definition, from 0, or by its MAC address. */
export function adapterOf({ nics, name }: MachineDefinition, text: string): { readonly nic: NicDefinition; readonly index: number } {
  const index = /^\d+$/.test(text) ? Number(text) : nics.findIndex(({ mac }) => mac === text.toLowerCase());
  const nic = nics[index];
  if (nic) return { nic, index };
  const asked = text.slice(0, 40);
  if (nics.length === 0) throw new Fault('adapter-unknown', say('{machine} has no network adapter', { machine: name }));
  throw new Fault('adapter-unknown', say('{machine} has no network adapter "{asked}"; it has {adapters}', { machine: name, asked, adapters: { list: nics.map(({ mac }, at) => `${at} (${mac})`) } }));
}

export const choiceFor = (network: GuestNetwork | null | undefined, mac: string): AdapterChoice | undefined => network?.adapters.find((choice) => choice.mac === mac);

/** The definition with the bridges that this host has for its adapters. */
export const plugged = (definition: MachineDefinition, network: GuestNetwork | null | undefined): MachineDefinition => ({
  ...definition,
  nics: definition.nics.map((nic) => {
    const bridge = choiceFor(network, nic.mac)?.bridge;
    return bridge === undefined ? nic : { ...nic, kind: 'bridge', bridge };
  }),
});

/** The adapters whose addresses are to be set in the guest. */
export const addressed = (definition: MachineDefinition, network: GuestNetwork | null | undefined): readonly (AdapterChoice & { readonly addresses: GuestAddresses })[] =>
  definition.nics.flatMap(({ mac }) => {
    const choice = choiceFor(network, mac);
    return choice?.addresses ? [{ ...choice, addresses: choice.addresses }] : [];
  });

/** Fault settings-invalid when two adapters would have one address. */
export function checkApart(definition: MachineDefinition, network: GuestNetwork): void {
  const all = addressed(definition, network).flatMap(({ mac, addresses }) => addresses.addresses.map(({ address }) => ({ address, mac })));
  const twice = all.find(({ address }, at) => all.findIndex((other) => other.address === address) !== at);
  if (twice) throw notAllowed(ADDRESS, twice.address, say('each address on one adapter'));
}
