/**
 * How objects are named: the key of every class, made from the domain's ids and read back. GUIDs are upper case on the
 * wire and lower case in the records. Source: Msvm_* class documentation; keys of systems are CreationClassName and Name.
 */
import type { ObjectPath } from '../cim/instance.ts';
import { isSameName } from '../cim/name.ts';
import { VIRTUALIZATION } from '../cim/schema/published.ts';
import type { Kind } from '../relationship/chain.ts';

const GUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/i;

/** As CIM spells a machine's, point's or job's id. */
export const guidOf = (id: string): string => id.toUpperCase();

export const pathOf = (className: string, keys: Readonly<Record<string, string>>, namespace = VIRTUALIZATION): ObjectPath => ({
  kind: 'path', namespace, className, keys: new Map(Object.entries(keys)),
});

export const machinePath = (machineId: string): ObjectPath => pathOf('Msvm_ComputerSystem', { CreationClassName: 'Msvm_ComputerSystem', Name: guidOf(machineId) });
export const hostPath = (hostName: string): ObjectPath => pathOf('Msvm_ComputerSystem', { CreationClassName: 'Msvm_ComputerSystem', Name: hostName });

export const SERVICE_NAMES = { Msvm_ReplicationService: 'replicasvc', Msvm_VirtualSystemManagementService: 'vmms', Msvm_VirtualSystemSnapshotService: 'vssnapsvc' } as const;
export type ServiceClass = keyof typeof SERVICE_NAMES;
export const SERVICES = Object.keys(SERVICE_NAMES) as readonly ServiceClass[];
export const servicePath = (className: ServiceClass, hostName: string): ObjectPath =>
  pathOf(className, { SystemCreationClassName: 'Msvm_ComputerSystem', SystemName: hostName, CreationClassName: className, Name: SERVICE_NAMES[className] });

/** The built-in provider, from host to host. Source: Msvm_ReplicationProvider.Name. */
export const PROVIDER_ID = '22391CDC-272C-4DDF-BA88-9BEFB1A0975C';

/** Source: Msvm_ReplicationRelationship, the type at the end of InstanceID. */
const TYPES: Readonly<Record<Kind, number>> = { simple: 0, extended: 1 };

const vm = (machineId: string): string => `Microsoft:${guidOf(machineId)}`;

/** What shuts the guest down from within. */
export const shutdownDeviceId = (machineId: string): string => `${vm(machineId)}\\Shutdown`;
export const shutdownPath = (machineId: string): ObjectPath =>
  pathOf('Msvm_ShutdownComponent', { SystemCreationClassName: 'Msvm_ComputerSystem', SystemName: guidOf(machineId), CreationClassName: 'Msvm_ShutdownComponent', DeviceID: shutdownDeviceId(machineId) });

export const INSTANCE_IDS = {
  /** A machine's own settings, and a recovery point's, which has the point's id. */
  Msvm_VirtualSystemSettingData: vm,
  /** A machine has its own settings, and in the middle of a chain those by which it is sent on. */
  Msvm_ReplicationSettingData: (machineId: string, isSentOn = false) => `${vm(machineId)}\\HVR${isSentOn ? '\\1' : ''}`,
  Msvm_ReplicationRelationship: (machineId: string, kind: Kind = 'simple') => `${vm(machineId)}\\HVR\\${TYPES[kind]}`,
  Msvm_ReplicationStatistics: (machineId: string, kind: Kind = 'simple') => `${vm(machineId)}\\HVR\\Statistics\\${TYPES[kind]}`,
  Msvm_ReplicationServiceSettingData: () => 'Microsoft:ReplicationService',
  Msvm_ReplicationProvider: () => `Microsoft:${PROVIDER_ID}`,
  Msvm_ReplicationAuthorizationSettingData: (entryId: string) => `Microsoft:${guidOf(entryId)}`,
  Msvm_ConcreteJob: guidOf,
  Msvm_ProcessorSettingData: (ownerId: string) => `${vm(ownerId)}\\Processor`,
  Msvm_MemorySettingData: (ownerId: string) => `${vm(ownerId)}\\Memory`,
  /** The machine's one controller of disks, and the drive that an image is in. */
  Msvm_ResourceAllocationSettingData: (ownerId: string, disk?: string) => (disk === undefined ? `${vm(ownerId)}\\Scsi` : `${vm(ownerId)}\\Drive\\${disk}`),
  Msvm_StorageAllocationSettingData: (ownerId: string, disk: string) => `${vm(ownerId)}\\Disk\\${disk}`,
  Msvm_SyntheticEthernetPortSettingData: (ownerId: string, index: number) => `${vm(ownerId)}\\Nic\\${index}`,
  Msvm_EthernetPortAllocationSettingData: (ownerId: string, index: number) => `${vm(ownerId)}\\Nic\\${index}\\Connection`,
  Msvm_FailoverNetworkAdapterSettingData: (ownerId: string, index: number) => `${vm(ownerId)}\\Nic\\${index}\\Failover`,
} as const;

type ByInstanceId = typeof INSTANCE_IDS;

/** The path of an object that InstanceID names, from the domain's ids. */
export const instancePath = <C extends keyof ByInstanceId>(className: C, ...ids: Parameters<ByInstanceId[C]>): ObjectPath =>
  pathOf(className, { InstanceID: (INSTANCE_IDS[className] as (...ids: Parameters<ByInstanceId[C]>) => string)(...ids) });

/** The text of a key, whatever its spelling and case; undefined when the path has none of that name. */
export function keyText(path: ObjectPath, key: string): string | undefined {
  for (const [name, value] of path.keys) if (isSameName(name, key)) return typeof value === 'string' ? value : undefined;
  return undefined;
}

/** The id that the object is named by: the first GUID of its Name or InstanceID, or of its system, lower case. Of a machine's settings the machine's, of a point the point's. */
export function ownerIdOf(path: ObjectPath): string | undefined {
  const text = keyText(path, 'Name') ?? keyText(path, 'InstanceID') ?? keyText(path, 'SystemName');
  return text === undefined ? undefined : idIn(text);
}

/** The first GUID in the text, lower case. */
export const idIn = (text: string): string | undefined => GUID.exec(text)?.[0].toLowerCase();
