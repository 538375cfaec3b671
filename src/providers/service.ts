/** The host's three services, the replication service's settings, and the entries that say who may replicate here. */
import { secondsInterval } from '../cim/datetime.ts';
import type { AuthorizationView } from '../service/views.ts';
import type { HostSnapshot } from '../service/inventory.ts';
import type { Values } from './emission.ts';
import { INSTANCE_IDS, SERVICE_NAMES, type ServiceClass } from './objectpaths.ts';

const CERTIFICATES = 2;
const ENABLED = 2;
const DISABLED = 3;
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

/** The replication service runs while the host takes replicas. */
export const replicationServiceValues = ({ self, service }: HostSnapshot): Values => ({
  ...serviceValues('Msvm_ReplicationService', self.name),
  EnabledState: service.acceptsReplicas ? ENABLED : DISABLED,
  Started: service.acceptsReplicas,
});

/** Hosts prove themselves by certificates, on one port; nothing travels in clear. The start of the interval is the host's local time. */
export const serviceSettingsValues = ({ self, certificate, service }: HostSnapshot): Values => ({
  InstanceID: INSTANCE_IDS.Msvm_ReplicationServiceSettingData(),
  RecoveryServerEnabled: service.acceptsReplicas,
  AllowedAuthenticationType: CERTIFICATES,
  CertificateThumbPrint: certificate.thumbprint,
  HttpsPort: Number(/:(\d+)$/.exec(self.address)?.[1] ?? 0),
  HttpPort: 0,
  MonitoringStartTime: secondsInterval(service.monitoringStartSeconds),
  MonitoringInterval: service.monitoringIntervalSeconds,
});

export const entryValues = ({ id, host, storage, trustGroup }: AuthorizationView): Values => ({
  InstanceID: INSTANCE_IDS.Msvm_ReplicationAuthorizationSettingData(id),
  Caption: 'Replication Authorization Settings',
  ElementName: host,
  AllowedPrimaryHostSystem: host,
  TrustGroup: trustGroup,
  ReplicaStorageLocation: storage,
});
