/** Two hosts that compare by hash, on simulated hosts: the real engine, maps and journals. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { transition } from '../../src/engine/transition.ts';
import { CLUSTER_BYTES } from '../../src/extents/extent.ts';
import { Pair } from '../../src/simulation/pair.ts';

const MINUTE_MS = 60_000;

/** A's guest runs and is replicated to B; then A loses its record of changes and its maps. */
async function withoutRecord(seed: string): Promise<Pair> {
  const pair = new Pair({ seed, disks: { a: 40, b: 9 } });
  await pair.enable({ recoveryHistory: 3 });
  await pair.done(pair.a, 'start');
  await pair.done(pair.a, 'initial');
  await pair.done(pair.a, 'cycle');
  transition(pair.a.engine!.host, pair.relationshipId, 'suspend');
  await pair.pass(1_000);
  pair.write(pair.a, 'a', 3);
  pair.write(pair.a, 'b', 8);
  pair.a.hypervisor.kill(pair.machineId);
  await pair.time.until(pair.a.engine!.host.fingerprints.drop(pair.relationshipId), MINUTE_MS, 'the maps go');
  transition(pair.a.engine!.host, pair.relationshipId, 'resume');
  return pair;
}

test('without maps both hosts compare by hash, and only what differs travels', async () => {
  const pair = await withoutRecord('compare');
  const before = pair.relationshipOn(pair.a)!.totals.bytesChanged;
  await pair.done(pair.a, 'start');
  await pair.pass(3 * MINUTE_MS);
  assert.equal(pair.relationshipOn(pair.a)!.state, 3, pair.standing());
  const changed = pair.relationshipOn(pair.a)!.totals.bytesChanged - before;
  assert.ok(changed > 0 && changed <= 4 * CLUSTER_BYTES, `${changed / CLUSTER_BYTES} clusters travelled`);
  await pair.properties.check();
  pair.properties.newestPointIsTheDisks(pair.a);
});
