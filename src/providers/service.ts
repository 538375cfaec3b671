/** The host's three services, the replication service's settings, and the entries that say who may replicate here. */
import type { AuthorizationView } from '../service/views.ts';
import type { HostSnapshot } from '../service/inventory.ts';
import { interval, type Values } from './emission.ts';
import { INSTANCE_IDS, SERVICE_NAMES, type ServiceClass } from './objectpaths.ts';

const NINE_OCLOCK_MS = 9 * 3_600_000;
const CERTIFICATES = 2;
const RUNS = {
  OperationalStatus: [2], StatusDescriptions: ['The service is running normally'], Status: 'OK', HealthState: 5, EnabledState: 2, RequestedState: 12, EnabledDefault: 2, Started: true, StartMode: 'Automatic',
};
const ELEMENT_NAMES: Readonly<Record<ServiceClass, string>> = {
  Msvm_ReplicationService: 'Hyper-V Replica Service',
  Msvm_VirtualSystemManagementService: 'Hyper-V Virtual System Management Service',
  Msvm_VirtualSystemSnapshotService: 'Hyper-V Virtual System Snapshot Service',
};

export const serviceValues = (className: ServiceClass, hostName: string): Values => ({
  ...RUNS,
  ElementName: ELEMENT_NAMES[className],
  SystemCreationClassName: 'Msvm_ComputerSystem',
  SystemName: hostName,
  CreationClassName: className,
  Name: SERVICE_NAMES[className],
});

/** A host takes replicas while there is an entry; hosts prove themselves by certificates, on one port. */
export const serviceSettingsValues = ({ self, authorizations }: HostSnapshot): Values => ({
  InstanceID: INSTANCE_IDS.Msvm_ReplicationServiceSettingData(),
  RecoveryServerEnabled: authorizations.length > 0,
  AllowedAuthenticationType: CERTIFICATES,
  CertificateThumbPrint: self.fingerprint,
  HttpsPort: Number(/:(\d+)$/.exec(self.address)?.[1] ?? 0),
  HttpPort: 0,
  MonitoringStartTime: interval(NINE_OCLOCK_MS),
});

export const entryValues = ({ id, host, storage, trustGroup }: AuthorizationView): Values => ({
  InstanceID: INSTANCE_IDS.Msvm_ReplicationAuthorizationSettingData(id),
  Caption: 'Replication Authorization Settings',
  ElementName: host,
  AllowedPrimaryHostSystem: host,
  TrustGroup: trustGroup,
  ReplicaStorageLocation: storage,
});
