import assert from 'node:assert/strict';
import test from 'node:test';
import { printInvitation, readInvitation } from '../../src/peer/invitation.ts';
import { isFault, never, startHost } from './peerbench.ts';

const two = async (t: test.TestContext, names = ['alpha', 'beta']) => ({
  a: await startHost(t, names[0]!),
  b: await startHost(t, names[1]!, (hostId) => Promise.resolve(`hello ${hostId}`)),
});

test('after one invitation and one join each host knows the other and can call it', async (t) => {
  const { a, b } = await two(t);
  const { invitation } = b.network.invite({ storage: '/replicas', addresses: ['127.0.0.1'] });
  const { host, knownAs } = await a.network.join(invitation, {}, never());
  assert.deepEqual([host.hostId, host.name, host.pin, knownAs], [b.identity.hostId, 'beta', b.identity.pin, 'alpha']);
  assert.equal(host.address, `127.0.0.1:${b.network.port}`);
  assert.deepEqual(a.directory.list(), [host]);
  const stored = b.directory.get(a.identity.hostId)!;
  assert.deepEqual([stored.name, stored.address, stored.pin], ['alpha', `127.0.0.1:${a.network.port}`, a.identity.pin]);
  assert.deepEqual(b.paired, [{ name: 'alpha', storage: '/replicas' }]);
  assert.equal(await a.network.call(b.identity.hostId, 'x', null, never()), `hello ${a.identity.hostId}`);
  assert.equal(await b.network.call(a.identity.hostId, 'x', null, never()), null);
});

test('an invitation works once', async (t) => {
  const { a, b } = await two(t);
  const c = await startHost(t, 'gamma');
  const { invitation } = b.network.invite({ addresses: ['127.0.0.1'] });
  await a.network.join(invitation, {}, never());
  await assert.rejects(c.network.join(invitation, {}, never()), isFault('invitation-invalid', /used/));
  assert.equal(b.directory.get(c.identity.hostId), undefined);
  assert.deepEqual(c.directory.list(), []);
});

test('an expired invitation is refused by the joining host, and by the inviting host whatever its text says', async (t) => {
  const { a, b } = await two(t);
  const { invitation } = b.network.invite({ addresses: ['127.0.0.1'], expiresMs: 0 });
  await assert.rejects(a.network.join(invitation, {}, never()), isFault('invitation-invalid', /expired/));
  const forged = printInvitation({ ...readInvitation(invitation, 0), expiresAtMs: Date.now() + 60_000 });
  await assert.rejects(a.network.join(forged, {}, never()), isFault('invitation-invalid', /expired/));
  assert.deepEqual(b.directory.list(), []);
});

test('a wrong secret, a damaged text and an invitation of one\'s own are refused', async (t) => {
  const { a, b } = await two(t);
  const { invitation } = b.network.invite({ addresses: ['127.0.0.1'] });
  const forged = printInvitation({ ...readInvitation(invitation, 0), secret: 'guessed' });
  await assert.rejects(a.network.join(forged, {}, never()), isFault('invitation-invalid'));
  await assert.rejects(a.network.join(invitation.slice(0, -3), {}, never()), isFault('invitation-invalid', /whole/));
  await assert.rejects(b.network.join(invitation, {}, never()), isFault('invitation-invalid', /this very host/));
  await a.network.join(invitation, {}, never());
});

test('an invitation is not shown to a host with another key than it names', async (t) => {
  const { a, b } = await two(t);
  const impostor = await startHost(t, 'beta');
  const { invitation } = b.network.invite({ addresses: [`127.0.0.1:${impostor.network.port}`] });
  await assert.rejects(a.network.join(invitation, {}, never()), isFault('peer-certificate'));
  assert.deepEqual(a.directory.list(), []);
  const right = b.network.invite({ addresses: ['127.0.0.1:1', `127.0.0.1:${impostor.network.port}`, '127.0.0.1'] });
  assert.equal((await a.network.join(right.invitation, {}, never())).host.address, `127.0.0.1:${b.network.port}`);
});

test('hosts of one name are told apart, and a name once given stays', async (t) => {
  const { a, b } = await two(t, ['node.example.org', 'node.example.org']);
  const join = () => a.network.join(b.network.invite({ addresses: ['127.0.0.1'] }).invitation, { address: 'localhost' }, never());
  assert.equal((await join()).knownAs, 'node-2.example.org');
  assert.equal(a.directory.get(b.identity.hostId)!.name, 'node-2.example.org');
  b.directory.put({ ...b.directory.get(a.identity.hostId)!, name: 'mine' });
  assert.equal((await join()).knownAs, 'mine');
  assert.equal(b.directory.get(a.identity.hostId)!.address, `localhost:${a.network.port}`);
});

test('nobody who is invited can take the place of a host that is paired', async (t) => {
  const { a, b } = await two(t);
  await a.network.join(b.network.invite({ addresses: ['127.0.0.1'] }).invitation, {}, never());
  const before = b.directory.get(a.identity.hostId);
  const thief = await startHost(t, 'thief');
  thief.network.present({ ...thief.identity, hostId: a.identity.hostId });
  await assert.rejects(thief.network.join(b.network.invite({ addresses: ['127.0.0.1'] }).invitation, {}, never()), isFault('peer-certificate', /paired already/));
  assert.deepEqual(b.directory.get(a.identity.hostId), before);
});
