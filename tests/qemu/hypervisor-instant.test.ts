import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { Fault } from '../../src/errors/fault.ts';
import { CLUSTER_BYTES, windows } from '../../src/extents/extent.ts';
import { payloadOf, type DiskView } from '../../src/engine/ports/diskview.ts';
import type { LaunchSpec } from '../../src/engine/ports/hypervisor.ts';
import { addBitmap, namedNodes, transaction } from '../../src/hypervisor/qemu/bitmaps.ts';
import { exportIds } from '../../src/hypervisor/qemu/exports.ts';
import { copyBeforeWrite, topFilter, attemptNodes, fleecingGraph } from '../../src/hypervisor/qemu/nodes.ts';
import { createFleecingFile } from '../../src/hypervisor/qemu/fleecing.ts';
import { QemuBench } from '../conformance/qemubench.ts';

const MIB = 2 ** 20;
const SIZE = 4 * MIB;
const { signal } = new AbortController();
let bench: QemuBench;
before(() => {
  bench = new QemuBench();
});
after(() => bench.close());

const started = async (sizeBytes = SIZE): Promise<{ spec: LaunchSpec; since: string }> => {
  const spec = await bench.machine({ a: sizeBytes, b: sizeBytes });
  const since = randomUUID();
  await bench.hypervisor.start(spec, { trackSince: { pointId: randomUUID(), replacementPointId: since } }, signal);
  return { spec, since };
};

/** Applies what the view says changed to a copy of the disk, as a replica does. */
async function ship(view: DiskView, disk: string, copy: Buffer): Promise<void> {
  for (const window of windows(copy.length, MIB)) {
    for (const run of await view.status(disk, window, signal)) {
      if (!run.dirty) continue;
      if (run.zero) copy.fill(0, run.offsetBytes, run.offsetBytes + run.lengthBytes);
      else await readInto(view, disk, run.offsetBytes, run.lengthBytes, copy);
    }
  }
}

async function readInto(view: DiskView, disk: string, offsetBytes: number, lengthBytes: number, copy: Buffer): Promise<void> {
  for (const piece of windows(offsetBytes + lengthBytes, 8 * CLUSTER_BYTES, offsetBytes)) {
    const chunk = await view.read(disk, piece, signal);
    payloadOf(chunk).copy(copy, piece.offsetBytes);
    chunk.release();
  }
}

/** A guest that writes record n to disk a and, when that is done, to disk b, until told to stop; random places too. */
function busyGuest(spec: LaunchSpec): { stop(): Promise<number> } {
  let go = true;
  const done = (async () => {
    let n = 0;
    while (go) {
      n++;
      const record = `${n & 0xff}`;
      await bench.qemuIo(spec, 'a', `write -P ${record} 0 512`);
      await bench.qemuIo(spec, 'b', `write -P ${record} 0 512`);
      const place = 1 + ((n * 37) % (SIZE / CLUSTER_BYTES - 1));
      await bench.qemuIo(spec, n % 2 ? 'a' : 'b', n % 5 ? `write -P ${record} ${place * CLUSTER_BYTES + 512 * (n % 100)} 1024` : `write -z ${place * CLUSTER_BYTES} 64k`);
    }
    return n;
  })();
  return {
    stop: () => {
      go = false;
      return done;
    },
  };
}

test('under continuous writes to two disks no change is lost and every point is one instant of both', async () => {
  const { spec, since } = await started();
  const copies = { a: Buffer.alloc(SIZE), b: Buffer.alloc(SIZE) };
  const guest = busyGuest(spec);
  let parent: string = since;
  for (let cycle = 0; cycle < 8; cycle++) {
    const attempt = { attemptId: randomUUID(), sincePointId: parent };
    const view = await bench.hypervisor.openPointInTime(spec, { ...attempt, fleecingBudgetBytes: 16 * MIB }, signal);
    const isKept = cycle % 3 !== 2;
    const targets = isKept ? copies : { a: Buffer.from(copies.a), b: Buffer.from(copies.b) };
    for (const disk of ['a', 'b'] as const) await ship(view, disk, targets[disk]);
    const ahead = (targets.a[0]! - targets.b[0]! + 256) % 256;
    assert.ok(ahead === 0 || ahead === 1, `cycle ${cycle}: disk a is ${ahead} records ahead of disk b`);
    await view.close();
    await bench.hypervisor.closePointInTime(spec, attempt, isKept ? 'acknowledged' : 'failed');
    if (isKept) parent = attempt.attemptId;
  }
  const records = await guest.stop();
  assert.ok(records > 50, `only ${records} records were written`);
  await bench.hypervisor.pause(spec.instanceId);
  const attempt = { attemptId: randomUUID(), sincePointId: parent };
  const last = await bench.hypervisor.openPointInTime(spec, { ...attempt, fleecingBudgetBytes: 16 * MIB }, signal);
  for (const disk of ['a', 'b'] as const) await ship(last, disk, copies[disk]);
  await last.close();
  await bench.hypervisor.closePointInTime(spec, attempt, 'acknowledged');
  const live = await bench.hypervisor.openLive(spec, signal);
  for (const disk of ['a', 'b'] as const) {
    const truth = Buffer.alloc(SIZE);
    await readInto(live, disk, 0, SIZE, truth);
    assert.equal(Buffer.compare(copies[disk], truth), 0, `the replica of disk ${disk} differs`);
  }
  await live.close();
});

test('a budget that the file system cannot give fails the attempt before anything changes', async () => {
  const { spec, since } = await started();
  await bench.guestWrites(spec, 'a', 1, 1);
  const request = { attemptId: randomUUID(), sincePointId: since, fleecingBudgetBytes: 2 ** 50 };
  await assert.rejects(bench.hypervisor.openPointInTime(spec, request, signal), (thrown) => thrown instanceof Fault && /space|large/i.test(thrown.message));
  assert.equal(await bench.hypervisor.power(spec.instanceId), 'running');
  assert.deepEqual(await bench.hypervisor.tracking(spec), { points: [since], broken: false });
  await (await bench.hypervisor.openPointInTime(spec, { ...request, fleecingBudgetBytes: MIB }, signal)).close();
});

test('a hundred cycles leave no node, export or file behind', async () => {
  const { spec, since } = await started(MIB);
  const qmp = await bench.hypervisor.monitor(spec.instanceId);
  const namesBefore = (await namedNodes(qmp)).map((node) => node['node-name']).sort();
  let parent = since;
  const begun = performance.now();
  for (let cycle = 0; cycle < 20; cycle++) {
    const attempt = { attemptId: randomUUID(), sincePointId: parent };
    await (await bench.hypervisor.openPointInTime(spec, { ...attempt, fleecingBudgetBytes: 2 * MIB }, signal)).close();
    await bench.hypervisor.closePointInTime(spec, attempt, 'acknowledged');
    parent = attempt.attemptId;
  }
  console.log(`# an idle cycle of two disks takes ${Math.round((performance.now() - begun) / 20)} ms`);
  assert.deepEqual((await namedNodes(qmp)).map((node) => node['node-name']).sort(), namesBefore);
  assert.deepEqual(await exportIds(qmp), []);
  assert.deepEqual(await bench.hypervisor.tracking(spec), { points: [parent], broken: false });
});

/** What a daemon that was killed in the middle of opening has done so far, in order. */
const STEPS = ['fleecing nodes', 'bitmaps', 'filters', 'reopen'] as const;

for (const [count, step] of STEPS.entries()) {
  test(`an attempt whose opening ended after its ${step} is closed as failed and loses nothing`, async () => {
    const { spec, since } = await started();
    const qmp = await bench.hypervisor.monitor(spec.instanceId);
    const namesBefore = (await namedNodes(qmp)).map((node) => node['node-name']).sort();
    const attempt = { attemptId: randomUUID(), sincePointId: since };
    await bench.guestWrites(spec, 'a', 1, 1);
    const steps = [
      async () => {
        for (const disk of ['a', 'b']) {
          const path = bench.image(`${attempt.attemptId}-${disk}`);
          await createFleecingFile('m', path, SIZE, MIB, signal);
          await qmp.execute('blockdev-add', fleecingGraph(disk, attempt.attemptId, path, MIB));
        }
      },
      () => transaction(qmp, spec.stacks.map((stack) => addBitmap(stack, attempt.attemptId))),
      async () => {
        for (const stack of spec.stacks) await qmp.execute('blockdev-add', copyBeforeWrite(stack, attempt.attemptId));
      },
      () => qmp.execute('blockdev-reopen', { options: ['a', 'b'].map((disk) => topFilter(disk, attemptNodes(disk, attempt.attemptId).filter)) }),
    ];
    for (const run of steps.slice(0, count + 1)) await run();
    await bench.guestWrites(spec, 'b', 2, 1);
    await bench.restart();
    if (count > 0) {
      const open = bench.hypervisor.openPointInTime(spec, { ...attempt, fleecingBudgetBytes: MIB }, signal);
      await assert.rejects(open, (thrown) => thrown instanceof Fault && thrown.code === 'attempt-lost');
    }
    await bench.hypervisor.closePointInTime(spec, attempt, 'failed');
    const after = await bench.hypervisor.monitor(spec.instanceId);
    assert.deepEqual((await namedNodes(after)).map((node) => node['node-name']).sort(), namesBefore);
    assert.deepEqual(await bench.hypervisor.tracking(spec), { points: [since], broken: false });
    const changes = await bench.hypervisor.changesSince(spec, since, signal);
    assert.deepEqual([...changes.get('a')!.runs()], [{ first: 1, count: 1 }]);
    assert.deepEqual([...changes.get('b')!.runs()], [{ first: 2, count: 1 }]);
  });
}

test('what an earlier daemon exported for a live view is removed by the next one', async () => {
  const { spec } = await started();
  const view = await bench.hypervisor.openLive(spec, signal);
  await bench.restart();
  const qmp = await bench.hypervisor.monitor(spec.instanceId);
  assert.deepEqual(await exportIds(qmp), []);
  await assert.rejects(view.status('a', { offsetBytes: 0, lengthBytes: MIB }, signal));
});

test('QEMU killed in the middle of a cycle breaks tracking, and closing the attempt does not hide it', async () => {
  const { spec, since } = await started();
  const attempt = { attemptId: randomUUID(), sincePointId: since };
  const view = await bench.hypervisor.openPointInTime(spec, { ...attempt, fleecingBudgetBytes: MIB }, signal);
  await bench.kill(spec);
  await assert.rejects(view.read('a', { offsetBytes: 0, lengthBytes: 512 }, signal), (thrown) => thrown instanceof Fault && thrown.code === 'attempt-lost');
  await view.close();
  await bench.hypervisor.closePointInTime(spec, attempt, 'failed');
  const report = await bench.hypervisor.tracking(spec);
  assert.equal(report.broken, true);
  assert.deepEqual(report.points, []);
});
