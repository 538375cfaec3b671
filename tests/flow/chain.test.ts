/** Three hosts and a guest: it is replicated from the first to the second, and sent on to the third. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { RelationshipView } from '../../src/service/views.ts';
import { Pair, differing, disksOf } from './pair.ts';
import { TestHost, until } from './testhost.ts';

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
