import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { makeGuestDisks } from '../../guest/disks.ts';
import type { RelationshipView } from '../../src/service/relationshipviews.ts';
import { Pair } from './pair.ts';
import { killPid, until } from './testhost.ts';

const MIB = 1 << 20;
const FILLED_MIB = 160;
let pair: Pair;
let guestPid: number;

before(async () => {
  pair = await Pair.open();
  const disks = makeGuestDisks(pair.directory);
  fillBeyond(disks[0]!.path);
  await pair.define({ rate: 20, disks });
  await pair.a.run('vm', 'start', 'web1');
  await (await pair.a.console()).next('wrote');
  guestPid = (await pair.a.machine()).pid!;
  await pair.enable('web1', {}, '--history', '16');
});
after(() => pair.close());

/** The disk is longer than its file system, by data that do not compress. */
function fillBeyond(path: string): void {
  const commands = `head -c ${FILLED_MIB}M /dev/urandom > "$0.fill"; qemu-img resize -q "$0" +${FILLED_MIB}M; qemu-io -f qcow2 -c "write -s $0.fill 64M ${FILLED_MIB}M" "$0"; rm "$0.fill"`;
  execFileSync('sh', ['-ec', commands, path], { stdio: ['ignore', 'ignore', 'inherit'] });
}

/** Resolves while the replica receives and cannot go on: its storage daemon was stopped in the middle of its work. */
async function heldUp(begin: () => Promise<unknown>): Promise<() => void> {
  const before = pair.b.record().relationship!.newestPointId;
  await begin();
  const pid = await until('something is received', () => {
    const { receiving, newestPointId } = pair.b.record().relationship!;
    assert.equal(newestPointId, before, 'it was over before it could be held up');
    return receiving === null ? undefined : pair.b.storageDaemons()[0];
  }, 10_000, () => '', 5);
  process.kill(pid, 'SIGSTOP');
  await pause(300);
  assert.ok(pair.b.record().relationship!.receiving, 'it was over before it could be held up');
  return () => process.kill(pid, 'SIGCONT');
}

/** A cycle with much to ship begins, and cannot go on. */
async function heldUpCycle(): Promise<() => void> {
  await pair.a.run('suspend', 'web1');
  const { status } = await (await pair.a.console()).run('dd if=/dev/urandom of=/disk/a/burst bs=64k count=256 conv=notrunc && sync');
  assert.equal(status, 0);
  return heldUp(() => pair.a.run('resume', 'web1'));
}

async function areIdentical(): Promise<void> {
  await pair.areIdentical();
  await (await pair.a.console()).write();
}

async function guestIsUndisturbed(since: number): Promise<void> {
  assert.equal((await pair.a.machine()).pid, guestPid);
  await (await pair.a.console()).next('wrote', { since });
}

const replicates = (name: string, after?: string | null): Promise<RelationshipView> =>
  pair.a.reaches(name, ({ state, lastCycle }) => state === 3 && lastCycle !== null && lastCycle.pointId !== after);

test('the primary\'s daemon is killed in the middle of initial replication: it goes on, and the guest does not notice', async () => {
  const written = await pair.a.console();
  const goOn = await heldUp(() => pair.a.run('start-replication', 'web1', '--no-wait'));
  await pair.a.kill();
  goOn();
  const since = await written.position();
  await pair.a.start();
  await replicates('the first point');
  await guestIsUndisturbed(since);
  await areIdentical();
});

test('the primary\'s daemon is killed in the middle of a cycle', async () => {
  const goOn = await heldUpCycle();
  const { attempt, newestPointId } = pair.a.record().relationship!;
  assert.ok(attempt, 'a cycle is under way');
  const since = await (await pair.a.console()).position();
  await pair.a.kill();
  goOn();
  await pair.a.start();
  await replicates('a point', newestPointId);
  await guestIsUndisturbed(since);
  await areIdentical();
});

test('the replica\'s daemon is killed in the middle of a cycle', async () => {
  await heldUpCycle();
  const { attempt, newestPointId } = pair.a.record().relationship!;
  assert.ok(attempt, 'a cycle is under way');
  const since = await (await pair.a.console()).position();
  await pair.b.kill();
  await pair.b.start();
  await replicates('a point', newestPointId);
  await guestIsUndisturbed(since);
  await areIdentical();
});

test('the replica\'s storage daemon is killed in the middle of a cycle', async () => {
  await heldUpCycle();
  const { attempt, newestPointId } = pair.a.record().relationship!;
  assert.ok(attempt, 'a cycle is under way');
  await killPid(pair.b.storageDaemons()[0]!);
  await replicates('a point', newestPointId);
  await areIdentical();
});

test('a replica whose storage hangs does not hold up who suspends replication on the primary', async () => {
  const goOn = await heldUpCycle();
  const started = performance.now();
  assert.equal((await pair.a.run<RelationshipView>('suspend', 'web1')).state, 7);
  assert.ok(performance.now() - started < 10_000);
  goOn();
  await pair.a.run('resume', 'web1');
  await areIdentical();
});

test('both daemons are stopped and started: the guest runs on', async () => {
  const since = await (await pair.a.console()).position();
  await Promise.all([pair.a.stop(), pair.b.stop()]);
  await Promise.all([pair.a.start(), pair.b.start()]);
  await replicates('a point', pair.a.record().relationship!.newestPointId);
  await guestIsUndisturbed(since);
});

test('QEMU is killed: after the next start only what differs travels, found without asking the replica, and the points stay', async () => {
  const guest = await pair.a.console();
  await pair.a.nextPoint();
  const kept = (await pair.b.points()).map(({ id }) => id);
  await killPid(guestPid);
  const since = await guest.position();
  await pair.a.run('vm', 'start', 'web1');
  assert.equal((await (await pair.a.console()).verified({ since })).ok, true);
  guestPid = (await pair.a.machine()).pid!;
  const { lastCycle } = await replicates('a point', kept[0]);
  assert.ok(lastCycle!.bytesShipped < 8 * MIB, `${lastCycle!.bytesShipped} bytes travelled`);
  assert.ok((await pair.b.points()).some(({ id }) => id === kept[0]), 'the points are still there');
  await areIdentical();
});

test('QEMU is killed in the middle of a cycle', async () => {
  const goOn = await heldUpCycle();
  await killPid(guestPid);
  goOn();
  const guest = await pair.a.console();
  const since = await guest.position();
  await pair.a.run('vm', 'start', 'web1');
  assert.equal((await (await pair.a.console()).verified({ since })).ok, true);
  guestPid = (await pair.a.machine()).pid!;
  await replicates('a point', pair.a.record().relationship!.newestPointId);
  await areIdentical();
});

test('replication that is ended in the middle of a cycle leaves nothing behind, on either host', async () => {
  const goOn = await heldUpCycle();
  await pair.a.run('disable', 'web1', '--yes');
  assert.equal((await pair.a.machine()).pid, guestPid);
  await (await pair.a.console()).next('wrote', { since: await (await pair.a.console()).position() });
  goOn();
  await pair.b.run('disable', 'web1', '--yes');
  const { machine } = pair.b.record();
  const used = new Set(machine.stacks.flatMap(({ layers }) => layers.map(({ path }) => path)));
  const left = readdirSync(dirname([...used][0]!)).filter((file) => file.endsWith('.qcow2') && !used.has(join(dirname([...used][0]!), file)));
  assert.deepEqual(left, []);
  await pair.a.run('vm', 'stop', 'web1', '--force', '--yes');
  await pair.a.stop();
  for (const { layers } of pair.a.record().machine.stacks) {
    const info = JSON.parse(execFileSync('qemu-img', ['info', '--output=json', layers[0]!.path], { encoding: 'utf8' })) as { 'format-specific': { data: { bitmaps?: unknown[] } } };
    assert.deepEqual(info['format-specific'].data.bitmaps ?? [], []);
  }
});
