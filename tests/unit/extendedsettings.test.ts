/** Settings of an extended relationship: what Hyper-V Replica's have not, and what the primary's bound. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultExtendedSettings, extendedChanged } from '../../src/relationship/extendedsettings.ts';
import { defaultSettings, type Settings } from '../../src/relationship/settings.ts';

const primary: Settings = { ...defaultSettings(['root', 'data']), intervalSeconds: 300, recoveryHistory: 12, compression: false };
const changed = (change: Parameters<typeof extendedChanged>[1], of = primary): Settings => extendedChanged(defaultExtendedSettings(of), change, of);

test('an extended relationship begins with the primary\'s disks and compression, and a history of its own', () => {
  assert.deepEqual(defaultExtendedSettings(primary), { ...defaultSettings(['root', 'data']), compression: false });
  assert.equal(changed({ recoveryHistory: 24 }).recoveryHistory, 24);
});

test('its interval is 300 or 900 seconds, and never below the primary\'s', () => {
  assert.equal(defaultExtendedSettings({ ...primary, intervalSeconds: 30 }).intervalSeconds, 300);
  assert.equal(defaultExtendedSettings({ ...primary, intervalSeconds: 900 }).intervalSeconds, 900);
  assert.equal(changed({ intervalSeconds: 900 }).intervalSeconds, 900);
  assert.throws(() => changed({ intervalSeconds: 30 }), /allowed is 300 or 900/);
  assert.throws(() => changed({ intervalSeconds: 300 }, { ...primary, intervalSeconds: 900 }), /at least the primary's, 900 s/);
  assert.throws(() => changed({ additional: { cycleIntervalMs: 1_000 } }), /at least the primary's/);
  const quick = { ...primary, additional: { cycleIntervalMs: 1_000 } };
  assert.equal(changed({ additional: { cycleIntervalMs: 2_000 } }, quick).additional.cycleIntervalMs, 2_000);
});

test('it has no application-consistent points of its own, and its disks cannot be chosen', () => {
  assert.throws(() => changed({ recoveryHistory: 4, declared: { applicationConsistentHours: 2 } }), /no application-consistent recovery points/);
  assert.throws(() => changed({ disks: ['root'] }), /the disks of an extended relationship are those that the primary replicates: root, data/);
  assert.deepEqual(changed({ disks: ['data', 'root'] }).disks, ['root', 'data']);
});
