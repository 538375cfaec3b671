/** The relationship's table: whole, without contradictions, and leading where Hyper-V Replica is documented to lead. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { relationshipMarkdown } from '../../src/relationship/document.ts';
import { ALL_STATES, powerShellState, stateName, type Side, type State } from '../../src/relationship/state.ts';
import { activityOf, allowedVerbs, sqlStateCheck, step, type Facts, type Standing } from '../../src/relationship/step.ts';
import { CONDITIONS, ROWS, type Condition, type Event, type Row } from '../../src/relationship/table.ts';

const SIDES: readonly Side[] = ['primary', 'replica'];
const SUPPORTED = ROWS.filter(({ supported }) => supported);
const nameOf = ({ side, state }: Standing): string => `${side} ${state}`;
const startsOf = ({ side, from }: Row): Standing[] => from.map((state) => ({ side, state }));
const endOf = ({ side, becomes, to }: Row): Standing => ({ side: becomes ?? side, state: to });
const allTrue = Object.fromEntries(Object.keys(CONDITIONS).map((condition) => [condition, true])) as Facts;
const eachStanding = SIDES.flatMap((side) => ALL_STATES.map((state): Standing => ({ side, state })));
const events = [...new Set(ROWS.map(({ event }) => event))];

/** Where supported rows can lead from nothing. */
function reachable(): Set<string> {
  const found = new Set(SIDES.map((side) => nameOf({ side, state: 0 })));
  for (let before = -1; before !== found.size; ) {
    before = found.size;
    for (const row of SUPPORTED) if (startsOf(row).some((start) => found.has(nameOf(start)))) found.add(nameOf(endOf(row)));
  }
  return found;
}

describe('the table', () => {
  test('has at most one row for an event on a side in a state', () => {
    const cells = ROWS.flatMap((row) => row.from.map((state) => `${row.event} ${row.side} ${state}`));
    assert.deepEqual(cells.filter((cell, at) => cells.indexOf(cell) !== at), []);
  });

  test('names each condition and each state at most once in a row', () => {
    for (const { event, from, requires } of ROWS) {
      assert.equal(new Set(from).size, from.length, event);
      assert.equal(new Set(requires).size, requires.length, event);
    }
  });

  test('gives a verb on one side in one state to one event, or to events whose conditions exclude each other', () => {
    const opposite: readonly (readonly [Condition, Condition])[] = [['failed-over-planned', 'failed-over-unplanned'], ['had-yielded', 'had-not-yielded'], ['was-replica', 'was-prepared']];
    const excludes = (one: Row, other: Row): boolean =>
      opposite.some(([left, right]) => (one.requires.includes(left) && other.requires.includes(right)) || (one.requires.includes(right) && other.requires.includes(left)));
    for (const one of SUPPORTED) {
      for (const other of SUPPORTED) {
        if (one === other || one.verb === null || one.verb !== other.verb || one.side !== other.side) continue;
        const shared = one.from.filter((state) => other.from.includes(state));
        assert.ok(shared.length === 0 || excludes(one, other), `${one.event} and ${other.event} in ${shared.join(', ')}`);
      }
    }
  });

  test('lets every state that a supported row leads to be left again', () => {
    const left = new Set(SUPPORTED.flatMap((row) => startsOf(row).filter((start) => nameOf(start) !== nameOf(endOf(row))).map(nameOf)));
    for (const row of SUPPORTED) assert.ok(left.has(nameOf(endOf(row))), `${row.event} leads to a dead end: ${nameOf(endOf(row))}`);
  });

  test('reaches from nothing every supported row, on its side', () => {
    const found = reachable();
    for (const row of SUPPORTED) assert.ok(startsOf(row).some((start) => found.has(nameOf(start))), `${row.event} on the ${row.side} can never happen`);
  });

  test('has a way from every standing that is reached to no relationship at all', () => {
    for (const start of reachable()) {
      const found = new Set([start]);
      for (let before = -1; before !== found.size; ) {
        before = found.size;
        for (const row of SUPPORTED) if (startsOf(row).some((each) => found.has(nameOf(each)))) found.add(nameOf(endOf(row)));
      }
      assert.ok([...found].some((each) => each.endsWith(' 0')), `${start} cannot be ended`);
    }
  });

  test('knows every state of CIM', () => {
    const named = new Set(ROWS.flatMap(({ from, to }) => [...from, to]));
    assert.deepEqual(ALL_STATES, Array.from({ length: 22 }, (_, state) => state));
    assert.deepEqual(ALL_STATES.filter((state) => !named.has(state)), []);
  });

  test('never leads back from a committed failover to an uncommitted one', () => {
    const after = new Set(['replica 6']);
    const rows = ROWS.filter(({ event }) => event !== 'failover' && event !== 'disable');
    for (let before = -1; before !== after.size; ) {
      before = after.size;
      for (const row of rows) if (startsOf(row).some((start) => after.has(nameOf(start)))) after.add(nameOf(endOf(row)));
    }
    assert.ok(!after.has('replica 5'));
  });

  test('has no event for a test failover, which changes no state', () => {
    assert.deepEqual(events.filter((event) => /test/i.test(event)), []);
  });

  test('makes a host primary only when the other has yielded, its own epoch is the newest, or its guest stays locked in 4', () => {
    for (const { event, becomes, requires, supported, to } of ROWS) {
      if (becomes !== 'primary' || !supported || to === 4) continue;
      // Of those two: with the middle of a chain the third host has never been anything but a replica.
      assert.ok(requires.includes('peer-yielded') || requires.includes('newer-epoch') || requires.includes('has-extended'), event);
    }
  });

  test('sends cycles in state 3, and in 16 those of the disks that replicate, on the primary only', () => {
    assert.deepEqual(eachStanding.filter((standing) => activityOf(standing) === 'cycles'), [3, 16].map((state) => ({ side: 'primary', state })));
  });
});

describe('a step', () => {
  test('refuses what no row allows, and names exactly the verbs that are allowed there', () => {
    for (const standing of eachStanding) {
      for (const event of events) {
        if (ROWS.some((row) => row.event === event && row.side === standing.side && row.from.includes(standing.state))) continue;
        const outcome = step(standing, event, allTrue);
        assert.ok(!outcome.ok, `${event} in ${nameOf(standing)}`);
        assert.deepEqual(outcome.allowed, allowedVerbs(standing));
        assert.ok(outcome.reason.includes(stateName(standing.state)), outcome.reason);
      }
    }
  });

  test('leads where its row says when everything holds, with its row\'s effects', () => {
    for (const row of SUPPORTED) {
      for (const start of startsOf(row)) {
        assert.deepEqual(step(start, row.event, allTrue), { ok: true, value: { ...endOf(row), effects: row.effects } });
      }
    }
  });

  test('refuses for each condition that does not hold, in that condition\'s words, and names what is allowed', () => {
    for (const row of SUPPORTED) {
      for (const condition of row.requires) {
        for (const start of startsOf(row)) {
          const outcome = step(start, row.event, { ...allTrue, [condition]: false });
          assert.ok(!outcome.ok, row.event);
          assert.ok(outcome.reason.includes(CONDITIONS[condition]), outcome.reason);
          for (const other of row.requires) if (other !== condition) assert.ok(!outcome.reason.includes(CONDITIONS[other]), outcome.reason);
          assert.deepEqual(outcome.allowed, allowedVerbs(start));
        }
      }
    }
  });

  test('takes a condition that nobody looked at for one that does not hold', () => {
    for (const row of SUPPORTED) if (row.requires.length > 0) assert.ok(!step(startsOf(row)[0]!, row.event, {}).ok, row.event);
  });

  test('refuses unsupported rows as not supported, whatever holds, and never offers their verbs', () => {
    for (const row of ROWS) {
      if (row.supported) continue;
      for (const start of startsOf(row)) {
        const outcome = step(start, row.event, allTrue);
        assert.ok(!outcome.ok && outcome.reason.includes('not supported'), row.event);
        const others = SUPPORTED.some((each) => each.verb === row.verb && each.side === row.side && each.from.includes(start.state));
        assert.ok(others || row.verb === null || !allowedVerbs(start).includes(row.verb), row.event);
      }
    }
  });
});

describe('states', () => {
  test('have PowerShell\'s numbers, which differ from CIM\'s', () => {
    const documented = [0, 1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, null, 18, 19, 20, 21];
    assert.deepEqual(ALL_STATES.map((state) => powerShellState(state, 'primary')), documented);
    assert.deepEqual(ALL_STATES.map((state) => powerShellState(state, 'replica')), documented.with(2, 3));
  });

  test('have no PowerShell number twice on one side', () => {
    for (const side of SIDES) assert.equal(new Set(ALL_STATES.map((state) => powerShellState(state, side))).size, ALL_STATES.length);
  });

  test('are all in the database\'s check and nothing else is', () => {
    assert.equal(sqlStateCheck('state'), `state IN (${Array.from({ length: 22 }, (_, state) => state).join(', ')})`);
  });
});

/** Hyper-V Replica's documented transitions that this version has. Columns: what people call it, side, state, event, where it leads. */
const DOCUMENTED: readonly (readonly [name: string, side: Side, from: readonly State[], event: Event, to: State, becomes?: Side])[] = [
  ['enabling leaves the primary ready for its initial replication', 'primary', [0], 'enable', 1],
  ['enabling makes a replica that waits for its initial replication', 'replica', [0], 'accept', 2],
  ['exporting the first copy leaves "ready"', 'primary', [1], 'exportInitial', 2],
  ['importing it makes the replica replicate', 'replica', [2], 'importInitial', 3],
  ['a copy that is there waits as a replica (Enable -AsReplica)', 'replica', [0], 'offerSeed', 2],
  ['starting the initial replication leaves "ready"', 'primary', [1], 'startInitial', 2],
  ['the end of the initial replication makes the primary replicate', 'primary', [2], 'initialCompleted', 3],
  ['the first recovery point makes the replica replicate', 'replica', [2], 'pointSealed', 3],
  ['stopping the initial replication leads back to "ready"', 'primary', [2], 'stopInitial', 1],
  ['the primary can be suspended while it replicates', 'primary', [3], 'suspend', 7],
  ['the replica can be suspended while it replicates', 'replica', [3], 'suspend', 7],
  ['a suspended or critical primary resumes', 'primary', [7, 8], 'resume', 3],
  ['a suspended or critical replica resumes', 'replica', [7, 8], 'resume', 3],
  ['a fault that waiting cannot cure makes the primary critical', 'primary', [3], 'failHard', 8],
  ['a fault that waiting cannot cure makes the replica critical', 'replica', [3], 'failHard', 8],
  ['a lost record of changes requires a resynchronization', 'primary', [3, 8], 'requireResync', 9],
  ['a suspended, critical or waiting primary resynchronizes', 'primary', [7, 8, 9], 'resynchronize', 10],
  ['a resynchronization ends in replicating', 'primary', [10], 'resynchronized', 3],
  ['a resynchronization can be suspended', 'primary', [10], 'suspendResync', 11],
  ['a resynchronization that is under way or suspended can be cancelled', 'primary', [10, 11], 'cancelResync', 9],
  ['a suspended resynchronization goes on', 'primary', [11], 'continueResync', 10],
  ['a disk is included', 'primary', [3], 'updateDisks', 15],
  ['an included disk replicates', 'primary', [15], 'disksUpdated', 3],
  ['a disk that cannot be copied', 'primary', [15], 'disksFailed', 16],
  ['a disk that could not be copied is tried again', 'primary', [16], 'retryDisks', 15],
  ['the last cycle prepares a planned failover', 'primary', [3], 'preparePlanned', 4],
  ['a prepared planned failover can be cancelled', 'primary', [4], 'cancelPlanned', 3],
  ['a failover begins on a replica that replicates, is suspended or critical', 'replica', [3, 7, 8], 'failover', 12],
  ['a failover ends uncommitted', 'replica', [12], 'failedOver', 5],
  ['an uncommitted failover can be reverted', 'replica', [5], 'revert', 3],
  ['an uncommitted failover can be committed', 'replica', [5], 'commit', 6],
  ['after a committed failover the middle of a chain becomes primary of the last host', 'replica', [6], 'changeMode', 3, 'primary'],
  ['reversing a planned failover makes the replica a primary that replicates', 'replica', [5, 6], 'reversePlanned', 3, 'primary'],
  ['reversing a planned failover makes the old primary a replica that replicates', 'primary', [4], 'yieldPlanned', 3, 'replica'],
  ['after an unplanned failover an old primary becomes a replica that waits', 'primary', [1, 3, 7, 8, 9], 'demote', 2, 'replica'],
  ['reversing an unplanned failover makes the replica a primary that is ready', 'replica', [6], 'reverseUnplanned', 1, 'primary'],
  ['a failback begins on a host that yielded', 'replica', [2], 'failback', 13],
  ['a failback begins on a host that prepared a planned failover', 'primary', [4], 'failback', 13, 'replica'],
  ['a failback that is complete waits to be looked at', 'replica', [13], 'failedBack', 14],
  ['a failback is committed by the host that the guest came home to', 'replica', [14], 'commitFailback', 3, 'primary'],
  ['a committed failback makes the other host a replica that replicates', 'replica', [5, 6], 'yieldHome', 3],
  ['a replica that waits goes on with another primary of its trust group', 'replica', [2], 'succeed', 2],
  ['a replica with points goes on with another primary of its trust group', 'replica', [3, 7, 8], 'succeed', 3],
  ['a relationship can be removed on the primary in every state that it rests in', 'primary', [1, 2, 3, 4, 7, 8, 9, 10, 11], 'disable', 0],
  ['a relationship can be removed on the replica in every state that it rests in', 'replica', [2, 3, 5, 6, 7, 8, 13, 14], 'disable', 0],
];

describe('as documented:', () => {
  for (const [name, side, from, event, to, becomes] of DOCUMENTED) {
    test(name, () => {
      for (const state of from) {
        const outcome = step({ side, state }, event, allTrue);
        assert.ok(outcome.ok, `${event} in ${state}`);
        assert.deepEqual([outcome.value.side, outcome.value.state], [becomes ?? side, to]);
      }
    });
  }
});

/** Where this version goes further than what is documented. */
const FURTHER: readonly (readonly [side: Side, from: readonly State[], event: Event])[] = [
  ['replica', [3], 'pointSealed'],
  // While media are on their way, and the comparison when the record of changes is lost meanwhile.
  ['replica', [2], 'aheadSealed'],
  ['primary', [10], 'resynchronizedAhead'],
  // A scheduled start is taken back.
  ['primary', [1], 'unscheduleInitial'],
  ['replica', [12], 'failoverFailed'],
  // On a host that yielded, failed over itself and went back.
  ['replica', [12], 'failoverFailedYielded'],
  ['replica', [5], 'revertYielded'],
  ['replica', [2], 'promote'],
  // A host that yielded and got nothing yet still has what it held itself.
  ['replica', [2], 'failover'],
  // The first cycle of a reverse finds that the record of changes is gone.
  ['primary', [2], 'requireResync'],
  ['primary', [2, 4, 10, 11], 'demote'],
  // Both hosts failed over, one after the other.
  ['replica', [5, 6, 14], 'demote'],
  // One gave the machine back while the other, ignorant of that, failed over to what it had kept.
  ['replica', [3, 7, 8], 'yieldKept'],
  ['replica', [13], 'failbackSealed'],
  // What a failback is when it is given up, by where it began.
  ['replica', [13], 'cancelFailback'],
  ['replica', [13], 'cancelFailbackPrepared'],
  ['replica', [14], 'revertFailback'],
  ['replica', [14], 'revertFailbackPrepared'],
  // The last host of a chain is primary now, and the one in the middle its replica.
  ['primary', [1, 2, 3, 4, 7, 8, 9, 10, 11], 'yieldChain'],
  ['primary', [15, 16], 'disable'],
  // The disks that replicate already go on meanwhile, and can be stopped, lose their record, or learn of a newer epoch.
  ['primary', [15, 16], 'suspend'],
  ['primary', [15, 16], 'requireResync'],
  ['primary', [15, 16], 'demote'],
  // Another set is asked for before the last one is there.
  ['primary', [15, 16], 'updateDisks'],
];

test('nothing is possible that is neither documented nor named here as going further', () => {
  const known = new Set([...DOCUMENTED.map(([, side, from, event]) => [side, from, event] as const), ...FURTHER].flatMap(([side, from, event]) => from.map((state) => `${event} ${side} ${state}`)));
  const possible = SUPPORTED.flatMap((row) => row.from.map((state) => `${row.event} ${row.side} ${state}`));
  assert.deepEqual(possible.filter((cell) => !known.has(cell)), []);
});

/** What is documented to be impossible. */
const IMPOSSIBLE: readonly (readonly [name: string, side: Side, from: readonly State[], event: Event, missing?: Condition])[] = [
  ['no initial replication is started twice', 'primary', [2, 3], 'startInitial'],
  ['a primary that replicates is not resynchronized before it is suspended', 'primary', [3], 'resynchronize'],
  ['no planned failover is prepared during a resynchronization', 'primary', [9, 10, 11], 'preparePlanned'],
  ['no planned failover is prepared while the guest runs', 'primary', [3], 'preparePlanned', 'guest-off'],
  ['no planned failover is prepared before its last cycle was acknowledged', 'primary', [3], 'preparePlanned', 'planned-point'],
  ['a replica that never got a point cannot fail over', 'replica', [2], 'failover', 'has-point'],
  ['a replica without recovery points cannot fail over', 'replica', [3], 'failover', 'has-point'],
  ['a primary is not failed over, its replica is', 'primary', [1, 2, 3, 4, 7, 8, 9, 10, 11], 'failover'],
  ['a failover that has begun takes no more points', 'replica', [5, 6, 12], 'pointSealed'],
  ['a failover is not begun twice', 'replica', [5, 6, 12], 'failover'],
  ['a failover is not reverted while its guest runs', 'replica', [5], 'revert', 'guest-off-here'],
  ['a committed failover is not reverted', 'replica', [6], 'revert'],
  ['a failover is not committed twice', 'replica', [6], 'commit'],
  ['an uncommitted failover makes no primary of the middle of a chain', 'replica', [5], 'changeMode'],
  ['without a third host there is no mode to change', 'replica', [6], 'changeMode', 'has-extended'],
  ['an unplanned failover is not reversed before it is committed', 'replica', [5], 'reverseUnplanned'],
  ['a failback does not begin while the guest is held here', 'replica', [2], 'failback', 'guest-off-here'],
  ['a failback does not begin unless the other host has failed over', 'replica', [2], 'failback', 'peer-failed-over'],
  ['a failback is not asked of the host that failed over', 'replica', [5, 6], 'failback'],
  ['a failover is not committed while the guest goes home', 'replica', [5], 'commit', 'no-failback'],
  ['a failover is not reversed before the old primary has yielded', 'replica', [6], 'reverseUnplanned', 'peer-yielded'],
  ['a host does not yield to an epoch that is not newer', 'primary', [3], 'demote', 'newer-epoch'],
  ['a replica that has a replica of its own cannot be removed', 'replica', [3], 'disable', 'no-extended'],
  ['no relationship is removed in the middle of a failover', 'replica', [12], 'disable'],
];

describe('as documented, refused:', () => {
  for (const [name, side, from, event, missing] of IMPOSSIBLE) {
    test(name, () => {
      for (const state of from) assert.ok(!step({ side, state }, event, missing ? { ...allTrue, [missing]: false } : allTrue).ok, `${event} in ${state}`);
    });
  }
});

describe('the page of the table', () => {
  const page = relationshipMarkdown();

  test('names every event, verb and condition', () => {
    for (const { event, verb, requires, why } of ROWS) {
      assert.ok(page.includes(`\`${event}\``), event);
      if (verb !== null) assert.ok(page.includes(`\`${verb}\``), verb);
      for (const condition of requires) assert.ok(page.includes(CONDITIONS[condition]), condition);
      assert.ok(page.includes(why), why);
    }
  });

  test('has rows of equal width in each table', () => {
    const widths = page.trimEnd().split('\n\n').filter((part) => part.startsWith('|')).map((part) => part.split('\n').map((line) => line.match(/(?<!\\)\|/g)!.length));
    assert.equal(widths.length, 5);
    for (const each of widths) assert.equal(new Set(each).size, 1);
  });

  test('draws an arrow or says in words each supported way from one standing to another', () => {
    for (const row of SUPPORTED) {
      const side = page.slice(page.indexOf(row.side === 'primary' ? '## Primary: the way' : '## Replica: the way'));
      const goal = `${row.becomes ?? row.side}${row.to}`;
      const isDrawn = row.from.every((state) => new RegExp(`(${row.side}${state}|\\[\\*\\]) --> (${goal}|\\[\\*\\]): .*\\b${row.event}\\b`).test(side));
      assert.ok(isDrawn || side.includes(`Not drawn: \`${row.event}\``), row.event);
    }
  });
});
