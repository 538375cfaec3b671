import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { openCertifiedIdentity } from '../../src/peer/identity.ts';
import { isFault, never, pairByHand, startHost, type BenchHost } from './peerbench.ts';

const run = promisify(execFile);

/** An authority made with openssl; certificates for names come from it. */
async function startAuthority(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'ca-'));
  t.after(() => rm(folder, { recursive: true }));
  const at = (name: string) => join(folder, name);
  const openssl = (...args: string[]) => run('openssl', args);
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  await openssl('req', '-x509', ...newKey, '-keyout', at('ca.key'), '-out', at('ca.pem'), '-subj', '/CN=authority', '-days', '10');
  let issued = 0;
  return async (name: string, days = 10) => {
    const id = `${issued++}`;
    await openssl('req', '-new', ...newKey, '-keyout', at(`${id}.key`), '-out', at(`${id}.csr`), '-subj', '/CN=x');
    await writeFile(at(`${id}.ext`), `subjectAltName=DNS:${name}\n`);
    await openssl('x509', '-req', '-in', at(`${id}.csr`), '-CA', at('ca.pem'), '-CAkey', at('ca.key'), '-CAcreateserial', '-extfile', at(`${id}.ext`), '-days', `${days}`, '-out', at(`${id}.pem`));
    return { caPath: at('ca.pem'), certPath: at(`${id}.pem`), keyPath: at(`${id}.key`) };
  };
}

type Issue = Awaited<ReturnType<typeof startAuthority>>;

const certify = async (host: BenchHost, issue: Issue, name: string, days?: number) => host.network.present(await openCertifiedIdentity(host.stateDir, 'x', await issue(name, days)));

async function twoPaired(t: TestContext) {
  const a = await startHost(t, 'alpha');
  const b = await startHost(t, 'beta', () => Promise.resolve('answered'));
  pairByHand(a, b);
  return { a, b, call: () => a.network.call(b.identity.hostId, 'x', null, never()), back: () => b.network.call(a.identity.hostId, 'x', null, never()) };
}

test('paired hosts whose keys were replaced are accepted by the authority\'s certificate for their names', async (t) => {
  const issue = await startAuthority(t);
  const { a, b, call, back } = await twoPaired(t);
  await certify(a, issue, 'alpha');
  await certify(b, issue, 'beta');
  assert.equal(await call(), 'answered');
  assert.equal(await back(), null);
});

test('a certificate for another name, of another authority, or past its end is refused', async (t) => {
  const issue = await startAuthority(t);
  const others: [Issue, string, number][] = [[issue, 'gamma', 10], [await startAuthority(t), 'beta', 10], [issue, 'beta', -1]];
  for (const [issuer, name, days] of others) {
    const { a, b, call } = await twoPaired(t);
    await certify(a, issue, 'alpha');
    await certify(b, issuer, name, days);
    await assert.rejects(call(), isFault('peer-certificate'), name);
  }
});

test('a host without an authority of its own goes by the paired key alone', async (t) => {
  const issue = await startAuthority(t);
  const { b, call, back } = await twoPaired(t);
  await certify(b, issue, 'beta');
  await assert.rejects(call(), isFault('peer-certificate'));
  await assert.rejects(back(), isFault('peer-certificate'));
});

test('files that do not belong together are refused when the identity is opened', async (t) => {
  const issue = await startAuthority(t);
  const { stateDir } = await startHost(t, 'alpha');
  const [one, two, foreign] = [await issue('alpha'), await issue('alpha'), await (await startAuthority(t))('alpha')];
  for (const files of [{ ...one, keyPath: two.keyPath }, { ...one, caPath: foreign.caPath }, { ...one, certPath: '/nowhere' }]) {
    await assert.rejects(openCertifiedIdentity(stateDir, 'x', files), isFault('settings-invalid'));
  }
});
