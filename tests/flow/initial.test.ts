/** The first copy of a real guest by media that are carried by hand, then from the copy that was left on the replica's host. */
import assert from 'node:assert/strict';
import { closeSync, cpSync, mkdirSync, openSync, readdirSync, readFileSync, readSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { JobView } from '../../src/service/views.ts';
import { Pair } from './pair.ts';
import { until } from './testhost.ts';

let pair: Pair;
let shared = '';
let carried = '';
let place = '';

before(async () => {
  pair = await Pair.open();
  [shared, carried] = [join(pair.directory, 'shared'), join(pair.directory, 'carried')];
  for (const directory of [shared, carried]) mkdirSync(directory);
  await pair.define();
  await pair.a.run('vm', 'start', 'web1');
  await pair.enable('web1', {}, '--history', '4');
});
after(() => pair.close());

/** Another byte somewhere in the disk's data; the second call puts the first back. */
function flip(path: string): void {
  const file = openSync(path, 'r+');
  const byte = Buffer.alloc(1);
  const at = readFileSync(path).length - 70_000;
  readSync(file, byte, 0, 1, at);
  byte[0]! ^= 0xff;
  writeSync(file, byte, 0, 1, at);
  closeSync(file);
}

test('a running guest is exported into a subdirectory of its own, and changes flow to a replica that has no point yet', async () => {
  assert.equal((await pair.a.fails('export', 'web1', join(pair.directory, 'nowhere'))).code, 'media-missing');
  await pair.a.job('export', 'web1', shared);
  place = readdirSync(shared)[0]!;
  assert.match(place, /^web1_[0-9a-f-]{36}$/);
  assert.ok(readdirSync(join(shared, place)).includes('manifest.json'));
  await pair.b.reaches('changes arrive', () => pair.b.record().relationship?.awaited !== undefined && pair.b.record().machine.stacks.length > 0);
  assert.deepEqual([(await pair.a.relationship()).state, (await pair.b.relationship()).state, (await pair.b.points()).length], [2, 2, 0]);
  assert.equal((await pair.a.relationship()).health, 'warning');
});

test('an export that was cut off or altered on its way is refused, and nothing of what had arrived is lost', async () => {
  cpSync(join(shared, place), join(carried, place), { recursive: true });
  const manifest = join(carried, place, 'manifest.json');
  const text = readFileSync(manifest, 'utf8');
  writeFileSync(manifest, text.replace(/"machine": "web1"/, '"machine": "web2"'));
  assert.equal((await pair.b.fails('import', 'web1', carried)).code, 'media-damaged');
  writeFileSync(manifest, text);
  const image = readdirSync(join(carried, place)).find((name) => name.endsWith('.qcow2'))!;
  flip(join(carried, place, image));
  assert.equal((await pair.b.fails('import', 'web1', carried)).code, 'media-damaged');
  const file = openSync(join(carried, place, image), 'r+');
  writeSync(file, Buffer.alloc(4_096), 0, 4_096, 0);
  closeSync(file);
  assert.equal((await pair.b.fails('import', 'web1', carried)).code, 'media-damaged');
  truncateSync(join(carried, place, image), 300_000);
  assert.match((await pair.b.fails('import', 'web1', carried)).message, /truncated/);
  assert.equal((await pair.b.relationship()).state, 2);
});

test('the media are imported though the daemon is killed meanwhile, and the replica is what the primary has', async () => {
  cpSync(join(shared, place), join(carried, place), { recursive: true });
  const importing = pair.b.cli('import', 'web1', carried);
  await until('the import has begun', async () => (await pair.b.get<readonly JobView[]>('/api/jobs')).find(({ kind, state }) => kind === 'import' && state !== 'failed'));
  await pair.b.kill();
  await pair.b.start();
  await importing;
  await pair.b.reaches('the media are in', ({ state }) => state === 3);
  await pair.a.reaches('replication goes on', ({ state }) => state === 3);
  await pair.areIdentical();
});

test('of the copy that was left when replication was removed only what differs travels', async () => {
  await pair.b.run('disable', 'web1', '--yes');
  await pair.a.run('disable', 'web1', '--yes');
  assert.equal((await pair.a.fails('enable', 'web1', '--to', pair.b.name, '--yes')).code, 'readiness-failed');
  await pair.enable('web1', {}, '--use-existing');
  const { bytesChanged } = await pair.a.job('start-replication', 'web1');
  const sizeBytes = (await pair.a.machine()).disks.reduce((sum, disk) => sum + disk.sizeBytes, 0);
  assert.ok(bytesChanged! < sizeBytes / 4, `${bytesChanged} of ${sizeBytes} bytes travelled`);
  await pair.areIdentical();
});
