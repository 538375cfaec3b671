/** A small host for tests of the protocols: three machines, two relationships, jobs, and a service whose calls are kept. */
import type { CimInstance, CimValue, ObjectPath } from '../../src/cim/instance.ts';
import type { CimCaller, InstanceProvider, MethodOutcome } from '../../src/cim/manager.ts';
import { createObjectManager, type PublishingObjectManager } from '../../src/cim/objectmanager.ts';
import { instancePath } from '../../src/cim/path.ts';
import { interval, timestamp } from '../../src/cim/datetime.ts';
import { CIMV2, SCHEMA, VIRTUALIZATION } from '../../src/cim/schema/published.ts';

export const instance = (className: string, properties: Readonly<Record<string, CimValue>>): CimInstance => ({ kind: 'instance', className, properties: new Map(Object.entries(properties)) });

const machineId = (number: number): string => `9A6F1F70-0A4B-4B5C-9D43-${String(number).padStart(12, '0')}`;

export const machine = (number: number, more: Readonly<Record<string, CimValue>> = {}): CimInstance =>
  instance('Msvm_ComputerSystem', {
    CreationClassName: 'Msvm_ComputerSystem',
    Name: machineId(number),
    ElementName: `web-0${number}`,
    Caption: 'Virtual Machine',
    Description: 'Microsoft Virtual Machine',
    EnabledState: 2,
    OperationalStatus: [2, 15],
    StatusDescriptions: [],
    InstallDate: timestamp(Date.UTC(2024, 0, 2, 3, 4, 5)),
    OnTimeInMilliseconds: 123_456_789_012_345n,
    ...more,
  });

export const machinePath = (number: number): ObjectPath => instancePath(VIRTUALIZATION, 'Msvm_ComputerSystem', { CreationClassName: 'Msvm_ComputerSystem', Name: machineId(number) });

const relationship = (number: number): CimInstance => instance('Msvm_ReplicationRelationship', { InstanceID: `Microsoft:${machineId(number)}\\HVR\\0`, ReplicationState: 3 });
const relationshipPath = (number: number): ObjectPath => instancePath(VIRTUALIZATION, 'Msvm_ReplicationRelationship', { InstanceID: `Microsoft:${machineId(number)}\\HVR\\0` });

const SERVICE = { CreationClassName: 'Msvm_ReplicationService', Name: 'replicasvc', SystemCreationClassName: 'Msvm_ComputerSystem', SystemName: 'HOST1' };
const MANAGEMENT = { CreationClassName: 'Msvm_VirtualSystemManagementService', Name: 'vmms', SystemCreationClassName: 'Msvm_ComputerSystem', SystemName: 'HOST1' };

export interface Received {
  readonly caller: CimCaller;
  readonly path: ObjectPath;
  readonly method: string;
  readonly parameters: ReadonlyMap<string, CimValue>;
}

export interface CimModel {
  readonly manager: PublishingObjectManager;
  readonly machines: CimInstance[];
  /** Calls of methods, oldest first. */
  readonly received: Received[];
  /** Changes of settings. */
  readonly changes: CimInstance[];
  /** What happens inside the next call of a method. */
  during: (() => Promise<void>) | null;
}

export const JOB_ID = 'F0000000-0000-4000-8000-00000000000A';

export function cimModel(machineCount = 3): CimModel {
  const received: Received[] = [];
  const changes: CimInstance[] = [];
  const machines = Array.from({ length: machineCount }, (_, index) => machine(index + 1));
  const model: { during: (() => Promise<void>) | null } = { during: null };
  const record = (method: string, out: Readonly<Record<string, CimValue>>, returnValue: number) => async (caller: CimCaller, path: ObjectPath, parameters: ReadonlyMap<string, CimValue>): Promise<MethodOutcome> => {
    received.push({ caller, path, method, parameters });
    await model.during?.();
    return { returnValue, out: new Map(Object.entries(out)) };
  };
  const job = instancePath(VIRTUALIZATION, 'Msvm_ConcreteJob', { InstanceID: JOB_ID });
  const provider = (className: string, instances: readonly CimInstance[], more: Partial<InstanceProvider> = {}): InstanceProvider => ({ namespace: VIRTUALIZATION, className, instances: () => Promise.resolve(instances), ...more });
  const settings = instance('Msvm_ReplicationSettingData', {
    InstanceID: 'Microsoft:settings',
    RecoveryConnectionPoint: 'replica.example',
    RecoveryServerPortNumber: 443,
    CompressionEnabled: true,
    AutoResynchronizeIntervalStart: interval(66_600_000_000n),
    IncludedDisks: ['one', 'two'],
  });
  const manager = createObjectManager({
    schema: SCHEMA,
    instances: [
      provider('Msvm_ComputerSystem', machines),
      provider('Msvm_ReplicationRelationship', [relationship(1), relationship(2)]),
      provider('Msvm_ConcreteJob', [instance('Msvm_ConcreteJob', { InstanceID: JOB_ID, JobState: 7, Name: 'Replication', PercentComplete: 100, ElapsedTime: interval(5_000_000n) })]),
      provider('Msvm_ReplicationSettingData', [settings], {
        modify: (_caller, _path, change) => {
          changes.push(change);
          return Promise.resolve();
        },
      }),
      provider('Msvm_ReplicationService', [instance('Msvm_ReplicationService', SERVICE)], {
        methods: {
          CreateReplicationRelationship: record('CreateReplicationRelationship', { Job: job }, 4096),
          StartReplication: record('StartReplication', {}, 0),
          GetSystemCertificates: record('GetSystemCertificates', { EncodedCertificates: ['AAAA', 'BBBB'] }, 0),
        },
      }),
      provider('Msvm_VirtualSystemManagementService', [instance('Msvm_VirtualSystemManagementService', MANAGEMENT)], {
        methods: { GetSummaryInformation: record('GetSummaryInformation', { SummaryInformation: [instance('Msvm_SummaryInformation', { InstanceID: 'one', Name: machineId(1), EnabledState: 2 })] }, 0) },
      }),
      { namespace: CIMV2, className: 'Win32_ComputerSystemProduct', instances: () => Promise.resolve([instance('Win32_ComputerSystemProduct', { IdentifyingNumber: '1', Name: 'Understudy', Version: '1', UUID: machineId(9) })]) },
    ],
    associations: [
      {
        namespace: VIRTUALIZATION,
        className: 'Msvm_SystemReplicationRelationship',
        links: () => Promise.resolve([1, 2].map((number) => instance('Msvm_SystemReplicationRelationship', { Antecedent: machinePath(number), Dependent: relationshipPath(number) }))),
      },
    ],
  });
  return Object.assign(model, { manager, machines, received, changes });
}
