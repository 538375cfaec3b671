/** Msvm_FailoverNetworkAdapterSettingData: what a machine's adapter gets on this host after a failover, and reading it back from a client. */
import { say } from '../language/text.ts';
import { maskText, parseAddress } from '../machine/address.ts';
import { choiceFor, type AddressProtocol, type AddressRequest } from '../machine/guestnetwork.ts';
import type { Machine } from '../machine/records.ts';
import type { AdapterChange } from '../service/network.ts';
import type { Values } from './emission.ts';
import type { Fields } from './methods/fields.ts';
import { badValue } from './methods/rejection.ts';
import { INSTANCE_IDS } from './objectpaths.ts';
import { isSameName } from '../cim/name.ts';

/** Source: Msvm_FailoverNetworkAdapterSettingData.ProtocolIFType. */
const PROTOCOLS: Readonly<Record<number, AddressProtocol>> = { 0: 'unknown', 1: 'other', 4096: 'ipv4', 4097: 'ipv6', 4098: 'both' };
const NUMBERS = Object.fromEntries(Object.entries(PROTOCOLS).map(([number, protocol]) => [protocol, Number(number)])) as Record<AddressProtocol, number>;

export const adapterName = (index: number): string => (index === 0 ? 'Network Adapter' : `Network Adapter ${index + 1}`);

/** Every adapter has one; without a choice nothing is set, and the guest keeps the addresses that it has. */
export function failoverEthernetValues({ id, definition, network }: Machine, index: number): Values {
  const addresses = choiceFor(network, definition.nics[index]!.mac)?.addresses;
  return {
    InstanceID: INSTANCE_IDS.Msvm_FailoverNetworkAdapterSettingData(id, index),
    Caption: 'Failover Network Adapter Settings',
    ElementName: adapterName(index),
    ProtocolIFType: NUMBERS[addresses?.protocol ?? 'both'],
    DHCPEnabled: addresses?.dhcp ?? false,
    IPAddresses: addresses?.addresses.map(({ address }) => address) ?? [],
    Subnets: addresses?.addresses.map(({ address, prefix }) => (parseAddress(address)!.family === 4 ? maskText(prefix) : `/${prefix}`)) ?? [],
    DefaultGateways: [...(addresses?.gateways ?? [])],
    DNSServers: [...(addresses?.dnsServers ?? [])],
  };
}

/** The adapter is the one that InstanceID names; properties that are left out or null count as empty. */
export function adapterChangeOf(fields: Fields, machine: Machine): AdapterChange {
  const identity = fields.text('InstanceID') ?? '';
  const known = machine.definition.nics.map((_, index) => INSTANCE_IDS.Msvm_FailoverNetworkAdapterSettingData(machine.id, index));
  const index = known.findIndex((each) => isSameName(each, identity));
  if (index < 0) throw badValue('InstanceID', identity, known.length > 0 ? known.join(', ') : say('none: {machine} has no network adapter', { machine: machine.name }));
  return { adapter: String(index), addresses: requestOf(fields) };
}

function requestOf(fields: Fields): AddressRequest {
  const number = fields.number('ProtocolIFType');
  const protocol = number === null ? undefined : PROTOCOLS[number];
  if (number !== null && protocol === undefined) throw badValue('ProtocolIFType', number, Object.entries(PROTOCOLS).map(([each, words]) => `${each} (${words})`).join(', '));
  const texts = (name: string): string[] => (fields.list(name) ?? []).map((each) => String(each).trim()).filter((each) => each !== '');
  return {
    protocol, dhcp: fields.truth('DHCPEnabled') ?? false,
    addresses: texts('IPAddresses'), subnets: texts('Subnets'), gateways: texts('DefaultGateways'), dnsServers: texts('DNSServers'),
  };
}
