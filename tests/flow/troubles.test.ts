import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Pair, differing, disksOf } from './pair.ts';
import { until } from './testhost.ts';

const MIB = 1 << 20;
const mark = String(process.pid % 100_000);
const spaces = { a: `usa${mark}`, b: `usb${mark}` };
const net = `10.${64 + (process.pid % 64)}.77`;
let pair: Pair;
const storage = mkdtempSync(join(tmpdir(), 'us-f-small-'));

const ip = (...args: readonly string[]): string => execFileSync('ip', args, { encoding: 'utf8' });
const inSpace = (space: string, ...command: readonly string[]): string => ip('netns', 'exec', space, ...command);

/** Not every container may do this, even as root. */
function whyNot(): string | false {
  try {
    ip('netns', 'add', spaces.a);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=48m', 'tmpfs', storage], { stdio: 'ignore' });
    return false;
  } catch {
    return 'this needs the right to make network namespaces and to mount';
  }
}
const skip = whyNot();

/** Two network namespaces with one cable between them, and a small file system that is there before either daemon. */
before(async () => {
  if (skip) return;
  ip('netns', 'add', spaces.b);
  ip('link', 'add', `usv${mark}`, 'netns', spaces.a, 'type', 'veth', 'peer', 'name', `usw${mark}`, 'netns', spaces.b);
  for (const [space, link, host] of [[spaces.a, `usv${mark}`, 1], [spaces.b, `usw${mark}`, 2]] as const) {
    inSpace(space, 'ip', 'address', 'add', `${net}.${host}/24`, 'dev', link);
    inSpace(space, 'ip', 'link', 'set', link, 'up');
    inSpace(space, 'ip', 'link', 'set', 'lo', 'up');
  }
  const within = (space: string) => ['ip', 'netns', 'exec', space];
  pair = await Pair.open({ a: { address: `${net}.1`, within: within(spaces.a) }, b: { address: `${net}.2`, within: within(spaces.b) } });
});
after(async () => {
  if (skip) return;
  await pair.a.end();
  await pair.b.end();
  execFileSync('umount', ['-l', storage]);
  rmdirSync(storage);
  await pair.close();
  for (const space of Object.values(spaces)) ip('netns', 'delete', space);
});

/** Packets vanish; nobody is told. */
const cut = (): void => {
  inSpace(spaces.a, 'nft', 'add table inet cut; add chain inet cut out { type filter hook output priority 0; policy drop; }; add chain inet cut in { type filter hook input priority 0; policy drop; }');
};
const heal = (): void => {
  inSpace(spaces.a, 'nft', 'delete table inet cut');
};

const guest = () => pair.a.console();

test('a replica whose disks may not fit is enabled only by force', { skip }, async () => {
  await pair.define({ rate: 20 });
  await pair.a.run('vm', 'start', 'web1');
  assert.match(JSON.stringify(await pair.a.fails('enable', 'web1', '--to', 'host-b', '--storage', storage, '--yes', '--force')), /host-b keeps replicas of this host in .* and below it/);
  await pair.b.run('authorization', 'set', 'host-a', '--storage', storage);
  const refused = await pair.a.fails('enable', 'web1', '--to', 'host-b', '--storage', storage, '--yes');
  assert.deepEqual([refused.code, refused.exitCode], ['readiness-failed', 37]);
  assert.match(refused.hint, /--force/);
  await pair.enable('web1', {}, '--history', '4', '--storage', storage, '--force');
  await pair.a.run('start-replication', 'web1');
  await (await guest()).next('wrote');
  await pair.areIdentical();
});

test('a full target disk fails the cycle and loses nothing: neither guest, points nor changes', { skip }, async () => {
  await (await guest()).write();
  await pair.a.nextPoint();
  const kept = (await pair.b.points()).map(({ id }) => id);
  assert.equal((await (await guest()).run('dd if=/dev/urandom of=/disk/a/big bs=1M count=24 && dd if=/dev/urandom of=/disk/b/big bs=1M count=24 && sync')).status, 0);
  const { health, lastFault } = await pair.a.reaches('the fault is shown', (seen) => seen.lastFault !== null);
  assert.equal(lastFault!.code, 'space-exhausted');
  assert.notEqual(health, 'ok');
  assert.match(lastFault!.hint, /Free space/);
  const now = (await pair.b.points()).map(({ id }) => id);
  assert.ok(now.includes(kept[0]!), 'the newest point is still there');
  const { pid } = await pair.a.machine();
  await (await guest()).write();
  execFileSync('mount', ['-o', 'remount,size=200m', storage]);
  await pair.areIdentical();
  assert.equal((await pair.a.machine()).pid, pid);
});

test('while the link is cut the guest runs on, and when it is healed cycles go on by themselves', { skip }, async () => {
  await (await guest()).write();
  await pair.a.nextPoint();
  cut();
  const since = await (await guest()).position();
  const { number } = await (await guest()).next('wrote', { since });
  await (await guest()).wrote(number + 60, { since });
  await pair.a.reaches('it is noticed', ({ peerConnected }) => !peerConnected, 60_000);
  const before = (await pair.a.relationship()).lastCycle!.pointId;
  heal();
  await pair.a.nextPoint('web1', before);
  await pair.areIdentical();
});

test('a replica that failed over behind a cut link is obeyed when the link is healed: the guest is held, and a reverse makes one of both', { skip }, async () => {
  await (await guest()).write();
  await pair.a.nextPoint();
  cut();
  const since = await (await pair.b.console()).position();
  await pair.b.run('failover', 'web1', '--unplanned', '--yes');
  assert.equal((await (await pair.b.console()).verified({ since })).ok, true);
  assert.equal((await pair.a.machine()).power, 'running');
  heal();
  await pair.a.reaches('it has yielded', ({ side }) => side === 'replica', 60_000);
  await until('the guest is held', async () => ((await pair.a.machine()).power === 'paused' ? true : undefined));
  const there = await pair.b.console();
  await there.quiet();
  await there.run('sync');
  const clusters = await differing(() => disksOf(pair.a), () => disksOf(pair.b));
  const { bytesShipped } = await pair.b.job('reverse', 'web1', '--yes');
  assert.ok(bytesShipped! <= 1.05 * clusters * 65_536 + MIB, `${bytesShipped} bytes for ${clusters} clusters`);
  await pair.areIdentical(pair.b, pair.a);
  assert.ok((await pair.a.points()).some(({ kind }) => kind === 'divergence'));
});
