/** The ways that clients go: from a machine and from the service to everything that belongs to them, with and without the association's class. */
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import type { ObjectPath } from '../../src/cim/instance.ts';
import type { AssociatorFilter } from '../../src/cim/manager.ts';
import { parsePath } from '../../src/cim/path.ts';
import { VIRTUALIZATION } from '../../src/cim/schema/published.ts';
import { guidOf, hostPath, instancePath, machinePath, servicePath } from '../../src/providers/objectpaths.ts';
import { HOST, sceneOf, VIEWER, type Scene } from './cimhost.ts';

let scene: Scene;
before(async () => {
  scene = await sceneOf();
});

const related = async (from: ObjectPath, filter: AssociatorFilter) => (await scene.host.manager.associators(VIEWER, from, filter)).map(({ instance }) => instance);
const idsOf = async (from: ObjectPath, filter: AssociatorFilter): Promise<unknown[]> => (await related(from, filter)).map(({ properties }) => properties.get('InstanceID') ?? properties.get('Name'));
const vm = (id: string): string => `Microsoft:${guidOf(id)}`;

describe('from a machine', () => {
  test('its relationship, by result class alone and with the association\'s class', async () => {
    const expected = [`${vm(scene.replica.id)}\\HVR\\0`];
    assert.deepEqual(await idsOf(machinePath(scene.replica.id), { resultClass: 'Msvm_ReplicationRelationship' }), expected);
    assert.deepEqual(await idsOf(machinePath(scene.replica.id), { associationClass: 'Msvm_SystemReplicationRelationship', resultRole: 'Dependent' }), expected);
  });

  test('its replication settings, also when it is not replicated', async () => {
    for (const { id } of [scene.plain, scene.primary, scene.replica, scene.copy]) {
      assert.deepEqual(await idsOf(machinePath(id), { resultClass: 'Msvm_ReplicationSettingData' }), [`${vm(id)}\\HVR`]);
      assert.deepEqual(await idsOf(machinePath(id), { associationClass: 'Msvm_ElementSettingData', resultClass: 'Msvm_ReplicationSettingData' }), [`${vm(id)}\\HVR`]);
    }
  });

  test('its recovery points, of which it is the antecedent, and the newest by itself', async () => {
    const expected = scene.points.map(({ id }) => vm(id));
    assert.deepEqual(await idsOf(machinePath(scene.replica.id), { associationClass: 'Msvm_SnapshotOfVirtualSystem', role: 'Antecedent', resultRole: 'Dependent' }), expected);
    assert.deepEqual(await idsOf(machinePath(scene.replica.id), { associationClass: 'Msvm_SnapshotOfVirtualSystem', role: 'Dependent' }), []);
    assert.deepEqual(await idsOf(machinePath(scene.replica.id), { associationClass: 'Msvm_MostCurrentSnapshotInBranch' }), expected.slice(-1));
  });

  test('its own settings without its points, then its disks', async () => {
    assert.deepEqual(await idsOf(machinePath(scene.replica.id), { associationClass: 'Msvm_SettingsDefineState' }), [vm(scene.replica.id)]);
    const disks = await related(instancePath('Msvm_VirtualSystemSettingData', scene.replica.id), { associationClass: 'Msvm_VirtualSystemSettingDataComponent', resultClass: 'Msvm_StorageAllocationSettingData' });
    assert.deepEqual(disks.map(({ properties }) => [properties.get('ElementName'), properties.get('ResourceType')]), [['root', 31], ['data', 31]]);
  });

  test('its processors, memory and network adapters, and what an adapter gets after a failover', async () => {
    const settings = instancePath('Msvm_VirtualSystemSettingData', scene.plain.id);
    const count = async (resultClass: string) => (await related(settings, { associationClass: 'Msvm_VirtualSystemSettingDataComponent', resultClass })).length;
    assert.deepEqual(await Promise.all(['Msvm_ProcessorSettingData', 'Msvm_MemorySettingData', 'Msvm_SyntheticEthernetPortSettingData', 'CIM_ResourceAllocationSettingData'].map(count)), [1, 1, 2, 11]);
    const [adapter] = await scene.host.manager.associators(VIEWER, settings, { resultClass: 'Msvm_SyntheticEthernetPortSettingData' });
    assert.equal((await idsOf(adapter!.path, { associationClass: 'Msvm_EthernetPortFailoverSettingDataComponent' })).length, 1);
  });

  test('from a disk by way of its drive to the controller, each the Parent of the one before', async () => {
    const [disk] = await related(instancePath('Msvm_VirtualSystemSettingData', scene.plain.id), { resultClass: 'Msvm_StorageAllocationSettingData' });
    const parentOf = async (properties: ReadonlyMap<string, unknown>) => (await scene.host.manager.get(VIEWER, parsePath(String(properties.get('Parent'))))).instance.properties;
    const drive = await parentOf(disk!.properties);
    const controller = await parentOf(drive);
    assert.deepEqual([drive.get('ResourceType'), drive.get('AddressOnParent'), controller.get('ResourceType'), controller.get('Parent')], [17, '0', 6, null]);
  });

  test('what a connected adapter is plugged into is a switch that is found by its path, and nothing for another', async () => {
    const connections = await related(instancePath('Msvm_VirtualSystemSettingData', scene.plain.id), { resultClass: 'Msvm_EthernetPortAllocationSettingData' });
    const [bridged, alone] = connections.map(({ properties }) => properties);
    assert.deepEqual([alone!.get('HostResource'), alone!.get('EnabledState')], [null, 3]);
    const [switchPath] = bridged!.get('HostResource') as string[];
    const { instance } = await scene.host.manager.get(VIEWER, parsePath(switchPath!));
    assert.equal(instance.properties.get('ElementName'), 'br0');
    assert.match(String(instance.properties.get('Name')), /^[0-9A-F]{8}-[0-9A-F]{4}-8[0-9A-F]{3}-8[0-9A-F]{3}-[0-9A-F]{12}$/);
    const query = async (condition: string) => (await scene.host.manager.query(VIEWER, VIRTUALIZATION, 'WQL', `SELECT * FROM Msvm_VirtualEthernetSwitch WHERE ${condition}`)).items.length;
    assert.deepEqual(await Promise.all([query(`__PATH = '${switchPath!.replaceAll('\\', '\\\\')}'`), query('HealthState = 5'), query("ElementName = 'br1'")]), [1, 1, 0]);
  });

  test('only a guest that runs can be asked to shut down', async () => {
    const devicesOf = async (id: string) => (await related(machinePath(id), { associationClass: 'Msvm_SystemDevice', resultClass: 'Msvm_ShutdownComponent' })).length;
    assert.deepEqual(await Promise.all([scene.primary, scene.plain, scene.replica].map(({ id }) => devicesOf(id))), [1, 0, 0]);
  });

  test('its jobs and no other machine\'s', async () => {
    const jobs = await related(machinePath(scene.primary.id), { associationClass: 'Msvm_AffectedJobElement', resultClass: 'Msvm_ConcreteJob' });
    assert.deepEqual(jobs.map(({ properties }) => properties.get('JobType')).sort(), [105, 94].sort());
  });

  test('a replica and its test failover\'s copy, from either', async () => {
    assert.deepEqual(await idsOf(machinePath(scene.replica.id), { associationClass: 'Msvm_ReplicaSystemDependency', resultRole: 'Dependent' }), [guidOf(scene.copy.id)]);
    assert.deepEqual(await idsOf(machinePath(scene.copy.id), { associationClass: 'Msvm_ReplicaSystemDependency', resultRole: 'Antecedent' }), [guidOf(scene.replica.id)]);
  });

  test('the point that it runs on after a failover', async () => {
    assert.deepEqual(await idsOf(machinePath(scene.failedOver.id), { associationClass: 'Msvm_LastAppliedSnapshot' }), [vm(scene.failoverPoint.id)]);
    assert.deepEqual(await idsOf(machinePath(scene.replica.id), { associationClass: 'Msvm_LastAppliedSnapshot' }), []);
  });

  test('a lower-case GUID and a class above its own name it too', async () => {
    const path: ObjectPath = { kind: 'path', namespace: VIRTUALIZATION, className: 'cim_computersystem', keys: new Map([['creationclassname', 'msvm_computersystem'], ['NAME', scene.replica.id]]) };
    assert.deepEqual(await idsOf(path, { resultClass: 'Msvm_ReplicationRelationship' }), [`${vm(scene.replica.id)}\\HVR\\0`]);
  });
});

describe('from a recovery point', () => {
  test('its machine, and the point after it', async () => {
    const [first, second] = scene.points;
    const path = instancePath('Msvm_VirtualSystemSettingData', first!.id);
    assert.deepEqual(await idsOf(path, { associationClass: 'Msvm_SnapshotOfVirtualSystem' }), [guidOf(scene.replica.id)]);
    assert.deepEqual(await idsOf(path, { associationClass: 'Msvm_ParentChildSettingData', resultRole: 'Dependent' }), [vm(second!.id)]);
  });

  test('its Parent is a path that names the point before it', async () => {
    const { instance } = await scene.host.manager.get(VIEWER, instancePath('Msvm_VirtualSystemSettingData', scene.points[2]!.id));
    const text = String(instance.properties.get('Parent'));
    assert.match(text, /^\\\\alpha\.example\\root\\virtualization\\v2:Msvm_VirtualSystemSettingData\.InstanceID="Microsoft:/);
    const { instance: parent } = await scene.host.manager.get(VIEWER, parsePath(text));
    assert.equal(parent.properties.get('InstanceID'), vm(scene.points[1]!.id));
  });
});

describe('from the host', () => {
  test('its services, and from the replication service its settings and entries', async () => {
    assert.deepEqual((await idsOf(hostPath(HOST), { associationClass: 'Msvm_HostedService' })).length, 3);
    const service = servicePath('Msvm_ReplicationService', HOST);
    assert.equal((await related(service, { resultClass: 'Msvm_ReplicationServiceSettingData' })).length, 1);
    const entries = await related(service, { resultClass: 'Msvm_ReplicationAuthorizationSettingData' });
    assert.deepEqual(entries.map(({ properties }) => properties.get('AllowedPrimaryHostSystem')).sort(), ['*.other.example', 'beta.example']);
  });

  test('a replica to the entry by which it is here', async () => {
    const [entry, ...others] = await related(machinePath(scene.replica.id), { resultClass: 'Msvm_ReplicationAuthorizationSettingData' });
    assert.deepEqual([entry?.properties.get('AllowedPrimaryHostSystem'), others], ['beta.example', []]);
    assert.deepEqual(await related(machinePath(scene.primary.id), { resultClass: 'Msvm_ReplicationAuthorizationSettingData' }), []);
  });

  test('the management service to every machine and to the host', async () => {
    const names = await idsOf(servicePath('Msvm_VirtualSystemManagementService', HOST), { associationClass: 'Msvm_ServiceAffectsElement' });
    const machines = [scene.plain, scene.primary, scene.replica, scene.copy, scene.failedOver].map(({ id }) => guidOf(id));
    assert.deepEqual(names.sort(), [HOST, ...machines].sort());
  });
});
