/** What a machine is made of: processors, memory, disks and network adapters, as resource allocation settings. */
import { pathText } from '../cim/path.ts';
import type { DiskDefinition, NicDefinition } from '../machine/definition.ts';
import type { Machine } from '../machine/records.ts';
import type { HostView } from '../service/views.ts';
import { OPERATES } from './computersystem.ts';
import type { Hardware } from './domain.ts';
import type { Values } from './emission.ts';
import { adapterName } from './failovernetwork.ts';
import { guidOf, INSTANCE_IDS, instancePath, shutdownDeviceId } from './objectpaths.ts';
import { switchPath } from './virtualswitch.ts';

/** Source: CIM_ResourceAllocationSettingData.ResourceType. */
export const RESOURCE_TYPES = { processor: 3, memory: 4, scsi: 6, ethernet: 10, drive: 17, disk: 31, connection: 33 } as const;
/** A device is there once and is the machine's own. */
const ONE = { AllocationUnits: 'count', VirtualQuantity: 1n, VirtualQuantityUnits: 'count', Reservation: 1n, Limit: 1n, AutomaticAllocation: true, AutomaticDeallocation: true } as const;
const SECTOR_BYTES = 512;
const READ_WRITE = 3;
const VIRTUALIZED = 3;
const CONNECTED = 2;
const DISCONNECTED = 3;
/** Hyper-V's unit of processor shares: thousandths of a percent. */
const WHOLE_PROCESSOR = 100_000n;

export function processorValues(instanceId: string, count: number): Values {
  return {
    InstanceID: instanceId,
    Caption: 'Processor',
    Description: 'Settings for Microsoft Virtual Processor.',
    ElementName: 'Processor',
    ResourceType: RESOURCE_TYPES.processor,
    ResourceSubType: 'Microsoft:Hyper-V:Processor',
    AllocationUnits: 'percent / 1000',
    VirtualQuantity: BigInt(count),
    VirtualQuantityUnits: 'count',
    Reservation: 0n,
    Limit: WHOLE_PROCESSOR,
    Weight: 100,
    AutomaticAllocation: true,
    AutomaticDeallocation: true,
    ConsumerVisibility: VIRTUALIZED,
    LimitCPUID: false,
  };
}

/** All of it is the guest's from the start. */
export function memoryValues(instanceId: string, memoryMiB: number): Values {
  const quantity = BigInt(memoryMiB);
  return {
    InstanceID: instanceId,
    Caption: 'Memory',
    Description: 'Settings for Microsoft Virtual Machine Memory.',
    ElementName: 'Memory',
    ResourceType: RESOURCE_TYPES.memory,
    ResourceSubType: 'Microsoft:Hyper-V:Memory',
    AllocationUnits: 'byte * 2^20',
    VirtualQuantity: quantity,
    VirtualQuantityUnits: 'byte * 2^20',
    Reservation: quantity,
    Limit: quantity,
    Weight: 5_000,
    AutomaticAllocation: true,
    AutomaticDeallocation: true,
    ConsumerVisibility: VIRTUALIZED,
    DynamicMemoryEnabled: false,
  };
}

/** Clients go from a disk to its drive and from the drive to its controller by `Parent`: one controller has all of them. */
export const controllerValues = (machineId: string): Values => ({
  InstanceID: INSTANCE_IDS.Msvm_ResourceAllocationSettingData(machineId),
  Caption: 'SCSI Controller',
  Description: 'Settings for the Microsoft Synthetic SCSI Controller.',
  ElementName: 'SCSI Controller',
  ResourceType: RESOURCE_TYPES.scsi,
  ResourceSubType: 'Microsoft:Hyper-V:Synthetic SCSI Controller',
  ConsumerVisibility: VIRTUALIZED,
  ...ONE,
  VirtualSystemIdentifiers: [`{${guidOf(machineId)}}`],
});

export const driveValues = (machineId: string, hostName: string, { name }: DiskDefinition, index: number): Values => ({
  InstanceID: INSTANCE_IDS.Msvm_ResourceAllocationSettingData(machineId, name),
  Caption: 'Hard Drive',
  Description: 'Settings for the Microsoft Synthetic Disk Drive.',
  ElementName: 'Hard Drive',
  ResourceType: RESOURCE_TYPES.drive,
  ResourceSubType: 'Microsoft:Hyper-V:Synthetic Disk Drive',
  ConsumerVisibility: VIRTUALIZED,
  ...ONE,
  // No disk of the host is in it; clients count these.
  HostResource: [],
  Parent: pathText(instancePath('Msvm_ResourceAllocationSettingData', machineId), hostName),
  AddressOnParent: String(index),
});

/** The file that the guest's writes go to; on a replica the newest layer. */
export function diskValues({ id, stacks }: Machine, hostName: string, { name, path }: DiskDefinition, index: number): Values {
  const stack = stacks.find(({ disk }) => disk === name);
  const top = stack?.layers.at(-1);
  const sectors = stack ? BigInt(stack.sizeBytes) / BigInt(SECTOR_BYTES) : null;
  return {
    InstanceID: INSTANCE_IDS.Msvm_StorageAllocationSettingData(id, name),
    Caption: 'Hard Disk Image',
    Description: 'Settings for the Microsoft Hard Disk Image.',
    ElementName: name,
    ResourceType: RESOURCE_TYPES.disk,
    ResourceSubType: 'Microsoft:Hyper-V:Virtual Hard Disk',
    ConsumerVisibility: VIRTUALIZED,
    HostResource: [top?.dataFilePath ?? top?.path ?? path],
    VirtualQuantity: sectors,
    Limit: sectors,
    Reservation: sectors,
    VirtualResourceBlockSize: BigInt(SECTOR_BYTES),
    HostResourceBlockSize: BigInt(SECTOR_BYTES),
    Access: READ_WRITE,
    Parent: pathText(instancePath('Msvm_ResourceAllocationSettingData', id, name), hostName),
    AutomaticAllocation: true,
    AutomaticDeallocation: true,
    Address: String(index),
    AddressOnParent: String(index),
    PersistentReservationsSupported: false,
    IgnoreFlushes: false,
  };
}

export function ethernetValues(machineId: string, nic: NicDefinition, index: number): Values {
  return {
    InstanceID: INSTANCE_IDS.Msvm_SyntheticEthernetPortSettingData(machineId, index),
    Caption: 'Virtual Ethernet Port',
    Description: 'Settings for the Microsoft Synthetic Ethernet Port.',
    ElementName: adapterName(index),
    ResourceType: RESOURCE_TYPES.ethernet,
    HostResource: nic.bridge === undefined ? null : [nic.bridge],
    Address: nic.mac.replaceAll(':', '').toUpperCase(),
    AddressOnParent: String(index),
    StaticMacAddress: true,
    VirtualSystemIdentifiers: [`{${guidOf(machineId)}}`],
    ClusterMonitored: false,
  };
}

/** What the adapter is plugged into. Source: Msvm_EthernetPortAllocationSettingData.EnabledState. */
export function connectionValues(machineId: string, host: HostView, { bridge }: NicDefinition, index: number, testBridge?: string): Values {
  return {
    InstanceID: INSTANCE_IDS.Msvm_EthernetPortAllocationSettingData(machineId, index),
    Caption: 'Ethernet Switch Port Settings',
    Description: 'Ethernet Switch Port Settings',
    ElementName: 'Ethernet Switch Port Settings',
    ResourceType: RESOURCE_TYPES.connection,
    ResourceSubType: 'Microsoft:Hyper-V:Ethernet Connection',
    ...ONE,
    HostResource: bridge === undefined ? null : [pathText(switchPath(host.id, bridge), host.name)],
    Parent: pathText(instancePath('Msvm_SyntheticEthernetPortSettingData', machineId, index), host.name),
    EnabledState: bridge === undefined ? DISCONNECTED : CONNECTED,
    TestReplicaSwitchName: testBridge ?? null,
  };
}

/** There while the guest runs: it is asked to shut down by pressing its power button, or through its agent. */
export const shutdownValues = (machineId: string): Values => ({
  ...OPERATES,
  Caption: 'Shutdown Component',
  Description: 'Shuts the guest down',
  ElementName: 'Shutdown',
  Name: 'Shutdown',
  SystemCreationClassName: 'Msvm_ComputerSystem',
  SystemName: guidOf(machineId),
  CreationClassName: 'Msvm_ShutdownComponent',
  DeviceID: shutdownDeviceId(machineId),
  EnabledState: CONNECTED,
});

const BOUNDS = ['Default', 'Minimum', 'Maximum', 'Increment'] as const;
type Bounds = Readonly<Record<(typeof BOUNDS)[number], number>>;
const definitions = (kind: string, bounds: Bounds, values: (instanceId: string, quantity: number) => Values): Values[] =>
  BOUNDS.map((bound) => values(`Microsoft:Definition\\${kind}\\${bound}`, bounds[bound]));

/** What a machine of this host could have: clients read the bounds from settings that no machine has. Kinds as Hyper-V names them. */
export const DEFINITIONS = {
  processors: ({ processors }: Hardware) =>
    definitions('B637F346-6A0E-4DEC-AF52-BD70CB80A21D', { Default: 1, Minimum: 1, Maximum: processors.reduce((total, { threads }) => total + threads, 0), Increment: 1 }, processorValues),
  memory: ({ memoryBytes }: Hardware) =>
    definitions('4764334D-E001-4176-82EE-5594EC9B530E', { Default: 512, Minimum: 1, Maximum: Math.floor(memoryBytes / 2 ** 20), Increment: 1 }, memoryValues),
} as const;
