/** understudy network: what a machine's adapters are like on this host once it has failed over to it. */
import type { Command } from 'commander';
import { Option } from 'commander';
import { Failure } from '../client/failure.ts';
import type { View } from '../client/operation.ts';
import { followed, NO_WAIT } from './follow.ts';
import { heads, t } from './language.ts';
import { coloured, table } from './output.ts';
import { act, type Run } from './run.ts';
import { ago, printable } from './words.ts';

interface SetOptions {
  readonly ip?: string[];
  readonly gateway?: string[];
  readonly dns?: string[];
  readonly dhcp?: boolean;
  readonly protocol?: View<'FailoverAddresses'>['protocol'];
  readonly bridge?: string;
  readonly testBridge?: string;
}

interface ClearOptions {
  readonly addresses?: boolean;
  readonly bridge?: boolean;
  readonly testBridge?: boolean;
}

function addressText(addresses: View<'FailoverAddresses'> | null): string {
  if (!addresses) return '-';
  const { addresses: own, gateways, dnsServers } = addresses;
  return [
    ...(addresses.dhcp ? ['DHCP'] : []),
    ...(own.length > 0 ? [own.join(', ')] : []),
    ...(gateways.length > 0 ? [t('gateway {address}', { address: gateways.join(', ') })] : []),
    ...(dnsServers.length > 0 ? [t('DNS {address}', { address: dnsServers.join(', ') })] : []),
  ].join('; ');
}

const OUTCOME_COLOURS = { waiting: 'yellow', applied: 'green', failed: 'red' } as const;
const OUTCOME_WORDS = { waiting: t('waiting'), applied: t('applied'), failed: t('failed') } as const;

function networkText({ machine, adapters, guestAgent, hasArrived, outcome }: View<'FailoverNetwork'>): string {
  if (adapters.length === 0) return printable(t('{machine} has no network adapter.', { machine }));
  const rows = adapters.map(({ index, mac, network, bridge, testBridge, addresses }) => [String(index), mac, bridge === null ? network : t('{bridge} (instead of {network})', { bridge, network }), testBridge ?? t('isolated'), addressText(addresses)]);
  const lines = [table(heads('ADAPTER', 'MAC', 'NETWORK', 'TEST NETWORK', 'ADDRESSES'), rows)];
  if (!guestAgent && adapters.some(({ addresses }) => addresses !== null)) lines.push(printable(t('{machine} has no guest agent (guestAgent = false in its definition): the addresses cannot be set.', { machine })));
  if (outcome) lines.push(`${coloured(OUTCOME_COLOURS[outcome.state], OUTCOME_WORDS[outcome.state])}: ${printable(outcome.message)} (${ago(outcome.atMs)})${outcome.hint === '' ? '' : `\n  ${t('hint: {hint}', { hint: printable(outcome.hint) })}`}`);
  else if (hasArrived) lines.push(printable(t('{machine} runs on this host after a failover: its guest gets the addresses when it starts, or by: understudy network apply {machine}.', { machine })));
  return lines.join('\n');
}

const shown = (run: Run, network: View<'FailoverNetwork'>): void => run.out.result(network, () => networkText(network));

async function show(run: Run, machine: string): Promise<void> {
  shown(run, await run.api.get('/api/machines/{machine}/network', { path: { machine } }));
}

function addressesIn({ ip, gateway, dns, dhcp, protocol }: SetOptions): View<'NetworkChange'>['addresses'] {
  if ([ip, gateway, dns, dhcp, protocol].every((each) => each === undefined)) return undefined;
  return { addresses: ip ?? [], gateways: gateway ?? [], dnsServers: dns ?? [], ...(dhcp !== undefined && { dhcp }), ...(protocol !== undefined && { protocol }) };
}

async function set(run: Run, machine: string, adapter: string, options: SetOptions): Promise<void> {
  const addresses = addressesIn(options);
  const { bridge, testBridge } = options;
  const change = { ...(addresses && { addresses }), ...(bridge !== undefined && { bridge }), ...(testBridge !== undefined && { testBridge }) };
  if (Object.keys(change).length === 0) throw new Failure('usage', t('nothing is to be set'), t('Give addresses (--ip, --dhcp), --bridge or --test-bridge; understudy network clear takes them away.'));
  shown(run, await run.api.patch('/api/machines/{machine}/network/{adapter}', { path: { machine, adapter }, body: change }));
}

/** Without options, everything. */
async function clear(run: Run, machine: string, adapter: string, { addresses, bridge, testBridge }: ClearOptions): Promise<void> {
  const all = !addresses && !bridge && !testBridge;
  const change = { ...((all || addresses) && { addresses: null }), ...((all || bridge) && { bridge: null }), ...((all || testBridge) && { testBridge: null }) };
  shown(run, await run.api.patch('/api/machines/{machine}/network/{adapter}', { path: { machine, adapter }, body: change }));
}

async function apply(run: Run, machine: string, options: { wait: boolean }): Promise<void> {
  await followed(run, await run.api.post('/api/machines/{machine}/network/apply', { path: { machine } }), options);
}

const collected = (text: string, before: string[] = []): string[] => [...before, ...text.split(',').map((each) => each.trim())];
const ADAPTER = 'its place in the definition, from 0, or its MAC address';

export function networkCommands(program: Command): void {
  const network = program.command('network').description('addresses, bridges and test networks of a machine on this host, for when it fails over to it');
  network.command('show').argument('<machine>').description('the adapters, and how setting the addresses went').action(act(show));
  network
    .command('set')
    .argument('<machine>')
    .argument('<adapter>', ADAPTER)
    .description('what the adapter is like after a failover to this host; given addresses replace those before')
    .option('--ip <address/prefix>', 'IPv4 or IPv6 address with its prefix length or mask; can be given again', collected)
    .option('--gateway <address>', 'can be given again, up to 5', collected)
    .option('--dns <address>', 'DNS server; can be given again', collected)
    .option('--dhcp', 'IPv4 addresses come from a DHCP server')
    .addOption(new Option('--protocol <family>', 'which addresses are set').choices(['ipv4', 'ipv6', 'both', 'other', 'unknown']))
    .option('--bridge <bridge>', 'bridge of this host, in place of what the definition says')
    .option('--test-bridge <bridge>', 'bridge of this host for test failovers')
    .action(act(set));
  network
    .command('clear')
    .argument('<machine>')
    .argument('<adapter>', ADAPTER)
    .description('the adapter is as it is defined; without options, in everything')
    .option('--addresses', 'only the addresses')
    .option('--bridge', 'only the bridge')
    .option('--test-bridge', 'only the test network')
    .action(act(clear));
  network.command('apply').argument('<machine>').description('set the addresses in the running guest now').option(...NO_WAIT).action(act(apply));
}
