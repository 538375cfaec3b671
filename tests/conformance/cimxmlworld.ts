/** A small world for the protocols' own tests: machines, their relationships, a service with a method, a job. */
import type { CimInstance, CimValue, ObjectPath } from '../../src/cim/instance.ts';
import type { AssociationProvider, InstanceProvider, MethodOutcome } from '../../src/cim/manager.ts';
import { secondsInterval, timestamp } from '../../src/cim/datetime.ts';
import { instancePath } from '../../src/cim/path.ts';
import { VIRTUALIZATION } from '../../src/cim/schema/published.ts';

export const instance = (className: string, properties: Readonly<Record<string, CimValue>>): CimInstance => ({ kind: 'instance', className, properties: new Map(Object.entries(properties)) });

/** The upper-case GUID of the machine with this number. */
export const machineName = (number: number): string => `9A6F1F70-0A4B-4B5C-9D43-${number.toString(16).toUpperCase().padStart(12, '0')}`;

export const machinePath = (name: string): ObjectPath => instancePath(VIRTUALIZATION, 'Msvm_ComputerSystem', { CreationClassName: 'Msvm_ComputerSystem', Name: name });
export const relationshipPath = (name: string): ObjectPath => instancePath(VIRTUALIZATION, 'Msvm_ReplicationRelationship', { InstanceID: `Microsoft:${name}\\HVR\\0` });
const jobPath = (id: string): ObjectPath => instancePath(VIRTUALIZATION, 'Msvm_ConcreteJob', { InstanceID: id });

export function machine(number: number): CimInstance {
  const name = machineName(number);
  return instance('Msvm_ComputerSystem', {
    Caption: 'Virtual Machine',
    CreationClassName: 'Msvm_ComputerSystem',
    Name: name,
    Description: 'Microsoft Virtual Machine',
    ElementName: `web-${number} <&> "quoted" ümlaut`,
    EnabledState: 2,
    RequestedState: 12,
    OperationalStatus: [2],
    StatusDescriptions: ['OK', ''],
    OnTimeInMilliseconds: 9_007_199_254_740_993n,
    TimeOfLastStateChange: timestamp(Date.UTC(2026, 0, 2, 3, 4, 5, 678), 9),
    ReplicationState: 3,
  });
}

const relationship = (name: string): CimInstance => instance('Msvm_ReplicationRelationship', { InstanceID: `Microsoft:${name}\\HVR\\0`, ReplicationState: 3, ReplicationHealth: 1 });

const link = (name: string): CimInstance => instance('Msvm_SystemReplicationRelationship', { Antecedent: machinePath(name), Dependent: relationshipPath(name) });

const job = instance('Msvm_ConcreteJob', { InstanceID: 'JOB-1', JobState: 7, PercentComplete: 100, ElapsedTime: secondsInterval(61), JobRunTimes: 1, ErrorDescription: '' });

export interface Invoked {
  readonly method: string;
  readonly parameters: ReadonlyMap<string, CimValue>;
}

export interface CimXmlWorld {
  readonly instances: readonly InstanceProvider[];
  readonly associations: readonly AssociationProvider[];
  /** Every method call that came through. */
  readonly invoked: Invoked[];
}

export function cimXmlWorld(machines: number): CimXmlWorld {
  const names = Array.from({ length: machines }, (_, at) => machineName(at + 1));
  const invoked: Invoked[] = [];
  const provider = (className: string, instances: readonly CimInstance[], methods: InstanceProvider['methods'] = {}): InstanceProvider => ({ namespace: VIRTUALIZATION, className, instances: async () => instances, methods });
  const answering = (method: string, outcome: MethodOutcome) => async (_caller: unknown, _path: unknown, parameters: ReadonlyMap<string, CimValue>) => {
    invoked.push({ method, parameters });
    return outcome;
  };
  const started: MethodOutcome = { returnValue: 4096, out: new Map([['Job', jobPath('JOB-1')]]) };
  return {
    invoked,
    instances: [
      provider('Msvm_ComputerSystem', Array.from({ length: machines }, (_, at) => machine(at + 1))),
      provider('Msvm_ReplicationRelationship', names.map(relationship)),
      provider('Msvm_ConcreteJob', [job]),
      provider('Msvm_ReplicationService', [instance('Msvm_ReplicationService', { CreationClassName: 'Msvm_ReplicationService', Name: 'RS', SystemCreationClassName: 'Msvm_ComputerSystem', SystemName: 'HOST1', EnabledState: 2 })], {
        CreateReplicationRelationship: answering('CreateReplicationRelationship', started),
        StartReplication: answering('StartReplication', { returnValue: 32775, out: new Map() }),
      }),
      provider(
        'Msvm_VirtualSystemManagementService',
        [instance('Msvm_VirtualSystemManagementService', { CreationClassName: 'Msvm_VirtualSystemManagementService', Name: 'vmms', SystemCreationClassName: 'Msvm_ComputerSystem', SystemName: 'HOST1' })],
        { GetSummaryInformation: answering('GetSummaryInformation', { returnValue: 0, out: new Map([['SummaryInformation', [instance('Msvm_SummaryInformation', { Name: names[0] ?? null, ElementName: 'a <b>', EnabledState: 2 })]]]) }) },
      ),
    ],
    associations: [
      {
        namespace: VIRTUALIZATION,
        className: 'Msvm_SystemReplicationRelationship',
        links: async () => names.map(link),
      },
    ],
  };
}
