/**
 * A machine's definition as QEMU's arguments. Pure. Every device has a place that depends on the definition's order
 * alone, so that the replica boots as the same machine.
 */
import { assert } from '../../errors/bug.ts';
import type { DirectBoot, DiskDefinition, DiskStack, MachineDefinition, NicDefinition } from '../../machine/definition.ts';
import type { LaunchSpec } from '../../engine/ports/hypervisor.ts';
import type { RunPaths, StatePaths } from './directories.ts';
import { activeGraph, deviceId, diskNode, topFilter, topNode } from './nodes.ts';

export interface LaunchSurroundings {
  readonly run: RunPaths;
  readonly state: StatePaths;
  readonly acceleration: 'kvm' | 'tcg';
  /** Name of the tap device of each bridged NIC, by the NIC's place. */
  readonly tapName: (nic: number) => string;
}

type Device = Readonly<Record<string, string | number | boolean>>;

/** Slots of the root bus. 0, 1 and 31 are the chipset's on either machine. */
const SLOT = { vga: 0x02, serial: 0x03, scsi: 0x04, sata: 0x05, spare: 0x06, firstNic: 0x08, firstDisk: 0x10 } as const;

const slotOf = (slot: number): string => `0x${slot.toString(16)}`;
const option = (value: string): string => value.replaceAll(',', ',,');
const json = (flag: string, value: object): string[] => [flag, JSON.stringify(value)];
const device = (properties: Device): string[] => json('-device', properties);
export const isQ35 = (definition: MachineDefinition): boolean => definition.machineType.startsWith('pc-q35-');
const rootBus = (definition: MachineDefinition): string => (isQ35(definition) ? 'pcie.0' : 'pci.0');

/** Everything after the program's name. The guest does not run until it is told to. */
export function qemuArguments(spec: LaunchSpec, surroundings: LaunchSurroundings): readonly string[] {
  const { definition } = spec;
  return [
    ...machine(definition, surroundings),
    ...control(surroundings),
    ...(definition.guestAgent ? guestAgent(definition, surroundings) : []),
    ...firmware(definition, surroundings),
    ...(definition.tpm ? tpm(surroundings) : []),
    ...display(definition),
    ...controllers(definition),
    ...definition.disks.flatMap((disk, index) => diskArguments(disk, index, definition, spec.stacks)),
    ...definition.nics.flatMap((nic, index) => nicArguments(nic, index, spec, surroundings)),
    ...(definition.directBoot ? directBoot(definition.directBoot) : []),
  ];
}

const machine = (definition: MachineDefinition, { acceleration, run }: LaunchSurroundings): string[] => [
  '-name', `guest=${option(definition.name)}`,
  '-machine', definition.firmware.kind === 'uefi' ? `${definition.machineType},pflash0=code,pflash1=variables` : definition.machineType,
  '-accel', acceleration,
  '-cpu', definition.cpuModel,
  '-smp', String(definition.cpuCount),
  '-m', String(definition.memoryMiB),
  '-uuid', definition.id,
  '-no-user-config', '-nodefaults',
  '-display', 'none',
  '-rtc', 'base=utc',
  '-boot', 'strict=on',
  '-pidfile', run.qemuPid,
  '-S',
];

/** A listening socket that QEMU does not wait for. */
const socket = (id: string, path: string, more = ''): string[] => ['-chardev', `socket,id=${id},path=${option(path)},server=on,wait=off${more}`];

const control = ({ run, state }: LaunchSurroundings): string[] => [
  ...socket('qmp', run.qmp),
  '-mon', 'chardev=qmp,mode=control',
  ...socket('rescue', run.rescue),
  '-mon', 'chardev=rescue,mode=control',
  ...socket('console', run.serial, `,logfile=${option(state.serialLog)},logappend=on`),
  ...device({ driver: 'isa-serial', id: 'console0', chardev: 'console', index: 0 }),
];

const guestAgent = (definition: MachineDefinition, { run }: LaunchSurroundings): string[] => [
  ...socket('agent', run.agent),
  ...device({ driver: 'virtio-serial-pci', id: 'ports', bus: rootBus(definition), addr: slotOf(SLOT.serial) }),
  ...device({ driver: 'virtserialport', id: 'agent0', bus: 'ports.0', nr: 1, chardev: 'agent', name: 'org.qemu.guest_agent.0' }),
];

function firmware({ firmware: { kind, codePath } }: MachineDefinition, { state }: LaunchSurroundings): string[] {
  if (kind === 'bios') return [];
  assert(codePath !== undefined, 'UEFI firmware without code');
  return [
    ...json('-blockdev', { driver: 'raw', 'node-name': 'code', 'read-only': true, file: { driver: 'file', filename: codePath, 'read-only': true } }),
    ...json('-blockdev', { driver: 'raw', 'node-name': 'variables', file: { driver: 'file', filename: state.variables } }),
  ];
}

const tpm = ({ run }: LaunchSurroundings): string[] => [
  '-chardev', `socket,id=tpm,path=${option(run.tpm)}`,
  '-tpmdev', 'emulator,id=tpm0,chardev=tpm',
  ...device({ driver: 'tpm-crb', id: 'tpm-crb0', tpmdev: 'tpm0' }),
];

function display(definition: MachineDefinition): string[] {
  if (definition.vga === 'none') return [];
  const driver = definition.vga === 'std' ? 'VGA' : 'virtio-vga';
  return device({ driver, id: 'vga0', bus: rootBus(definition), addr: slotOf(SLOT.vga) });
}

/** Ports of a q35 machine that have nothing in them when it starts: disks that are attached while it runs go there. */
export const spareBuses: readonly string[] = ['spare0', 'spare1', 'spare2', 'spare3'];

const sparePort = (id: string, index: number): string[] =>
  device({ driver: 'pcie-root-port', id, bus: 'pcie.0', addr: `${slotOf(SLOT.spare)}.${index}`, chassis: index + 1, slot: index + 1, ...(index === 0 && { multifunction: true }) });

/** A q35 machine has its own SATA controller, whose buses are ide.0 to ide.5. */
function controllers(definition: MachineDefinition): string[] {
  const bus = rootBus(definition);
  const has = (kind: DiskDefinition['bus']): boolean => definition.disks.some((disk) => disk.bus === kind);
  return [
    ...(has('scsi') ? device({ driver: 'virtio-scsi-pci', id: 'scsi', bus, addr: slotOf(SLOT.scsi) }) : []),
    ...(isQ35(definition) ? spareBuses.flatMap(sparePort) : []),
    ...(has('sata') && !isQ35(definition) ? device({ driver: 'ich9-ahci', id: 'sata', bus, addr: slotOf(SLOT.sata) }) : []),
  ];
}

/** None for a disk that this host does not have, since it does not replicate. The others keep their places. */
function diskArguments(disk: DiskDefinition, index: number, definition: MachineDefinition, stacks: readonly DiskStack[]): string[] {
  const stack = stacks.find((each) => each.disk === disk.name);
  if (!stack) return [];
  return [
    ...json('-blockdev', activeGraph(stack)),
    ...json('-blockdev', topFilter(disk.name, diskNode(stack))),
    ...device({ ...diskDevice(definition, disk.name), bootindex: index + 1 }),
  ];
}

/** The guest's device of the disk, at its place in the definition. */
export function diskDevice(definition: MachineDefinition, name: string): Device {
  const index = definition.disks.findIndex((disk) => disk.name === name);
  const { bus } = definition.disks[index]!;
  const place = definition.disks.slice(0, index).filter((earlier) => earlier.bus === bus).length;
  return { ...attachedTo(bus, place, definition), id: deviceId(name), drive: topNode(name), serial: name };
}

function attachedTo(bus: DiskDefinition['bus'], place: number, definition: MachineDefinition): Device {
  switch (bus) {
    case 'virtio':
      return { driver: 'virtio-blk-pci', bus: rootBus(definition), addr: slotOf(SLOT.firstDisk + place) };
    case 'scsi':
      return { driver: 'scsi-hd', bus: 'scsi.0', 'scsi-id': place, lun: 0 };
    case 'sata':
      return { driver: 'ide-hd', bus: `${isQ35(definition) ? 'ide' : 'sata'}.${place}` };
  }
}

function nicArguments(nic: NicDefinition, index: number, spec: LaunchSpec, surroundings: LaunchSurroundings): string[] {
  const id = `net${index}`;
  return [
    '-netdev', `${backendOf(nic, index, spec, surroundings)},id=${id}`,
    ...device({
      driver: 'virtio-net-pci', id: `nic${index}`, bus: rootBus(spec.definition), addr: slotOf(SLOT.firstNic + index),
      netdev: id, mac: nic.mac, romfile: '',
    }),
  ];
}

/** The bridge that the adapter is plugged into, of those that are on any. */
export const bridgeOf = (nic: NicDefinition, { isolated, testBridges }: LaunchSpec): string | undefined => (isolated ? testBridges?.[nic.mac] : nic.bridge);

/** A hub port by itself is a cable with nothing at the other end. */
function backendOf(nic: NicDefinition, index: number, spec: LaunchSpec, { run, tapName }: LaunchSurroundings): string {
  const isPlugged = bridgeOf(nic, spec) !== undefined;
  if (nic.kind === 'user' && !isPlugged) return spec.isolated ? 'user,restrict=on' : 'user';
  if (!isPlugged) return `hubport,hubid=${index}`;
  return `tap,ifname=${tapName(index)},script=${option(run.networkScript(index))},downscript=no`;
}

const directBoot = ({ kernelPath, initrdPath, commandLine }: DirectBoot): string[] => [
  '-kernel', kernelPath,
  ...(initrdPath === undefined ? [] : ['-initrd', initrdPath]),
  ...(commandLine === '' ? [] : ['-append', commandLine]),
];
