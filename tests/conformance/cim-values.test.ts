/** What the instances say of a host whose state is known, in the numbers that are documented. */
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import type { CimTimestamp, CimValue, ObjectPath } from '../../src/cim/instance.ts';
import { CIMV2, VIRTUALIZATION } from '../../src/cim/schema/published.ts';
import type { Point } from '../../src/machine/records.ts';
import { guidOf, hostPath, instancePath, machinePath } from '../../src/providers/objectpaths.ts';
import { CimHost, HARDWARE, HOST, PEER, sceneOf, VIEWER, type Scene } from './cimhost.ts';

let scene: Scene;
before(async () => {
  scene = await sceneOf();
});

const valuesAt = async (path: ObjectPath, host: CimHost = scene.host): Promise<Readonly<Record<string, CimValue>>> => Object.fromEntries((await host.manager.get(VIEWER, path)).instance.properties);
const pick = (values: Readonly<Record<string, CimValue>>, ...names: string[]): CimValue[] => names.map((name) => values[name] ?? null);
const momentMs = (value: CimValue | undefined): number => (value as CimTimestamp).epochMs;
const only = async (className: string, namespace = CIMV2): Promise<Readonly<Record<string, CimValue>>> => {
  const [found, ...others] = await scene.host.manager.instances(VIEWER, namespace, className);
  assert.deepEqual(others, []);
  return Object.fromEntries(found!.instance.properties);
};

describe('a machine', () => {
  test('is told from its host by its description, and is named by its GUID', async () => {
    assert.deepEqual(pick(await valuesAt(machinePath(scene.plain.id)), 'Description', 'Name', 'ElementName'), ['Microsoft Virtual Machine', guidOf(scene.plain.id), 'plain']);
    assert.deepEqual(pick(await valuesAt(hostPath(HOST)), 'Description', 'Name', 'EnabledState'), ['Microsoft Hosting Computer System', HOST, 2]);
  });

  test('says its power, and its place in replication', async () => {
    const said = async (id: string) => pick(await valuesAt(machinePath(id)), 'EnabledState', 'ReplicationMode', 'ReplicationState', 'FailedOverReplicationType');
    assert.deepEqual(await said(scene.plain.id), [3, 0, 0, 0]);
    assert.deepEqual(await said(scene.primary.id), [2, 1, 3, 0]);
    assert.deepEqual(await said(scene.replica.id), [3, 2, 3, 0]);
    assert.deepEqual(await said(scene.copy.id), [3, 3, 0, 0]);
    assert.deepEqual(await said(scene.failedOver.id), [9, 2, 5, 1]);
  });

  test('says its process and how long it runs while it runs only', async () => {
    assert.deepEqual(pick(await valuesAt(machinePath(scene.primary.id)), 'ProcessID', 'OnTimeInMilliseconds'), [4_711, 60_000n]);
    assert.deepEqual(pick(await valuesAt(machinePath(scene.plain.id)), 'ProcessID', 'OnTimeInMilliseconds'), [null, 0n]);
  });

  test('says the state that was last asked of it, and 12 before', async () => {
    const { requestedStates } = scene.host.host;
    assert.deepEqual(pick(await valuesAt(machinePath(scene.plain.id)), 'RequestedState', 'AvailableRequestedStates'), [12, [2]]);
    requestedStates.set(scene.plain.id, 3);
    assert.deepEqual(pick(await valuesAt(machinePath(scene.plain.id)), 'RequestedState'), [3]);
    assert.deepEqual(pick(await valuesAt(machinePath(scene.replica.id)), 'AvailableRequestedStates'), [null]);
  });

  test('has the firmware\'s GUID in braces, its first three groups byte-swapped', async () => {
    const host = new CimHost();
    const id = '00112233-4455-6677-8899-aabbccddeeff';
    host.state.putMachine({ ...host.addMachine('guid'), id, name: 'guid too' });
    assert.equal((await valuesAt(instancePath('Msvm_VirtualSystemSettingData', id), host))['BIOSGUID'], '{33221100-5544-7766-8899-AABBCCDDEEFF}');
  });

  test('says its generation, memory, processors, disks and adapters as they are defined', async () => {
    const { id, definition, stacks } = scene.plain;
    assert.equal((await valuesAt(instancePath('Msvm_VirtualSystemSettingData', id)))['VirtualSystemSubType'], 'Microsoft:Hyper-V:SubType:2');
    assert.deepEqual(pick(await valuesAt(instancePath('Msvm_MemorySettingData', id)), 'VirtualQuantity', 'AllocationUnits'), [1_024n, 'byte * 2^20']);
    assert.deepEqual(pick(await valuesAt(instancePath('Msvm_ProcessorSettingData', id)), 'VirtualQuantity'), [2n]);
    assert.deepEqual(pick(await valuesAt(instancePath('Msvm_StorageAllocationSettingData', id, 'root')), 'HostResource', 'VirtualQuantity', 'VirtualResourceBlockSize'), [[stacks[0]!.layers[0]!.path], 2_097_152n, 512n]);
    assert.deepEqual(pick(await valuesAt(instancePath('Msvm_SyntheticEthernetPortSettingData', id, 0)), 'Address', 'HostResource'), [definition.nics[0]!.mac.replaceAll(':', '').toUpperCase(), ['br0']]);
  });
});

describe('a relationship', () => {
  test('is there for every machine, in state 0 where there is none', async () => {
    assert.deepEqual(pick(await valuesAt(instancePath('Msvm_ReplicationRelationship', scene.plain.id)), 'InstanceID', 'ReplicationState', 'ReplicationHealth', 'LastReplicationTime'), [`Microsoft:${guidOf(scene.plain.id)}\\HVR\\0`, 0, 0, null]);
  });

  test('says its state, its health and the moment of its newest point', async () => {
    const values = await valuesAt(instancePath('Msvm_ReplicationRelationship', scene.replica.id));
    assert.deepEqual(pick(values, 'ReplicationState', 'ElementName'), [3, 'replica']);
    assert.equal(values['ReplicationHealth'], 3, 'it is years behind');
    assert.equal(momentMs(values['LastReplicationTime']), scene.points.at(-1)!.instantMs);
    assert.equal((await valuesAt(instancePath('Msvm_ReplicationRelationship', scene.primary.id)))['ReplicationHealth'], 1);
  });

  test('names its hosts from both sides, and a replica\'s connection point to its primary is a paired host', async () => {
    const names = ['PrimaryConnectionPoint', 'PrimaryHostSystem', 'RecoveryConnectionPoint', 'RecoveryHostSystem', 'RecoveryServerPortNumber'];
    assert.deepEqual(pick(await valuesAt(instancePath('Msvm_ReplicationSettingData', scene.primary.id)), ...names), [HOST, HOST, PEER, PEER, 7_543]);
    assert.deepEqual(pick(await valuesAt(instancePath('Msvm_ReplicationSettingData', scene.replica.id)), ...names), [PEER, PEER, HOST, HOST, 0]);
    assert.deepEqual(pick(await valuesAt(instancePath('Msvm_ReplicationSettingData', scene.plain.id)), ...names), [null, null, null, null, 0]);
  });

  test('has the settings that are in force, or the defaults', async () => {
    const names = ['ReplicationInterval', 'RecoveryHistory', 'CompressionEnabled', 'AuthenticationType', 'AdditionalSettings', 'ApplicationConsistentSnapshotInterval', 'AutoResynchronizeEnabled', 'EnableWriteOrderPreservationAcrossDisks'];
    assert.deepEqual(pick(await valuesAt(instancePath('Msvm_ReplicationSettingData', scene.primary.id)), ...names), [300, 4, true, 2, '{"pointIntervalSeconds":600}', 0, false, true]);
    assert.deepEqual(pick(await valuesAt(instancePath('Msvm_ReplicationSettingData', scene.plain.id)), ...names), [300, 0, true, 2, '{}', 0, false, true]);
    const { IncludedDisks, AutoResynchronizeIntervalStart } = await valuesAt(instancePath('Msvm_ReplicationSettingData', scene.plain.id));
    assert.deepEqual(IncludedDisks, ['root', 'data'].map((disk) => `\\\\${HOST}\\root\\virtualization\\v2:Msvm_StorageAllocationSettingData.InstanceID="Microsoft:${guidOf(scene.plain.id)}\\\\Disk\\\\${disk}"`));
    assert.deepEqual(AutoResynchronizeIntervalStart, { kind: 'interval', microseconds: BigInt(18.5 * 3_600) * 1_000_000n });
  });

  test('says a planned failover as the last replication and as the failover that was done', async () => {
    const host = new CimHost();
    const prepared = host.addMachine('prepared');
    const over = host.addMachine('over');
    host.addRelationship(prepared, { side: 'primary', state: 4, token: 't', newestPointId: 'p', newestInstantMs: 1 });
    host.addRelationship(over, { side: 'replica', state: 5, newestPointId: 'p', newestInstantMs: 1, failover: { pointId: host.addPoint(over, 1, { kind: 'planned' }).id, planned: true, trackId: 't', layers: [], fromState: 3 } });
    const types = ['LastReplicationType', 'FailedOverReplicationType'];
    assert.deepEqual(pick(await valuesAt(instancePath('Msvm_ReplicationRelationship', prepared.id), host), ...types), [3, 0]);
    assert.deepEqual(pick(await valuesAt(instancePath('Msvm_ReplicationRelationship', over.id), host), ...types), [3, 3]);
  });
});

describe('a recovery point', () => {
  test('is settings of its own id, of its moment, of its machine and of one of the three kinds', async () => {
    const kindOf = async (point: Point) => {
      const values = await valuesAt(instancePath('Msvm_VirtualSystemSettingData', point.id));
      assert.deepEqual([momentMs(values['CreationTime']), values['VirtualSystemIdentifier'], values['InstanceID']], [point.instantMs, guidOf(scene.replica.id), `Microsoft:${guidOf(point.id)}`]);
      return String(values['VirtualSystemType']).replace('Microsoft:Hyper-V:Snapshot:Replica:', '');
    };
    assert.deepEqual(await Promise.all(scene.points.map(kindOf)), ['Standard', 'ApplicationConsistent', 'Standard', 'PlannedFailover']);
  });

  test('is not among the settings that machines run by', async () => {
    const found = await scene.host.manager.query(VIEWER, VIRTUALIZATION, 'WQL', "SELECT * FROM Msvm_VirtualSystemSettingData WHERE VirtualSystemType = 'Microsoft:Hyper-V:System:Realized'");
    assert.deepEqual(found.items.map(({ instance }) => instance.properties.get('ElementName')).sort(), ['failed-over', 'plain', 'primary', 'replica', 'replica - Test']);
  });
});

describe('a job', () => {
  const job = async (at: number) => valuesAt(instancePath('Msvm_ConcreteJob', scene.jobs[at]!.id));

  test('says whether it runs, how it ended, and what it was', async () => {
    const states = await Promise.all([0, 1, 2, 3].map(async (at) => pick(await job(at), 'JobState', 'JobType', 'PercentComplete', 'Cancellable')));
    assert.deepEqual(states, [[7, 105, 100, false], [4, 94, 40, true], [10, 97, 10, false], [8, 13, 100, false]]);
  });

  test('that failed names the number, the reason and what is allowed', async () => {
    assert.deepEqual(pick(await job(2), 'ErrorCode', 'ErrorDescription', 'ErrorSummaryDescription'), [32_775, 'the state is wrong. Allowed now: resume.', 'the state is wrong']);
    assert.deepEqual(pick(await job(0), 'ErrorCode', 'ErrorDescription'), [0, null]);
  });

  test('is timed in UTC, and is kept longer than five minutes', async () => {
    const values = await job(0);
    assert.deepEqual([momentMs(values['StartTime']), values['ElapsedTime'], values['LocalOrUtcTime']], [1_700_000_000_000, { kind: 'interval', microseconds: 2_500_000n }, 2]);
    assert.deepEqual(values['TimeBeforeRemoval'], { kind: 'interval', microseconds: 300_000_000n });
  });
});

describe('the host in root/cimv2', () => {
  test('has its memory in bytes and in KiB, where each is asked for', async () => {
    assert.equal((await only('Win32_ComputerSystem'))['TotalPhysicalMemory'], BigInt(HARDWARE.memoryBytes));
    assert.deepEqual(pick(await only('Win32_OperatingSystem'), 'TotalVisibleMemorySize', 'FreePhysicalMemory'), [67_108_864n, 33_554_432n]);
  });

  test('has its sockets, cores, threads and clocks', async () => {
    assert.deepEqual(pick(await only('Win32_ComputerSystem'), 'NumberOfProcessors', 'NumberOfLogicalProcessors'), [2, 16]);
    const processors = await scene.host.manager.instances(VIEWER, CIMV2, 'Win32_Processor');
    assert.deepEqual(processors.map(({ instance: { properties } }) => ['NumberOfCores', 'NumberOfLogicalProcessors', 'MaxClockSpeed', 'LoadPercentage', 'Architecture', 'Name'].map((name) => properties.get(name))), [0, 1].map(() => [4, 8, 2_400, 7, 9, 'Test CPU']));
    assert.equal((await scene.host.manager.instances(VIEWER, CIMV2, 'Win32_ComputerSystemProcessor')).length, 2);
  });

  test('says who it is and since when it runs', async () => {
    assert.deepEqual(pick(await only('Win32_ComputerSystem'), 'Name', 'DNSHostName', 'Domain', 'Manufacturer'), [HOST, 'alpha', 'example', 'Acme']);
    assert.deepEqual(pick(await only('Win32_ComputerSystemProduct'), 'UUID', 'IdentifyingNumber', 'Vendor'), [guidOf(HARDWARE.uuid), 'SN-7', 'Acme']);
    const system = await only('Win32_OperatingSystem');
    assert.equal(momentMs(system['LastBootUpTime']), HARDWARE.system.bootedMs);
    assert.ok(Math.abs(momentMs(system['LocalDateTime']) - Date.now()) < 60_000);
  });

  test('has no files', async () => {
    assert.deepEqual(await scene.host.manager.instances(VIEWER, CIMV2, 'CIM_DataFile'), []);
  });
});
