import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, test } from 'node:test';
import { Pair } from './pair.ts';
import { until } from './testhost.ts';

let pair: Pair;

before(async () => {
  pair = await Pair.open();
  await pair.protect({ agent: true, rate: 20 }, {}, '--history', '6');
});
after(() => pair.close());

test('the guest is told which host it runs on', async () => {
  const guest = await pair.a.console();
  // The agent makes the file and then fills it.
  const hostName = `awk -F'"' '/"HostName"/ { print $4 }' /run/understudy-host.json 2>/dev/null`;
  await until('the name in the file', async () => ((await guest.run(`[ -n "$(${hostName})" ]`)).status === 0 ? true : undefined), 60_000);
  assert.equal((await guest.run(`[ "$(${hostName})" = host-a ]`)).status, 0);
});

test('an application-consistent point is listed as such, is chosen by its word, and is a clean copy', async () => {
  const { kind } = (await pair.a.job('cycle', 'web1', '--application-consistent')) as unknown as { kind: string };
  assert.equal(kind, 'application-consistent');
  const found = (await pair.b.points()).find((point) => point.kind === 'application-consistent');
  assert.ok(found);
  assert.equal((await pair.b.relationship()).lastConsistentAtMs, found.instantMs);
  await pair.b.job('test', 'web1', '--point', 'last-application-consistent');
  assert.equal((await (await pair.b.console('web1 - Test')).verified({ timeoutMs: 60_000 })).ok, true);
  assert.equal((await pair.b.fails('point', 'delete', 'web1', found.id, '--yes')).code, 'refused');
  await pair.b.run('test-end', 'web1');
});

test('a point is verified; one whose storage was changed is damaged, and said to be; one is removed and the others stay', async () => {
  await pair.a.nextPoint();
  await pair.a.run('suspend', 'web1');
  const points = await pair.b.points();
  await pair.b.job('point', 'verify', 'web1', points[0]!.id);
  assert.deepEqual((await pair.b.points())[0]!.verification!.damage, []);
  await pair.b.run('point', 'delete', 'web1', points[1]!.id, '--yes');
  assert.deepEqual((await pair.b.points()).map(({ id }) => id), points.filter((_, at) => at !== 1).map(({ id }) => id));
  const base = pair.b.record().machine.stacks[0]!.layers[0]!.path;
  await pair.b.stop();
  execFileSync('qemu-io', ['-f', 'qcow2', '-c', 'write -P 0x5a 40M 64k', base], { stdio: 'ignore' });
  await pair.b.start();
  const failed = await pair.b.fails('point', 'verify', 'web1', points[0]!.id);
  assert.equal(failed.code, 'point-damaged');
  for (const word of ['web1', points[0]!.id, 'Disk a']) assert.ok(failed.message.includes(word), failed.message);
  assert.equal((await pair.b.points())[0]!.verification!.damage.length, 1);
});
