/** Setting a guest's addresses after a failover: the real engine, and a guest agent that the test plays. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault } from '../../src/errors/fault.ts';
import { addressesOf, type AddressRequest } from '../../src/machine/guestnetwork.ts';
import type { SimulatedHost } from '../../src/simulation/host.ts';
import { Pair } from '../../src/simulation/pair.ts';

const MAC = '52:54:00:00:00:01';
const MINUTE_MS = 60_000;

type Args = Readonly<Record<string, unknown>>;

/** A guest with one adapter. */
class Guest {
  addresses: string[] = ['198.51.100.7/24'];
  answersFromMs = 0;
  os: string | null = 'debian';
  exitCode = 0;
  /** The guest's own network service takes what was set away again, so many times. */
  takesAway = 0;
  /** What a DHCP server gives it; nothing but what it gives itself when there is none. */
  lease = '169.254.7.7/16';
  readonly commands: Args[] = [];
  readonly #pair: Pair;

  constructor(pair: Pair, host: SimulatedHost) {
    this.#pair = pair;
    host.hypervisor.agent = (_instanceId, command, args) => this.answer(command, args);
  }

  answer(command: string, args: Args): unknown {
    if (this.#pair.time.nowMs < this.answersFromMs) throw new Fault('agent-silent', 'nobody answers at the agent\'s port in 2 s');
    switch (command) {
      case 'guest-ping': return {};
      case 'guest-get-osinfo':
        if (this.os === null) throw new Fault('agent-refused', 'the command guest-get-osinfo has not been found');
        return { id: this.os };
      case 'guest-network-get-interfaces': return this.#interfaces();
      case 'guest-exec': return this.#run(args);
      case 'guest-exec-status': return { exited: true, exitcode: this.exitCode, 'err-data': this.exitCode === 0 ? undefined : Buffer.from('RTNETLINK answers: no\n').toString('base64') };
    }
    throw new Fault('agent-refused', command);
  }

  #interfaces() {
    const list = this.addresses.map((text) => ({ 'ip-address': text.split('/')[0], prefix: Number(text.split('/')[1]), 'ip-address-type': text.includes(':') ? 'ipv6' : 'ipv4' }));
    return [{ name: 'lo', 'hardware-address': '00:00:00:00:00:00', 'ip-addresses': [] }, { name: 'eth0', 'hardware-address': MAC.toUpperCase(), 'ip-addresses': list }];
  }

  #run(args: Args) {
    this.commands.push(args);
    const environment = Object.fromEntries(((args['env'] ?? []) as string[]).map((each) => [each.slice(0, each.indexOf('=')), each.slice(each.indexOf('=') + 1)]));
    const leased = environment['DHCP'] === 'yes' ? this.lease : '';
    if (this.exitCode === 0) this.addresses = this.takesAway-- > 0 ? [] : `${environment['ADDRESSES4']} ${environment['ADDRESSES6']} ${leased}`.trim().split(/ +/);
    return { pid: 7 };
  }
}

const STATIC: AddressRequest = { addresses: ['192.0.2.10/24', '2001:db8::10/64'], gateways: ['192.0.2.1'], dnsServers: ['192.0.2.53'] };

/** A replicates to B, which has addresses for the machine. */
async function chosen(seed: string, guestAgent = true, asked = STATIC): Promise<{ pair: Pair; guest: Guest }> {
  const pair = new Pair({ seed });
  await pair.enable();
  const definition = (host: SimulatedHost) => ({ ...host.state.machine(pair.machineId)!.definition, nics: [{ kind: 'user' as const, mac: MAC }], guestAgent });
  pair.a.state.putMachine({ ...pair.a.state.machine(pair.machineId)!, definition: definition(pair.a) });
  for (const kind of ['start', 'initial', 'cycle']) assert.equal((await pair.job(pair.a, kind)).state, 'completed');
  const addresses = addressesOf(asked)!;
  pair.b.state.putMachine({ ...pair.b.state.machine(pair.machineId)!, network: { adapters: [{ mac: MAC, addresses }] } });
  return { pair, guest: new Guest(pair, pair.b) };
}

async function failedOver(pair: Pair): Promise<void> {
  await pair.job(pair.a, 'stop', { force: true });
  assert.equal((await pair.job(pair.b, 'unplanned', { start: true, force: true })).state, 'completed');
}

const outcomeOn = (pair: Pair) => pair.b.state.machine(pair.machineId)!.network!.outcome;
const jobOn = (pair: Pair) => pair.b.state.jobs().find(({ kind }) => kind === 'network');

test('after a failover the guest gets its addresses, once its agent answers, and how it went is recorded and told', async () => {
  const { pair, guest } = await chosen('addresses');
  guest.answersFromMs = pair.time.nowMs + 2 * MINUTE_MS;
  await failedOver(pair);
  assert.equal(outcomeOn(pair)?.state, 'waiting', 'the failover did not wait for it');
  await pair.pass(3 * MINUTE_MS);
  assert.deepEqual(guest.addresses, ['192.0.2.10/24', '2001:db8::10/64']);
  assert.deepEqual([outcomeOn(pair)?.state, jobOn(pair)?.state], ['applied', 'completed']);
  assert.ok(pair.b.state.events(null, 100).some(({ message, severity }) => severity === 'information' && /has its addresses for B/.test(message)));
});

test('by DHCP the guest asks for its IPv4 address, beside its own IPv6 ones, and without an answer the setting fails and says so', async () => {
  const { pair, guest } = await chosen('dhcp', true, { ...STATIC, dhcp: true, addresses: ['2001:db8::10/64'], gateways: [] });
  await failedOver(pair);
  await pair.pass(2 * MINUTE_MS);
  assert.equal(outcomeOn(pair)?.state, 'failed');
  assert.match(outcomeOn(pair)!.message, /an IPv4 address by DHCP/);
  guest.lease = '203.0.113.20/24';
  assert.equal((await pair.job(pair.b, 'network')).state, 'completed');
  assert.deepEqual([outcomeOn(pair)?.state, guest.addresses], ['applied', ['2001:db8::10/64', '203.0.113.20/24']]);
  assert.match(String((guest.commands.at(-1)!['env'] as string[]).find((each) => each.startsWith('NETWORKD='))), /\nDHCP=ipv4\nAddress=2001:db8::10\/64\nDNS=192\.0\.2\.53$/);
});

test('an agent that never answers fails the setting of the addresses in time, not the failover, and says what to do', async () => {
  const { pair, guest } = await chosen('silent');
  guest.answersFromMs = Infinity;
  await failedOver(pair);
  await pair.pass(6 * MINUTE_MS);
  assert.deepEqual([outcomeOn(pair)?.state, jobOn(pair)?.error?.code, pair.relationshipOn(pair.b)!.state, pair.isRunning(pair.b)], ['failed', 'agent-silent', 5, true]);
  assert.match(outcomeOn(pair)!.hint, /qemu-guest-agent/);
});

test('a machine without an agent\'s port is told at once, and a command that fails in the guest with what it said', async () => {
  const without = await chosen('no-port', false);
  await failedOver(without.pair);
  await without.pair.pass(1_000);
  assert.match(outcomeOn(without.pair)!.message, /guestAgent = false/);
  const { pair, guest } = await chosen('failing');
  guest.exitCode = 2;
  await failedOver(pair);
  await pair.pass(MINUTE_MS);
  assert.match(outcomeOn(pair)!.message, /failed for eth0 .* with 2: RTNETLINK answers: no/);
  guest.exitCode = 0;
  assert.equal((await pair.job(pair.b, 'network')).state, 'completed');
  assert.equal(outcomeOn(pair)?.state, 'applied');
});

test('addresses that the guest takes away while it boots are set again, and not for ever', async () => {
  const { pair, guest } = await chosen('takes-away');
  guest.takesAway = 1;
  await failedOver(pair);
  await pair.pass(2 * MINUTE_MS);
  assert.deepEqual([outcomeOn(pair)?.state, guest.commands.length], ['applied', 2]);
  guest.takesAway = 99;
  assert.match((await pair.job(pair.b, 'network')).error!.message, /does not keep 192\.0\.2\.10\/24/);
});

test('a daemon that dies while the guest boots goes on with it, and the guest gets the addresses at its next start and reboot too, not at home', async () => {
  const { pair, guest } = await chosen('dies');
  guest.answersFromMs = pair.time.nowMs + 2 * MINUTE_MS;
  await failedOver(pair);
  pair.b.kill();
  await pair.pass(1_000);
  pair.b.boot();
  await pair.pass(3 * MINUTE_MS);
  assert.equal(outcomeOn(pair)?.state, 'applied');
  await pair.job(pair.b, 'stop', { force: true });
  guest.addresses = ['198.51.100.7/24'];
  await pair.job(pair.b, 'start');
  await pair.pass(MINUTE_MS);
  assert.deepEqual(guest.addresses, ['192.0.2.10/24', '2001:db8::10/64']);
  guest.addresses = ['198.51.100.7/24'];
  pair.b.hypervisor.reboot(pair.machineId);
  await pair.pass(MINUTE_MS);
  assert.deepEqual(guest.addresses, ['192.0.2.10/24', '2001:db8::10/64'], 'after a reboot from within');
  const home = new Guest(pair, pair.a);
  await pair.job(pair.b, 'revert');
  await pair.pass(MINUTE_MS);
  assert.equal((await pair.job(pair.a, 'start')).state, 'completed');
  await pair.pass(MINUTE_MS);
  assert.deepEqual(home.commands, []);
});

test('a Windows guest is told by netsh', async () => {
  const { pair, guest } = await chosen('windows');
  guest.os = 'mswindows';
  guest.addresses = ['192.0.2.10/24', '2001:db8::10/64'];
  guest.takesAway = -1;
  pair.b.hypervisor.agent = (_id, command, args) => (command === 'guest-exec' ? (guest.commands.push(args), { pid: 1 }) : guest.answer(command, args));
  await failedOver(pair);
  await pair.pass(MINUTE_MS);
  assert.deepEqual(guest.commands.map(({ arg }) => (arg as string[]).slice(1, 4).join(' ')), ['ipv4 set address', 'ipv6 add address', 'ipv4 add route', 'ipv4 set dnsservers']);
  assert.equal(outcomeOn(pair)?.state, 'applied');
});

test('a test failover\'s copy gets the addresses too, on its test network alone, and its machine is not touched', async () => {
  const { pair, guest } = await chosen('rehearsed');
  assert.equal((await pair.job(pair.b, 'test', { start: true })).state, 'completed');
  await pair.pass(MINUTE_MS);
  const copy = pair.b.hypervisor.live.find(({ spec }) => spec.instanceId !== pair.machineId)!;
  assert.deepEqual([copy.spec.isolated, copy.spec.testBridges, guest.addresses], [true, {}, ['192.0.2.10/24', '2001:db8::10/64']]);
  assert.equal(outcomeOn(pair), undefined);
  assert.equal((await pair.job(pair.b, 'testEnd')).state, 'completed');
});
