/**
 * What every layer store does, told with the port alone: run on real files and on the simulator's store.
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';
import { HEADROOM_BYTES, type Chunk } from '../../src/engine/ports/diskview.ts';
import type { LayerStore, PointSidecar } from '../../src/engine/ports/layers.ts';
import type { DiskStack, Layer } from '../../src/machine/definition.ts';
import { founded } from '../../src/relationship/epoch.ts';
import { defaultSettings } from '../../src/relationship/settings.ts';

export interface LayerStoreUnderTest {
  readonly store: LayerStore;
  /** A directory (or what stands for one) that this test alone uses. It need not exist. */
  readonly storage: string;
  readonly dispose: () => Promise<void>;
}

const KIB = 1024;
const CLUSTER = 64 * KIB;
/** The tail cluster is short. */
const SIZE = 5 * CLUSTER + 1_536;

export const filled = (value: number, lengthBytes = CLUSTER): Chunk => {
  const memory = Buffer.alloc(HEADROOM_BYTES + lengthBytes, value);
  return { memory, headroomBytes: HEADROOM_BYTES };
};

/** What a layer gets: cluster → byte to fill it with, or 'zero'. */
export type Content = Readonly<Record<number, number | 'zero'>>;

export async function writeContent(store: LayerStore, layer: Layer, content: Content, sizeBytes = SIZE): Promise<void> {
  const writer = await store.open(layer);
  for (const [cluster, value] of Object.entries(content)) {
    const offsetBytes = Number(cluster) * CLUSTER;
    const lengthBytes = Math.min(CLUSTER, sizeBytes - offsetBytes);
    if (value === 'zero') await writer.zero(offsetBytes, lengthBytes);
    else await writer.write(offsetBytes, filled(value, lengthBytes));
  }
  await writer.flush();
  await writer.close();
}

export const stackOf = (layers: readonly Layer[], sizeBytes = SIZE): DiskStack => ({ disk: 'a', sizeBytes, layers });

export const sidecarOf = (machineId: string, layers: readonly Layer[], sequence = 1): PointSidecar => ({
  pointId: randomUUID(), parentId: null, machineId, relationshipId: randomUUID(), epochId: randomUUID(), sequence,
  kind: 'standard', instantMs: 1_700_000_000_000, digest: 'd1', definition: { name: 'vm' }, name: null, retired: false,
  attachments: [{ name: 'uefi', bytes: new Uint8Array(10_000).fill(255) }],
  replica: { peerId: randomUUID(), settings: defaultSettings(['a']), overrides: {}, lineage: founded(randomUUID(), randomUUID()) },
  disks: layers.map((layer) => ({ disk: 'a', layerId: layer.layerId, sizeBytes: SIZE, standsOn: null, ground: [], elsewhere: null })),
});

class Scene {
  readonly machineId = randomUUID();
  readonly store: LayerStore;
  readonly storage: string;

  constructor({ store, storage }: LayerStoreUnderTest) {
    this.store = store;
    this.storage = storage;
  }

  newLayer(): Layer {
    return this.store.layerAt(this.storage, this.machineId, 'a', randomUUID());
  }

  async layer(content: Content, sizeBytes = SIZE): Promise<Layer> {
    const layer = this.newLayer();
    await this.store.create(layer, sizeBytes);
    await writeContent(this.store, layer, content, sizeBytes);
    return layer;
  }

  /** Both stacks, of this size, read the same. */
  same(left: readonly Layer[], right: readonly Layer[], sizeBytes = SIZE): Promise<boolean> {
    return this.store.compare(stackOf(left, sizeBytes), stackOf(right, sizeBytes));
  }
}

export function layerStoreConformance(name: string, make: () => Promise<LayerStoreUnderTest>): void {
  const story = (title: string, tell: (scene: Scene) => Promise<void>) =>
    test(title, async () => {
      const made = await make();
      try {
        await tell(new Scene(made));
      } finally {
        await made.dispose();
      }
    });
  describe(`${name}: a layer store`, () => {
    writing(story);
    merging(story);
    active(story);
    keeping(story);
  });
}

type Story = (title: string, tell: (scene: Scene) => Promise<void>) => void;

function writing(story: Story): void {
  story('shows a lower layer where the upper has nothing, and zeroes where the upper has zeroes', async (scene) => {
    const base = await scene.layer({ 0: 1, 1: 1, 2: 1, 5: 1 });
    const upper = await scene.layer({ 1: 2, 2: 'zero' });
    assert.ok(await scene.same([base, upper], [await scene.layer({ 0: 1, 1: 2, 5: 1 })]));
    assert.ok(!(await scene.same([base, upper], [base])));
  });

  story('tells apart disks that differ only in the short tail', async (scene) => {
    assert.ok(!(await scene.same([await scene.layer({ 5: 1 })], [await scene.layer({ 5: 2 })])));
  });

  story('replaces a layer that a crash left half written', async (scene) => {
    const layer = await scene.layer({ 0: 1, 3: 1 });
    await scene.store.create(layer, SIZE);
    assert.ok(await scene.same([layer], [await scene.layer({})]));
  });

  story('keeps what was written when a layer is opened again', async (scene) => {
    const layer = await scene.layer({ 0: 1 });
    await writeContent(scene.store, layer, { 4: 2 });
    assert.ok(await scene.same([layer], [await scene.layer({ 0: 1, 4: 2 })]));
  });

  story('takes runs of many clusters and many writes at once', async (scene) => {
    const layer = scene.newLayer();
    await scene.store.create(layer, SIZE);
    const writer = await scene.store.open(layer);
    await Promise.all([writer.write(0, filled(7, 3 * CLUSTER)), writer.zero(3 * CLUSTER, CLUSTER), writer.write(4 * CLUSTER, filled(8, SIZE - 4 * CLUSTER))]);
    await writer.flush();
    await writer.close();
    assert.ok(await scene.same([layer], [await scene.layer({ 0: 7, 1: 7, 2: 7, 4: 8, 5: 8 })]));
  });

  story('refuses to write part of a cluster other than the tail', async (scene) => {
    const layer = scene.newLayer();
    await scene.store.create(layer, SIZE);
    const writer = await scene.store.open(layer);
    await assert.rejects(writer.write(0, filled(1, 4 * KIB)), { name: 'Bug' });
    await assert.rejects(writer.zero(4 * KIB, CLUSTER), { name: 'Bug' });
    await writer.close();
  });

  story('opens several layers of a machine side by side', async (scene) => {
    const layers = [scene.newLayer(), scene.newLayer(), scene.newLayer()];
    for (const layer of layers) await scene.store.create(layer, SIZE);
    await Promise.all(layers.map((layer, index) => writeContent(scene.store, layer, { [index]: index + 1 })));
    assert.ok(await scene.same(layers, [await scene.layer({ 0: 1, 1: 2, 2: 3 })]));
  });

  story('lets go of a closed layer while another layer of the machine stays open', async (scene) => {
    const base = await scene.layer({ 0: 1 });
    const [closed, open] = [scene.newLayer(), scene.newLayer()];
    for (const layer of [closed, open]) await scene.store.create(layer, SIZE);
    const other = await scene.store.open(open);
    await writeContent(scene.store, closed, { 1: 2 });
    await scene.store.merge(base, closed, AbortSignal.timeout(60_000));
    await other.write(0, filled(3));
    await other.flush();
    await other.close();
    assert.ok(await scene.same([base], [await scene.layer({ 0: 1, 1: 2 })]));
    assert.ok(await scene.same([open], [await scene.layer({ 0: 3 })]));
  });

  story('says that a missing layer is missing', async (scene) => {
    await assert.rejects(scene.store.open(scene.newLayer()), { code: 'disk-missing' });
    await assert.rejects(scene.store.allocatedBytes(scene.newLayer()), { code: 'disk-missing' });
  });
}

function merging(story: Story): void {
  const signal = AbortSignal.timeout(60_000);

  story('makes the lower layer read as both did by a merge, and keeps the upper', async (scene) => {
    const base = await scene.layer({ 0: 1, 1: 1, 2: 1, 5: 1 });
    const upper = await scene.layer({ 1: 2, 2: 'zero', 5: 2 });
    const copyOfUpper = await scene.layer({ 1: 2, 2: 'zero', 5: 2 });
    await scene.store.merge(base, upper, signal);
    assert.ok(await scene.same([base], [await scene.layer({ 0: 1, 1: 2, 5: 2 })]));
    assert.ok(await scene.same([await scene.layer({ 2: 9 }), upper], [await scene.layer({ 2: 9 }), copyOfUpper]));
  });

  story('gives the same when a merge is repeated', async (scene) => {
    const base = await scene.layer({ 0: 1, 2: 1 });
    const upper = await scene.layer({ 1: 2, 2: 'zero' });
    await scene.store.merge(base, upper, signal);
    await scene.store.merge(base, upper, signal);
    assert.ok(await scene.same([base], [await scene.layer({ 0: 1, 1: 2 })]));
  });

  story('keeps zeroes that hide a deeper layer when layers in the middle are merged', async (scene) => {
    const base = await scene.layer({ 0: 1, 1: 1, 2: 1, 3: 1, 5: 1 });
    const lower = await scene.layer({ 1: 2, 3: 'zero' });
    const upper = await scene.layer({ 2: 'zero', 1: 'zero', 5: 'zero' });
    const newest = await scene.layer({ 4: 4 });
    await scene.store.merge(lower, upper, signal);
    await scene.store.remove(upper);
    assert.ok(await scene.same([base, lower, newest], [await scene.layer({ 0: 1, 4: 4 })]));
  });

  story('leaves deeper and newer layers as they were when layers in the middle are merged', async (scene) => {
    const base = await scene.layer({ 0: 1, 1: 1 });
    const lower = await scene.layer({ 1: 2 });
    const upper = await scene.layer({ 2: 3 });
    const newest = await scene.layer({ 1: 4 });
    await scene.store.merge(lower, upper, signal);
    assert.ok(await scene.same([base], [await scene.layer({ 0: 1, 1: 1 })]));
    assert.ok(await scene.same([newest], [await scene.layer({ 1: 4 })]));
    assert.ok(await scene.same([base, lower, newest], [await scene.layer({ 0: 1, 1: 4, 2: 3 })]));
  });

  story('grows the lower layer when the upper is larger', async (scene) => {
    const base = await scene.layer({ 0: 1, 5: 1 });
    const grownBytes = 7 * CLUSTER + 512;
    const upper = await scene.layer({ 5: 2, 7: 3 }, grownBytes);
    await scene.store.merge(base, upper, signal);
    const expected = await scene.layer({ 0: 1, 5: 2, 7: 3 }, grownBytes);
    assert.ok(await scene.same([base], [expected], grownBytes));
  });

  story('rejects an aborted merge with the reason, and finishes it when asked again', async (scene) => {
    const base = await scene.layer({ 0: 1 });
    const upper = await scene.layer({ 1: 2 });
    const reason = new Error('failover goes first');
    await assert.rejects(scene.store.merge(base, upper, AbortSignal.abort(reason)), reason);
    await scene.store.merge(base, upper, signal);
    assert.ok(await scene.same([base], [await scene.layer({ 0: 1, 1: 2 })]));
  });
}

function active(story: Story): void {
  story('makes an active layer that shows the stack below it', async (scene) => {
    const base = await scene.layer({ 0: 1 });
    const top = scene.newLayer();
    await scene.store.createActive(top, SIZE, randomUUID());
    assert.ok(await scene.same([base, top], [base]));
  });

  story('keeps what an active layer holds when it is asked for again after a crash', async (scene) => {
    const top = scene.newLayer();
    const pointId = randomUUID();
    await scene.store.createActive(top, SIZE, pointId);
    await writeContent(scene.store, top, { 1: 5 });
    await scene.store.createActive(top, SIZE, pointId);
    assert.ok(await scene.same([top], [await scene.layer({ 1: 5 })]));
  });

  story('makes an active layer without a bitmap too', async (scene) => {
    const top = scene.newLayer();
    await scene.store.createActive(top, SIZE, null);
    assert.ok(await scene.same([top], [await scene.layer({})]));
  });
}

function keeping(story: Story): void {
  story('finds each layer with the sidecar that it was sealed with', async (scene) => {
    const sealed = await scene.layer({ 0: 1 });
    const unsealed = await scene.layer({ 1: 1 });
    const sidecar = sidecarOf(scene.machineId, [sealed]);
    await scene.store.seal([sealed], sidecar);
    const found = await scene.store.inventory(scene.storage, scene.machineId);
    const byPath = new Map(found.map((each) => [each.path, each.sidecar]));
    assert.deepEqual(byPath.get(sealed.path), sidecar);
    assert.equal(byPath.get(unsealed.path), null);
    assert.equal(found.length, 2);
  });

  story('gives a sealed layer a new sidecar when it is sealed again', async (scene) => {
    const layer = await scene.layer({ 0: 1 });
    await scene.store.seal([layer], sidecarOf(scene.machineId, [layer], 1));
    const second = sidecarOf(scene.machineId, [layer], 2);
    await scene.store.seal([layer], second);
    assert.deepEqual(await scene.store.inventory(scene.storage, scene.machineId), [{ path: layer.path, sidecar: second }]);
  });

  story('gives a layer another label, or none, and leaves what the layer holds', async (scene) => {
    const layer = await scene.layer({ 0: 1 });
    const [first, second] = [sidecarOf(scene.machineId, [layer], 1), { ...sidecarOf(scene.machineId, [layer], 2), retired: true }];
    await scene.store.seal([layer], first);
    assert.deepEqual(await scene.store.sidecar(layer), first);
    await scene.store.relabel(layer, second);
    assert.deepEqual(await scene.store.sidecar(layer), second);
    await scene.store.relabel(layer, null);
    await scene.store.relabel(layer, null);
    assert.equal(await scene.store.sidecar(layer), null);
    await scene.store.relabel(scene.newLayer(), null);
    assert.ok(await scene.same([layer], [await scene.layer({ 0: 1 })]));
  });

  story('keeps the label of a layer that is elsewhere, and takes no file for it', async (scene) => {
    assert.deepEqual(await scene.store.loneLabels(scene.storage, scene.machineId), []);
    const [made, elsewhere] = [await scene.layer({ 0: 1 }), scene.newLayer()];
    await scene.store.seal([made], sidecarOf(scene.machineId, [made]));
    const label = sidecarOf(scene.machineId, [elsewhere]);
    await scene.store.relabel(elsewhere, label);
    assert.deepEqual(await scene.store.loneLabels(scene.storage, scene.machineId), [{ path: elsewhere.path, sidecar: label }]);
    assert.deepEqual((await scene.store.inventory(scene.storage, scene.machineId)).map(({ path }) => path), [made.path]);
    await scene.store.relabel(elsewhere, null);
    assert.deepEqual(await scene.store.loneLabels(scene.storage, scene.machineId), []);
  });

  story('names the machines that have a directory, but not what is quarantined', async (scene) => {
    assert.deepEqual(await scene.store.machines(scene.storage), []);
    const layer = await scene.layer({ 0: 1 });
    await scene.layer({ 0: 1 });
    await scene.store.quarantine(layer.path);
    assert.deepEqual(await scene.store.machines(scene.storage), [scene.machineId]);
  });

  story('forgets the sidecar of a layer that is made anew', async (scene) => {
    const layer = await scene.layer({ 0: 1 });
    await scene.store.seal([layer], sidecarOf(scene.machineId, [layer]));
    await scene.store.create(layer, SIZE);
    assert.deepEqual(await scene.store.inventory(scene.storage, scene.machineId), [{ path: layer.path, sidecar: null }]);
  });

  story('removes a layer with its sidecar, and does nothing the second time', async (scene) => {
    const layer = await scene.layer({ 0: 1 });
    await scene.store.seal([layer], sidecarOf(scene.machineId, [layer]));
    await scene.store.remove(layer);
    await scene.store.remove(layer);
    assert.deepEqual(await scene.store.inventory(scene.storage, scene.machineId), []);
  });

  story('has no layers of a machine that it never saw', async (scene) => {
    assert.deepEqual(await scene.store.inventory(scene.storage, randomUUID()), []);
    await scene.store.remove(scene.newLayer());
  });

  story('takes a quarantined layer out of the inventory, and does nothing the second time', async (scene) => {
    const layer = await scene.layer({ 0: 1 });
    const other = await scene.layer({ 0: 1 });
    await scene.store.quarantine(layer.path);
    await scene.store.quarantine(layer.path);
    assert.deepEqual(await scene.store.inventory(scene.storage, scene.machineId), [{ path: other.path, sidecar: null }]);
  });

  story('counts the space that a layer takes', async (scene) => {
    const empty = await scene.store.allocatedBytes(await scene.layer({}));
    const written = await scene.store.allocatedBytes(await scene.layer({ 0: 1, 1: 2, 3: 3 }));
    assert.ok(written - empty >= 3 * CLUSTER, `${written} of ${empty}`);
    assert.ok((await scene.store.freeBytes(scene.storage)) > 0);
    assert.ok((await scene.store.totalBytes(scene.storage)) >= (await scene.store.freeBytes(scene.storage)));
  });
}
