/** Freezing a real guest by its agent for the instant of a point, and what becomes of it when something dies. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { testGuest } from '../../guest/build.ts';
import { GuestConsole } from '../../guest/console.ts';
import { guestDefinition } from '../../guest/definition.ts';
import { makeGuestDisks } from '../../guest/disks.ts';
import type { LaunchSpec, PointInTime } from '../../src/engine/ports/hypervisor.ts';
import { probeDisks } from '../../src/hypervisor/qemu/probe.ts';
import { createRawWrapper } from '../../src/layers/rawwrapper.ts';
import { parseDefinition } from '../../src/machine/parse.ts';
import { QemuBench } from '../conformance/qemubench.ts';

const BOOT_MS = 60_000;
const MIB = 2 ** 20;
const { signal } = new AbortController();
let bench: QemuBench;
let spec: LaunchSpec;
let guest: GuestConsole;
let since = randomUUID() as string;

before(async () => {
  bench = new QemuBench();
  const id = randomUUID();
  const directory = bench.image(`${id}-disks`);
  mkdirSync(directory, { recursive: true });
  const definition = parseDefinition(guestDefinition({ name: 'frozen', id, guest: testGuest(), disks: makeGuestDisks(directory), agent: true, rate: 20 }), id);
  spec = { instanceId: id, definition, stacks: await probeDisks(definition, { wrapperPath: (_, disk) => bench.image(`${id}-${disk}`), createRawWrapper }), isolated: false };
  await bench.hypervisor.start(spec, { trackSince: { pointId: randomUUID(), replacementPointId: since } }, signal);
  const { logPath, socketPath } = bench.hypervisor.console(id);
  guest = new GuestConsole(logPath, socketPath);
  await guest.wrote(5, { timeoutMs: BOOT_MS });
});
after(() => bench.close());

async function instant(isToBeConsistent: boolean): Promise<PointInTime> {
  const attempt = { attemptId: randomUUID(), sincePointId: since };
  const view = await bench.hypervisor.openPointInTime(spec, { ...attempt, fleecingBudgetBytes: 32 * MIB, isToBeConsistent }, signal);
  await view.close();
  await bench.hypervisor.closePointInTime(spec, attempt, 'acknowledged');
  since = attempt.attemptId;
  return view;
}

const writesOn = async (): Promise<void> => {
  const position = await guest.position();
  await guest.next('wrote', { since: position });
};

test('a guest is frozen for the instant, and writes on', async () => {
  const { isConsistent, freezeFault } = await instant(true);
  assert.equal(freezeFault, null);
  assert.equal(isConsistent, true);
  await writesOn();
});
