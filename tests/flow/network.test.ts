import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { EventView, FailoverNetworkView, JobView } from '../../src/service/views.ts';
import { Pair } from './pair.ts';
import { until, type TestHost } from './testhost.ts';

const NICS = '\n[[nics]]\nkind = "user"\n\n[[nics]]\nkind = "none"\n';
let pair: Pair;

before(async () => {
  pair = await Pair.open();
  await pair.protect({ rate: 5, agent: true, more: NICS }, {}, '--history', '4');
});
after(() => pair.close());

const network = (host: TestHost) => host.get<FailoverNetworkView>('/api/machines/web1/network');

/** The guest of the machine on that host finds this among its addresses and routes. */
async function finds(host: TestHost, patterns: readonly string[], name = 'web1'): Promise<void> {
  const guest = await host.console(name);
  for (const pattern of patterns) assert.equal((await guest.run(`(ip addr; ip route; ip -6 route; cat /etc/resolv.conf) | awk '/${pattern.replaceAll('/', '\\/')}/ { found = 1 } END { exit !found }'`)).status, 0, pattern);
}

const SET = ['inet 192.0.2.10/24', 'inet6 2001:db8::10/64', 'default via 192.0.2.1 dev eth0', 'default via fe80::1 dev eth0', 'nameserver 192.0.2.53'];

test('what the guest cannot have is refused by name, and nothing is kept of it', async () => {
  const refused = async (why: RegExp, ...args: string[]) => {
    const { message, exitCode } = await pair.b.fails('network', ...args);
    assert.match(message, why);
    assert.ok(exitCode === 36 || exitCode === 4 || exitCode === 49, String(exitCode));
  };
  await refused(/in the subnet of 192.0.2.10\/24/, 'set', 'web1', '0', '--ip', '192.0.2.10/24', '--gateway', '198.51.100.1');
  await refused(/no network adapter "7"/, 'set', 'web1', '7', '--dhcp');
  await refused(/no bridge "br-none"/, 'set', 'web1', '0', '--test-bridge', 'br-none');
  assert.equal((await network(pair.b)).adapters[0]!.addresses, null);
});

test('a test failover\'s copy gets the addresses that a failover would give, though it reaches nothing, and its time is shown', async () => {
  await pair.b.run('network', 'set', 'web1', '0', '--ip', '192.0.2.10/24', '--ip', '2001:db8::10/64', '--gateway', '192.0.2.1,fe80::1', '--dns', '192.0.2.53');
  await pair.b.job('test', 'web1');
  const copy = await pair.b.get<FailoverNetworkView>('/api/machines/web1%20-%20Test/network');
  assert.equal(copy.adapters[0]!.addresses?.addresses[0], '192.0.2.10/24');
  await until('the copy has its addresses', async () => {
    const { outcome } = await pair.b.get<FailoverNetworkView>('/api/machines/web1%20-%20Test/network');
    assert.notEqual(outcome?.state, 'failed', outcome?.message);
    return outcome?.state === 'applied' ? true : undefined;
  }, 60_000);
  await finds(pair.b, SET.slice(0, 2), 'web1 - Test');
  assert.equal((await pair.b.relationship()).state, 3);
  await pair.b.run('test-end', 'web1');
  assert.ok((await pair.b.relationship()).lastTestAtMs! > Date.now() - 300_000);
});

test('after a failover the guest has its addresses, gateways and DNS servers, which were checked in it, and the failover commits itself when told to', async () => {
  await pair.a.run('vm', 'stop', 'web1', '--force', '--yes');
  await pair.b.run('failover', 'web1', '--unplanned', '--force', '--yes', '--commit-after', '2h');
  const job = await until('the addresses\' job has ended', async () => (await pair.b.get<JobView[]>('/api/jobs')).find(({ kind, state, machine }) => kind === 'network' && machine === 'web1' && state !== 'running'), 60_000);
  assert.equal(job.state, 'completed', job.error?.message);
  await finds(pair.b, SET);
  assert.equal((await network(pair.b)).outcome?.state, 'applied');
  assert.ok((await pair.b.get<EventView[]>('/api/events')).some(({ message }) => /has its addresses for host-b/.test(message)));
  const { commitsAtMs } = await pair.b.relationship();
  assert.ok(commitsAtMs! > Date.now() + 3_600_000);
  assert.match((await pair.b.cli('status')).stdout, /the failover commits itself/);
  await pair.b.run('commit-after', 'web1', 'never');
  assert.equal((await pair.b.relationship()).commitsAtMs, null);
});
