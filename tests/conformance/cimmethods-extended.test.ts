/** A chain of three hosts over CIM: which relationship a method is about, and what each host shows. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { instancePath } from '../../src/providers/objectpaths.ts';
import { Chain } from '../../src/simulation/chain.ts';
import { CimBench, CimHost, withValue } from './cimbench.ts';

class ChainBench extends CimBench {
  readonly chain: Chain;
  c!: CimHost;

  private constructor(chain: Chain) {
    super(chain);
    this.chain = chain;
  }

  /** A's guest runs and is replicated to B, with a recovery point; nothing is sent on yet. C is there. */
  static async open(seed: string): Promise<ChainBench> {
    const chain = new Chain({ seed });
    await chain.enable();
    const bench = new ChainBench(chain);
    bench.a = new CimHost(chain.a, 'B');
    bench.b = new CimHost(chain.b, 'A', 'C');
    bench.c = new CimHost(chain.c, 'B');
    await chain.job(chain.a, 'start');
    await chain.job(chain.a, 'initial');
    return bench;
  }

  /** B's replica is sent on to C. */
  static async extended(seed: string): Promise<ChainBench> {
    const bench = await ChainBench.open(seed);
    await bench.chain.extend();
    await bench.succeeds(bench.b, bench.call(bench.b, 'StartReplication', { InitialReplicationType: 1 }));
    return bench;
  }

  relationshipText(at: CimHost, kind: 'simple' | 'extended'): Promise<string> {
    return this.text(at, instancePath('Msvm_ReplicationRelationship', this.chain.machineId, kind));
  }
}

test('on a replica CreateReplicationRelationship and StartReplication make the extended relationship, within the primary\'s interval', async () => {
  const it = await ChainBench.open('create');
  const { a, b, c } = it;
  const settings = withValue(await it.settingsText(b), 'RecoveryConnectionPoint', 'C');
  await it.fails(b, it.call(b, 'CreateReplicationRelationship', { ReplicationSettingData: withValue(settings, 'ReplicationInterval', '30') }), 32_773, /allowed is 300 or 900/);
  await it.fails(b, it.call(b, 'CreateReplicationRelationship', { ReplicationSettingData: withValue(withValue(settings, 'ReplicationInterval', '300'), 'ApplicationConsistentSnapshotInterval', '2') }), 32_773, /no application-consistent/);
  await it.succeeds(b, it.call(b, 'CreateReplicationRelationship', { ReplicationSettingData: withValue(settings, 'ReplicationInterval', '300') }));
  assert.deepEqual([it.chain.extended?.state, it.chain.relationshipOn(it.chain.c)?.state], [1, 2]);
  await it.succeeds(b, it.call(b, 'StartReplication', { InitialReplicationType: 1 }));
  assert.deepEqual([it.chain.extended?.state, it.chain.relationshipOn(it.chain.c)?.state], [3, 3]);
  assert.equal((await it.get(c, it.machine))['ReplicationMode'], 4);
  assert.deepEqual([(await it.get(a, it.machine))['ReplicationMode'], (await it.get(b, it.machine))['ReplicationMode']], [1, 2]);
});

test('the middle of a chain has a relationship, settings and statistics of each type, and its methods Ex are about the one that is named', async () => {
  const bench = await ChainBench.extended('types');
  const { b, c, chain } = bench;
  const extended = await bench.relationshipText(b, 'extended');
  for (const kind of ['simple', 'extended'] as const) assert.match(await bench.relationshipText(b, kind), new RegExp(`HVR\\\\${kind === 'simple' ? 0 : 1}<`));
  assert.match(await bench.relationshipText(c, 'extended'), /HVR\\1</);
  await bench.succeeds(b, bench.invoke(b, bench.machine, 'RequestReplicationStateChangeEx', { RequestedState: 7, ReplicationRelationship: extended }));
  assert.deepEqual([chain.extended?.state, chain.relationshipOn(chain.b)?.state], [7, 3]);
  await bench.succeeds(b, bench.invoke(b, bench.machine, 'RequestReplicationStateChangeEx', { RequestedState: 3, ReplicationRelationship: extended }));
  await bench.succeeds(b, bench.invoke(b, bench.machine, 'RequestReplicationStateChange', { RequestedState: 7 }));
  assert.deepEqual([chain.extended?.state, chain.relationshipOn(chain.b)?.state], [3, 7]);
  const { out } = await bench.call(b, 'GetReplicationStatisticsEx', { ReplicationRelationship: extended });
  assert.match(String(out.get('ReplicationStatistics')), /Statistics\\1</);
});

test('a chain does not fan out and has no fourth host, and another authentication than by certificates is refused', async () => {
  const bench = await ChainBench.open('fan-out');
  const { a, b, c } = bench;
  const settings = withValue(withValue(await bench.settingsText(b), 'RecoveryConnectionPoint', 'C'), 'ReplicationInterval', '300');
  await bench.fails(b, bench.call(b, 'CreateReplicationRelationship', { ReplicationSettingData: withValue(settings, 'AuthenticationType', '1') }), 32_770, /Kerberos/);
  await bench.succeeds(b, bench.call(b, 'CreateReplicationRelationship', { ReplicationSettingData: settings }));
  await bench.succeeds(b, bench.call(b, 'StartReplication', { InitialReplicationType: 1 }));
  await bench.fails(b, bench.call(b, 'CreateReplicationRelationship', { ReplicationSettingData: settings }), 32_775, /sent on to C: a chain does not fan out/);
  await bench.fails(c, bench.call(c, 'CreateReplicationRelationship', { ReplicationSettingData: withValue(settings, 'RecoveryConnectionPoint', 'B') }), 32_775, /this is the last host of its chain/);
  await bench.fails(a, bench.call(a, 'CreateReplicationRelationship', { ReplicationSettingData: withValue(settings, 'RecoveryConnectionPoint', 'B') }), 32_775, /a primary has one replica/);
});

test('the statistics of one relationship are reset by its type, and those of the other stay', async () => {
  const bench = await ChainBench.extended('reset');
  const { b, chain } = bench;
  const counted = () => [chain.relationshipOn(chain.b)!.statistics!.cycles, chain.extended!.statistics!.cycles] as const;
  await chain.pass(20 * 60_000);
  const [own, onward] = counted();
  assert.ok(own > 0 && onward > 0, `${own}, ${onward}`);
  assert.equal((await bench.call(b, 'ResetReplicationStatisticsEx', { ReplicationRelationship: await bench.relationshipText(b, 'extended') })).returnValue, 0);
  const [stays, gone] = counted();
  assert.ok(stays >= own && gone < onward, `${stays} of ${own}, ${gone} of ${onward}`);
});

test('settings of the extended relationship are changed by their InstanceID, and not below the primary\'s interval', async () => {
  const bench = await ChainBench.extended('settings');
  const settings = await bench.text(bench.b, instancePath('Msvm_ReplicationSettingData', bench.chain.machineId, true));
  await bench.fails(bench.b, bench.call(bench.b, 'ModifyReplicationSettings', { ReplicationSettingData: withValue(settings, 'ReplicationInterval', '30') }), 32_773, /300 or 900/);
  await bench.succeeds(bench.b, bench.call(bench.b, 'ModifyReplicationSettings', { ReplicationSettingData: withValue(settings, 'RecoveryHistory', '7') }));
  assert.deepEqual([bench.chain.extended, bench.chain.relationshipOn(bench.chain.c)].map((it) => it?.settings.recoveryHistory), [7, 7]);
});

test('the simple relationship in the middle is removed after the extended one only, and either by its type', async () => {
  const bench = await ChainBench.extended('removal');
  const { b, chain } = bench;
  await bench.fails(b, bench.call(b, 'RemoveReplicationRelationship'), 32_775, /remove the extended relationship first/);
  await bench.succeeds(b, bench.call(b, 'RemoveReplicationRelationshipEx', { ReplicationRelationship: await bench.relationshipText(b, 'extended') }));
  assert.equal(chain.extended, undefined);
  assert.equal(chain.relationshipOn(chain.b)?.state, 3);
  await bench.succeeds(b, bench.call(b, 'RemoveReplicationRelationshipEx', { ReplicationRelationship: await bench.relationshipText(b, 'simple') }));
  await bench.succeeds(bench.c, bench.call(bench.c, 'RemoveReplicationRelationship'));
  assert.equal(chain.relationshipOn(chain.c), undefined);
});

test('ChangeReplicationModeToPrimary needs a committed failover and a third host, and leads to modes 1 and 2', async () => {
  const bench = await ChainBench.extended('mode');
  const { b, c, chain } = bench;
  const parameters = { ReplicationRelationship: await bench.relationshipText(b, 'extended') };
  await bench.fails(b, bench.call(b, 'ChangeReplicationModeToPrimary', parameters), 32_775, /not possible here/);
  await bench.succeeds(b, bench.call(b, 'InitiateFailover'));
  await bench.succeeds(b, bench.call(b, 'CommitFailover'));
  await bench.succeeds(b, bench.call(b, 'ChangeReplicationModeToPrimary', parameters));
  await bench.succeeds(b, bench.invoke(b, bench.machine, 'RequestStateChange', { RequestedState: 2 }));
  await chain.pass(2 * 60_000);
  assert.deepEqual([(await bench.get(b, bench.machine))['ReplicationMode'], (await bench.get(c, bench.machine))['ReplicationMode']], [1, 2]);
  assert.deepEqual([chain.relationshipOn(chain.b)?.state, chain.relationshipOn(chain.c)?.state], [3, 3]);
});
