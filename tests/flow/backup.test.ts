/** A host gets its state of yesterday back: nothing runs twice, nothing is lost, nothing is trusted that changed since. */
import assert from 'node:assert/strict';
import { readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Pair } from './pair.ts';
import { until, type TestHost } from './testhost.ts';

let pair: Pair;
const fileOf = (host: TestHost, when = 'first'): string => join(pair.directory, `${host.name}-${when}.backup`);
const stateOf = (host: TestHost): readonly string[] => ['--state-dir', host.stateDir];

before(async () => {
  pair = await Pair.open();
  await pair.protect({}, {}, '--history', '8');
});
after(() => pair.close());

async function restored(host: TestHost, when?: string): Promise<void> {
  await host.stop();
  await host.run('restore-state', fileOf(host, when), '--yes', ...stateOf(host));
  await host.start();
}

test('a backup is made while the daemon runs, is for its owner only, and is refused where a file is', async () => {
  for (const host of [pair.a, pair.b]) await host.run('backup-state', fileOf(host), ...stateOf(host));
  assert.equal(statSync(fileOf(pair.a)).mode & 0o777, 0o600);
  assert.match((await pair.a.fails('backup-state', fileOf(pair.a), ...stateOf(pair.a))).message, /there is a file .* already/);
});

test('a restore is refused while a daemon runs, and of files that are damaged, cut short or something else', async () => {
  assert.equal((await pair.a.fails('restore-state', fileOf(pair.a), '--yes', ...stateOf(pair.a))).code, 'daemon-running');
  const bad = join(pair.directory, 'bad.backup');
  const whole = readFileSync(fileOf(pair.a));
  const refused = async (why: RegExp) => {
    const { code, message } = await pair.a.fails('restore-state', bad, '--yes', '--state-dir', join(pair.directory, 'elsewhere'));
    assert.equal(code, 'backup-unfit');
    assert.match(message, why);
  };
  writeFileSync(bad, whole.with(whole.length >> 1, whole[whole.length >> 1]! ^ 1));
  await refused(/damaged or not whole/);
  writeFileSync(bad, whole);
  truncateSync(bad, whole.length - 100);
  await refused(/damaged or not whole/);
  writeFileSync(bad, 'a text');
  await refused(/no backup of Understudy/);
});

test('a replica that is restored to before its newest points has them still, and gets more', async () => {
  const { lastCycle } = await pair.a.nextPoint();
  const newest = (lastCycle as { pointId: string }).pointId;
  await restored(pair.b);
  const found = (await pair.b.points()).map(({ id }) => id);
  assert.ok(found.includes(newest), `${newest} is not among ${found.join()}`);
  await until('replication goes on', async () => {
    const { state } = await pair.a.relationship();
    if (state === 8) await pair.a.run('resume', 'web1');
    return (await pair.b.points()).some(({ id }) => !found.includes(id)) || undefined;
  }, 90_000, () => pair.a.relationship());
});

test('a primary that is restored to before its last cycles compares, and its replica is the same again', async () => {
  await pair.a.nextPoint();
  await restored(pair.a);
  const { lastResynchronization } = await until('it has compared', async () => {
    const { machine, relationship } = pair.a.record();
    return machine.restoredMs === undefined && relationship?.state === 3 && relationship.lastResynchronization ? { lastResynchronization: relationship.lastResynchronization } : undefined;
  }, 90_000, () => pair.a.relationship());
  assert.ok(lastResynchronization.comparedBytes > 0);
  await pair.areIdentical();
});

test('a primary that is restored to before its guest failed over does not start it: not while the other host is silent, and not when it answers', async () => {
  await pair.a.run('vm', 'stop', 'web1', '--force', '--yes');
  await pair.a.stop();
  await pair.b.run('failover', 'web1', '--unplanned', '--yes');
  await (await pair.b.console()).next('wrote');
  await pair.b.stop();
  await restored(pair.a);
  const silent = await pair.a.fails('vm', 'start', 'web1');
  assert.match(silent.message, /restored from the backup of .* and the other host has not confirmed/);
  await pair.b.start();
  await pair.a.reaches('it has yielded', ({ side }) => side === 'replica', 60_000);
  assert.equal((await pair.a.machine()).power, 'off');
  assert.match((await pair.a.fails('vm', 'start', 'web1')).message, /may not be started on host-a/);
  assert.equal((await pair.b.machine()).power, 'running');
});

/** The guest moves over and its former host is the replica. */
async function moved(from: TestHost, to: TestHost): Promise<void> {
  await from.run('failover', 'web1', '--planned', '--reverse', '--yes');
  await (await to.console()).next('wrote');
  await to.nextPoint();
}

const runsOn = async (host: TestHost): Promise<boolean> => (await host.machine()).power === 'running';

test('a primary that is restored to before its guest went away and came home sends nothing, and leaves the other host a way out that holds the guest', async () => {
  await pair.b.run('reverse', 'web1', '--yes');
  await pair.b.nextPoint();
  await pair.a.run('backup-state', fileOf(pair.a, 'away'), ...stateOf(pair.a));
  await moved(pair.b, pair.a);
  const known = (await pair.b.points()).map(({ id }) => id);
  await restored(pair.a);
  await pair.a.reaches('it knows that its record is behind', ({ lastFault }) => /came back to host-a after the backup/.test(lastFault?.message ?? ''));
  assert.deepEqual((await pair.b.points()).filter(({ id }) => !known.includes(id)), [], 'nothing of the old record arrived');
  assert.ok(!(await runsOn(pair.b)));
  assert.match((await pair.b.fails('failover', 'web1', '--unplanned', '--yes')).message, /runs on host-a/);
  const since = await (await pair.b.console()).position();
  await pair.b.run('failover', 'web1', '--unplanned', '--force', '--yes');
  await pair.a.reaches('it has yielded', ({ side }) => side === 'replica');
  assert.ok(!(await runsOn(pair.a)) && (await runsOn(pair.b)));
  await pair.b.run('reverse', 'web1', '--yes');
  const { ok, why } = await (await pair.b.console()).verified({ since });
  assert.ok(ok, `what runs on the other host is not whole: ${why}`);
  await pair.areIdentical(pair.b, pair.a);
});

test('a replica that is restored to before its guest came home runs it on, replicates it to nobody, and the other host does not run it beside it', async () => {
  await moved(pair.b, pair.a);
  const { ok, why } = await (await pair.a.console()).verified();
  assert.ok(ok, `what came home after the restore before is not whole: ${why}`);
  await restored(pair.a, 'away');
  const { role, power } = await pair.a.machine();
  assert.deepEqual([role, power], ['standalone', 'running']);
  const { code, message } = await pair.b.fails('failover', 'web1', '--unplanned', '--yes');
  assert.deepEqual([code, /runs on host-a, which does not know the relationship any more/.test(message)], ['refused', true]);
  assert.ok(!(await runsOn(pair.b)));
  await pair.a.run('vm', 'stop', 'web1', '--force', '--yes');
  assert.match((await pair.a.fails('vm', 'start', 'web1')).message, /nobody can be asked whether it was moved/);
  await pair.b.run('failover', 'web1', '--unplanned', '--yes');
  assert.deepEqual([await runsOn(pair.a), await runsOn(pair.b)], [false, true]);
});
