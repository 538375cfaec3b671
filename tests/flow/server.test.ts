/** A host as a replica server, met through a proxy, with a certificate of one's own authority; and what a replica is once it is removed. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { AuthorizationView, HostView, ServerCertificateView, ServerView } from '../../src/service/views.ts';
import { TestProxy } from '../conformance/proxy.ts';
import { Pair } from './pair.ts';
import { until } from './testhost.ts';

const CREDENTIALS = 'ada:s3cret-word';
let pair: Pair;
let proxy: TestProxy;
let throughProxy: string[];

before(async () => {
  proxy = await TestProxy.start();
  proxy.credentials = CREDENTIALS;
  throughProxy = ['--proxy', `http://${CREDENTIALS}@127.0.0.1:${proxy.port}`];
  pair = await Pair.open();
  await pair.define();
  await pair.enable();
  await pair.a.run('start-replication', 'web1');
});
after(async () => {
  await pair.close();
  await proxy.close();
});

const peerOfA = async (): Promise<HostView> => (await pair.a.get<HostView[]>('/api/hosts')).find(({ self }) => !self)!;
const inContact = () => until('host-a is in contact', async () => ((await peerOfA()).connected ? true : undefined), 20_000, peerOfA);
const critical = (code: string) => pair.a.reaches(code, ({ state, lastFault }) => state === 8 && lastFault?.code === code);

async function goesOn(): Promise<void> {
  if ((await pair.a.relationship()).state === 8) await pair.a.run('resume', 'web1');
  await pair.a.nextPoint();
}

test('a replica server that is switched off refuses cycles and new replicas, and its replica stays', async () => {
  await pair.b.run('server', 'set', '--replica-server', 'off');
  const { lastFault } = await critical('server-off');
  assert.match(lastFault!.hint, /server set --replica-server on/);
  assert.equal((await pair.b.relationship()).state, 3);
  await pair.define({ name: 'new1' });
  const refused = await pair.a.fails('enable', 'new1', '--to', 'host-b', '--yes');
  assert.match(refused.message, /replica server is switched off/);
  const tested = await pair.a.fails('host', 'test', 'host-b');
  assert.deepEqual([tested.code, /failed at asking whether it takes replicas/.test(tested.message)], ['server-off', true]);
  await pair.b.run('server', 'set', '--replica-server', 'on');
  await goesOn();
});

test('any paired host may send while that is set, whatever the entries say, and existing replicas stay where they are', async () => {
  const [entry] = await pair.b.get<AuthorizationView[]>('/api/authorizations');
  const { storage } = pair.b.record().machine;
  const elsewhere = join(pair.directory, 'elsewhere');
  const server = await pair.b.run<ServerView>('server', 'set', '--any-host', 'on', '--storage', elsewhere);
  assert.deepEqual([server.anyHost, server.storage], [true, elsewhere]);
  await pair.b.run('authorization', 'remove', entry!.id);
  await pair.a.nextPoint();
  assert.equal(pair.b.record().machine.storage, storage);
  await pair.b.run('server', 'set', '--any-host', 'off');
  await critical('peer-not-authorized');
  await pair.b.run('authorization', 'add', 'host-a', '--storage', storage);
  assert.equal((await pair.b.fails('authorization', 'add', 'HOST-A')).code, 'settings-invalid');
  assert.match((await pair.b.fails('authorization', 'add', 'host.*.example')).message, /wildcard in the first label only/);
  await goesOn();
});

test('replication goes through the proxy and its credentials are in no log; past it while the proxy refuses', async () => {
  await pair.a.stop();
  await pair.a.start(throughProxy);
  await pair.a.nextPoint();
  assert.ok(proxy.asked.includes(pair.b.peerAddress));
  assert.equal((await pair.a.run<ServerView>('server', 'show')).proxy, `127.0.0.1:${proxy.port}`);
  proxy.mood = 'forbids';
  proxy.cut();
  const { lastFault } = await pair.a.reaches('the proxy\'s fault', (seen) => seen.lastFault?.code === 'peer-proxy');
  assert.match(lastFault!.message, /the proxy 127\.0\.0\.1:\d+ does not allow connections/);
  assert.match((await pair.a.fails('host', 'test', 'host-b')).message, /failed at getting through the proxy/);
  await pair.a.run('host', 'test', 'host-b', '--bypass-proxy');
  await pair.a.run('settings', 'web1', '--bypass-proxy');
  await pair.a.nextPoint();
  assert.equal((await pair.b.relationship()).settings.bypassProxy, true);
  assert.doesNotMatch(pair.a.log, /s3cret|Basic /);
  proxy.mood = 'works';
});

test('a certificate of one\'s own authority is chosen by its thumbprint while replication goes on, and after a restart', async () => {
  const at = (name: string) => join(pair.directory, name);
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'ignore' });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  openssl('req', '-x509', ...newKey, '-keyout', at('ca.key'), '-out', at('ca.pem'), '-subj', '/CN=ca', '-days', '9');
  openssl('req', '-new', ...newKey, '-keyout', at('b.key'), '-out', at('b.csr'), '-subj', '/CN=b');
  writeFileSync(at('b.ext'), 'subjectAltName=DNS:host-b\nextendedKeyUsage=serverAuth,clientAuth\n');
  openssl('x509', '-req', '-in', at('b.csr'), '-CA', at('ca.pem'), '-CAkey', at('ca.key'), '-CAcreateserial', '-extfile', at('b.ext'), '-days', '9', '-out', at('b.pem'));
  const { thumbprint } = await pair.b.run<ServerCertificateView>('server', 'certificate', 'add', '--certificate', at('b.pem'), '--key', at('b.key'), '--authority', at('ca.pem'));
  assert.match((await pair.a.fails('server', 'certificate', 'add', '--certificate', at('b.pem'), '--key', at('b.key'))).message, /not for host-a/);
  const before = (await peerOfA()).fingerprint;
  const server = await pair.b.run<ServerView>('server', 'set', '--certificate', thumbprint);
  assert.deepEqual([server.certificate.thumbprint, server.certificate.isOwn], [thumbprint, false]);
  assert.deepEqual((await pair.b.fails('server', 'certificate', 'remove', thumbprint)).allowed, ['server set --certificate own']);
  await pair.b.stop();
  await pair.b.start();
  await inContact();
  await goesOn();
  assert.notEqual((await peerOfA()).fingerprint, before);
});

test('a peer port that is changed is followed, and after a restart too', async () => {
  const port = 7443 + pair.b.portOffset + 7;
  const { peerAddress } = await pair.b.run<ServerView>('server', 'set', '--peer-port', String(port));
  assert.equal(peerAddress, `127.0.0.1:${port}`);
  await until('host-a follows', async () => ((await peerOfA()).address === peerAddress ? true : undefined), 10_000, peerOfA);
  await pair.a.nextPoint();
  await pair.b.stop();
  await pair.b.start();
  await inContact();
  await goesOn();
  await pair.b.run('server', 'set', '--peer-port', 'configured');
  await until('host-a follows back', async () => ((await peerOfA()).address === pair.b.peerAddress ? true : undefined), 10_000, peerOfA);
});

test('a replica that is removed keeps its disks and boots as an ordinary machine; the primary sees it, is removed and may be enabled again', async () => {
  await pair.a.run('cycle', 'web1');
  await pair.b.run('disable', 'web1', '--yes');
  const { health, healthReasons } = await pair.a.reaches('the removal is seen', (seen) => seen.healthReasons.some((reason) => /host-b removed its side/.test(reason)));
  assert.equal(health, 'critical', healthReasons.join());
  await pair.b.run('vm', 'start', 'web1');
  await (await pair.b.console()).next('wrote');
  await pair.b.run('vm', 'stop', 'web1', '--force', '--yes');
  assert.match((await pair.a.fails('host', 'remove', 'host-b', '--yes')).message, /understudy disable for each: it works without host-b/);
  await pair.b.stop();
  await pair.a.run('disable', 'web1', '--yes');
  await pair.b.start();
  await inContact();
  const refused = await pair.a.fails('enable', 'web1', '--to', 'host-b', '--yes');
  assert.match(refused.message, /UUID|replication was removed|is a copy|kept web1/);
  await pair.b.run('vm', 'undefine', 'web1');
  await pair.enable();
  assert.equal((await pair.a.relationship()).state, 1);
});
