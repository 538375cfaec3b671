/** What a machine has of replication: its relationship, the settings that clients edit, its statistics, and the provider. */
import type { HostSnapshot, MachineSnapshot } from '../service/inventory.ts';
import { defaultSettings } from '../relationship/settings.ts';
import { replicationHealthOf, replicationValues } from './computersystem.ts';
import { timestamp, type Values } from './emission.ts';
import { guidOf, INSTANCE_IDS, instancePath, PROVIDER_ID, textOf } from './objectpaths.ts';

/** Every machine has one, in state 0 while it is not replicated. */
export function relationshipValues(snapshot: MachineSnapshot): Values {
  const { machine, relationship } = snapshot;
  return {
    ...replicationValues(snapshot),
    InstanceID: INSTANCE_IDS.Msvm_ReplicationRelationship(machine.id),
    Caption: 'Replication Relationship',
    Description: snapshot.healthReasons.join(' ') || null,
    ElementName: machine.name,
    OperationalStatus: [2],
    HealthState: 5,
    LastApplyTime: timestamp(relationship?.side === 'replica' ? relationship.newestInstantMs : null),
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
  return {
    InstanceID: INSTANCE_IDS.Msvm_ReplicationSettingData(machine.id),
    ElementName: machine.name,
    VirtualSystemIdentifier: guidOf(machine.id),
    AuthenticationType: 2,
    CertificateThumbPrint: host.self.fingerprint,
    CompressionEnabled: settings.compression,
    BypassProxyServer: false,
    RecoveryConnectionPoint: recovery,
    RecoveryHostSystem: recovery,
    PrimaryConnectionPoint: primary,
    PrimaryHostSystem: primary,
    RecoveryServerPortNumber: portOf(snapshot, host),
    ApplicationConsistentSnapshotInterval: 0,
    RecoveryHistory: settings.recoveryHistory,
    IncludedDisks: settings.disks.map((disk) => textOf(instancePath('Msvm_StorageAllocationSettingData', machine.id, disk), host.self.name)),
    EnableWriteOrderPreservationAcrossDisks: true,
    ReplicationProvider: textOf(instancePath('Msvm_ReplicationProvider'), host.self.name),
    AdditionalSettings: JSON.stringify(settings.additional),
    ReplicationInterval: settings.intervalSeconds,
  };
}

/** What the engine counts; the rest of the figures are null. Sizes in bytes, latency in seconds. */
export function statisticsValues(snapshot: MachineSnapshot, nowMs: number): Values {
  const { machine, relationship } = snapshot;
  const cycle = relationship?.lastCycle ?? null;
  return {
    InstanceID: INSTANCE_IDS.Msvm_ReplicationStatistics(machine.id),
    Caption: 'Replication Statistics',
    ElementName: machine.name,
    EndStatisticTime: timestamp(nowMs),
    ReplicationSize: cycle && BigInt(cycle.bytesShipped),
    ReplicationLatency: cycle && Math.round(cycle.durationMs / 1_000),
    ReplicationFailureCount: relationship?.failures ?? 0,
    ReplicationHealth: replicationHealthOf(snapshot),
  };
}

/** The built-in provider, from host to host. Its name is the documented one. */
export const providerValues = (): Values => ({
  InstanceID: INSTANCE_IDS.Msvm_ReplicationProvider(),
  Caption: 'Replication Provider',
  Description: 'Replicates virtual machines from host to host',
  ElementName: 'Understudy',
  Name: PROVIDER_ID,
  OperationalStatus: [2],
});
