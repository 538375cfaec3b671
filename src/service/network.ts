/** Use cases of a machine's failover network: what its adapters are like on this host once it has failed over to it. */
import { ADDRESSING_JOB } from '../engine/network/addressing.ts';
import { definitionHere } from '../engine/spec.ts';
import { Fault } from '../errors/fault.ts';
import { Refused, refuse } from '../errors/refusal.ts';
import { adapterOf, addressed, addressesOf, checkApart, choiceFor, type AdapterChoice, type AddressRequest, type GuestAddresses, type GuestNetwork } from '../machine/guestnetwork.ts';
import type { MachineDefinition, NicDefinition } from '../machine/definition.ts';
import type { Machine } from '../machine/records.ts';
import { audited, machineNamed, type Context } from './context.ts';
import type { Operations } from './operations.ts';
import { jobView } from './presenting.ts';
import type { Caller } from './accessviews.ts';
import type { FailoverNetworkView, FailoverAddressesView } from './views.ts';
import { inLanguage } from '../language/domain.ts';
import { saidOf, say } from '../language/text.ts';

type NetworkOperations = Pick<Operations, 'networkShow' | 'networkChange' | 'networkApply'>;

export interface AdapterChange {
  /** Its place in the definition, from 0, or its MAC address. */
  readonly adapter: string;
  /** Null clears; absent leaves as it is. */
  readonly addresses?: AddressRequest | null | undefined;
  readonly bridge?: string | null | undefined;
  readonly testBridge?: string | null | undefined;
}

export function networkOperations(context: Context): NetworkOperations {
  return {
    networkShow: (caller, machine) => audited(context, caller, 'viewer', 'network show', machine, (context) => networkView(context, machineNamed(context, machine))),
    networkChange: async (caller, machine, adapter, change) => {
      await changeAdapters(context, caller, machine, [{ adapter, ...change }]);
      return networkView(context, machineNamed(context, machine));
    },
    networkApply: (caller, machine) => audited(context, caller, 'operator', 'network apply', machine, async (context) => jobView(context, await apply(context, caller, machineNamed(context, machine)))),
  };
}

/** All changes are made, or none. Fault settings-invalid, adapter-unknown or bridge-missing says which one cannot be. */
export function changeAdapters(context: Context, caller: Caller, machine: string, changes: readonly AdapterChange[]): Promise<void> {
  return audited(context, caller, 'operator', 'network set', machine, async (context) => {
    const { host } = context.engine;
    const { bridges } = await host.hypervisor.capabilities();
    const { id, name, copyOf } = machineNamed(context, machine);
    if (copyOf !== null) throw new Refused(refuse(say('{name} is a test failover\'s copy: it has the network of its machine, as that was when the test began', { name }), ['test-end']));
    host.state.transaction(() => {
      const before = host.state.machine(id)!;
      const network = changes.reduce((sum, change) => withChange(before.definition, sum, change, bridges), before.network ?? { adapters: [] });
      checkApart(before.definition, network);
      host.state.putMachine({ ...before, network });
    });
    host.changed('machine', id);
  });
}

function withChange(definition: MachineDefinition, network: GuestNetwork, change: AdapterChange, bridges: readonly string[]): GuestNetwork {
  const { nic } = adapterOf(definition, change.adapter);
  const present = definition.nics.map(({ mac }) => mac);
  const choice = changedChoice(nic, choiceFor(network, nic.mac), change);
  for (const bridge of [change.bridge, change.testBridge]) if (bridge && !bridges.includes(bridge)) throw new Fault('bridge-missing', say('there is no bridge "{bridge}" on this host', { bridge }));
  // What is kept of adapters that are gone goes with them.
  const others = network.adapters.filter(({ mac }) => mac !== nic.mac && present.includes(mac));
  const outcome = change.addresses === undefined ? (network.outcome ?? null) : null;
  return { ...network, outcome, adapters: Object.keys(choice).length > 1 ? [...others, choice] : others };
}

function changedChoice({ mac, bridge: own }: NicDefinition, before: AdapterChoice | undefined, { addresses, bridge, testBridge }: AdapterChange): AdapterChoice {
  const pick = <T>(asked: T | null | undefined, kept: T | undefined): T | undefined => (asked === undefined ? kept : (asked ?? undefined));
  const next = {
    addresses: pick(addresses && addressesOf(addresses), before?.addresses),
    bridge: pick(bridge, before?.bridge),
    testBridge: pick(testBridge, before?.testBridge),
  };
  if (next.testBridge !== undefined && next.testBridge === (next.bridge ?? own)) {
    throw new Fault('settings-invalid', say('the test network of {mac} cannot be "{testBridge}": allowed is a bridge that the adapter itself is not on, since a test failover\'s copy has its MAC and IP addresses', { mac, testBridge: next.testBridge }));
  }
  return { mac, ...Object.fromEntries(Object.entries(next).filter(([, value]) => value !== undefined)) };
}

async function apply(context: Context, caller: Caller, machine: Machine) {
  const { engine } = context;
  const definition = definitionHere(machine, engine.host.state.relationshipOf(machine.id), machine.definition);
  if (!machine.network?.hasArrived) throw new Refused(refuse(say('{machine} has not failed over to {host}: its guest has the addresses that it has at home', { machine: machine.name, host: engine.host.hostName }), ['network set']));
  if (addressed(definition, machine.network).length === 0) throw new Refused(refuse(say('no addresses are chosen for {machine} on {host}', { machine: machine.name, host: engine.host.hostName }), ['network set']));
  if ((await engine.host.hypervisor.power(machine.id)) === 'off') throw new Refused(refuse(say('{machine} is off: its guest gets the addresses when it starts', { machine: machine.name }), ['vm start']));
  const underWay = engine.jobs.running().find((job) => job.kind === ADDRESSING_JOB && job.machineId === machine.id);
  return underWay ?? engine.jobs.start(ADDRESSING_JOB, machine.id, {}, caller.name);
}

const addressesView = ({ protocol, dhcp, addresses, gateways, dnsServers }: GuestAddresses): FailoverAddressesView => ({
  protocol, dhcp, addresses: addresses.map(({ address, prefix }) => `${address}/${prefix}`), gateways: [...gateways], dnsServers: [...dnsServers],
});

function networkView({ engine, language }: Context, machine: Machine): FailoverNetworkView {
  const { definition, network } = machine;
  const overrides = engine.host.state.relationshipOf(machine.id)?.overrides.bridges ?? {};
  return {
    machineId: machine.id,
    machine: machine.name,
    guestAgent: definition.guestAgent,
    hasArrived: network?.hasArrived ?? false,
    adapters: definition.nics.map(({ mac, kind, bridge }, index) => {
      const choice = choiceFor(network, mac);
      return {
        index, mac,
        network: kind === 'bridge' ? (overrides[bridge!] ?? bridge!) : kind,
        bridge: choice?.bridge ?? null,
        testBridge: choice?.testBridge ?? null,
        addresses: choice?.addresses ? addressesView(choice.addresses) : null,
      };
    }),
    outcome: network?.outcome ? { state: network.outcome.state, atMs: network.outcome.atMs, message: inLanguage(saidOf(network.outcome), language), hint: inLanguage(network.outcome.hint, language) } : null,
  };
}
