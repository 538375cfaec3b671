/** Addresses for a guest after a failover: what is accepted, how it is written down, and that a refused value is named with what is allowed. */
import assert from 'node:assert/strict';
import { isIPv6 } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { Fault } from '../../src/errors/fault.ts';
import { addressText, parseAddress, parsePrefix, maskText } from '../../src/machine/address.ts';
import { addressesOf, adapterOf, checkApart, plugged, type AddressRequest } from '../../src/machine/guestnetwork.ts';
import type { MachineDefinition } from '../../src/machine/definition.ts';

const request = (more: Partial<AddressRequest>): AddressRequest => ({ addresses: [], gateways: [], dnsServers: [], ...more });

function complaint(more: Partial<AddressRequest>): string {
  try {
    addressesOf(request(more));
  } catch (thrown) {
    assert.ok(thrown instanceof Fault && thrown.code === 'settings-invalid', String(thrown));
    assert.match(thrown.message, /allowed is/);
    return thrown.message;
  }
  throw new Error(`accepted: ${JSON.stringify(more)}`);
}

test('an address that is written down is read as the same one, and whatever Node.js takes for an IPv6 address is one', () => {
  fc.assert(fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (text) => {
    const address = parseAddress(text);
    assert.ok(address);
    assert.deepEqual(parseAddress(addressText(address)), address);
    if (address.family === 6) assert.equal(addressText(address), new URL(`http://[${text}]/`).hostname.slice(1, -1));
  }));
  fc.assert(fc.property(fc.stringMatching(/^[0-9a-f:.]{0,20}$/), (text) => {
    if (text.includes(':')) assert.equal(parseAddress(text) !== undefined, isIPv6(text), text);
  }));
});

test('a mask and its prefix length are the same, and what is no mask is refused', () => {
  for (let prefix = 1; prefix <= 32; prefix += 1) assert.equal(parsePrefix(maskText(prefix), 4), prefix);
  for (const text of ['255.0.255.0', '0.0.0.0', '33', '', 'x', '-1', '/0']) assert.equal(parsePrefix(text, 4), undefined, text);
  assert.deepEqual([parsePrefix('64', 6), parsePrefix('/128', 6), parsePrefix('129', 6), parsePrefix('255.255.255.0', 6)], [64, 128, undefined, undefined]);
});

test('IPv4 and IPv6 addresses with gateways and DNS servers are taken, and written in one way', () => {
  assert.deepEqual(addressesOf(request({
    addresses: ['192.0.2.10', '2001:DB8:0:0::10'], subnets: ['255.255.255.0', '/64'], gateways: ['192.0.2.1', 'fe80::1'], dnsServers: ['192.0.2.53', '2001:db8::53'],
  })), {
    protocol: 'both', dhcp: false, addresses: [{ address: '192.0.2.10', prefix: 24 }, { address: '2001:db8::10', prefix: 64 }], gateways: ['192.0.2.1', 'fe80::1'], dnsServers: ['192.0.2.53', '2001:db8::53'],
  });
  assert.deepEqual(addressesOf(request({ dhcp: true, addresses: ['2001:db8::10/64'] }))?.addresses, [{ address: '2001:db8::10', prefix: 64 }]);
});

test('a request that asks for nothing, as a client reads it from a machine without any, clears', () => {
  assert.equal(addressesOf(request({ protocol: 'both', dhcp: false, subnets: [] })), null);
});

test('what cannot be is refused by name: bad addresses, gateways outside, too many, mixed families', () => {
  const bad: readonly [RegExp, Partial<AddressRequest>][] = [
    [/"300.1.1.1".*an IPv4 or IPv6 address/, { addresses: ['300.1.1.1/24'] }],
    [/"192.0.2.1".*prefix length, such as 192.0.2.1\/24/, { addresses: ['192.0.2.1'] }],
    [/"192.0.2.0\/24".*name of its subnet/, { addresses: ['192.0.2.0/24'] }],
    [/"192.0.2.255\/24".*broadcast/, { addresses: ['192.0.2.255/24'] }],
    [/multicast/, { addresses: ['ff02::1/64'] }],
    [/loopback/, { addresses: ['127.0.0.1/8'] }],
    [/unspecified/, { addresses: ['::/64'] }],
    [/the subnet of 192.0.2.1 cannot be "64"/, { addresses: ['192.0.2.1'], subnets: ['64'] }],
    [/one for each of the 2 addresses/, { addresses: ['192.0.2.1', '192.0.2.2'], subnets: ['24'] }],
    [/each one once/, { addresses: ['192.0.2.1/24', '192.0.2.1/25'] }],
    [/"198.51.100.1".*in the subnet of 192.0.2.10\/24/, { addresses: ['192.0.2.10/24'], gateways: ['198.51.100.1'] }],
    [/beside an IPv6 address/, { addresses: ['192.0.2.10/24'], gateways: ['fe80::1'] }],
    [/another address than the adapter's own/, { addresses: ['192.0.2.10/24'], gateways: ['192.0.2.10'] }],
    [/the number of gateways cannot be 6: allowed is at most 5/, { addresses: ['192.0.2.10/24'], gateways: [1, 2, 3, 4, 5, 6].map((n) => `192.0.2.${n}`) }],
    [/an IPv4 address, since the protocol is IPv4 alone/, { protocol: 'ipv4', addresses: ['2001:db8::1/64'] }],
    [/an IPv6 address, since the protocol is IPv6 alone/, { protocol: 'ipv6', addresses: ['2001:db8::1/64'], dnsServers: ['192.0.2.53'] }],
    [/none with DHCP/, { dhcp: true, addresses: ['192.0.2.1/24'] }],
    [/DHCP is for IPv4/, { dhcp: true, protocol: 'ipv6' }],
  ];
  for (const [pattern, more] of bad) assert.match(complaint(more), pattern);
});

const DEFINITION = { name: 'vm', nics: [{ kind: 'bridge', mac: '52:54:00:00:00:01', bridge: 'br0' }, { kind: 'user', mac: '52:54:00:00:00:02' }] } as unknown as MachineDefinition;

test('an adapter is named by its place or its MAC address, and an unknown one is answered with those that there are', () => {
  assert.equal(adapterOf(DEFINITION, '1').nic.mac, '52:54:00:00:00:02');
  assert.equal(adapterOf(DEFINITION, '52:54:00:00:00:02').index, 1);
  assert.throws(() => adapterOf(DEFINITION, '2'), /"2"; it has 0 \(52:54:00:00:00:01\), 1/);
});

test('a chosen bridge replaces what the definition says of that adapter alone, and one address is on one adapter', () => {
  const addresses = addressesOf(request({ addresses: ['192.0.2.1/24'] }))!;
  const adapters = [{ mac: '52:54:00:00:00:02', bridge: 'br9', addresses }];
  assert.deepEqual(plugged(DEFINITION, { adapters }).nics, [DEFINITION.nics[0], { kind: 'bridge', mac: '52:54:00:00:00:02', bridge: 'br9' }]);
  assert.throws(() => checkApart(DEFINITION, { adapters: [...adapters, { mac: '52:54:00:00:00:01', addresses }] }), /each address on one adapter/);
});
