/** Client certificates that stand for users. */
import assert from 'node:assert/strict';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { before, beforeEach, describe, test } from 'node:test';
import { Fault } from '../../src/errors/fault.ts';
import { createCertificate, createKey } from '../../src/peer/certificate.ts';
import { Accounts } from '../../src/state/accounts.ts';

const isFault = (code: string) => (error: unknown) => error instanceof Fault && error.code === code;

describe('certificates of users', () => {
  let pem: string;
  let accounts: Accounts;
  before(async () => {
    pem = await createCertificate(createPrivateKey(await createKey()), { name: 'client', hostId: 'c' }, Date.now());
  });
  beforeEach(async () => {
    accounts = new Accounts(new DatabaseSync(':memory:'));
    await accounts.addUser('ada', 'operator', 'correct horse battery');
  });

  test('one stands for its user until it is removed', () => {
    const { fingerprint, subject } = accounts.certificates.add('ada', pem);
    assert.equal(fingerprint, new X509Certificate(pem).fingerprint256.replaceAll(':', '').toLowerCase());
    assert.equal(subject, 'CN=client');
    assert.equal(accounts.certificates.userOf(fingerprint), 'ada');
    assert.deepEqual(accounts.certificates.of('ada').map((certificate) => certificate.fingerprint), [fingerprint]);
    accounts.certificates.remove('ada', fingerprint);
    assert.equal(accounts.certificates.userOf(fingerprint), undefined);
    assert.throws(() => accounts.certificates.remove('ada', fingerprint), isFault('user-unknown'));
  });

  test('one that is added twice is there once, and never for two users', async () => {
    accounts.certificates.add('ada', pem);
    accounts.certificates.add('ada', pem);
    assert.equal(accounts.certificates.of('ada').length, 1);
    await accounts.addUser('bob', 'viewer', 'correct horse battery');
    assert.throws(() => accounts.certificates.add('bob', pem), isFault('settings-invalid'));
  });

  test('a user who is removed and added again does not get the old ones back', async () => {
    const { fingerprint } = accounts.certificates.add('ada', pem);
    accounts.removeUser('ada');
    await accounts.addUser('ada', 'administrator', 'another password');
    assert.equal(accounts.certificates.userOf(fingerprint), undefined);
  });

  test('text that is no certificate is refused', () => {
    for (const bad of ['', 'hello', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----', 'x'.repeat(70_000)]) assert.throws(() => accounts.certificates.add('ada', bad), isFault('settings-invalid'));
  });

  test('the stamp of an account changes with its password', async () => {
    const { stamp } = await accounts.verify('ada', 'correct horse battery');
    assert.equal(accounts.account('ada')?.stamp, stamp);
    accounts.removeUser('ada');
    assert.equal(accounts.account('ada'), undefined);
    await accounts.addUser('ada', 'operator', 'correct horse battery');
    assert.notEqual(accounts.account('ada')?.stamp, stamp);
  });
});
