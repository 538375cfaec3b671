import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { connect as connectTcp, type Socket } from 'node:net';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { connect as connectTls, createServer, type ConnectionOptions, type TLSSocket } from 'node:tls';
import type { Wire } from '../../src/engine/ports/peers.ts';
import { Fault } from '../../src/errors/fault.ts';
import { refuse, Refused } from '../../src/errors/refusal.ts';
import { Channel } from '../../src/peer/channel.ts';
import { thrownBy } from '../../src/peer/failure.ts';
import { frameBytes, HEADER_BYTES, headerOf, jsonFrame, writeHeader } from '../../src/peer/frame.ts';
import { helloFrame } from '../../src/peer/hello.ts';
import { openIdentity, renameIdentity, renewCertificate, type Identity } from '../../src/peer/identity.ts';
import { MAX_MESSAGE_BYTES, MAX_STRANGERS } from '../../src/peer/limits.ts';
import { tlsOptionsOf } from '../../src/peer/trust.ts';
import { isFault, never, pairByHand, rowOf, startHost, startRelay, type BenchHost } from './peerbench.ts';

/** Resolves when it holds; the test runner's own time limit ends it otherwise. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}

const echo = (_hostId: string, _method: string, params: Wire) => Promise.resolve(params);

async function pair(t: TestContext, handler = echo): Promise<{ a: BenchHost; b: BenchHost; call: (method: string, params?: Wire, signal?: AbortSignal) => Promise<Wire> }> {
  const a = await startHost(t, 'alpha');
  const b = await startHost(t, 'beta', handler);
  pairByHand(a, b);
  return { a, b, call: (method, params = null, signal = never()) => a.network.call(b.identity.hostId, method, params, signal) };
}

/** A TLS client with this identity, or none, that has finished its handshake. */
async function rawClient(t: TestContext, port: number, identity?: Identity, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connectTls({ host: '127.0.0.1', port, rejectUnauthorized: false, checkServerIdentity: () => undefined, ...(identity ? tlsOptionsOf(identity) : {}), ...options });
  t.after(() => socket.destroy());
  await once(socket, 'secureConnect');
  return socket;
}

test('a call brings back what the handler answers, blobs included, and the handler is told who asks', async (t) => {
  const { a, call } = await pair(t, (hostId, method, params) => Promise.resolve({ hostId, method, params }));
  const params = { text: 'x', blob: new Uint8Array(300_000).fill(7), list: [new Uint8Array([1]), { deep: new Uint8Array() }] };
  assert.deepEqual(await call('some.method', params), { hostId: a.identity.hostId, method: 'some.method', params });
});

test('a fault keeps its code and message, a refusal what is allowed, and a bug tells nothing but is reported there', async (t) => {
  const thrown: Record<string, unknown> = {
    fault: new Fault('space-exhausted', 'no space on /data'),
    refused: new Refused(refuse('not now', ['commit', 'revert'])),
    bug: new TypeError('secret detail'),
  };
  const { b, call } = await pair(t, (_hostId, method) => Promise.reject(thrown[method] as Error));
  await assert.rejects(call('fault'), isFault('space-exhausted', /^no space on \/data$/));
  await assert.rejects(call('refused'), (error) => error instanceof Refused && error.message === 'not now' && error.refusal.allowed.join() === 'commit,revert');
  await assert.rejects(call('bug'), (error) => isFault('peer-protocol')(error) && !String((error as Error).message).includes('secret'));
  assert.deepEqual(b.bugs, [thrown['bug']]);
});

test('no more than 64 calls are with the far side at once, and all others are answered in their turn', async (t) => {
  let now = 0;
  let most = 0;
  const release = Promise.withResolvers<null>();
  const { call } = await pair(t, async () => {
    most = Math.max(most, ++now);
    await release.promise;
    now--;
    return null;
  });
  const calls = Array.from({ length: 200 }, () => call('wait'));
  await until(() => most === 64);
  release.resolve(null);
  await Promise.all(calls);
  assert.equal(most, 64);
});

test('an aborted call rejects at once with its reason and others go on', async (t) => {
  const started = Promise.withResolvers<null>();
  const { call } = await pair(t, (_hostId, method) => {
    if (method !== 'hang') return Promise.resolve('answered');
    started.resolve(null);
    return new Promise<null>(() => undefined);
  });
  const controller = new AbortController();
  const hanging = call('hang', null, controller.signal);
  await started.promise;
  controller.abort(new Error('changed my mind'));
  await assert.rejects(hanging, /changed my mind/);
  assert.equal(await call('other'), 'answered');
});

test('calls wait no longer than the limit for an answer', async (t) => {
  const a = await startHost(t, 'alpha', echo, { patience: { callMs: 50 } });
  const b = await startHost(t, 'beta', () => new Promise<null>(() => undefined));
  pairByHand(a, b);
  await assert.rejects(a.network.call(b.identity.hostId, 'hang', null, never()), isFault('peer-unreachable', /in time/));
});

test('a link that swallows everything rejects the calls on it within a second of patience, and contact is told lost', async (t) => {
  const a = await startHost(t, 'alpha');
  const b = await startHost(t, 'beta', (_hostId, method) => (method === 'hang' ? new Promise<null>(() => undefined) : Promise.resolve(1)));
  const relay = await startRelay(t, b.network.port);
  pairByHand(a, b, `127.0.0.1:${relay.port}`);
  const contacts: boolean[] = [];
  a.network.onContact((contact) => contacts.push(contact.connected));
  await a.network.call(b.identity.hostId, 'answer', null, never());
  const hanging = a.network.call(b.identity.hostId, 'hang', null, never());
  relay.drop();
  const cutAt = performance.now();
  await assert.rejects(hanging, isFault('peer-unreachable', /silent/));
  assert.ok(performance.now() - cutAt < 2_000);
  assert.deepEqual(contacts, [true, false]);
  assert.equal(a.network.connected(b.identity.hostId), false);
  assert.ok(Date.now() - a.network.lastContactMs(b.identity.hostId)! < 5_000);
});

test('an idle connection outlives the silence limit', async (t) => {
  const { a, b, call } = await pair(t);
  await call('x');
  const contacts: boolean[] = [];
  a.network.onContact((contact) => contacts.push(contact.connected));
  const heardMs = a.network.lastContactMs(b.identity.hostId)!;
  await until(() => a.network.lastContactMs(b.identity.hostId)! - heardMs > 1_000);
  assert.deepEqual(contacts, []);
});

test('a host that was down is in contact again by itself once it is back', async (t) => {
  const { a, b, call } = await pair(t);
  await call('x');
  const { port } = b.network;
  const contacts: boolean[] = [];
  a.network.onContact((contact) => contacts.push(contact.connected));
  await b.network.close();
  await assert.rejects(call('x'), isFault('peer-unreachable'));
  const again = await startHost(t, 'beta', echo, { identity: b.identity, directory: b.directory });
  a.directory.put(rowOf(b, `127.0.0.1:${again.network.port}`));
  await until(() => contacts.at(-1) === true);
  assert.equal(await call('x', 5), 5);
  assert.notEqual(port, 0);
});

test('a host that was forgotten is cut off and its next call is refused', async (t) => {
  const { a, b, call } = await pair(t);
  await call('x');
  b.directory.remove(a.identity.hostId);
  b.network.forget(a.identity.hostId);
  await until(() => !a.network.connected(b.identity.hostId));
  await assert.rejects(call('x'), isFault('peer-certificate', /pair/));
  await assert.rejects(a.network.call('unknown', 'x', null, never()), isFault('host-unknown'));
});

test('a server with another key is refused before a byte is sent to it', async (t) => {
  const a = await startHost(t, 'alpha');
  const b = await startHost(t, 'beta');
  const impostor = await startHost(t, 'beta');
  let receivedBytes = 0;
  const server = createServer({ ...tlsOptionsOf(impostor.identity), requestCert: true, rejectUnauthorized: false }, (socket) => socket.on('data', (bytes) => (receivedBytes += bytes.length)).on('error', () => undefined));
  t.after(() => server.close());
  server.on('tlsClientError', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const closed = once(server, 'connection').then(([socket]) => once(socket as Socket, 'close'));
  a.directory.put(rowOf(b, `127.0.0.1:${(server.address() as { port: number }).port}`));
  await assert.rejects(a.network.call(b.identity.hostId, 'x', 'secret', never()), isFault('peer-certificate'));
  await closed;
  assert.equal(receivedBytes, 0);
});

test('a renewed certificate of the same key is accepted both ways, and its expiry is noted', async (t) => {
  const { a, b, call } = await pair(t);
  const renewed = await renewCertificate(b.stateDir, b.identity, Date.now() + 86_400_000);
  assert.equal(renewed.pin, b.identity.pin);
  assert.notEqual(renewed.certificatePem, b.identity.certificatePem);
  b.network.present(renewed);
  assert.equal(await call('x', 1), 1);
  assert.equal(a.directory.get(b.identity.hostId)!.certificateExpiresMs, renewed.certificateExpiresMs);
  await b.network.call(a.identity.hostId, 'x', 1, never());
});

test('a client that offers no TLS 1.3 or shows no certificate gets nowhere', async (t) => {
  const b = await startHost(t, 'beta');
  await assert.rejects(rawClient(t, b.network.port, b.identity, { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' }), /alert|version/i);
  const nameless = await rawClient(t, b.network.port);
  nameless.on('error', () => undefined).resume();
  await once(nameless, 'close');
});

test('a stranger is refused control and lanes, also under the host id of a paired host', async (t) => {
  const { a, b } = await pair(t);
  const stranger = await openIdentity(join(a.stateDir, 'other'), 'stranger');
  for (const kind of ['control', 'lane'] as const) {
    for (const hostId of [stranger.hostId, a.identity.hostId]) {
      const channel = new Channel(await rawClient(t, b.network.port, stranger));
      channel.send(helloFrame({ hostId, kind, token: 't' }));
      assert.equal((thrownBy(await channel.nextFrame(), 'x') as Fault).code, 'peer-certificate');
      await channel.ended;
    }
  }
});

test('a paired host cannot speak under the host id of another', async (t) => {
  const { a, b } = await pair(t);
  const c = await startHost(t, 'gamma');
  pairByHand(b, c);
  const channel = new Channel(await rawClient(t, b.network.port, c.identity));
  channel.send(helloFrame({ hostId: a.identity.hostId, kind: 'control' }));
  assert.equal((thrownBy(await channel.nextFrame(), 'x') as Fault).code, 'peer-certificate');
});

test('hosts of different major versions tell each other both versions', async (t) => {
  const { a, b } = await pair(t);
  const channel = new Channel(await rawClient(t, b.network.port, a.identity));
  channel.send(helloFrame({ hostId: a.identity.hostId, kind: 'control' }, { major: 2, minor: 3 }));
  const fault = thrownBy(await channel.nextFrame(), 'x') as Fault;
  assert.equal(fault.code, 'peer-protocol');
  assert.match(fault.message, /2\.3.*1\.0/);
});

test('frames that are too large, out of place or no frames end the connection', async (t) => {
  const { a, b } = await pair(t);
  const large = Buffer.alloc(HEADER_BYTES);
  writeHeader(large, 0, headerOf('request', { payloadBytes: MAX_MESSAGE_BYTES + 1 }));
  const stray = [large, Buffer.from('GET / HTTP/1.1\r\nHost: example.org\r\n\r\n'), frameBytes(headerOf('finished')), frameBytes(headerOf('answer', { rawBytes: 9 }), Buffer.alloc(9))];
  for (const bytes of stray) {
    for (const greeted of [false, true]) {
      const channel = new Channel(await rawClient(t, b.network.port, a.identity));
      if (greeted) {
        channel.send(helloFrame({ hostId: a.identity.hostId, kind: 'control' }));
        await channel.nextFrame();
      }
      channel.send(bytes);
      channel.deliver(() => undefined);
      await channel.ended;
    }
  }
  assert.deepEqual(b.bugs, []);
});

test('connections that say nothing are closed in time, and never keep a host out', async (t) => {
  const { b, call } = await pair(t);
  const idle = Array.from({ length: MAX_STRANGERS + 8 }, () => connectTcp(b.network.port, '127.0.0.1').on('error', () => undefined).resume());
  const greeted = new Channel(await rawClient(t, b.network.port, b.identity));
  assert.equal(await call('x', 3), 3);
  const startedAt = performance.now();
  await Promise.all(idle.map(async (socket) => socket.destroyed || once(socket, 'close')));
  greeted.deliver(() => undefined);
  await greeted.ended;
  assert.ok(performance.now() - startedAt < 3_000);
});

test('a caller that is silent after hello is closed', async (t) => {
  const { a, b } = await pair(t);
  const socket = await rawClient(t, b.network.port, a.identity);
  socket.on('error', () => undefined).write(helloFrame({ hostId: a.identity.hostId, kind: 'control' }));
  socket.resume();
  await once(socket, 'close');
});

test('a failure frame of any content makes a fault and nothing worse', () => {
  for (const value of [{}, { kind: 'fault', code: 'toString', message: 'm' }, { kind: 'fault', code: 'no-such', message: 'm' }, { kind: 'refused', reason: 1 }, { kind: 'bug' }]) {
    const bytes = jsonFrame('failure', value);
    const thrown = thrownBy({ header: headerOf('failure'), payload: bytes.subarray(HEADER_BYTES) }, 'x');
    assert.equal((thrown as Fault).code, 'peer-protocol');
  }
});

test('an identity is made once, its key is for the owner only, and renaming keeps id and key', async (t) => {
  const { identity, stateDir } = await startHost(t, 'alpha');
  assert.deepEqual(await openIdentity(stateDir, 'ignored'), identity);
  assert.equal((await stat(join(stateDir, 'identity/key.pem'))).mode & 0o777, 0o600);
  const renamed = await renameIdentity(stateDir, identity, 'omega.example.org');
  assert.deepEqual([renamed.hostId, renamed.pin, renamed.name], [identity.hostId, identity.pin, 'omega.example.org']);
  assert.deepEqual(await openIdentity(stateDir, 'ignored'), renamed);
  await assert.rejects(renameIdentity(stateDir, identity, 'no name'), isFault('settings-invalid'));
});

test('a certificate near its end is renewed when the identity is opened, and a damaged identity is told as such', async (t) => {
  const { identity, stateDir } = await startHost(t, 'alpha');
  const later = await openIdentity(stateDir, 'alpha', identity.certificateExpiresMs - 86_400_000);
  assert.ok(later.certificateExpiresMs > identity.certificateExpiresMs && later.pin === identity.pin);
  const path = join(stateDir, 'identity/key.pem');
  await writeFile(path, (await readFile(path, 'utf8')).slice(0, 60));
  await assert.rejects(openIdentity(stateDir, 'alpha'), isFault('state-corrupt'));
});
