/** Who gets in over WS-Management, and what the listeners do with those who only want to do harm. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { signInBy } from '../../src/wbem/signin.ts';
import { actionOf, basic, bodyOf, envelopeText, openWsman, PASSWORD, post, selfSigned, subcodeOf, testUsers, WMI, type WsmanBench } from './wsmanbench.ts';

const GET = envelopeText({ action: actionOf('Get'), resource: `${WMI}/Msvm_ReplicationService` });
const IDENTIFY = '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:wsmid="http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd"><s:Header/><s:Body><wsmid:Identify/></s:Body></s:Envelope>';
const MUTUAL = 'http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/https/mutual';

describe('signing in to WS-Management', () => {
  let bench: WsmanBench;
  before(async () => {
    bench = await openWsman();
  });
  after(() => bench.close());

  test('a stranger is told how, with an empty body and without being answered', async () => {
    for (const authorization of [undefined, 'Negotiate abc', 'Basic', 'Basic !!!', 'Bearer x', `Basic ${Buffer.from(':x').toString('base64')}`, MUTUAL]) {
      const answer = await bench.post(GET, { headers: { authorization } });
      assert.deepEqual([answer.status, answer.headers['www-authenticate'], answer.bytes.length], [401, 'Basic realm="WSMAN"', 0], String(authorization));
    }
  });

  test('an empty body is answered with 401 first, and with nothing once somebody has signed in', async () => {
    assert.equal((await bench.post('', { headers: { authorization: undefined } })).status, 401);
    const answer = await bench.post('');
    assert.deepEqual([answer.status, answer.bytes.length], [200, 0]);
  });

  test('a wrong password and an unknown user are turned away alike', async () => {
    for (const authorization of [basic('ada', 'wrong'), basic('nobody')]) assert.equal((await bench.post(GET, { headers: { authorization } })).status, 401);
  });

  test('a viewer may read', async () => {
    assert.equal((await bench.post(GET, { headers: { authorization: basic('vera') } })).status, 200);
  });

  test('Identify tells how to sign in only those who have', async () => {
    const known = await bench.post(IDENTIFY);
    assert.match(known.text, /secprofile\/https\/basic/);
    const stranger = await bench.post(IDENTIFY, { headers: { authorization: undefined, wsmanidentify: 'unauthenticated' } });
    assert.deepEqual([stranger.status, bodyOf(stranger).local], [200, 'IdentifyResponse']);
    assert.doesNotMatch(stranger.text, /SecurityProfile/);
    assert.equal((await bench.post(IDENTIFY, { headers: { authorization: undefined } })).status, 401);
  });

  test('the header that asks for Identify without signing in opens nothing else', async () => {
    const answer = await bench.post(GET, { headers: { authorization: undefined, wsmanidentify: 'unauthenticated' } });
    assert.equal(subcodeOf(answer), 'w:AccessDenied');
    assert.equal((await bench.post('x'.repeat(20_000), { headers: { authorization: undefined, wsmanidentify: 'unauthenticated' } })).status, 413);
  });

  test('both paths are served and no other, and only POST', async () => {
    assert.equal((await bench.post(GET, { path: '/wsman/' })).status, 200);
    assert.equal((await bench.post(GET, { path: '/WSMAN?x=1' })).status, 200);
    assert.equal((await bench.post(GET, { path: '/' })).status, 404);
    assert.equal((await bench.post('', { method: 'GET' })).status, 405);
  });

  test('sealed messages are told not to be understood', async () => {
    assert.equal((await bench.post('x', { headers: { 'content-type': 'multipart/encrypted;protocol="application/HTTP-SPNEGO-session-encrypted";boundary="Encrypted Boundary"' } })).status, 415);
  });

  test('a body larger than allowed is refused, whether its length is told or not', async () => {
    const large = Buffer.alloc(1_048_577, 0x20);
    assert.equal((await bench.post(large)).status, 413);
    const socket = connect(bench.port, '127.0.0.1');
    socket.write(`POST /wsman HTTP/1.1\r\nHost: x\r\nAuthorization: ${basic()}\r\nTransfer-Encoding: chunked\r\n\r\n`);
    const piece = `10000\r\n${'x'.repeat(65_536)}\r\n`;
    for (let count = 0; count < 20; count++) socket.write(piece);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    assert.match(answer.toString(), /^HTTP\/1\.1 413 /);
    socket.destroy();
  });

  test('connections that stay silent do not keep others from being answered', async () => {
    const silent = Array.from({ length: 50 }, () => connect(bench.port, '127.0.0.1'));
    await Promise.all(silent.map((socket) => once(socket, 'connect')));
    for (const socket of silent.slice(0, 25)) socket.write('POST /wsman HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n');
    assert.equal((await bench.post(GET)).status, 200);
    for (const socket of silent) socket.destroy();
  });

  test('what is no HTTP is answered with 400', async () => {
    const socket = connect(bench.port, '127.0.0.1');
    socket.write('\x16\x03\x01\x00\xa5\x01 hello\r\n\r\n');
    const [answer] = (await once(socket, 'data')) as [Buffer];
    assert.match(answer.toString(), /^HTTP\/1\.1 400 /);
    socket.destroy();
  });

  test('reads are in the audit trail once a minute for each kind, and each call of a method every time', async () => {
    let nowMs = 1_000_000;
    const own = await openWsman({ nowMs: () => nowMs });
    const start = envelopeText({ action: `${WMI}/Msvm_ReplicationService/StartReplication`, resource: `${WMI}/Msvm_ReplicationService` });
    for (let count = 0; count < 3; count++) await own.post(GET);
    for (let count = 0; count < 2; count++) await own.post(start);
    nowMs += 60_000;
    await own.post(GET);
    await own.post(envelopeText({ action: `${WMI}/Msvm_ReplicationService/Explode`, resource: `${WMI}/Msvm_ReplicationService` }));
    await own.close();
    assert.deepEqual(
      own.audit.map(({ who, from, operation, subject, outcome }) => [who, from, operation, subject, outcome].join(' | ')),
      [
        'ada | 127.0.0.1 | WS-Management Get | root/virtualization/v2/Msvm_ReplicationService | done',
        'ada | 127.0.0.1 | WS-Management StartReplication | root/virtualization/v2/Msvm_ReplicationService | returned 0',
        'ada | 127.0.0.1 | WS-Management StartReplication | root/virtualization/v2/Msvm_ReplicationService | returned 0',
        'ada | 127.0.0.1 | WS-Management Get | root/virtualization/v2/Msvm_ReplicationService | done (and 2 times before)',
        'ada | 127.0.0.1 | WS-Management Explode | root/virtualization/v2/Msvm_ReplicationService | Msvm_ReplicationService has no operation "' + `${WMI}/Msvm_ReplicationService/Explode` + '"',
      ],
    );
  });
});

describe('passwords over WS-Management', () => {
  const facts = { authorization: basic(), certificate: undefined, from: '192.0.2.1' };

  test('one that was right is not hashed again for a minute', async () => {
    let nowMs = 0;
    const users = testUsers();
    const signIn = signInBy(users, () => nowMs);
    await Promise.all(Array.from({ length: 20 }, () => signIn(facts)));
    nowMs += 59_000;
    await signIn(facts);
    assert.equal(users.verifications, 1);
    nowMs += 1_000;
    await signIn(facts);
    assert.equal(users.verifications, 2);
  });

  test('one that was wrong is never remembered', async () => {
    const users = testUsers();
    const signIn = signInBy(users, () => 0);
    for (let count = 0; count < 3; count++) await assert.rejects(signIn({ ...facts, authorization: basic('ada', 'wrong') }));
    assert.equal(users.verifications, 3);
  });

  test('that was changed, of a user who is gone or has another role counts at once', async () => {
    const users = testUsers();
    const signIn = signInBy(users, () => 0);
    await signIn(facts);
    users.users.set('ada', { name: 'ada', role: 'viewer', stamp: '1' });
    assert.deepEqual(await signIn(facts), { name: 'ada', role: 'viewer', from: '192.0.2.1' });
    users.users.set('ada', { name: 'ada', role: 'viewer', stamp: '2' });
    await signIn(facts);
    assert.equal(users.verifications, 2);
    users.users.delete('ada');
    await assert.rejects(signIn(facts));
  });

  test('may hold colons and any script', async () => {
    const users = testUsers();
    const seen: string[] = [];
    const signIn = signInBy({ ...users, verify: (_name, password) => (seen.push(password), Promise.resolve(users.users.get('ada')!)) }, () => 0);
    await signIn({ ...facts, authorization: basic('ada', 'a:b:ü漢') });
    assert.deepEqual(seen, ['a:b:ü漢']);
    assert.notEqual(PASSWORD, seen[0]);
  });
});

describe('WS-Management over TLS', () => {
  let bench: WsmanBench;
  let client: Awaited<ReturnType<typeof selfSigned>>;
  before(async () => {
    client = await selfSigned('client');
    bench = await openWsman({ tls: await selfSigned('host-a') });
  });
  after(() => bench.close());
  const withCertificate = (authorization: string | null = MUTUAL) => post(bench.url, GET, { headers: { authorization: authorization ?? undefined }, cert: client.cert, key: client.key });

  test('a password opens it', async () => {
    assert.equal((await bench.post(GET)).status, 200);
  });

  test('a client certificate opens it only when it stands for a user, with and without the header that says so', async () => {
    assert.equal((await withCertificate()).status, 401);
    bench.users.certificates.set(client.fingerprint, 'vera');
    assert.equal((await withCertificate()).status, 200);
    assert.equal((await withCertificate(null)).status, 200);
    assert.equal((await post(bench.url, GET, { headers: { authorization: MUTUAL } })).status, 401, 'without the certificate');
    assert.equal((await withCertificate(basic('ada', 'wrong'))).status, 401, 'a wrong password beside it is not overlooked');
    bench.users.certificates.clear();
    assert.equal((await withCertificate()).status, 401);
  });

  test('a certificate that has ended opens nothing', async () => {
    bench.users.certificates.set(client.fingerprint, 'vera');
    const later = signInBy(bench.users, () => Date.now() + 10 * 366 * 86_400_000);
    const { X509Certificate } = await import('node:crypto');
    assert.equal(typeof (await later({ authorization: MUTUAL, certificate: new X509Certificate(client.cert), from: 'x' })), 'symbol');
    bench.users.certificates.clear();
  });

  test('TLS before 1.2 is refused', async () => {
    const socket = connectTls({ port: bench.port, host: '127.0.0.1', rejectUnauthorized: false, minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' });
    const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
    assert.match(String(error.code), /SSL|TLS|ECONNRESET/);
  });
});
