/** What a machine has of replication: its relationship, the settings that clients edit, its statistics, and the provider. */
import { secondsInterval } from '../cim/datetime.ts';
import { pathText } from '../cim/path.ts';
import type { HostSnapshot, MachineSnapshot } from '../service/inventory.ts';
import { missedCycles } from '../health/statistics.ts';
import { isOnward, kindOf } from '../relationship/chain.ts';
import { DEFAULT_RESYNCHRONIZATION_WINDOW, defaultSettings } from '../relationship/settings.ts';
import { replicationHealthOf, replicationValues } from './computersystem.ts';
import { moment, type Values } from './emission.ts';
import { guidOf, INSTANCE_IDS, instancePath, PROVIDER_ID } from './objectpaths.ts';

/** Every machine has one, in state 0 while it is not replicated. */
export function relationshipValues(snapshot: MachineSnapshot): Values {
  const { machine, relationship } = snapshot;
  return {
    ...replicationValues(snapshot),
    InstanceID: INSTANCE_IDS.Msvm_ReplicationRelationship(machine.id, relationship ? kindOf(relationship) : 'simple'),
    Caption: 'Replication Relationship',
    Description: snapshot.issues.map(({ message }) => message).join(' ') || null,
    ElementName: machine.name,
    OperationalStatus: [2],
    HealthState: 5,
    LastApplyTime: moment(relationship?.side === 'replica' ? relationship.newestInstantMs : null),
  };
}

interface Ends {
  readonly primary: string | null;
  readonly recovery: string | null;
}

/** The hosts' names, by which each knows the other: what a client copies to reverse names a paired host. */
function endsOf({ relationship, peer }: MachineSnapshot, hostName: string): Ends {
  if (!relationship) return { primary: null, recovery: null };
  return relationship.side === 'primary' ? { primary: hostName, recovery: peer } : { primary: peer, recovery: hostName };
}

/** On the replica 0, "as the other host says": a client that reverses copies the connection point and leaves the port. */
function portOf({ relationship }: MachineSnapshot, { peers }: HostSnapshot): number {
  const peer = relationship?.side === 'primary' ? peers.find(({ id }) => id === relationship.peerId) : undefined;
  return peer ? Number(/:(\d+)$/.exec(peer.address)?.[1] ?? 0) : 0;
}

/** The settings in force, or the defaults: every machine has some for clients to edit. */
export function replicationSettingsValues(snapshot: MachineSnapshot, host: HostSnapshot): Values {
  const { machine, relationship } = snapshot;
  const { primary, recovery } = endsOf(snapshot, host.self.name);
  const settings = relationship?.settings ?? defaultSettings(machine.definition.disks.map(({ name }) => name));
  const declared = settings.declared ?? {};
  return {
    InstanceID: INSTANCE_IDS.Msvm_ReplicationSettingData(machine.id, relationship !== null && isOnward(relationship)),
    ElementName: machine.name,
    VirtualSystemIdentifier: guidOf(machine.id),
    AuthenticationType: 2,
    CertificateThumbPrint: host.certificate.thumbprint,
    CompressionEnabled: settings.compression,
    BypassProxyServer: declared.bypassProxy ?? false,
    RecoveryConnectionPoint: recovery,
    RecoveryHostSystem: recovery,
    PrimaryConnectionPoint: primary,
    PrimaryHostSystem: primary,
    RecoveryServerPortNumber: portOf(snapshot, host),
    ReplicateHostKvpItems: declared.replicateHostItems ?? true,
    ApplicationConsistentSnapshotInterval: declared.applicationConsistentHours ?? 0,
    AutoResynchronizeEnabled: declared.autoResynchronize ?? false,
    AutoResynchronizeIntervalStart: secondsInterval(declared.resynchronizeFromSeconds ?? DEFAULT_RESYNCHRONIZATION_WINDOW.fromSeconds),
    AutoResynchronizeIntervalEnd: secondsInterval(declared.resynchronizeUntilSeconds ?? DEFAULT_RESYNCHRONIZATION_WINDOW.untilSeconds),
    RecoveryHistory: settings.recoveryHistory,
    IncludedDisks: settings.disks.map((disk) => pathText(instancePath('Msvm_StorageAllocationSettingData', machine.id, disk), host.self.name)),
    EnableWriteOrderPreservationAcrossDisks: true,
    ReplicationProvider: pathText(instancePath('Msvm_ReplicationProvider'), host.self.name),
    AdditionalSettings: JSON.stringify(settings.additional),
    ReplicationInterval: settings.intervalSeconds,
  };
}

/** What is counted since the last reset, on this host. Sizes in bytes and latency in seconds, of all cycles together; what nobody counts is null. */
export function statisticsValues(snapshot: MachineSnapshot, nowMs: number): Values {
  const { machine, relationship, pending } = snapshot;
  const counted = relationship?.statistics;
  return {
    InstanceID: INSTANCE_IDS.Msvm_ReplicationStatistics(machine.id, relationship ? kindOf(relationship) : 'simple'),
    StartStatisticTime: moment(counted?.sinceMs ?? null),
    EndStatisticTime: moment(nowMs),
    ReplicationSuccessCount: counted?.cycles ?? 0,
    ReplicationSize: BigInt(counted?.bytes ?? 0),
    MaxReplicationSize: BigInt(counted?.maxBytes ?? 0),
    ReplicationLatency: secondsOf(counted?.latencyMs ?? 0),
    MaxReplicationLatency: secondsOf(counted?.maxLatencyMs ?? 0),
    ReplicationMissCount: relationship && counted ? missedCycles(counted, relationship.settings, nowMs) : 0,
    NetworkFailureCount: counted?.networkFailures ?? 0,
    ReplicationFailureCount: counted?.otherFailures ?? 0,
    PendingReplicationSize: pending && BigInt(pending.bytes),
    ApplicationConsistentSnapshotFailureCount: counted?.consistencyFailures ?? 0,
    ReplicationHealth: replicationHealthOf(snapshot),
    LastTestFailoverTime: moment(relationship?.lastTestMs ?? null),
  };
}

const secondsOf = (ms: number): number => Math.round(ms / 1_000);

/** The built-in provider, from host to host. Its name is the documented one. */
export const providerValues = (): Values => ({
  InstanceID: INSTANCE_IDS.Msvm_ReplicationProvider(),
  Caption: 'Replication Provider',
  Description: 'Replicates virtual machines from host to host',
  ElementName: 'Understudy',
  Name: PROVIDER_ID,
  OperationalStatus: [2],
});
