/** Freezing a real guest by its agent for the instant of a point, and what becomes of it when something dies. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Writable } from 'node:stream';
import { after, before, test } from 'node:test';
import { testGuest } from '../../guest/build.ts';
import { GuestConsole } from '../../guest/console.ts';
import { guestDefinition } from '../../guest/definition.ts';
import { makeGuestDisks } from '../../guest/disks.ts';
import type { LaunchSpec, PointInTime } from '../../src/engine/ports/hypervisor.ts';
import { GuestAgent } from '../../src/hypervisor/qemu/agent.ts';
import { runPaths } from '../../src/hypervisor/qemu/directories.ts';
import { probeDisks } from '../../src/hypervisor/qemu/probe.ts';
import { createRawWrapper } from '../../src/layers/rawwrapper.ts';
import { parseDefinition } from '../../src/machine/parse.ts';
import { QemuBench } from '../conformance/qemubench.ts';
import { until } from '../flow/testhost.ts';

const WATCHDOG = join(import.meta.dirname, '../../src/hypervisor/qemu/freezewatchdog.ts');
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

/** The agent of a few lines has taken the place of QEMU's: that one knows a ping. */
async function agent(mode: string): Promise<void> {
  await guest.run(`killall test-agent; test-agent ${mode} > /dev/null 2>&1 &`);
  await until('the other agent answers', async () => {
    const answer = await bench.hypervisor.askAgent(spec.instanceId, 'guest-ping', {}, signal).catch(String);
    return /not here/.test(String(answer)) ? true : undefined;
  }, BOOT_MS);
}

/** The watchdog as a daemon starts it, with the orders "freeze" and, until its input ends, no other; what it says in the end. */
async function watched(holdMs: number, until: (orders: Writable) => void): Promise<{ cause: string; fileSystems: number }> {
  const agentSocketPath = bench.hypervisor.agentSocketPath(spec.instanceId);
  const options = { agentSocketPath, rescueSocketPath: null, notePath: bench.image('frozen-note'), connectMs: 10_000, freezeMs: 20_000, holdMs, thawAnswerMs: 10_000, thawForMs: 20_000 };
  const child = spawn(process.execPath, [WATCHDOG, JSON.stringify(options)], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.write('freeze\n');
  let last = '';
  for await (const line of createInterface({ input: child.stdout })) {
    last = line;
    if (line.includes('"frozen"')) until(child.stdin);
  }
  return JSON.parse(last) as { cause: string; fileSystems: number };
}

test('a guest is frozen for the instant, and writes on', async () => {
  const { isConsistent, freezeFault } = await instant(true);
  assert.equal(freezeFault, null);
  assert.equal(isConsistent, true);
  await writesOn();
});

test('a daemon that dies while the guest is frozen leaves it thawed: the watchdog thaws when its orders end', async () => {
  const { cause, fileSystems } = await watched(60_000, (orders) => void orders.destroy());
  assert.deepEqual([cause, fileSystems], ['end', 2]);
  await writesOn();
});

test('a daemon that hangs while the guest is frozen leaves it thawed: the watchdog thaws when the time is over', async () => {
  const { cause, fileSystems } = await watched(500, () => undefined);
  assert.deepEqual([cause, fileSystems], ['deadline', 2]);
  await writesOn();
});

test('a guest that was left frozen is thawed when a daemon starts', async () => {
  const agentOf = await GuestAgent.connect(bench.hypervisor.agentSocketPath(spec.instanceId));
  assert.equal(await agentOf.execute('guest-fsfreeze-freeze', {}, 20_000), 2);
  agentOf.close();
  const told: unknown[] = [];
  await bench.hypervisor.thawAll((machine, fileSystems) => void told.push([machine, fileSystems]));
  assert.deepEqual(told, [['frozen', 2]]);
  await writesOn();
});

test('a guest that nobody asks any more whether it goes on is asked whenever its health is looked at, until it does', async () => {
  const { freezeNote } = runPaths(bench.directories, spec.instanceId);
  writeFileSync(freezeNote, '');
  const agentOf = await GuestAgent.connect(bench.hypervisor.agentSocketPath(spec.instanceId));
  assert.equal(await agentOf.execute('guest-fsfreeze-freeze', {}, 20_000), 2);
  agentOf.close();
  assert.notEqual(await bench.hypervisor.standsStillSinceMs(spec.instanceId), null);
  await writesOn();
  // In its turn: whoever asked has let go of the agent.
  await bench.hypervisor.askAgent(spec.instanceId, 'guest-ping', {}, signal);
  assert.equal(await bench.hypervisor.standsStillSinceMs(spec.instanceId), null);
});

test('a freeze that fails makes the instant all the same, and says why', async () => {
  await agent('fail');
  const { isConsistent, freezeFault } = await instant(true);
  assert.equal(isConsistent, false);
  assert.equal(freezeFault?.code, 'freeze-failed');
  assert.match(freezeFault.message, /a disk cannot be frozen/);
  await writesOn();
});

test('a guest whose agent hangs with its file systems frozen writes on within a bounded time', async () => {
  await agent('hang-thaw');
  const { isConsistent, freezeFault } = await instant(true);
  assert.equal(isConsistent, false);
  assert.equal(freezeFault?.code, 'freeze-failed');
  await writesOn();
});
