/** What another host tells of its machines, as it is read and joined with what this host knows. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { changed, Editions } from '../../src/engine/roster/changes.ts';
import { readRoster } from '../../src/engine/roster/reading.ts';
import type { RosterMachine, RosterRelationship } from '../../src/engine/roster/roster.ts';
import { MAX_MACHINES } from '../../src/engine/roster/telling.ts';
import { mergedMachines, type Told } from '../../src/service/overview.ts';
import { rowsOf, silencesOf } from '../../web/src/overview/machines.ts';

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

const byId = (machines: readonly RosterMachine[]) => machines.toSorted((one, other) => (one.id < other.id ? -1 : 1));

describe('changes', () => {
  const rosters = fc.array(fc.uniqueArray(fc.record({ id: fc.constantFrom('m1', 'm2', 'm3', 'm4'), power: fc.constantFrom('off' as const, 'running' as const) }), { selector: ({ id }) => id }), { minLength: 1, maxLength: 12 });

  test('make of whatever edition is remembered the newest one, and name it anew only where something differs', () => {
    fc.assert(fc.property(rosters, fc.nat(), (drawn, pick) => {
      const editions = new Editions();
      const told = drawn.map((machines, at) => {
        const roster = machines.map((machine) => ({ ...MACHINE, ...machine }));
        return { roster, edition: editions.of(roster, () => `e${at}`) };
      });
      const [known, newest] = [told[pick % told.length]!, told.at(-1)!];
      const changes = editions.since(known.edition, newest.roster)!;
      assert.deepEqual(byId(changed(known.roster, changes)), byId(newest.roster));
      if (known.edition === newest.edition) assert.deepEqual([changes.machines, changes.removed], [[], []]);
    }));
  });

  test('are not told to a host whose edition is unknown, or too long ago', () => {
    const editions = new Editions();
    const names = Array.from({ length: 17 }, (_, at) => editions.of([{ ...MACHINE, name: `web${at}` }], () => `e${at}`));
    const newest = [{ ...MACHINE, name: 'web16' }];
    assert.deepEqual([null, 'of a former daemon', names[0]!].map((edition) => editions.since(edition, newest)), [null, null, null]);
    assert.deepEqual(editions.since(names[1]!, newest), { machines: newest, removed: [] });
  });

  test('of any shape are read, and a machine that cannot be read is gone', () => {
    const changes = { machines: [MACHINE, { ...MACHINE, id: 'm2', power: 'hibernating' }, null, 7], removed: ['m3', 9] };
    const { machines, changes: read } = readRoster({ ...ANSWER, machines: null, changes })!;
    assert.deepEqual([machines, read!.machines], [null, [MACHINE]]);
    assert.deepEqual(changed(['m1', 'm2', 'm3', 'm4'].map((id) => ({ ...MACHINE, id, name: 'old' })), read!).map(({ id, name }) => `${id} ${name}`).toSorted(), ['m1 web1', 'm4 old']);
    fc.assert(fc.property(fc.jsonValue({ maxDepth: 3 }), (value) => {
      const wild = readRoster({ ...ANSWER, machines: null, changes: value });
      assert.ok(Array.isArray(changed([MACHINE], wild!.changes!)));
    }));
  });
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

  test('says of a replica whose primary is not known here that its guest may run there, and counts no points of a replica that tells nothing', () => {
    const rows = (told: Told[]) => rowsOf({ atMs: 10_000, hosts: told.map(({ host }) => host), machines: mergedMachines(told) });
    const [[here], [there]] = [rows([toldBy('a', true, [REPLICA])]), rows([toldBy('b', true, [MACHINE])])];
    assert.deepEqual([here!.runsOn, here!.unknown, here!.links[0]!.points], [[], [REPLICA.relationships[0]!.peer], REPLICA.relationships[0]!.points]);
    assert.deepEqual([there!.unknown, there!.links[0]!.points], [[], null]);
  });

  test('believes the host that failed over, whatever the other told before or goes on telling of its replica', () => {
    const failedOver = { ...REPLICA, power: 'running', relationships: [{ ...REPLICA.relationships[0]!, state: 5, health: 'warning', lagSinceMs: null }] } as const;
    const primary = (state: number, advice: string) => ({ ...MACHINE, power: 'running', relationships: [{ ...RELATIONSHIP, peerId: 'a', state, health: 'warning', advice }] }) as const;
    const seen = (sides: [here: RosterMachine, there: RosterMachine], isCurrent: boolean) => {
      const told = [toldBy('a', true, [sides[0]]), toldBy('b', false, [sides[1]], { isCurrent })];
      const overview = { atMs: 10_000, hosts: told.map(({ host }) => host), machines: mergedMachines(told) };
      const [row] = rowsOf(overview);
      const [link] = row!.links;
      return [row!.isProtected, link!.lagSinceMs, link!.stateName, row!.runsOn, link!.advice.map(({ host }) => host), silencesOf(overview).length];
    };
    const notProtected = [false, null, 'Failed over, not committed', ['host a']];
    assert.deepEqual(seen([failedOver, primary(3, '')], false), [...notProtected, [], 0]);
    assert.deepEqual(seen([failedOver, { ...primary(4, 'Fail over there, or cancel.'), power: 'off' }], true), [...notProtected, [], 0]);
    assert.deepEqual(seen([failedOver, { ...primary(3, ''), power: 'paused' }], true).at(3), ['host a'], 'the other guest is held');
    const sentOn = { ...failedOver, relationships: [...failedOver.relationships, { ...RELATIONSHIP, id: 'r-on', kind: 'extended', peerId: 'c' }] } as const;
    assert.deepEqual(seen([sentOn, primary(3, '')], false).slice(0, 2), [false, null], 'what the guest writes now is not sent on');
    assert.deepEqual(seen([MACHINE, failedOver], false).slice(0, 1), [true], 'what a silent host told before it gave the machine back');
  });
});
