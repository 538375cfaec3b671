import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Pair, differing, disksOf } from './pair.ts';
import { until } from './testhost.ts';

const MIB = 2 ** 20;
let pair: Pair;

before(async () => {
  pair = await Pair.open();
  await pair.protect({ rate: 10 }, {}, '--history', '4', '--disks', 'a');
});
after(() => pair.close());

const replicating = (disks: string) => pair.a.reaches(`${disks} replicate`, ({ state, settings }) => state === 3 && settings.disks.join() === disks);
const inGuest = async (command: string) => (await pair.a.console()).run(command);

/** The newest point of the quiet guest holds exactly these disks, as they are. */
async function pointHolds(disks: readonly string[]): Promise<string> {
  const guest = await pair.a.console();
  await guest.quiet();
  await guest.run('sync');
  await pair.a.run('cycle', 'web1');
  await pair.a.run('suspend', 'web1');
  const pointId = pair.a.record().relationship!.newestPointId!;
  const { machine } = pair.b.record();
  assert.deepEqual(machine.stacks.filter(({ layers }) => layers.some((layer) => layer.pointId === pointId)).map(({ disk }) => disk).sort(), disks);
  const here = new Map([...disksOf(pair.a)].filter(([disk]) => disks.includes(disk)));
  const there = () => new Map([...disksOfPoint(pointId, disks)]);
  assert.equal(await differing(() => here, there), 0);
  await pair.a.run('resume', 'web1');
  return pointId;
}

/** A point with the disks of now, which no later cycle replaces. */
async function pointToKeep(): Promise<string> {
  const { sequence } = pair.a.record().relationship!;
  await pair.a.run('cycle', 'web1');
  return pair.pointThatStays(sequence);
}

function disksOfPoint(pointId: string, disks: readonly string[]): ReadonlyMap<string, string> {
  const all = new Map<string, string>();
  for (const disk of disks) for (const [name, image] of disksOf(pair.b, { pointId, only: disk })) all.set(name, image);
  return all;
}

test('a disk that was left out is included while the guest writes, and the next point has all of it', async () => {
  await pair.a.run('settings', 'web1', '--disks', 'a,b');
  await replicating('a,b');
  await pointHolds(['a', 'b']);
});

test('a disk is attached to the running guest, is said not to replicate, and replicates once it is included', async () => {
  const path = join(pair.directory, 'c.qcow2');
  execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', path, '24M']);
  await pair.a.run('vm', 'disk', 'attach', 'web1', 'c', path);
  await until('the guest sees the disk', async () => ((await inGuest('test -b /dev/vdc')).status === 0 ? true : undefined), 20_000);
  const { healthReasons } = await pair.a.relationship();
  assert.ok(healthReasons.some((reason) => /Not replicated.*\bc\b/.test(reason)), healthReasons.join());
  assert.equal((await inGuest('dd if=/dev/urandom of=/dev/vdc bs=1M count=8 && sync')).status, 0);
  await pair.a.run('settings', 'web1', '--disks', 'a,b,c');
  await replicating('a,b,c');
  await pointHolds(['a', 'b', 'c']);
});

test('a disk grows under the running guest, the replica follows by itself, and no disk is made smaller', async () => {
  await pair.a.run('vm', 'disk', 'grow', 'web1', 'c', '40MiB');
  assert.equal((await inGuest(`test $(cat /sys/block/vdc/size) = ${(40 * MIB) / 512}`)).status, 0);
  assert.equal((await inGuest('dd if=/dev/urandom of=/dev/vdc bs=1M seek=30 count=4 && sync')).status, 0);
  await pointHolds(['a', 'b', 'c']);
  const refused = await pair.a.fails('vm', 'disk', 'grow', 'web1', 'c', '24MiB');
  assert.equal(refused.code, 'refused');
  assert.match(refused.message, /cannot be made smaller/);
});

test('a disk that the running guest gives up leaves the set too, and older points keep it', async () => {
  const before = await pointToKeep();
  await pair.a.run('vm', 'disk', 'detach', 'web1', 'c', '--yes');
  assert.notEqual((await inGuest('test -b /dev/vdc')).status, 0);
  await replicating('a,b');
  await pointHolds(['a', 'b']);
  assert.ok([...disksOf(pair.b, { pointId: before, only: 'c' })].length === 1);
  assert.match((await pair.a.fails('settings', 'web1', '--disks', 'a,b,c')).message, /allowed is a, b/);
});

test('the primary\'s daemon is killed while a disk is being included, and the disk replicates all the same', async () => {
  await pair.a.run('settings', 'web1', '--disks', 'a');
  await replicating('a');
  await pair.a.run('settings', 'web1', '--disks', 'a,b');
  await pair.a.kill();
  await pair.a.start();
  await replicating('a,b');
  await pointHolds(['a', 'b']);
});

test('a failover boots with the disks of the chosen point, though fewer replicate now', async () => {
  const both = await pointToKeep();
  await pair.a.run('settings', 'web1', '--disks', 'a');
  await replicating('a');
  await pair.b.run('failover', 'web1', '--unplanned', '--force', '--yes', '--point', both);
  await until('the guest has both disks', async () => {
    const status = await (await pair.b.console()).run('test -b /dev/vda && test -b /dev/vdb').catch(() => undefined);
    return status?.status === 0 ? true : undefined;
  }, 60_000);
});
