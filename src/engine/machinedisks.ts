/**
 * Disks of a machine that come, go and grow, whether its guest runs or not. Each step looks whether it is done, so that a job
 * which is taken up again ends the same. What is known here first is the record: a crash leaves no disk that nobody knows.
 */
import { Fault, faultOf } from '../errors/fault.ts';
import { Refused, refuse } from '../errors/refusal.ts';
import type { DiskDefinition, DiskStack } from '../machine/definition.ts';
import type { Machine, Relationship } from '../machine/records.ts';
import { allowedVerbs } from '../relationship/step.ts';
import { call } from './calls.ts';
import type { Host } from './host.ts';
import type { LaunchSpec } from './ports/hypervisor.ts';
import { giveUp, letGo } from './primary/attempt.ts';
import { checkDisks, forgetRecords } from './primary/diskupdate.ts';
import { coverGrowth } from './primary/growth.ts';
import { incomingWith } from './primary/incoming.ts';
import { report } from './report.ts';
import { machineOf, specOf } from './spec.ts';
import { relationshipNamed, transition, update } from './transition.ts';
import { say } from '../language/text.ts';

const MIB = 1024 ** 2;
const MAX_DISK_BYTES = 64 * 1024 ** 4;
const TELL_WITHIN_MS = 5_000;

/** Refused on a host whose copy of the machine is made by the other one, and while it is on its way there. */
export function checkOwnDisks(host: Host, machine: Machine): void {
  const relationship = host.state.relationshipOf(machine.id);
  const allowed = relationship ? allowedVerbs(relationship) : [];
  if (machine.copyOf !== null) throw new Refused(refuse(say('{machine} is a test failover\'s copy: its disks stay as they are', { machine: machine.name }), ['test-end']));
  if (relationship?.side === 'replica') throw new Refused(refuse(say('the disks of {machine} are changed on {peer} while it is a replica here; after a failover, once replication is reversed', { machine: machine.name, peer: host.peerName(relationship.peerId) }), allowed));
  if (machine.powerLock !== null) throw new Refused(refuse(say('the disks of {machine} cannot be changed now: {powerLock}', { machine: machine.name, powerLock: machine.powerLock }), allowed));
}

/** The machine has the disk, and its guest when it runs. It does not replicate until somebody says so. */
export async function attachDisk(host: Host, machineId: string, disk: DiskDefinition, stack: DiskStack): Promise<void> {
  checkOwnDisks(host, machineOf(host, machineId));
  recordDisk(host, machineId, disk, stack);
  const spec = specOf(host, machineOf(host, machineId));
  try {
    if ((await host.hypervisor.power(machineId)) === 'off') await host.hypervisor.untrackAll({ ...spec, stacks: [stack] });
    else await host.hypervisor.plug(spec, disk.name);
  } catch (thrown) {
    if (faultOf(thrown) || thrown instanceof Refused) dropDisk(host, machineId, disk.name);
    throw thrown;
  }
  const relationship = host.state.relationshipOf(machineId);
  if (relationship) report(host, 'disk-attached', machineOf(host, machineId).name, say('disk {name} was attached; it does not replicate until it is included: understudy settings {machine} --disks {list}', { name: disk.name, machine: machineOf(host, machineId).name, list: [...relationship.settings.disks, disk.name].join(',') }));
  host.changed('machine', machineId);
}

function recordDisk(host: Host, machineId: string, disk: DiskDefinition, stack: DiskStack): void {
  const machine = machineOf(host, machineId);
  if (machine.definition.disks.some(({ name }) => name === disk.name)) return;
  const stacks = [...machine.stacks.filter((each) => each.disk !== disk.name), stack];
  host.state.transaction(() => {
    host.state.putMachine({ ...machine, definition: { ...machine.definition, disks: [...machine.definition.disks, disk] }, stacks });
    const relationship = host.state.relationshipOf(machineId);
    if (relationship) update(host, relationship.id, ({ undecidedDisks = [] }) => ({ undecidedDisks: [...undecidedDisks.filter((name) => name !== disk.name), disk.name] }));
  });
}

/** Part of a transaction where the relationship changes too. */
function dropDisk(host: Host, machineId: string, disk: string): void {
  const machine = machineOf(host, machineId);
  host.state.transaction(() => {
    host.state.putMachine({ ...machine, definition: { ...machine.definition, disks: machine.definition.disks.filter(({ name }) => name !== disk) }, stacks: machine.stacks.filter((stack) => stack.disk !== disk) });
    const relationship = host.state.relationshipOf(machineId);
    if (relationship) update(host, relationship.id, ({ undecidedDisks = [] }) => ({ undecidedDisks: undecidedDisks.filter((name) => name !== disk) }));
  });
}

/** Refused where the disk cannot be taken away now. */
export function checkDetachable(host: Host, machine: Machine, disk: string): void {
  checkOwnDisks(host, machine);
  if (!machine.definition.disks.some(({ name }) => name === disk)) throw new Fault('disk-missing', say('{machine} has no disk {disk}', { machine: machine.name, disk }));
  if (machine.definition.disks.length === 1) throw new Refused(refuse(say('{disk} is the only disk of {machine}', { disk, machine: machine.name })));
  const relationship = host.state.relationshipOf(machine.id);
  if (relationship?.settings.disks.includes(disk)) checkDisks(host, relationship, without(relationship, disk));
}

const without = ({ settings }: Relationship, disk: string): readonly string[] => {
  const rest = settings.disks.filter((name) => name !== disk);
  if (rest.length === 0) throw new Refused(refuse(say('{disk} is the only disk that replicates: include another first, or end replication', { disk }), ['settings --disks', 'disable']));
  return rest;
};

/** The machine does not have the disk any more, nor its guest, nor the set that replicates. The image stays; recovery points keep what they have of it. */
export async function detachDisk(host: Host, machineId: string, disk: string, timeoutMs: number, signal: AbortSignal): Promise<void> {
  const machine = machineOf(host, machineId);
  if (!machine.definition.disks.some(({ name }) => name === disk)) return;
  checkDetachable(host, machine, disk);
  const found = host.state.relationshipOf(machineId);
  if (found?.settings.disks.includes(disk)) await giveUp(host, found.id, signal);
  await host.hypervisor.unplug(specOf(host, machine), disk, timeoutMs, signal);
  const relationship = host.state.relationshipOf(machineId);
  if (relationship && (await host.hypervisor.power(machineId)) === 'off') await forgetRecords(host, relationship, [disk]);
  host.state.transaction(() => {
    dropDisk(host, machineId, disk);
    if (relationship?.settings.disks.includes(disk)) leaveOut(host, relationship.id, disk);
  });
  if (relationship) await tellSettings(host, relationship.id, signal);
  host.changed('machine', machineId);
}

function leaveOut(host: Host, relationshipId: string, disk: string): void {
  const settingsOf = (before: Relationship) => ({ ...before.settings, disks: without(before, disk) });
  const change = (before: Relationship) => ({ settings: settingsOf(before), incoming: incomingWith(before, settingsOf(before)) });
  if (relationshipNamed(host, relationshipId).state === 1) update(host, relationshipId, change);
  else transition(host, relationshipId, 'updateDisks', { change });
}

/** The other host hears of it with the next recovery point at the latest. */
async function tellSettings(host: Host, relationshipId: string, signal: AbortSignal): Promise<void> {
  const { settings, peerId } = relationshipNamed(host, relationshipId);
  await call(host.peers, peerId, 'settings', { relationshipId, settings }, AbortSignal.any([signal, host.clock.timeout(TELL_WITHIN_MS)])).catch((thrown: unknown) => {
    signal.throwIfAborted();
    if (!faultOf(thrown) && !(thrown instanceof Refused)) throw thrown;
  });
}

/** Refused for a size that is not larger; fault parameter-invalid for one that no disk can have. */
export async function checkGrowable(host: Host, machine: Machine, disk: string, sizeBytes: number): Promise<void> {
  checkOwnDisks(host, machine);
  if (!(Number.isSafeInteger(sizeBytes) && sizeBytes % MIB === 0 && sizeBytes > 0 && sizeBytes <= MAX_DISK_BYTES)) {
    throw new Fault('parameter-invalid', say('the size of a disk cannot be {sizeBytes} bytes: allowed is a whole number of MiB up to 64 TiB', { sizeBytes: String(sizeBytes) }));
  }
  const before = await sizeOf(host, machine, disk);
  if (sizeBytes < before) throw new Refused(refuse(say('disk {disk} of {machine} has {before} bytes and cannot be made smaller: what its guest keeps at the end would be lost, here and in what is replicated', { disk, machine: machine.name, before })));
}

async function sizeOf(host: Host, machine: Machine, disk: string): Promise<number> {
  const stacks = machine.stacks.filter((stack) => stack.disk === disk);
  if (stacks.length === 0) throw new Fault('disk-missing', say('{machine} has no disk {disk} on this host', { machine: machine.name, disk }));
  const [found] = await host.hypervisor.sizes({ ...specOf(host, machine), stacks });
  return found!.sizeBytes;
}

/** The disk has this size, here and for its guest; the replica follows with the next recovery point. */
export async function growDisk(host: Host, machineId: string, disk: string, sizeBytes: number, signal: AbortSignal): Promise<void> {
  const machine = machineOf(host, machineId);
  await checkGrowable(host, machine, disk, sizeBytes);
  const relationship = host.state.relationshipOf(machineId);
  // An instant keeps what is overwritten for a disk of the former size.
  if (relationship) await letGo(host, relationship, signal);
  const spec: LaunchSpec = specOf(host, machine);
  if ((await sizeOf(host, machine, disk)) < sizeBytes) await host.hypervisor.resize({ ...spec, stacks: machine.stacks.filter((stack) => stack.disk === disk) }, disk, sizeBytes, signal);
  if (relationship?.settings.disks.includes(disk)) await coverGrowth(host, relationshipNamed(host, relationship.id));
  const grown = machineOf(host, machineId);
  host.state.putMachine({ ...grown, stacks: grown.stacks.map((stack) => (stack.disk === disk ? { ...stack, sizeBytes: Math.max(stack.sizeBytes, sizeBytes) } : stack)) });
  host.changed('machine', machineId);
}
