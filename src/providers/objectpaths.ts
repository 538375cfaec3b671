/**
 * How objects are named: the key of every class, made from the domain's ids and read back. GUIDs are upper case on the
 * wire and lower case in the records. Source: Msvm_* class documentation; keys of systems are CreationClassName and Name.
 */
import type { ObjectPath } from '../cim/instance.ts';

export const NAMESPACE = 'root/virtualization/v2';
export const CIMV2 = 'root/cimv2';

const GUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/i;

/** As CIM spells a machine's, point's or job's id. */
export const guidOf = (id: string): string => id.toUpperCase();

export const pathOf = (className: string, keys: Readonly<Record<string, string>>, namespace = NAMESPACE): ObjectPath => ({
  kind: 'path', namespace, className, keys: new Map(Object.entries(keys)),
});

const byInstanceId = (className: string) => (instanceId: string): ObjectPath => pathOf(className, { InstanceID: instanceId });

export const machinePath = (machineId: string): ObjectPath => pathOf('Msvm_ComputerSystem', { CreationClassName: 'Msvm_ComputerSystem', Name: guidOf(machineId) });
export const hostPath = (hostName: string): ObjectPath => pathOf('Msvm_ComputerSystem', { CreationClassName: 'Msvm_ComputerSystem', Name: hostName });

export type ServiceClass = 'Msvm_ReplicationService' | 'Msvm_VirtualSystemManagementService' | 'Msvm_VirtualSystemSnapshotService';
export const SERVICE_NAMES: Readonly<Record<ServiceClass, string>> = {
  Msvm_ReplicationService: 'replicasvc',
  Msvm_VirtualSystemManagementService: 'vmms',
  Msvm_VirtualSystemSnapshotService: 'vssnapsvc',
};
export const servicePath = (className: ServiceClass, hostName: string): ObjectPath =>
  pathOf(className, { SystemCreationClassName: 'Msvm_ComputerSystem', SystemName: hostName, CreationClassName: className, Name: SERVICE_NAMES[className] });

const vm = (machineId: string): string => `Microsoft:${guidOf(machineId)}`;

export const INSTANCE_IDS = {
  /** A machine's own settings, and a recovery point's, which has the point's id. */
  Msvm_VirtualSystemSettingData: vm,
  Msvm_ReplicationSettingData: (machineId: string) => `${vm(machineId)}\\HVR`,
  Msvm_ReplicationRelationship: (machineId: string) => `${vm(machineId)}\\HVR\\0`,
  Msvm_ReplicationStatistics: (machineId: string) => `${vm(machineId)}\\HVR\\Statistics\\0`,
  Msvm_ReplicationAuthorizationSettingData: (entryId: string) => `Microsoft:${guidOf(entryId)}`,
  Msvm_ConcreteJob: guidOf,
  Msvm_ProcessorSettingData: (ownerId: string) => `${vm(ownerId)}\\Processor`,
  Msvm_MemorySettingData: (ownerId: string) => `${vm(ownerId)}\\Memory`,
  Msvm_StorageAllocationSettingData: (ownerId: string, disk: string) => `${vm(ownerId)}\\Disk\\${disk}`,
  Msvm_SyntheticEthernetPortSettingData: (ownerId: string, index: number) => `${vm(ownerId)}\\Nic\\${index}`,
  Msvm_FailoverNetworkAdapterSettingData: (ownerId: string, index: number) => `${vm(ownerId)}\\Nic\\${index}\\Failover`,
} as const;

export const settingsPath = (machineId: string): ObjectPath => byInstanceId('Msvm_VirtualSystemSettingData')(INSTANCE_IDS.Msvm_VirtualSystemSettingData(machineId));
/** A recovery point is a Msvm_VirtualSystemSettingData of the point's own id. */
export const pointPath = (pointId: string): ObjectPath => settingsPath(pointId);
export const replicationSettingsPath = (machineId: string): ObjectPath => byInstanceId('Msvm_ReplicationSettingData')(INSTANCE_IDS.Msvm_ReplicationSettingData(machineId));
export const relationshipPath = (machineId: string): ObjectPath => byInstanceId('Msvm_ReplicationRelationship')(INSTANCE_IDS.Msvm_ReplicationRelationship(machineId));
export const entryPath = (entryId: string): ObjectPath => byInstanceId('Msvm_ReplicationAuthorizationSettingData')(INSTANCE_IDS.Msvm_ReplicationAuthorizationSettingData(entryId));
export const jobPath = (jobId: string): ObjectPath => byInstanceId('Msvm_ConcreteJob')(INSTANCE_IDS.Msvm_ConcreteJob(jobId));
export const diskPath = (ownerId: string, disk: string): ObjectPath => byInstanceId('Msvm_StorageAllocationSettingData')(INSTANCE_IDS.Msvm_StorageAllocationSettingData(ownerId, disk));

/** The text of a key, whatever its spelling and case; undefined when the path has none of that name. */
export function keyText(path: ObjectPath, key: string): string | undefined {
  for (const [name, value] of path.keys) if (name.toLowerCase() === key.toLowerCase()) return typeof value === 'string' ? value : undefined;
  return undefined;
}

/** The id that the object is named by: the first GUID of its Name or InstanceID, lower case. Of a machine's settings the machine's, of a point the point's. */
export function ownerIdOf(path: ObjectPath): string | undefined {
  const text = keyText(path, 'Name') ?? keyText(path, 'InstanceID');
  return text === undefined ? undefined : idIn(text);
}

/** The first GUID in the text, lower case. */
export const idIn = (text: string): string | undefined => GUID.exec(text)?.[0].toLowerCase();
