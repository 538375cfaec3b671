/** Server-sent events on a real socket. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { openRig, type Rig } from './apiclient.ts';

interface Stream {
  readonly response: IncomingMessage;
  /** The next message that is not a comment; with `comments`, those too. */
  next(): Promise<string>;
  close(): void;
}

async function open(rig: Rig, headers: Record<string, string> = {}, via: object = { socketPath: rig.socketPath }): Promise<Stream> {
  const outgoing = request({ host: '127.0.0.1', ...via, path: '/api/events/stream', headers, agent: false }).end();
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  response.setEncoding('utf8').on('error', () => undefined);
  let buffered = '';
  const next = async (): Promise<string> => {
    while (!buffered.includes('\n\n')) {
      const chunk = (response.read() as string | null) ?? '';
      buffered += chunk;
      if (chunk === '' && response.readableEnded) return 'END';
      if (chunk === '') await Promise.race([once(response, 'readable'), once(response, 'end')]);
    }
    const end = buffered.indexOf('\n\n');
    const message = buffered.slice(0, end);
    buffered = buffered.slice(end + 2);
    return message;
  };
  return { response, next, close: () => outgoing.destroy() };
}

async function skipTo(stream: Stream, pattern: RegExp): Promise<string> {
  for (let i = 0; i < 2_000; i++) {
    const message = await stream.next();
    if (pattern.test(message)) return message;
    assert.notEqual(message, 'END', `the stream ended before ${pattern}`);
  }
  throw new Error(`no message like ${pattern}`);
}

describe('the event stream', { timeout: 30_000 }, () => {
  let rig: Rig;
  beforeEach(async () => {
    rig = await openRig(50);
  });
  afterEach(() => rig.close());

  test('a change arrives by the name of what to read again', async () => {
    const stream = await open(rig);
    assert.equal(stream.response.headers['content-type'], 'text/event-stream');
    assert.equal(stream.response.headers['x-content-type-options'], 'nosniff');
    await skipTo(stream, /^event: alive/);
    rig.host.announce({ kind: 'relationship', id: 'r-1' });
    assert.equal(await skipTo(stream, /^event: change/), 'event: change\ndata: {"kind":"relationship","id":"r-1"}');
    stream.close();
  });

  test('a new client gets only what happens from now on', async () => {
    rig.host.log('old');
    const stream = await open(rig);
    await skipTo(stream, /^event: alive/);
    rig.host.log('new');
    assert.match(await skipTo(stream, /event: event/), /^id: 2\nevent: event\ndata: .*"new"/);
    stream.close();
  });

  test('a client that reconnects with the last event that it saw misses none and sees none twice', async () => {
    for (const message of ['one', 'two', 'three']) rig.host.log(message);
    const stream = await open(rig, { 'last-event-id': '1' });
    assert.match(await skipTo(stream, /event: event/), /^id: 2\n/);
    assert.match(await skipTo(stream, /event: event/), /^id: 3\n/);
    rig.host.log('four');
    assert.match(await skipTo(stream, /event: event/), /^id: 4\n/);
    stream.close();
  });

  test('a quiet stream has heartbeats', async () => {
    const stream = await open(rig);
    await skipTo(stream, /^event: alive\ndata: \{"atMs":\d+\}/);
    await skipTo(stream, /^event: alive\ndata: \{"atMs":\d+\}/);
    stream.close();
  });

  test('a client that reads nothing costs a bounded set of changes and is told to read everything again', async () => {
    const stream = await open(rig);
    await skipTo(stream, /^event: alive/);
    for (let i = 0; i < 1_001; i++) rig.host.announce({ kind: 'job', id: `j-${i}` });
    await skipTo(stream, /^event: reset/);
    stream.close();
  });

  test('the same change many times is sent once', async () => {
    const stream = await open(rig);
    await skipTo(stream, /^event: alive/);
    for (let i = 0; i < 5_000; i++) rig.host.announce({ kind: 'job', id: 'j-1' });
    rig.host.announce({ kind: 'job', id: 'j-2' });
    assert.match(await skipTo(stream, /^event: change/), /j-1/);
    assert.match(await skipTo(stream, /^event: change/), /j-2/);
    stream.close();
  });

  test('a client that has gone is forgotten', async () => {
    const stream = await open(rig);
    await skipTo(stream, /^event: alive/);
    assert.equal(rig.host.subscriberCount, 1);
    stream.close();
    while (rig.host.subscriberCount > 0) await new Promise(setImmediate);
  });

  test('a client that takes nothing for a dozen heartbeats loses its place', async () => {
    const connection = connect({ path: rig.socketPath }).on('error', () => undefined);
    connection.pause().write('GET /api/events/stream HTTP/1.1\r\nhost: x\r\n\r\n');
    while (rig.host.subscriberCount === 0) await new Promise(setImmediate);
    for (let turn = 0; rig.host.subscriberCount > 0; turn++) {
      for (let i = 0; i < 500; i++) rig.host.announce({ kind: 'job', id: `${turn} ${i} ${'x'.repeat(500)}` });
      await pause(20);
    }
    connection.destroy();
  });

  test('the stream ends with the session', async () => {
    await rig.host.accounts.addUser('ada', 'viewer', 'correct horse battery');
    const { token } = await rig.host.accounts.signIn('ada', 'correct horse battery');
    const stream = await open(rig, { authorization: `Bearer ${token}` }, { port: rig.port });
    await skipTo(stream, /^event: alive/);
    rig.host.accounts.endSession(token);
    while ((await stream.next()) !== 'END');
    assert.equal(rig.host.subscriberCount, 0);
  });

  test('users are announced to administrators, and to others only they themselves', async () => {
    await rig.host.accounts.addUser('amy', 'administrator', 'correct horse battery');
    await rig.host.accounts.addUser('bob', 'viewer', 'correct horse battery');
    const streams = await Promise.all(['amy', 'bob'].map(async (name) => open(rig, { authorization: `Bearer ${(await rig.host.accounts.signIn(name, 'correct horse battery')).token}` }, { port: rig.port })));
    for (const stream of streams) await skipTo(stream, /^event: alive/);
    await rig.host.accounts.addUser('carl', 'viewer', 'correct horse battery');
    await rig.host.accounts.changeUser('bob', { role: 'operator' });
    const [forAdministrator, forBob] = await Promise.all(streams.map((stream) => skipTo(stream, /^event: change/)));
    assert.match(forAdministrator!, /"kind":"user","id":"carl"/);
    assert.match(forBob!, /"kind":"user","id":"bob"/);
    for (const stream of streams) stream.close();
  });

  test('the stream needs a sign-in over TCP', async () => {
    const stream = await open(rig, {}, { port: rig.port });
    assert.equal(stream.response.statusCode, 401);
    stream.close();
  });

  test('HEAD ends at once and takes no place', async () => {
    const head = await rig.local('HEAD', '/api/events/stream');
    assert.deepEqual([head.status, head.headers['content-type'], head.text], [200, 'text/event-stream', '']);
    assert.equal(rig.host.subscriberCount, 0);
  });

  async function headersOf(name: string): Promise<Record<string, string>> {
    await rig.host.accounts.addUser(name, 'viewer', 'correct horse battery');
    return { authorization: `Bearer ${(await rig.host.accounts.signIn(name, 'correct horse battery')).token}` };
  }
  const openMany = (headers: Record<string, string>, count: number): Promise<Stream[]> => Promise.all(Array.from({ length: count }, () => open(rig, headers, { port: rig.port })));
  const assertAllStand = (streams: readonly Stream[]): void => assert.deepEqual(streams.filter(({ response }) => response.statusCode !== 200), []);
  async function assertTurnedAway(headers: Record<string, string>): Promise<void> {
    const { status, json } = await rig.tcp('GET', '/api/events/stream', undefined, headers);
    assert.deepEqual([status, json.error.code], [503, 'busy']);
  }

  test('who takes all places is told to try again beyond them, and gives way to others', async () => {
    const headers = await headersOf('greedy');
    const greedy = await openMany(headers, 128);
    await assertTurnedAway(headers);
    const other = await open(rig);
    await skipTo(other, /^event: alive/);
    assertAllStand([...greedy, other]);
    await Promise.any(greedy.map(async (stream) => {
      while ((await stream.next()) !== 'END');
    }));
    await assertTurnedAway(headers);
    assert.equal(rig.host.subscriberCount, 128);
    for (const stream of [...greedy, other]) stream.close();
  });

  test('two who have as many places do not take them from each other', async () => {
    const [one, two, three] = [await headersOf('one'), await headersOf('two'), await headersOf('three')];
    const streams = [...(await openMany(one, 64)), ...(await openMany(two, 64))];
    for (const headers of [one, two]) await assertTurnedAway(headers);
    streams.push(...(await openMany(three, 1)));
    assertAllStand(streams);
    assert.equal(rig.host.subscriberCount, 128);
    for (const stream of streams) stream.close();
  });

  test('the daemon closes at once although streams are open', async () => {
    const stream = await open(rig);
    await skipTo(stream, /^event: alive/);
    const startedMs = performance.now();
    await rig.api.close();
    assert.ok(performance.now() - startedMs < 1_500);
  });
});
