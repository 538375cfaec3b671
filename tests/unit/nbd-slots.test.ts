import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Slots } from '../../src/nbd/slots.ts';

test('who waits for a slot comes in first come, first served', async () => {
  const slots = new Slots(1);
  assert.equal(slots.take(), undefined);
  const order: string[] = [];
  const first = slots.take()!.then(() => order.push('first'));
  const second = slots.take()!.then(() => order.push('second'));
  slots.give();
  await first;
  assert.deepEqual(order, ['first']);
  slots.give();
  await second;
  assert.deepEqual(order, ['first', 'second']);
});

test('giving up the wait loses no slot', async () => {
  const slots = new Slots(1);
  slots.take();
  const patience = new AbortController();
  const givenUp = slots.take(patience.signal)!;
  const next = slots.take()!;
  patience.abort(new Error('enough'));
  await assert.rejects(givenUp, /enough/);
  slots.give();
  await next;
  slots.give();
  assert.equal(slots.take(), undefined);
});
