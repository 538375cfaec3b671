/** What a client reads in the Interop namespace to find its way: the object manager and the namespaces. Source: DSP1033, DSP1054. */
import type { CimInstance, CimValue } from '../cim/instance.ts';
import type { InstanceProvider } from '../cim/manager.ts';
import { INTEROP } from '../cim/schema/published.ts';

export interface InteropFacts {
  readonly hostName: string;
  /** Of the program. */
  readonly version: string;
  readonly namespaces: readonly string[];
}

const SYSTEM_CLASS = 'CIM_ComputerSystem';
const MANAGER_CLASS = 'CIM_ObjectManager';
const NAMESPACE_CLASS = 'CIM_Namespace';
const MANAGER_NAME = 'understudyd';
const OK = 2;
const ENABLED = 2;
const HEALTHY = 5;
const NOT_APPLICABLE = 12;

const instance = (className: string, properties: Readonly<Record<string, CimValue>>): CimInstance => ({ kind: 'instance', className, properties: new Map(Object.entries(properties)) });

const provider = (className: string, instances: readonly CimInstance[]): InstanceProvider => ({ namespace: INTEROP, className, instances: async () => instances });

const objectManager = ({ hostName, version }: InteropFacts): CimInstance =>
  instance(MANAGER_CLASS, {
    SystemCreationClassName: SYSTEM_CLASS,
    SystemName: hostName,
    CreationClassName: MANAGER_CLASS,
    Name: MANAGER_NAME,
    ElementName: 'Understudy',
    Description: `Understudy version ${version}`,
    OperationalStatus: [OK],
    StatusDescriptions: ['OK'],
    Status: 'OK',
    HealthState: HEALTHY,
    EnabledState: ENABLED,
    RequestedState: NOT_APPLICABLE,
    EnabledDefault: ENABLED,
    Started: true,
    GatherStatisticalData: false,
  });

const namespace = ({ hostName }: InteropFacts, name: string): CimInstance =>
  instance(NAMESPACE_CLASS, {
    SystemCreationClassName: SYSTEM_CLASS,
    SystemName: hostName,
    ObjectManagerCreationClassName: MANAGER_CLASS,
    ObjectManagerName: MANAGER_NAME,
    CreationClassName: NAMESPACE_CLASS,
    Name: name,
    ElementName: name,
    ClassInfo: 0,
    ClassType: 0,
  });

export const interopProviders = (facts: InteropFacts): readonly InstanceProvider[] => [
  provider(MANAGER_CLASS, [objectManager(facts)]),
  provider(NAMESPACE_CLASS, facts.namespaces.map((name) => namespace(facts, name))),
];
