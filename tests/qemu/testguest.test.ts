import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { testGuest, type TestGuest } from '../../guest/build.ts';
import { makeGuestDisks, type GuestDisk } from '../../guest/disks.ts';
import { startPlain, type PlainMachine, type PlainOptions } from '../../guest/plain.ts';

const directory = mkdtempSync(join(tmpdir(), 'us-guest-'));
const signal = AbortSignal.timeout(120_000);
let guest: TestGuest;
let disks: readonly GuestDisk[];
let machine: PlainMachine | undefined;

before(() => {
  guest = testGuest();
  disks = makeGuestDisks(directory);
});
after(() => {
  machine?.process.kill('SIGKILL');
  rmSync(directory, { recursive: true, force: true });
});

/** Boots the guest; `since` is where this boot begins in the console's log. */
async function boot(options: PlainOptions = {}): Promise<{ booted: PlainMachine; since: number }> {
  const since = (await machine?.console.position()) ?? 0;
  machine = await startPlain(directory, guest, disks, options);
  return { booted: machine, since };
}

test('a guest that QEMU lost in the middle of writing finds all its records at the next boot', async () => {
  const first = await boot({ rate: 50 });
  const started = performance.now();
  await first.booted.console.next('ready', { signal });
  assert.ok(performance.now() - started < 15_000, 'ready takes some seconds');
  await first.booted.console.wrote(50, { signal });
  first.booted.process.kill('SIGKILL');
  await first.booted.ended;
  const lastWritten = (await first.booted.console.last('wrote'))!.number;

  const second = await boot({ mode: 'load', rate: 50, chunks: 2 });
  const verified = await second.booted.console.verified({ since: second.since, signal });
  assert.equal(verified.ok, true);
  assert.ok(verified.lastA >= lastWritten, `${verified.lastA} records of ${lastWritten}`);
  await second.booted.console.wrote(verified.lastA + 20, { since: second.since, signal });
  second.booted.process.kill('SIGKILL');
  await second.booted.ended;
});

test('a guest obeys its console, stands still when told to, and powers off by ACPI', async () => {
  const { booted, since } = await boot({ rate: 20 });
  const verified = await booted.console.verified({ since, signal });
  assert.deepEqual([verified.ok, verified.why], [true, '']);
  const quiet = await booted.console.quiet({ signal });
  assert.equal(quiet.lastA, quiet.lastB);
  assert.equal((await booted.console.run('echo hello > /disk/b/hello && sync', { signal })).status, 0);
  assert.equal((await booted.console.verify({ signal })).lastA, quiet.lastA);
  const again = await booted.console.write(100, { signal });
  assert.equal(again.number, quiet.lastA + 1);
  await booted.qmp.execute('system_powerdown');
  await booted.ended;
  const off = await booted.console.last('power-off', since);
  assert.equal(off?.lastA, off?.lastB);
});

test('a guest on one disk of an older time says that its disks do not fit together', async () => {
  const old = join(directory, 'old.qcow2');
  execFileSync('cp', [disks[1]!.path, old]);
  const first = await boot({ rate: 100 });
  const { lastA } = await first.booted.console.verified({ since: first.since, signal });
  await first.booted.console.wrote(lastA + 5, { since: first.since, signal });
  first.booted.process.kill('SIGKILL');
  await first.booted.ended;
  execFileSync('mv', [old, disks[1]!.path]);
  const second = await boot({ mode: 'verify' });
  const verified = await second.booted.console.verified({ since: second.since, signal });
  assert.equal(verified.ok, false);
  assert.match(verified.why, /disks-are-of-different-times/);
  second.booted.process.kill('SIGKILL');
  await second.booted.ended;
});

test('a guest whose records were changed on the disk says which', async () => {
  const own = join(directory, 'changed');
  execFileSync('mkdir', [own]);
  disks = makeGuestDisks(own, { format: 'raw' });
  const first = await boot({ rate: 100 });
  await first.booted.console.wrote(30, { since: first.since, signal });
  await first.booted.qmp.execute('system_powerdown');
  await first.booted.ended;
  execFileSync('sed', ['-i', 's/^9 \\([0-9]\\)/9 0/', disks[0]!.path], { env: { LC_ALL: 'C', PATH: process.env['PATH'] } });
  const second = await boot({ mode: 'verify' });
  const verified = await second.booted.console.verified({ since: second.since, signal });
  assert.deepEqual([verified.ok, verified.why], [false, 'a-record-9-has-a-wrong-checksum disks-are-of-different-times']);
});
