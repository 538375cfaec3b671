/** A replica's host loses its state file: what its users were promised happens by itself once the two hosts are paired again. */
import assert from 'node:assert/strict';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Pair } from './pair.ts';
import { until } from './testhost.ts';

let pair: Pair;

before(async () => {
  pair = await Pair.open();
  await pair.protect({}, {}, '--history', '4');
});
after(() => pair.close());

test('a replica whose state is lost keeps its recovery points and gets new ones after the hosts were paired again', async () => {
  for (let count = 0; count < 3; count++) await pair.a.nextPoint('web1');
  await pair.b.stop();
  const { stateDir } = pair.b;
  const lost = readdirSync(stateDir).filter((name) => name.startsWith('state.db'));
  assert.ok(lost.includes('state.db'), readdirSync(stateDir).join());
  for (const name of lost) rmSync(join(stateDir, name));
  await pair.b.start();
  const found = (await pair.b.points()).map(({ id }) => id);
  assert.ok(found.length >= 3, `${found.length} points`);
  await pair.join();
  await until('replication goes on', async () => {
    const { state } = await pair.a.relationship();
    if (state === 8) await pair.a.run('resume', 'web1');
    return (await pair.b.points()).some(({ id }) => !found.includes(id)) || undefined;
  }, 60_000, () => pair.a.relationship());
  assert.equal(pair.b.record('web1').relationship!.state, 3);
  await pair.areIdentical();
});
