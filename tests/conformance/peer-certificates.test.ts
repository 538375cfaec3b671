/** Certificates of one's own authority, installed and chosen; and what paired hosts follow by themselves: another key, another port. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { CertificateStore, type CertificateFiles } from '../../src/peer/certificatestore.ts';
import { isFault, never, pairByHand, startHost, type BenchHost } from './peerbench.ts';

const run = promisify(execFile);
const BOTH = 'extendedKeyUsage=serverAuth,clientAuth\n';

/** An authority made with openssl. Each certificate gets a key of its own. */
async function startAuthority(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'ca-'));
  t.after(() => rm(folder, { recursive: true }));
  const at = (name: string) => join(folder, name);
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  await run('openssl', ['req', '-x509', ...newKey, '-keyout', at('ca.key'), '-out', at('ca.pem'), '-subj', '/CN=authority', '-days', '10']);
  return async ({ name = 'alpha', usage = BOTH, days = 10 } = {}): Promise<CertificateFiles & { authority: string }> => {
    await run('openssl', ['req', '-new', ...newKey, '-keyout', at('x.key'), '-out', at('x.csr'), '-subj', '/CN=x']);
    await writeFile(at('x.ext'), `subjectAltName=DNS:${name}\n${usage}`);
    await run('openssl', ['x509', '-req', '-in', at('x.csr'), '-CA', at('ca.pem'), '-CAkey', at('ca.key'), '-CAcreateserial', '-extfile', at('x.ext'), '-days', `${days}`, '-out', at('x.pem')]);
    const [certificate, key, authority] = await Promise.all(['x.pem', 'x.key', 'ca.pem'].map((file) => readFile(at(file), 'utf8')));
    return { certificate: certificate!, key: key!, authority: authority! };
  };
}

test('a certificate is called by the thumbprint that openssl and Windows print, and its key is nobody else\'s to read', async (t) => {
  const [issue, host] = [await startAuthority(t), await startHost(t, 'alpha')];
  const files = await issue();
  const store = new CertificateStore(host.stateDir);
  const { thumbprint, unfit } = await store.install(files, 'alpha');
  const path = join(host.stateDir, 'identity', 'certificates', `${thumbprint}.json`);
  await writeFile(join(host.stateDir, 'x.pem'), files.certificate);
  const { stdout } = await run('openssl', ['x509', '-in', join(host.stateDir, 'x.pem'), '-noout', '-fingerprint', '-sha1']);
  assert.deepEqual([stdout.split('=')[1]!.trim().replaceAll(':', ''), unfit, (await stat(path)).mode & 0o777], [thumbprint, null, 0o600]);
  assert.deepEqual((await store.list('alpha')).map((each) => each.thumbprint), [thumbprint]);
  assert.match((await store.list('beta'))[0]!.unfit!.text, /not for /);
  await store.remove(thumbprint.toLowerCase());
  assert.deepEqual(await store.list('alpha'), []);
});

test('a certificate that other hosts could not be shown is refused with the reason', async (t) => {
  const [issue, other, { stateDir }] = [await startAuthority(t), await startAuthority(t), await startHost(t, 'alpha')];
  const good = await issue();
  const cases: [CertificateFiles, RegExp][] = [
    [await issue({ days: -1 }), /expired at/],
    [await issue({ usage: 'extendedKeyUsage=serverAuth\n' }), /both server and client/],
    [await issue({ usage: '' }), /both server and client/],
    [await issue({ name: 'beta' }), /not for alpha/],
    [{ ...good, key: (await issue()).key }, /key is of another certificate/],
    [{ ...good, key: 'no key' }, /no private key in PEM/],
    [{ ...good, certificate: 'no certificate' }, /no certificate in PEM/],
    [{ ...good, authority: (await other()).authority }, /does not lead to the authority/],
    [{ ...good, key: 'x'.repeat(70_000) }, /longer than/],
  ];
  for (const [files, reason] of cases) await assert.rejects(new CertificateStore(stateDir).install(files, 'alpha'), isFault('settings-invalid', reason), String(reason));
  assert.equal((await new CertificateStore(stateDir).install(good, 'alpha')).unfit, null);
});

async function twoPaired(t: TestContext) {
  const a = await startHost(t, 'alpha');
  const b = await startHost(t, 'beta', () => Promise.resolve('answered'));
  pairByHand(a, b);
  const call = (from: BenchHost, to: BenchHost) => from.network.call(to.identity.hostId, 'x', null, never());
  return { a, b, call };
}

test('a key that was announced is followed by both directions, and the former one is a stranger\'s from then on', async (t) => {
  const { a, b, call } = await twoPaired(t);
  const store = new CertificateStore(a.stateDir);
  const { thumbprint } = await store.install(await (await startAuthority(t))(), 'alpha');
  const next = (await store.identityWith(thumbprint, a.identity))!;
  assert.equal(await call(a, b), 'answered');
  await a.network.announce(b.identity.hostId, { method: 'nextKey', params: { pin: next.pin } }, never());
  const known = () => b.directory.get(a.identity.hostId)!;
  assert.deepEqual([known().pin, known().nextPin], [a.identity.pin, next.pin]);
  for (const host of [a, b]) host.network.forget(host === a ? b.identity.hostId : a.identity.hostId);
  assert.equal(await call(a, b), 'answered', 'until it is shown, the present key counts');
  assert.deepEqual([known().pin, known().nextPin], [a.identity.pin, next.pin]);
  a.network.present(next);
  for (const host of [a, b]) host.network.forget(host === a ? b.identity.hostId : a.identity.hostId);
  assert.equal(await call(a, b), 'answered');
  assert.equal(await call(b, a), null);
  assert.deepEqual([known().pin, known().nextPin], [next.pin, undefined]);
  a.network.present(a.identity);
  a.network.forget(b.identity.hostId);
  await assert.rejects(call(a, b), isFault('peer-certificate'));
});

test('a key that nobody announced is a stranger\'s', async (t) => {
  const { a, b, call } = await twoPaired(t);
  const store = new CertificateStore(a.stateDir);
  const { thumbprint } = await store.install(await (await startAuthority(t))(), 'alpha');
  a.network.present((await store.identityWith(thumbprint, a.identity))!);
  await assert.rejects(call(a, b), isFault('peer-certificate'));
  await assert.rejects(call(b, a), isFault('peer-certificate'));
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

test('another peer port is followed without a connection being cut, and an address that was given another port stays', async (t) => {
  const { a, b, call } = await twoPaired(t);
  const [from, to] = [b.network.port, await freePort()];
  assert.equal(await call(a, b), 'answered');
  await b.network.listenOn({ host: '127.0.0.1', port: to });
  assert.equal(b.network.port, to);
  await b.network.announce(a.identity.hostId, { method: 'portChanged', params: { from, to } }, never());
  assert.equal(a.directory.get(b.identity.hostId)!.address, `127.0.0.1:${to}`);
  assert.ok(a.network.connected(b.identity.hostId), 'the connection over the former port goes on');
  a.network.forget(b.identity.hostId);
  assert.equal(await call(a, b), 'answered');
  await b.network.announce(a.identity.hostId, { method: 'portChanged', params: { from, to: 1 } }, never());
  assert.equal(a.directory.get(b.identity.hostId)!.address, `127.0.0.1:${to}`);
  await assert.rejects(b.network.announce(a.identity.hostId, { method: 'portChanged', params: { from, to: 70_000 } }, never()), isFault('peer-protocol'));
  await assert.rejects(b.network.listenOn({ host: '127.0.0.1', port: a.network.port }), isFault('port-in-use'));
  assert.equal(b.network.port, to);
});
