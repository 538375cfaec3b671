/** What a machine's adapters are like on this host once it has failed over to it. */
import { t } from '../language.ts';
import { isTicked, namesIn, textIn, type Field, type Values } from './field.ts';
import { machinePath, type Operation, type Situation } from './operation.ts';

const MOST_ADDRESSES = 64;
const MOST_GATEWAYS = 5;
const BRIDGE_CHARACTERS = 15;
const name = ({ machine }: Situation): string => machine.name;
const words = (situation: Situation) => ({ machine: name(situation), host: situation.host });
const hasAdapters = ({ machine, network }: Situation): boolean => machine.role !== 'test' && (network?.adapters.length ?? 0) > 0;

/** The form begins with what the first adapter has. */
const adapterField = ({ network }: Situation): Field => ({
  kind: 'choice', name: 'adapter', label: t('Adapter'), initial: network?.adapters[0]?.mac ?? '', isNeeded: true,
  choices: (network?.adapters ?? []).map(({ index, mac, network: plugged }) => ({ value: mac, label: t('{index}: {mac}, {network}', { index, mac, network: plugged }) })),
});

const addressing = (values: Values): boolean => values['addressing'] === 'set';

function addressesIn(values: Values): object | null | undefined {
  if (values['addressing'] === 'clear') return null;
  if (!addressing(values)) return undefined;
  return { protocol: textIn(values, 'protocol'), dhcp: isTicked(values, 'dhcp'), addresses: namesIn(values, 'addresses') ?? [], gateways: namesIn(values, 'gateways') ?? [], dnsServers: namesIn(values, 'dnsServers') ?? [] };
}

const bridgeIn = (values: Values, choice: string, bridge: string): string | null | undefined => (values[choice] === 'set' ? textIn(values, bridge) : values[choice] === 'clear' ? null : undefined);

const keepOr = (what: string, clear: string, set: string, fieldName: string): Field => ({
  kind: 'choice', name: fieldName, label: what, initial: 'keep', choices: [{ value: 'keep', label: t('Leave as it is') }, { value: 'set', label: set }, { value: 'clear', label: clear }],
});
const bridgeField = (fieldName: string, choice: string): Field => ({ kind: 'line', name: fieldName, label: t('Bridge'), longest: BRIDGE_CHARACTERS, initial: '', isNeeded: true, isAsked: (values) => values[choice] === 'set' });

const change: Operation = {
  id: 'network-set', family: 'network', command: 'network set', api: ['networkChange'], danger: () => 'caution', answer: 'done',
  isOffered: hasAdapters,
  title: () => t('Change the failover network'),
  fields: (situation) => [
    adapterField(situation),
    keepOr(t('Addresses in the guest'), t('Those that the guest has by itself'), t('Set these'), 'addressing'),
    { kind: 'tick', name: 'dhcp', label: t('IPv4 addresses come from a DHCP server'), initial: false, isAsked: addressing },
    { kind: 'lines', name: 'addresses', label: t('Addresses, each with its prefix length, one a line'), hint: t('Such as 192.0.2.10/24'), most: MOST_ADDRESSES, initial: '', isAsked: addressing },
    { kind: 'lines', name: 'gateways', label: t('Gateways, one a line'), most: MOST_GATEWAYS, initial: '', isAsked: addressing },
    { kind: 'lines', name: 'dnsServers', label: t('DNS servers, one a line'), most: MOST_ADDRESSES, initial: '', isAsked: addressing },
    { kind: 'choice', name: 'protocol', label: t('Which addresses are set'), initial: 'both', isAsked: addressing, isSeldom: true, choices: [{ value: 'both', label: t('IPv4 and IPv6') }, { value: 'ipv4', label: 'IPv4' }, { value: 'ipv6', label: 'IPv6' }, { value: 'unknown', label: t('Not said') }, { value: 'other', label: t('Other') }] },
    keepOr(t('Bridge after a failover'), t('As the definition says'), t('This one'), 'bridging'),
    bridgeField('bridge', 'bridging'),
    keepOr(t('Test network'), t('None: a test failover\'s copy reaches nothing'), t('This one'), 'testing'),
    bridgeField('testBridge', 'testing'),
  ],
  happens: (situation) => [t('When {machine} has failed over to {host}, this adapter is like that. It changes nothing before.', words(situation))],
  request: (situation, values) => {
    const [addresses, bridge, testBridge] = [addressesIn(values), bridgeIn(values, 'bridging', 'bridge'), bridgeIn(values, 'testing', 'testBridge')];
    return { method: 'PATCH', path: machinePath(situation, `/network/${encodeURIComponent(textIn(values, 'adapter') ?? '')}`), body: { ...(addresses !== undefined && { addresses }), ...(bridge !== undefined && { bridge }), ...(testBridge !== undefined && { testBridge }) } };
  },
};

const clear: Operation = {
  id: 'network-clear', family: 'network', command: 'network clear', api: ['networkChange'], danger: () => 'caution', answer: 'done',
  isOffered: ({ network }) => network?.adapters.some(({ addresses, bridge, testBridge }) => addresses !== null || bridge !== null || testBridge !== null) === true,
  title: () => t('Clear the failover network of an adapter'),
  fields: (situation) => [adapterField(situation)],
  happens: (situation) => [t('The adapter is as it is defined: after a failover of {machine} to {host} it has no addresses of its own, no other bridge, and no test network.', words(situation))],
  request: (situation, values) => ({ method: 'PATCH', path: machinePath(situation, `/network/${encodeURIComponent(textIn(values, 'adapter') ?? '')}`), body: { addresses: null, bridge: null, testBridge: null } }),
};

const apply: Operation = {
  id: 'network-apply', family: 'network', command: 'network apply', api: ['networkApply'], danger: () => 'caution', answer: 'job',
  isOffered: ({ machine, network }) => network?.hasArrived === true && machine.power === 'running' && network.adapters.some(({ addresses }) => addresses !== null),
  title: () => t('Set the addresses now'),
  happens: (situation) => [t('The guest of {machine} gets the addresses that were chosen for {host}, through its agent, and they are checked in it. Connections to its present addresses break.', words(situation))],
  request: (situation) => ({ method: 'POST', path: machinePath(situation, '/network/apply') }),
};

export const NETWORK: readonly Operation[] = [change, clear, apply];
