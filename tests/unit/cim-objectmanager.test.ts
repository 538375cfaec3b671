import assert from 'node:assert/strict';
import test from 'node:test';
import { CimError, type CimStatusName } from '../../src/cim/error.ts';
import type { CimInstance, CimValue, ObjectPath } from '../../src/cim/instance.ts';
import type { AssociationProvider, CimCaller, InstanceChange, InstanceProvider, Located } from '../../src/cim/manager.ts';
import { createObjectManager } from '../../src/cim/objectmanager.ts';
import { instancePath, isSamePath, parsePath } from '../../src/cim/path.ts';
import { SCHEMA, VIRTUALIZATION } from '../../src/cim/schema/published.ts';

const CALLER: CimCaller = { name: 'ann', role: 'administrator', from: 'test' };
const instance = (className: string, properties: Record<string, CimValue>): CimInstance => ({ kind: 'instance', className, properties: new Map(Object.entries(properties)) });

const system = (name: string, caption = 'Virtual Machine') =>
  instance('Msvm_ComputerSystem', { CreationClassName: 'Msvm_ComputerSystem', Name: name, ElementName: `machine ${name}`, Caption: caption, EnabledState: 2 });
const systemPath = (name: string) => instancePath(VIRTUALIZATION, 'Msvm_ComputerSystem', { CreationClassName: 'Msvm_ComputerSystem', Name: name });
const relationship = (name: string) => instance('Msvm_ReplicationRelationship', { InstanceID: `Microsoft:${name}\\HVR\\0`, ReplicationState: 3 });
const settings = (name: string) => instance('Msvm_ReplicationSettingData', { InstanceID: `Microsoft:${name}\\HVR\\0` });
const relationshipPath = (name: string) => instancePath(VIRTUALIZATION, 'Msvm_ReplicationRelationship', { InstanceID: `Microsoft:${name}\\HVR\\0` });
const settingsPath = (name: string) => instancePath(VIRTUALIZATION, 'Msvm_ReplicationSettingData', { InstanceID: `Microsoft:${name}\\HVR\\0` });

const NAMES = ['AAAA', 'BBBB', 'CCCC'];

interface Invoked {
  readonly path: ObjectPath;
  readonly parameters: ReadonlyMap<string, CimValue>;
}

function world() {
  const invoked: Invoked[] = [];
  const reads = { links: 0, relationships: 0 };
  const changed: CimInstance[] = [];
  const machines: InstanceProvider = {
    namespace: VIRTUALIZATION,
    className: 'Msvm_ComputerSystem',
    instances: async () => NAMES.map((name) => system(name)),
    find: async (_caller, path) => NAMES.filter((name) => isSamePath(systemPath(name), path)).map((name) => system(name))[0],
    methods: {
      RequestStateChange: async (_caller, path, parameters) => {
        invoked.push({ path, parameters });
        return { returnValue: 4096, out: new Map<string, CimValue>() };
      },
    },
  };
  const relationships: InstanceProvider = {
    namespace: VIRTUALIZATION,
    className: 'Msvm_ReplicationRelationship',
    instances: async () => {
      reads.relationships += 1;
      return NAMES.map(relationship);
    },
  };
  const settingData: InstanceProvider = {
    namespace: VIRTUALIZATION,
    className: 'Msvm_ReplicationSettingData',
    instances: async () => NAMES.map(settings),
    modify: async (_caller, _path, change) => void changed.push(change),
  };
  const services: InstanceProvider = {
    namespace: VIRTUALIZATION,
    className: 'Msvm_ReplicationService',
    instances: async () => [instance('Msvm_ReplicationService', { Name: 'replicasvc', CreationClassName: 'Msvm_ReplicationService', SystemName: 'HOST', SystemCreationClassName: 'Msvm_ComputerSystem' })],
  };
  const link = (className: string, near: string, far: string, ends: readonly (readonly [ObjectPath, ObjectPath])[]): AssociationProvider => ({
    namespace: VIRTUALIZATION,
    className,
    links: async () => {
      reads.links += 1;
      return ends.map(([left, right]) => instance(className, { [near]: left, [far]: right }));
    },
  });
  const manager = createObjectManager({
    schema: SCHEMA,
    instances: [machines, relationships, settingData, services],
    associations: [
      link('Msvm_SystemReplicationRelationship', 'Antecedent', 'Dependent', NAMES.map((name) => [systemPath(name), relationshipPath(name)])),
      link('Msvm_ReplicaSystemDependency', 'Antecedent', 'Dependent', [[systemPath('AAAA'), systemPath('BBBB')]]),
      link('Msvm_ElementSettingData', 'ManagedElement', 'SettingData', NAMES.map((name) => [relationshipPath(name), settingsPath(name)])),
    ],
  });
  return { manager, invoked, changed, reads };
}

const refused = async (status: CimStatusName, act: () => Promise<unknown>, message = /./) =>
  assert.rejects(act, (error: unknown) => error instanceof CimError && error.status === status && message.test(error.message));
const ids = (found: readonly Located[]) => found.map(({ path }) => [...path.keys.values()].at(-1));

test('An instance is found by all keys, by some, in any case, and through its superclass', async () => {
  const { manager } = world();
  for (const text of [
    'Msvm_ComputerSystem.CreationClassName="Msvm_ComputerSystem",Name="AAAA"',
    'ROOT/VIRTUALIZATION/V2:msvm_computersystem.name="aaaa"',
    '\\\\HOST\\root\\virtualization\\v2:CIM_ComputerSystem.Name=\'aaaa\'',

  ]) {
    const { path, instance: found } = await manager.get(CALLER, parsePath(text));
    assert.deepEqual(path, systemPath('AAAA'), text);
    assert.equal(found.properties.get('ElementName'), 'machine AAAA');
  }
  assert.equal((await manager.get(CALLER, parsePath('Msvm_ReplicationService'))).path.keys.get('SystemName'), 'HOST');
});

test('What cannot be found says why', async () => {
  const { manager } = world();
  await refused('notFound', () => manager.get(CALLER, systemPath('DDDD')), /Name="DDDD"/);
  await refused('invalidParameter', () => manager.get(CALLER, parsePath('Msvm_ComputerSystem.CreationClassName="Msvm_ComputerSystem"')), /fits 3/);
  await refused('invalidParameter', () => manager.get(CALLER, parsePath('Msvm_ComputerSystem.ElementName="x"')), /ElementName is no key/);
  await refused('invalidClass', () => manager.get(CALLER, parsePath('Msvm_Nothing.Name="x"')));
  await refused('invalidNamespace', () => manager.get(CALLER, parsePath('root/virtualization:Msvm_ComputerSystem.Name="x"')));
});

test('Instances of a class are those of its subclasses too, and none where there is no provider', async () => {
  const { manager } = world();
  assert.equal((await manager.instances(CALLER, VIRTUALIZATION, 'cim_computersystem')).length, 3);
  assert.equal((await manager.instances(CALLER, '\\root\\virtualization\\v2', 'CIM_SettingData')).length, 3);
  assert.equal((await manager.instances(CALLER, VIRTUALIZATION, 'CIM_Dependency')).length, 4);
  assert.equal((await manager.instances(CALLER, VIRTUALIZATION, 'Msvm_ConcreteJob')).length, 0);
  await refused('invalidClass', () => manager.instances(CALLER, VIRTUALIZATION, 'Msvm_Nothing'));
});

test('Associators are followed with and without each filter', async () => {
  const { manager } = world();
  const from = systemPath('aaaa');
  const all = await manager.associators(CALLER, from, {});
  assert.deepEqual(ids(all), ['Microsoft:AAAA\\HVR\\0', 'BBBB']);
  assert.deepEqual(ids(await manager.associators(CALLER, from, { resultClass: 'Msvm_ReplicationRelationship' })), ['Microsoft:AAAA\\HVR\\0']);
  assert.deepEqual(ids(await manager.associators(CALLER, from, { associationClass: 'msvm_replicasystemdependency' })), ['BBBB']);
  assert.deepEqual(ids(await manager.associators(CALLER, from, { associationClass: 'CIM_Dependency', role: 'antecedent', resultRole: 'dependent' })), ids(all));
  assert.deepEqual(ids(await manager.associators(CALLER, from, { role: 'Dependent' })), []);
  assert.deepEqual(ids(await manager.associators(CALLER, from, { resultRole: 'Antecedent' })), []);
  assert.deepEqual(ids(await manager.associators(CALLER, systemPath('BBBB'), { role: 'Dependent' })), ['AAAA']);
  assert.deepEqual(ids(await manager.associators(CALLER, relationshipPath('CCCC'), { associationClass: 'Msvm_ElementSettingData' })), ['Microsoft:CCCC\\HVR\\0']);
  await refused('invalidParameter', () => manager.associators(CALLER, from, { associationClass: 'Msvm_Nothing' }));
  await refused('invalidParameter', () => manager.associators(CALLER, from, { resultClass: 'Msvm_Nothing' }));
  await refused('notFound', () => manager.associators(CALLER, systemPath('DDDD'), {}));
});

test('References are the associations themselves, and only associations that can name the object are asked', async () => {
  const { manager, reads } = world();
  const found = await manager.references(CALLER, relationshipPath('AAAA'), { resultClass: 'CIM_Dependency' });
  assert.equal(reads.links, 1);
  assert.deepEqual(found.map(({ path }) => [path.className, path.keys.get('Dependent')]), [['Msvm_SystemReplicationRelationship', relationshipPath('AAAA')]]);
  const [link] = found;
  assert.ok(link);
  assert.deepEqual((await manager.get(CALLER, link.path)).path, link.path);
});

test('A provider that cannot find by key is read once for all that is looked up', async () => {
  const { manager, reads } = world();
  await manager.associators(CALLER, systemPath('AAAA'), {});
  assert.equal(reads.relationships, 1);
});

test('A query selects, traverses, and says what it selected', async () => {
  const { manager } = world();
  const query = (text: string, language = 'WQL') => manager.query(CALLER, 'ROOT\\virtualization\\v2', language, text);
  assert.deepEqual(ids((await query("select * from CIM_ComputerSystem where ElementName = 'machine bbbb'")).items), ['BBBB']);
  assert.deepEqual((await query('select elementname, name from Msvm_ComputerSystem')).projection, ['ElementName', 'Name']);
  assert.deepEqual(ids((await query('ASSOCIATORS OF {Msvm_ComputerSystem.Name="AAAA"} WHERE ResultClass = Msvm_ReplicationRelationship', 'DMTF:CQL')).items), ['Microsoft:AAAA\\HVR\\0']);
  assert.equal((await query('REFERENCES OF {Msvm_ComputerSystem.Name="AAAA"}')).items.length, 2);
  await refused('queryLanguageNotSupported', () => query('*', 'XPath'));
  await refused('invalidNamespace', () => manager.query(CALLER, 'root/virtualization', 'WQL', 'select * from Msvm_ComputerSystem'));
});

test('A method gets the object, its parameters by the schema\'s names and of their types', async () => {
  const { manager, invoked } = world();
  const outcome = await manager.invoke(CALLER, parsePath('CIM_ComputerSystem.Name="bbbb"'), 'requeststatechange', new Map<string, CimValue>([['REQUESTEDSTATE', '2'], ['timeoutperiod', 'PT60S']]));
  assert.equal(outcome.returnValue, 4096);
  assert.deepEqual(invoked[0]?.path, systemPath('BBBB'));
  assert.deepEqual([...(invoked[0]?.parameters ?? [])], [['RequestedState', 2], ['TimeoutPeriod', { kind: 'interval', microseconds: 60_000_000n }]]);
});

test('A method that is unknown, not offered or wrongly called is refused with the right status', async () => {
  const { manager } = world();
  const call = (method: string, parameters: Record<string, CimValue>, name = 'AAAA') => () => manager.invoke(CALLER, systemPath(name), method, new Map(Object.entries(parameters)));
  await refused('methodNotFound', call('Destroy', {}));
  await refused('methodNotAvailable', call('InjectNonMaskableInterrupt', {}));
  await refused('notFound', call('RequestStateChange', {}, 'DDDD'));
  await refused('invalidParameter', call('RequestStateChange', { State: '2' }), /State is no parameter.*RequestedState, TimeoutPeriod/);
  await refused('invalidParameter', call('RequestStateChange', { Job: null }), /Job is no parameter/);
  await refused('typeMismatch', call('RequestStateChange', { RequestedState: 'on' }), /RequestedState: "on" is no uint16/);
  await refused('typeMismatch', call('RequestStateChange', { RequestedState: '70000' }));
});

test('Only what its provider lets a client change, make or delete is changed, made or deleted', async () => {
  const { manager, changed } = world();
  await manager.modify(CALLER, settingsPath('AAAA'), instance('Msvm_ReplicationSettingData', { recoveryhistory: '4', Notes: null }));
  assert.deepEqual([...(changed[0]?.properties ?? [])], [['RecoveryHistory', 4], ['Notes', null]]);
  await refused('noSuchProperty', () => manager.modify(CALLER, settingsPath('AAAA'), instance('Msvm_ReplicationSettingData', { History: '4' })), /History/);
  await refused('notSupported', () => manager.modify(CALLER, systemPath('AAAA'), system('AAAA')));
  await refused('notSupported', () => manager.create(CALLER, VIRTUALIZATION, system('EEEE')));
  await refused('notSupported', () => manager.remove(CALLER, systemPath('AAAA')));
});

test('A change is told to those who watch and to nobody who stopped', () => {
  const { manager } = world();
  const told: string[] = [];
  const change: InstanceChange = { kind: 'modification', target: { path: systemPath('AAAA'), instance: system('AAAA') }, previous: null, atMs: 1 };
  const stop = manager.watch(() => void told.push('first'));
  manager.watch(() => void told.push('second'));
  manager.publish(change);
  stop();
  manager.publish(change);
  assert.deepEqual(told, ['first', 'second', 'second']);
});
