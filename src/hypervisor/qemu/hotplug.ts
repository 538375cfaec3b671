/**
 * Disks that come to a running guest, leave it, or grow. A q35 machine's root bus takes no device while it runs, so it has
 * some root ports to spare; a disk that was there when it was started cannot leave it before it is off.
 */
import { Fault } from '../../errors/fault.ts';
import { Refused, refuse } from '../../errors/refusal.ts';
import type { LaunchSpec } from '../../engine/ports/hypervisor.ts';
import type { DiskStack } from '../../machine/definition.ts';
import { QmpError, type Qmp } from '../../qmp/qmp.ts';
import { diskDevice, isQ35, spareBuses } from './arguments.ts';
import { bitmapsOf, namedNodes, pointsOf, removeFromAll } from './bitmaps.ts';
import { forgetImages, listImages, openAlso } from './custody.ts';
import type { Host } from './host.ts';
import { removeNode } from './instant.ts';
import { activeGraph, deviceId, diskNode, topFilter, topNode } from './nodes.ts';
import { complaintOf } from './program.ts';
import { say } from '../../language/text.ts';

/** The running guest has the disk, whose image has none of our bitmaps. Nothing when it has it already, or is off. */
export function plug(host: Host, spec: LaunchSpec, disk: string): Promise<void> {
  return host.turns.take(spec.instanceId, async () => {
    if (!(await host.isRunning(spec.instanceId))) return;
    const qmp = await host.monitors.get(spec.instanceId);
    if (await hasDevice(qmp, disk)) return;
    const stack = stackOf(spec, disk);
    const alone = { stacks: [stack] };
    openAlso(host.state(spec.instanceId), alone);
    listImages(host.run(spec.instanceId), spec.stacks);
    try {
      await addNodes(qmp, stack);
      const bitmaps = await bitmapsOf(qmp, alone);
      await removeFromAll(qmp, alone, bitmaps, pointsOf(bitmaps));
      await addDevice(qmp, spec, disk);
    } catch (thrown) {
      if (thrown instanceof QmpError || thrown instanceof Refused) await letGo(host, spec, qmp, stack);
      throw complaintOf(spec.definition.name, thrown);
    }
  });
}

/** The running guest has given the disk up, and QEMU has closed it. Nothing when it does not have it, or is off. */
export function unplug(host: Host, spec: LaunchSpec, disk: string, timeoutMs: number, signal: AbortSignal): Promise<void> {
  return host.turns.take(spec.instanceId, async () => {
    if (!(await host.isRunning(spec.instanceId))) return;
    const qmp = await host.monitors.get(spec.instanceId);
    if (await hasDevice(qmp, disk)) await removeDevice(qmp, spec, disk, timeoutMs, signal);
    await letGo(host, spec, qmp, stackOf(spec, disk));
  });
}

/** The disk has this size, for the guest too. The caller sees to it that it is not smaller. */
export function resize(host: Host, spec: LaunchSpec, disk: string, sizeBytes: number, signal: AbortSignal): Promise<void> {
  return host.withBlocks(spec, signal, async ({ qmp, live }) => {
    const node = live ? topNode(disk) : diskNode(stackOf(spec, disk));
    try {
      await qmp.execute('block_resize', { 'node-name': node, size: sizeBytes });
    } catch (thrown) {
      throw complaintOf(spec.definition.name, thrown);
    }
  });
}

function stackOf({ stacks, definition }: LaunchSpec, disk: string): DiskStack {
  const stack = stacks.find((each) => each.disk === disk);
  if (!stack) throw new Fault('disk-missing', say('{machine} has no disk {disk} on this host', { machine: definition.name, disk }));
  return stack;
}

async function hasDevice(qmp: Qmp, disk: string): Promise<boolean> {
  const found = await qmp.execute<readonly { readonly name: string }[]>('qom-list', { path: '/machine/peripheral' });
  return found.some(({ name }) => name === deviceId(disk));
}

/** Of a plugging that a crash broke off some nodes may be there. */
async function addNodes(qmp: Qmp, stack: DiskStack): Promise<void> {
  const present = new Set((await namedNodes(qmp)).map((node) => node['node-name']));
  if (!present.has(diskNode(stack))) await qmp.execute('blockdev-add', activeGraph(stack));
  if (!present.has(topNode(stack.disk))) await qmp.execute('blockdev-add', topFilter(stack.disk, diskNode(stack)));
}

async function addDevice(qmp: Qmp, spec: LaunchSpec, disk: string): Promise<void> {
  const device = diskDevice(spec.definition, disk);
  const isSpared = isQ35(spec.definition) && device['driver'] === 'virtio-blk-pci';
  const places = isSpared ? spareBuses.map((bus) => ({ bus, addr: '0x0' })) : [{}];
  let refusal = '';
  for (const place of places) {
    try {
      await qmp.execute('device_add', { ...device, ...place });
      return;
    } catch (thrown) {
      if (!(thrown instanceof QmpError)) throw thrown;
      refusal = thrown.description;
    }
  }
  throw new Refused(refuse(say('{machine} has no free place for disk {disk} while it runs ({refusal}): attach it while the guest is off', { machine: spec.definition.name, disk, refusal }), ['vm stop']));
}

async function removeDevice(qmp: Qmp, { definition }: LaunchSpec, disk: string, timeoutMs: number, signal: AbortSignal): Promise<void> {
  const waiting = new AbortController();
  const deleted = qmp.waitFor(({ event, data }) => event === 'DEVICE_DELETED' && data['device'] === deviceId(disk), timeoutMs, AbortSignal.any([signal, waiting.signal]));
  deleted.catch(() => undefined);
  try {
    await qmp.execute('device_del', { id: deviceId(disk) });
  } catch (thrown) {
    waiting.abort(thrown);
    if (!(thrown instanceof QmpError)) throw thrown;
    if (/already in the process of unplug/i.test(thrown.description)) throw unanswered(definition.name, disk);
    throw new Refused(refuse(say('{machine}: a running guest cannot lose disk {disk} where it is ({description}): detach it while the guest is off', { machine: definition.name, disk, description: thrown.description }), ['vm stop']));
  }
  try {
    await deleted;
  } catch (thrown) {
    signal.throwIfAborted();
    if (await hasDevice(qmp, disk)) throw thrown instanceof Fault && thrown.code === 'qemu-failed' ? unanswered(definition.name, disk) : thrown;
  }
}

const unanswered = (machine: string, disk: string): Fault => new Fault('guest-not-responding', say('{machine}: the guest has not given disk {disk} up in time; it may be in use there', { machine, disk }));

/** The disk's nodes are gone, and nothing is noted of its image any more. */
async function letGo(host: Host, spec: LaunchSpec, qmp: Qmp, stack: DiskStack): Promise<void> {
  await removeNode(qmp, topNode(stack.disk));
  await removeNode(qmp, diskNode(stack));
  listImages(host.run(spec.instanceId), spec.stacks.filter((each) => each !== stack));
  forgetImages(host.state(spec.instanceId), { stacks: [stack] });
}
