/**
 * What every hypervisor driver must do, told by the port alone. A bench says how a guest writes and how the world
 * breaks; the same suite runs on the fake and on QEMU.
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { Fault, type FaultCode } from '../../src/errors/fault.ts';
import { CLUSTER_BYTES, clusterCount, clusterExtent } from '../../src/extents/extent.ts';
import { payloadOf, type DiskView } from '../../src/engine/ports/diskview.ts';
import type { Hypervisor, LaunchSpec, PointInTime } from '../../src/engine/ports/hypervisor.ts';

export interface HypervisorBench {
  readonly hypervisor: Hypervisor;
  /** Another object over the same state, as after a crash of the daemon. `hypervisor` is that one from then on. */
  restart(): Promise<void>;
  /** A new machine, off, with empty disks of these sizes in bytes, by name. */
  machine(disks: Readonly<Record<string, number>>): Promise<LaunchSpec>;
  /** The guest of a live instance fills a cluster with this byte; the write is done when this resolves. */
  guestWrites(spec: LaunchSpec, disk: string, cluster: number, byte: number): Promise<void>;
  /** The guest makes a cluster read as zeroes, by the command for that. */
  guestZeroes(spec: LaunchSpec, disk: string, cluster: number): Promise<void>;
  /** The hypervisor's process dies without a word, as by kill -9. */
  kill(spec: LaunchSpec): Promise<void>;
  /** Another program changes a disk of a machine that is off. */
  changeImage(spec: LaunchSpec, disk: string): Promise<void>;
  close(): Promise<void>;
}

const MIB = 2 ** 20;
const BUDGET_BYTES = 16 * MIB;
const { signal } = new AbortController();

const hasFault = (code: FaultCode) => (thrown: unknown): boolean => {
  assert.ok(thrown instanceof Fault, String(thrown));
  assert.equal(thrown.code, code, thrown.message);
  return true;
};

async function firstByte(view: DiskView, disk: string, cluster: number): Promise<number> {
  const { sizeBytes } = view.disks.find((each) => each.disk === disk)!;
  const chunk = await view.read(disk, clusterExtent(cluster, 1, sizeBytes), signal);
  const byte = payloadOf(chunk)[0]!;
  chunk.release();
  return byte;
}

async function dirtyClusters(view: DiskView, disk: string): Promise<number[]> {
  const { sizeBytes } = view.disks.find((each) => each.disk === disk)!;
  const runs = await view.status(disk, { offsetBytes: 0, lengthBytes: sizeBytes }, signal);
  let endBytes = 0;
  const dirty: number[] = [];
  for (const run of runs) {
    assert.equal(run.offsetBytes, endBytes, 'runs have a gap');
    endBytes += run.lengthBytes;
    assert.ok(endBytes === sizeBytes || endBytes % CLUSTER_BYTES === 0, 'a run ends inside a cluster');
    if (run.dirty) for (let at = run.offsetBytes; at < endBytes; at += CLUSTER_BYTES) dirty.push(at / CLUSTER_BYTES);
  }
  assert.equal(endBytes, sizeBytes, 'runs do not reach the end');
  return dirty;
}

export function hypervisorConformance(name: string, makeBench: () => Promise<HypervisorBench>): void {
  describe(name, () => {
    let bench: HypervisorBench;
    const running: LaunchSpec[] = [];
    before(async () => {
      bench = await makeBench();
    });
    after(async () => {
      for (const spec of running) await bench.hypervisor.stop(spec.instanceId);
      await bench.close();
    });

    /** A machine with disks a and b whose guest runs and is tracked since the point that comes back. */
    const tracked = async (sizeBytes = 4 * MIB): Promise<{ spec: LaunchSpec; since: string }> => {
      const spec = await bench.machine({ a: sizeBytes, b: sizeBytes });
      const since = randomUUID();
      running.push(spec);
      await bench.hypervisor.start(spec, { trackSince: { pointId: randomUUID(), replacementPointId: since } }, signal);
      return { spec, since };
    };
    const open = (spec: LaunchSpec, sincePointId: string | null, attemptId: string = randomUUID()): Promise<PointInTime> =>
      bench.hypervisor.openPointInTime(spec, { attemptId, sincePointId, fleecingBudgetBytes: BUDGET_BYTES }, signal);

    describe('power', () => {
      test('an instance is running after its start, paused when told so, and off after its stop', async () => {
        const spec = await bench.machine({ a: MIB });
        running.push(spec);
        const { hypervisor } = bench;
        assert.equal(await hypervisor.power(spec.instanceId), 'off');
        assert.deepEqual(await hypervisor.start(spec, { paused: true }, signal), { intact: true });
        assert.equal(await hypervisor.power(spec.instanceId), 'paused');
        assert.ok((await hypervisor.instances()).includes(spec.instanceId));
        await hypervisor.resume(spec.instanceId);
        assert.equal(await hypervisor.power(spec.instanceId), 'running');
        await hypervisor.pause(spec.instanceId);
        assert.equal(await hypervisor.power(spec.instanceId), 'paused');
        await hypervisor.stop(spec.instanceId);
        await hypervisor.stop(spec.instanceId);
        assert.equal(await hypervisor.power(spec.instanceId), 'off');
        assert.ok(!(await hypervisor.instances()).includes(spec.instanceId));
      });

      test('starting a guest that runs already leaves it running', async () => {
        const { spec, since } = await tracked();
        await bench.guestWrites(spec, 'a', 1, 1);
        const again = await bench.hypervisor.start(spec, { trackSince: { pointId: since, replacementPointId: randomUUID() } }, signal);
        assert.deepEqual(again, { intact: true });
        const view = await open(spec, since);
        assert.deepEqual(await dirtyClusters(view, 'a'), [1]);
        await view.close();
      });

      test('a guest that does not react to its power button is not responding, and runs on', async () => {
        const { spec } = await tracked();
        await assert.rejects(bench.hypervisor.shutdown(spec.instanceId, 300, signal), hasFault('guest-not-responding'));
        assert.equal(await bench.hypervisor.power(spec.instanceId), 'running');
      });

      test('a new daemon finds the guests that run', async () => {
        const { spec } = await tracked();
        await bench.restart();
        assert.ok((await bench.hypervisor.instances()).includes(spec.instanceId));
        assert.equal(await bench.hypervisor.power(spec.instanceId), 'running');
      });
    });

    describe('tracking', () => {
      test('a bitmap lists what was written since it began, also across a stop and a start', async () => {
        const { spec, since } = await tracked();
        await bench.guestWrites(spec, 'a', 3, 1);
        await bench.hypervisor.stop(spec.instanceId);
        assert.deepEqual(await bench.hypervisor.tracking(spec), { points: [since], broken: false });
        const start = await bench.hypervisor.start(spec, { trackSince: { pointId: since, replacementPointId: randomUUID() } }, signal);
        assert.deepEqual(start, { intact: true });
        await bench.guestWrites(spec, 'b', 7, 1);
        const changes = await bench.hypervisor.changesSince(spec, since, signal);
        assert.deepEqual([...changes.get('a')!.runs()], [{ first: 3, count: 1 }]);
        assert.deepEqual([...changes.get('b')!.runs()], [{ first: 7, count: 1 }]);
      });

      test('track and untrack may be repeated and work on running and powered-off machines', async () => {
        const { spec, since } = await tracked();
        const second = randomUUID();
        for (let i = 0; i < 2; i++) await bench.hypervisor.track(spec, second);
        await bench.hypervisor.stop(spec.instanceId);
        const third = randomUUID();
        for (let i = 0; i < 2; i++) await bench.hypervisor.track(spec, third);
        for (let i = 0; i < 2; i++) await bench.hypervisor.untrack(spec, second);
        const report = await bench.hypervisor.tracking(spec);
        assert.deepEqual(new Set(report.points), new Set([since, third]));
        assert.equal(report.broken, false);
      });

      test('a killed hypervisor breaks tracking, and the next start begins anew and says so', async () => {
        const { spec, since } = await tracked();
        await bench.guestWrites(spec, 'a', 1, 1);
        await bench.kill(spec);
        const report = await bench.hypervisor.tracking(spec);
        assert.equal(report.broken, true);
        assert.ok(!report.points.includes(since));
        const replacement = randomUUID();
        assert.deepEqual(await bench.hypervisor.start(spec, { trackSince: { pointId: since, replacementPointId: replacement } }, signal), { intact: false });
        assert.deepEqual(await bench.hypervisor.tracking(spec), { points: [replacement], broken: false });
        await assert.rejects(open(spec, since), hasFault('tracking-lost'));
      });

      test('an image that was changed while the machine was off is noticed, and stays noticed', async () => {
        const { spec, since } = await tracked();
        await bench.hypervisor.stop(spec.instanceId);
        await bench.changeImage(spec, 'b');
        assert.equal((await bench.hypervisor.tracking(spec)).broken, true);
        await assert.rejects(open(spec, since), hasFault('disk-changed'));
        await bench.restart();
        assert.equal((await bench.hypervisor.tracking(spec)).broken, true);
        const replacement = randomUUID();
        assert.deepEqual(await bench.hypervisor.start(spec, { trackSince: { pointId: since, replacementPointId: replacement } }, signal), { intact: false });
        assert.deepEqual(await bench.hypervisor.tracking(spec), { points: [replacement], broken: false });
      });

      test('changes since a point are unknown when there is no such bitmap', async () => {
        const { spec } = await tracked();
        await assert.rejects(bench.hypervisor.changesSince(spec, randomUUID(), signal), hasFault('tracking-lost'));
      });
    });

    for (const power of ['running', 'off'] as const) {
      describe(`a point in time of a machine that is ${power}`, () => {
        const prepared = async (): Promise<{ spec: LaunchSpec; since: string }> => {
          const { spec, since } = await tracked();
          await bench.guestWrites(spec, 'a', 2, 0x11);
          await bench.guestWrites(spec, 'b', 5, 0x22);
          if (power === 'off') await bench.hypervisor.stop(spec.instanceId);
          return { spec, since };
        };
        const awake = async (spec: LaunchSpec): Promise<void> => {
          if (power === 'off') await bench.hypervisor.start(spec, {}, signal);
        };

        test('shows the changed clusters, and what reads as zero', async () => {
          const { spec, since } = await prepared();
          const attemptId = randomUUID();
          const before = Date.now();
          const view = await open(spec, since, attemptId);
          assert.equal(view.attemptId, attemptId);
          assert.ok(view.instantMs >= before && view.instantMs <= Date.now());
          assert.deepEqual(await dirtyClusters(view, 'a'), [2]);
          assert.deepEqual(await dirtyClusters(view, 'b'), [5]);
          assert.equal(await firstByte(view, 'a', 2), 0x11);
          assert.equal(await firstByte(view, 'b', 5), 0x22);
          const runs = await view.status('a', { offsetBytes: 0, lengthBytes: 4 * MIB }, signal);
          assert.deepEqual(runs.map((run) => run.zero), [true, false, true]);
          await view.close();
          await bench.hypervisor.closePointInTime(spec, { attemptId, sincePointId: since }, 'acknowledged');
          assert.deepEqual(await bench.hypervisor.tracking(spec), { points: [attemptId], broken: false });
        });

        test('with no parent point everything is dirty', async () => {
          const { spec } = await prepared();
          const view = await open(spec, null);
          assert.equal((await dirtyClusters(view, 'a')).length, clusterCount(4 * MIB));
          await view.close();
          await bench.hypervisor.closePointInTime(spec, { attemptId: view.attemptId, sincePointId: null }, 'failed');
        });

        test('after a failure the parent bitmap holds the changes of both and records', async () => {
          const { spec, since } = await prepared();
          const attempt = { attemptId: randomUUID(), sincePointId: since };
          const view = await open(spec, since, attempt.attemptId);
          if (power === 'running') await bench.guestWrites(spec, 'a', 9, 0x33);
          await view.close();
          for (let i = 0; i < 2; i++) await bench.hypervisor.closePointInTime(spec, attempt, 'failed');
          assert.deepEqual(await bench.hypervisor.tracking(spec), { points: [since], broken: false });
          await awake(spec);
          await bench.guestWrites(spec, 'a', 12, 0x44);
          const next = await open(spec, since);
          assert.deepEqual(await dirtyClusters(next, 'a'), power === 'running' ? [2, 9, 12] : [2, 12]);
          assert.deepEqual(await dirtyClusters(next, 'b'), [5]);
          await next.close();
        });

        test('after the acknowledgement only what came after the instant is dirty', async () => {
          const { spec, since } = await prepared();
          const attempt = { attemptId: randomUUID(), sincePointId: since };
          await (await open(spec, since, attempt.attemptId)).close();
          if (power === 'running') await bench.guestWrites(spec, 'a', 9, 0x33);
          for (let i = 0; i < 2; i++) await bench.hypervisor.closePointInTime(spec, attempt, 'acknowledged');
          await awake(spec);
          await bench.guestWrites(spec, 'a', 12, 0x44);
          const next = await open(spec, attempt.attemptId);
          assert.deepEqual(await dirtyClusters(next, 'a'), power === 'running' ? [9, 12] : [12]);
          assert.deepEqual(await dirtyClusters(next, 'b'), []);
          await next.close();
        });

        test('is adopted by a new daemon with the same instant', async () => {
          const { spec, since } = await prepared();
          const attemptId = randomUUID();
          const view = await open(spec, since, attemptId);
          if (power === 'running') await bench.guestWrites(spec, 'a', 2, 0x99);
          await bench.restart();
          const adopted = await open(spec, since, attemptId);
          assert.equal(adopted.instantMs, view.instantMs);
          assert.equal(await firstByte(adopted, 'a', 2), 0x11);
          assert.deepEqual(await dirtyClusters(adopted, 'a'), [2]);
          await adopted.close();
          await bench.hypervisor.closePointInTime(spec, { attemptId, sincePointId: since }, 'acknowledged');
          const changes = await bench.hypervisor.changesSince(spec, attemptId, signal);
          assert.deepEqual([...changes.get('a')!.runs()], power === 'running' ? [{ first: 2, count: 1 }] : []);
          await view.close().catch(() => undefined);
        });

        test('can be closed by a new daemon that never opened it', async () => {
          const { spec, since } = await prepared();
          const attempt = { attemptId: randomUUID(), sincePointId: since };
          await open(spec, since, attempt.attemptId);
          await bench.restart();
          await bench.hypervisor.closePointInTime(spec, attempt, 'failed');
          assert.deepEqual(await bench.hypervisor.tracking(spec), { points: [since], broken: false });
          const changes = await bench.hypervisor.changesSince(spec, since, signal);
          assert.deepEqual([...changes.get('a')!.runs()], [{ first: 2, count: 1 }]);
        });

        test('changes since the parent point include those after the instant, while the attempt is open', async () => {
          const { spec, since } = await prepared();
          const view = await open(spec, since);
          if (power === 'running') await bench.guestWrites(spec, 'b', 6, 0x33);
          const changes = await bench.hypervisor.changesSince(spec, since, signal);
          assert.deepEqual([...changes.get('b')!.runs()], [{ first: 5, count: power === 'running' ? 2 : 1 }]);
          await view.close();
        });

        test('a live view shows the disks as they are, everything dirty', async () => {
          const { spec } = await prepared();
          const view = await bench.hypervisor.openLive(spec, signal);
          assert.equal((await dirtyClusters(view, 'a')).length, clusterCount(4 * MIB));
          assert.equal(await firstByte(view, 'a', 2), 0x11);
          await view.close();
        });
      });
    }

    describe('stacks that nobody writes', () => {
      test('read as their layers do, several readers at a time, and not while a guest writes them', async () => {
        const { spec } = await tracked();
        await bench.guestWrites(spec, 'a', 2, 0x11);
        await assert.rejects(bench.hypervisor.openStacks(spec.stacks, signal), hasFault('disk-in-use'));
        await bench.hypervisor.stop(spec.instanceId);
        const views = [await bench.hypervisor.openStacks(spec.stacks, signal), await bench.hypervisor.openStacks(spec.stacks, signal)];
        for (const view of views) {
          assert.deepEqual(view.disks.map(({ disk }) => disk), ['a', 'b']);
          assert.equal(await firstByte(view, 'a', 2), 0x11);
          assert.equal(await firstByte(view, 'b', 2), 0);
          await view.close();
        }
      });
    });

    describe('a point in time', () => {
      test('keeps showing what was there when the guest overwrites it', async () => {
        const { spec, since } = await tracked();
        await bench.guestWrites(spec, 'a', 2, 0x11);
        const view = await open(spec, since);
        await bench.guestWrites(spec, 'a', 2, 0x99);
        await bench.guestWrites(spec, 'a', 4, 0x99);
        assert.equal(await firstByte(view, 'a', 2), 0x11);
        assert.equal(await firstByte(view, 'a', 4), 0);
        assert.deepEqual(await dirtyClusters(view, 'a'), [2]);
        await view.close();
      });

      test('is right also where a read spans overwritten clusters and others', async () => {
        const { spec, since } = await tracked();
        for (let cluster = 8; cluster < 16; cluster++) await bench.guestWrites(spec, 'a', cluster, 0x11);
        const view = await open(spec, since);
        for (const cluster of [8, 9, 12]) await bench.guestWrites(spec, 'a', cluster, 0x99);
        const chunk = await view.read('a', { offsetBytes: 8 * CLUSTER_BYTES, lengthBytes: 8 * CLUSTER_BYTES }, signal);
        assert.ok(payloadOf(chunk).every((byte) => byte === 0x11));
        chunk.release();
        await view.close();
      });

      test('calls zero what was zero at the instant, whatever the guest writes since', async () => {
        const { spec, since } = await tracked();
        for (let cluster = 1; cluster < 7; cluster++) await bench.guestWrites(spec, 'a', cluster, 0x11);
        for (const cluster of [4, 5, 6]) await bench.guestZeroes(spec, 'a', cluster);
        const view = await open(spec, since);
        for (const cluster of [1, 2]) await bench.guestZeroes(spec, 'a', cluster);
        for (const cluster of [4, 5]) await bench.guestWrites(spec, 'a', cluster, 0x99);
        const runs = await view.status('a', { offsetBytes: CLUSTER_BYTES, lengthBytes: 6 * CLUSTER_BYTES }, signal);
        assert.deepEqual(runs.map(({ lengthBytes, zero }) => [lengthBytes / CLUSTER_BYTES, zero]), [[3, false], [3, true]]);
        await view.close();
      });

      test('is lost when the guest was stopped meanwhile and had written; nothing of its changes is', async () => {
        const { spec, since } = await tracked();
        await bench.guestWrites(spec, 'a', 2, 0x11);
        const attempt = { attemptId: randomUUID(), sincePointId: since };
        await open(spec, since, attempt.attemptId);
        await bench.guestWrites(spec, 'a', 3, 0x22);
        await bench.hypervisor.stop(spec.instanceId);
        await assert.rejects(open(spec, since, attempt.attemptId), hasFault('attempt-lost'));
        await bench.hypervisor.closePointInTime(spec, attempt, 'failed');
        const changes = await bench.hypervisor.changesSince(spec, since, signal);
        assert.deepEqual([...changes.get('a')!.runs()], [{ first: 2, count: 2 }]);
      });

      test('of a machine that is off gives way to a start, and closes well afterwards', async () => {
        const { spec, since } = await tracked();
        await bench.guestWrites(spec, 'a', 2, 0x11);
        await bench.hypervisor.stop(spec.instanceId);
        const attempt = { attemptId: randomUUID(), sincePointId: since };
        await open(spec, since, attempt.attemptId);
        await bench.hypervisor.start(spec, {}, signal);
        await bench.guestWrites(spec, 'a', 3, 0x22);
        await assert.rejects(open(spec, since, attempt.attemptId), hasFault('attempt-lost'));
        await bench.hypervisor.closePointInTime(spec, attempt, 'failed');
        const changes = await bench.hypervisor.changesSince(spec, since, signal);
        assert.deepEqual([...changes.get('a')!.runs()], [{ first: 2, count: 2 }]);
      });

      test('breaks rather than the guest when the space for overwritten data runs out', async () => {
        const { spec, since } = await tracked(8 * MIB);
        for (let cluster = 0; cluster < 64; cluster++) await bench.guestWrites(spec, 'a', cluster, 0x11);
        const attempt = { attemptId: randomUUID(), sincePointId: since };
        const view = await bench.hypervisor.openPointInTime(spec, { ...attempt, fleecingBudgetBytes: 2 * MIB }, signal);
        for (let cluster = 0; cluster < 64; cluster++) await bench.guestWrites(spec, 'a', cluster, 0x22);
        assert.equal(await bench.hypervisor.power(spec.instanceId), 'running');
        await assert.rejects(firstByte(view, 'a', 63), hasFault('fleecing-exhausted'));
        await view.close();
        await bench.hypervisor.closePointInTime(spec, attempt, 'failed');
        const next = await open(spec, since);
        assert.equal((await dirtyClusters(next, 'a')).length, 64);
        assert.equal(await firstByte(next, 'a', 63), 0x22);
        await next.close();
      });

      test('of a disk whose size is no multiple of a cluster ends with a short cluster', async () => {
        const sizeBytes = MIB + 3 * 512;
        const { spec, since } = await tracked(sizeBytes);
        await bench.guestWrites(spec, 'a', 16, 0x77);
        const view = await open(spec, since);
        assert.equal(view.disks[0]!.sizeBytes, sizeBytes);
        assert.deepEqual(await dirtyClusters(view, 'a'), [16]);
        const chunk = await view.read('a', { offsetBytes: 16 * CLUSTER_BYTES, lengthBytes: 3 * 512 }, signal);
        assert.ok(payloadOf(chunk).every((byte) => byte === 0x77));
        chunk.release();
        const sizes = await bench.hypervisor.sizes(spec);
        assert.deepEqual(sizes, [{ disk: 'a', sizeBytes }, { disk: 'b', sizeBytes }]);
        await view.close();
      });
    });
  });
}
