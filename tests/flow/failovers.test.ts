import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { JobView, PointView } from '../../src/service/views.ts';
import { Pair, differing, disksOf } from './pair.ts';
import { killPid, until, type TestHost } from './testhost.ts';

const CLUSTER = 65_536;
const MIB = 1 << 20;
let pair: Pair;

before(async () => {
  pair = await Pair.open();
  await pair.protect({ rate: 20 }, {}, '--history', '8');
});
after(() => pair.close());

/** The guest on this host stands still; its last record, and a point that holds it and stays. */
async function quietPoint(host: TestHost): Promise<{ pointId: string; lastRecord: number }> {
  const guest = await host.console();
  const { lastA } = await guest.quiet();
  await guest.run('sync');
  await host.run('cycle', 'web1');
  return { pointId: await pair.pointThatStays(host.record().relationship!.sequence), lastRecord: lastA };
}

async function writeMore(host: TestHost, records: number): Promise<number> {
  const guest = await host.console();
  const since = await guest.position();
  const { number } = await guest.write(20);
  return (await guest.wrote(number + records, { since })).number;
}

/** What the guest that boots on this host after `since` finds on its disks. */
async function verified(host: TestHost, since: number, name = 'web1') {
  const { ok, why, lastA } = await (await host.console(name)).verified({ since });
  assert.deepEqual([ok, why], [true, '']);
  return lastA;
}

const consoleEnd = async (host: TestHost): Promise<number> => (await host.console()).position();

const areIdentical = (primary: TestHost, replica: TestHost): Promise<void> => pair.areIdentical(primary, replica);

const inState = (host: TestHost, side: string, state: number) => host.reaches(`${side} in state ${state}`, (seen) => seen.side === side && seen.state === state);

test('an unplanned failover is refused while the guest runs on the primary, and the planned one is offered', async () => {
  const { exitCode, message, allowed } = await pair.b.fails('failover', 'web1', '--unplanned', '--yes');
  assert.deepEqual([exitCode, allowed[0]], [3, 'failover --planned']);
  assert.match(message, /runs on host-a/);
  assert.equal((await pair.b.relationship()).state, 3);
});

test('a planned failover loses nothing, and replication goes on in the other direction', async () => {
  const since = await consoleEnd(pair.b);
  await pair.a.run('failover', 'web1', '--planned', '--reverse', '--yes');
  const written = await (await pair.a.console()).last('power-off');
  assert.equal(await verified(pair.b, since), written!.lastA);
  await inState(pair.b, 'primary', 3);
  await inState(pair.a, 'replica', 3);
  await areIdentical(pair.b, pair.a);
  assert.equal((await pair.a.fails('vm', 'start', 'web1')).exitCode, 3);
});

test('a failback brings the guest home in one command, with all that it wrote on the other host', async () => {
  await writeMore(pair.b, 20);
  const since = await consoleEnd(pair.a);
  await pair.a.run('failback', 'web1', '--yes');
  const written = await (await pair.b.console()).last('power-off');
  assert.equal(await verified(pair.a, since), written!.lastA);
  await inState(pair.a, 'primary', 3);
  await inState(pair.b, 'replica', 3);
  await areIdentical(pair.a, pair.b);
});

test('with the primary gone its newest point boots, and after a revert an older one, though the daemon is killed meanwhile', async () => {
  const older = await quietPoint(pair.a);
  await writeMore(pair.a, 20);
  await pair.a.nextPoint();
  const newest = await quietPoint(pair.a);
  assert.ok(newest.lastRecord > older.lastRecord);
  // Further writes that no point holds.
  await pair.a.run('suspend', 'web1');
  await writeMore(pair.a, 30);
  await killPid((await pair.a.machine()).pid!);
  await pair.a.kill();
  const first = await consoleEnd(pair.b);
  await pair.b.run('failover', 'web1', '--unplanned', '--yes');
  assert.equal(await verified(pair.b, first), newest.lastRecord);
  assert.equal((await pair.b.relationship()).state, 5);
  await pair.b.run('revert', 'web1', '--yes');
  assert.equal((await pair.b.relationship()).state, 3);
  const since = await consoleEnd(pair.b);
  const { id } = await pair.b.run<JobView>('failover', 'web1', '--unplanned', '--point', older.pointId, '--yes', '--no-wait');
  await until('it has begun', () => (pair.b.record().relationship!.failover ? true : undefined), 20_000, () => pair.b.get<JobView>(`/api/jobs/${id}`), 5);
  await pair.b.kill();
  await pair.b.start();
  await pair.b.run('jobs', 'wait', id);
  assert.equal(await verified(pair.b, since), older.lastRecord);
  await pair.b.run('commit', 'web1', '--yes');
  assert.equal((await pair.b.relationship()).state, 6);
  assert.equal((await pair.b.fails('revert', 'web1', '--yes')).exitCode, 3);
});

test('the old primary that comes back does not start its guest, and keeps what it wrote as a point that boots', async () => {
  await pair.a.start();
  await inState(pair.a, 'replica', 2);
  const refused = await pair.a.fails('vm', 'start', 'web1');
  assert.equal(refused.exitCode, 3);
  assert.equal((await pair.a.machine()).power, 'off');
  const kept = (await pair.a.points()).find(({ kind }: PointView) => kind === 'divergence');
  assert.ok(kept, 'a divergence point');
  await pair.a.job('test', 'web1', '--point', kept.id);
  const last = (await (await pair.a.console()).last('wrote'))!.number;
  const found = await verified(pair.a, 0, 'web1 - Test');
  assert.ok(found >= last, `${found} records of ${last}`);
  await pair.a.run('test-end', 'web1');
});

test('a reverse after failing over to an older point makes the disks identical and ships no more than the difference', async () => {
  await writeMore(pair.b, 20);
  const guest = await pair.b.console();
  await guest.quiet();
  await guest.run('sync');
  const clusters = await differing(() => disksOf(pair.a), () => disksOf(pair.b));
  assert.ok(clusters > 0);
  const { bytesShipped } = await pair.b.job('reverse', 'web1', '--yes');
  await inState(pair.b, 'primary', 3);
  await inState(pair.a, 'replica', 3);
  assert.ok(bytesShipped! <= 1.05 * clusters * CLUSTER + MIB, `${bytesShipped} bytes for ${clusters} clusters`);
  await areIdentical(pair.b, pair.a);
  const kept = (await pair.a.points()).find(({ kind }) => kind === 'divergence');
  assert.ok(kept, 'the divergence is still there');
});

test('the guest goes home after an unplanned failover with all that it wrote since', async () => {
  await writeMore(pair.b, 20);
  const since = await consoleEnd(pair.a);
  await pair.b.run('failback', 'web1', '--yes');
  const written = await (await pair.b.console()).last('power-off');
  assert.equal(await verified(pair.a, since), written!.lastA);
  await inState(pair.a, 'primary', 3);
  await areIdentical(pair.a, pair.b);
});

test('a planned failover that lost the other host is cancelled, and the guest runs on at home', async () => {
  await writeMore(pair.a, 5);
  const { id } = await pair.a.run<JobView>('failover', 'web1', '--planned', '--yes', '--no-wait');
  await until('prepared', async () => ((await pair.a.relationship()).state === 4 ? true : undefined));
  await pair.b.kill();
  await until('the job has ended', async () => ((await pair.a.get<JobView>(`/api/jobs/${id}`)).state === 'running' ? undefined : true));
  assert.equal((await pair.a.relationship()).state, 4);
  assert.equal((await pair.a.fails('vm', 'start', 'web1')).exitCode, 3, 'the power-on lock holds');
  assert.equal((await pair.a.fails('cancel-failover', 'web1')).code, 'peer-unreachable');
  const tookOver = pair.b.record().relationship!.failover !== null;
  await pair.b.start();
  await until('contact', async () => ((await pair.a.relationship()).peerConnected ? true : undefined));
  if (tookOver) {
    assert.equal((await pair.a.fails('cancel-failover', 'web1')).exitCode, 3);
    await inState(pair.b, 'replica', 5);
    await pair.b.run('revert', 'web1', '--yes');
  }
  await pair.a.run('cancel-failover', 'web1');
  await inState(pair.a, 'primary', 3);
  const since = await consoleEnd(pair.a);
  await pair.a.run('vm', 'start', 'web1');
  await verified(pair.a, since);
  await areIdentical(pair.a, pair.b);
});

test('a forced failover holds the guest on the primary, which yields and keeps its memory and disks', async () => {
  const written = await writeMore(pair.a, 10);
  const { pid } = await pair.a.machine();
  const since = await consoleEnd(pair.b);
  await pair.b.run('failover', 'web1', '--unplanned', '--force', '--yes');
  await verified(pair.b, since);
  await inState(pair.a, 'replica', 2);
  await until('the guest is held', async () => ((await pair.a.machine()).power === 'paused' ? true : undefined));
  assert.equal((await pair.a.machine()).pid, pid);
  assert.equal((await pair.a.fails('vm', 'start', 'web1')).exitCode, 3);
  await pair.b.run('revert', 'web1', '--yes');
  await inState(pair.a, 'primary', 3);
  await until('the guest goes on', async () => ((await pair.a.machine()).power === 'running' ? true : undefined));
  assert.equal((await pair.a.machine()).pid, pid);
  assert.ok((await writeMore(pair.a, 5)) > written);
  await areIdentical(pair.a, pair.b);
});
