/**
 * What every hypervisor driver must do with machines and the records of their changes, told by the port alone. A bench says how
 * a guest writes and how the world breaks; the same suite runs on the fake and on QEMU.
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { Refused } from '../../src/errors/refusal.ts';
import { isPng } from '../../src/machine/screen.ts';
import { dirtyClusters, firstByte, hasFault, RunningMachines, type HypervisorBench } from './hypervisorbench.ts';

const MIB = 2 ** 20;
const { signal } = new AbortController();

export function hypervisorConformance(name: string, makeBench: () => Promise<HypervisorBench>): void {
  describe(name, () => {
    let bench: HypervisorBench;
    let machines: RunningMachines;
    before(async () => {
      bench = await makeBench();
      machines = new RunningMachines(bench);
    });
    after(() => machines.close());

    describe('power', () => {
      test('an instance is running after its start, paused when told so, and off after its stop', async () => {
        const spec = await bench.machine({ a: MIB });
        machines.add(spec);
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
        const { spec, since } = await machines.tracked();
        await bench.guestWrites(spec, 'a', 1, 1);
        const again = await bench.hypervisor.start(spec, { trackSince: { pointId: since, replacementPointId: randomUUID() } }, signal);
        assert.deepEqual(again, { intact: true });
        const view = await machines.open(spec, since);
        assert.deepEqual(await dirtyClusters(view, 'a'), [1]);
        await view.close();
      });

      test('a guest that does not react to its power button is not responding, and runs on', async () => {
        const { spec } = await machines.tracked();
        await assert.rejects(bench.hypervisor.shutdown(spec.instanceId, 300, signal), hasFault('guest-not-responding'));
        assert.equal(await bench.hypervisor.power(spec.instanceId), 'running');
      });

      test('a new daemon finds the guests that run', async () => {
        const { spec } = await machines.tracked();
        await bench.restart();
        assert.ok((await bench.hypervisor.instances()).includes(spec.instanceId));
        assert.equal(await bench.hypervisor.power(spec.instanceId), 'running');
      });
    });

    describe('the display', () => {
      const onDisplay = async (vga: 'std' | 'none') => {
        const spec = await bench.machine({ a: MIB });
        const shown = { ...spec, definition: { ...spec.definition, vga } };
        machines.add(shown);
        return shown;
      };

      test('is a picture of a guest that runs or stands still, which goes on as it was', async () => {
        const spec = await onDisplay('std');
        await bench.hypervisor.start(spec, { paused: true }, signal);
        assert.ok(isPng(await bench.hypervisor.screenshot(spec, signal)));
        assert.equal(await bench.hypervisor.power(spec.instanceId), 'paused');
        await bench.hypervisor.resume(spec.instanceId);
        const pictures = await Promise.all([1, 2, 3].map(() => bench.hypervisor.screenshot(spec, signal)));
        assert.ok(pictures.every(isPng));
        assert.equal(await bench.hypervisor.power(spec.instanceId), 'running');
      });

      test('is refused of a guest that is off, which stays so, and of one without a display', async () => {
        const spec = await onDisplay('std');
        await assert.rejects(bench.hypervisor.screenshot(spec, signal), /does not run/);
        assert.equal(await bench.hypervisor.power(spec.instanceId), 'off');
        const blind = await onDisplay('none');
        await bench.hypervisor.start(blind, {}, signal);
        await assert.rejects(bench.hypervisor.screenshot(blind, signal), (thrown: unknown) => thrown instanceof Refused && thrown.refusal.allowed.includes('vm console-text'));
      });

      test('is not waited for by somebody who gave up', async () => {
        const spec = await onDisplay('std');
        await bench.hypervisor.start(spec, {}, signal);
        await assert.rejects(bench.hypervisor.screenshot(spec, AbortSignal.abort(new Error('given up'))), /given up/);
      });
    });

    describe('tracking', () => {
      test('a bitmap lists what was written since it began, also across a stop and a start', async () => {
        const { spec, since } = await machines.tracked();
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
        const { spec, since } = await machines.tracked();
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
        const { spec, since } = await machines.tracked();
        await bench.guestWrites(spec, 'a', 1, 1);
        await bench.kill(spec);
        const report = await bench.hypervisor.tracking(spec);
        assert.equal(report.broken, true);
        assert.ok(!report.points.includes(since));
        const replacement = randomUUID();
        assert.deepEqual(await bench.hypervisor.start(spec, { trackSince: { pointId: since, replacementPointId: replacement } }, signal), { intact: false });
        assert.deepEqual(await bench.hypervisor.tracking(spec), { points: [replacement], broken: false });
        await assert.rejects(machines.open(spec, since), hasFault('tracking-lost'));
      });

      test('an image that was changed while the machine was off is noticed, and stays noticed', async () => {
        const { spec, since } = await machines.tracked();
        await bench.hypervisor.stop(spec.instanceId);
        await bench.changeImage(spec, 'b');
        assert.equal((await bench.hypervisor.tracking(spec)).broken, true);
        await assert.rejects(machines.open(spec, since), hasFault('disk-changed'));
        await bench.restart();
        assert.equal((await bench.hypervisor.tracking(spec)).broken, true);
        const replacement = randomUUID();
        assert.deepEqual(await bench.hypervisor.start(spec, { trackSince: { pointId: since, replacementPointId: replacement } }, signal), { intact: false });
        assert.deepEqual(await bench.hypervisor.tracking(spec), { points: [replacement], broken: false });
      });

      test('changes since a point are unknown when there is no such bitmap', async () => {
        const { spec } = await machines.tracked();
        await assert.rejects(bench.hypervisor.changesSince(spec, randomUUID(), signal), hasFault('tracking-lost'));
      });
    });

    describe('stacks that nobody writes', () => {
      test('read as their layers do, several readers at a time, and not while a guest writes them', async () => {
        const { spec } = await machines.tracked();
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
  });
}
