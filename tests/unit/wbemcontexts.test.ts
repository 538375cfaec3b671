/** Open enumerations: whose they are, how long they stay, and how many there may be. */
import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { CimError } from '../../src/cim/error.ts';
import { Contexts } from '../../src/wbem/contexts.ts';

describe('contexts', () => {
  let nowMs: number;
  let ended: string[];
  let contexts: Contexts<string>;
  beforeEach(() => {
    let next = 0;
    nowMs = 0;
    ended = [];
    contexts = new Contexts({ idleMs: 1_000, perOwner: 2, heldItems: 100 }, { newId: () => `c${next++}`, nowMs: () => nowMs, onEnd: (value) => ended.push(value) });
  });
  const isTooMuch = (error: unknown) => error instanceof CimError && error.status === 'serverLimitsExceeded';

  test('are found by their owner only', () => {
    const id = contexts.open('ada', 'one', 1);
    assert.equal(contexts.find('ada', id), 'one');
    assert.equal(contexts.find('bob', id), undefined);
    assert.equal(contexts.close('bob', id), false);
    assert.equal(contexts.close('ada', id), true);
    assert.equal(contexts.close('ada', id), false);
    assert.deepEqual(ended, ['one']);
  });

  test('stay as long as they are used, and go when they are not', () => {
    const id = contexts.open('ada', 'one', 1);
    for (let use = 0; use < 5; use++) {
      nowMs += 999;
      assert.equal(contexts.find('ada', id), 'one');
    }
    nowMs += 1_000;
    assert.equal(contexts.find('ada', id), undefined);
    assert.deepEqual([contexts.size, ended], [0, ['one']]);
  });

  test('that nobody asks for again go too', () => {
    contexts.open('ada', 'one', 1);
    contexts.open('ada', 'two', 1, 5_000);
    nowMs += 1_000;
    contexts.sweep();
    assert.deepEqual([contexts.size, ended], [1, ['one']]);
  });

  test('are limited for each owner and in what all of them hold', () => {
    const first = contexts.open('ada', 'one', 60);
    contexts.open('ada', 'two', 1);
    assert.throws(() => contexts.open('ada', 'three', 1), isTooMuch);
    assert.throws(() => contexts.open('bob', 'large', 40), isTooMuch);
    contexts.close('ada', first);
    contexts.open('bob', 'large', 40);
  });

  test('make room for new ones by going', () => {
    contexts.open('ada', 'one', 100);
    nowMs += 1_000;
    contexts.open('ada', 'two', 100);
    assert.deepEqual(ended, ['one']);
  });
});
