/** Msvm_ComputerSystem: the host, its virtual machines and test failovers' copies. */
import type { MachineSnapshot } from '../service/inventory.ts';
import type { PointKind } from '../machine/records.ts';
import { kindOf } from '../relationship/chain.ts';
import type { Hardware } from './domain.ts';
import { moment, type Values } from './emission.ts';
import { guidOf } from './objectpaths.ts';

/** Source: CIM_EnabledLogicalElement, RequestedState. */
const NOT_APPLICABLE = 12;
const STARTING = 10;
export const OPERATES = { OperationalStatus: [2], StatusDescriptions: ['Operating normally'], Status: 'OK', HealthState: 5 } as const;

const ENABLED_STATES: Readonly<Record<MachineSnapshot['power'], number>> = { running: 2, off: 3, stopping: 4, paused: 9 };
/** What Msvm_ComputerSystem.RequestStateChange takes, by power: 2 start or resume, 3 off, 4 shutdown, 9 pause, 10 and 11 reset. */
const REQUESTABLE: Readonly<Record<MachineSnapshot['power'], readonly number[]>> = { off: [2], running: [3, 4, 9, 10, 11], paused: [2, 3, 10, 11], stopping: [3] };
const HEALTH: Readonly<Record<MachineSnapshot['health'], number>> = { none: 0, ok: 1, warning: 2, critical: 3 };
/** Source: Msvm_ComputerSystem.FailedOverReplicationType. What a host kept when it yielded counts as a regular point. */
export const REPLICATION_TYPES: Readonly<Record<PointKind, number>> = { standard: 1, divergence: 1, 'application-consistent': 2, planned: 3 };

export const enabledStateOf = ({ power, isStarting }: MachineSnapshot): number => (isStarting ? STARTING : ENABLED_STATES[power]);
export const replicationHealthOf = ({ health }: MachineSnapshot): number => HEALTH[health];

/** 0 none, 1 primary, 2 replica, 3 test replica. */
/** Source: Msvm_ComputerSystem.ReplicationMode. */
const MODES = { primary: 1, replica: 2, extendedReplica: 4 } as const;

export function replicationModeOf({ machine, relationship }: MachineSnapshot): number {
  if (machine.copyOf !== null) return 3;
  if (!relationship || relationship.state === 0) return 0;
  if (relationship.side === 'primary') return MODES.primary;
  return kindOf(relationship) === 'extended' ? MODES.extendedReplica : MODES.replica;
}

/** What the machine's relationship says of itself, on the system as on the relationship. */
export function replicationValues(snapshot: MachineSnapshot): Values {
  const { relationship } = snapshot;
  return {
    ReplicationState: relationship?.state ?? 0,
    ReplicationHealth: replicationHealthOf(snapshot),
    FailedOverReplicationType: failedOverTypeOf(snapshot),
    LastReplicationType: lastTypeOf(snapshot),
    LastReplicationTime: moment(relationship?.newestInstantMs ?? null),
    LastApplicationConsistentReplicationTime: moment(relationship?.lastConsistentMs ?? null),
  };
}

const failedOverTypeOf = ({ relationship }: MachineSnapshot): number => (relationship?.failover ? REPLICATION_TYPES[relationship.failover.planned ? 'planned' : (relationship.failover.kind ?? 'standard')] : 0);

/** Between prepare and failover the newest point is the planned one. */
function lastTypeOf({ relationship }: MachineSnapshot): number {
  if (!relationship || relationship.newestPointId === null) return 0;
  return REPLICATION_TYPES[relationship.token !== null || relationship.failover?.planned ? 'planned' : (relationship.newestKind ?? 'standard')];
}

export function machineSystem(snapshot: MachineSnapshot, requestedState: number | undefined): Values {
  const { machine, power, startRefusal } = snapshot;
  return {
    ...OPERATES,
    ...replicationValues(snapshot),
    Caption: 'Virtual Machine',
    Description: 'Microsoft Virtual Machine',
    ElementName: machine.name,
    CreationClassName: 'Msvm_ComputerSystem',
    Name: guidOf(machine.id),
    EnabledState: enabledStateOf(snapshot),
    RequestedState: requestedState ?? NOT_APPLICABLE,
    AvailableRequestedStates: power === 'off' && startRefusal !== null ? null : REQUESTABLE[power],
    OnTimeInMilliseconds: power === 'off' ? 0n : snapshot.upMs === null ? null : BigInt(snapshot.upMs),
    ProcessID: snapshot.pid,
    NumberOfNumaNodes: 1,
    ReplicationMode: replicationModeOf(snapshot),
    EnhancedSessionModeState: 3,
  };
}

export function hostSystem(hostName: string, { system }: Hardware, nowMs: number): Values {
  return {
    ...OPERATES,
    Caption: 'Hosting Computer System',
    Description: 'Microsoft Hosting Computer System',
    ElementName: hostName,
    CreationClassName: 'Msvm_ComputerSystem',
    Name: hostName,
    InstallDate: moment(system.installedMs),
    EnabledState: 2,
    RequestedState: NOT_APPLICABLE,
    TimeOfLastStateChange: moment(system.bootedMs),
    OnTimeInMilliseconds: BigInt(Math.max(0, Math.floor(nowMs - system.bootedMs))),
    ReplicationState: 0,
    ReplicationHealth: 0,
    ReplicationMode: 0,
    FailedOverReplicationType: 0,
    LastReplicationType: 0,
  };
}
