/** What every hypervisor driver must do with points in time and views of live disks. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { CLUSTER_BYTES, clusterCount } from '../../src/extents/extent.ts';
import { payloadOf } from '../../src/engine/ports/diskview.ts';
import type { LaunchSpec } from '../../src/engine/ports/hypervisor.ts';
import { dirtyClusters, firstByte, hasFault, RunningMachines, type HypervisorBench } from './hypervisorbench.ts';

const MIB = 2 ** 20;
const { signal } = new AbortController();

export function pointsInTimeConformance(name: string, makeBench: () => Promise<HypervisorBench>): void {
  describe(`${name}, points in time`, () => {
    let bench: HypervisorBench;
    let machines: RunningMachines;
    before(async () => {
      bench = await makeBench();
      machines = new RunningMachines(bench);
    });
    after(() => machines.close());

    for (const power of ['running', 'off'] as const) {
      describe(`a point in time of a machine that is ${power}`, () => {
        const prepared = async (): Promise<{ spec: LaunchSpec; since: string }> => {
          const { spec, since } = await machines.tracked();
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
          const view = await machines.open(spec, since, attemptId);
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
          const view = await machines.open(spec, null);
          assert.equal((await dirtyClusters(view, 'a')).length, clusterCount(4 * MIB));
          await view.close();
          await bench.hypervisor.closePointInTime(spec, { attemptId: view.attemptId, sincePointId: null }, 'failed');
        });

        test('after a failure the parent bitmap holds the changes of both and records', async () => {
          const { spec, since } = await prepared();
          const attempt = { attemptId: randomUUID(), sincePointId: since };
          const view = await machines.open(spec, since, attempt.attemptId);
          if (power === 'running') await bench.guestWrites(spec, 'a', 9, 0x33);
          await view.close();
          for (let i = 0; i < 2; i++) await bench.hypervisor.closePointInTime(spec, attempt, 'failed');
          assert.deepEqual(await bench.hypervisor.tracking(spec), { points: [since], broken: false });
          await awake(spec);
          await bench.guestWrites(spec, 'a', 12, 0x44);
          const next = await machines.open(spec, since);
          assert.deepEqual(await dirtyClusters(next, 'a'), power === 'running' ? [2, 9, 12] : [2, 12]);
          assert.deepEqual(await dirtyClusters(next, 'b'), [5]);
          await next.close();
        });

        test('after the acknowledgement only what came after the instant is dirty', async () => {
          const { spec, since } = await prepared();
          const attempt = { attemptId: randomUUID(), sincePointId: since };
          await (await machines.open(spec, since, attempt.attemptId)).close();
          if (power === 'running') await bench.guestWrites(spec, 'a', 9, 0x33);
          for (let i = 0; i < 2; i++) await bench.hypervisor.closePointInTime(spec, attempt, 'acknowledged');
          await awake(spec);
          await bench.guestWrites(spec, 'a', 12, 0x44);
          const next = await machines.open(spec, attempt.attemptId);
          assert.deepEqual(await dirtyClusters(next, 'a'), power === 'running' ? [9, 12] : [12]);
          assert.deepEqual(await dirtyClusters(next, 'b'), []);
          await next.close();
        });

        test('is adopted by a new daemon with the same instant', async () => {
          const { spec, since } = await prepared();
          const attemptId = randomUUID();
          const view = await machines.open(spec, since, attemptId);
          if (power === 'running') await bench.guestWrites(spec, 'a', 2, 0x99);
          await bench.restart();
          const adopted = await machines.open(spec, since, attemptId);
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
          await machines.open(spec, since, attempt.attemptId);
          await bench.restart();
          await bench.hypervisor.closePointInTime(spec, attempt, 'failed');
          assert.deepEqual(await bench.hypervisor.tracking(spec), { points: [since], broken: false });
          const changes = await bench.hypervisor.changesSince(spec, since, signal);
          assert.deepEqual([...changes.get('a')!.runs()], [{ first: 2, count: 1 }]);
        });

        test('changes since the parent point include those after the instant, while the attempt is open', async () => {
          const { spec, since } = await prepared();
          const view = await machines.open(spec, since);
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

    describe('a point in time', () => {
      test('keeps showing what was there when the guest overwrites it', async () => {
        const { spec, since } = await machines.tracked();
        await bench.guestWrites(spec, 'a', 2, 0x11);
        const view = await machines.open(spec, since);
        await bench.guestWrites(spec, 'a', 2, 0x99);
        await bench.guestWrites(spec, 'a', 4, 0x99);
        assert.equal(await firstByte(view, 'a', 2), 0x11);
        assert.equal(await firstByte(view, 'a', 4), 0);
        assert.deepEqual(await dirtyClusters(view, 'a'), [2]);
        await view.close();
      });

      test('is right also where a read spans overwritten clusters and others', async () => {
        const { spec, since } = await machines.tracked();
        for (let cluster = 8; cluster < 16; cluster++) await bench.guestWrites(spec, 'a', cluster, 0x11);
        const view = await machines.open(spec, since);
        for (const cluster of [8, 9, 12]) await bench.guestWrites(spec, 'a', cluster, 0x99);
        const chunk = await view.read('a', { offsetBytes: 8 * CLUSTER_BYTES, lengthBytes: 8 * CLUSTER_BYTES }, signal);
        assert.ok(payloadOf(chunk).every((byte) => byte === 0x11));
        chunk.release();
        await view.close();
      });

      test('calls zero what was zero at the instant, whatever the guest writes since', async () => {
        const { spec, since } = await machines.tracked();
        for (let cluster = 1; cluster < 7; cluster++) await bench.guestWrites(spec, 'a', cluster, 0x11);
        for (const cluster of [4, 5, 6]) await bench.guestZeroes(spec, 'a', cluster);
        const view = await machines.open(spec, since);
        for (const cluster of [1, 2]) await bench.guestZeroes(spec, 'a', cluster);
        for (const cluster of [4, 5]) await bench.guestWrites(spec, 'a', cluster, 0x99);
        const runs = await view.status('a', { offsetBytes: CLUSTER_BYTES, lengthBytes: 6 * CLUSTER_BYTES }, signal);
        assert.deepEqual(runs.map(({ lengthBytes, zero }) => [lengthBytes / CLUSTER_BYTES, zero]), [[3, false], [3, true]]);
        await view.close();
      });

      test('is lost when the guest was stopped meanwhile and had written; nothing of its changes is', async () => {
        const { spec, since } = await machines.tracked();
        await bench.guestWrites(spec, 'a', 2, 0x11);
        const attempt = { attemptId: randomUUID(), sincePointId: since };
        await machines.open(spec, since, attempt.attemptId);
        await bench.guestWrites(spec, 'a', 3, 0x22);
        await bench.hypervisor.stop(spec.instanceId);
        await assert.rejects(machines.open(spec, since, attempt.attemptId), hasFault('attempt-lost'));
        await bench.hypervisor.closePointInTime(spec, attempt, 'failed');
        const changes = await bench.hypervisor.changesSince(spec, since, signal);
        assert.deepEqual([...changes.get('a')!.runs()], [{ first: 2, count: 2 }]);
      });

      test('of a machine that is off gives way to a start, and closes well afterwards', async () => {
        const { spec, since } = await machines.tracked();
        await bench.guestWrites(spec, 'a', 2, 0x11);
        await bench.hypervisor.stop(spec.instanceId);
        const attempt = { attemptId: randomUUID(), sincePointId: since };
        await machines.open(spec, since, attempt.attemptId);
        await bench.hypervisor.start(spec, {}, signal);
        await bench.guestWrites(spec, 'a', 3, 0x22);
        await assert.rejects(machines.open(spec, since, attempt.attemptId), hasFault('attempt-lost'));
        await bench.hypervisor.closePointInTime(spec, attempt, 'failed');
        const changes = await bench.hypervisor.changesSince(spec, since, signal);
        assert.deepEqual([...changes.get('a')!.runs()], [{ first: 2, count: 2 }]);
      });

      test('breaks rather than the guest when the space for overwritten data runs out', async () => {
        const { spec, since } = await machines.tracked(8 * MIB);
        for (let cluster = 0; cluster < 64; cluster++) await bench.guestWrites(spec, 'a', cluster, 0x11);
        const attempt = { attemptId: randomUUID(), sincePointId: since };
        const view = await bench.hypervisor.openPointInTime(spec, { ...attempt, fleecingBudgetBytes: 2 * MIB }, signal);
        for (let cluster = 0; cluster < 64; cluster++) await bench.guestWrites(spec, 'a', cluster, 0x22);
        assert.equal(await bench.hypervisor.power(spec.instanceId), 'running');
        await assert.rejects(firstByte(view, 'a', 63), hasFault('fleecing-exhausted'));
        await view.close();
        await bench.hypervisor.closePointInTime(spec, attempt, 'failed');
        const next = await machines.open(spec, since);
        assert.equal((await dirtyClusters(next, 'a')).length, 64);
        assert.equal(await firstByte(next, 'a', 63), 0x22);
        await next.close();
      });

      test('of a disk whose size is no multiple of a cluster ends with a short cluster', async () => {
        const sizeBytes = MIB + 3 * 512;
        const { spec, since } = await machines.tracked(sizeBytes);
        await bench.guestWrites(spec, 'a', 16, 0x77);
        const view = await machines.open(spec, since);
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
