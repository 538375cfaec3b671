/** Recovery points of a guest that failed over, made on the host where it runs. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { PointView } from '../../src/service/views.ts';
import { imageOptions } from '../../scripts/compare-clusters.ts';
import { Pair, differing, disksOf } from './pair.ts';
import { killPid, until } from './testhost.ts';

const CLUSTER = 65_536;
const MIB = 1 << 20;
/** Of the points of one slot the first stays; the layers of the others are merged under the running guest. */
const SLOT_MS = 3_000;
let pair: Pair;

before(async () => {
  pair = await Pair.open();
  await pair.protect({ rate: 20 }, { cycleIntervalMs: 1_000, pointIntervalSeconds: SLOT_MS / 1_000 }, '--history', '24');
});
after(() => pair.close());

/** What a quiet guest's disks on B hold, in files of their own, and a point that was made meanwhile and stays. */
interface Kept {
  readonly pointId: string;
  readonly lastRecord: number;
  readonly disks: ReadonlyMap<string, string>;
}
const kept: Kept[] = [];
const slotOf = ({ instantMs }: PointView): number => Math.floor(instantMs / SLOT_MS);

/** B's layers, or undefined while some are merged. */
function layersAtRest(): string | undefined {
  const { machine, relationship } = pair.b.record();
  const isMerged = machine.stacks.every(({ branch }) => branch!.layers.every(({ pointId }) => pointId !== undefined));
  return isMerged ? JSON.stringify([machine.stacks, relationship!.failover]) : undefined;
}

/** What B's disks hold, in files of their own; undefined when their layers changed meanwhile, under a reader that QEMU knows nothing of. */
function copied(): ReadonlyMap<string, string> | undefined {
  const before = layersAtRest();
  if (before === undefined) return undefined;
  const copies = new Map([...disksOf(pair.b)].map(([disk, image]) => {
    const path = join(pair.directory, `kept-${kept.length}-${disk}.qcow2`);
    return [disk, spawnSync('qemu-img', ['convert', '-U', '-O', 'qcow2', image, path]).status === 0 ? imageOptions(path) : ''] as const;
  }));
  return [...copies.values()].includes('') || layersAtRest() !== before ? undefined : copies;
}

async function keep(): Promise<Kept> {
  const guest = await pair.b.console();
  const { lastA } = await guest.quiet();
  await guest.run('sync');
  const sinceMs = Date.now();
  const point = await until('a point of the quiet guest', async () => (await pair.b.points()).find((each, index, all) => each.instantMs > sinceMs && slotOf(each) !== slotOf(all[index + 1]!)));
  const disks = await until('a copy of disks whose layers stand still', copied);
  return { pointId: point.id, lastRecord: lastA, disks };
}

async function writeMore(records: number): Promise<void> {
  const guest = await pair.b.console();
  const since = await guest.position();
  const { number } = await guest.write(20);
  await guest.wrote(number + records, { since });
}

async function areAsKept(): Promise<void> {
  for (const { pointId, disks } of kept) assert.equal(await differing(() => disksOf(pair.b, { pointId }), () => disks), 0, `point ${pointId}`);
}

test('a guest that failed over gets recovery points on its new host, each as its disks were, also while it writes on', async () => {
  await killPid((await pair.a.machine()).pid!);
  await pair.a.kill();
  const received = await pair.b.points();
  const since = await (await pair.b.console()).position();
  await pair.b.run('failover', 'web1', '--unplanned', '--yes');
  await (await pair.b.console()).verified({ since });
  for (let count = 0; count < 3; count++) {
    await writeMore(10);
    kept.push(await keep());
  }
  await writeMore(10);
  await until('layers are merged', layersAtRest);
  await areAsKept();
  const now = new Set((await pair.b.points()).map(({ id }) => id));
  assert.ok(received.every(({ id }) => now.has(id)), 'the received points are all there');
});

test('the points stay as they were, and new ones come, after the daemon and then the guest were killed', async () => {
  await pair.b.kill();
  await pair.b.start();
  await killPid((await pair.b.machine()).pid!);
  const since = await (await pair.b.console()).position();
  await pair.b.run('vm', 'start', 'web1');
  const { ok, why } = await (await pair.b.console()).verified({ since });
  assert.deepEqual([ok, why], [true, '']);
  await writeMore(5);
  kept.push(await keep());
  await areAsKept();
});

test('such a point boots as a test failover while the guest runs on', async () => {
  const { pointId, lastRecord } = kept[1]!;
  await pair.b.job('test', 'web1', '--point', pointId);
  const { ok, why, lastA } = await (await pair.b.console('web1 - Test')).verified({});
  assert.deepEqual([ok, why, lastA], [true, '', lastRecord]);
  await pair.b.run('test-end', 'web1');
});

test('a reverse after such points makes the disks identical and ships no more than the difference', async () => {
  await pair.a.start();
  await pair.a.reaches('replica in state 2', ({ side, state }) => side === 'replica' && state === 2);
  await writeMore(5);
  const guest = await pair.b.console();
  await guest.quiet();
  await guest.run('sync');
  const clusters = await differing(() => disksOf(pair.a), () => disksOf(pair.b));
  const { bytesShipped } = await pair.b.job('reverse', 'web1', '--yes');
  assert.ok(bytesShipped! <= 1.05 * clusters * CLUSTER + MIB, `${bytesShipped} bytes for ${clusters} clusters`);
  await pair.areIdentical(pair.b, pair.a);
});
