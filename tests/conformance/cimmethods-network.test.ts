/** Failover network adapters over CIM: read, changed as text, refused by name, read back. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { instancePath } from '../../src/providers/objectpaths.ts';
import { CimBench, OPERATOR, VIEWER } from './cimbench.ts';

const MACS = ['52:54:00:00:00:01', '52:54:00:00:00:02'];

async function bench(seed: string) {
  const cim = await CimBench.enabled(seed);
  const { b, pair } = cim;
  const machine = b.simulated.state.machine(pair.machineId)!;
  b.simulated.state.putMachine({ ...machine, definition: { ...machine.definition, nics: MACS.map((mac) => ({ kind: 'user', mac })) } });
  const path = (index: number) => instancePath('Msvm_FailoverNetworkAdapterSettingData', pair.machineId, index);
  const set = (...texts: string[]) => cim.call(b, 'SetFailoverNetworkAdapterSettings', { NetworkSettings: texts });
  const mof = (index: number, properties: string) => `instance of Msvm_FailoverNetworkAdapterSettingData { InstanceID = "${String(path(index).keys.get('InstanceID')).replaceAll('\\', '\\\\')}"; ${properties} };`;
  return { cim, b, path, set, mof, adapters: () => b.simulated.state.machine(pair.machineId)!.network?.adapters ?? [] };
}

test('an adapter\'s addresses are set as they are read, with masks and prefix lengths, and cleared by the settings of one that has none', async () => {
  const { cim, b, path, set, mof, adapters } = await bench('network');
  const empty = await cim.text(b, path(0));
  const { ProtocolIFType, DHCPEnabled, IPAddresses } = await cim.get(b, path(0));
  assert.deepEqual([ProtocolIFType, DHCPEnabled, IPAddresses], [4_098, false, []]);
  assert.equal((await set(mof(0, 'ProtocolIFType = 4098; IPAddresses = {"192.0.2.10", "2001:db8::10"}; Subnets = {"255.255.255.0", "64"}; DefaultGateways = {"192.0.2.1", "fe80::1"}; DNSServers = {"192.0.2.53"};'), mof(1, 'ProtocolIFType = 4096; DHCPEnabled = true;'))).returnValue, 0);
  assert.deepEqual(adapters().map(({ mac, addresses }) => [mac, addresses?.protocol, addresses?.dhcp, addresses?.gateways]), [[MACS[0], 'both', false, ['192.0.2.1', 'fe80::1']], [MACS[1], 'ipv4', true, []]]);
  const text = await cim.text(b, path(0));
  const { IPAddresses: found, Subnets } = await cim.get(b, path(0));
  assert.deepEqual([found, Subnets], [['192.0.2.10', '2001:db8::10'], ['255.255.255.0', '/64']]);
  const before = adapters();
  assert.equal((await set(text)).returnValue, 0);
  assert.deepEqual(adapters().toSorted((one, other) => one.mac.localeCompare(other.mac)), before);
  assert.equal((await set(empty)).returnValue, 0);
  assert.deepEqual(adapters().map(({ mac }) => mac), [MACS[1]]);
});

test('what cannot be is answered with 32773 and its name, and then none of the adapters is changed', async () => {
  const { cim, b, set, mof, adapters } = await bench('network-bad');
  const good = mof(1, 'DHCPEnabled = true;');
  const bad: readonly [RegExp, string][] = [
    [/ProtocolIFType cannot be 7: allowed is 0 \(unknown\).*4098/, mof(0, 'ProtocolIFType = 7;')],
    [/"300.1.1.1"/, mof(0, 'IPAddresses = {"300.1.1.1"}; Subnets = {"255.0.0.0"};')],
    [/one for each of the 1 addresses/, mof(0, 'IPAddresses = {"192.0.2.1"};')],
    [/IPv6 alone/, mof(0, 'ProtocolIFType = 4097; IPAddresses = {"192.0.2.1"}; Subnets = {"24"};')],
    [/at most 5/, mof(0, `IPAddresses = {"192.0.2.1"}; Subnets = {"24"}; DefaultGateways = {${[2, 3, 4, 5, 6, 7].map((n) => `"192.0.2.${n}"`).join(', ')}};`)],
    [/InstanceID cannot be .*Nic\\9/, mof(9, 'DHCPEnabled = true;')],
  ];
  for (const [why, text] of bad) await cim.fails(b, set(good, text), 32_773, why);
  await cim.fails(b, set(), 32_773, /NetworkSettings cannot be/);
  await cim.fails(b, cim.call(b, 'SetFailoverNetworkAdapterSettings', { NetworkSettings: [good] }, VIEWER), 32_769, /role/);
  await cim.fails(b, cim.call(b, 'SetFailoverNetworkAdapterSettings', { NetworkSettings: [good] }, OPERATOR), 32_769, /role/);
  assert.deepEqual(adapters(), []);
});

test('an adapter\'s test network is told as TestReplicaSwitchName', async () => {
  const { cim, b } = await bench('network-test');
  const { machineId } = cim.pair;
  const machine = b.simulated.state.machine(machineId)!;
  b.simulated.state.putMachine({ ...machine, network: { adapters: [{ mac: MACS[1]!, testBridge: 'br-test' }] } });
  const switches = await Promise.all([0, 1].map(async (index) => (await cim.get(b, instancePath('Msvm_EthernetPortAllocationSettingData', machineId, index)))['TestReplicaSwitchName']));
  assert.deepEqual(switches, [null, 'br-test']);
});
