/**
 * Every association class, and which objects each links: one table, from which the providers are made. A question that
 * starts at an object of one machine reads that machine alone.
 */
import type { AssociationProvider, CimCaller } from '../cim/manager.ts';
import type { CimInstance, ObjectPath } from '../cim/instance.ts';
import { isSamePath } from '../cim/path.ts';
import { CIMV2, SCHEMA, VIRTUALIZATION } from '../cim/schema/published.ts';
import { kindOf } from '../relationship/chain.ts';
import * as cimv2 from './cimv2.ts';
import type { Domain } from './domain.ts';
import { emitter, type Values } from './emission.ts';
import { hostPath, instancePath, machinePath, servicePath, SERVICES, shutdownPath } from './objectpaths.ts';
import { eachLink, scopeAround, wholeScope, type Family, type Need, type Scope } from './scope.ts';

type Pair = readonly [ObjectPath, ObjectPath];

interface AssociationRow {
  readonly namespace?: string;
  /** The references' names, in the order of the pairs. */
  readonly roles: readonly [string, string];
  readonly needs: readonly Need[];
  /** What each link says beside its ends. */
  readonly says?: Values;
  pairs(scope: Scope): readonly Pair[];
}

const ANTECEDENT = ['Antecedent', 'Dependent'] as const;
const COMPONENT = ['GroupComponent', 'PartComponent'] as const;
const SETTING = ['ManagedElement', 'SettingData'] as const;
const AFFECTED = ['AffectedElement', 'AffectingElement'] as const;
/** Source: CIM_AffectedJobElement.ElementEffects, CIM_ServiceAffectsElement.ElementEffects. */
const UNKNOWN = 0;
const MANAGES = 5;
const IS = 1;
const IS_NOT = 2;

const settings = (ownerId: string): ObjectPath => instancePath('Msvm_VirtualSystemSettingData', ownerId);
const service = (scope: Scope): ObjectPath => servicePath('Msvm_ReplicationService', scope.host.self.name);

const ofMachines = (roles: AssociationRow['roles'], pairs: (family: Family, scope: Scope) => readonly Pair[], needs: readonly Need[] = ['machines']): AssociationRow => ({
  roles, needs, pairs: (scope) => scope.families.flatMap((family) => pairs(family, scope)),
});

/** Processors, memory, disks with their drives and controller, network adapters with their connections, as parts of the machine's settings. */
function partsOf({ snapshot: { machine: { id, definition } } }: Family): readonly ObjectPath[] {
  return [
    instancePath('Msvm_ProcessorSettingData', id),
    instancePath('Msvm_MemorySettingData', id),
    instancePath('Msvm_ResourceAllocationSettingData', id),
    ...definition.disks.flatMap(({ name }) => [instancePath('Msvm_ResourceAllocationSettingData', id, name), instancePath('Msvm_StorageAllocationSettingData', id, name)]),
    ...definition.nics.flatMap((_, at) => [instancePath('Msvm_SyntheticEthernetPortSettingData', id, at), instancePath('Msvm_EthernetPortAllocationSettingData', id, at)]),
  ];
}

/** Each point after its next older one, and the machine's own settings after the point that it runs on. */
function lineOf({ snapshot: { machine, relationship }, points }: Family): readonly Pair[] {
  const olderAndNewer = points.slice(1).map(({ id }, at): Pair => [settings(points[at]!.id), settings(id)]);
  return relationship?.failover ? [...olderAndNewer, [settings(relationship.failover.pointId), settings(machine.id)]] : olderAndNewer;
}

/** A machine's replication settings; a replica's entry; the service's settings and entries. */
function settingPairs(scope: Scope): readonly Pair[] {
  const { authorizations } = scope.host;
  return [
    [service(scope), instancePath('Msvm_ReplicationServiceSettingData')],
    ...authorizations.map(({ id }): Pair => [service(scope), instancePath('Msvm_ReplicationAuthorizationSettingData', id)]),
    ...scope.families.flatMap(({ snapshot: { machine, authorization, extended } }): Pair[] => [
      [machinePath(machine.id), instancePath('Msvm_ReplicationSettingData', machine.id)],
      ...(extended ? [[machinePath(machine.id), instancePath('Msvm_ReplicationSettingData', machine.id, true)] as const] : []),
      ...(authorization ? [[machinePath(machine.id), instancePath('Msvm_ReplicationAuthorizationSettingData', authorization.id)] as const] : []),
    ]),
  ];
}

/** Each service manages the host and its machines. */
const managedBy = (scope: Scope): readonly Pair[] => {
  const managed = [hostPath(scope.host.self.name), ...scope.families.map(({ snapshot }) => machinePath(snapshot.machine.id))];
  return SERVICES.flatMap((className) => managed.map((path): Pair => [path, servicePath(className, scope.host.self.name)]));
};

/** A job outlives its machine. */
function jobPairs({ jobs, families }: Scope): readonly Pair[] {
  const present = new Set<string | null>(families.map(({ snapshot }) => snapshot.machine.id));
  return jobs.filter(({ machineId }) => present.has(machineId)).map(({ id, machineId }) => [machinePath(machineId!), instancePath('Msvm_ConcreteJob', id)]);
}

const ASSOCIATIONS: Readonly<Record<string, AssociationRow>> = {
  Msvm_SettingsDefineState: ofMachines(SETTING, ({ snapshot: { machine } }) => [[machinePath(machine.id), settings(machine.id)]]),
  Msvm_VirtualSystemSettingDataComponent: ofMachines(COMPONENT, (family) => partsOf(family).map((part) => [settings(family.snapshot.machine.id), part])),
  Msvm_ElementSettingData: { roles: SETTING, needs: ['machines'], says: { IsDefault: IS_NOT, IsCurrent: IS, IsNext: IS }, pairs: settingPairs },
  Msvm_SystemReplicationRelationship: ofMachines(ANTECEDENT, ({ snapshot }) =>
    eachLink(snapshot).map(({ machine, relationship }) => [machinePath(machine.id), instancePath('Msvm_ReplicationRelationship', machine.id, relationship ? kindOf(relationship) : 'simple')])),
  Msvm_ReplicaSystemDependency: ofMachines(ANTECEDENT, ({ snapshot: { machine } }) => (machine.copyOf === null ? [] : [[machinePath(machine.copyOf), machinePath(machine.id)]])),
  Msvm_SnapshotOfVirtualSystem: ofMachines(ANTECEDENT, ({ snapshot: { machine }, points }) => points.map(({ id }) => [machinePath(machine.id), settings(id)]), ['points']),
  Msvm_MostCurrentSnapshotInBranch: ofMachines(ANTECEDENT, ({ snapshot: { machine }, points }) => points.slice(-1).map(({ id }) => [machinePath(machine.id), settings(id)]), ['points']),
  Msvm_LastAppliedSnapshot: ofMachines(ANTECEDENT, ({ snapshot: { machine, relationship } }) => (relationship?.failover ? [[settings(relationship.failover.pointId), machinePath(machine.id)]] : [])),
  Msvm_ParentChildSettingData: ofMachines(ANTECEDENT, lineOf, ['points']),
  Msvm_EthernetPortFailoverSettingDataComponent: ofMachines(COMPONENT, ({ snapshot: { machine: { id, definition } } }) =>
    definition.nics.map((_, at) => [instancePath('Msvm_SyntheticEthernetPortSettingData', id, at), instancePath('Msvm_FailoverNetworkAdapterSettingData', id, at)])),
  Msvm_SystemDevice: ofMachines(COMPONENT, ({ snapshot: { machine, power } }) => (power === 'running' ? [[machinePath(machine.id), shutdownPath(machine.id)]] : [])),
  Msvm_AffectedJobElement: {
    roles: AFFECTED, needs: ['machines', 'jobs'], says: { ElementEffects: [UNKNOWN] }, pairs: jobPairs,
  },
  Msvm_HostedService: { roles: ANTECEDENT, needs: [], pairs: ({ host: { self } }) => SERVICES.map((className) => [hostPath(self.name), servicePath(className, self.name)]) },
  Msvm_ServiceAffectsElement: { roles: AFFECTED, needs: ['machines'], says: { ElementEffects: [MANAGES] }, pairs: managedBy },
  Win32_ComputerSystemProcessor: {
    namespace: CIMV2, roles: COMPONENT, needs: [],
    pairs: ({ host: { self }, hardware }) => hardware.processors.map((_, at) => [cimv2.computerSystemPath(self.name), cimv2.processorPath(at)]),
  },
};

/** One provider per association of the table. */
export const associationProviders = (domain: Domain): readonly AssociationProvider[] =>
  Object.entries(ASSOCIATIONS).map(([className, row]) => providerOf(domain, className, row));

function providerOf(domain: Domain, className: string, row: AssociationRow): AssociationProvider {
  const { namespace = VIRTUALIZATION, roles: [first, second], says } = row;
  const emit = emitter(SCHEMA.classOf(namespace, className));
  const linkOf = ([one, other]: Pair): CimInstance => emit({ ...says, [first]: one, [second]: other });
  return {
    namespace,
    className,
    links: async (caller: CimCaller, from: ObjectPath | null) => {
      const scope = (from && (await scopeAround(domain, caller, from, row.needs))) ?? (await wholeScope(domain, caller, row.needs));
      const pairs = row.pairs(scope);
      return (from ? pairs.filter((pair) => pair.some((end) => isSamePath(end, from))) : pairs).map(linkOf);
    },
  };
}
