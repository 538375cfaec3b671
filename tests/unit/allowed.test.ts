/** What is offered for a relationship: the verbs of its state, and what changes no state. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Machine, Relationship } from '../../src/machine/records.ts';
import { founded, mint } from '../../src/relationship/epoch.ts';
import { allowedVerbs } from '../../src/relationship/step.ts';
import { ALL_STATES } from '../../src/relationship/state.ts';
import { allowedNow } from '../../src/service/allowed.ts';

const AT_HOME = founded('e1', 'host-a');
const AWAY = mint(AT_HOME, 'e2', 'host-b');

function allowed(relationship: Partial<Relationship>, { lineage = AT_HOME, pointCount = 3, isSentOn = false } = {}): string[] {
  const standing = { side: 'replica', state: 3, testCopy: null, lastFault: null, yielded: null, receiving: null, newestPointId: null, seed: null, ...relationship } as Relationship;
  return allowedNow({ relationship: standing, machine: { name: 'web1', lineage } as Machine, pointCount, isSentOn });
}
const has = (operation: string, ...given: Parameters<typeof allowed>): boolean => allowed(...given).includes(operation);

const CONDITIONAL = ['change-mode', 'become-replica', 'initiate-failback'];

test('every verb of a state is offered in it, in every state and on both sides', () => {
  for (const side of ['primary', 'replica'] as const) {
    for (const state of ALL_STATES) {
      const missing = allowedVerbs({ side, state }).filter((verb) => !CONDITIONAL.includes(verb) && !allowed({ side, state }).includes(verb));
      assert.deepEqual(missing, [], `${side} ${state}`);
    }
  }
});

test('a test failover is offered on a replica with points, and its end instead while one is there', () => {
  assert.deepEqual([has('test', {}), has('test-end', {})], [true, false]);
  const testCopy = { instanceId: 't', pointId: 'p', layers: [] };
  assert.deepEqual([has('test', { testCopy }), has('test-end', { testCopy }), has('disable', { testCopy })], [false, true, false]);
  assert.equal(has('test', {}, { pointCount: 0 }), false);
  assert.equal(has('test', { side: 'primary' }), false);
});

test('a cycle is asked for on the primary only, and the settings are changed there', () => {
  assert.deepEqual([has('cycle', { side: 'primary' }), has('settings', { side: 'primary' })], [true, true]);
  assert.deepEqual([has('cycle', {}), has('settings', {}), has('cycle', { side: 'primary', state: 7 })], [false, false, false]);
});

test('a failback is offered while the machine is away from the host that it was defined on, on both hosts', () => {
  const away = { lineage: AWAY };
  assert.deepEqual([has('failback', { state: 5 }, away), has('failback', { state: 3 }, away), has('failback', { side: 'primary' }, away), has('failback', { side: 'primary', state: 4 }, away)], [true, true, true, true]);
  assert.deepEqual([has('failback', { side: 'primary' }), has('failback', {}), has('failback', { state: 5 }, { lineage: mint(AWAY, 'e3', 'host-a') })], [false, false, false]);
});

test('in the middle of a chain the extended relationship goes first, and the mode can be changed', () => {
  assert.deepEqual([has('disable', {}, { isSentOn: true }), has('disable', { side: 'primary', kind: 'extended' }, { isSentOn: true })], [false, true]);
  assert.deepEqual([has('change-mode', { state: 6 }, { isSentOn: true }), has('change-mode', { state: 6 })], [true, false]);
});

test('the only recovery point can be verified, not deleted', () => {
  assert.deepEqual([has('point verify', {}, { pointCount: 1 }), has('point delete', {}, { pointCount: 1 }), has('point delete', {})], [true, false, true]);
});

test('yielding is offered in a split brain only, and a failback that is looked at first on a host that yielded', () => {
  const split = { code: 'split-brain', message: '', hint: '', atMs: 0 };
  assert.deepEqual([has('become-replica', { state: 5 }), has('become-replica', { state: 5, lastFault: split }), has('become-replica', { side: 'primary', lastFault: split })], [false, true, true]);
  const yielded = { pointId: 'p', attemptId: null, basisId: 'p' };
  assert.deepEqual([has('initiate-failback', { state: 2 }), has('initiate-failback', { state: 2, yielded }), has('initiate-failback', { side: 'primary', state: 4 })], [false, true, true]);
});

test('while the guest goes home, or waits there, nothing of the failover is decided on the host that it leaves', () => {
  const failback = { at: 'away', phase: 'handedOver' } as Relationship['failback'];
  const decided = ['commit', 'revert', 'reverse', 'commit-after', 'failback'];
  assert.deepEqual(allowed({ state: 5 }, { lineage: AWAY }).filter((each) => decided.includes(each)).sort(), decided.toSorted());
  assert.deepEqual(allowed({ state: 5, failback: failback! }, { lineage: AWAY }).filter((each) => decided.includes(each)), []);
  assert.ok(has('disable', { state: 5, failback: failback! }), 'that gives the failback up');
});

test('a first copy on media is taken in where one is awaited, not on a host that yielded', () => {
  const yielded = { pointId: 'p', attemptId: null, basisId: 'p' };
  assert.deepEqual([has('import', { state: 2 }), has('import', { state: 2, newestPointId: 'p', yielded }), has('import', { state: 3 })], [true, false, false]);
});
