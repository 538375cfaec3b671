/**
 * Fresh layers on top of a machine's disks, on all in one step: from that instant on what lies below stands still. QEMU
 * writes the old layers' data and bitmaps out and opens them read-only, while the guest goes on.
 */
import { readFileSync } from 'node:fs';
import type { FreshLayers, Instant, LaunchSpec } from '../../engine/ports/hypervisor.ts';
import { withTop } from '../../points/stack.ts';
import { QmpError, type Qmp } from '../../qmp/qmp.ts';
import { readAttempt, recordNow } from './attempt.ts';
import { namedNodes, transaction } from './bitmaps.ts';
import { layerNodesOf } from './blockgraph.ts';
import { listImages, replaceImages } from './custody.ts';
import { replaceFile, syncLayer } from './files.ts';
import type { Host } from './host.ts';
import { removeNode } from './instant.ts';
import { diskNode, freshGraph, layerNode } from './nodes.ts';
import { complaintOf } from './program.ts';

export function layOnTop(host: Host, spec: LaunchSpec, fresh: FreshLayers, signal: AbortSignal): Promise<Instant> {
  return host.turns.take(spec.instanceId, async () => {
    signal.throwIfAborted();
    const state = host.state(spec.instanceId);
    const isRunning = await host.isRunning(spec.instanceId);
    if (!isRunning) await host.offline.close(spec.instanceId);
    const qmp = isRunning ? await host.monitors.get(spec.instanceId) : undefined;
    const isDone = qmp === undefined || (await isLaid(qmp, fresh));
    const record = (isDone ? readAttempt(state, fresh.pointId) : undefined) ?? recordNow(spec, state, fresh.pointId);
    if (qmp && isDone) recordImages(host, spec, fresh);
    else if (qmp) await lay(host, spec, fresh, qmp);
    return record;
  });
}

export async function isOnTop(host: Host, spec: LaunchSpec, fresh: FreshLayers): Promise<boolean> {
  return (await host.isRunning(spec.instanceId)) && (await isLaid(await host.monitors.get(spec.instanceId), fresh));
}

/** One transaction laid them on all disks or on none. */
async function isLaid(qmp: Qmp, { layers }: FreshLayers): Promise<boolean> {
  const [first] = layers;
  return first !== undefined && (await layerNodesOf(qmp, first.disk))[0] === layerNode(first.disk, first.layer);
}

/** When QEMU refuses, everything is as before. */
async function lay(host: Host, spec: LaunchSpec, fresh: FreshLayers, qmp: Qmp): Promise<void> {
  // QEMU writes the old layers out while the guest waits: most of that is done before.
  for (const { layers } of spec.stacks) await syncLayer(layers.at(-1)!);
  const undo = noteImages(host, spec, fresh);
  try {
    const present = new Set((await namedNodes(qmp)).map((node) => node['node-name']));
    for (const { disk, layer } of fresh.layers) if (!present.has(layerNode(disk, layer))) await qmp.execute('blockdev-add', freshGraph(disk, layer));
    await transaction(qmp, fresh.layers.map(({ disk, layer }) => {
      const below = spec.stacks.find((stack) => stack.disk === disk)!;
      return { type: 'blockdev-snapshot', data: { node: diskNode(below), overlay: layerNode(disk, layer) } };
    }));
  } catch (thrown) {
    if (thrown instanceof QmpError) {
      for (const { disk, layer } of fresh.layers) await removeNode(qmp, layerNode(disk, layer));
      undo();
    }
    throw complaintOf(spec.definition.name, thrown);
  }
}

/** Before QEMU writes the fresh layers, they are those whose state is noted at its end. Returns what takes it back. */
function noteImages(host: Host, spec: LaunchSpec, fresh: FreshLayers): () => void {
  const { imageList } = host.run(spec.instanceId);
  const list = readFileSync(imageList);
  const undo = recordImages(host, spec, fresh);
  return () => {
    replaceFile(imageList, list);
    undo();
  };
}

function recordImages(host: Host, spec: LaunchSpec, { trackId, layers }: FreshLayers): () => void {
  const stacks = spec.stacks.map((stack) => withTop(stack, layers.find(({ disk }) => disk === stack.disk)!.layer));
  listImages(host.run(spec.instanceId), stacks);
  return replaceImages(host.state(spec.instanceId), { stacks }, trackId);
}
