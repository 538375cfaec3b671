/** What watchers are told of, and settings that are written back as instances. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CimError } from '../../src/cim/error.ts';
import type { CimValue, ObjectPath } from '../../src/cim/instance.ts';
import type { CimCaller, InstanceChange } from '../../src/cim/manager.ts';
import { guidOf, instancePath, machinePath, servicePath } from '../../src/providers/objectpaths.ts';
import { CimHost, HOST, VIEWER } from './cimhost.ts';

const ADMINISTRATOR: CimCaller = { name: 'ada', role: 'administrator', from: 'test' };

/** What is told until nothing more comes. */
async function toldBy(host: CimHost, work: () => void | Promise<void>): Promise<InstanceChange[]> {
  const told: InstanceChange[] = [];
  const end = host.manager.watch((change) => told.push(change));
  await quiet();
  await work();
  await quiet();
  end();
  assert.deepEqual(host.bugs, []);
  return told;
}

/** Everything that was begun has gone on: what is watched is read in turns of the event loop. */
async function quiet(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

const classesOf = (changes: readonly InstanceChange[]): string[] => changes.map(({ kind, target }) => `${kind} ${target.instance.className}`);
const valueOf = (instance: InstanceChange['previous'], name: string): CimValue => instance?.properties.get(name) ?? null;

describe('a watcher', () => {
  test('is told of a relationship\'s new state with what was before, and of the machine that shows it too', async () => {
    const host = new CimHost();
    const relationship = host.addRelationship(host.addMachine('web'), { side: 'primary', state: 3 });
    const told = await toldBy(host, () => {
      host.state.putRelationship({ ...relationship, state: 7 });
      host.feed.publish({ kind: 'relationship', id: relationship.machineId });
    });
    assert.deepEqual(classesOf(told), ['modification Msvm_ReplicationRelationship', 'modification Msvm_ComputerSystem']);
    assert.deepEqual([valueOf(told[0]!.previous, 'ReplicationState'), valueOf(told[0]!.target.instance, 'ReplicationState')], [3, 7]);
  });

  test('is told when a job begins, goes on and ends', async () => {
    const host = new CimHost();
    const { id: machineId } = host.addMachine('web');
    const told = await toldBy(host, async () => {
      const job = host.addJob('cycle', machineId, { state: 'running', percent: 0, finishedMs: null });
      for (const change of [{}, { percent: 50 }, { state: 'completed' as const, percent: 100 }]) {
        host.state.putJob({ ...job, ...change });
        host.feed.publish({ kind: 'job', id: job.id });
        await quiet();
      }
    });
    assert.deepEqual(classesOf(told), ['creation Msvm_ConcreteJob', 'modification Msvm_ConcreteJob', 'modification Msvm_ConcreteJob']);
    assert.deepEqual(told.map(({ target }) => [valueOf(target.instance, 'PercentComplete'), valueOf(target.instance, 'JobState')]), [[0, 4], [50, 4], [100, 7]]);
  });

  test('is told when a machine is there and when it is gone', async () => {
    const host = new CimHost();
    const told = await toldBy(host, async () => {
      const { id } = host.addMachine('web');
      host.feed.publish({ kind: 'machine', id });
      await quiet();
      host.state.removeMachine(id);
      host.feed.publish({ kind: 'machine', id });
    });
    assert.deepEqual(classesOf(told).filter((text) => text.endsWith('Msvm_ComputerSystem')), ['creation Msvm_ComputerSystem', 'deletion Msvm_ComputerSystem']);
  });

  test('is told once of what changed many times before it was looked at, and nothing of what did not change', async () => {
    const host = new CimHost();
    const machine = host.addMachine('web');
    const relationship = host.addRelationship(machine, { side: 'primary', state: 3 });
    const told = await toldBy(host, () => {
      for (let count = 0; count < 1_000; count += 1) host.feed.publish({ kind: 'machine', id: machine.id });
      host.state.putRelationship({ ...relationship, state: 8 });
      for (let count = 0; count < 1_000; count += 1) host.feed.publish({ kind: 'relationship', id: machine.id });
    });
    assert.equal(told.length, 2);
  });

  test('misses nothing that changes while the host is read for the first time', async () => {
    const host = new CimHost();
    const relationship = host.addRelationship(host.addMachine('web'), { side: 'primary', state: 3 });
    const told: InstanceChange[] = [];
    host.manager.watch((change) => told.push(change));
    host.state.putRelationship({ ...relationship, state: 7 });
    host.feed.publish({ kind: 'relationship', id: relationship.machineId });
    await quiet();
    assert.deepEqual(classesOf(told), ['modification Msvm_ReplicationRelationship', 'modification Msvm_ComputerSystem']);
    assert.equal(valueOf(told[0]!.target.instance, 'ReplicationState'), 7);
  });

  test('that has gone costs nothing: what changes then is not read', async () => {
    const host = new CimHost();
    const { id } = host.addMachine('web');
    host.manager.watch(() => assert.fail('nobody watches'))();
    host.state.machine = () => assert.fail('nobody asked');
    host.feed.publish({ kind: 'machine', id });
    await quiet();
    assert.deepEqual(host.bugs, []);
  });
});

describe('settings that are written back', () => {
  const changeOf = (path: ObjectPath, properties: Readonly<Record<string, CimValue>>) => ({ kind: 'instance' as const, className: path.className, properties: new Map(Object.entries(properties)) });
  const entryOf = (host: CimHost) => host.authorizations.list().find((entry) => entry.host === '*.other.example')!;

  test('of an authorization entry change the entry, and what is not written stays', async () => {
    const host = new CimHost();
    const { id } = entryOf(host);
    const path = instancePath('Msvm_ReplicationAuthorizationSettingData', id);
    await host.manager.modify(ADMINISTRATOR, path, changeOf(path, { AllowedPrimaryHostSystem: '*.other.example', TrustGroup: 'red' }));
    assert.deepEqual(entryOf(host), { id, host: '*.other.example', storage: '/others', trustGroup: 'red' });
  });

  test('of the service change the service', async () => {
    const host = new CimHost();
    const path = instancePath('Msvm_ReplicationServiceSettingData');
    await host.manager.modify(ADMINISTRATOR, path, changeOf(path, { MonitoringInterval: 7_200 }));
    assert.equal((await host.manager.get(VIEWER, path)).instance.properties.get('MonitoringInterval'), 7_200);
  });

  test('with a value that is not allowed fail with the reason, and change nothing', async () => {
    const host = new CimHost();
    const path = instancePath('Msvm_ReplicationServiceSettingData');
    await assert.rejects(host.manager.modify(ADMINISTRATOR, path, changeOf(path, { MonitoringInterval: 5 })), (error) => error instanceof CimError && error.status === 'failed' && /interval.*3600.*32773/.test(error.message));
    assert.equal((await host.manager.get(VIEWER, path)).instance.properties.get('MonitoringInterval'), 43_200);
  });

  test('by somebody who may only look are denied, and an operator may write but not execute', async () => {
    const host = new CimHost();
    const path = instancePath('Msvm_ReplicationServiceSettingData');
    await assert.rejects(host.manager.modify(VIEWER, path, changeOf(path, { MonitoringInterval: 7_200 })), (error) => error instanceof CimError && error.status === 'accessDenied');
    const operator: CimCaller = { name: 'otto', role: 'operator', from: 'test' };
    await host.manager.modify(operator, path, changeOf(path, { MonitoringInterval: 3_600 }));
    await assert.rejects(host.manager.invoke(operator, servicePath('Msvm_ReplicationService', HOST), 'StopService', new Map()), (error) => error instanceof CimError && error.status === 'accessDenied');
  });

  test('of a relationship hold on this host while the other one does not answer', async () => {
    const host = new CimHost();
    const machine = host.addMachine('web');
    host.addRelationship(machine, { side: 'primary', state: 3 });
    const path = instancePath('Msvm_ReplicationSettingData', machine.id);
    await host.manager.modify(ADMINISTRATOR, path, changeOf(path, { RecoveryHistory: 7 }));
    assert.equal(host.state.relationshipOf(machine.id)!.settings.recoveryHistory, 7);
  });

  test('of what only methods change are not supported', async () => {
    const host = new CimHost();
    const path = machinePath(host.addMachine('web').id);
    await assert.rejects(host.manager.modify(ADMINISTRATOR, path, changeOf(path, { ElementName: guidOf('x') })), (error) => error instanceof CimError && error.status === 'notSupported');
  });
});
