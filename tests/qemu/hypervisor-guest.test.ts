import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { testGuest } from '../../guest/build.ts';
import { GuestConsole } from '../../guest/console.ts';
import { guestDefinition } from '../../guest/definition.ts';
import { makeGuestDisks } from '../../guest/disks.ts';
import type { LaunchSpec } from '../../src/engine/ports/hypervisor.ts';
import { GuestAgent } from '../../src/hypervisor/qemu/agent.ts';
import { probeDisks } from '../../src/hypervisor/qemu/probe.ts';
import { createRawWrapper } from '../../src/layers/rawwrapper.ts';
import { parseDefinition } from '../../src/machine/parse.ts';
import { QemuBench } from '../conformance/qemubench.ts';
import { coloursOf, decodedPng } from './png.ts';

const BOOT_MS = 60_000;
const { signal } = new AbortController();
let bench: QemuBench;
before(() => {
  bench = new QemuBench();
});
after(() => bench.close());

const MIB = 2 ** 20;

async function booted(agent: boolean, vga: 'none' | 'std' = 'none'): Promise<{ spec: LaunchSpec; since: string }> {
  const id = randomUUID();
  const directory = bench.image(`${id}-disks`);
  mkdirSync(directory, { recursive: true });
  const text = guestDefinition({ name: `g-${agent}`, id, guest: testGuest(), disks: makeGuestDisks(directory), agent, mode: 'write' });
  const definition = { ...parseDefinition(text, id), vga };
  const stacks = await probeDisks(definition, { wrapperPath: (_, disk) => bench.image(`${id}-${disk}`), createRawWrapper });
  const spec: LaunchSpec = { instanceId: id, definition, stacks, isolated: false };
  const since = randomUUID();
  await bench.hypervisor.start(spec, { trackSince: { pointId: randomUUID(), replacementPointId: since } }, signal);
  await new GuestConsole(bench.hypervisor.console(id).logPath).verified({ timeoutMs: BOOT_MS });
  return { spec, since };
}

for (const agent of [false, true]) {
  test(`a real guest shuts down by its ${agent ? 'agent' : 'power button'}, and its changes are known afterwards`, async () => {
    const { spec, since } = await booted(agent);
    const attempt = { attemptId: randomUUID(), sincePointId: since };
    const view = await bench.hypervisor.openPointInTime(spec, { ...attempt, fleecingBudgetBytes: 32 * MIB }, signal);
    await view.close();
    await bench.hypervisor.closePointInTime(spec, attempt, 'acknowledged');
    if (agent) {
      const connected = await GuestAgent.connect(bench.hypervisor.agentSocketPath(spec.instanceId));
      await connected.order('guest-shutdown', { mode: 'powerdown' });
      connected.close();
    }
    await bench.hypervisor.shutdown(spec.instanceId, BOOT_MS, signal);
    assert.equal(await bench.hypervisor.power(spec.instanceId), 'off');
    assert.deepEqual(await bench.hypervisor.tracking(spec), { points: [attempt.attemptId], broken: false });
    const changes = await bench.hypervisor.changesSince(spec, attempt.attemptId, signal);
    assert.ok([...changes.values()].every((set) => set.size > 0));
    assert.match(readFileSync(bench.hypervisor.console(spec.instanceId).logPath, 'utf8'), agent ? /./ : /POWEROFF/);
  });
}

test('a guest\'s agent answers one question after the other, says what it refuses, and one that is not there is a fault in time', async () => {
  const { spec } = await booted(true);
  const ask = (command: string, args = {}) => bench.hypervisor.askAgent(spec.instanceId, command, args, signal);
  const [first, second] = await Promise.all([ask('guest-ping'), ask('guest-info')]);
  assert.deepEqual([first, typeof (second as { version: string }).version], [{}, 'string']);
  await assert.rejects(ask('guest-nothing'), { code: 'agent-refused' });
  await bench.hypervisor.pause(spec.instanceId);
  await assert.rejects(ask('guest-ping'), { code: 'agent-silent' });
  await bench.hypervisor.stop(spec.instanceId);
  await assert.rejects(ask('guest-ping'), { code: 'agent-silent' });
});

test('the picture of a real guest\'s display can be decoded to its last pixel, and is not all of one colour', async () => {
  const { spec } = await booted(false, 'std');
  const { width, height, pixels } = decodedPng(await bench.hypervisor.screenshot(spec, signal));
  assert.ok(width >= 640 && width <= 4_096 && height >= 350 && height <= 4_096, `${width} x ${height}`);
  assert.equal(pixels.length, width * height * 3);
  const colours = coloursOf({ width, height, pixels });
  assert.ok(colours.size > 1 && colours.has(0), `${colours.size} colours`);
});
