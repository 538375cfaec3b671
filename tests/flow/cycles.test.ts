import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Pair, differing, disksOf } from './pair.ts';

let pair: Pair;

before(async () => {
  pair = await Pair.open();
  await pair.protect({ rate: 20 }, {}, '--history', '4');
});
after(() => pair.close());

/** The guest stands still, and the newest point was taken after that. */
async function quietPoint(): Promise<string> {
  const { a } = pair;
  await (await a.console()).quiet();
  await (await a.console()).run('sync');
  await a.run('cycle', 'web1');
  return a.record().relationship!.newestPointId!;
}

test('the replica\'s point equals the primary\'s disks after a quiet cycle', async () => {
  const pointId = await quietPoint();
  assert.equal(pair.b.record().relationship!.newestPointId, pointId);
  assert.equal(await differing(() => disksOf(pair.a), () => disksOf(pair.b, { pointId })), 0);
});
