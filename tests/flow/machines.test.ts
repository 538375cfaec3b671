import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Pair } from './pair.ts';
import { killPid, until, type TestHost } from './testhost.ts';

const UEFI = `
[firmware]
kind = "uefi"
codePath = "/usr/share/OVMF/OVMF_CODE_4M.fd"
variablesTemplatePath = "/usr/share/OVMF/OVMF_VARS_4M.fd"

[[nics]]
kind = "user"
mac = "52:54:00:aa:bb:01"
`;
let pair: Pair;

before(async () => {
  pair = await Pair.open();
  await pair.define({ rate: 10, memoryMiB: 256, storage: { format: 'raw' }, autostart: true, more: UEFI });
});
after(() => pair.close());

const variables = (host: TestHost): Buffer => readFileSync(join(host.stateDir, 'machines', host.record().machine.id, 'uefi-variables.fd'));
const commandLine = (pid: number): string[] => readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');

test('a machine with raw disks and UEFI firmware is started with its host and replicates', async () => {
  await pair.a.stop();
  await pair.a.start();
  await until('the guest runs', async () => ((await pair.a.machine()).power === 'running' ? true : undefined));
  await pair.enable('web1', {}, '--history', '2');
  await pair.a.run('start-replication', 'web1');
  await (await pair.a.console()).next('wrote', { timeoutMs: 60_000 });
  await pair.areIdentical();
});

test('the replica boots with the same UUID, MAC address, memory and firmware variables', async () => {
  await (await pair.a.console()).write();
  const here = commandLine((await pair.a.machine()).pid!);
  const since = await (await pair.b.console()).position();
  await pair.a.run('failover', 'web1', '--planned', '--yes');
  const written = await (await pair.a.console()).last('power-off');
  const { pid } = await pair.b.machine();
  const there = commandLine(pid!);
  for (const option of ['-uuid', '-m', '-machine', '-cpu']) assert.equal(there[there.indexOf(option) + 1], here[here.indexOf(option) + 1], option);
  assert.ok(there.some((word) => word.includes('52:54:00:aa:bb:01')));
  const { ok, lastA } = await (await pair.b.console()).verified({ since, timeoutMs: 60_000 });
  assert.deepEqual([ok, lastA], [true, written!.lastA]);
  await pair.b.run('reverse', 'web1', '--yes');
  await pair.b.run('failback', 'web1', '--yes');
  assert.ok(variables(pair.a).length > 0);
  assert.ok(variables(pair.a).equals(variables(pair.b)));
  await (await pair.a.console()).verified({ since: 0 });
});

test('a host that starts asks its peer first, and does not start a guest that the peer runs now', async () => {
  await pair.a.reaches('home', ({ side, state }) => side === 'primary' && state === 3);
  await killPid((await pair.a.machine()).pid!);
  await pair.a.kill();
  await pair.b.run('failover', 'web1', '--unplanned', '--yes');
  await pair.a.start();
  await pair.a.reaches('it has yielded', ({ side }) => side === 'replica');
  assert.equal((await pair.a.machine()).power, 'off');
  assert.equal((await pair.b.machine()).power, 'running');
});
