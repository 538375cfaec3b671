/** Replication settings as text: every form, every rule, what is left out, what is only told. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CimValue } from '../../src/cim/instance.ts';
import { instancePath, machinePath } from '../../src/providers/objectpaths.ts';
import { ADMINISTRATOR, CimBench, withValue } from './cimbench.ts';

const SETTINGS = 'ReplicationSettingData';

async function created(seed: string) {
  const bench = await CimBench.enabled(seed);
  const id = bench.addMachine();
  const text = withValue(await bench.settingsText(bench.a, id), 'RecoveryConnectionPoint', 'B');
  const create = (settings: CimValue) => bench.call(bench.a, 'CreateReplicationRelationship', { ComputerSystem: machinePath(id), [SETTINGS]: settings });
  return { bench, id, text, create, settings: () => bench.a.simulated.state.relationshipOf(id)?.settings };
}

test('a relationship is created from the default settings with nothing but the recovery host filled in', async () => {
  const { bench, id, text, create, settings } = await created('create');
  const { job } = await bench.succeeds(bench.a, create(text));
  const { state, side } = bench.a.simulated.state.relationshipOf(id)!;
  assert.deepEqual([state, side, bench.b.simulated.state.relationshipOf(id)?.state, job['JobType']], [1, 'primary', 2, 91]);
  assert.deepEqual(settings(), { intervalSeconds: 300, compression: true, disks: ['a', 'b'], recoveryHistory: 0, additional: {} });
  await bench.fails(bench.a, create(text), 32_775, /replicated already/);
});

for (const [form, text] of Object.entries({
  'CIM DTD 2.0 with an XML declaration': '<?xml version="1.0" encoding="utf-16"?>\n<INSTANCE CLASSNAME="Msvm_ReplicationSettingData"><PROPERTY NAME="RecoveryConnectionPoint" TYPE="string"><VALUE>b</VALUE></PROPERTY><PROPERTY NAME="RecoveryHistory" TYPE="uint16"><VALUE>24</VALUE></PROPERTY></INSTANCE>',
  'WMI DTD 2.0': '<INSTANCE CLASSNAME="Msvm_ReplicationSettingData"><QUALIFIER NAME="dynamic" TYPE="boolean"><VALUE>TRUE</VALUE></QUALIFIER><PROPERTY NAME="__PATH" CLASSORIGIN="___SYSTEM" TYPE="string"><VALUE>x</VALUE></PROPERTY><PROPERTY NAME="RecoveryConnectionPoint" CLASSORIGIN="Msvm_ReplicationSettingData" TYPE="string"><VALUE>10.0.0.2:7443</VALUE></PROPERTY><PROPERTY NAME="recoveryhistory" TYPE="string"><VALUE>24</VALUE></PROPERTY></INSTANCE>',
  MOF: 'instance of Msvm_ReplicationSettingData { RecoveryConnectionPoint = "10.0.0.2"; RecoveryHistory = 24; };',
})) {
  test(`settings are read as ${form}`, async () => {
    const { bench, create, settings } = await created(`form ${form}`);
    await bench.succeeds(bench.a, create(text));
    assert.equal(settings()?.recoveryHistory, 24);
  });
}

const BAD: readonly (readonly [property: string, value: string, returnValue: number, why: RegExp])[] = [
  ['ReplicationInterval', '60', 32_773, /ReplicationInterval cannot be 60: allowed is 30, 300 or 900/],
  ['RecoveryHistory', '25', 32_773, /0 to 24/],
  ['ApplicationConsistentSnapshotInterval', '4', 32_773, /recovery history is 0/],
  ['ApplicationConsistentSnapshotInterval', '13', 32_773, /0 to 12/],
  ['AuthenticationType', '1', 32_770, /Kerberos.*use 2/],
  ['AuthenticationType', '7', 32_773, /AuthenticationType cannot be 7/],
  ['RecoveryConnectionPoint', 'nowhere', 32_777, /not paired.*understudy host invite/],
  ['RecoveryConnectionPoint', 'A', 32_773, /this is A itself/],
  ['RecoveryServerPortNumber', '443', 32_773, /0 or 7443/],
  ['CertificateThumbPrint', 'FFFF', 32_773, /the certificate of A/],
  ['AdditionalSettings', '{"cycleIntervalMs":1}', 32_773, /cycleIntervalMs.*200 to 29999/],
  ['AdditionalSettings', '{"speed":1}', 32_773, /speed/],
  ['AdditionalSettings', '[1]', 32_773, /JSON object/],
  ['AutoResynchronizeIntervalStart', '00000001000000.000000:000', 32_773, /24 hours/],
  ['AutoResynchronizeIntervalStart', '20240101000000.000000+000', 32_773, /an interval below 24 hours/],
  ['CompressionEnabled', 'maybe', 32_776, /CompressionEnabled.*no boolean/],
  ['ReplicationInterval', 'often', 32_776, /ReplicationInterval.*no uint16/],
  ['InstanceID', 'Microsoft:00000000-0000-0000-0000-000000000000\\HVR', 32_773, /the settings of other/],
];

test('every value that a setting cannot have is rejected by name, and nothing is created', async () => {
  const { bench, text, create, settings } = await created('bad values');
  for (const [property, value, returnValue, why] of BAD) await bench.fails(bench.a, create(withValue(text, property, value)), returnValue, why);
  await bench.fails(bench.a, create(null), 32_773, /ReplicationSettingData/);
  await bench.fails(bench.a, create(withValue(text, 'RecoveryConnectionPoint', null)), 32_773, /RecoveryConnectionPoint.*B/);
  await bench.fails(bench.a, create('<INSTANCE'), 32_773, /embedded instance/);
  await bench.fails(bench.a, create('<INSTANCE CLASSNAME="Msvm_ReplicationSettingData"><PROPERTY NAME="Speed" TYPE="string"><VALUE>1</VALUE></PROPERTY></INSTANCE>'), 32_773, /Speed/);
  await bench.fails(bench.a, create('<INSTANCE CLASSNAME="Msvm_NoSuchClass"></INSTANCE>'), 32_773, /Msvm_NoSuchClass/);
  await bench.fails(bench.a, create('<INSTANCE CLASSNAME="Msvm_ComputerSystem"></INSTANCE>'), 32_776, /Msvm_ReplicationSettingData is expected/);
  assert.equal(settings(), undefined);
});

test('a port of null or 0 is the peer\'s, and a null authentication type the certificates', async () => {
  const { bench, text, create } = await created('nulls');
  await bench.succeeds(bench.a, create(withValue(withValue(withValue(text, 'RecoveryServerPortNumber', null), 'AuthenticationType', null), 'CertificateThumbPrint', 'AA-BB')));
});

test('disks are included by path or by text, null means all, and an unknown one is named', async () => {
  const { bench, id, text, create, settings } = await created('disks');
  const disk = `\\\\A\\root\\virtualization\\v2:Msvm_StorageAllocationSettingData.InstanceID="${(instancePath('Msvm_StorageAllocationSettingData', id, 'b').keys.get('InstanceID') as string).replaceAll('\\', '\\\\')}"`;
  const included = (value: string | null) => text.replace(/(<PROPERTY.ARRAY NAME="IncludedDisks"[^>]*>).*?(<\/PROPERTY.ARRAY>)/s, (_whole, head: string, tail: string) => `${head}${value === null ? '' : `<VALUE.ARRAY><VALUE>${value}</VALUE></VALUE.ARRAY>`}${tail}`);
  const escaped = (plain: string) => plain.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
  await bench.fails(bench.a, create(included(escaped(disk.replace('Disk\\\\b', 'Disk\\\\z')))), 32_773, /IncludedDisks.*Disk\\z/);
  await bench.succeeds(bench.a, create(included(escaped(disk))));
  assert.deepEqual(settings()?.disks, ['b']);
  const whole = await bench.text(bench.a, instancePath('Msvm_StorageAllocationSettingData', id, 'a'));
  const modify = (value: CimValue) => bench.call(bench.a, 'ModifyReplicationSettings', { ComputerSystem: machinePath(id), [SETTINGS]: value });
  await bench.succeeds(bench.a, modify(included(escaped(whole))));
  assert.deepEqual(settings()?.disks, ['a']);
  await bench.succeeds(bench.a, modify(included(null)));
  assert.deepEqual(settings()?.disks, ['a', 'b']);
});

test('settings that are read and sent back succeed on either host, and change nothing', async () => {
  const bench = await CimBench.replicating('round trip');
  for (const at of [bench.b, bench.a]) {
    const before = at.simulated.state.relationship(bench.pair.relationshipId)!.settings;
    const { returnValue, out } = await bench.call(at, 'ModifyReplicationSettings', { [SETTINGS]: await bench.settingsText(at) });
    assert.ok(returnValue === 0 || (await bench.ended(at, { returnValue, out }))['JobState'] === 7, at.simulated.name);
    assert.deepEqual(at.simulated.state.relationship(bench.pair.relationshipId)!.settings, before);
  }
});

test('a change reaches both hosts, keeps what was left out, and is read back', async () => {
  const bench = await CimBench.replicating('modify');
  const { a, b, pair } = bench;
  const text = '<INSTANCE CLASSNAME="Msvm_ReplicationSettingData"><PROPERTY NAME="ReplicationInterval" TYPE="uint16"><VALUE>900</VALUE></PROPERTY><PROPERTY NAME="ApplicationConsistentSnapshotInterval" TYPE="uint16"><VALUE>4</VALUE></PROPERTY><PROPERTY NAME="AutoResynchronizeIntervalEnd" TYPE="datetime"><VALUE>00000000050000.000000:000</VALUE></PROPERTY></INSTANCE>';
  const { job } = await bench.succeeds(a, bench.call(a, 'ModifyReplicationSettings', { [SETTINGS]: text }));
  assert.equal(job['JobType'], 92);
  for (const at of [a, b]) {
    const { intervalSeconds, recoveryHistory } = at.simulated.state.relationship(pair.relationshipId)!.settings;
    assert.deepEqual([intervalSeconds, recoveryHistory], [900, 3]);
  }
  const { ApplicationConsistentSnapshotInterval, AutoResynchronizeIntervalEnd } = await bench.get(a, instancePath('Msvm_ReplicationSettingData', pair.machineId));
  assert.deepEqual([ApplicationConsistentSnapshotInterval, (AutoResynchronizeIntervalEnd as { microseconds: bigint }).microseconds], [4, 18_000_000_000n]);
  await bench.fails(b, bench.call(b, 'ModifyReplicationSettings', { [SETTINGS]: withValue(await bench.settingsText(b), 'RecoveryHistory', '9') }), 32_775, /changed on A/);
  await bench.fails(a, bench.call(a, 'ModifyReplicationSettings', { [SETTINGS]: text, ComputerSystem: machinePath(bench.addMachine()) }), 32_775, /not replicated/);
});

test('the window for resynchronizing is the same for the API and over CIM, on both hosts, and without one none is told', async () => {
  const bench = await CimBench.replicating('window');
  const { a, b, pair } = bench;
  const change = (settings: object) => bench.within(a.host.operations.settingsChange({ ...ADMINISTRATOR }, pair.machineId, settings), 'settings');
  const overCim = async (at: typeof a) => (await bench.get(at, instancePath('Msvm_ReplicationSettingData', pair.machineId)))['AutoResynchronizeEnabled'];
  const window = { fromSeconds: 23 * 3_600, untilSeconds: 3_600 };
  assert.equal((await change({ compression: true })).settings.resynchronizationWindow, null);
  assert.deepEqual((await change({ resynchronizationWindow: window })).settings.resynchronizationWindow, window);
  assert.deepEqual((await change({ recoveryHistory: 3 })).settings.resynchronizationWindow, window);
  for (const at of [a, b]) assert.equal(await overCim(at), true);
  await bench.succeeds(a, bench.call(a, 'ModifyReplicationSettings', { [SETTINGS]: withValue(await bench.settingsText(a), 'AutoResynchronizeIntervalEnd', '00000000050000.000000:000') }));
  assert.deepEqual((await change({})).settings.resynchronizationWindow, { ...window, untilSeconds: 18_000 });
  await assert.rejects(change({ resynchronizationWindow: { ...window, fromSeconds: 86_400 } }), /start of the window for resynchronizing cannot be 86400: allowed is a whole number from 0 to 86399/);
  assert.equal((await change({ resynchronizationWindow: null })).settings.resynchronizationWindow, null);
  for (const at of [a, b]) assert.equal(await overCim(at), false);
});

test('another set of disks leads through state 15, and a set that cannot be is an invalid state', async () => {
  const bench = await CimBench.replicating('disk set');
  const { a, b, pair } = bench;
  const text = await bench.settingsText(a);
  const [values] = /(?<=NAME="IncludedDisks"[^>]*>).*?(?=<\/PROPERTY.ARRAY>)/s.exec(text)!;
  const only = (disk: string): string => text.replace(values, `<VALUE.ARRAY>${values.match(/<VALUE>.*?<\/VALUE>/gs)!.find((each) => each.includes(`\\${disk}`))}</VALUE.ARRAY>`);
  const modify = (settings: string) => bench.call(a, 'ModifyReplicationSettings', { [SETTINGS]: settings });
  const relationship = () => a.simulated.state.relationship(pair.relationshipId)!;
  const isThere = async (disks: string): Promise<void> => {
    for (let waited = 0; relationship().state !== 3 || b.simulated.state.relationship(pair.relationshipId)!.settings.disks.join() !== disks; waited++) {
      assert.ok(waited < 3_000, pair.standing());
      await pair.pass(20);
    }
  };
  await bench.succeeds(a, modify(only('a')));
  await isThere('a');
  await bench.fails(a, modify(only('b')), 32_775, /has to stay \(a\)/);
  await bench.succeeds(a, modify(text));
  await isThere('a,b');
  const told = a.simulated.state.events(null, 200).map(({ message }) => message);
  assert.equal(told.filter((message) => message.endsWith('Replicating → Disk update in progress')).length, 2, told.join('\n'));
  await bench.succeeds(a, bench.invoke(a, bench.machine, 'RequestReplicationStateChange', { RequestedState: 7 }));
  await bench.fails(a, modify(only('a')), 32_775, /Suspended/);
});
