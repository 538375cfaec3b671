/** What a test failover's copy showed is kept, and the test failover never waits for it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault } from '../../src/errors/fault.ts';
import { Pair } from '../../src/simulation/pair.ts';
import { GREY_PIXEL } from '../../src/simulation/screens.ts';

async function tested(seed: string, vga: 'std' | 'none'): Promise<Pair> {
  const pair = new Pair({ seed });
  await pair.enable({ recoveryHistory: 3 });
  const machine = pair.a.state.machine(pair.machineId)!;
  pair.a.state.putMachine({ ...machine, definition: { ...machine.definition, vga } });
  for (const kind of ['start', 'initial', 'cycle']) await pair.done(pair.a, kind);
  await pair.done(pair.b, 'test', { start: true });
  return pair;
}

const kept = (pair: Pair) => pair.b.testResults.of(pair.relationshipId);

test('a picture is kept once the copy has had its time to boot, replaced at the end, and gone with the relationship', async () => {
  const pair = await tested('pictured', 'std');
  assert.equal(await kept(pair), null);
  await pair.pass(70_000);
  const first = (await kept(pair))!;
  assert.deepEqual([first.moment, first.picture, first.copyId], ['booted', GREY_PIXEL, pair.relationshipOn(pair.b)!.testCopy!.instanceId]);
  await pair.done(pair.b, 'testEnd');
  const last = (await kept(pair))!;
  assert.deepEqual([last.moment, last.copyId], ['ended', first.copyId]);
  assert.ok(last.atMs >= first.atMs);
  pair.b.state.removeRelationship(pair.relationshipId);
  pair.b.engine!.host.changed('relationship', pair.machineId);
  await pair.pass(1_000);
  assert.equal(await kept(pair), null);
});

test('a copy without a display leaves what it wrote on its serial console', async () => {
  const pair = await tested('blind', 'none');
  const { instanceId } = pair.relationshipOn(pair.b)!.testCopy!;
  pair.b.hypervisor.screens.consoles.set(instanceId, { text: 'login:', atMs: 1 });
  await pair.done(pair.b, 'testEnd');
  const { picture, text, moment } = (await kept(pair))!;
  assert.deepEqual([picture, text, moment], [null, 'login:', 'ended']);
});

test('a display that hangs holds the end of the test up for a moment only, and one that fails changes nothing', async () => {
  for (const shows of [() => new Promise<Uint8Array>(() => undefined), () => Promise.reject(new Fault('qemu-failed', 'no picture'))]) {
    const pair = await tested('hanging', 'std');
    pair.b.hypervisor.screens.shows = shows;
    const startedMs = pair.b.nowMs();
    await pair.done(pair.b, 'testEnd');
    assert.ok(pair.b.nowMs() - startedMs < 10_000);
    assert.equal(pair.relationshipOn(pair.b)!.testCopy, null);
  }
});

test('a daemon that dies while the copy boots takes the picture in its next life', async () => {
  const pair = await tested('killed', 'std');
  pair.b.kill();
  await pair.pass(1_000);
  pair.b.boot();
  await pair.pass(70_000);
  assert.equal((await kept(pair))?.moment, 'booted');
});

test('a picture that comes late, when its relationship has ended already, does not outlive it', async () => {
  const pair = await tested('late', 'std');
  const { testResults } = pair.b;
  const written = Promise.withResolvers<undefined>();
  const keep = testResults.keep.bind(testResults);
  testResults.keep = async (relationshipId, result) => {
    await written.promise;
    return keep(relationshipId, result);
  };
  await pair.done(pair.b, 'testEnd');
  pair.b.state.removeRelationship(pair.relationshipId);
  pair.b.engine!.host.changed('relationship', pair.machineId);
  await pair.pass(1_000);
  written.resolve(undefined);
  await pair.pass(1_000);
  assert.deepEqual(await testResults.list(), []);
});
