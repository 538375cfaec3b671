/** What a running guest's hypervisor does to the layers that it has open: fresh ones on top, and merging below. */
import type { FreshLayers, LayerPair } from '../engine/ports/hypervisor.ts';
import { withTop } from '../points/stack.ts';
import type { Files } from './files.ts';
import type { Instance } from './hypervisor.ts';

const freshOn = ({ layers }: FreshLayers, disk: string) => layers.find((each) => each.disk === disk)!.layer;

export const isLaid = ({ spec }: Instance, fresh: FreshLayers): boolean =>
  spec.stacks.every(({ disk, layers }) => layers.at(-1)!.layerId === freshOn(fresh, disk).layerId);

/** On all disks or, when a file is missing or has no room, on none. */
export function layOver(files: Files, instance: Instance, fresh: FreshLayers): void {
  const { instanceId, stacks } = instance.spec;
  for (const { layer } of fresh.layers) {
    files.checkRoom(layer.path);
    files.find(layer.path);
  }
  for (const { disk, layers } of stacks) {
    const below = files.find(layers.at(-1)!.path);
    for (const bitmap of below.bitmaps.values()) bitmap.saved = true;
    below.writer = null;
    files.lockForReading(below.path, instanceId);
    files.lockForWriting(freshOn(fresh, disk).path, instanceId);
  }
  instance.spec = { ...instance.spec, stacks: stacks.map((stack) => withTop(stack, freshOn(fresh, stack.disk))) };
}

/** `between` passes between two clusters, and throws when the merge is ended or its process is gone. */
export async function mergeInto(files: Files, instance: Instance, { disk, lower, upper }: LayerPair, between: () => Promise<void>): Promise<void> {
  const holds = () => instance.spec.stacks.some((stack) => stack.disk === disk && stack.layers.some(({ layerId }) => layerId === upper.layerId));
  if (!holds()) return;
  const { instanceId } = instance.spec;
  const below = files.find(lower.path);
  files.lockForWriting(lower.path, instanceId);
  try {
    for (const [cluster, value] of files.find(upper.path).clusters) {
      await between();
      files.checkRoom(lower.path);
      below.clusters.set(cluster, value);
    }
    await between();
    if (!holds()) return;
    const stacks = instance.spec.stacks.map((stack) => (stack.disk === disk ? { ...stack, layers: stack.layers.filter(({ layerId }) => layerId !== upper.layerId) } : stack));
    instance.spec = { ...instance.spec, stacks };
    files.find(upper.path).readers.delete(instanceId);
  } finally {
    if (below.writer === instanceId) below.writer = null;
  }
}
