/** A failback that is looked at before it is kept, on real guests: the host that was gone comes back, and the guest goes home. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { JobView } from '../../src/service/views.ts';
import { Pair, differing, disksOf } from './pair.ts';
import { killPid, until, type TestHost } from './testhost.ts';

let pair: Pair;

before(async () => {
  pair = await Pair.open();
  await pair.protect({ rate: 20 }, {}, '--history', '4');
  // What no point holds is what the two hosts differ in.
  await pair.a.run('suspend', 'web1');
  await writeMore(pair.a, 20);
  await killPid((await pair.a.machine()).pid!);
  await pair.a.kill();
  await pair.b.run('failover', 'web1', '--unplanned', '--yes');
  await pair.a.start();
  await inState(pair.a, 'replica', 2);
});
after(() => pair.close());

const inState = (host: TestHost, side: string, state: number) => host.reaches(`${side} in state ${state}`, (seen) => seen.side === side && seen.state === state);

async function writeMore(host: TestHost, records: number): Promise<number> {
  const guest = await host.console();
  const since = await guest.position();
  const { number } = await guest.write(20);
  return (await guest.wrote(number + records, { since })).number;
}

/** The last record that the guest which boots on this host after `since` finds whole on its disks. */
async function verified(host: TestHost, since: number): Promise<number> {
  const { ok, why, lastA } = await (await host.console()).verified({ since });
  assert.deepEqual([ok, why], [true, '']);
  return lastA;
}

test('cancelled while the difference travels, a failback leaves the guest running where it is', async () => {
  await writeMore(pair.b, 20);
  const { pid } = await pair.b.machine();
  assert.equal((await pair.b.fails('initiate-failback', 'web1', '--yes')).exitCode, 3, 'it is asked of the other host');
  const { id } = await pair.a.run<JobView>('initiate-failback', 'web1', '--yes', '--no-wait');
  await until('it has begun', async () => ((await pair.a.relationship()).state === 13 ? true : undefined), 60_000, () => '', 5);
  await pair.a.run('cancel-failover', 'web1');
  await until('the job has ended', async () => ((await pair.a.get<JobView>(`/api/jobs/${id}`)).state === 'running' ? undefined : true));
  await inState(pair.a, 'replica', 2);
  await until('the other host has no part in it', () => (pair.b.record().relationship!.failback ? undefined : true));
  assert.equal((await pair.b.relationship()).state, 5);
  const { power, pid: now } = await pair.b.machine();
  assert.deepEqual([power, now], ['running', pid]);
});

test('the guest goes home with everything, is found whole there, and the commit leaves the disks identical', async () => {
  await writeMore(pair.b, 20);
  const clusters = await differing(() => disksOf(pair.a), () => disksOf(pair.b));
  const { bytesShipped } = await pair.a.job('initiate-failback', 'web1', '--yes');
  assert.equal((await pair.a.relationship()).state, 14);
  assert.equal((await pair.b.relationship()).state, 5);
  assert.ok(bytesShipped! < 3 * clusters * 65_536 + (8 << 20), `${bytesShipped} bytes for ${clusters} clusters`);
  const written = await (await pair.b.console()).last('power-off');
  assert.equal((await pair.b.fails('vm', 'start', 'web1')).exitCode, 3, 'it cannot be started on the other host');
  const since = await (await pair.a.console()).position();
  await pair.a.run('vm', 'start', 'web1');
  assert.equal(await verified(pair.a, since), written!.lastA);
  await pair.a.run('commit', 'web1', '--yes');
  await inState(pair.a, 'primary', 3);
  await inState(pair.b, 'replica', 3);
  await writeMore(pair.a, 10);
  await pair.areIdentical(pair.a, pair.b);
});
