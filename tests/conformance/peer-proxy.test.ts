/** Hosts that reach each other through an HTTP proxy, and what they say when it does not let them. */
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import type { LaneHandler } from '../../src/engine/ports/peers.ts';
import { inEnglish } from '../../src/language/text.ts';
import { newLaneToken } from '../../src/peer/awaitedlanes.ts';
import { parseProxy, proxyOfEnvironment, waysOf } from '../../src/peer/proxy.ts';
import { isFault, never, pairByHand, startHost, startRelay } from './peerbench.ts';
import { TestProxy, type ProxyMood } from './proxy.ts';

async function startProxy(t: TestContext): Promise<TestProxy> {
  const proxy = await TestProxy.start();
  t.after(() => proxy.close());
  return proxy;
}

/** A reaches B through the proxy. */
async function throughProxy(t: TestContext, proxy: TestProxy, { user = '', connectMs = 2_000 } = {}) {
  const wayTo = waysOf(parseProxy(`http://${user === '' ? '' : `${user}@`}127.0.0.1:${proxy.port}`));
  const patience = { tickMs: 50, connectMs, greetMs: 1_000, lingerMs: 500, laneTokenMs: 1_000, reconnectMs: [20_000] };
  const a = await startHost(t, 'alpha', undefined, { wayTo, patience });
  const b = await startHost(t, 'beta', () => Promise.resolve('answered'));
  pairByHand(a, b);
  return { a, b, call: (route?: 'proxy' | 'direct') => a.network.call(b.identity.hostId, 'x', null, never(), route) };
}

test('a call and a lane go through the proxy, which is given its credentials', async (t) => {
  const proxy = await startProxy(t);
  proxy.credentials = 'ada:p@ss:word';
  const { a, b, call } = await throughProxy(t, proxy, { user: 'ada:p%40ss%3Aword' });
  assert.equal(await call(), 'answered');
  const token = newLaneToken();
  const accepted = b.network.acceptLane(a.identity.hostId, token, never());
  const received: number[] = [];
  const handler: LaneHandler = { data: async (frame) => void received.push(frame.offsetBytes), journal: () => Promise.resolve(undefined) };
  let opened = 0;
  const done = a.network.dialLane(b.identity.hostId, token, handler, never(), { onOpen: () => (opened += 1) });
  const sender = await accepted;
  await sender.data({ disk: 0, offsetBytes: 65_536, rawBytes: 65_536, compressed: false }, { memory: Buffer.alloc(28 + 65_536), headroomBytes: 28 });
  await sender.finish(never());
  await done;
  assert.deepEqual([received, opened], [[65_536], 1]);
  assert.deepEqual(new Set(proxy.asked), new Set([`127.0.0.1:${b.network.port}`]));
  assert.equal(proxy.asked.length, 2);
});

const MOODS: [ProxyMood, RegExp][] = [
  ['forbids', /does not allow connections to 127\.0\.0\.1:\d+ \(403 Forbidden\)/],
  ['wants-credentials', /does not accept this host's credentials.*\(407/],
  ['bad-gateway', /opened no connection.*\(502 Bad Gateway\)/],
  ['closes', /closed the connection/],
  ['speaks-nonsense', /does not answer as an HTTP proxy does/],
  ['never-ends', /does not answer as an HTTP proxy does/],
  ['closes-after-opening', /host beta \(127\.0\.0\.1:\d+ through the proxy 127\.0\.0\.1:\d+\) cannot be reached/],
  ['hangs', /did not answer in time/],
];

for (const [mood, message] of MOODS) {
  test(`a proxy that ${mood.replaceAll('-', ' ')} is a fault of the proxy, which names it and not its password, within the time`, async (t) => {
    const proxy = await startProxy(t);
    proxy.mood = mood;
    const { call } = await throughProxy(t, proxy, { user: 'mallory:secret', connectMs: 500 });
    const startedMs = performance.now();
    await assert.rejects(call(), (thrown: Error) => isFault('peer-proxy', message)(thrown) && !/secret|mallory/.test(String(thrown.stack)) && !JSON.stringify(thrown).includes('secret'));
    assert.ok(performance.now() - startedMs < 3_000);
  });
}

test('a proxy that is not there is a fault of the proxy', async (t) => {
  const proxy = await startProxy(t);
  const { call } = await throughProxy(t, proxy);
  await proxy.close();
  t.mock.method(proxy, 'close', () => Promise.resolve());
  await assert.rejects(call(), isFault('peer-proxy', /cannot be reached.*ECONNREFUSED/));
});

test('a proxy that leads to somebody else, who has no key of the paired host, gives nothing away', async (t) => {
  const proxy = await startProxy(t);
  const { a, b, call } = await throughProxy(t, proxy);
  const stranger = await startHost(t, 'stranger');
  a.directory.put({ ...a.directory.get(b.identity.hostId)!, address: `127.0.0.1:${stranger.network.port}` });
  await assert.rejects(call(), isFault('peer-certificate', /a proxy that opens TLS cannot be used/));
});

test('what goes past the proxy does, while the rest waits for it', async (t) => {
  const proxy = await startProxy(t);
  proxy.mood = 'forbids';
  const { a, b, call } = await throughProxy(t, proxy);
  await assert.rejects(call('proxy'), isFault('peer-proxy'));
  assert.equal(await call('direct'), 'answered');
  assert.ok(a.network.connected(b.identity.hostId));
  await assert.rejects(call('proxy'), isFault('peer-proxy'));
  assert.equal(await call(), 'answered', 'what is about no relationship takes the connection that there is');
});

test('a connection that was lost with the proxy is there again once the proxy is', async (t) => {
  const proxy = await startProxy(t);
  const { call } = await throughProxy(t, proxy);
  assert.equal(await call(), 'answered');
  proxy.mood = 'bad-gateway';
  proxy.cut();
  await assert.rejects(call(), () => true);
  proxy.mood = 'works';
  assert.equal(await call(), 'answered');
});

test('hosts pair through a proxy, and past it when that is asked', async (t) => {
  const proxy = await startProxy(t);
  const wayTo = waysOf(parseProxy(`127.0.0.1:${proxy.port}`));
  const [a, b, c] = [await startHost(t, 'alpha', undefined, { wayTo }), await startHost(t, 'beta'), await startHost(t, 'gamma')];
  const invite = (host: typeof b) => host.network.invite({ addresses: [`127.0.0.1:${host.network.port}`] }).invitation;
  await a.network.join(invite(b), {}, never());
  assert.equal(proxy.asked[0], `127.0.0.1:${b.network.port}`);
  proxy.mood = 'forbids';
  await assert.rejects(a.network.join(invite(c), {}, never()), isFault('peer-proxy'));
  await a.network.join(invite(c), { route: 'direct' }, never());
});

test('a proxy is an address with or without credentials, and what else is set is refused without being repeated', () => {
  assert.deepEqual({ ...parseProxy('http://proxy:3128'), except: null }, { host: 'proxy', port: 3128, authorization: null, except: null, isFromEnvironment: false });
  for (const [text, port] of [['http://proxy:80', 80], ['proxy', 8080], ['http://[::1]:3128/', 3128]] as const) assert.equal(parseProxy(text).port, port, text);
  for (const text of ['https://ada:secret@proxy', 'socks5://ada:secret@proxy:1080', 'http://', 'http://mallory:secret@proxy/path', 'http://mallory:sec%ret@proxy', 'http://mallory:secret@proxy:99999']) {
    assert.throws(() => parseProxy(text), (thrown: Error) => isFault('settings-invalid', /http:\/\/host:port/)(thrown) && !thrown.message.includes('sec'), text);
  }
});

test('exceptions are names, domains and addresses; a proxy of the environment does not lead to this machine itself', () => {
  const goes = (host: string, except: string) => waysOf(parseProxy('proxy:1', { except }))({ host, port: 7_443 }, 'proxy') !== undefined;
  assert.ok(goes('beta.example.com', 'example.org, gamma'));
  for (const except of ['beta.example.com', '.example.com', '*.example.com', 'example.com', 'BETA.example.com:7443', 'x *']) assert.ok(!goes('Beta.example.com', except), except);
  assert.ok(goes('badexample.com', 'example.com') && goes('127.0.0.1', ''));
  assert.equal(proxyOfEnvironment({}), null);
  const found = proxyOfEnvironment({ HTTPS_PROXY: 'http://upper:1', https_proxy: 'http://lower:2', no_proxy: '10.0.0.9' })!;
  assert.equal(found.host, 'lower');
  const way = (host: string) => waysOf(found)({ host, port: 7_443 }, 'proxy');
  assert.deepEqual([way('127.0.0.1'), way('localhost'), way('::1'), way('10.0.0.9')], [undefined, undefined, undefined, undefined]);
  assert.equal(inEnglish(way('10.0.0.8')!.through), 'the proxy lower:2');
});

test('a test of the connection tells the step at which it fails', async (t) => {
  const proxy = await startProxy(t);
  const { a, b } = await throughProxy(t, proxy);
  const failsAt = async (route: 'proxy' | 'direct', address?: string): Promise<string[]> => {
    a.directory.put({ ...a.directory.get(b.identity.hostId)!, address: address ?? `127.0.0.1:${b.network.port}` });
    const steps: string[] = [];
    await a.network.probe(b.identity.hostId, route, (step) => steps.push(step), never()).then(() => steps.push('done'), (thrown: unknown) => steps.push(String((thrown as { code: string }).code)));
    return steps;
  };
  const [plain, stranger] = [await startRelay(t, proxy.port), await startHost(t, 'stranger')];
  assert.deepEqual(await failsAt('direct'), ['port', 'tls', 'trust', 'hello', 'done']);
  assert.deepEqual(await failsAt('proxy'), ['proxy', 'tls', 'trust', 'hello', 'done']);
  assert.deepEqual(await failsAt('direct', 'no-such-host.invalid:7443'), ['name', 'peer-unreachable']);
  assert.deepEqual(await failsAt('direct', '127.0.0.1:1'), ['port', 'peer-unreachable']);
  assert.deepEqual((await failsAt('direct', `127.0.0.1:${plain.port}`)).slice(0, 2), ['port', 'tls']);
  assert.deepEqual(await failsAt('direct', `127.0.0.1:${stranger.network.port}`), ['port', 'tls', 'trust', 'peer-certificate']);
  b.directory.remove(a.identity.hostId);
  assert.deepEqual(await failsAt('direct'), ['port', 'tls', 'trust', 'hello', 'peer-certificate']);
  proxy.mood = 'forbids';
  assert.deepEqual(await failsAt('proxy'), ['proxy', 'peer-proxy']);
});
