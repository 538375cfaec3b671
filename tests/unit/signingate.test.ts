/** Guessing passwords is bounded, and nobody else is kept out by it. */
import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { SignInGate, SignInLocked } from '../../src/api/signingate.ts';

const wrong = () => Promise.reject(new Error('wrong'));
const right = () => Promise.resolve('in');
const isLocked = (error: unknown) => error instanceof SignInLocked;

describe('the sign-in gate', () => {
  let nowMs: number;
  let gate: SignInGate;
  beforeEach(() => {
    nowMs = 0;
    gate = new SignInGate(() => nowMs);
  });
  const fail = async (address: string, user: string, times: number) => {
    for (let i = 0; i < times; i++) await assert.rejects(gate.pass(address, user, wrong), /wrong/);
  };

  test('the fifth failure locks the user from that address, and the right password does not open it then', async () => {
    await fail('10.0.0.1', 'ada', 5);
    await assert.rejects(gate.pass('10.0.0.1', 'ada', right), isLocked);
  });

  test('another address and another user still sign in', async () => {
    await fail('10.0.0.1', 'ada', 5);
    assert.equal(await gate.pass('10.0.0.2', 'ada', right), 'in');
    assert.equal(await gate.pass('10.0.0.1', 'bob', right), 'in');
  });

  test('the lock ends after the time that it names, and doubles with the next failure', async () => {
    await fail('10.0.0.1', 'ada', 5);
    nowMs += 1_000;
    await fail('10.0.0.1', 'ada', 1);
    await assert.rejects(gate.pass('10.0.0.1', 'ada', right), (error) => isLocked(error) && (error as SignInLocked).retryAfterSeconds === 2);
    nowMs += 2_000;
    assert.equal(await gate.pass('10.0.0.1', 'ada', right), 'in');
  });

  test('a day of guessing from one address gets at most some hundred tries', async () => {
    let tries = 0;
    for (; nowMs < 86_400_000; nowMs += 500) await gate.pass('10.0.0.1', 'ada', () => { tries += 1; return wrong(); }).catch(() => undefined);
    assert.ok(tries < 200, `${tries} tries`);
  });

  test('guesses in parallel are counted before they are verified', async () => {
    let tries = 0;
    const never = Promise.withResolvers<never>();
    for (let i = 0; i < 100; i++) void gate.pass('10.0.0.1', 'ada', () => { tries += 1; return never.promise; }).catch(() => undefined);
    assert.ok(tries <= 4, `${tries} at once`);
  });

  test('whoever has an account cannot clear the count of their address for other users', async () => {
    let tries = 0;
    for (let i = 0; i < 200; i++) {
      await gate.pass('10.0.0.1', 'mine', right).catch(() => undefined);
      await gate.pass('10.0.0.1', `victim${i}`, () => { tries += 1; return wrong(); }).catch(() => undefined);
    }
    assert.ok(tries <= 20, `${tries} tries`);
  });

  test('an IPv6 host does not get new tries with every address of its network', async () => {
    let tries = 0;
    for (let i = 0; i < 100; i++) await gate.pass(`2001:db8:0:1::${i.toString(16)}`, 'ada', () => { tries += 1; return wrong(); }).catch(() => undefined);
    assert.equal(tries, 5);
  });

  test('guessing from many addresses does not keep out who has signed in before from where they are', async () => {
    assert.equal(await gate.pass('10.1.0.1', 'ada', right), 'in');
    for (let i = 0; i < 60; i++) await gate.pass(`10.0.${i}.1`, 'ada', wrong).catch(() => undefined);
    await assert.rejects(gate.pass('10.2.0.1', 'ada', right), isLocked);
    assert.equal(await gate.pass('10.1.0.1', 'ada', right), 'in');
  });

  test('guessing through a proxy on this host locks the others behind it for a minute at most', async () => {
    for (let i = 0; i < 100; i++) {
      await gate.pass('127.0.0.1', `guessed${i % 30}`, wrong).catch(() => undefined);
      nowMs += 60_000;
    }
    assert.equal(await gate.pass('127.0.0.1', 'ada', right), 'in');
  });

  test('guessing from many addresses locks the user for a minute at most', async () => {
    for (let i = 0; i < 60; i++) {
      await gate.pass(`10.1.0.${i}`, 'ada', wrong).catch(() => undefined);
      nowMs += 60_000;
    }
    assert.equal(await gate.pass('10.9.9.9', 'ada', right), 'in');
  });
});
