/** What another host tells of its machines, as it is read and joined with what this host knows. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { readRoster } from '../../src/engine/roster/reading.ts';
import type { RosterMachine, RosterRelationship } from '../../src/engine/roster/roster.ts';
import { MAX_MACHINES } from '../../src/engine/roster/telling.ts';
import { mergedMachines, type Told } from '../../src/service/overview.ts';
import { silencesOf } from '../../web/src/overview/machines.ts';

const RELATIONSHIP: RosterRelationship = {
  id: 'r1', kind: 'simple', side: 'primary', peerId: 'b', peer: 'what a calls b', state: 3, health: 'ok', reasons: [], lagSinceMs: 9_000, intervalMs: 30_000,
  lastCycle: { finishedMs: 9_500, durationMs: 400, bytesShipped: 65_536 }, nextCycleMs: 39_000, points: 3, advice: '',
};
const MACHINE: RosterMachine = { id: 'm1', name: 'web1', role: 'primary', power: 'running', relationships: [RELATIONSHIP] };
const ANSWER = { atMs: 10_000, version: '0.2.0', pageUrl: null, pagePort: 7_480, edition: 'e1', machines: [MACHINE], omitted: 0 };

describe('an answer', () => {
  test('is read as it was told', () => assert.deepEqual(readRoster(JSON.parse(JSON.stringify(ANSWER))), ANSWER));

  test('without what this version shows leaves out only the machine that lacks it', () => {
    const machines = [{ ...MACHINE, power: 'hibernating' }, { ...MACHINE, id: 'm2', relationships: [{ ...RELATIONSHIP, state: 99 }, RELATIONSHIP] }, null, 'web'];
    assert.deepEqual(readRoster({ ...ANSWER, machines })?.machines, [{ ...MACHINE, id: 'm2' }]);
  });

  test('of any shape is refused or read, and what is read is bounded', () => {
    const wild = fc.oneof(fc.jsonValue({ maxDepth: 4 }), fc.record({ atMs: fc.jsonValue(), edition: fc.jsonValue(), machines: fc.array(fc.record({ id: fc.jsonValue(), name: fc.jsonValue(), role: fc.constantFrom('primary', 'owner'), power: fc.constantFrom('off', 1), relationships: fc.jsonValue() })), pageUrl: fc.jsonValue(), pagePort: fc.jsonValue() }));
    fc.assert(fc.property(wild, (value) => {
      for (const { id, name, relationships } of readRoster(value)?.machines ?? []) assert.ok(id !== '' && name.length <= 1_000 && relationships.length <= 2);
    }));
    const endless = { ...MACHINE, name: 'x'.repeat(10_000) };
    const read = readRoster({ ...ANSWER, machines: Array.from({ length: MAX_MACHINES + 1 }, () => endless) })!.machines!;
    assert.deepEqual([read.length, read[0]!.name.length], [MAX_MACHINES, 1_000]);
  });

  for (const pageUrl of ['javascript:alert(1)', 'data:text/html,x', 'file:///etc/passwd', `http://${'x'.repeat(400)}/`, 'page']) {
    test(`with the page ${pageUrl.slice(0, 30)} has none that could be followed`, () => assert.equal(readRoster({ ...ANSWER, pageUrl })?.pageUrl, null));
  }
});

const toldBy = (id: string, self: boolean, machines: readonly RosterMachine[], more: Partial<Told> & { isCurrent?: boolean } = {}): Told => {
  const { isCurrent = true, ...rest } = more;
  return { host: { id, name: `host ${id}`, self, connected: isCurrent, asOfMs: 10_000, isCurrent, failure: null, version: null, pageUrl: null, omitted: 0 }, skewMs: 0, machines, ...rest };
};
const REPLICA: RosterMachine = { ...MACHINE, role: 'replica', power: 'off', relationships: [{ ...RELATIONSHIP, side: 'replica', peerId: 'b', lastCycle: null, nextCycleMs: null }] };

describe('the overview', () => {
  test('has a machine that two hosts have once, with both sides, where it belongs first', () => {
    const [machine, ...others] = mergedMachines([toldBy('a', true, [REPLICA]), toldBy('b', false, [{ ...MACHINE, relationships: [{ ...RELATIONSHIP, peerId: 'a' }] }])]);
    assert.deepEqual([others, machine!.isProtected, machine!.sides.map(({ host, role }) => `${host} ${role}`)], [[], true, ['host b primary', 'host a replica']]);
  });

  test('calls a peer by the name that it has here', () => {
    const [machine] = mergedMachines([toldBy('a', true, [MACHINE]), toldBy('b', false, [])]);
    assert.equal(machine!.sides[0]!.relationships[0]!.peer, 'host b');
    assert.equal(mergedMachines([toldBy('a', true, [MACHINE])])[0]!.sides[0]!.relationships[0]!.peer, 'what a calls b');
  });

  test('tells the lag as it was when the host told it, and instants by this host\'s clock', () => {
    const [machine] = mergedMachines([toldBy('b', false, [MACHINE], { skewMs: 2_000, isCurrent: false })]);
    const [relationship] = machine!.sides[0]!.relationships;
    assert.deepEqual([relationship!.lagMs, relationship!.lastCycle!.finishedAtMs, relationship!.nextCycleAtMs], [3_000, 7_500, 37_000]);
    assert.equal(machine!.sides[0]!.isCurrent, false);
  });

  test('says what to do while the other host does not answer, and the page counts whose replicas are where', () => {
    const seen = (isCurrent: boolean) => {
      const told = [toldBy('a', true, [REPLICA]), toldBy('b', false, [], { isCurrent })];
      const [hosts, machines] = [told.map(({ host }) => host), mergedMachines(told)];
      return [machines[0]!.sides[0]!.relationships[0]!.advice.includes('failover web1 --unplanned'), silencesOf({ atMs: 10_000, hosts, machines })];
    };
    assert.deepEqual([seen(true), seen(false)], [[false, []], [true, [{ host: 'host b', replicasHere: 1, replicasThere: 0 }]]]);
  });

  test('says of a machine without a replica, or one that runs failed over, that it is not protected', () => {
    const alone = { ...MACHINE, id: 'm2', name: 'alone', role: 'standalone', relationships: [] } as const;
    const failedOver = { ...MACHINE, relationships: [{ ...RELATIONSHIP, state: 5, lagSinceMs: null }] };
    assert.deepEqual(mergedMachines([toldBy('a', true, [failedOver, alone])]).map(({ name, isProtected }) => [name, isProtected]), [['alone', false], ['web1', false]]);
  });
});
