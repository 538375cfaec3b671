/** The typed client: over the unix socket, over fetch as the page has it, and over a connection that comes and goes. */
import assert from 'node:assert/strict';
import { createServer, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { browserTransport } from '../../src/client/browser.ts';
import { Client, pathText } from '../../src/client/client.ts';
import { Failure } from '../../src/client/failure.ts';
import { messagesIn } from '../../src/client/messages.ts';
import { watch } from '../../src/client/watching.ts';
import { transportTo } from '../../src/cli/connection.ts';
import { openRig, type Rig } from './apiclient.ts';

async function failureOf(call: Promise<unknown>): Promise<Failure> {
  const error = await call.then(() => undefined, (thrown: unknown) => thrown);
  assert.ok(error instanceof Failure, String(error));
  return error;
}

async function* pieces(...text: string[]): AsyncGenerator<string> {
  yield* text;
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

describe('the typed client', { timeout: 30_000 }, () => {
  let rig: Rig;
  let local: Client;
  let page: Client;
  before(async () => {
    rig = await openRig(200);
    rig.host.addMachine('web');
    rig.host.addMachine('a/b ?#%');
    rig.host.addRelationship('web', 3);
    local = new Client(transportTo({ runDir: rig.directory }));
    page = new Client(browserTransport(`http://127.0.0.1:${rig.port}`));
  });
  after(() => rig.close());

  test('path parameters are encoded, and queries that are not given are left out', () => {
    assert.equal(pathText('/api/x/{a}/y/{b}', { path: { a: 'ä/..?', b: '%' }, query: { limit: 3, none: undefined, text: 'a&b' } }), '/api/x/%C3%A4%2F..%3F/y/%25?limit=3&text=a%26b');
    assert.equal(pathText('/api/x', {}), '/api/x');
  });

  test('a machine of any name is found', async () => {
    assert.equal((await local.get('/api/machines/{machine}', { path: { machine: 'a/b ?#%' } })).name, 'a/b ?#%');
  });

  test('an answer without content is null', async () => {
    rig.host.addMachine('gone');
    assert.equal(await local.delete('/api/machines/{machine}', { path: { machine: 'gone' } }), null);
  });

  test('a fault has its code and hint, a refusal says what is allowed', async () => {
    const unknown = await failureOf(local.get('/api/machines/{machine}', { path: { machine: 'none' } }));
    assert.equal(unknown.code, 'machine-unknown');
    assert.notEqual(unknown.hint, '');
    const refused = await failureOf(local.post('/api/relationships/{machine}/commit', { path: { machine: 'web' } }));
    assert.equal(refused.code, 'refused');
    assert.ok(refused.allowed.includes('suspend'), refused.allowed.join());
  });

  test('by fetch it reads what needs no session, and is told that it has none', async () => {
    assert.equal((await page.get('/api/version')).name, 'understudy');
    assert.equal((await failureOf(page.get('/api/status'))).code, 'sign-in-failed');
    assert.equal((await failureOf(all(page.messages({ signal: new AbortController().signal })))).code, 'sign-in-failed');
  });

  for (const [name, transport] of [['fetch', browserTransport('http://127.0.0.1:9')], ['the unix socket', transportTo({ runDir: '/nonexistent' })]] as const) {
    test(`over ${name} nobody who answers is daemon-unreachable`, async () => {
      assert.equal((await failureOf(new Client(transport).get('/api/status'))).code, 'daemon-unreachable');
    });
  }

  test('a call that is given up throws the reason', async () => {
    const reason = new Error('enough');
    const controller = new AbortController();
    controller.abort(reason);
    await assert.rejects(local.get('/api/status', { signal: controller.signal }), reason);
  });

  test('messages are put together from any pieces, and names that are not known are left out', async () => {
    const text = ': hello\n\nevent: alive\ndata: {"atMs":5}\n\nevent: change\ndata: {"kind":"job",\ndata: "id":"j"}\n\nid: 4\nevent: later\ndata: 1\n\nevent: reset\r\ndata: {}\r\n\r\n';
    const expected = [{ event: 'alive', data: { atMs: 5 } }, { event: 'change', data: { kind: 'job', id: 'j' } }, { event: 'reset', data: {} }];
    assert.deepEqual(await all(messagesIn(pieces(text))), expected);
    assert.deepEqual(await all(messagesIn(pieces(...text))), expected);
  });

  test('a message that does not end, and one that is not JSON, are failures', async () => {
    assert.equal((await failureOf(all(messagesIn(pieces('x'.repeat(700_000), 'x'.repeat(700_000)))))).code, 'bug');
    assert.equal((await failureOf(all(messagesIn(pieces('event: change\ndata: {\n\n'))))).code, 'bug');
  });
});

/** A daemon that ends each connection after what it is told to send; the log is there all the time. */
async function flaky(connections: string[][]): Promise<{ client: Client; asked: string[]; close(): Promise<void> }> {
  const asked: string[] = [];
  const server = createServer((request, response: ServerResponse) => {
    if (request.url!.startsWith('/api/events?')) return void response.setHeader('content-type', 'application/json').end('[{"id":7}]');
    asked.push(request.url!);
    const lines = connections.shift();
    if (!lines) return void response.writeHead(503, { 'content-type': 'application/json' }).end('{"error":{"code":"busy","message":"full"}}');
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.end(lines.join(''));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { client: new Client(browserTransport(`http://127.0.0.1:${port}`)), asked, close: async () => void server.close() };
}

const ALIVE = 'event: alive\ndata: {"atMs":5}\n\n';
const entry = (id: number): string => `id: ${id}\nevent: event\ndata: {"id":${id}}\n\n`;

test('over lost connections each event of the log comes once, and every loss is said', { timeout: 30_000 }, async () => {
  const daemon = await flaky([[ALIVE], [ALIVE, entry(8), entry(9)], [ALIVE, entry(10)]]);
  const enough = new AbortController();
  const seen: string[] = [];
  for await (const message of watch(daemon.client, { signal: enough.signal })) {
    if (message.event !== 'alive') seen.push(message.event === 'event' ? `event ${message.data.id}` : message.event === 'lost' ? `lost: ${message.failure.code}` : message.event);
    if (seen.length === 9) enough.abort();
  }
  await daemon.close();
  assert.deepEqual(seen, ['connected', 'lost: daemon-unreachable', 'connected', 'event 8', 'event 9', 'lost: daemon-unreachable', 'connected', 'event 10', 'lost: daemon-unreachable']);
  assert.deepEqual(daemon.asked, ['/api/events/stream?afterId=7', '/api/events/stream?afterId=7', '/api/events/stream?afterId=9']);
});
