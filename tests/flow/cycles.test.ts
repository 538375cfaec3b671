import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, test } from 'node:test';
import type { RelationshipView } from '../../src/service/relationshipviews.ts';
import { Pair, differing, disksOf } from './pair.ts';
import { until } from './testhost.ts';

const MIB = 1 << 20;
let pair: Pair;

before(async () => {
  pair = await Pair.open();
  await pair.protect({ rate: 20 }, {}, '--history', '6');
});
after(() => pair.close());

interface QuietPoint {
  readonly pointId: string;
  readonly lastRecord: number;
  readonly bytesChanged: number;
  readonly bytesShipped: number;
}

/** The guest stands still, and the newest point was taken after that. */
async function quietPoint(): Promise<QuietPoint> {
  const guest = await pair.a.console();
  const { lastA } = await guest.quiet();
  assert.equal((await guest.run('sync')).status, 0);
  return { lastRecord: lastA, ...(await cycle()) };
}

async function cycle(): Promise<Omit<QuietPoint, 'lastRecord'>> {
  const { bytesChanged, bytesShipped } = await pair.a.job('cycle', 'web1');
  return { pointId: pair.b.record().relationship!.newestPointId!, bytesChanged: bytesChanged!, bytesShipped: bytesShipped! };
}

async function inGuest(command: string): Promise<void> {
  const { status } = await (await pair.a.console()).run(`${command} && sync`);
  assert.equal(status, 0, command);
}

const differs = (pointId: string): Promise<number> => differing(() => disksOf(pair.a), () => disksOf(pair.b, { pointId }));
const allocatedBytes = (path: string): number => Number(execFileSync('du', ['-s', '--block-size=1', path], { encoding: 'utf8' }).split('\t')[0]);

/** No cycle between the command and the one whose figures are returned. */
async function figuresAfter(command: string): Promise<Omit<QuietPoint, 'lastRecord'>> {
  const suspended = await pair.a.run<RelationshipView>('suspend', 'web1');
  assert.equal(suspended.state, 7);
  await inGuest(command);
  await pair.a.run('resume', 'web1');
  return (await pair.a.nextPoint('web1', suspended.lastCycle!.pointId)).lastCycle;
}

test('the replica\'s point equals the primary\'s disks after a quiet cycle', async () => {
  const { pointId } = await quietPoint();
  assert.equal(pair.a.record().relationship!.newestPointId, pointId);
  assert.equal(await differs(pointId), 0);
});

test('areas that the primary never wrote take no space on the replica', async () => {
  const taken = [...pair.a.record().machine.stacks].reduce((sum, { layers }) => sum + allocatedBytes(layers[0]!.path), 0);
  assert.ok(allocatedBytes(`${pair.b.stateDir}/replicas`) < 1.3 * taken + 6 * MIB, `${allocatedBytes(`${pair.b.stateDir}/replicas`)} for ${taken}`);
});

test('clusters that were rewritten with what they held do not travel', async () => {
  await inGuest('dd if=/dev/urandom of=/disk/a/big bs=64k count=128 && cp /disk/a/big /tmp/big');
  await quietPoint();
  const sectors = 'set -- $(cat /sys/block/vda/stat)';
  const rewrite = 'dd if=/tmp/big of=/disk/a/big bs=64k conv=notrunc && sync';
  const { pointId, bytesShipped } = await figuresAfter(`${sectors}; before=$7; ${rewrite} && ${sectors} && [ $(($7 - before)) -ge 16384 ]`);
  assert.ok(bytesShipped < MIB, `${bytesShipped} bytes travelled`);
  assert.equal(await differs(pointId), 0);
});

test('zeroes travel as ranges, and read as zero on the replica', async () => {
  const { pointId, bytesShipped } = await figuresAfter('dd if=/dev/zero of=/disk/a/big bs=64k count=128 conv=notrunc');
  assert.ok(bytesShipped < MIB, `${bytesShipped} bytes travelled`);
  assert.equal(await differs(pointId), 0);
});

test('what the guest discards is not kept on the replica as it was', async () => {
  const { pointId } = await figuresAfter('rm /disk/a/big && sync && fstrim /disk/a');
  assert.equal(await differs(pointId), 0);
});

test('no more recovery points are kept than the settings say, and none fewer', async () => {
  await (await pair.a.console()).write();
  const count = async () => (await pair.b.points()).length;
  await until('the newest point and six older ones', async () => ((await count()) === 7 ? true : undefined));
  await pair.a.nextPoint();
  await until('as many again', async () => ((await count()) === 7 ? true : undefined), 5_000);
  assert.ok((await pair.b.relationship()).points === 7);
});

test('an older recovery point boots as an isolated copy with the records of its time, while cycles go on', async () => {
  const { lastRecord } = await quietPoint();
  const old = { lastRecord, pointId: await pair.pointThatStays(pair.a.record().relationship!.sequence) };
  const before = await pair.a.console();
  const position = await before.position();
  await before.write();
  await before.wrote(old.lastRecord + 10, { since: position });
  await pair.a.nextPoint();
  assert.equal((await pair.b.points())[0]!.id === old.pointId, false);
  await pair.b.job('test', 'web1', '--point', old.pointId);
  const copy = await pair.b.machine('web1 - Test');
  assert.equal(copy.power, 'running');
  await pair.a.nextPoint();
  const { ok, lastA, why } = await (await pair.b.console('web1 - Test')).verified();
  assert.deepEqual([ok, why, lastA], [true, '', old.lastRecord]);
  await pair.a.nextPoint();
  assert.equal((await pair.b.fails('test', 'web1')).exitCode, 3);
  await pair.b.run('test-end', 'web1');
  assert.equal((await pair.b.fails('vm', 'show', 'web1 - Test')).exitCode, 4);
});

test('settings that are changed on the primary hold on both hosts, and cycles go on', async () => {
  const changed = await pair.a.run<{ recoveryHistory: number }>('settings', 'web1', '--history', '1', '--no-compression', '--interval', '30');
  assert.equal(changed.recoveryHistory, 1);
  const there = (await pair.b.relationship()).settings;
  assert.deepEqual([there.recoveryHistory, there.compression, there.intervalSeconds], [1, false, 30]);
  const refused = await pair.b.fails('settings', 'web1', '--history', '3');
  assert.equal(refused.exitCode, 3);
  const invalid = await pair.a.fails('settings', 'web1', '--additional', '{"cycleIntervalMs": 0}');
  assert.equal(invalid.exitCode, 36);
  await pair.a.nextPoint();
  await until('one older point is left', async () => {
    await pair.a.run('cycle', 'web1');
    return (await pair.b.points()).length === 2 ? true : undefined;
  });
});

test('a resynchronization that was suspended goes on when it is resumed, though both daemons are killed in it', async () => {
  await pair.a.run('suspend', 'web1');
  await inGuest('dd if=/dev/urandom of=/disk/a/differs bs=1M count=4');
  await pair.a.run('traffic', 'set', '--bandwidth', '8');
  await pair.a.run('resynchronize', 'web1', '--no-wait');
  await pair.a.run('suspend', 'web1');
  assert.equal((await pair.a.relationship()).state, 11);
  await pair.a.run('resume', 'web1');
  await Promise.all([pair.a.kill(), pair.b.kill()]);
  await Promise.all([pair.a.start(), pair.b.start()]);
  assert.equal((await pair.a.relationship()).state, 10);
  await pair.a.run('traffic', 'set', '--no-bandwidth');
  await pair.a.reaches('it has ended', ({ state }) => state === 3);
  await pair.areIdentical();
});

test('a guest that is powered off is replicated too', async () => {
  await (await pair.a.console()).write();
  await pair.a.run('vm', 'stop', 'web1');
  const { pointId } = await cycle();
  assert.equal(await differs(pointId), 0);
  const position = await (await pair.a.console()).position();
  await pair.a.run('vm', 'start', 'web1');
  const { ok } = await (await pair.a.console()).verified({ since: position });
  assert.equal(ok, true);
  await pair.a.nextPoint();
  assert.equal((await pair.a.relationship()).state, 3);
});

test('a disk that was changed behind the daemon\'s back is resynchronized, and the points stay', async () => {
  await pair.a.run('settings', 'web1', '--history', '6');
  await pair.a.run('vm', 'stop', 'web1');
  const before = await cycle();
  const kept = (await pair.b.points()).map(({ id }) => id);
  await pair.a.stop();
  const { path } = pair.a.record().machine.stacks[0]!.layers[0]!;
  execFileSync('qemu-io', ['-f', 'qcow2', '-c', 'write -P 0x5a 40M 1M', path], { stdio: 'ignore' });
  await pair.a.start();
  const { lastCycle } = await pair.a.nextPoint('web1', before.pointId);
  assert.equal(await differs(lastCycle.pointId), 0);
  assert.ok((await pair.b.points()).some(({ id }) => kept.includes(id)), 'the older points are still there');
  assert.ok(lastCycle.bytesShipped < 3 * MIB, `${lastCycle.bytesShipped} bytes travelled`);
});
