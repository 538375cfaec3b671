/** A host as a replica server: what it takes from others, and what they are told when it does not. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { call } from '../../src/engine/calls.ts';
import { transition } from '../../src/engine/transition.ts';
import { faultOf } from '../../src/errors/fault.ts';
import { admissionOf, type AuthorizationEntry } from '../../src/relationship/authorization.ts';
import { Pair } from '../../src/simulation/pair.ts';

const MINUTE_MS = 60_000;

async function replicating(seed: string): Promise<Pair> {
  const pair = new Pair({ seed });
  await pair.enable({ recoveryHistory: 3 });
  for (const kind of ['start', 'initial']) assert.equal((await pair.job(pair.a, kind, {})).state, 'completed');
  await pair.pass(MINUTE_MS / 2);
  return pair;
}

const entryOf = (host: string): AuthorizationEntry => ({ id: `id of ${host}`, host, storage: '/replicas', trustGroup: 'DEFAULT' });

/** The primary is critical with that fault, and the replica is as it was. */
async function isRefused(pair: Pair, code: string, message: RegExp, hint: RegExp): Promise<void> {
  const points = pair.b.state.points(pair.machineId).length;
  await pair.pass(2 * MINUTE_MS);
  const { state, lastFault } = pair.relationshipOn(pair.a)!;
  assert.deepEqual([state, lastFault?.code], [8, code]);
  assert.match(lastFault!.message, message);
  assert.match(lastFault!.hint, hint);
  assert.deepEqual([pair.relationshipOn(pair.b)!.state, pair.b.state.points(pair.machineId).length], [3, points]);
}

async function goesOn(pair: Pair): Promise<void> {
  pair.write(pair.a, 'a', 1);
  const { id } = pair.relationshipOn(pair.a)!;
  transition(pair.a.engine!.host, id, 'resume');
  await pair.pass(MINUTE_MS);
  assert.equal((await pair.job(pair.a, 'cycle', {})).state, 'completed');
  assert.equal(pair.relationshipOn(pair.a)!.lastFault, null);
  pair.properties.newestPointIsTheDisks(pair.a);
}

test('a replica server that is switched off takes no cycle, its replica stays, and the primary is told what to do', async () => {
  const pair = await replicating('off');
  pair.b.admits = () => admissionOf(false, [entryOf('A')], 'A');
  await isRefused(pair, 'server-off', /B takes no replicas: its replica server is switched off/, /server set --replica-server on.*understudy resume/);
  pair.b.admits = () => admissionOf(true, [entryOf('A')], 'A');
  await goesOn(pair);
});

test('a replica that was given to an entry stops when that is gone, though another lets its host in', async () => {
  const pair = await replicating('given');
  const entries = [entryOf('A'), entryOf('*.example.com')];
  const bound = (boundId: string) => () => admissionOf(true, entries, 'A', boundId);
  pair.b.admits = bound('id of A');
  assert.equal((await pair.job(pair.a, 'cycle', {})).state, 'completed');
  entries.splice(0, 1, { ...entryOf('A'), id: 'another' });
  await isRefused(pair, 'peer-not-authorized', /authorization entry that it was given to is gone/, /authorization add/);
  pair.b.admits = bound('another');
  await goesOn(pair);
});

test('a place outside the storage location of its entry is refused to a primary that asks for it all the same', async () => {
  const pair = new Pair({ seed: 'place' });
  await pair.enable();
  pair.b.admits = () => admissionOf(true, [entryOf('A')], 'A');
  const { host } = pair.a.engine!;
  const { definition, lineage, stacks } = pair.a.state.machine(pair.machineId)!;
  const { settings, key } = pair.relationshipOn(pair.a)!;
  const sizes = stacks.map(({ disk, sizeBytes }) => ({ disk, sizeBytes }));
  const asking = (storage: string) => {
    const id = host.newId();
    const request = { relationshipId: host.newId(), machineId: id, definition: { ...definition, id, name: id }, settings, lineage, key, sizes, overrides: { storage } };
    return pair.time.until(call(host.peers, 'B', 'createReplica', request, new AbortController().signal), MINUTE_MS, 'createReplica').then(() => pair.b.state.machine(id)!.storage);
  };
  for (const place of ['/etc', '/replicas/../etc', '/replicas2', 'replicas']) await assert.rejects(asking(place), (thrown: Error) => faultOf(thrown)?.code === 'settings-invalid' && /in \/replicas and below it/.test(thrown.message), place);
  assert.equal(pair.b.state.machines().length, 1);
  assert.equal(await asking('/replicas/fast'), '/replicas/fast');
});
