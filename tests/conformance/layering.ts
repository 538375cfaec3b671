/** What every hypervisor driver must do with layers that are laid on top of a machine's disks, and with merging below. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { Fault } from '../../src/errors/fault.ts';
import type { FreshLayers, LaunchSpec } from '../../src/engine/ports/hypervisor.ts';
import type { DiskStack, Layer } from '../../src/machine/definition.ts';
import { withTop } from '../../src/points/stack.ts';
import type { HypervisorBench } from './hypervisorbench.ts';

export interface LayeringBench extends HypervisorBench {
  /** An empty layer of this size, with this bitmap. */
  layer(disk: string, sizeBytes: number, trackId: string): Promise<Layer>;
  /** The first byte of a cluster, read past any guest that has the files open. */
  byteOf(stack: DiskStack, cluster: number): Promise<number>;
  remove(layer: Layer): Promise<void>;
}

const MIB = 2 ** 20;
const { signal } = new AbortController();

export function layeringConformance(name: string, makeBench: () => Promise<LayeringBench>): void {
  describe(`${name}, layers`, () => {
    let bench: LayeringBench;
    before(async () => {
      bench = await makeBench();
    });
    after(() => bench.close());

    const started = async (): Promise<LaunchSpec> => {
      const spec = await bench.machine({ a: 4 * MIB, b: 4 * MIB });
      await bench.hypervisor.start(spec, { trackSince: { pointId: randomUUID(), replacementPointId: randomUUID() } }, signal);
      await bench.guestWrites(spec, 'a', 2, 0x11);
      await bench.guestWrites(spec, 'b', 5, 0x22);
      return spec;
    };
    const fresh = async (spec: LaunchSpec): Promise<FreshLayers> => {
      const trackId = randomUUID();
      const layers = await Promise.all(spec.stacks.map(async ({ disk, sizeBytes }) => ({ disk, layer: await bench.layer(disk, sizeBytes, trackId) })));
      return { pointId: randomUUID(), trackId, layers };
    };
    const under = (spec: LaunchSpec, { layers }: FreshLayers): LaunchSpec => ({ ...spec, stacks: spec.stacks.map((stack) => withTop(stack, layers.find(({ disk }) => disk === stack.disk)!.layer)) });
    const diskOf = (spec: LaunchSpec, disk: string): DiskStack => spec.stacks.find((stack) => stack.disk === disk)!;
    const laid = async (spec: LaunchSpec): Promise<LaunchSpec> => {
      const layers = await fresh(spec);
      await bench.hypervisor.layOnTop(spec, layers, signal);
      return under(spec, layers);
    };
    const changed = async (spec: LaunchSpec, trackId: string, disk: string) => [...(await bench.hypervisor.changesSince(spec, trackId, signal)).get(disk)!.runs()];

    test('from the instant on the guest writes the fresh layers, and what lies below stands still', async () => {
      const spec = await started();
      const layers = await fresh(spec);
      const before = Date.now();
      const { instantMs } = await bench.hypervisor.layOnTop(spec, layers, signal);
      assert.ok(instantMs >= before && instantMs <= Date.now());
      assert.ok(await bench.hypervisor.isOnTop(spec, layers));
      const now = under(spec, layers);
      await bench.guestWrites(now, 'a', 2, 0x99);
      await bench.guestZeroes(now, 'b', 5);
      assert.deepEqual([await bench.byteOf(diskOf(spec, 'a'), 2), await bench.byteOf(diskOf(spec, 'b'), 5)], [0x11, 0x22]);
      await bench.hypervisor.stop(spec.instanceId);
      assert.deepEqual([await bench.byteOf(diskOf(now, 'a'), 2), await bench.byteOf(diskOf(now, 'b'), 5)], [0x99, 0]);
      assert.equal(await bench.hypervisor.isOnTop(spec, layers), false);
    });

    test('the fresh layers\' bitmap records from the first write on, also across a stop and a start', async () => {
      const spec = await started();
      const layers = await fresh(spec);
      await bench.hypervisor.layOnTop(spec, layers, signal);
      const now = under(spec, layers);
      await bench.guestWrites(now, 'a', 3, 0x33);
      assert.deepEqual(await bench.hypervisor.tracking(now), { points: [layers.trackId], broken: false });
      await bench.hypervisor.stop(spec.instanceId);
      const start = await bench.hypervisor.start(now, { trackSince: { pointId: layers.trackId, replacementPointId: randomUUID() } }, signal);
      assert.deepEqual(start, { intact: true });
      await bench.guestWrites(now, 'a', 4, 0x44);
      assert.deepEqual(await changed(now, layers.trackId, 'a'), [{ first: 3, count: 2 }]);
      assert.deepEqual(await changed(now, layers.trackId, 'b'), []);
    });

    test('an image that is changed while the machine is off is noticed on fresh layers too', async () => {
      const spec = await started();
      const now = await laid(spec);
      await bench.guestWrites(now, 'b', 1, 0x33);
      await bench.hypervisor.stop(spec.instanceId);
      assert.equal((await bench.hypervisor.tracking(now)).broken, false);
      await bench.changeImage(now, 'b');
      assert.equal((await bench.hypervisor.tracking(now)).broken, true);
    });

    test('layers that are on top already are not laid again, and the instant is told again', async () => {
      const spec = await started();
      const layers = await fresh(spec);
      const first = await bench.hypervisor.layOnTop(spec, layers, signal);
      await bench.guestWrites(under(spec, layers), 'a', 2, 0x99);
      await bench.restart();
      assert.deepEqual(await bench.hypervisor.layOnTop(spec, layers, signal), first);
      await bench.hypervisor.stop(spec.instanceId);
      assert.deepEqual(await bench.hypervisor.layOnTop(spec, layers, signal), first);
      assert.equal(await bench.byteOf(diskOf(under(spec, layers), 'a'), 2), 0x99);
    });

    test('when one of the layers cannot be laid, none is, and tracking goes on', async () => {
      const spec = await started();
      const [since] = (await bench.hypervisor.tracking(spec)).points;
      const layers = await fresh(spec);
      await bench.remove(layers.layers[1]!.layer);
      await assert.rejects(bench.hypervisor.layOnTop(spec, layers, signal), (thrown) => thrown instanceof Fault && thrown.code === 'disk-missing');
      assert.equal(await bench.hypervisor.isOnTop(spec, layers), false);
      await bench.guestWrites(spec, 'a', 3, 0x33);
      await bench.hypervisor.stop(spec.instanceId);
      assert.deepEqual(await bench.hypervisor.tracking(spec), { points: [since], broken: false });
      assert.deepEqual(await changed(spec, since!, 'a'), [{ first: 2, count: 2 }]);
    });

    test('a kill leaves what lies below the fresh layers as it was, and breaks their bitmap only', async () => {
      const spec = await started();
      const layers = await fresh(spec);
      await bench.hypervisor.layOnTop(spec, layers, signal);
      const now = under(spec, layers);
      await bench.guestWrites(now, 'a', 2, 0x99);
      await bench.kill(now);
      assert.equal(await bench.byteOf(diskOf(spec, 'a'), 2), 0x11);
      assert.equal((await bench.hypervisor.tracking(now)).broken, true);
      await bench.hypervisor.start(now, {}, signal);
      assert.equal(await bench.hypervisor.power(spec.instanceId), 'running');
    });

    test('a machine that is off starts on layers that were laid meanwhile', async () => {
      const spec = await started();
      await bench.hypervisor.stop(spec.instanceId);
      const layers = await fresh(spec);
      await bench.hypervisor.layOnTop(spec, layers, signal);
      const now = under(spec, layers);
      assert.deepEqual(await bench.hypervisor.start(now, { trackSince: { pointId: layers.trackId, replacementPointId: randomUUID() } }, signal), { intact: true });
      await bench.guestWrites(now, 'a', 7, 0x77);
      assert.deepEqual(await changed(now, layers.trackId, 'a'), [{ first: 7, count: 1 }]);
    });

    test('a point in time of fresh layers shows what was written since they were laid', async () => {
      const spec = await started();
      const layers = await fresh(spec);
      await bench.hypervisor.layOnTop(spec, layers, signal);
      const now = under(spec, layers);
      await bench.guestWrites(now, 'a', 9, 0x33);
      const attempt = { attemptId: randomUUID(), sincePointId: layers.trackId };
      const view = await bench.hypervisor.openPointInTime(now, { ...attempt, fleecingBudgetBytes: 16 * MIB }, signal);
      const dirty = (await view.status('a', { offsetBytes: 0, lengthBytes: 4 * MIB }, signal)).filter((run) => run.dirty).map(({ offsetBytes }) => offsetBytes / 65_536);
      assert.deepEqual(dirty, [9]);
      await view.close();
      await bench.hypervisor.closePointInTime(now, attempt, 'acknowledged');
      assert.deepEqual(await bench.hypervisor.tracking(now), { points: [attempt.attemptId], broken: false });
    });

    describe('merging below a running guest', () => {
      /** Three layers more than at first: the lower two of them can be merged. */
      const stacked = async (): Promise<{ spec: LaunchSpec; pair: { disk: string; lower: Layer; upper: Layer } }> => {
        let spec = await laid(await started());
        await bench.guestWrites(spec, 'a', 2, 0x33);
        await bench.guestWrites(spec, 'a', 3, 0x33);
        spec = await laid(spec);
        await bench.guestWrites(spec, 'a', 3, 0x44);
        await bench.guestZeroes(spec, 'a', 2);
        spec = await laid(spec);
        await bench.guestWrites(spec, 'a', 4, 0x55);
        const [, lower, upper] = diskOf(spec, 'a').layers;
        return { spec, pair: { disk: 'a', lower: lower!, upper: upper! } };
      };
      const without = (spec: LaunchSpec, gone: Layer): LaunchSpec => ({ ...spec, stacks: spec.stacks.map((stack) => ({ ...stack, layers: stack.layers.filter(({ layerId }) => layerId !== gone.layerId) })) });
      const upTo = (spec: LaunchSpec, top: Layer): DiskStack => {
        const stack = diskOf(spec, 'a');
        return { ...stack, layers: stack.layers.slice(0, 1 + stack.layers.findIndex(({ layerId }) => layerId === top.layerId)) };
      };

      test('the lower layer reads as both did, and the upper one is not in use any more', async () => {
        const { spec, pair } = await stacked();
        for (let i = 0; i < 2; i++) await bench.hypervisor.mergeBelow(spec, pair, signal);
        const now = without(spec, pair.upper);
        await bench.remove(pair.upper);
        const lower = upTo(now, pair.lower);
        assert.deepEqual([await bench.byteOf(lower, 2), await bench.byteOf(lower, 3), await bench.byteOf(lower, 4)], [0, 0x44, 0]);
        await bench.guestWrites(now, 'a', 5, 0x66);
        await bench.hypervisor.stop(spec.instanceId);
        await bench.hypervisor.start(now, {}, signal);
        await bench.hypervisor.stop(spec.instanceId);
        const all = diskOf(now, 'a');
        assert.deepEqual([await bench.byteOf(all, 2), await bench.byteOf(all, 3), await bench.byteOf(all, 4), await bench.byteOf(all, 5)], [0, 0x44, 0x55, 0x66]);
      });

      test('an ended merge, and one that a new daemon knows nothing of, leave what reads through the upper layer as it was', async () => {
        const { spec, pair } = await stacked();
        const ending = new AbortController();
        const merging = bench.hypervisor.mergeBelow(spec, pair, ending.signal);
        ending.abort(new DOMException('something goes first', 'AbortError'));
        await assert.rejects(merging, { name: 'AbortError' });
        void bench.hypervisor.mergeBelow(spec, pair, signal).catch(() => undefined);
        await bench.restart();
        await bench.hypervisor.tracking(spec);
        const upper = upTo(spec, pair.upper);
        assert.deepEqual([await bench.byteOf(upper, 2), await bench.byteOf(upper, 3)], [0, 0x44]);
        await bench.hypervisor.mergeBelow(spec, pair, signal);
        const lower = upTo(without(spec, pair.upper), pair.lower);
        assert.deepEqual([await bench.byteOf(lower, 2), await bench.byteOf(lower, 3)], [0, 0x44]);
      });

      test('layers can be laid on top meanwhile', async () => {
        const { spec, pair } = await stacked();
        const [now] = await Promise.all([laid(spec), bench.hypervisor.mergeBelow(spec, pair, signal)]);
        const after = without(now, pair.upper);
        await bench.guestWrites(after, 'a', 6, 0x66);
        await bench.hypervisor.stop(spec.instanceId);
        const all = diskOf(after, 'a');
        assert.deepEqual([await bench.byteOf(all, 3), await bench.byteOf(all, 4), await bench.byteOf(all, 6)], [0x44, 0x55, 0x66]);
      });
    });
  });
}
