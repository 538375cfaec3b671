/** Users, sessions and the audit trail on a real SQLite database in memory. */
import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { beforeEach, describe, test } from 'node:test';
import { Fault } from '../../src/errors/fault.ts';
import { Accounts, KEPT_AUDIT_ROWS, SESSION_MS } from '../../src/state/accounts.ts';

const PASSWORD = 'correct horse battery';
const isFault = (code: string) => (error: unknown) => error instanceof Fault && error.code === code;

describe('accounts', () => {
  let db: DatabaseSync;
  let nowMs: number;
  let accounts: Accounts;
  beforeEach(() => {
    db = new DatabaseSync(':memory:');
    nowMs = 1_000_000;
    accounts = new Accounts(db, () => nowMs);
  });
  const everything = () => JSON.stringify(['users', 'sessions', 'audit'].map((table) => db.prepare(`SELECT * FROM ${table}`).all().map((row) => Object.values(row).map((value) => (value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : value)))));

  test('a user signs in with the right password and only with it', async () => {
    await accounts.addUser('ada', 'operator', PASSWORD);
    const { token, user } = await accounts.signIn('ada', PASSWORD);
    assert.deepEqual(user, { name: 'ada', role: 'operator' });
    assert.deepEqual({ ...accounts.userOfToken(token) }, { name: 'ada', role: 'operator' });
    await assert.rejects(accounts.signIn('ada', `${PASSWORD}!`), isFault('sign-in-failed'));
    await assert.rejects(accounts.signIn('ada', ''), isFault('sign-in-failed'));
  });

  test('an unknown user and a wrong password give the same answer', async () => {
    await accounts.addUser('ada', 'operator', PASSWORD);
    const messages = await Promise.all(['ada', 'bob'].map((name) => accounts.signIn(name, 'wrong wrong wrong').catch((error: Error) => error.message)));
    assert.equal(messages[0], messages[1]);
  });

  test('neither the password nor the token is in the database', async () => {
    await accounts.addUser('ada', 'viewer', PASSWORD);
    const { token } = await accounts.signIn('ada', PASSWORD);
    const stored = everything();
    assert.ok(!stored.includes(PASSWORD) && !stored.includes(token));
  });

  test('a session ends after twelve hours', async () => {
    await accounts.addUser('ada', 'viewer', PASSWORD);
    const { token, expiresAtMs } = await accounts.signIn('ada', PASSWORD);
    assert.equal(expiresAtMs, nowMs + 12 * 3_600_000);
    nowMs += SESSION_MS - 1;
    assert.ok(accounts.userOfToken(token));
    nowMs += 1;
    assert.equal(accounts.userOfToken(token), undefined);
  });

  test('signing out and removing the user each end a session', async () => {
    await accounts.addUser('ada', 'viewer', PASSWORD);
    const [first, second] = [await accounts.signIn('ada', PASSWORD), await accounts.signIn('ada', PASSWORD)];
    accounts.endSession(first.token);
    assert.equal(accounts.userOfToken(first.token), undefined);
    assert.ok(accounts.userOfToken(second.token));
    accounts.removeUser('ada');
    assert.equal(accounts.userOfToken(second.token), undefined);
    await accounts.addUser('ada', 'administrator', PASSWORD);
    assert.equal(accounts.userOfToken(second.token), undefined, 'a new user of the same name does not inherit sessions');
  });

  test('a user has at most fifty sessions: the oldest end', async () => {
    await accounts.addUser('ada', 'viewer', PASSWORD);
    const insert = db.prepare('INSERT INTO sessions VALUES (?, ?, ?)');
    for (let i = 0; i < 60; i++) insert.run(Buffer.from([i]), 'ada', nowMs + 1 + i);
    await accounts.signIn('ada', PASSWORD);
    assert.equal(db.prepare('SELECT count(*) AS n FROM sessions').get()!['n'], 50);
    assert.equal(db.prepare('SELECT min(ends_at_ms) AS n FROM sessions').get()!['n'], nowMs + 12);
  });

  test('a name that is taken, a bad name, an unknown role and a short password are refused', async () => {
    await accounts.addUser('ada', 'viewer', PASSWORD);
    await assert.rejects(accounts.addUser('ada', 'administrator', PASSWORD), isFault('settings-invalid'));
    assert.deepEqual(accounts.users().map((user) => ({ ...user })), [{ name: 'ada', role: 'viewer' }]);
    await assert.rejects(accounts.addUser('Ada L', 'viewer', PASSWORD), isFault('settings-invalid'));
    await assert.rejects(accounts.addUser('bob', 'king', PASSWORD), /viewer, operator, administrator/);
    await assert.rejects(accounts.addUser('bob', 'viewer', 'short'), /8 to 1024/);
    assert.throws(() => accounts.removeUser('bob'), isFault('user-unknown'));
  });

  test('the audit trail is newest first and keeps the newest hundred thousand', () => {
    const entry = { who: 'ada', from: '10.0.0.1', subject: null, outcome: 'done' };
    accounts.recordAudit({ ...entry, operation: 'first' });
    db.exec(`UPDATE sqlite_sequence SET seq = ${KEPT_AUDIT_ROWS - 1} WHERE name = 'audit'`);
    accounts.recordAudit({ ...entry, operation: 'second' });
    assert.deepEqual(accounts.auditTrail().map((row) => row.operation), ['second', 'first']);
    accounts.recordAudit({ ...entry, operation: 'third' });
    assert.deepEqual(accounts.auditTrail().map((row) => row.operation), ['third', 'second']);
    assert.deepEqual(accounts.auditTrail(1).map((row) => row.operation), ['third']);
  });

  test('a long text in the audit trail is clipped', () => {
    accounts.recordAudit({ who: 'x'.repeat(10_000), from: '', operation: 'enable', subject: 'm', outcome: 'y'.repeat(10_000) });
    const [row] = accounts.auditTrail();
    assert.ok(row!.who.length <= 500 && row!.outcome.length <= 500);
  });

  test('opening the same database again keeps the users', async () => {
    await accounts.addUser('ada', 'viewer', PASSWORD);
    assert.equal(new Accounts(db).users().length, 1);
  });
});

test('a token for a program is good for as long as was said, and ends with its user', async () => {
  let nowMs = 1_800_000_000_000;
  const accounts = new Accounts(new DatabaseSync(':memory:'), () => nowMs);
  await accounts.addUser('prometheus', 'viewer', 'correct horse battery');
  const { token, expiresAtMs } = accounts.issueToken('prometheus', 30 * 86_400_000);
  assert.equal(expiresAtMs, nowMs + 30 * 86_400_000);
  nowMs += 29 * 86_400_000;
  assert.equal(accounts.userOfToken(token)?.role, 'viewer');
  nowMs += 2 * 86_400_000;
  assert.equal(accounts.userOfToken(token), undefined);
  const { token: second } = accounts.issueToken('prometheus', 86_400_000);
  accounts.removeUser('prometheus');
  assert.equal(accounts.userOfToken(second), undefined);
  assert.throws(() => accounts.issueToken('nobody', 1), /there is no user nobody/);
});
