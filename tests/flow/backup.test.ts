/** A host gets its state of yesterday back: nothing runs twice, nothing is lost, nothing is trusted that changed since. */
import assert from 'node:assert/strict';
import { readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Pair } from './pair.ts';
import { until, type TestHost } from './testhost.ts';

let pair: Pair;
const fileOf = (host: TestHost): string => join(pair.directory, `${host.name}.backup`);
const stateOf = (host: TestHost): readonly string[] => ['--state-dir', host.stateDir];

before(async () => {
  pair = await Pair.open();
  await pair.protect({}, {}, '--history', '8');
});
after(() => pair.close());

async function restored(host: TestHost): Promise<void> {
  await host.stop();
  await host.run('restore-state', fileOf(host), '--yes', ...stateOf(host));
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
