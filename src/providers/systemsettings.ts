/** Msvm_VirtualSystemSettingData: the settings that a machine runs by, and its recovery points. */
import { secondsInterval } from '../cim/datetime.ts';
import { pathText } from '../cim/path.ts';
import type { MachineDefinition } from '../machine/definition.ts';
import type { Point, PointKind } from '../machine/records.ts';
import type { MachineSnapshot } from '../service/inventory.ts';
import { moment, type Values } from './emission.ts';
import { guidOf, INSTANCE_IDS, instancePath } from './objectpaths.ts';

/** Source: Msvm_VirtualSystemSettingData.VirtualSystemType. */
const REALIZED = 'Microsoft:Hyper-V:System:Realized';
const SNAPSHOT_TYPES: Readonly<Record<PointKind, string>> = {
  standard: 'Microsoft:Hyper-V:Snapshot:Replica:Standard',
  'application-consistent': 'Microsoft:Hyper-V:Snapshot:Replica:ApplicationConsistent',
  planned: 'Microsoft:Hyper-V:Snapshot:Replica:PlannedFailover',
  divergence: 'Microsoft:Hyper-V:Snapshot:Replica:Standard',
};
const POINT_NAMES: Readonly<Record<PointKind, string>> = {
  standard: 'Standard Replica', 'application-consistent': 'Application-consistent Replica', planned: 'Planned Failover Replica', divergence: 'Kept after a failover',
};

const START = { nothing: 2, always: 4 };
const TURN_OFF = 2;
const NO_USER_SNAPSHOTS = 2;

/** Braced, its first three groups byte-swapped, as SMBIOS stores them. Source: what virt-who and libvirt undo. */
export function biosGuid(machineId: string): string {
  const swapped = (group: string): string => group.match(/../g)!.reverse().join('');
  const [first, second, third, ...rest] = guidOf(machineId).split('-') as [string, string, string, string, string];
  return `{${[swapped(first), swapped(second), swapped(third), ...rest].join('-')}}`;
}

const definitionValues = (definition: MachineDefinition, machineId: string): Values => ({
  VirtualSystemIdentifier: guidOf(machineId),
  ConfigurationID: guidOf(machineId),
  AutomaticStartupAction: definition.autostart ? START.always : START.nothing,
  AutomaticStartupActionDelay: secondsInterval(0),
  AutomaticShutdownAction: TURN_OFF,
  BIOSGUID: biosGuid(machineId),
  BIOSNumLock: false,
  UserSnapshotType: NO_USER_SNAPSHOTS,
  IsSaved: false,
  IncrementalBackupEnabled: false,
  VirtualNumaEnabled: false,
  VirtualSystemSubType: `Microsoft:Hyper-V:SubType:${definition.firmware.kind === 'uefi' ? 2 : 1}`,
  AutomaticSnapshotsEnabled: false,
  IsAutomaticSnapshot: false,
});

/** `applied` is the point that the machine runs on, when it failed over. */
export const realizedSettings = ({ machine, relationship }: MachineSnapshot, hostName: string): Values => ({
  ...definitionValues(machine.definition, machine.id),
  InstanceID: INSTANCE_IDS.Msvm_VirtualSystemSettingData(machine.id),
  Description: 'Active settings for the virtual machine.',
  ElementName: machine.name,
  VirtualSystemType: REALIZED,
  ConfigurationDataRoot: machine.storage,
  Parent: relationship?.failover ? pathText(instancePath('Msvm_VirtualSystemSettingData', relationship.failover.pointId), hostName) : null,
});

/** `before` is the next older point. */
export const pointSettings = (point: Point, before: Point | undefined, hostName: string): Values => ({
  ...definitionValues(point.definition, point.machineId),
  InstanceID: INSTANCE_IDS.Msvm_VirtualSystemSettingData(point.id),
  Description: 'Recovery point of the virtual machine.',
  ElementName: point.name ?? `${point.definition.name} - ${POINT_NAMES[point.kind]} - (${new Date(point.instantMs).toISOString()})${(point.verification?.damage.length ?? 0) > 0 ? ' - damaged' : ''}`,
  VirtualSystemType: SNAPSHOT_TYPES[point.kind],
  CreationTime: moment(point.instantMs),
  Parent: before ? pathText(instancePath('Msvm_VirtualSystemSettingData', before.id), hostName) : null,
});
