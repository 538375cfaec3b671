import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openInMemory } from '../../src/state/database.ts';
import { SubscriptionRows } from '../../src/state/subscriptions.ts';

test('subscriptions of a state that kept no owner are nobody\'s, and those from then on have theirs', () => {
  const database = openInMemory();
  database.exec("CREATE TABLE cim_subscriptions (id TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT, WITHOUT ROWID; INSERT INTO cim_subscriptions VALUES ('a', 'old')");
  const rows = new SubscriptionRows(database);
  rows.put('b', { text: 'new', owner: 'ada' });
  const all = [{ text: 'old', owner: null }, { text: 'new', owner: 'ada' }];
  assert.deepEqual(rows.rows().map((row) => ({ ...row })), all);
  assert.deepEqual(new SubscriptionRows(database).rows().map((row) => ({ ...row })), all);
  database.close();
});
