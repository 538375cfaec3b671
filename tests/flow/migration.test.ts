/** What every released version left on disk is opened by this one, which goes on with it. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { testGuest } from '../../guest/build.ts';
import { FIXTURES, placeOf, PORT_OFFSETS } from '../../scripts/statefixtures.ts';
import { TestHost, until } from './testhost.ts';

const SUFFIX = '.tar.zst';
const ROOT = dirname(dirname(import.meta.dirname));
const versions = readdirSync(FIXTURES).filter((name) => name.endsWith(SUFFIX)).map((name) => name.slice(0, -SUFFIX.length));

test('every tagged version has left its state for these tests', () => {
  assert.ok(versions.length > 0);
  if (!existsSync(join(ROOT, '.git'))) return;
  const tags = execFileSync('git', ['-C', ROOT, 'tag', '--list', 'v*'], { encoding: 'utf8' }).split('\n').filter((tag) => tag !== '');
  assert.deepEqual(tags.filter((tag) => !versions.includes(tag)), [], 'make it: node scripts/statefixture.ts TAG');
});

for (const version of versions) {
  describe(`the state of ${version}`, () => {
    const place = placeOf(version);
    const host = (name: 'a' | 'b') => new TestHost({ name: `host-${name}`, directory: join(place, name), portOffset: PORT_OFFSETS[name] });
    let a: TestHost;
    let b: TestHost;

    before(async () => {
      rmSync(place, { recursive: true, force: true });
      mkdirSync(join(place, 'guest'), { recursive: true });
      execFileSync('tar', ['--extract', '--zstd', '--file', join(FIXTURES, `${version}${SUFFIX}`), '--directory', place]);
      const { kernelPath, initrdPath } = testGuest();
      copyFileSync(kernelPath, join(place, 'guest/vmlinuz'));
      copyFileSync(initrdPath, join(place, 'guest/initrd'));
      [a, b] = [host('a'), host('b')];
      await Promise.all([a.start(), b.start()]);
    });
    after(async () => {
      await Promise.all([a.end(), b.end()]);
      rmSync(place, { recursive: true, force: true });
    });

    test('has its relationships, points, users, authorizations and events', async () => {
      assert.deepEqual(await Promise.all(['web1', 'web2', 'web3'].map(async (name) => (await b.relationship(name)).state)), [3, 5, 2]);
      assert.ok((await b.points('web1')).length >= 2);
      assert.deepEqual((await b.run<{ name: string }[]>('user', 'list')).map(({ name }) => name), ['anna']);
      assert.ok((await b.run<{ host: string }[]>('authorization', 'list')).length >= 2);
      assert.ok((await b.run<unknown[]>('events')).length > 0);
    });

    test('goes on: the guest starts, its changes arrive, and it can be failed over to what arrived', async () => {
      const known = (await b.points('web1')).map(({ id }) => id);
      await a.run('vm', 'start', 'web1');
      await (await a.console('web1')).next('wrote');
      await until('a recovery point of this version', async () => ((await b.points('web1')).some(({ id }) => !known.includes(id)) ? true : undefined), 90_000, () => a.relationship('web1'));
      await a.run('vm', 'stop', 'web1');
      await a.stop();
      await b.run('failover', 'web1', '--unplanned', '--yes');
      const { ok, why } = await (await b.console('web1')).verified();
      assert.ok(ok, why);
    });
  });
}
