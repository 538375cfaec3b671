/** Users, sessions and the audit trail on a real SQLite database in memory. */
import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { beforeEach, describe, test } from 'node:test';
import { Fault } from '../../src/errors/fault.ts';
import { Refused } from '../../src/errors/refusal.ts';
import { Accounts, KEPT_AUDIT_ROWS, SESSION_MS } from '../../src/state/accounts.ts';

const PASSWORD = 'correct horse battery';
const isFault = (code: string) => (error: unknown) => error instanceof Fault && error.code === code;

const isRefused = (pattern: RegExp) => (error: unknown) => error instanceof Refused && pattern.test(error.message) && error.refusal.allowed.length > 0;

describe('accounts', () => {
  let db: DatabaseSync;
  let nowMs: number;
  let accounts: Accounts;
  let changed: string[];
  beforeEach(() => {
    changed = [];
    db = new DatabaseSync(':memory:');
    nowMs = 1_000_000;
    accounts = new Accounts(db, () => nowMs, (name) => changed.push(name));
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

  test('another password ends every session and token of the user, and nobody else\'s', async () => {
    await accounts.addUser('ada', 'operator', PASSWORD);
    await accounts.addUser('bob', 'operator', PASSWORD);
    const [session, others] = [await accounts.signIn('ada', PASSWORD), await accounts.signIn('bob', PASSWORD)];
    const program = accounts.issueToken('ada', 86_400_000);
    assert.deepEqual(await accounts.changeUser('ada', { password: 'another horse' }), { name: 'ada', role: 'operator' });
    for (const { token } of [session, program]) assert.equal(accounts.userOfToken(token), undefined);
    assert.ok(accounts.userOfToken(others.token));
    await assert.rejects(accounts.signIn('ada', PASSWORD), isFault('sign-in-failed'));
    assert.ok(await accounts.signIn('ada', 'another horse'));
    assert.ok(!everything().includes('another horse'));
  });

  test('another role holds at once for sessions that go on', async () => {
    await accounts.addUser('ada', 'viewer', PASSWORD);
    const { token } = await accounts.signIn('ada', PASSWORD);
    const { stamp } = accounts.account('ada')!;
    assert.deepEqual(await accounts.changeUser('ada', { role: 'operator' }), { name: 'ada', role: 'operator' });
    assert.equal(accounts.userOfToken(token)?.role, 'operator');
    assert.equal(accounts.account('ada')!.stamp, stamp, 'the password is the same');
  });

  test('a user who knows the present password sets another one; of their sessions only that one goes on', async () => {
    await accounts.addUser('ada', 'viewer', PASSWORD);
    const [here, elsewhere] = [await accounts.signIn('ada', PASSWORD), await accounts.signIn('ada', PASSWORD)];
    await assert.rejects(accounts.changePassword('ada', { password: 'wrong wrong', newPassword: 'another horse', token: here.token }), /that is not the present password of ada/);
    await assert.rejects(accounts.changePassword('ada', { password: PASSWORD, newPassword: 'short' }), /8 to 1024/);
    assert.ok(accounts.userOfToken(elsewhere.token), 'nothing was changed');
    await accounts.changePassword('ada', { password: PASSWORD, newPassword: 'another horse', token: here.token });
    assert.ok(accounts.userOfToken(here.token));
    assert.equal(accounts.userOfToken(elsewhere.token), undefined);
    assert.ok(await accounts.signIn('ada', 'another horse'));
  });

  test('a password that an administrator sets meanwhile is not replaced by somebody who knows the one before', async () => {
    await accounts.addUser('ada', 'viewer', PASSWORD);
    const late = accounts.changePassword('ada', { password: PASSWORD, newPassword: 'of the thief' });
    await accounts.changeUser('ada', { password: 'of the administrator' });
    await assert.rejects(late, isFault('settings-invalid'));
    assert.ok(await accounts.signIn('ada', 'of the administrator'));
  });

  test('the last administrator can be neither demoted nor removed', async () => {
    await accounts.addUser('ada', 'administrator', PASSWORD);
    await accounts.addUser('bob', 'operator', PASSWORD);
    await assert.rejects(accounts.changeUser('ada', { role: 'viewer' }), isRefused(/ada is the last administrator/));
    assert.throws(() => accounts.removeUser('ada'), isRefused(/ada is the last administrator/));
    await accounts.changeUser('ada', { role: 'administrator', password: 'another horse' });
    await accounts.changeUser('bob', { role: 'administrator' });
    await accounts.changeUser('ada', { role: 'viewer' });
    accounts.removeUser('ada');
    assert.throws(() => accounts.removeUser('bob'), isRefused(/bob is the last administrator/));
  });

  test('two administrators who demote each other at once leave one', async () => {
    for (const name of ['ada', 'bob']) await accounts.addUser(name, 'administrator', PASSWORD);
    const outcomes = await Promise.allSettled(['ada', 'bob'].map((name) => accounts.changeUser(name, { role: 'viewer', password: 'another horse' })));
    assert.deepEqual(outcomes.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
    assert.equal(accounts.users().filter(({ role }) => role === 'administrator').length, 1);
  });

  test('a change of somebody who is not there, to a role that is none or to a short password is refused', async () => {
    await accounts.addUser('ada', 'viewer', PASSWORD);
    await assert.rejects(accounts.changeUser('bob', { role: 'viewer' }), isFault('user-unknown'));
    await assert.rejects(accounts.changeUser('ada', { role: 'king' }), /viewer, operator, administrator/);
    await assert.rejects(accounts.changeUser('ada', { role: 'operator', password: 'short' }), /8 to 1024/);
    assert.equal(accounts.account('ada')!.role, 'viewer', 'nothing was changed');
  });

  test('whoever comes, goes or is not as before is announced once, and nobody for what was refused', async () => {
    await accounts.addUser('ada', 'administrator', PASSWORD);
    await accounts.addUser('bob', 'viewer', PASSWORD);
    await accounts.changeUser('bob', { role: 'operator' });
    await accounts.changePassword('bob', { password: PASSWORD, newPassword: 'another horse' });
    assert.throws(() => accounts.removeUser('ada'));
    accounts.removeUser('bob');
    assert.deepEqual(changed, ['ada', 'bob', 'bob', 'bob', 'bob']);
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
