/** Who gets in: the unix socket, sign-in by token and by cookie, limits of the listeners. */
import assert from 'node:assert/strict';
import { renameSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createApi } from '../../src/api/api.ts';
import { Fault } from '../../src/errors/fault.ts';
import { call, openRig, type Rig } from './apiclient.ts';

const PASSWORD = 'correct horse battery';
const isFault = (code: string) => (error: unknown) => error instanceof Fault && error.code === code;

describe('the doors of the API', () => {
  let rig: Rig;
  before(async () => {
    rig = await openRig();
    await rig.host.accounts.addUser('ada', 'operator', PASSWORD);
    await rig.host.accounts.addUser('bob', 'viewer', PASSWORD);
  });
  after(() => rig.close());
  const signIn = (name = 'ada', password = PASSWORD, headers = {}) => rig.tcp('POST', '/api/sign-in', { name, password }, headers);
  const another = () => createApi({ operations: rig.host, changes: rig.host, metrics: async () => '', version: '0' });

  test('only the owner can open the unix socket', () => {
    assert.equal(statSync(rig.socketPath).mode & 0o777, 0o600);
  });

  test('whoever opens the unix socket is root and administrator', async () => {
    assert.deepEqual((await rig.local('GET', '/api/session')).json, { name: 'root', role: 'administrator', from: 'local' });
  });

  test('a token from signing in makes requests as that user until signing out', async () => {
    const { status, json } = await signIn();
    assert.equal(status, 200);
    assert.deepEqual(json.user, { name: 'ada', role: 'operator' });
    const headers = { authorization: `Bearer ${json.token}` };
    assert.deepEqual((await rig.tcp('GET', '/api/session', undefined, headers)).json, { name: 'ada', role: 'operator', from: '127.0.0.1' });
    assert.equal((await rig.tcp('POST', '/api/sign-out', undefined, headers)).status, 204);
    assert.equal((await rig.tcp('GET', '/api/session', undefined, headers)).status, 401);
  });

  test('one changes one\'s own password, whoever one is; here one stays signed in, elsewhere one is not', async () => {
    await rig.host.accounts.addUser('eve', 'viewer', PASSWORD);
    const [here, elsewhere] = [(await signIn('eve')).json.token as string, (await signIn('eve')).json.token as string];
    const as = (token: string) => ({ authorization: `Bearer ${token}` });
    const change = (password: string, newPassword: string) => rig.tcp('PUT', '/api/session/password', { password, newPassword }, as(here));
    const wrong = await change('wrong wrong', 'another horse');
    assert.equal(wrong.status, 422, 'it is not answered like a session that has ended');
    assert.match(wrong.json.error.message, /not the present password of eve/);
    assert.match((await change(PASSWORD, 'short')).json.error.message, /8 to 1024 characters/);
    assert.equal((await change(PASSWORD, 'another horse')).status, 204);
    assert.equal((await rig.tcp('GET', '/api/session', undefined, as(here))).status, 200);
    assert.equal((await rig.tcp('GET', '/api/session', undefined, as(elsewhere))).status, 401);
    assert.equal((await signIn('eve')).status, 401);
    assert.equal((await signIn('eve', 'another horse')).status, 200);
  });

  test('whoever finds a session open cannot guess at its password without end', async () => {
    await rig.host.accounts.addUser('ian', 'viewer', PASSWORD);
    const headers = { authorization: `Bearer ${(await signIn('ian')).json.token}` };
    const guess = () => rig.tcp('PUT', '/api/session/password', { password: 'wrong wrong', newPassword: 'of the thief' }, headers);
    const statuses: number[] = [];
    while (statuses.length < 12 && statuses.at(-1) !== 429) statuses.push((await guess()).status);
    assert.ok(statuses.length > 5 && statuses.at(-1) === 429, `each guess after the fifth has to wait: ${statuses.join(', ')}`);
    assert.ok(Number((await guess()).headers['retry-after']) > 0);
  });

  test('the cookie is kept from scripts and from other sites, and works', async () => {
    const answer = await signIn();
    const [cookie] = answer.headers['set-cookie'] as unknown as string[];
    assert.match(cookie!, new RegExp(`^understudy_${rig.port}=[\\w-]{43}; Path=/; Max-Age=\\d+; HttpOnly; SameSite=Strict$`));
    const headers = { cookie: `theme=dark; ${cookie!.split(';')[0]!}` };
    assert.equal((await rig.tcp('GET', '/api/session', undefined, headers)).json.name, 'ada');
    assert.equal((await rig.tcp('POST', '/api/machines', { toml: 'name = "x"' }, { ...headers, origin: `http://127.0.0.1:${rig.port}`, host: `127.0.0.1:${rig.port}` })).status, 201);
  });

  test('a page of another origin cannot act with the cookie', async () => {
    const { json } = await signIn();
    const cookie = `understudy_${rig.port}=${json.token}`;
    for (const foreign of [{ origin: 'https://evil.example' }, { origin: 'null' }, { 'sec-fetch-site': 'cross-site' }, { 'sec-fetch-site': 'same-site' }]) {
      const answer = await rig.tcp('POST', '/api/machines', { toml: 'name = "x"' }, { cookie, ...(foreign as Record<string, string>) });
      assert.equal(answer.status, 403, JSON.stringify(foreign));
      assert.equal(answer.json.error.code, 'origin-foreign');
    }
    assert.equal((await signIn('ada', PASSWORD, { origin: 'https://evil.example' })).status, 403, 'nor sign its visitor in');
  });

  test('the cookie of another daemon on the same host is not taken for one\'s own', async () => {
    const { json } = await signIn();
    assert.equal((await rig.tcp('GET', '/api/session', undefined, { cookie: `understudy_1=${json.token}` })).status, 401);
  });

  test('one can sign in over the unix socket too', async () => {
    const { status, json } = await rig.local('POST', '/api/sign-in', { name: 'ada', password: PASSWORD });
    assert.equal(status, 200);
    assert.equal(json.user.name, 'ada');
  });

  test('a wrong password and a made-up token are answered with 401', async () => {
    const answer = await signIn('ada', 'wrong wrong wrong', {});
    assert.equal(answer.status, 401);
    assert.ok(!answer.text.includes('wrong wrong'));
    assert.equal((await rig.tcp('GET', '/api/status', undefined, { authorization: 'Bearer ' + 'x'.repeat(43) })).status, 401);
    assert.equal((await rig.tcp('GET', '/api/status', undefined, { authorization: 'Basic YTpi' })).status, 401);
  });

  test('guessing is answered with 429 and the time to wait; others still sign in', async () => {
    let last = await signIn('bob', 'wrong wrong wrong');
    // The first lock is one second, which an attempt may take on a busy machine; they double.
    for (let i = 0; i < 12 && last.status === 401; i++) last = await signIn('bob', 'wrong wrong wrong');
    assert.equal(last.status, 429);
    assert.equal(last.json.error.code, 'sign-in-locked');
    assert.ok(Number(last.headers['retry-after']) >= 1);
    assert.equal((await signIn('ada')).status, 200);
  });

  test('a socket that a killed daemon left is taken over; one that answers is not', async () => {
    const left = join(rig.directory, 'left.sock');
    const holder = createServer().listen(left);
    await once(holder, 'listening');
    const second = await another();
    await assert.rejects(second.listenLocal(left), isFault('daemon-running'));
    await assert.rejects(second.listenLocal(rig.socketPath), isFault('daemon-running'));
    writeFileSync(join(rig.directory, 'file'), 'precious');
    await assert.rejects(second.listenLocal(join(rig.directory, 'file')), isFault('daemon-running'));
    renameSync(left, `${left}.kept`);
    await new Promise((resolve) => holder.close(resolve));
    renameSync(`${left}.kept`, left);
    await second.listenLocal(left);
    assert.equal((await call({ socketPath: left }, 'GET', '/api/version')).status, 200);
    await second.close();
  });

  test('a port in use and a path that is too long are faults with a hint', async () => {
    const second = await another();
    await assert.rejects(second.listenTcp({ host: '127.0.0.1', port: rig.port }), isFault('port-in-use'));
    await assert.rejects(second.listenLocal(join(rig.directory, 'x'.repeat(100))), isFault('settings-invalid'));
    await assert.rejects(second.listenLocal(join(rig.directory, 'none', 'api.sock')), isFault('settings-invalid'));
    await second.close();
  });

  test('headers that are too large are refused', async () => {
    assert.equal((await rig.tcp('GET', '/api/version', undefined, { 'x-large': 'x'.repeat(20_000) })).status, 431);
  });

  test('closing ends idle connections at once', async () => {
    const api = await another();
    const { port } = await api.listenTcp({ host: '127.0.0.1', port: 0 });
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    const closed = once(socket, 'close');
    socket.resume();
    const startedMs = performance.now();
    await Promise.all([api.close(), closed]);
    assert.ok(performance.now() - startedMs < 5_000);
  });
});
