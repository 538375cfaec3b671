import assert from 'node:assert/strict';
import { test } from 'node:test';
import { figure, median } from '../../bench/figure.ts';

const speed = { name: 'speed', unit: 'MiB/s', peer: 'peer' };

test('a target on the ratio is met at its limit and not below', () => {
  const target = { of: 'ratio', at: 'least', limit: 1.5 } as const;
  assert.equal(figure({ ...speed, value: 150, peerValue: 100, target }).met, true);
  assert.equal(figure({ ...speed, value: 149, peerValue: 100, target }).met, false);
});

test('a target on the difference allows that much more than the peer', () => {
  const target = { of: 'difference', at: 'most', limit: 1 } as const;
  assert.equal(figure({ ...speed, value: 1.04, peerValue: 0.05, target }).met, true);
  assert.equal(figure({ ...speed, value: 1.06, peerValue: 0.05, target }).met, false);
});

test('what was not measured meets no target, and what is only reported has none', () => {
  assert.equal(figure({ ...speed, value: null, peerValue: 100, target: { of: 'ratio', at: 'least', limit: 1 } }).met, false);
  assert.equal(figure({ ...speed, value: null, peerValue: 100, target: { of: 'nothing' } }).met, null);
});

test('the median of an even number of values lies between the middle two', () => {
  assert.equal(median([4, 1, 3, 2]), 2.5);
  assert.equal(median([10, 9, 1]), 9);
});
