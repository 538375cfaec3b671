/** Three hosts and a guest: it is replicated from the first to the second, and sent on to the third. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { RelationshipView } from '../../src/service/relationshipviews.ts';
import { Pair, differing, disksOf } from './pair.ts';
import { TestHost, killPid, until } from './testhost.ts';

let pair: Pair;
let c: TestHost;

before(async () => {
  pair = await Pair.open();
  c = new TestHost({ name: 'host-c', directory: join(pair.directory, 'c'), portOffset: pair.a.portOffset + 50 });
  await c.start();
  const { invitation } = await pair.b.run<{ invitation: string }>('host', 'invite', '--address', pair.b.peerAddress);
  await c.run('host', 'join', invitation, '--address', c.peerAddress);
  await pair.protect({ rate: 20 }, {}, '--history', '4');
});
after(async () => {
  await c?.end();
  await pair?.close();
});

const SHORT = JSON.stringify({ cycleIntervalMs: 2_000, pointIntervalSeconds: 1 });

const extendedOn = async (host: TestHost): Promise<RelationshipView> => (await host.get<RelationshipView[]>('/api/relationships')).find(({ kind }) => kind === 'extended')!;

/** A point of the guest as it is now is on the third host, and it is the disks of the host where it runs. */
async function reachesThird(from: TestHost): Promise<void> {
  const guest = await from.console();
  await guest.quiet();
  await guest.run('sync');
  const sinceMs = Date.now();
  await until('a point of now is on the third host', () => ((c.record().relationship?.newestInstantMs ?? 0) > sinceMs ? true : undefined), 40_000, () => c.record().relationship?.lastFault);
  const pointId = c.record().relationship!.newestPointId!;
  assert.equal(await differing(() => disksOf(from), () => disksOf(c, { pointId })), 0);
}

test('a replica is sent on to a third host, and what its guest writes reaches that host by itself', async () => {
  assert.match((await pair.b.fails('enable', 'web1', '--to', 'host-c', '--interval', '30', '--yes')).message, /allowed is 300 or 900/);
  assert.match((await pair.b.fails('enable', 'web1', '--to', 'host-a', '--yes')).message, /the third host has to be another one/);
  await pair.b.run('enable', 'web1', '--to', 'host-c', '--history', '2', '--additional', SHORT, '--yes');
  await pair.b.run('start-replication', 'web1');
  assert.deepEqual([(await extendedOn(pair.b)).side, (await extendedOn(c)).side], ['primary', 'replica']);
  await reachesThird(pair.a);
});

test('the daemon in the middle, killed while it sends, goes on by itself', async () => {
  const guest = await pair.a.console();
  await guest.write(20);
  const attempt = await until('it sends', () => pair.b.record().extended?.attempt?.id, 30_000, undefined, 5);
  await pair.b.kill();
  await pair.b.start();
  await until('that attempt has ended', () => (pair.b.record().extended?.attempt?.id === attempt ? undefined : true), 30_000);
  await reachesThird(pair.a);
});

test('the third host does not fail over while the guest runs on the first, and the middle is not removed before it', async () => {
  const { exitCode, message } = await c.fails('failover', 'web1', '--unplanned', '--yes');
  assert.equal(exitCode, 3);
  assert.match(message, /runs on host-a/);
  assert.match((await pair.b.fails('disable', 'web1', '--yes')).message, /remove the extended relationship first/);
});

test('after a committed failover in the middle its guest is protected by the third host, with only what differs', async () => {
  const guest = await pair.a.console();
  await guest.quiet();
  await guest.run('sync');
  await pair.a.run('cycle', 'web1');
  await killPid((await pair.a.machine()).pid!);
  await pair.a.kill();
  await pair.b.run('failover', 'web1', '--unplanned', '--yes');
  assert.equal((await (await pair.b.console()).verified({ since: 0 })).ok, true);
  assert.equal((await pair.b.fails('change-mode', 'web1', '--yes')).exitCode, 3, 'before the commit');
  await pair.b.run('commit', 'web1', '--yes');
  const before = pair.b.record().extended!.totals.bytesChanged;
  await pair.b.run('change-mode', 'web1', '--yes');
  await pair.b.reaches('primary', ({ side, state, kind }) => side === 'primary' && state === 3 && kind === 'simple');
  await c.reaches('its replica', ({ side, state }) => side === 'replica' && state === 3);
  await pair.areIdentical(pair.b, c);
  const bytesChanged = pair.b.record().relationship!.totals.bytesChanged - before;
  const diskBytes = pair.b.record().machine.stacks.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  assert.ok(bytesChanged < diskBytes / 2, `${bytesChanged} of ${diskBytes} bytes travelled`);
  await pair.a.start();
  const refused = await pair.a.fails('vm', 'start', 'web1');
  assert.equal(refused.exitCode, 3, 'the first host has heard of it');
});
