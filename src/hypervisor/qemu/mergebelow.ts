/**
 * Merging two layers that a running guest reads through. QEMU holds their files, so it merges them itself. It wants a root
 * above them for that, which the filter under the guest's device is not: one of our own is made for the time.
 */
import { dirname } from 'node:path';
import type { LaunchSpec, LayerPair } from '../../engine/ports/hypervisor.ts';
import type { Qmp } from '../../qmp/qmp.ts';
import { layerNodesOf } from './blockgraph.ts';
import { syncDirectory, syncLayer } from './files.ts';
import type { Host } from './host.ts';
import { removeNode } from './instant.ts';
import { endJob, jobEnd } from './jobs.ts';
import { layerNode, mergeRoot } from './nodes.ts';
import { complaint, complaintOf } from './program.ts';

export async function mergeBelow(host: Host, spec: LaunchSpec, pair: LayerPair, signal: AbortSignal): Promise<void> {
  const name = host.strays.fresh();
  const qmp = await host.turns.take(spec.instanceId, () => begin(host, spec, pair, name, signal));
  let complained: string | undefined;
  try {
    complained = await jobEnd(qmp, name, signal);
  } finally {
    await host.turns.take(spec.instanceId, () => end(qmp, pair, name));
  }
  if (complained !== undefined) throw complaint(spec.definition.name, `merging into ${pair.lower.path}: ${complained}`);
  await syncLayer(pair.lower);
  syncDirectory(dirname(pair.lower.path));
}

/** The job is at work; there is none when an earlier one has done it. */
async function begin(host: Host, spec: LaunchSpec, { disk, lower, upper }: LayerPair, name: string, signal: AbortSignal): Promise<Qmp> {
  signal.throwIfAborted();
  const qmp = await host.monitors.get(spec.instanceId);
  if (!(await layerNodesOf(qmp, disk)).includes(layerNode(disk, upper))) return qmp;
  try {
    await qmp.execute('blockdev-add', mergeRoot(name, spec.stacks.find((stack) => stack.disk === disk)!));
    await qmp.execute('block-commit', {
      'job-id': name, device: name, 'top-node': layerNode(disk, upper), 'base-node': layerNode(disk, lower),
      // Headers name no file below; who stands on whom is the catalog's to say.
      'backing-file': '', 'auto-dismiss': false,
    });
  } catch (thrown) {
    await removeNode(qmp, name);
    throw complaintOf(spec.definition.name, thrown);
  }
  return qmp;
}

/** QEMU lets go of the upper layer when the guest does not read through it any more. */
async function end(qmp: Qmp, { disk, upper }: LayerPair, name: string): Promise<void> {
  await endJob(qmp, name);
  await removeNode(qmp, name);
  const node = layerNode(disk, upper);
  if (!(await layerNodesOf(qmp, disk)).includes(node)) await removeNode(qmp, node);
}
