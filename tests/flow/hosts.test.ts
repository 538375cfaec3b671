import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, before, test } from 'node:test';
import type { AuthorizationView, HostView, OverviewView } from '../../src/service/views.ts';
import { Pair } from './pair.ts';
import { TestHost, until } from './testhost.ts';

let pair: Pair;

before(async () => {
  pair = await Pair.open();
  await pair.define({ name: 'quiet1' });
  await pair.enable('quiet1');
  await pair.a.run('start-replication', 'quiet1');
});
after(() => pair.close());

const peerOf = async (host: TestHost): Promise<HostView> => (await host.get<HostView[]>('/api/hosts')).find(({ self }) => !self)!;
const inContact = (host: TestHost) => until(`${host.name} is in contact`, async () => ((await peerOf(host)).connected ? true : undefined), 20_000, () => peerOf(host));

test('an invitation works once, and is for the address that the peer port is bound to', async () => {
  assert.equal((await pair.a.get<HostView[]>('/api/hosts')).find(({ self }) => self)!.address, pair.a.peerAddress);
  assert.equal((await pair.a.fails('host', 'invite', '--storage', 'relative/place')).code, 'settings-invalid');
  const { invitation } = await pair.a.run<{ invitation: string }>('host', 'invite');
  const others = ['host-c', 'host-d'].map((name, index) => new TestHost({ name, directory: `${pair.directory}/${name}`, portOffset: pair.a.portOffset + 10 * (index + 1) }));
  try {
    await Promise.all(others.map((host) => host.start()));
    await others[0]!.run('host', 'join', invitation, '--address', others[0]!.peerAddress);
    const refused = await others[1]!.fails('host', 'join', invitation, '--address', others[1]!.peerAddress);
    assert.equal(refused.code, 'invitation-invalid');
    assert.match(refused.hint, /host invite/);
    assert.deepEqual((await pair.a.get<HostView[]>('/api/hosts')).map(({ name }) => name).sort(), ['host-a', 'host-b', 'host-c']);
    await pair.a.run('host', 'remove', 'host-c', '--yes');
  } finally {
    await Promise.all(others.map((host) => host.end()));
  }
});

test('the overview has the machines of both hosts, hears of a change there at once, and says when it hears nothing', async () => {
  const overview = () => pair.b.get<OverviewView>('/api/overview');
  const sidesOf = ({ machines }: OverviewView, name: string) => machines.find((machine) => machine.name === name)?.sides.map(({ host, role, isCurrent }) => `${host} ${role} ${isCurrent ? 'now' : 'earlier'}`);
  await inContact(pair.b);
  assert.deepEqual(sidesOf(await pair.b.run<OverviewView>('status', '--all-hosts'), 'quiet1'), ['host-a primary now', 'host-b replica now']);
  await pair.define({ name: 'alone1' });
  const seen = await until('the new machine is in the overview', async () => (await overview()).machines.find(({ name }) => name === 'alone1'), 3_000);
  assert.deepEqual([seen.isProtected, seen.sides.map(({ host, power }) => [host, power])], [false, [['host-a', 'off']]]);
  await pair.a.stop();
  const lost = await until('host-a is lost', async () => {
    const now = await overview();
    return now.hosts.some(({ connected }) => !connected) ? now : undefined;
  }, 10_000);
  assert.deepEqual(sidesOf(lost, 'alone1'), ['host-a standalone earlier']);
  assert.match(lost.hosts.find(({ self }) => !self)!.failure!, /host-a is out of reach/);
  await pair.b.stop();
  await pair.b.start();
  const after = await overview();
  assert.deepEqual([sidesOf(after, 'alone1'), after.hosts[1]!.asOfMs], [['host-a standalone earlier'], lost.hosts[1]!.asOfMs]);
  await pair.a.start();
  await inContact(pair.b);
  assert.deepEqual(sidesOf(await overview(), 'quiet1'), ['host-a primary now', 'host-b replica now']);
  await pair.a.run('vm', 'undefine', 'alone1');
});

test('a certificate that was renewed needs no new pairing, and cycles go on', async () => {
  const before = await peerOf(pair.b);
  await pair.a.run('host', 'renew-certificate');
  await pair.a.nextPoint('quiet1');
  await pair.b.run('host', 'renew-certificate');
  await pair.a.nextPoint('quiet1');
  await Promise.all([pair.a.stop(), pair.b.stop()]);
  await Promise.all([pair.a.start(), pair.b.start()]);
  await pair.a.nextPoint('quiet1');
  assert.equal((await peerOf(pair.b)).id, before.id);
});

test('a host that was renamed replicates on', async () => {
  await pair.a.run('host', 'rename', 'host-b', 'vault');
  assert.equal((await peerOf(pair.a)).name, 'vault');
  assert.equal((await pair.a.relationship('quiet1')).peer, 'vault');
  await pair.b.run('host', 'rename', 'host-a', 'office');
  await pair.a.nextPoint('quiet1');
  await pair.b.run('host', 'rename', 'office', 'host-a');
  await pair.a.run('host', 'rename', 'vault', 'host-b');
});

test('a host that moved to another address is found again by one command', async () => {
  await pair.b.stop();
  const moved = new TestHost({ name: 'host-b', directory: pair.b.directory, portOffset: pair.b.portOffset + 5 });
  await moved.start();
  try {
    await pair.a.run('host', 'move', 'host-b', moved.peerAddress);
    await inContact(pair.a);
    await pair.a.nextPoint('quiet1');
  } finally {
    await moved.stop();
  }
  await pair.b.start();
  await pair.a.run('host', 'move', 'host-b', pair.b.peerAddress);
  await inContact(pair.a);
});

test('replication stops when its authorization entry is removed, says why, and goes on when there is one again', async () => {
  const [entry] = (await pair.b.get<AuthorizationView[]>('/api/authorizations')).filter(({ host }) => host === 'host-a');
  await pair.b.run('authorization', 'remove', entry!.id);
  const refused = await pair.a.fails('cycle', 'quiet1');
  assert.match(refused.message + refused.hint, /takes no replicas|authorization/);
  const { lastFault, state } = await pair.a.reaches('the fault is shown', (seen) => seen.lastFault?.code === 'peer-not-authorized', 20_000, 'quiet1');
  assert.match(lastFault!.hint, /authorization add/);
  await pair.b.run('authorization', 'add', 'host-a', '--storage', entry!.storage);
  if (state === 8) await pair.a.run('resume', 'quiet1');
  await pair.a.nextPoint('quiet1');
});

test('a host that still replicates is not removed', async () => {
  const { exitCode, allowed } = await pair.a.fails('host', 'remove', 'host-b', '--yes');
  assert.deepEqual([exitCode, allowed], [3, ['disable']]);
});

test('a machine that is not replicated any more is undefined, and its disks are kept', async () => {
  assert.equal((await pair.a.fails('vm', 'undefine', 'quiet1')).exitCode, 3);
  const paths = (await pair.a.machine('quiet1')).disks.map(({ path }) => path);
  await pair.a.run('disable', 'quiet1', '--yes');
  await pair.b.run('disable', 'quiet1', '--yes');
  await pair.a.run('vm', 'undefine', 'quiet1');
  assert.equal((await pair.a.fails('vm', 'show', 'quiet1')).code, 'machine-unknown');
  assert.ok(paths.every((path) => existsSync(path)));
});
