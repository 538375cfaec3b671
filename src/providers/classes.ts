/** Every class that has instances, and what they are: one table, from which the providers are made. */
import type { CimCaller, InstanceProvider } from '../cim/manager.ts';
import type { CimInstance, ObjectPath } from '../cim/instance.ts';
import { isSameKey, type KeyValue } from '../cim/path.ts';
import { CIMV2, SCHEMA, VIRTUALIZATION } from '../cim/schema/published.ts';
import { choiceFor } from '../machine/guestnetwork.ts';
import { hostSystem, machineSystem } from './computersystem.ts';
import * as cimv2 from './cimv2.ts';
import { connectionValues, controllerValues, DEFINITIONS, diskValues, driveValues, ethernetValues, memoryValues, processorValues, shutdownValues } from './devices.ts';
import type { Domain } from './domain.ts';
import { emitter, type Values } from './emission.ts';
import { failoverEthernetValues } from './failovernetwork.ts';
import { jobValues } from './job.ts';
import { INSTANCE_IDS } from './objectpaths.ts';
import { providerValues, relationshipValues, replicationSettingsValues, statisticsValues } from './replication.ts';
import { eachLink, hostScope, scopeAround, wholeScope, type Family, type Need, type Scope } from './scope.ts';
import { entryValues, replicationServiceValues, serviceSettingsValues, serviceValues } from './service.ts';
import { pointSettings, realizedSettings } from './systemsettings.ts';
import { switches } from './virtualswitch.ts';

interface ClassRow {
  readonly namespace?: string;
  readonly needs: readonly Need[];
  /** One instance comes of what several machines have. */
  readonly isOfMany?: true;
  of(scope: Scope): readonly Values[];
}

const ofMachines = (values: (family: Family, scope: Scope) => readonly Values[], needs: readonly Need[] = ['machines']): ClassRow => ({
  needs, of: (scope) => scope.families.flatMap((family) => values(family, scope)),
});
const ofHost = (values: (scope: Scope) => readonly Values[], namespace?: string): ClassRow => ({ needs: [], of: values, ...(namespace !== undefined && { namespace }) });

export const CLASSES: Readonly<Record<string, ClassRow>> = {
  Msvm_ComputerSystem: {
    needs: ['machines'],
    of: ({ host, families, hardware, requestedStates, nowMs }) => [
      hostSystem(host.self.name, hardware, nowMs), ...families.map(({ snapshot }) => machineSystem(snapshot, requestedStates.get(snapshot.machine.id))),
    ],
  },
  Msvm_VirtualSystemSettingData: ofMachines(({ snapshot, points }, { host: { self } }) => [
    realizedSettings(snapshot, self.name), ...points.map((point, at) => pointSettings(point, points[at - 1], self.name)),
  ], ['machines', 'points']),
  Msvm_ReplicationSettingData: ofMachines(({ snapshot }, { host }) => eachLink(snapshot).map((link) => replicationSettingsValues(link, host))),
  Msvm_ReplicationRelationship: ofMachines(({ snapshot }) => eachLink(snapshot).map(relationshipValues)),
  Msvm_ReplicationStatistics: ofMachines(({ snapshot }, { nowMs }) => eachLink(snapshot).map((link) => statisticsValues(link, nowMs))),
  Msvm_StorageAllocationSettingData: ofMachines(({ snapshot: { machine } }, { host: { self } }) => machine.definition.disks.map((disk, at) => diskValues(machine, self.name, disk, at))),
  Msvm_ResourceAllocationSettingData: ofMachines(({ snapshot: { machine: { id, definition } } }, { host: { self } }) => [
    controllerValues(id), ...definition.disks.map((disk, at) => driveValues(id, self.name, disk, at)),
  ]),
  Msvm_EthernetPortAllocationSettingData: ofMachines(({ snapshot: { machine: { id, definition, network } } }, { host: { self } }) =>
    definition.nics.map((nic, at) => connectionValues(id, self, nic, at, choiceFor(network, nic.mac)?.testBridge))),
  Msvm_VirtualEthernetSwitch: { needs: ['machines'], isOfMany: true, of: switches },
  Msvm_ShutdownComponent: ofMachines(({ snapshot: { machine, power } }) => (power === 'running' ? [shutdownValues(machine.id)] : [])),
  Msvm_SyntheticEthernetPortSettingData: ofMachines(({ snapshot: { machine: { id, definition } } }) => definition.nics.map((nic, at) => ethernetValues(id, nic, at))),
  Msvm_FailoverNetworkAdapterSettingData: ofMachines(({ snapshot: { machine } }) => machine.definition.nics.map((_, at) => failoverEthernetValues(machine, at))),
  Msvm_ProcessorSettingData: {
    needs: ['machines'],
    of: ({ families, hardware }) => [
      ...DEFINITIONS.processors(hardware),
      ...families.map(({ snapshot: { machine } }) => processorValues(INSTANCE_IDS.Msvm_ProcessorSettingData(machine.id), machine.definition.cpuCount)),
    ],
  },
  Msvm_MemorySettingData: {
    needs: ['machines'],
    of: ({ families, hardware }) => [
      ...DEFINITIONS.memory(hardware),
      ...families.map(({ snapshot: { machine } }) => memoryValues(INSTANCE_IDS.Msvm_MemorySettingData(machine.id), machine.definition.memoryMiB)),
    ],
  },
  Msvm_ConcreteJob: { needs: ['jobs'], of: ({ jobs, nowMs, language }) => jobs.map((job) => jobValues(job, nowMs, language)) },
  Msvm_ReplicationService: ofHost(({ host }) => [replicationServiceValues(host)]),
  Msvm_VirtualSystemManagementService: ofHost(({ host }) => [serviceValues('Msvm_VirtualSystemManagementService', host.self.name)]),
  Msvm_VirtualSystemSnapshotService: ofHost(({ host }) => [serviceValues('Msvm_VirtualSystemSnapshotService', host.self.name)]),
  Msvm_ReplicationServiceSettingData: ofHost(({ host }) => [serviceSettingsValues(host)]),
  Msvm_ReplicationAuthorizationSettingData: ofHost(({ host }) => host.authorizations.map(entryValues)),
  Msvm_ReplicationProvider: ofHost(() => [providerValues()]),
  Win32_ComputerSystem: ofHost(({ host, hardware }) => [cimv2.computerSystem(host.self.name, hardware)], CIMV2),
  Win32_ComputerSystemProduct: ofHost(({ hardware }) => [cimv2.product(hardware)], CIMV2),
  Win32_OperatingSystem: ofHost(({ host, hardware, nowMs }) => [cimv2.operatingSystem(host.self.name, hardware, nowMs)], CIMV2),
  Win32_Processor: ofHost(({ host, hardware }) => cimv2.processors(host.self.name, hardware), CIMV2),
  CIM_DataFile: ofHost(() => [], CIMV2),
};

/** One provider per class of the table. */
export const instanceProviders = (domain: Domain): readonly InstanceProvider[] =>
  Object.entries(CLASSES).map(([className, row]) => providerOf(domain, className, row));

function providerOf(domain: Domain, className: string, row: ClassRow): InstanceProvider {
  const namespace = row.namespace ?? VIRTUALIZATION;
  const emit = emitter(SCHEMA.classOf(namespace, className));
  const instances = (scope: Scope): CimInstance[] => row.of(scope).map(emit);
  const listing = { namespace, className, instances: async (caller: CimCaller) => instances(await wholeScope(domain, caller, row.needs)) };
  if (row.isOfMany) return listing;
  return {
    ...listing,
    find: async (caller: CimCaller, path: ObjectPath) => {
      const scope = (row.needs.length > 0 ? await scopeAround(domain, caller, path, row.needs) : undefined) ?? (await hostScope(domain, caller));
      return instances(scope).find(({ properties }) => [...path.keys].every(([key, value]) => isSameKey(properties.get(key) as KeyValue, value)));
    },
  };
}
