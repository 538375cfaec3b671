/** Who may replicate to a host: entries, wildcards, and what a replica that was given to one goes by. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { faultOf } from '../../src/errors/fault.ts';
import { admissionOf, allowsStorage, checkedEntry, checkUnique, covers, entryFor, type AuthorizationEntry } from '../../src/relationship/authorization.ts';

const entry = (host: string, more: Partial<AuthorizationEntry> = {}): AuthorizationEntry => ({ id: `id of ${host}`, host, storage: '/replicas', trustGroup: 'DEFAULT', ...more });
const isInvalid = (message: RegExp) => (thrown: unknown) => faultOf(thrown)?.code === 'settings-invalid' && message.test((thrown as Error).message);

test('an entry is for a host, for the hosts of a domain, or for any host; a wildcard elsewhere is refused', () => {
  for (const host of ['alpha', 'alpha.example.com', '*.example.com', '*.com', '*', 'a_b-c.d1']) assert.equal(checkedEntry(entry(host)).host, host);
  for (const host of ['', '*.', '**', 'a.*.com', 'alpha.*', '*alpha', '*.*.com', 'a..b', '.a', 'a.', '-a', 'a b', 'a/b', `${'x'.repeat(64)}.com`, `${'a.'.repeat(130)}com`]) {
    assert.throws(() => checkedEntry(entry(host)), isInvalid(/wildcard in the first label only/), host);
  }
});

test('a storage location is an absolute path that does not climb, and a trust group has characters', () => {
  for (const storage of ['', 'relative', '/srv/../etc', '/srv/\0', `/${'x'.repeat(5_000)}`]) assert.throws(() => checkedEntry(entry('a', { storage })), isInvalid(/absolute path/), storage);
  for (const trustGroup of ['', ' ', 'x'.repeat(257)]) assert.throws(() => checkedEntry(entry('a', { trustGroup })), isInvalid(/trust group/));
  assert.throws(() => checkedEntry(entry('*', { trustGroup: 'blue' })), isInvalid(/DEFAULT/));
});

test('a replica may be kept in its entry\'s storage location and below it, and nowhere else', () => {
  for (const place of ['/replicas', '/replicas/', '/replicas/web', '/replicas/a/b']) assert.ok(allowsStorage(entry('a'), place), place);
  for (const place of ['/', '/etc', '/replicas2', '/replica', 'replicas', '', '/replicas/../etc', '/replicas/\0', '/x/replicas']) assert.ok(!allowsStorage(entry('a'), place), place);
  assert.ok(allowsStorage(entry('a', { storage: '/' }), '/srv') && allowsStorage(entry('a', { storage: '/srv/' }), '/srv/web') && allowsStorage(entry('a', { storage: '/srv/' }), '/srv'));
});

test('two entries for one host are refused, whatever the case', () => {
  const entries = [entry('Alpha.example.com'), entry('*.example.com')];
  assert.throws(() => checkUnique(entries, entry('alpha.EXAMPLE.com', { id: 'new' })), isInvalid(/already/));
  assert.throws(() => checkUnique(entries, entry('*.Example.com', { id: 'new' })), isInvalid(/already/));
  assert.doesNotThrow(() => checkUnique(entries, entries[0]!));
});

test('a wildcard covers the hosts below its domain and not the domain itself', () => {
  const domain = entry('*.example.com');
  for (const name of ['a.example.com', 'A.B.Example.Com']) assert.ok(covers(domain, name), name);
  for (const name of ['example.com', 'badexample.com', 'a.example.com.evil.org', '']) assert.ok(!covers(domain, name), name);
});

test('a host\'s own entry comes before its domain\'s, the nearer domain before the wider, and any host before all', () => {
  const entries = [entry('*.com'), entry('*.example.com'), entry('a.example.com')];
  assert.equal(entryFor(entries, 'a.example.com')?.host, 'a.example.com');
  assert.equal(entryFor(entries, 'b.example.com')?.host, '*.example.com');
  assert.equal(entryFor(entries, 'b.other.com')?.host, '*.com');
  assert.equal(entryFor(entries, 'alpha'), undefined);
  assert.equal(entryFor([...entries, entry('*')], 'a.example.com')?.host, '*');
});

test('a server that is switched off admits nobody, and says that before anything else', () => {
  assert.deepEqual(admissionOf(false, [entry('*')], 'alpha'), { isAdmitted: false, why: 'server-off' });
  assert.deepEqual(admissionOf(true, [], 'alpha'), { isAdmitted: false, why: 'no-entry' });
});

test('a replica that was given to an entry goes by that one alone, until any host is allowed', () => {
  const [own, domain] = [entry('a.example.com'), entry('*.example.com')];
  const why = (...entries: AuthorizationEntry[]) => {
    const admission = admissionOf(true, entries, 'a.example.com', domain.id);
    return admission.isAdmitted ? admission.entry.host : admission.why;
  };
  assert.equal(why(own, domain), '*.example.com');
  assert.equal(why(own), 'entry-removed');
  assert.equal(why(own, { ...domain, host: '*.example.org' }), 'entry-of-others');
  assert.equal(why(own, entry('*')), '*');
});
