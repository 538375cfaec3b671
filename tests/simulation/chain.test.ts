/** Stories of a chain of three hosts: the real engine, one story for each rule of an extended relationship. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contentOf } from '../../src/simulation/instant.ts';
import type { SimulatedHost } from '../../src/simulation/host.ts';
import { Chain } from '../../src/simulation/chain.ts';
import { difference } from '../../src/simulation/properties.ts';
import { prefixOf } from '../../src/points/stack.ts';

const MINUTE_MS = 60_000;

async function done(chain: Chain, host: SimulatedHost, kind: string, args: Readonly<Record<string, unknown>> = {}): Promise<void> {
  const job = await chain.job(host, kind, args);
  assert.equal(job.state, 'completed', `${kind} on ${host.name}: ${job.error?.message}`);
}

async function until(chain: Chain, holds: () => boolean, what: string, limitMs = 20 * MINUTE_MS): Promise<void> {
  for (let waitedMs = 0; !holds(); waitedMs += 100) {
    assert.ok(waitedMs < limitMs, `${what}; ${chain.standing()}; ${chain.extended?.lastFault?.message}`);
    await chain.pass(100);
  }
}

/** A's guest runs, is replicated to B, and sent on to C. */
async function chained(seed: string, recoveryHistory = 3): Promise<Chain> {
  const chain = new Chain({ seed });
  await chain.enable({ recoveryHistory });
  await done(chain, chain.a, 'start');
  await done(chain, chain.a, 'initial');
  await chain.extend();
  await done(chain, chain.b, 'initial', { extended: true });
  return chain;
}

const write = (chain: Chain, host: SimulatedHost, times = 5): void => {
  for (let i = 0; i < times; i++) chain.guestWrites(host);
};

/** C has a point of now, and it reads as the disks of the host where the guest runs. */
async function reachesC(chain: Chain, from: SimulatedHost): Promise<void> {
  const sinceMs = from.nowMs();
  await until(chain, () => (chain.relationshipOn(chain.c)?.newestInstantMs ?? 0) > sinceMs, 'a point of now reaches C');
  const newestId = chain.relationshipOn(chain.c)!.newestPointId!;
  const stacks = chain.c.state.machine(chain.machineId)!.stacks.map((stack) => prefixOf(stack, newestId)!);
  assert.equal(difference(contentOf(chain.c.files, { stacks }), chain.diskContent(from)), undefined);
  await chain.properties.check();
}

test('what the guest writes reaches the third host by itself, and every point there reads as the disks did then', async () => {
  const chain = await chained('onward');
  for (let round = 0; round < 6; round++) {
    write(chain, chain.a);
    await reachesC(chain, chain.a);
  }
  assert.equal(chain.extended!.state, 3);
  assert.equal(chain.extended!.newestPointId, chain.relationshipOn(chain.c)!.newestPointId);
});

test('while the third host cannot be reached its changes gather, and then all of them travel', async () => {
  const chain = await chained('away', 0);
  chain.network.cut('B', 'C');
  chain.network.cut('C', 'B');
  for (let round = 0; round < 5; round++) {
    write(chain, chain.a);
    await chain.pass(2 * MINUTE_MS);
  }
  chain.network.heal();
  await reachesC(chain, chain.a);
});

test('the host in the middle dies anywhere in a cycle, and goes on by itself', async () => {
  const chain = await chained('middle');
  for (let round = 0; round < 12; round++) {
    write(chain, chain.a, 8);
    await chain.pass(chain.random.int(1_000, 25_000));
    const host = chain.random.pick([chain.b, chain.b, chain.c]);
    if (chain.random.chance(0.5)) host.kill();
    else host.losePower();
    await chain.pass(2_000);
    host.boot();
  }
  await chain.pass(5 * MINUTE_MS);
  await reachesC(chain, chain.a);
});
