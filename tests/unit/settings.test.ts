/** Settings: what is accepted, and that a refused value is named with its field and with what is allowed. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { Fault } from '../../src/errors/fault.ts';
import { changed, cycleIntervalMs, defaultSettings, type AdditionalSettings, type SettingsChange } from '../../src/relationship/settings.ts';

const DISKS = ['root', 'data'];
const START = defaultSettings(DISKS);

/** The change as it may come from outside, where no compiler looks. */
const after = (change: Readonly<Record<string, unknown>>) => changed(START, change as SettingsChange, DISKS);

function complaint(change: Readonly<Record<string, unknown>>): string {
  try {
    after(change);
  } catch (thrown) {
    assert.ok(thrown instanceof Fault && thrown.code === 'settings-invalid', String(thrown));
    return thrown.message;
  }
  throw new Error(`accepted: ${JSON.stringify(change)}`);
}

/** name, least, most. */
const BOUNDS: readonly (readonly [keyof AdditionalSettings, number, number])[] = [
  ['cycleIntervalMs', 200, 29_999],
  ['pointIntervalSeconds', 1, 86_400],
  ['compressionLevel', -7, 19],
  ['fleecingBudgetMiB', 4, 1_048_576],
];

describe('additional settings', () => {
  for (const [name, least, most] of BOUNDS) {
    test(`${name} is accepted from ${least} to ${most} and refused beyond`, () => {
      for (const value of [least, most]) assert.equal(after({ additional: { [name]: value } }).additional[name], value);
      for (const value of [least - 1, most + 1, least + 0.5, Number.NaN, Number.POSITIVE_INFINITY, String(least), null, true, [least]]) {
        const message = complaint({ additional: { [name]: value } });
        assert.ok(message.includes(name), message);
        assert.ok(message.includes(JSON.stringify(value)), message);
        assert.ok(message.includes(`${least} to ${most}`), message);
      }
    });

    test(`${name} is accepted at any whole number between`, () => {
      fc.assert(fc.property(fc.integer({ min: least, max: most }), (value) => assert.equal(after({ additional: { [name]: value } }).additional[name], value)));
    });
  }

  test('demotion is "pause" or "stop"', () => {
    for (const value of ['pause', 'stop'] as const) assert.equal(after({ additional: { demotion: value } }).additional.demotion, value);
    for (const value of ['kill', '', 0, null]) assert.match(complaint({ additional: { demotion: value } }), /^demotion cannot be .*"pause" or "stop"$/);
  });

  test('an unknown one is refused by its name, with all that there are', () => {
    const message = complaint({ additional: { cycleInterval: 5 } });
    assert.ok(message.includes('"cycleInterval"'), message);
    for (const name of [...BOUNDS.map(([each]) => each), 'demotion']) assert.ok(message.includes(name), message);
  });

  test('names that every object has are unknown too', () => {
    for (const name of ['toString', 'constructor', 'hasOwnProperty']) assert.ok(complaint({ additional: { [name]: 5 } }).includes(name), name);
  });

  test('that are not named stay as they were', () => {
    const first = after({ additional: { compressionLevel: 3, demotion: 'stop' } });
    assert.deepEqual(changed(first, { additional: { compressionLevel: 5 } }, DISKS).additional, { compressionLevel: 5, demotion: 'stop' });
  });
});

describe('settings', () => {
  test('of a new relationship are valid as they are', () => {
    assert.deepEqual(after({}), START);
  });

  test('keep every field that the change does not name', () => {
    const first = after({ intervalSeconds: 900, compression: false, disks: ['data'], recoveryHistory: 24, additional: { pointIntervalSeconds: 10 } });
    assert.deepEqual(changed(first, {}, DISKS), first);
    assert.deepEqual(changed(first, { intervalSeconds: undefined, disks: undefined, recoveryHistory: undefined }, DISKS), first);
  });

  test('do not change the settings that they start from', () => {
    const before = structuredClone(START);
    after({ intervalSeconds: 30, additional: { demotion: 'stop' } });
    assert.deepEqual(START, before);
  });

  test('have an interval of 30, 300 or 900 seconds', () => {
    for (const intervalSeconds of [30, 300, 900]) assert.equal(after({ intervalSeconds }).intervalSeconds, intervalSeconds);
    for (const intervalSeconds of [0, -30, 29, 31, 3_000, 30.5, '30']) {
      assert.equal(complaint({ intervalSeconds }), `the interval cannot be ${JSON.stringify(intervalSeconds)}: allowed is 30, 300 or 900 seconds`);
    }
  });

  test('have a recovery history of 0 to 24', () => {
    for (const recoveryHistory of [0, 1, 24]) assert.equal(after({ recoveryHistory }).recoveryHistory, recoveryHistory);
    for (const recoveryHistory of [-1, 25, 1.5, '3']) {
      assert.equal(complaint({ recoveryHistory }), `the recovery history cannot be ${JSON.stringify(recoveryHistory)}: allowed is a whole number from 0 to 24`);
    }
  });

  test('have compression on or off and nothing between', () => {
    for (const compression of ['yes', 1, 0]) assert.equal(complaint({ compression }), `compression cannot be ${JSON.stringify(compression)}: allowed is true or false`);
  });

  test('name the disks that the machine does not have, and those that it has', () => {
    assert.equal(complaint({ disks: ['root', 'swap', 'tmp'] }), 'the list of disks cannot be ["swap","tmp"]: allowed is root, data');
    assert.deepEqual(after({ disks: ['data'] }).disks, ['data']);
  });

  test('have at least one disk', () => {
    assert.equal(complaint({ disks: [] }), 'the list of disks cannot be []: allowed is one or more of root, data');
  });

  test('have no disk twice', () => {
    assert.match(complaint({ disks: ['root', 'root'] }), /^the list of disks cannot be/);
  });

  test('cycle at the additional interval when there is one', () => {
    assert.equal(cycleIntervalMs(START), 300_000);
    assert.equal(cycleIntervalMs(after({ additional: { cycleIntervalMs: 500 } })), 500);
  });
});
